//! Substitutions of what a grow is trusted with: its result, its limits, and
//! what the memory contains afterwards. They are made of `memory.grow` and of
//! the embedder's grow alike, since engines grow in one place.
//!
//! They preserve the meaning where one thread runs.

mod one;
mod place;

use trapline_reference::{AddressType, MemoryType, limits};
use wasm_encoder::{BlockType, ValType};

use super::code::Code;
use super::parts::Parts;
use super::{Draft, NotSubstituted, Original, Site};
use one::{Grow, How};
use place::{Host, grows};

type Sites<'s> = &'s dyn Fn(&Site) -> bool;

/// `grow-result`: whether a grow succeeded, and what it gives, is told by the
/// size before and after it. A step that grows can only be compared as it is.
pub(super) fn result(
    original: &Original<'_>,
    sites: Sites<'_>,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    let in_code = |grow: &Grow<'_, '_>, code: &mut Code| {
        let old = code.local(ValType::I64);
        let delta = grow.pop(code);
        grow.push_size(code);
        code.ins().local_set(old);
        grow.grow(code, delta);
        code.ins().drop();
        code.ins().local_get(old).i64_const(-1);
        grow.push_size(code);
        let mut ins = code.ins();
        ins.local_get(old).i64_ne();
        ins.local_get(delta).i64_eqz().i32_or().select();
        grow.give(code);
    };
    grows(original, sites, draft, &in_code, &|_, _| false)
}

/// How many pages a grow adds at a time at most, where it is checked.
const AT_A_TIME: i64 = 0xffff;

/// How often it is done at most; a longer one is done at once.
const TIMES: i64 = 16;

/// `grow-checked`: a grow beyond what the memory can have, by its maximum, by
/// its type or by the budget, is not tried, and neither is one by nothing.
/// What is very much is added in pieces.
pub(super) fn checked(
    original: &Original<'_>,
    sites: Sites<'_>,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    let in_code = |grow: &Grow<'_, '_>, code: &mut Code| {
        let delta = grow.pop(code);
        push_exceeds(grow, code, delta);
        let result = BlockType::Result(ValType::I64);
        code.ins().if_(result).i64_const(-1).else_();
        code.ins().local_get(delta).i64_eqz().if_(result);
        grow.push_size(code);
        code.ins().else_();
        code.ins().local_get(delta).i64_const(AT_A_TIME).i64_gt_u();
        code.ins().local_get(delta);
        code.ins().i64_const(AT_A_TIME * TIMES).i64_le_u();
        code.ins().i32_and().if_(result);
        in_pieces(grow, code, delta);
        code.ins().else_();
        grow.grow(code, delta);
        code.ins().end().end().end();
        grow.give(code);
    };
    let as_step = |host: &Host<'_>, draft: &mut Draft| {
        let grown = host.access.grow.filter(|grow| grow.delta > 0);
        let Some(grow) = grown.filter(|grow| grow.result.is_some()) else {
            draft.replace(host.step, Vec::new());
            return true;
        };
        let (delta, most) = (grow.delta, AT_A_TIME as u64);
        if delta <= most || delta > most * TIMES as u64 {
            return false;
        }
        let pieces = (0..delta.div_ceil(most)).map(|i| most.min(delta - i * most));
        draft.replace(host.step, pieces.map(|piece| host.grow(piece)).collect());
        true
    };
    grows(original, sites, draft, &in_code, &as_step)
}

/// Pushes whether the memory cannot have so many pages more.
fn push_exceeds(grow: &Grow<'_, '_>, code: &mut Code, delta: u32) {
    let most = grow.most as i64;
    code.ins().local_get(delta).i64_const(most).i64_gt_u();
    grow.push_size(code);
    let mut ins = code.ins();
    ins.i64_const(most).local_get(delta).i64_sub();
    ins.i64_gt_u().i32_or();
}

/// Grows piece by piece, and pushes the size before, or -1 if one failed.
fn in_pieces(grow: &Grow<'_, '_>, code: &mut Code, delta: u32) {
    let (old, piece) = (code.local(ValType::I64), code.local(ValType::I64));
    grow.push_size(code);
    code.ins().local_set(old);
    code.ins().loop_(BlockType::Empty);
    let mut ins = code.ins();
    ins.local_get(delta).i64_const(AT_A_TIME);
    ins.local_get(delta).i64_const(AT_A_TIME).i64_lt_u();
    ins.select().local_set(piece);
    grow.grow(code, piece);
    let mut ins = code.ins();
    ins.i64_const(-1).i64_eq().if_(BlockType::Empty);
    ins.i64_const(-1).local_set(old);
    ins.i64_const(0).local_set(delta).else_();
    ins.local_get(delta)
        .local_get(piece)
        .i64_sub()
        .local_set(delta);
    ins.end();
    ins.local_get(delta).i64_eqz().i32_eqz().br_if(0).end();
    ins.local_get(old);
}

/// A `memory.grow`, whose operand is on the stack, that fails beyond so many pages.
pub(super) fn check_maximum(
    parts: &Parts<'_>,
    code: &mut Code,
    memory: u32,
    most: u64,
    raw: &[u8],
) {
    let grow = Grow {
        parts,
        how: How::Instruction(memory),
        raw,
        most,
    };
    let delta = grow.pop(code);
    push_exceeds(&grow, code, delta);
    let mut ins = code.ins();
    ins.if_(BlockType::Result(ValType::I64));
    ins.i64_const(-1).else_();
    grow.grow(code, delta);
    code.ins().end();
    grow.give(code);
}

/// `grow-contents`: the last bytes before a grow are stored again after it, and
/// the first and the last of those that it added are filled with zeros.
pub(super) fn contents(
    original: &Original<'_>,
    sites: Sites<'_>,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    let in_code = |grow: &Grow<'_, '_>, code: &mut Code| {
        let (old, given) = (code.local(ValType::I64), code.local(ValType::I64));
        let delta = grow.pop(code);
        grow.push_bytes(code);
        code.ins().local_set(old);
        let saved = grow.save(code, old);
        grow.grow(code, delta);
        code.ins().local_set(given);
        grow.push_bytes(code);
        code.ins().local_get(old).i64_gt_u().if_(BlockType::Empty);
        grow.restore(code, old, saved);
        grow.clear(code, old);
        code.ins().end().local_get(given);
        grow.give(code);
    };
    let as_step = |host: &Host<'_>, draft: &mut Draft| {
        let Some(writes) = host.contents(original) else {
            return false;
        };
        draft.follow(host.step, writes);
        true
    };
    grows(original, sites, draft, &in_code, &as_step)
}

/// How many pages the memory can have at most, as far as its module knows.
pub(super) fn most(parts: &Parts<'_>, memory: u32) -> u64 {
    let Some(ty) = parts.memories.get(memory as usize) else {
        return 0;
    };
    most_of(MemoryType {
        address: match ty.memory64 {
            true => AddressType::I64,
            false => AddressType::I32,
        },
        shared: ty.shared,
        page_size_log2: parts.page_size_log2(memory),
        minimum: ty.initial,
        maximum: ty.maximum,
    })
}

/// How many pages a memory of this type can have at most.
fn most_of(ty: MemoryType) -> u64 {
    let most = u64::try_from(limits::most_pages(ty)).unwrap_or(u64::MAX);
    ty.maximum.map_or(most, |maximum| maximum.min(most))
}
