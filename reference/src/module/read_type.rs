//! Types as the parser gives them, and as this crate has them.

use wasmparser::{RefType, ValType};

use super::Rejection;
use crate::types::{AddressType, GlobalType, MemoryType, TableType};
use crate::value::ValueType;

pub(super) fn value_type(ty: ValType) -> Result<ValueType, Rejection> {
    Ok(match ty {
        ValType::I32 => ValueType::I32,
        ValType::I64 => ValueType::I64,
        ValType::F32 => ValueType::F32,
        ValType::F64 => ValueType::F64,
        ValType::V128 => ValueType::V128,
        ValType::Ref(RefType::FUNCREF) => ValueType::FuncRef,
        ValType::Ref(RefType::EXTERNREF) => ValueType::ExternRef,
        ValType::Ref(ty) => return Err(Rejection::Unsupported(format!("type {ty}"))),
    })
}

pub(super) fn value_types(types: &[ValType]) -> Result<Vec<ValueType>, Rejection> {
    types.iter().copied().map(value_type).collect()
}

fn address_of(is_64: bool) -> AddressType {
    if is_64 {
        AddressType::I64
    } else {
        AddressType::I32
    }
}

pub(super) fn memory_type(ty: wasmparser::MemoryType) -> MemoryType {
    MemoryType {
        address: address_of(ty.memory64),
        shared: ty.shared,
        page_size_log2: ty.page_size_log2.unwrap_or(16),
        minimum: ty.initial,
        maximum: ty.maximum,
    }
}

pub(super) fn table_type(ty: wasmparser::TableType) -> Result<TableType, Rejection> {
    Ok(TableType {
        address: address_of(ty.table64),
        element: value_type(ValType::Ref(ty.element_type))?,
        minimum: ty.initial,
        maximum: ty.maximum,
    })
}

pub(super) fn global_type(ty: wasmparser::GlobalType) -> Result<GlobalType, Rejection> {
    Ok(GlobalType {
        value: value_type(ty.content_type)?,
        mutable: ty.mutable,
    })
}
