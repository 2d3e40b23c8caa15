//! An access in pieces: plain accesses of integers, up to so many bytes each.
//!
//! Where an access would trap, so does a load of its last byte, before anything
//! is written.

use trapline_reference::Kind;
use wasm_encoder::{BlockType, MemArg, MemArgTarget, ValType};

use crate::triage::substitute::address::{check_alignment, effective};
use crate::triage::substitute::bytes::{Raw, mask, modify, push_bits, push_loaded, stored};
use crate::triage::substitute::code::Code;
use crate::triage::substitute::memory_op::{Access, MemoryOp};
use crate::triage::substitute::parts::Parts;

/// An access whose operands stand in locals.
struct Split<'a> {
    access: &'a Access,
    operand: u32,
    /// The largest static offset that an address can have.
    most: u64,
    piece: u32,
}

/// Does an access, whose operands are on the stack, in pieces of up to `piece` bytes.
pub(super) fn in_pieces(parts: &Parts<'_>, code: &mut Code, access: &Access, piece: u32) {
    let (params, _) = MemoryOp::Access(*access).signature(parts);
    let operands = code.pop(&params);
    let wide = parts.is_wide(access.memory);
    let split = Split {
        access,
        operand: operands[0],
        most: if wide { u64::MAX } else { u32::MAX.into() },
        piece,
    };
    let row = access.row;
    if row.kind.is_atomic() && row.width > 1 {
        let at = effective(code, wide, split.operand, access.offset);
        check_alignment(code, access, at);
    }
    let operand = |n: usize| operands.get(n).copied();
    match row.kind {
        Kind::Store | Kind::StoreLane | Kind::AtomicStore => {
            let raw = stored(code, access, operands[1]);
            split.check(code);
            split.write(code, raw);
        }
        Kind::AtomicRmw(op) => {
            let old = split.read(code);
            let new = Raw::new(code);
            push_bits(code, row.value, operands[1]);
            code.ins().local_set(new.low).local_get(old.low);
            modify(code, op, new.low);
            code.ins().local_set(new.low);
            split.write(code, new);
            push_loaded(code, access, old, None);
        }
        Kind::AtomicCmpxchg => {
            let old = split.read(code);
            let new = Raw::new(code);
            push_bits(code, row.value, operands[2]);
            code.ins().local_set(new.low);
            push_bits(code, row.value, operands[1]);
            let mut ins = code.ins();
            ins.i64_const(mask(row.width)).i64_and();
            ins.local_get(old.low).i64_eq().if_(BlockType::Empty);
            split.write(code, new);
            code.ins().end();
            push_loaded(code, access, old, None);
        }
        // One thread only: nobody waits.
        Kind::Notify => {
            split.check(code);
            code.ins().i32_const(0);
        }
        Kind::Wait => split.wait(code, &operands, parts),
        _ => {
            let raw = split.read(code);
            push_loaded(code, access, raw, operand(1));
        }
    }
}

impl Split<'_> {
    /// A plain access of so many bytes from byte `first` on.
    fn memarg(&self, first: u32, width: u32) -> Option<MemArg> {
        let offset = self.access.offset.checked_add(first.into())?;
        let whole = width == self.access.row.width;
        let align = self.access.align.min(width.trailing_zeros() as u8);
        (offset <= self.most).then_some(MemArg {
            offset,
            align: if whole { align.into() } else { 0 },
            target: MemArgTarget::Memory(self.access.memory),
            ordering: None,
        })
    }

    /// Traps unless the last byte is there.
    fn check(&self, code: &mut Code) {
        let last = self.access.row.width - 1;
        match self.memarg(last, 1) {
            Some(memarg) => {
                code.ins().local_get(self.operand);
                code.ins().i32_load8_u(memarg).drop();
            }
            // No memory is that large.
            None => {
                code.ins().unreachable();
            }
        }
    }

    /// The pieces: the first byte and the width of each.
    fn pieces(&self) -> impl Iterator<Item = (u32, u32)> {
        let width = self.access.row.width;
        let piece = self.piece.min(width).min(8);
        (0..width / piece).map(move |n| (n * piece, piece))
    }

    fn read(&self, code: &mut Code) -> Raw {
        let raw = Raw::new(code);
        code.ins().i64_const(0).local_set(raw.low);
        code.ins().i64_const(0).local_set(raw.high);
        for (first, width) in self.pieces() {
            let local = if first < 8 { raw.low } else { raw.high };
            let Some(memarg) = self.memarg(first, width) else {
                code.ins().unreachable();
                return raw;
            };
            let mut ins = code.ins();
            ins.local_get(local).local_get(self.operand);
            match width {
                1 => ins.i64_load8_u(memarg),
                2 => ins.i64_load16_u(memarg),
                4 => ins.i64_load32_u(memarg),
                _ => ins.i64_load(memarg),
            };
            ins.i64_const((8 * (first % 8)).into()).i64_shl();
            ins.i64_or().local_set(local);
        }
        raw
    }

    fn write(&self, code: &mut Code, raw: Raw) {
        for (first, width) in self.pieces() {
            let local = if first < 8 { raw.low } else { raw.high };
            let Some(memarg) = self.memarg(first, width) else {
                code.ins().unreachable();
                return;
            };
            let mut ins = code.ins();
            ins.local_get(self.operand).local_get(local);
            ins.i64_const((8 * (first % 8)).into()).i64_shr_u();
            match width {
                1 => ins.i64_store8(memarg),
                2 => ins.i64_store16(memarg),
                4 => ins.i64_store32(memarg),
                _ => ins.i64_store(memarg),
            };
        }
    }

    /// Not equal, or timed out at once; a wait without end is a trap.
    fn wait(&self, code: &mut Code, operands: &[u32], parts: &Parts<'_>) {
        let memory = parts.memories.get(self.access.memory as usize);
        if !memory.is_some_and(|ty| ty.shared) {
            code.ins().unreachable();
            return;
        }
        let raw = self.read(code);
        push_bits(code, self.access.row.value, operands[1]);
        let mut ins = code.ins();
        ins.local_get(raw.low).i64_eq();
        ins.if_(BlockType::Result(ValType::I32));
        ins.local_get(operands[2]).i64_const(0).i64_lt_s();
        code.trap_if();
        code.ins().i32_const(2).else_().i32_const(1).end();
    }
}
