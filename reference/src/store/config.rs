//! How a store is to run.

use std::sync::Arc;

use crate::memory::{Rules, Specification};
use crate::types::MemoryType;

/// What a run may use, and how.
#[derive(Clone)]
pub struct Config {
    /// The largest size of one memory, in bytes: beyond it growing fails, and
    /// instantiating is [`Error::Limit`](crate::Error::Limit).
    pub memory_bytes: u128,
    /// The largest size of one table, in elements, likewise.
    pub table_elements: u64,
    /// How many instructions one call or instantiation may execute. Every 64
    /// bytes that a bulk instruction looks at one by one count as one more:
    /// those of the chunks at the ends of a range, and of a copy between
    /// addresses that lie differently in their chunks. What nobody has written
    /// is not looked at.
    pub fuel: u64,
    /// How many calls may be nested.
    pub call_depth: usize,
    /// Whether accesses to memories are recorded, for [`Store::take_trace`](crate::Store::take_trace).
    pub trace: bool,
    /// How grows end that could end either way.
    pub grows: Grows,
    /// Whether to find out what can depend on the bits of NaNs that the
    /// specification leaves open.
    pub taint: bool,
    /// The rules of linear memory.
    pub rules: Arc<dyn Rules>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            memory_bytes: u128::MAX,
            table_elements: 10_000_000,
            fuel: u64::MAX,
            call_depth: 10_000,
            trace: false,
            grows: Grows::Budgeted,
            taint: false,
            rules: Arc::new(Specification),
        }
    }
}

/// How grows end that may succeed or fail, as far as the specification is
/// concerned.
/// <https://webassembly.github.io/spec/core/exec/instructions.html#exec-memory-grow>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grows {
    /// They succeed within [`Config::memory_bytes`].
    #[default]
    Budgeted,
    /// So they do, but for the one of this number, see
    /// [`Grow::choice`](crate::Grow::choice), which ends the other way.
    Turned(u64),
    /// Of memories with pages of this size none succeeds that would come to so
    /// many bytes or more.
    FailFrom {
        /// How many bytes.
        bytes: u128,
        /// The binary logarithm of the page size.
        page_size_log2: u32,
    },
}

impl Config {
    /// Whether the grow with number `choice`, of a memory of type `ty` to so
    /// many bytes, succeeds; without a number it is not free to fail.
    pub(super) fn grows(&self, ty: &MemoryType, bytes: u128, choice: Option<u64>) -> bool {
        let budgeted = bytes <= self.memory_bytes;
        match self.grows {
            _ if choice.is_none() => budgeted,
            Grows::Budgeted => budgeted,
            Grows::Turned(turned) => budgeted != (choice == Some(turned)),
            Grows::FailFrom {
                bytes: least,
                page_size_log2,
            } => budgeted && (ty.page_size_log2 != page_size_log2 || bytes < least),
        }
    }
}
