//! The adapter for wasmer.

use super::Configuration;

pub(super) fn configurations() -> Vec<Configuration> {
    Vec::new()
}
