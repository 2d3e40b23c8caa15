//! Values and their types, here and in wasmtime.

use trapline_reference::Value;
use wasmtime::{Val, ValType};

use crate::script::ValueType;

pub(super) fn val_type(ty: ValueType) -> ValType {
    match ty {
        ValueType::I32 => ValType::I32,
        ValueType::I64 => ValType::I64,
        ValueType::F32 => ValType::F32,
        ValueType::F64 => ValType::F64,
        ValueType::V128 => ValType::V128,
        ValueType::FuncRef => ValType::FUNCREF,
        ValueType::ExternRef => ValType::EXTERNREF,
    }
}

/// `None` for a reference that is not null.
pub(super) fn val_of(value: Value) -> Option<Val> {
    Some(match value {
        Value::I32(v) => Val::I32(v.cast_signed()),
        Value::I64(v) => Val::I64(v.cast_signed()),
        Value::F32(v) => Val::F32(v),
        Value::F64(v) => Val::F64(v),
        Value::V128(v) => Val::V128(v.into()),
        Value::FuncRef(None) => Val::FuncRef(None),
        Value::ExternRef(None) => Val::ExternRef(None),
        Value::FuncRef(Some(_)) | Value::ExternRef(Some(_)) => return None,
    })
}

/// References keep only whether they are null: their identity means nothing
/// to another engine.
pub(super) fn value_of(val: &Val) -> Value {
    match val {
        Val::I32(v) => Value::I32(v.cast_unsigned()),
        Val::I64(v) => Value::I64(v.cast_unsigned()),
        Val::F32(v) => Value::F32(*v),
        Val::F64(v) => Value::F64(*v),
        Val::V128(v) => Value::V128(v.as_u128()),
        Val::FuncRef(f) => Value::FuncRef(f.map(|_| 0)),
        Val::ExternRef(r) => Value::ExternRef(r.map(|_| 0)),
        _ => unreachable!("of a proposal that no configuration enables"),
    }
}
