//! Functions, ready to run: flat code in which every branch knows where it goes.

use crate::memory::Instruction;
use crate::numeric::{Floats, Numeric, Slot};

/// The body of a function.
pub(crate) struct Code {
    pub(crate) params: u32,
    pub(crate) results: u32,
    /// What the locals that are not parameters start with.
    pub(crate) locals: Vec<Slot>,
    pub(crate) instrs: Vec<Instr>,
    /// Where each of them stands in the binary: its first byte.
    pub(crate) offsets: Vec<u32>,
}

/// Where a branch goes.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    /// The next instruction.
    pub(crate) pc: u32,
    /// How many operands on top are kept.
    pub(crate) keep: u32,
    /// The height of the operand stack to which the others are dropped.
    pub(crate) height: u32,
}

/// An instruction of the table with its immediates.
#[derive(Clone, Copy)]
pub(crate) struct Access {
    pub(crate) instruction: &'static Instruction,
    pub(crate) memory: u32,
    pub(crate) offset: u64,
    pub(crate) lane: u8,
    pub(crate) align_log2: u8,
}

/// One instruction. Structured control is gone, all else is as in the
/// specification.
#[derive(Clone)]
pub(crate) enum Instr {
    Unreachable,
    Br(Target),
    BrIf(Target),
    /// To the `else` of an `if`, when its condition is zero.
    BrUnless(u32),
    /// The last is the default.
    BrTable(Box<[Target]>),
    Return,
    Call(u32),
    CallIndirect {
        ty: u32,
        table: u32,
    },
    ReturnCall(u32),
    ReturnCallIndirect {
        ty: u32,
        table: u32,
    },
    Drop,
    Select,
    LocalGet(u32),
    LocalSet(u32),
    LocalTee(u32),
    GlobalGet(u32),
    GlobalSet(u32),
    Const(Slot),
    Numeric(Numeric),
    /// Which NaN the floats on top are, where they are NaNs.
    OpenNan(Floats),
    Access(Access),
    MemorySize(u32),
    MemoryGrow(u32),
    MemoryFill(u32),
    MemoryCopy {
        to: u32,
        from: u32,
    },
    MemoryInit {
        data: u32,
        memory: u32,
    },
    DataDrop(u32),
    AtomicFence,
    RefFunc(u32),
    RefIsNull,
    TableGet(u32),
    TableSet(u32),
    TableSize(u32),
    TableGrow(u32),
    TableFill(u32),
    TableCopy {
        to: u32,
        from: u32,
    },
    TableInit {
        element: u32,
        table: u32,
    },
    ElemDrop(u32),
}
