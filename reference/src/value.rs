//! Values: what calls take and give back.

use std::fmt;

/// A WebAssembly value, bit for bit.
///
/// Floats are kept as their bits, so that the payload and the sign of a NaN
/// survive, and equality is equality of bits.
/// <https://webassembly.github.io/spec/core/exec/runtime.html#values>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// An `i32`, without sign.
    I32(u32),
    /// An `i64`, without sign.
    I64(u64),
    /// The bits of an `f32`.
    F32(u32),
    /// The bits of an `f64`.
    F64(u64),
    /// The 16 bytes of a `v128`, the first byte the least significant.
    V128(u128),
    /// A function reference: `None` is null, otherwise an opaque identity.
    FuncRef(Option<u32>),
    /// A host reference: `None` is null, otherwise the host's number for it.
    ExternRef(Option<u32>),
}

/// The type of a [`Value`].
/// <https://webassembly.github.io/spec/core/syntax/types.html#value-types>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
    /// 128-bit vector.
    V128,
    /// Function reference, nullable.
    FuncRef,
    /// Host reference, nullable.
    ExternRef,
}

impl Value {
    /// The type of this value.
    pub fn ty(self) -> ValueType {
        match self {
            Value::I32(_) => ValueType::I32,
            Value::I64(_) => ValueType::I64,
            Value::F32(_) => ValueType::F32,
            Value::F64(_) => ValueType::F64,
            Value::V128(_) => ValueType::V128,
            Value::FuncRef(_) => ValueType::FuncRef,
            Value::ExternRef(_) => ValueType::ExternRef,
        }
    }

    /// The value a local of type `ty` starts with: zero, or null.
    pub fn default_of(ty: ValueType) -> Value {
        match ty {
            ValueType::I32 => Value::I32(0),
            ValueType::I64 => Value::I64(0),
            ValueType::F32 => Value::F32(0),
            ValueType::F64 => Value::F64(0),
            ValueType::V128 => Value::V128(0),
            ValueType::FuncRef => Value::FuncRef(None),
            ValueType::ExternRef => Value::ExternRef(None),
        }
    }
}

impl fmt::Display for Value {
    /// Integers in hexadecimal, floats as their bits, so that nothing is lost.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::I32(v) => write!(f, "i32:{v:#x}"),
            Value::I64(v) => write!(f, "i64:{v:#x}"),
            Value::F32(v) => write!(f, "f32:bits:{v:#010x}"),
            Value::F64(v) => write!(f, "f64:bits:{v:#018x}"),
            Value::V128(v) => write!(f, "v128:{v:#034x}"),
            Value::FuncRef(None) => f.write_str("ref.null func"),
            Value::FuncRef(Some(n)) => write!(f, "ref.func {n}"),
            Value::ExternRef(None) => f.write_str("ref.null extern"),
            Value::ExternRef(Some(n)) => write!(f, "ref.extern {n}"),
        }
    }
}

impl Value {
    /// Whether it is `other` in all bits that are not in `mask`.
    pub fn is_but_for(self, other: Value, mask: u128) -> bool {
        self.ty() == other.ty() && (self.slot() ^ other.slot()) & !mask == 0
    }
}

/// The slot of a null reference; the others hold their number.
pub(crate) const NULL: u128 = 1 << 64;

impl Value {
    /// The slot it is kept in on the stack, without its type.
    pub(crate) fn slot(self) -> u128 {
        match self {
            Value::I32(v) | Value::F32(v) => v.into(),
            Value::I64(v) | Value::F64(v) => v.into(),
            Value::V128(v) => v,
            Value::FuncRef(r) | Value::ExternRef(r) => r.map_or(NULL, Into::into),
        }
    }

    /// The value of type `ty` in a slot.
    pub(crate) fn of(slot: u128, ty: ValueType) -> Value {
        let reference = (slot != NULL).then_some(slot as u32);
        match ty {
            ValueType::I32 => Value::I32(slot as u32),
            ValueType::I64 => Value::I64(slot as u64),
            ValueType::F32 => Value::F32(slot as u32),
            ValueType::F64 => Value::F64(slot as u64),
            ValueType::V128 => Value::V128(slot),
            ValueType::FuncRef => Value::FuncRef(reference),
            ValueType::ExternRef => Value::ExternRef(reference),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_without_loss_and_fit_their_slots() {
        for (value, told, default) in [
            (Value::I32(255), "i32:0xff", Value::I32(0)),
            (Value::I64(1 << 40), "i64:0x10000000000", Value::I64(0)),
            (
                Value::F32(0x7fc0_0001),
                "f32:bits:0x7fc00001",
                Value::F32(0),
            ),
            (Value::F64(1), "f64:bits:0x0000000000000001", Value::F64(0)),
            (
                Value::V128(1 << 64),
                "v128:0x00000000000000010000000000000000",
                Value::V128(0),
            ),
            (Value::FuncRef(None), "ref.null func", Value::FuncRef(None)),
            (Value::FuncRef(Some(0)), "ref.func 0", Value::FuncRef(None)),
            (
                Value::ExternRef(None),
                "ref.null extern",
                Value::ExternRef(None),
            ),
            (
                Value::ExternRef(Some(u32::MAX)),
                "ref.extern 4294967295",
                Value::ExternRef(None),
            ),
        ] {
            assert_eq!(value.to_string(), told);
            assert_eq!(Value::default_of(value.ty()), default);
            assert_eq!(Value::of(value.slot(), value.ty()), value);
        }
    }
}
