//! Accesses at an address, through the host.

use trapline_reference::{Instruction, Kind};
use wasm_encoder::{BlockType, ValType};

use super::Host;
use crate::triage::substitute::address::{check_alignment, effective, push_last};
use crate::triage::substitute::bytes::{Raw, mask, modify, push_bits, push_loaded, stored};
use crate::triage::substitute::code::Code;
use crate::triage::substitute::memory_op::Access;
use crate::triage::substitute::parts::Parts;

/// Does what the instruction does; its operands are the parameters.
pub(super) fn emulate(code: &mut Code, wide: bool, access: &Access, host: Host, parts: &Parts<'_>) {
    let row = access.row;
    let at = effective(code, wide, 0, access.offset);
    check_alignment(code, access, at);
    // The last byte is out of bounds wherever one of them is.
    push_last(code, at, row.width);
    code.ins().call(host.read).i64_const(0).i64_lt_s();
    code.trap_if();
    match row.kind {
        Kind::Store | Kind::StoreLane | Kind::AtomicStore => {
            let raw = stored(code, access, 1);
            write(code, host, row, at, raw);
        }
        Kind::AtomicRmw(op) => {
            let old = read(code, host, row, at);
            let operand = code.local(ValType::I64);
            push_bits(code, row.value, 1);
            code.ins().local_set(operand).local_get(old.low);
            modify(code, op, operand);
            code.ins().local_set(operand);
            let new = Raw {
                low: operand,
                high: operand,
            };
            write(code, host, row, at, new);
            push_loaded(code, access, old, None);
        }
        Kind::AtomicCmpxchg => {
            let old = read(code, host, row, at);
            let replacement = code.local(ValType::I64);
            push_bits(code, row.value, 2);
            code.ins().local_set(replacement);
            push_bits(code, row.value, 1);
            let mut ins = code.ins();
            ins.i64_const(mask(row.width)).i64_and();
            ins.local_get(old.low).i64_eq().if_(BlockType::Empty);
            let new = Raw {
                low: replacement,
                high: replacement,
            };
            write(code, host, row, at, new);
            code.ins().end();
            push_loaded(code, access, old, None);
        }
        Kind::Wait => wait(code, host, access, at, parts),
        // One thread only: nobody waits.
        Kind::Notify => {
            code.ins().i32_const(0);
        }
        _ => {
            let raw = read(code, host, row, at);
            push_loaded(code, access, raw, Some(1));
        }
    }
}

/// Not equal, or timed out at once; a wait without end is a trap.
fn wait(code: &mut Code, host: Host, access: &Access, at: u32, parts: &Parts<'_>) {
    let memory = parts.memories.get(access.memory as usize);
    if !memory.is_some_and(|ty| ty.shared) {
        code.ins().unreachable();
        return;
    }
    let raw = read(code, host, access.row, at);
    push_bits(code, access.row.value, 1);
    let mut ins = code.ins();
    ins.local_get(raw.low).i64_eq();
    ins.if_(BlockType::Result(ValType::I32));
    ins.local_get(2).i64_const(0).i64_lt_s();
    code.trap_if();
    code.ins().i32_const(2).else_().i32_const(1).end();
}

/// Reads the bytes of an access that is in bounds.
fn read(code: &mut Code, host: Host, row: &Instruction, at: u32) -> Raw {
    let raw = Raw::new(code);
    for (first, local) in [(0, raw.low), (8, raw.high)] {
        if row.width <= first {
            continue;
        }
        code.ins().i64_const(0);
        for byte in first..row.width.min(first + 8) {
            let mut ins = code.ins();
            ins.local_get(at).i64_const(byte.into()).i64_add();
            ins.call(host.read);
            ins.i64_const((8 * (byte - first)).into()).i64_shl();
            ins.i64_or();
        }
        code.ins().local_set(local);
    }
    raw
}

/// Writes the bytes of an access that is in bounds.
fn write(code: &mut Code, host: Host, row: &Instruction, at: u32, raw: Raw) {
    for byte in 0..row.width {
        let local = if byte < 8 { raw.low } else { raw.high };
        let mut ins = code.ins();
        ins.local_get(at).i64_const(byte.into()).i64_add();
        ins.local_get(local);
        ins.i64_const((8 * (byte % 8)).into()).i64_shr_u();
        ins.i32_wrap_i64().call(host.write).drop();
    }
}
