//! Numeric instructions: functions from operands to results.
//!
//! <https://webassembly.github.io/spec/core/exec/numerics.html>
//!
//! Every operand is one [`Slot`] of 128 bits, scalars in the low ones and the
//! others zero. Where the specification lets the payload of a NaN be anything,
//! the result is the canonical NaN with a positive sign ([`opens`] tells which
//! instructions these are).

mod float;
mod flow;
mod integer;
mod nan;
mod vector;

use wasmparser::Operator;

use crate::trap::Trap;

pub(crate) use flow::{Flow, Tainted, ones};
pub use nan::may_open_nan;
pub(crate) use nan::{Floats, opens};

/// A value on the stack, without its type.
pub(crate) type Slot = u128;

/// What a numeric instruction does to the stack.
#[derive(Clone, Copy)]
pub(crate) enum Numeric {
    Unary(fn(Slot) -> Slot),
    Binary(fn(Slot, Slot) -> Slot),
    Ternary(fn(Slot, Slot, Slot) -> Slot),
    TryUnary(fn(Slot) -> Result<Slot, Trap>),
    TryBinary(fn(Slot, Slot) -> Result<Slot, Trap>),
    UnaryLane(fn(Slot, u8) -> Slot, u8),
    BinaryLane(fn(Slot, Slot, u8) -> Slot, u8),
    Shuffle([u8; 16]),
}

impl Numeric {
    /// What a shuffle gives, 0 for other instructions.
    pub(crate) fn shuffled(&self, left: Slot, right: Slot) -> Slot {
        let Numeric::Shuffle(lanes) = self else {
            return 0;
        };
        let (left, right) = (left.to_le_bytes(), right.to_le_bytes());
        Slot::from_le_bytes(lanes.map(|lane| match lane {
            0..16 => left[lane as usize],
            _ => right[lane as usize - 16],
        }))
    }
}

/// The numeric instruction `op`, if it is one.
pub(crate) fn numeric(op: &Operator<'_>) -> Option<Numeric> {
    integer::numeric(op)
        .or_else(|| float::numeric(op))
        .or_else(|| vector::numeric(op))
}

/// A type whose values a slot can hold.
trait Scalar: Copy {
    fn of(slot: Slot) -> Self;
    fn slot(self) -> Slot;
}

macro_rules! integers {
    ($($t:ident as $u:ident),*) => {$(
        impl Scalar for $t {
            fn of(slot: Slot) -> $t {
                slot as $t
            }
            fn slot(self) -> Slot {
                Slot::from(self as $u)
            }
        }
    )*};
}

integers!(
    u8 as u8,
    i8 as u8,
    u16 as u16,
    i16 as u16,
    u32 as u32,
    i32 as u32,
    u64 as u64,
    i64 as u64,
    u128 as u128
);

impl Scalar for bool {
    fn of(slot: Slot) -> bool {
        slot != 0
    }
    fn slot(self) -> Slot {
        self.into()
    }
}

impl Scalar for f32 {
    fn of(slot: Slot) -> f32 {
        f32::from_bits(slot as u32)
    }
    fn slot(self) -> Slot {
        if self.is_nan() {
            0x7fc0_0000
        } else {
            self.to_bits().into()
        }
    }
}

impl Scalar for f64 {
    fn of(slot: Slot) -> f64 {
        f64::from_bits(slot as u64)
    }
    fn slot(self) -> Slot {
        if self.is_nan() {
            0x7ff8_0000_0000_0000
        } else {
            self.to_bits().into()
        }
    }
}

/// `unary!(|a: u32| a.leading_zeros())`
macro_rules! unary {
    (|$a:ident: $t:ident| $body:expr) => {
        Numeric::Unary(|a| {
            let $a = <$t as Scalar>::of(a);
            Scalar::slot($body)
        })
    };
}

/// `binary!(|a: u32, b| a.wrapping_add(b))`: both operands have the one type.
macro_rules! binary {
    (|$a:ident: $t:ident, $b:ident| $body:expr) => {
        Numeric::Binary(|a, b| {
            let ($a, $b) = (<$t as Scalar>::of(a), <$t as Scalar>::of(b));
            Scalar::slot($body)
        })
    };
}

/// As [`unary`], for a body that is a `Result`.
macro_rules! try_unary {
    (|$a:ident: $t:ident| $body:expr) => {
        Numeric::TryUnary(|a| {
            let $a = <$t as Scalar>::of(a);
            $body.map(Scalar::slot)
        })
    };
}

/// As [`binary`], for a body that is a `Result`.
macro_rules! try_binary {
    (|$a:ident: $t:ident, $b:ident| $body:expr) => {
        Numeric::TryBinary(|a, b| {
            let ($a, $b) = (<$t as Scalar>::of(a), <$t as Scalar>::of(b));
            $body.map(Scalar::slot)
        })
    };
}

use {binary, try_binary, try_unary, unary};
