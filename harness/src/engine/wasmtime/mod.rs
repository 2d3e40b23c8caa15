//! The adapter for wasmtime.

use super::Configuration;

pub(super) fn configurations() -> Vec<Configuration> {
    Vec::new()
}
