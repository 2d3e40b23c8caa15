//! Bulk operations, through the host: bounds first, then byte by byte.

use wasm_encoder::{BlockType, ValType};
use wasmparser::DataKind;

use super::Host;
use crate::triage::substitute::address::check_range;
use crate::triage::substitute::code::Code;
use crate::triage::substitute::parts::Parts;

/// How many bytes one bulk operation may fill or copy through the host; longer
/// ones are done by the instruction itself, once their bounds are checked.
pub(in crate::triage::substitute) const LONGEST: u32 = 1 << 16;

/// How long a data segment may be whose bytes become constants. A
/// `memory.init` of a longer one is left as it is.
pub(in crate::triage::substitute) const LONGEST_SEGMENT: usize = 512;

/// Whether the bytes of a segment can become constants.
pub(super) fn is_short(parts: &Parts<'_>, data: u32) -> bool {
    let segment = parts.data.get(data as usize);
    segment.is_some_and(|data| data.data.len() <= LONGEST_SEGMENT)
}

/// `memory.fill`: the parameters are its operands.
pub(super) fn fill(code: &mut Code, parts: &Parts<'_>, memory: u32, host: Host) {
    let wide = parts.is_wide(memory);
    let to = widened(code, 0, wide);
    let length = widened(code, 2, wide);
    push_bytes(code, parts, memory, host);
    check_range(code, to, length);
    unless_long(code, length, |code| {
        code.ins().local_get(0).local_get(1).local_get(2);
        code.ins().memory_fill(memory);
    });
    count(code, length, |code, i| {
        let mut ins = code.ins();
        ins.local_get(to).local_get(i).i64_add();
        ins.local_get(1).call(host.write).drop();
    });
    code.ins().end();
}

/// `memory.copy`, from the back where the destination is behind the source: two
/// indices can be one memory.
pub(super) fn copy(
    code: &mut Code,
    parts: &Parts<'_>,
    (to_memory, from_memory): (u32, u32),
    (to_host, from_host): (Host, Host),
) {
    let (to_wide, from_wide) = (parts.is_wide(to_memory), parts.is_wide(from_memory));
    let to = widened(code, 0, to_wide);
    let from = widened(code, 1, from_wide);
    let length = widened(code, 2, to_wide && from_wide);
    push_bytes(code, parts, to_memory, to_host);
    check_range(code, to, length);
    push_bytes(code, parts, from_memory, from_host);
    check_range(code, from, length);
    unless_long(code, length, |code| {
        code.ins().local_get(0).local_get(1).local_get(2);
        code.ins().memory_copy(to_memory, from_memory);
    });
    let at = code.local(ValType::I64);
    count(code, length, |code, i| {
        let mut ins = code.ins();
        // From the front: i. From the back: length - 1 - i.
        ins.local_get(length).i64_const(1).i64_sub();
        ins.local_get(i).i64_sub();
        ins.local_get(i);
        ins.local_get(to).local_get(from).i64_gt_u();
        ins.select().local_set(at);
        ins.local_get(to).local_get(at).i64_add();
        ins.local_get(from).local_get(at).i64_add();
        ins.call(from_host.read).i32_wrap_i64();
        ins.call(to_host.write).drop();
    });
    code.ins().end();
}

/// `memory.init`: the bytes of the segment are constants. A global says whether
/// it was dropped; active segments are, by their instantiation.
pub(super) fn init(
    code: &mut Code,
    parts: &Parts<'_>,
    (data, dropped): (u32, u32),
    memory: u32,
    host: Host,
) {
    let segment = &parts.data[data as usize];
    let bytes = match segment.kind {
        DataKind::Passive => segment.data,
        DataKind::Active { .. } => &[],
    };
    let to = widened(code, 0, parts.is_wide(memory));
    let from = widened(code, 1, false);
    let length = widened(code, 2, false);
    let mut ins = code.ins();
    ins.i64_const(0).i64_const(bytes.len() as i64);
    ins.global_get(dropped).select();
    check_range(code, from, length);
    push_bytes(code, parts, memory, host);
    check_range(code, to, length);
    let at = code.local(ValType::I64);
    for (index, byte) in bytes.iter().enumerate() {
        let mut ins = code.ins();
        ins.i64_const(index as i64).local_get(from).i64_sub();
        ins.local_tee(at).local_get(length).i64_lt_u();
        ins.if_(BlockType::Empty);
        ins.local_get(to).local_get(at).i64_add();
        ins.i32_const((*byte).into()).call(host.write).drop();
        ins.end();
    }
}

/// A parameter as i64, in a local.
fn widened(code: &mut Code, param: u32, wide: bool) -> u32 {
    let local = code.local(ValType::I64);
    code.get_wide(param, wide);
    code.ins().local_set(local);
    local
}

/// Pushes the size of a memory in bytes.
fn push_bytes(code: &mut Code, parts: &Parts<'_>, memory: u32, host: Host) {
    let page = parts.page_size_log2(memory);
    code.ins().call(host.size).i64_const(page.into()).i64_shl();
}

/// Begins what is done unless so many bytes are too many; otherwise `else_do`.
fn unless_long(code: &mut Code, length: u32, else_do: impl FnOnce(&mut Code)) {
    let mut ins = code.ins();
    ins.local_get(length).i64_const(LONGEST.into()).i64_gt_u();
    ins.if_(BlockType::Empty);
    else_do(code);
    code.ins().else_();
}

/// Does something for each i from 0 up to, not including, `length`.
fn count(code: &mut Code, length: u32, each: impl FnOnce(&mut Code, u32)) {
    let i = code.local(ValType::I64);
    let mut ins = code.ins();
    ins.i64_const(0).local_set(i);
    ins.block(BlockType::Empty).loop_(BlockType::Empty);
    ins.local_get(i).local_get(length).i64_ge_u().br_if(1);
    each(code, i);
    let mut ins = code.ins();
    ins.local_get(i).i64_const(1).i64_add().local_set(i);
    ins.br(0).end().end();
}
