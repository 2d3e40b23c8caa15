//! What instructions make of the bytes that they access, in other instructions.
//!
//! The bytes of an access stand in two locals of type i64, the lowest address
//! in the least significant bits; the second one only in accesses of 16 bytes.

use trapline_reference::{Extension, Kind, Rmw, ValueType};
use wasm_encoder::ValType;

use super::code::Code;
use super::memory_op::Access;

/// The bytes of an access: the first eight, and the others.
#[derive(Clone, Copy)]
pub(super) struct Raw {
    pub(super) low: u32,
    pub(super) high: u32,
}

impl Raw {
    /// Room for the bytes of an access.
    pub(super) fn new(code: &mut Code) -> Raw {
        Raw {
            low: code.local(ValType::I64),
            high: code.local(ValType::I64),
        }
    }
}

/// Pushes what the access gives where it read these bytes; `vector` is the
/// operand whose other lanes a lane load keeps.
pub(super) fn push_loaded(code: &mut Code, access: &Access, raw: Raw, vector: Option<u32>) {
    let (row, low) = (access.row, raw.low);
    match row.kind {
        Kind::LoadExtend(extension, lane) => {
            push_vector(code, raw, 8);
            let signed = extension == Extension::Signed;
            let mut ins = code.ins();
            match (lane, signed) {
                (1, true) => ins.i16x8_extend_low_i8x16_s(),
                (1, false) => ins.i16x8_extend_low_i8x16_u(),
                (2, true) => ins.i32x4_extend_low_i16x8_s(),
                (2, false) => ins.i32x4_extend_low_i16x8_u(),
                (_, true) => ins.i64x2_extend_low_i32x4_s(),
                (_, false) => ins.i64x2_extend_low_i32x4_u(),
            };
        }
        Kind::LoadSplat => {
            let mut ins = code.ins();
            ins.local_get(low);
            match row.width {
                1 => ins.i32_wrap_i64().i8x16_splat(),
                2 => ins.i32_wrap_i64().i16x8_splat(),
                4 => ins.i32_wrap_i64().i32x4_splat(),
                _ => ins.i64x2_splat(),
            };
        }
        Kind::LoadLane => {
            let mut ins = code.ins();
            ins.local_get(vector.unwrap_or(low)).local_get(low);
            match row.width {
                1 => ins.i32_wrap_i64().i8x16_replace_lane(access.lane),
                2 => ins.i32_wrap_i64().i16x8_replace_lane(access.lane),
                4 => ins.i32_wrap_i64().i32x4_replace_lane(access.lane),
                _ => ins.i64x2_replace_lane(access.lane),
            };
        }
        Kind::Load(_) if row.value == ValueType::V128 => push_vector(code, raw, row.width),
        _ => {
            code.ins().local_get(low);
            let signed = row.kind == Kind::Load(Extension::Signed);
            from_bits(code, row.value);
            if signed {
                extend(code, row.value, row.width);
            }
        }
    }
}

/// Pushes the low bytes of a vector, the others zero.
fn push_vector(code: &mut Code, raw: Raw, width: u32) {
    let mut ins = code.ins();
    ins.v128_const(0).local_get(raw.low).i64x2_replace_lane(0);
    if width == 16 {
        ins.local_get(raw.high).i64x2_replace_lane(1);
    }
}

/// Makes of the i64 on top a value of this type that has its low bits.
fn from_bits(code: &mut Code, ty: ValueType) {
    let mut ins = code.ins();
    match ty {
        ValueType::I32 => ins.i32_wrap_i64(),
        ValueType::F32 => ins.i32_wrap_i64().f32_reinterpret_i32(),
        ValueType::F64 => ins.f64_reinterpret_i64(),
        _ => &mut ins,
    };
}

/// Extends the low bytes of the integer on top with their sign.
pub(super) fn extend(code: &mut Code, ty: ValueType, width: u32) {
    let mut ins = code.ins();
    match (ty, width) {
        (ValueType::I32, 1) => ins.i32_extend8_s(),
        (ValueType::I32, _) => ins.i32_extend16_s(),
        (_, 1) => ins.i64_extend8_s(),
        (_, 2) => ins.i64_extend16_s(),
        (_, _) => ins.i64_extend32_s(),
    };
}

/// Pushes the low bits of an operand, as i64.
pub(super) fn push_bits(code: &mut Code, ty: ValueType, operand: u32) {
    let mut ins = code.ins();
    ins.local_get(operand);
    match ty {
        ValueType::I32 => ins.i64_extend_i32_u(),
        ValueType::F32 => ins.i32_reinterpret_f32().i64_extend_i32_u(),
        ValueType::F64 => ins.i64_reinterpret_f64(),
        _ => &mut ins,
    };
}

/// The bytes that a store is to write.
pub(super) fn stored(code: &mut Code, access: &Access, operand: u32) -> Raw {
    let raw = Raw::new(code);
    let row = access.row;
    match row.kind {
        Kind::StoreLane => {
            let mut ins = code.ins();
            ins.local_get(operand);
            match row.width {
                1 => ins.i8x16_extract_lane_u(access.lane).i64_extend_i32_u(),
                2 => ins.i16x8_extract_lane_u(access.lane).i64_extend_i32_u(),
                4 => ins.i32x4_extract_lane(access.lane).i64_extend_i32_u(),
                _ => ins.i64x2_extract_lane(access.lane),
            };
            ins.local_set(raw.low);
        }
        _ if row.value == ValueType::V128 => {
            let mut ins = code.ins();
            ins.local_get(operand).i64x2_extract_lane(0);
            ins.local_set(raw.low);
            ins.local_get(operand).i64x2_extract_lane(1);
            ins.local_set(raw.high);
        }
        _ => {
            push_bits(code, row.value, operand);
            code.ins().local_set(raw.low);
        }
    }
    raw
}

/// Makes of the old value, an i64 on top, the new one; the operand is an i64 too.
pub(super) fn modify(code: &mut Code, op: Rmw, operand: u32) {
    let mut ins = code.ins();
    match op {
        Rmw::Xchg => ins.drop().local_get(operand),
        Rmw::Add => ins.local_get(operand).i64_add(),
        Rmw::Sub => ins.local_get(operand).i64_sub(),
        Rmw::And => ins.local_get(operand).i64_and(),
        Rmw::Or => ins.local_get(operand).i64_or(),
        Rmw::Xor => ins.local_get(operand).i64_xor(),
    };
}

/// So many bytes of ones, as i64.
pub(super) fn mask(width: u32) -> i64 {
    if width >= 8 {
        -1
    } else {
        (1 << (8 * width)) - 1
    }
}
