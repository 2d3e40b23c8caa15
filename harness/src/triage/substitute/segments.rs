//! Substitutions of what writes a memory's first bytes: active data segments,
//! and the engine that makes it zero.
//!
//! What they do instead is done at the beginning of the start function, in the
//! order of the segments, and it is as if the segments were dropped afterwards.
//! They preserve the meaning where one thread runs: nothing runs in between.

use wasm_encoder::{MemArg, MemArgTarget, ValType};
use wasmparser::{ConstExpr, DataKind, Operator};

use super::code::Code;
use super::parts::{Parts, Unreadable};
use super::{Draft, NotSubstituted, Original, Site};
use crate::script::Step;

type Sites<'s> = &'s dyn Fn(&Site) -> bool;

/// How many bytes a segment may have that is stored.
const LONGEST: usize = 1024;

/// How much of a memory is filled with zeros, at each end.
const ZEROED: u64 = 1 << 16;

/// `segment-by-init`: an active data segment is a passive one, with
/// `memory.init` and `data.drop`; so are those that come after it.
pub(super) fn by_init(
    original: &Original<'_>,
    sites: Sites<'_>,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    modules(original, draft, |parts, step, code| {
        let first = first_chosen(parts, step, sites)?;
        init(parts, code, first).ok()
    })
}

/// `segment-stored`: the bytes of an active data segment are stored one by one,
/// after a check of the last; so are those that come after it.
pub(super) fn stored(
    original: &Original<'_>,
    sites: Sites<'_>,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    modules(original, draft, |parts, step, code| {
        let first = first_chosen(parts, step, sites)?;
        let long = parts.data[first..].iter().any(|d| d.data.len() > LONGEST);
        if long {
            None
        } else {
            store(parts, code, first).ok()
        }
    })
}

/// `zeroed`: the first and the last bytes of a new memory are filled with
/// zeros. The site is the type of the memory.
pub(super) fn zeroed(
    original: &Original<'_>,
    sites: Sites<'_>,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    modules(original, draft, |parts, step, code| {
        let own = parts.imported_memories.len()..parts.memories.len();
        let mut count = 0;
        for memory in own {
            let offset = parts.memory_places[memory];
            if sites(&Site { step, offset }) {
                zero(parts, code, memory as u32);
                count += 1;
            }
        }
        init(parts, code, 0).ok()?;
        Some(count)
    })
}

/// Gives modules a start function that begins with something new; how many
/// sites were replaced in it.
fn modules(
    original: &Original<'_>,
    draft: &mut Draft,
    mut begin: impl FnMut(&mut Parts<'_>, usize, &mut Code) -> Option<usize>,
) -> Result<usize, NotSubstituted> {
    let mut replaced = 0;
    for (step, defined) in original.script().steps.iter().enumerate() {
        let Step::Define { wasm, .. } = defined else {
            continue;
        };
        let Ok(mut parts) = Parts::of(wasm) else {
            continue;
        };
        let mut code = Code::new(0);
        let Some(count) = begin(&mut parts, step, &mut code).filter(|&count| count > 0) else {
            continue;
        };
        if let Some(start) = parts.start {
            code.ins().call(start);
        }
        parts.start = Some(parts.func((vec![], vec![]), code.finish(true)));
        if let Ok(wasm) = parts.assemble() {
            replaced += count;
            draft.redefine(step, wasm);
        }
    }
    match replaced {
        0 => Err(NotSubstituted::NoSite),
        sites => Ok(sites),
    }
}

/// The first active segment that is a site.
fn first_chosen(parts: &Parts<'_>, step: usize, sites: Sites<'_>) -> Option<usize> {
    parts.data.iter().position(|data| {
        let offset = data.range.start as u32;
        matches!(data.kind, DataKind::Active { .. }) && sites(&Site { step, offset })
    })
}

/// Initialises memories with the active segments from this one on, which become
/// passive.
fn init(parts: &mut Parts<'_>, code: &mut Code, first: usize) -> Result<usize, Unreadable> {
    let mut count = 0;
    for index in first..parts.data.len() {
        let data = parts.data[index].clone();
        let DataKind::Active {
            memory_index,
            offset_expr,
        } = data.kind
        else {
            continue;
        };
        push_constant(parts, code, &offset_expr)?;
        let mut ins = code.ins();
        ins.i32_const(0).i32_const(data.data.len() as i32);
        ins.memory_init(memory_index, index as u32);
        ins.data_drop(index as u32);
        parts.data[index].kind = DataKind::Passive;
        parts.counts_data = true;
        count += 1;
    }
    Ok(count)
}

/// Stores the bytes of the active segments from this one on, which become empty.
fn store(parts: &mut Parts<'_>, code: &mut Code, first: usize) -> Result<usize, Unreadable> {
    let mut count = 0;
    for index in first..parts.data.len() {
        let data = parts.data[index].clone();
        let DataKind::Active {
            memory_index,
            offset_expr,
        } = data.kind
        else {
            continue;
        };
        let start = code.local(parts.address(memory_index));
        push_constant(parts, code, &offset_expr)?;
        code.ins().local_set(start);
        let byte = |offset: usize| MemArg {
            offset: offset as u64,
            align: 0,
            target: MemArgTarget::Memory(memory_index),
            ordering: None,
        };
        match data.data.len().checked_sub(1) {
            Some(last) => {
                code.ins().local_get(start).i32_load8_u(byte(last)).drop();
            }
            None => check_start(parts, code, start, memory_index),
        }
        for (offset, value) in data.data.iter().enumerate() {
            let mut ins = code.ins();
            ins.local_get(start).i32_const((*value).into());
            ins.i32_store8(byte(offset));
        }
        code.release();
        parts.data[index].kind = DataKind::Passive;
        parts.data[index].data = &[];
        count += 1;
    }
    Ok(count)
}

/// Traps where an address is beyond the end of a memory.
fn check_start(parts: &Parts<'_>, code: &mut Code, start: u32, memory: u32) {
    let wide = parts.is_wide(memory);
    code.get_wide(start, wide);
    code.ins().memory_size(memory);
    if !wide {
        code.ins().i64_extend_i32_u();
    }
    let page = parts.page_size_log2(memory);
    code.ins().i64_const(page.into()).i64_shl().i64_gt_u();
    code.trap_if();
}

/// Pushes the value of a constant expression.
fn push_constant(
    parts: &Parts<'_>,
    code: &mut Code,
    constant: &ConstExpr<'_>,
) -> Result<(), Unreadable> {
    let mut ops = constant.get_operators_reader();
    while !ops.eof() {
        let (op, at) = ops.read_with_offset()?;
        if !matches!(op, Operator::End) {
            code.raw(parts.bytes(at..ops.original_position()));
        }
    }
    Ok(())
}

/// Fills the ends of a memory of its minimum size with zeros.
fn zero(parts: &Parts<'_>, code: &mut Code, memory: u32) {
    let ty = parts.memories[memory as usize];
    let bytes = u128::from(ty.initial) << parts.page_size_log2(memory);
    let bytes = u64::try_from(bytes).unwrap_or(0);
    let length = bytes.min(ZEROED);
    for start in [0, bytes - length] {
        let mut ins = code.ins();
        if parts.address(memory) == ValType::I64 {
            ins.i64_const(start as i64).i32_const(0);
            ins.i64_const(length as i64);
        } else {
            ins.i32_const(start as i32).i32_const(0);
            ins.i32_const(length as i32);
        }
        ins.memory_fill(memory);
    }
}
