//! Vectors of floats.

use wasmparser::Operator as O;

use super::super::float::{maximum, minimum};
use super::super::{Numeric, Scalar};
use super::{collect, compare, each, get, lanes, map, mask, pairs, set, splat, zip};

/// The instruction `op` on vectors of floats, if it is one.
// Long, as it has an arm for each instruction.
pub(super) fn numeric(op: &O<'_>) -> Option<Numeric> {
    Some(match *op {
        O::F32x4Splat => Numeric::Unary(splat::<u32>),
        O::F32x4ExtractLane { lane } => Numeric::UnaryLane(|a, l| get::<u32>(a, l).slot(), lane),
        O::F32x4ReplaceLane { lane } => Numeric::BinaryLane(|a, b, l| set(a, l, u32::of(b)), lane),
        O::F32x4Eq => compare!(|a: f32, b| a == b),
        O::F32x4Ne => compare!(|a: f32, b| a != b),
        O::F32x4Lt => compare!(|a: f32, b| a < b),
        O::F32x4Gt => compare!(|a: f32, b| a > b),
        O::F32x4Le => compare!(|a: f32, b| a <= b),
        O::F32x4Ge => compare!(|a: f32, b| a >= b),
        // On bits: these keep the payload of a NaN.
        O::F32x4Abs => each!(|a: u32| a & !(1 << 31)),
        O::F32x4Neg => each!(|a: u32| a ^ 1 << 31),
        O::F32x4PMin => pairs!(|a: u32, b| if f32::from_bits(b) < f32::from_bits(a) {
            b
        } else {
            a
        }),
        O::F32x4PMax => pairs!(|a: u32, b| if f32::from_bits(a) < f32::from_bits(b) {
            b
        } else {
            a
        }),
        O::F32x4Ceil => each!(|a: f32| a.ceil()),
        O::F32x4Floor => each!(|a: f32| a.floor()),
        O::F32x4Trunc => each!(|a: f32| a.trunc()),
        O::F32x4Nearest => each!(|a: f32| a.round_ties_even()),
        O::F32x4Sqrt => each!(|a: f32| a.sqrt()),
        O::F32x4Add => pairs!(|a: f32, b| a + b),
        O::F32x4Sub => pairs!(|a: f32, b| a - b),
        O::F32x4Mul => pairs!(|a: f32, b| a * b),
        O::F32x4Div => pairs!(|a: f32, b| a / b),
        O::F32x4Min => pairs!(|a: f32, b| minimum!(a, b)),
        O::F32x4Max => pairs!(|a: f32, b| maximum!(a, b)),
        O::F64x2Splat => Numeric::Unary(splat::<u64>),
        O::F64x2ExtractLane { lane } => Numeric::UnaryLane(|a, l| get::<u64>(a, l).slot(), lane),
        O::F64x2ReplaceLane { lane } => Numeric::BinaryLane(|a, b, l| set(a, l, u64::of(b)), lane),
        O::F64x2Eq => compare!(|a: f64, b| a == b),
        O::F64x2Ne => compare!(|a: f64, b| a != b),
        O::F64x2Lt => compare!(|a: f64, b| a < b),
        O::F64x2Gt => compare!(|a: f64, b| a > b),
        O::F64x2Le => compare!(|a: f64, b| a <= b),
        O::F64x2Ge => compare!(|a: f64, b| a >= b),
        // On bits: these keep the payload of a NaN.
        O::F64x2Abs => each!(|a: u64| a & !(1 << 63)),
        O::F64x2Neg => each!(|a: u64| a ^ 1 << 63),
        O::F64x2PMin => pairs!(|a: u64, b| if f64::from_bits(b) < f64::from_bits(a) {
            b
        } else {
            a
        }),
        O::F64x2PMax => pairs!(|a: u64, b| if f64::from_bits(a) < f64::from_bits(b) {
            b
        } else {
            a
        }),
        O::F64x2Ceil => each!(|a: f64| a.ceil()),
        O::F64x2Floor => each!(|a: f64| a.floor()),
        O::F64x2Trunc => each!(|a: f64| a.trunc()),
        O::F64x2Nearest => each!(|a: f64| a.round_ties_even()),
        O::F64x2Sqrt => each!(|a: f64| a.sqrt()),
        O::F64x2Add => pairs!(|a: f64, b| a + b),
        O::F64x2Sub => pairs!(|a: f64, b| a - b),
        O::F64x2Mul => pairs!(|a: f64, b| a * b),
        O::F64x2Div => pairs!(|a: f64, b| a / b),
        O::F64x2Min => pairs!(|a: f64, b| minimum!(a, b)),
        O::F64x2Max => pairs!(|a: f64, b| maximum!(a, b)),
        O::I32x4TruncSatF32x4S => each!(|a: f32| a as i32),
        O::F32x4ConvertI32x4S => each!(|a: i32| a as f32),
        O::I32x4TruncSatF64x2SZero => {
            Numeric::Unary(|v| collect(lanes::<f64>(v).map(|a| a as i32)))
        }
        O::F64x2ConvertLowI32x4S => {
            Numeric::Unary(|v| collect(lanes::<i32>(v).take(2).map(f64::from)))
        }
        O::I32x4TruncSatF32x4U => each!(|a: f32| a as u32),
        O::F32x4ConvertI32x4U => each!(|a: u32| a as f32),
        O::I32x4TruncSatF64x2UZero => {
            Numeric::Unary(|v| collect(lanes::<f64>(v).map(|a| a as u32)))
        }
        O::F64x2ConvertLowI32x4U => {
            Numeric::Unary(|v| collect(lanes::<u32>(v).take(2).map(f64::from)))
        }
        O::F32x4DemoteF64x2Zero => Numeric::Unary(|v| collect(lanes::<f64>(v).map(|a| a as f32))),
        O::F64x2PromoteLowF32x4 => {
            Numeric::Unary(|v| collect(lanes::<f32>(v).take(2).map(f64::from)))
        }
        _ => return None,
    })
}
