//! Float instructions, and conversions to and from floats.
//!
//! <https://webassembly.github.io/spec/core/exec/numerics.html#floating-point-operations>

use wasmparser::Operator as O;

use super::{Numeric, Scalar, binary, try_unary, unary};
use crate::trap::Trap;

/// The smaller of two, a NaN if either is one, and -0 below +0.
macro_rules! minimum {
    ($a:expr, $b:expr) => {
        match ($a, $b) {
            (a, b) if a.is_nan() || b.is_nan() => a + b,
            (a, b) if a == b => {
                if a.is_sign_negative() {
                    a
                } else {
                    b
                }
            }
            (a, b) => {
                if a < b {
                    a
                } else {
                    b
                }
            }
        }
    };
}

/// The larger of two, a NaN if either is one, and +0 above -0.
macro_rules! maximum {
    ($a:expr, $b:expr) => {
        match ($a, $b) {
            (a, b) if a.is_nan() || b.is_nan() => a + b,
            (a, b) if a == b => {
                if a.is_sign_positive() {
                    a
                } else {
                    b
                }
            }
            (a, b) => {
                if a > b {
                    a
                } else {
                    b
                }
            }
        }
    };
}

/// Towards zero, to an integer type that can hold the result.
macro_rules! truncate {
    ($a:expr, $t:ident) => {{
        let whole = $a.trunc();
        if whole.is_nan() {
            Err(Trap::InvalidConversion)
        } else if whole as i128 >= i128::from($t::MIN) && whole as i128 <= i128::from($t::MAX) {
            Ok(whole as $t)
        } else {
            Err(Trap::IntegerOverflow)
        }
    }};
}

pub(super) use {maximum, minimum};

/// The float instruction `op`, if it is one.
// Long, as it has an arm for each instruction.
pub(super) fn numeric(op: &O<'_>) -> Option<Numeric> {
    Some(match op {
        O::F32Eq => binary!(|a: f32, b| a == b),
        O::F32Ne => binary!(|a: f32, b| a != b),
        O::F32Lt => binary!(|a: f32, b| a < b),
        O::F32Gt => binary!(|a: f32, b| a > b),
        O::F32Le => binary!(|a: f32, b| a <= b),
        O::F32Ge => binary!(|a: f32, b| a >= b),
        // On bits: these three keep the payload of a NaN.
        O::F32Abs => unary!(|a: u32| a & !(1 << 31)),
        O::F32Neg => unary!(|a: u32| a ^ 1 << 31),
        O::F32Copysign => binary!(|a: u32, b| a & !(1 << 31) | b & 1 << 31),
        O::F32Ceil => unary!(|a: f32| a.ceil()),
        O::F32Floor => unary!(|a: f32| a.floor()),
        O::F32Trunc => unary!(|a: f32| a.trunc()),
        O::F32Nearest => unary!(|a: f32| a.round_ties_even()),
        O::F32Sqrt => unary!(|a: f32| a.sqrt()),
        O::F32Add => binary!(|a: f32, b| a + b),
        O::F32Sub => binary!(|a: f32, b| a - b),
        O::F32Mul => binary!(|a: f32, b| a * b),
        O::F32Div => binary!(|a: f32, b| a / b),
        O::F32Min => binary!(|a: f32, b| minimum!(a, b)),
        O::F32Max => binary!(|a: f32, b| maximum!(a, b)),
        O::F32ConvertI32S => unary!(|a: i32| a as f32),
        O::F32ConvertI32U => unary!(|a: u32| a as f32),
        O::F32ConvertI64S => unary!(|a: i64| a as f32),
        O::F32ConvertI64U => unary!(|a: u64| a as f32),
        O::F64Eq => binary!(|a: f64, b| a == b),
        O::F64Ne => binary!(|a: f64, b| a != b),
        O::F64Lt => binary!(|a: f64, b| a < b),
        O::F64Gt => binary!(|a: f64, b| a > b),
        O::F64Le => binary!(|a: f64, b| a <= b),
        O::F64Ge => binary!(|a: f64, b| a >= b),
        // On bits: these three keep the payload of a NaN.
        O::F64Abs => unary!(|a: u64| a & !(1 << 63)),
        O::F64Neg => unary!(|a: u64| a ^ 1 << 63),
        O::F64Copysign => binary!(|a: u64, b| a & !(1 << 63) | b & 1 << 63),
        O::F64Ceil => unary!(|a: f64| a.ceil()),
        O::F64Floor => unary!(|a: f64| a.floor()),
        O::F64Trunc => unary!(|a: f64| a.trunc()),
        O::F64Nearest => unary!(|a: f64| a.round_ties_even()),
        O::F64Sqrt => unary!(|a: f64| a.sqrt()),
        O::F64Add => binary!(|a: f64, b| a + b),
        O::F64Sub => binary!(|a: f64, b| a - b),
        O::F64Mul => binary!(|a: f64, b| a * b),
        O::F64Div => binary!(|a: f64, b| a / b),
        O::F64Min => binary!(|a: f64, b| minimum!(a, b)),
        O::F64Max => binary!(|a: f64, b| maximum!(a, b)),
        O::F64ConvertI32S => unary!(|a: i32| a as f64),
        O::F64ConvertI32U => unary!(|a: u32| a as f64),
        O::F64ConvertI64S => unary!(|a: i64| a as f64),
        O::F64ConvertI64U => unary!(|a: u64| a as f64),
        O::I32TruncF32S => try_unary!(|a: f32| truncate!(a, i32)),
        // As casting in Rust: towards zero, saturating, NaN to zero.
        O::I32TruncSatF32S => unary!(|a: f32| a as i32),
        O::I32TruncF32U => try_unary!(|a: f32| truncate!(a, u32)),
        // As casting in Rust: towards zero, saturating, NaN to zero.
        O::I32TruncSatF32U => unary!(|a: f32| a as u32),
        O::I32TruncF64S => try_unary!(|a: f64| truncate!(a, i32)),
        // As casting in Rust: towards zero, saturating, NaN to zero.
        O::I32TruncSatF64S => unary!(|a: f64| a as i32),
        O::I32TruncF64U => try_unary!(|a: f64| truncate!(a, u32)),
        // As casting in Rust: towards zero, saturating, NaN to zero.
        O::I32TruncSatF64U => unary!(|a: f64| a as u32),
        O::I64TruncF32S => try_unary!(|a: f32| truncate!(a, i64)),
        // As casting in Rust: towards zero, saturating, NaN to zero.
        O::I64TruncSatF32S => unary!(|a: f32| a as i64),
        O::I64TruncF32U => try_unary!(|a: f32| truncate!(a, u64)),
        // As casting in Rust: towards zero, saturating, NaN to zero.
        O::I64TruncSatF32U => unary!(|a: f32| a as u64),
        O::I64TruncF64S => try_unary!(|a: f64| truncate!(a, i64)),
        // As casting in Rust: towards zero, saturating, NaN to zero.
        O::I64TruncSatF64S => unary!(|a: f64| a as i64),
        O::I64TruncF64U => try_unary!(|a: f64| truncate!(a, u64)),
        // As casting in Rust: towards zero, saturating, NaN to zero.
        O::I64TruncSatF64U => unary!(|a: f64| a as u64),
        O::F32DemoteF64 => unary!(|a: f64| a as f32),
        O::F64PromoteF32 => unary!(|a: f32| f64::from(a)),
        O::I32ReinterpretF32
        | O::I64ReinterpretF64
        | O::F32ReinterpretI32
        | O::F64ReinterpretI64 => unary!(|a: u128| a),
        _ => return None,
    })
}
