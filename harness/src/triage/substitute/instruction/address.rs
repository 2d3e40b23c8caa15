//! Substitutions of how an address comes to be, and of who checks it.

use std::collections::BTreeMap;

use trapline_reference::Access as Event;

use super::{Found, substitute};
use crate::triage::substitute::address::{check_range, effective, push_last};
use crate::triage::substitute::code::Code;
use crate::triage::substitute::memory_op::{Access, MemoryOp};
use crate::triage::substitute::parts::Parts;
use crate::triage::substitute::{Draft, NotSubstituted, Original, Site};
use wasm_encoder::ValType;

type Sites<'s> = &'s dyn Fn(&Site) -> bool;

/// `offset-added`: the static offset is added to the address by instructions.
/// Where the sum is no address, it traps with `unreachable`.
pub(in crate::triage::substitute) fn offset_added(
    original: &Original<'_>,
    sites: Sites<'_>,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    substitute(original, sites, draft, |parts, code, found: &Found<'_>| {
        let MemoryOp::Access(access) = found.op else {
            return false;
        };
        let Some(without) = access.without_offset(found.raw) else {
            return false;
        };
        let (params, _) = found.op.signature(parts);
        let operands = code.pop(&params);
        let wide = parts.is_wide(access.memory);
        let at = effective(code, wide, operands[0], access.offset);
        if !wide {
            let mut ins = code.ins();
            ins.local_get(at).i64_const(1 << 32).i64_ge_u();
            code.trap_if();
        }
        code.ins().local_get(at);
        if !wide {
            code.ins().i32_wrap_i64();
        }
        for &operand in &operands[1..] {
            code.ins().local_get(operand);
        }
        code.raw(&without);
        true
    })
}

/// `opaque-address`: a global that is zero is added to the address (to the
/// destination of a bulk operation, to the number of pages of a grow), so that
/// no engine knows it before it runs. Preserves the meaning everywhere.
pub(in crate::triage::substitute) fn opaque(
    original: &Original<'_>,
    sites: Sites<'_>,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    let mut globals = BTreeMap::new();
    substitute(original, sites, draft, |parts, code, found: &Found<'_>| {
        let (params, _) = found.op.signature(parts);
        let Some(&address) = params.first() else {
            return false;
        };
        let zero = *globals
            .entry(found.site.step)
            .or_insert_with(|| parts.global());
        let operands = code.pop(&params);
        code.ins().local_get(operands[0]).global_get(zero);
        match address {
            ValType::I64 => code.ins().i64_extend_i32_u().i64_add(),
            _ => code.ins().i32_add(),
        };
        for &operand in &operands[1..] {
            code.ins().local_get(operand);
        }
        code.raw(found.raw);
        true
    })
}

/// `constant-address`: the address is a constant, where it is the same
/// whenever the reference executes the site.
pub(in crate::triage::substitute) fn constant(
    original: &Original<'_>,
    sites: Sites<'_>,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    let mut seen = BTreeMap::<Site, Option<u64>>::new();
    for event in original.reference.trace.iter().flatten() {
        let reads = event.op == "memory.copy" && !event.writes;
        if let Some(code) = event.code.filter(|_| !reads) {
            let operand = operand(event);
            let known = seen.entry(Site::of(code)).or_insert(operand);
            if *known != operand {
                *known = None;
            }
        }
    }
    substitute(original, sites, draft, |parts, code, found: &Found<'_>| {
        let Some(operand) = seen.get(&found.site).copied().flatten() else {
            return false;
        };
        let (params, _) = found.op.signature(parts);
        let Some(&address) = params.first() else {
            return false;
        };
        let operands = code.pop(&params);
        match address {
            ValType::I64 => code.ins().i64_const(operand as i64),
            _ => code.ins().i32_const(operand as i32),
        };
        for &operand in &operands[1..] {
            code.ins().local_get(operand);
        }
        code.raw(found.raw);
        true
    })
}

/// The first operand of what was executed.
fn operand(event: &Event) -> Option<u64> {
    match event.grow {
        Some(grow) => Some(grow.delta),
        None => u64::try_from(event.operand()).ok(),
    }
}

/// `checked`: the bounds are checked by instructions before the access, with
/// `memory.size`. Where it is out of bounds, it traps with `unreachable`.
pub(in crate::triage::substitute) fn checked(
    original: &Original<'_>,
    sites: Sites<'_>,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    substitute(original, sites, draft, |parts, code, found: &Found<'_>| {
        let (params, _) = found.op.signature(parts);
        match found.op {
            MemoryOp::Access(access) => {
                let operands = code.pop(&params);
                check_access(parts, code, &access, operands[0]);
                push_again(code, &operands, found.raw);
            }
            MemoryOp::Fill(memory) => {
                let operands = code.pop(&params);
                let wide = parts.is_wide(memory);
                check_bulk(parts, code, memory, operands[0], (operands[2], wide));
                push_again(code, &operands, found.raw);
            }
            MemoryOp::Copy { to, from } => {
                let operands = code.pop(&params);
                let wide = parts.is_wide(to) && parts.is_wide(from);
                for (memory, start) in [(to, operands[0]), (from, operands[1])] {
                    check_bulk(parts, code, memory, start, (operands[2], wide));
                }
                push_again(code, &operands, found.raw);
            }
            MemoryOp::Init { memory, .. } => {
                let operands = code.pop(&params);
                check_bulk(parts, code, memory, operands[0], (operands[2], false));
                push_again(code, &operands, found.raw);
            }
            MemoryOp::Size(_) | MemoryOp::Grow(_) | MemoryOp::Drop(_) => return false,
        }
        true
    })
}

fn check_access(parts: &Parts<'_>, code: &mut Code, access: &Access, operand: u32) {
    let at = effective(code, parts.is_wide(access.memory), operand, access.offset);
    push_last(code, at, access.row.width);
    let page = parts.page_size_log2(access.memory);
    code.ins().i64_const(page.into()).i64_shr_u();
    push_pages(parts, code, access.memory);
    code.ins().i64_ge_u();
    code.trap_if();
}

/// Traps unless a range is in bounds; a length has a type of its own.
pub(super) fn check_bulk(
    parts: &Parts<'_>,
    code: &mut Code,
    memory: u32,
    start: u32,
    (length, wide): (u32, bool),
) {
    let from = code.local(ValType::I64);
    code.get_wide(start, parts.is_wide(memory));
    code.ins().local_set(from);
    let bytes = code.local(ValType::I64);
    code.get_wide(length, wide);
    code.ins().local_set(bytes);
    push_pages(parts, code, memory);
    let page = parts.page_size_log2(memory);
    code.ins().i64_const(page.into()).i64_shl();
    check_range(code, from, bytes);
}

/// Pushes the size of a memory in pages, as i64.
pub(in crate::triage::substitute) fn push_pages(parts: &Parts<'_>, code: &mut Code, memory: u32) {
    code.ins().memory_size(memory);
    if !parts.is_wide(memory) {
        code.ins().i64_extend_i32_u();
    }
}

fn push_again(code: &mut Code, operands: &[u32], raw: &[u8]) {
    for &operand in operands {
        code.ins().local_get(operand);
    }
    code.raw(raw);
}
