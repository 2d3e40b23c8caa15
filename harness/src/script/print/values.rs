//! Values and their types in the text format.

use trapline_reference::{Value, ValueType};

/// A type of values.
pub(crate) fn value_type(ty: ValueType) -> &'static str {
    match ty {
        ValueType::I32 => "i32",
        ValueType::I64 => "i64",
        ValueType::F32 => "f32",
        ValueType::F64 => "f64",
        ValueType::V128 => "v128",
        ValueType::FuncRef => "funcref",
        ValueType::ExternRef => "externref",
    }
}

/// A value as an argument, without the parentheses.
pub(crate) fn value(value: Value) -> String {
    match value {
        Value::I32(bits) if bits < 1000 => format!("i32.const {bits}"),
        Value::I32(bits) if bits > u32::MAX - 1000 => format!("i32.const {}", bits as i32),
        Value::I32(bits) => format!("i32.const {bits:#x}"),
        Value::I64(bits) if bits < 1000 => format!("i64.const {bits}"),
        Value::I64(bits) if bits > u64::MAX - 1000 => format!("i64.const {}", bits as i64),
        Value::I64(bits) => format!("i64.const {bits:#x}"),
        Value::F32(bits) => {
            let float = f32::from_bits(bits);
            let sign = if float.is_sign_negative() { "-" } else { "" };
            if float.is_nan() {
                format!("f32.const {sign}nan:{:#x}", bits & 0x7f_ffff)
            } else {
                format!("f32.const {float:?}")
            }
        }
        Value::F64(bits) => {
            let float = f64::from_bits(bits);
            let sign = if float.is_sign_negative() { "-" } else { "" };
            if float.is_nan() {
                format!("f64.const {sign}nan:{:#x}", bits & 0xf_ffff_ffff_ffff)
            } else {
                format!("f64.const {float:?}")
            }
        }
        Value::V128(bits) => {
            let lanes = [0, 32, 64, 96].map(|shift| format!(" {:#x}", (bits >> shift) as u32));
            format!("v128.const i32x4{}", lanes.concat())
        }
        Value::FuncRef(_) => "ref.null func".to_owned(),
        Value::ExternRef(None) => "ref.null extern".to_owned(),
        Value::ExternRef(Some(n)) => format!("ref.extern {n}"),
    }
}

/// A value as an expected result, without the parentheses.
pub(super) fn expected(result: Value) -> String {
    match result {
        Value::FuncRef(Some(_)) => "ref.func".to_owned(),
        _ => value(result),
    }
}
