//! Effective addresses and their checks, in instructions.
//!
//! Addresses stand in locals of type i64. A memory is smaller than 2^64 bytes:
//! no budget is larger.

use wasm_encoder::ValType;

use super::code::Code;
use super::memory_op::Access;

/// Operand plus static offset, in a new local; traps where that is beyond 2^64.
pub(super) fn effective(code: &mut Code, wide: bool, operand: u32, offset: u64) -> u32 {
    let at = code.local(ValType::I64);
    code.get_wide(operand, wide);
    code.ins().i64_const(offset as i64).i64_add().local_set(at);
    if wide && offset > 0 {
        code.ins().local_get(at).i64_const(offset as i64).i64_lt_u();
        code.trap_if();
    }
    at
}

/// Traps where an atomic access is not aligned.
pub(super) fn check_alignment(code: &mut Code, access: &Access, at: u32) {
    if access.row.kind.is_atomic() && access.row.width > 1 {
        let low = i64::from(access.row.width) - 1;
        let mut ins = code.ins();
        ins.local_get(at).i64_const(low).i64_and();
        ins.i64_const(0).i64_ne();
        code.trap_if();
    }
}

/// The last byte of an access of so many bytes, on top; traps where that is
/// beyond 2^64.
pub(super) fn push_last(code: &mut Code, at: u32, width: u32) {
    let more = i64::from(width) - 1;
    if more > 0 {
        let mut ins = code.ins();
        ins.local_get(at).i64_const(more).i64_add();
        ins.i64_const(more).i64_lt_u();
        code.trap_if();
    }
    code.ins().local_get(at).i64_const(more).i64_add();
}

/// Traps unless `[start, start + length)` ends at or before the i64 on top.
pub(super) fn check_range(code: &mut Code, start: u32, length: u32) {
    let bound = code.local(ValType::I64);
    let mut ins = code.ins();
    ins.local_set(bound);
    ins.local_get(length).local_get(bound).i64_gt_u();
    ins.local_get(start);
    ins.local_get(bound).local_get(length).i64_sub();
    ins.i64_gt_u().i32_or();
    code.trap_if();
}
