//! The trace: what was done to memories.

use super::Store;
use crate::memory::MemoryId;
use crate::types::MemoryType;

/// One access to a memory, by an instruction, by a data segment at
/// instantiation (`data`), or by the host (`host.grow`, `host.read`, `host.write`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The name of the instruction in the text format, for example `i64.load8_u`.
    pub op: &'static str,
    /// Which memory of the store.
    pub memory: MemoryId,
    /// Its index in the module that executes the instruction.
    pub ordinal: u32,
    /// Whether that module imports it.
    pub imported: bool,
    /// Its type.
    pub ty: MemoryType,
    /// The effective address by the specification; for `memory.grow` and
    /// `memory.size` the end of the memory.
    pub address: u128,
    /// The part of it that is the static offset.
    pub offset: u64,
    /// How many bytes are accessed.
    pub length: u128,
    /// The size of the memory then, in bytes.
    pub size: u128,
    /// Whether the access is meant to change bytes.
    pub writes: bool,
    /// Whether it trapped; for the host, whether it was refused.
    pub trapped: bool,
    /// More of `memory.grow` and `host.grow`.
    pub grow: Option<Grow>,
    /// Which instruction it was; `None` for grows, for data segments and for
    /// the host.
    pub code: Option<CodePlace>,
}

/// A place in the code of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodePlace {
    /// The number of the module, see [`Module::numbered`](crate::Module::numbered).
    pub module: u32,
    /// The first byte of the instruction, counted from the start of the binary.
    pub offset: u32,
}

/// What a grow came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grow {
    /// By how many pages.
    pub delta: u64,
    /// The size before, in pages; `None` if it failed.
    pub result: Option<u128>,
    /// If it could have ended the other way, as far as the specification is
    /// concerned: the number of this choice in the run, from 0. It succeeded,
    /// or it failed only because of the budget.
    pub choice: Option<u64>,
}

impl Store {
    /// What was recorded since the last time, in order.
    pub fn take_trace(&mut self) -> Vec<Access> {
        std::mem::take(&mut self.trace)
    }
}
