//! Vector instructions.
//!
//! <https://webassembly.github.io/spec/core/exec/numerics.html>

use wasmparser::Operator as O;

use super::Numeric;

/// The vector instruction `op`, if it is one.
pub(super) fn numeric(op: &O<'_>) -> Option<Numeric> {
    let _ = op;
    None
}
