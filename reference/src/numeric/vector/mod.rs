//! Vector instructions.
//!
//! <https://webassembly.github.io/spec/core/exec/numerics.html>

mod float;
mod integer;

use wasmparser::Operator as O;

use super::{Numeric, Scalar, Slot};

/// The vector instruction `op`, if it is one.
pub(super) fn numeric(op: &O<'_>) -> Option<Numeric> {
    Some(match *op {
        O::V128Not => Numeric::Unary(|a| !a),
        O::V128And => Numeric::Binary(|a, b| a & b),
        O::V128AndNot => Numeric::Binary(|a, b| a & !b),
        O::V128Or => Numeric::Binary(|a, b| a | b),
        O::V128Xor => Numeric::Binary(|a, b| a ^ b),
        O::V128Bitselect => Numeric::Ternary(|a, b, mask| a & mask | b & !mask),
        O::V128AnyTrue => Numeric::Unary(|a| (a != 0).slot()),
        O::I8x16Shuffle { lanes } => Numeric::Shuffle(lanes),
        O::I8x16Swizzle => Numeric::Binary(|a, b| {
            map(
                b,
                |index: u8| if index < 16 { get::<u8>(a, index) } else { 0 },
            )
        }),
        _ => return integer::numeric(op).or_else(|| float::numeric(op)),
    })
}

/// What a lane can be.
trait Lane: Scalar {
    const BITS: u32;
}

macro_rules! lanes {
    ($($t:ident $bits:literal)*) => {$(
        impl Lane for $t {
            const BITS: u32 = $bits;
        }
    )*};
}

lanes!(u8 8 i8 8 u16 16 i16 16 u32 32 i32 32 f32 32 u64 64 i64 64 f64 64);

/// One lane.
fn get<T: Lane>(vector: Slot, lane: u8) -> T {
    // What `of` cuts off are the lanes above.
    T::of(vector >> (u32::from(lane) * T::BITS))
}

/// The vector with one lane replaced.
fn set<T: Lane>(vector: Slot, lane: u8, value: T) -> Slot {
    let at = u32::from(lane) * T::BITS;
    let mask = ((1 << T::BITS) - 1) << at;
    vector & !mask | value.slot() << at
}

/// All lanes, the lowest first.
fn lanes<T: Lane>(vector: Slot) -> impl Iterator<Item = T> {
    (0..(128 / T::BITS) as u8).map(move |lane| get(vector, lane))
}

/// A vector of these lanes, the lowest first; those that are missing are zero.
fn collect<T: Lane>(lanes: impl Iterator<Item = T>) -> Slot {
    let placed = lanes.enumerate();
    placed.fold(0, |vector, (i, lane)| {
        vector | lane.slot() << (i as u32 * T::BITS)
    })
}

/// The same lane everywhere.
fn splat<T: Lane>(value: Slot) -> Slot {
    map(0, |_: T| T::of(value))
}

fn map<T: Lane, R: Lane>(vector: Slot, f: impl Fn(T) -> R) -> Slot {
    collect(lanes(vector).map(f))
}

fn zip<T: Lane, R: Lane>(left: Slot, right: Slot, f: impl Fn(T, T) -> R) -> Slot {
    collect(lanes(left).zip(lanes(right)).map(|(a, b)| f(a, b)))
}

/// All ones where a comparison of lanes holds.
fn mask<T: Lane>(left: Slot, right: Slot, f: impl Fn(T, T) -> bool) -> Slot {
    let ones = Slot::from(u64::MAX) & ((1 << T::BITS) - 1);
    let held = lanes(left).zip(lanes(right)).map(|(a, b)| f(a, b));
    held.enumerate().fold(0, |vector, (i, held)| {
        vector | (Slot::from(held) * ones) << (i as u32 * T::BITS)
    })
}

/// `each!(|a: u8| a.wrapping_neg())`: a function of each lane.
macro_rules! each {
    (|$a:ident: $t:ident| $body:expr) => {
        Numeric::Unary(|v| map(v, |$a: $t| $body))
    };
}

/// `pairs!(|a: u8, b| a.wrapping_add(b))`: a function of the lanes of two vectors.
macro_rules! pairs {
    (|$a:ident: $t:ident, $b:ident| $body:expr) => {
        Numeric::Binary(|v, w| zip(v, w, |$a: $t, $b: $t| $body))
    };
}

/// `compare!(|a: u8, b| a < b)`: a mask of the lanes of two vectors.
macro_rules! compare {
    (|$a:ident: $t:ident, $b:ident| $body:expr) => {
        Numeric::Binary(|v, w| mask(v, w, |$a: $t, $b: $t| $body))
    };
}

use {compare, each, pairs};
