//! Substitutions of what `memory.grow` is trusted with: its result, its limits,
//! and what the memory contains afterwards.
//!
//! They preserve the meaning where one thread runs.

use trapline_reference::{AddressType, MemoryType, limits};
use wasm_encoder::{BlockType, MemArg, MemArgTarget, ValType};

use super::address::push_pages;
use super::{Found, substitute};
use crate::triage::substitute::code::Code;
use crate::triage::substitute::memory_op::MemoryOp;
use crate::triage::substitute::parts::Parts;
use crate::triage::substitute::{Draft, NotSubstituted, Original, Site};

type Sites<'s> = &'s dyn Fn(&Site) -> bool;

/// `grow-result`: whether a grow succeeded, and what it gives, is told by
/// `memory.size` before and after it.
pub(in crate::triage::substitute) fn result(
    original: &Original<'_>,
    sites: Sites<'_>,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    grows(original, sites, draft, |parts, code, memory, raw| {
        let (delta, old) = (code.local(ValType::I64), code.local(ValType::I64));
        pop_wide(parts, code, memory, delta);
        push_pages(parts, code, memory);
        code.ins().local_set(old);
        push_narrow(parts, code, memory, delta);
        code.raw(raw);
        code.ins().drop();
        code.ins().local_get(old).i64_const(-1);
        push_pages(parts, code, memory);
        let mut ins = code.ins();
        ins.local_get(old).i64_ne();
        ins.local_get(delta).i64_eqz().i32_or().select();
        narrow(parts, code, memory);
    })
}

/// `grow-checked`: a grow beyond the maximum that the module declares for the
/// memory, or beyond what any memory of its type can have, is not tried.
pub(in crate::triage::substitute) fn checked(
    original: &Original<'_>,
    sites: Sites<'_>,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    grows(original, sites, draft, |parts, code, memory, raw| {
        check_maximum(parts, code, memory, most(parts, memory), raw);
    })
}

/// A grow, whose operand is on the stack, that fails beyond so many pages.
pub(in crate::triage::substitute) fn check_maximum(
    parts: &Parts<'_>,
    code: &mut Code,
    memory: u32,
    most: u64,
    raw: &[u8],
) {
    let delta = code.local(ValType::I64);
    pop_wide(parts, code, memory, delta);
    let most = most as i64;
    let mut ins = code.ins();
    ins.local_get(delta).i64_const(most).i64_gt_u();
    push_pages(parts, code, memory);
    let mut ins = code.ins();
    ins.i64_const(most).local_get(delta).i64_sub();
    ins.i64_gt_u().i32_or();
    ins.if_(BlockType::Result(parts.address(memory)));
    ins.i64_const(-1);
    narrow(parts, code, memory);
    code.ins().else_();
    push_narrow(parts, code, memory, delta);
    code.raw(raw);
    code.ins().end();
}

/// `grow-contents`: the last bytes before a grow are stored again after it, and
/// the first and the last of those that it added are filled with zeros.
pub(in crate::triage::substitute) fn contents(
    original: &Original<'_>,
    sites: Sites<'_>,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    grows(original, sites, draft, |parts, code, memory, raw| {
        let old = code.local(ValType::I64);
        let saved = [code.local(ValType::I64), code.local(ValType::I64)];
        let given = code.local(parts.address(memory));
        let delta = code.local(ValType::I64);
        pop_wide(parts, code, memory, delta);
        push_bytes(parts, code, memory);
        code.ins().local_set(old);
        if_large(code, old, |code| {
            for (back, &local) in [16, 8].iter().zip(&saved) {
                push_before(parts, code, memory, old, *back);
                code.ins().i64_load(at(memory)).local_set(local);
            }
        });
        push_narrow(parts, code, memory, delta);
        code.raw(raw);
        code.ins().local_set(given);
        push_bytes(parts, code, memory);
        code.ins().local_get(old).i64_gt_u().if_(BlockType::Empty);
        if_large(code, old, |code| {
            for (back, &local) in [16, 8].iter().zip(&saved) {
                push_before(parts, code, memory, old, *back);
                code.ins().local_get(local).i64_store(at(memory));
            }
        });
        clear(parts, code, memory, old);
        code.ins().end().local_get(given);
    })
}

/// How many bytes of what a grow adds are filled, at each end.
const CLEARED: i64 = 1 << 12;

/// Fills the ends of `[old, size)` with zeros.
fn clear(parts: &Parts<'_>, code: &mut Code, memory: u32, old: u32) {
    let (new, length) = (code.local(ValType::I64), code.local(ValType::I64));
    push_bytes(parts, code, memory);
    let mut ins = code.ins();
    ins.local_set(new);
    ins.local_get(new)
        .local_get(old)
        .i64_sub()
        .local_tee(length);
    ins.i64_const(CLEARED);
    ins.local_get(length).i64_const(CLEARED).i64_lt_u();
    ins.select().local_set(length);
    for from_end in [false, true] {
        if from_end {
            code.ins().local_get(new).local_get(length).i64_sub();
        } else {
            code.ins().local_get(old);
        }
        narrow(parts, code, memory);
        code.ins().i32_const(0).local_get(length);
        narrow(parts, code, memory);
        code.ins().memory_fill(memory);
    }
}

fn grows(
    original: &Original<'_>,
    sites: Sites<'_>,
    draft: &mut Draft,
    replace: impl Fn(&Parts<'_>, &mut Code, u32, &[u8]),
) -> Result<usize, NotSubstituted> {
    substitute(original, sites, draft, |parts, code, found: &Found<'_>| {
        let MemoryOp::Grow(memory) = found.op else {
            return false;
        };
        replace(parts, code, memory, found.raw);
        true
    })
}

/// How many pages the memory can have at most, as far as its module knows.
pub(in crate::triage::substitute) fn most(parts: &Parts<'_>, memory: u32) -> u64 {
    let Some(ty) = parts.memories.get(memory as usize) else {
        return 0;
    };
    let address = if ty.memory64 {
        AddressType::I64
    } else {
        AddressType::I32
    };
    let most = limits::most_pages(MemoryType {
        address,
        shared: ty.shared,
        page_size_log2: parts.page_size_log2(memory),
        minimum: ty.initial,
        maximum: ty.maximum,
    });
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    ty.maximum.map_or(most, |maximum| maximum.min(most))
}

/// Pops a number of pages into a local of type i64.
fn pop_wide(parts: &Parts<'_>, code: &mut Code, memory: u32, local: u32) {
    if !parts.is_wide(memory) {
        code.ins().i64_extend_i32_u();
    }
    code.ins().local_set(local);
}

fn push_narrow(parts: &Parts<'_>, code: &mut Code, memory: u32, local: u32) {
    code.ins().local_get(local);
    narrow(parts, code, memory);
}

fn narrow(parts: &Parts<'_>, code: &mut Code, memory: u32) {
    if !parts.is_wide(memory) {
        code.ins().i32_wrap_i64();
    }
}

fn push_bytes(parts: &Parts<'_>, code: &mut Code, memory: u32) {
    push_pages(parts, code, memory);
    let page = parts.page_size_log2(memory);
    code.ins().i64_const(page.into()).i64_shl();
}

fn push_before(parts: &Parts<'_>, code: &mut Code, memory: u32, end: u32, back: i64) {
    code.ins().local_get(end).i64_const(back).i64_sub();
    narrow(parts, code, memory);
}

fn if_large(code: &mut Code, bytes: u32, then: impl FnOnce(&mut Code)) {
    let mut ins = code.ins();
    ins.local_get(bytes).i64_const(16).i64_ge_u();
    ins.if_(BlockType::Empty);
    then(code);
    code.ins().end();
}

fn at(memory: u32) -> MemArg {
    MemArg {
        offset: 0,
        align: 0,
        target: MemArgTarget::Memory(memory),
        ordering: None,
    }
}
