//! The built-in instance: what the embedder does to a memory, once for all engines.

use trapline_reference::Value;

use crate::observation::{Outcome, Stage};
use crate::script::{HostFunc, HostOp};

/// A memory as an engine's own API shows it to its embedder.
pub(super) trait HostMemory {
    /// Grows by so many pages: the size before, or `None` where the engine refuses.
    fn grow(&mut self, pages: u64) -> Option<u64>;
    /// The size in pages.
    fn pages(&mut self) -> u64;
    /// The byte at an address, `None` when out of bounds.
    fn read(&mut self, address: u64) -> Option<u8>;
    /// Writes a byte; whether the address was in bounds.
    fn write(&mut self, address: u64, byte: u8) -> bool;
}

/// Does what `op` says with arguments of its type; `None` when they are of another.
pub(super) fn perform(op: HostOp, memory: &mut impl HostMemory, args: &[Value]) -> Option<Value> {
    const FAILED: u64 = u64::MAX;
    Some(match (op, args) {
        (HostOp::Grow, &[Value::I64(pages)]) => Value::I64(memory.grow(pages).unwrap_or(FAILED)),
        (HostOp::Size, []) => Value::I64(memory.pages()),
        (HostOp::Read, &[Value::I64(address)]) => {
            Value::I64(memory.read(address).map_or(FAILED, u64::from))
        }
        (HostOp::Write, &[Value::I64(address), Value::I32(byte)]) => {
            // The low byte is what is written, by definition of the operation.
            let written = memory.write(address, byte as u8);
            Value::I32(if written { 0 } else { u32::MAX })
        }
        _ => return None,
    })
}

/// A trap of the built-in instance, as an engine carries it from the host
/// function that raised it to the caller.
#[derive(Debug)]
pub(super) struct HostTrap(pub(super) String);

impl HostTrap {
    /// The memory that `func` is about does not exist.
    pub(super) fn no_memory(func: &HostFunc) -> HostTrap {
        HostTrap(format!(
            "no instance registered as {:?} exports a memory {:?}",
            func.instance, func.memory
        ))
    }
}

impl std::fmt::Display for HostTrap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for HostTrap {}

/// Nothing is provided under the name of an import.
pub(super) fn unknown_import(module: &str, name: &str) -> Outcome {
    Outcome::Rejected {
        stage: Stage::Link,
        reason: format!("unknown import: {module:?} {name:?}"),
    }
}

/// The arguments of a call cannot be handed to an engine: a reference that is
/// not null has no meaning outside the store it comes from.
pub(super) fn reference_argument() -> Outcome {
    Outcome::Unsupported("a reference that is not null as an argument".to_owned())
}

/// Why a call is not judged in which a growth failed that the type of the memory and
/// the budget allow.
pub(crate) const BEYOND_MEANS: &str = "a memory could not be grown for lack of resources";

/// The outcome of such a call, whatever it gave.
pub(super) fn beyond_means() -> Outcome {
    Outcome::Limit(BEYOND_MEANS.to_owned())
}

/// Copies `[start, start + len)` of `bytes`, fewer at the end.
pub(super) fn window(bytes: &[u8], start: u64, len: usize) -> Vec<u8> {
    let end = bytes.len();
    let start = usize::try_from(start).map_or(end, |start| start.min(end));
    bytes[start..start.saturating_add(len).min(end)].to_vec()
}
