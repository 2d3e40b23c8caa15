//! What the rules are asked about: an instruction, its operands, and where.

use crate::memory::Instruction;

/// Where an instruction meets a memory.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    /// The index of the memory in the module that executes the instruction.
    pub memory: u32,
    /// Whether that module imports it.
    pub imported: bool,
    /// The number of the function activation that executes the instruction,
    /// see [`Growth::activation`](crate::Growth::activation); for the host and for instantiation, that of
    /// the last one begun.
    pub activation: u64,
    /// Whether it is not an instruction, but the host's doing.
    pub by_host: bool,
}

/// The execution of an instruction of the table.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Where.
    pub site: Site,
    /// Which.
    pub instruction: &'static Instruction,
    /// The static offset.
    pub offset: u64,
    /// The address operand, without sign.
    pub address: u64,
    /// The lane, for instructions that have one.
    pub lane: u8,
}

/// The execution of `memory.fill`, `memory.copy`, `memory.init`, or of an
/// active data segment.
#[derive(Clone, Copy, Debug)]
pub struct Bulk {
    /// The memory written to.
    pub site: Site,
    /// The memory read from, by `memory.copy` only.
    pub source_site: Option<Site>,
    /// The address of the first byte written.
    pub destination: u64,
    /// The address of the first byte read, in the memory or the segment.
    pub source: u64,
    /// How many bytes.
    pub length: u64,
}

/// What [`Rules::wait`](super::Rules::wait) comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The value is another: the instruction gives 1.
    NotEqual,
    /// The thread is to be suspended at this address.
    Suspend(u128),
}
