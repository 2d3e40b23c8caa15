//! The adapter for wasmi.

use super::Configuration;

pub(super) fn configurations() -> Vec<Configuration> {
    Vec::new()
}
