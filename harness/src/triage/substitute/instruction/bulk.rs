//! `loop`: a bulk operation is a loop over single bytes, bounds checked first.
//!
//! `memory.init` is one of a byte each. It preserves the meaning where one
//! thread runs; traps become `unreachable`. Those of more than [`LONGEST`]
//! bytes are left to the instruction, but a fill writes the last of these again.

use wasm_encoder::{BlockType, MemArg, MemArgTarget, ValType};

use super::address::check_bulk;
use super::{Found, substitute};
use crate::triage::substitute::code::Code;
use crate::triage::substitute::memory_op::MemoryOp;
use crate::triage::substitute::parts::Parts;
use crate::triage::substitute::{Draft, NotSubstituted, Original, Site};

/// How many bytes a loop goes over.
const LONGEST: i64 = 1 << 16;

pub(in crate::triage::substitute) fn looped(
    original: &Original<'_>,
    sites: &dyn Fn(&Site) -> bool,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    substitute(original, sites, draft, |parts, code, found: &Found<'_>| {
        let (params, _) = found.op.signature(parts);
        match found.op {
            MemoryOp::Fill(memory) => {
                let operands = code.pop(&params);
                fill(parts, code, &operands, memory, found.raw);
            }
            MemoryOp::Copy { to, from } => {
                let operands = code.pop(&params);
                copy(parts, code, &operands, (to, from), found.raw);
            }
            MemoryOp::Init { data, memory } => {
                let operands = code.pop(&params);
                init(parts, code, &operands, (data, memory), found.raw);
            }
            _ => return false,
        }
        true
    })
}

fn fill(parts: &Parts<'_>, code: &mut Code, operands: &[u32], memory: u32, raw: &[u8]) {
    let wide = parts.is_wide(memory);
    check_bulk(parts, code, memory, operands[0], (operands[2], wide));
    let each = |code: &mut Code, i: u32| {
        push_address(code, operands[0], i, wide);
        code.ins().local_get(operands[1]).i32_store8(byte(memory));
    };
    let length = (operands[2], wide);
    let i = code.local(ValType::I64);
    if_too_many(code, length);
    instruction(code, operands, raw);
    code.get_wide(operands[2], wide);
    code.ins().i64_const(LONGEST).i64_sub().local_set(i);
    code.ins().else_();
    code.ins().i64_const(0).local_set(i);
    code.ins().end();
    from(code, i, length, each);
}

fn copy(parts: &Parts<'_>, code: &mut Code, operands: &[u32], (to, from): (u32, u32), raw: &[u8]) {
    let (to_wide, from_wide) = (parts.is_wide(to), parts.is_wide(from));
    let wide = to_wide && from_wide;
    check_bulk(parts, code, to, operands[0], (operands[2], wide));
    check_bulk(parts, code, from, operands[1], (operands[2], wide));
    let at = code.local(ValType::I64);
    over(code, operands, (operands[2], wide), raw, |code, i| {
        // From the back where the destination is behind the source.
        code.get_wide(operands[2], wide);
        code.ins().i64_const(1).i64_sub().local_get(i).i64_sub();
        code.ins().local_get(i);
        code.get_wide(operands[0], to_wide);
        code.get_wide(operands[1], from_wide);
        code.ins().i64_gt_u().select().local_set(at);
        push_address(code, operands[0], at, to_wide);
        push_address(code, operands[1], at, from_wide);
        code.ins().i32_load8_u(byte(from)).i32_store8(byte(to));
    });
}

fn init(
    parts: &Parts<'_>,
    code: &mut Code,
    operands: &[u32],
    (data, memory): (u32, u32),
    raw: &[u8],
) {
    let wide = parts.is_wide(memory);
    check_bulk(parts, code, memory, operands[0], (operands[2], false));
    // Nothing, at the end of what is read: traps where the segment is shorter.
    code.get_wide(operands[1], false);
    code.get_wide(operands[2], false);
    code.ins().i64_add().i64_const(1 << 32).i64_ge_u();
    code.trap_if();
    let mut ins = code.ins();
    ins.local_get(operands[0]);
    ins.local_get(operands[1]).local_get(operands[2]).i32_add();
    ins.i32_const(0).memory_init(memory, data);
    over(code, operands, (operands[2], false), raw, |code, i| {
        push_address(code, operands[0], i, wide);
        push_address(code, operands[1], i, false);
        code.ins().i32_const(1).memory_init(memory, data);
    });
}

/// Does something for each of the bytes, or all of it at once where there are
/// too many.
fn over(
    code: &mut Code,
    operands: &[u32],
    (length, wide): (u32, bool),
    raw: &[u8],
    each: impl FnOnce(&mut Code, u32),
) {
    let i = code.local(ValType::I64);
    if_too_many(code, (length, wide));
    instruction(code, operands, raw);
    code.ins().else_();
    code.ins().i64_const(0).local_set(i);
    from(code, i, (length, wide), each);
    code.ins().end();
}

/// Begins an `if` for lengths that a loop does not go over.
fn if_too_many(code: &mut Code, (length, wide): (u32, bool)) {
    code.get_wide(length, wide);
    code.ins().i64_const(LONGEST).i64_gt_u();
    code.ins().if_(BlockType::Empty);
}

/// The instruction itself.
fn instruction(code: &mut Code, operands: &[u32], raw: &[u8]) {
    for &operand in operands {
        code.ins().local_get(operand);
    }
    code.raw(raw);
}

/// Does something for each of the bytes from `i`, a local, to the end.
fn from(code: &mut Code, i: u32, (length, wide): (u32, bool), each: impl FnOnce(&mut Code, u32)) {
    code.ins().block(BlockType::Empty).loop_(BlockType::Empty);
    code.ins().local_get(i);
    code.get_wide(length, wide);
    code.ins().i64_ge_u().br_if(1);
    each(code, i);
    let mut ins = code.ins();
    ins.local_get(i).i64_const(1).i64_add().local_set(i);
    ins.br(0).end().end();
}

/// Pushes `start + i`, an address; `start` is one.
fn push_address(code: &mut Code, start: u32, i: u32, wide: bool) {
    code.ins().local_get(start).local_get(i);
    if wide {
        code.ins().i64_add();
    } else {
        code.ins().i32_wrap_i64().i32_add();
    }
}

fn byte(memory: u32) -> MemArg {
    MemArg {
        offset: 0,
        align: 0,
        target: MemArgTarget::Memory(memory),
        ordering: None,
    }
}
