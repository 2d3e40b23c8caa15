//! Values and their types, here and in wasmer.

use trapline_reference::Value;
use wasmer::Type;

use crate::script::ValueType;

pub(super) fn type_of(ty: ValueType) -> Type {
    match ty {
        ValueType::I32 => Type::I32,
        ValueType::I64 => Type::I64,
        ValueType::F32 => Type::F32,
        ValueType::F64 => Type::F64,
        ValueType::V128 => Type::V128,
        ValueType::FuncRef => Type::FuncRef,
        ValueType::ExternRef => Type::ExternRef,
    }
}

/// `None` for a reference that is not null.
pub(super) fn wasmer_value(value: Value) -> Option<wasmer::Value> {
    Some(match value {
        Value::I32(v) => wasmer::Value::I32(v.cast_signed()),
        Value::I64(v) => wasmer::Value::I64(v.cast_signed()),
        Value::F32(v) => wasmer::Value::F32(f32::from_bits(v)),
        Value::F64(v) => wasmer::Value::F64(f64::from_bits(v)),
        Value::V128(v) => wasmer::Value::V128(v),
        Value::FuncRef(None) => wasmer::Value::FuncRef(None),
        Value::ExternRef(None) => wasmer::Value::ExternRef(None),
        Value::FuncRef(Some(_)) | Value::ExternRef(Some(_)) => return None,
    })
}

/// References keep only whether they are null: their identity means nothing
/// to another engine.
pub(super) fn value_of(value: &wasmer::Value) -> Value {
    match value {
        wasmer::Value::I32(v) => Value::I32(v.cast_unsigned()),
        wasmer::Value::I64(v) => Value::I64(v.cast_unsigned()),
        wasmer::Value::F32(v) => Value::F32(v.to_bits()),
        wasmer::Value::F64(v) => Value::F64(v.to_bits()),
        wasmer::Value::V128(v) => Value::V128(*v),
        wasmer::Value::FuncRef(r) => Value::FuncRef(r.as_ref().map(|_| 0)),
        wasmer::Value::ExternRef(r) => Value::ExternRef(r.as_ref().map(|_| 0)),
        wasmer::Value::ExceptionRef(_) => {
            unreachable!("of a proposal that no configuration enables")
        }
    }
}
