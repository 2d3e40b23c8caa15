//! Atomic instructions of i64 values, by their width.

use wasm_encoder::{Instruction, MemArg, MemArgTarget};

pub(super) fn memarg(align: u32) -> MemArg {
    MemArg {
        offset: 0,
        align,
        target: MemArgTarget::Memory(0),
        ordering: None,
    }
}

pub(super) fn load(log2: u32) -> Instruction<'static> {
    let memarg = memarg(log2);
    match log2 {
        0 => Instruction::I64AtomicLoad8U(memarg),
        1 => Instruction::I64AtomicLoad16U(memarg),
        2 => Instruction::I64AtomicLoad32U(memarg),
        _ => Instruction::I64AtomicLoad(memarg),
    }
}

pub(super) fn store(log2: u32) -> Instruction<'static> {
    let memarg = memarg(log2);
    match log2 {
        0 => Instruction::I64AtomicStore8(memarg),
        1 => Instruction::I64AtomicStore16(memarg),
        2 => Instruction::I64AtomicStore32(memarg),
        _ => Instruction::I64AtomicStore(memarg),
    }
}

pub(super) fn rmw(log2: u32, which: u8) -> Instruction<'static> {
    let memarg = memarg(log2);
    match (which, log2) {
        (0, 0) => Instruction::I64AtomicRmw8AddU(memarg),
        (0, 1) => Instruction::I64AtomicRmw16AddU(memarg),
        (0, 2) => Instruction::I64AtomicRmw32AddU(memarg),
        (0, _) => Instruction::I64AtomicRmwAdd(memarg),
        (1, 0) => Instruction::I64AtomicRmw8SubU(memarg),
        (1, 1) => Instruction::I64AtomicRmw16SubU(memarg),
        (1, 2) => Instruction::I64AtomicRmw32SubU(memarg),
        (1, _) => Instruction::I64AtomicRmwSub(memarg),
        (2, 0) => Instruction::I64AtomicRmw8AndU(memarg),
        (2, 1) => Instruction::I64AtomicRmw16AndU(memarg),
        (2, 2) => Instruction::I64AtomicRmw32AndU(memarg),
        (2, _) => Instruction::I64AtomicRmwAnd(memarg),
        (3, 0) => Instruction::I64AtomicRmw8OrU(memarg),
        (3, 1) => Instruction::I64AtomicRmw16OrU(memarg),
        (3, 2) => Instruction::I64AtomicRmw32OrU(memarg),
        (3, _) => Instruction::I64AtomicRmwOr(memarg),
        (4, 0) => Instruction::I64AtomicRmw8XorU(memarg),
        (4, 1) => Instruction::I64AtomicRmw16XorU(memarg),
        (4, 2) => Instruction::I64AtomicRmw32XorU(memarg),
        (4, _) => Instruction::I64AtomicRmwXor(memarg),
        (_, 0) => Instruction::I64AtomicRmw8XchgU(memarg),
        (_, 1) => Instruction::I64AtomicRmw16XchgU(memarg),
        (_, 2) => Instruction::I64AtomicRmw32XchgU(memarg),
        (_, _) => Instruction::I64AtomicRmwXchg(memarg),
    }
}

pub(super) fn cmpxchg(log2: u32) -> Instruction<'static> {
    let memarg = memarg(log2);
    match log2 {
        0 => Instruction::I64AtomicRmw8CmpxchgU(memarg),
        1 => Instruction::I64AtomicRmw16CmpxchgU(memarg),
        2 => Instruction::I64AtomicRmw32CmpxchgU(memarg),
        _ => Instruction::I64AtomicRmwCmpxchg(memarg),
    }
}
