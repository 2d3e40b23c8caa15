//! Integer instructions, and conversions between integers.
//!
//! <https://webassembly.github.io/spec/core/exec/numerics.html#integer-operations>

use wasmparser::Operator as O;

use super::{Numeric, Scalar, binary, try_binary, unary};
use crate::trap::Trap;

/// The integer instruction `op`, if it is one.
// Long, as it has an arm for each instruction.
pub(super) fn numeric(op: &O<'_>) -> Option<Numeric> {
    Some(match op {
        O::I32Eqz => unary!(|a: u32| a == 0),
        O::I32Eq => binary!(|a: u32, b| a == b),
        O::I32Ne => binary!(|a: u32, b| a != b),
        O::I32LtS => binary!(|a: i32, b| a < b),
        O::I32LtU => binary!(|a: u32, b| a < b),
        O::I32GtS => binary!(|a: i32, b| a > b),
        O::I32GtU => binary!(|a: u32, b| a > b),
        O::I32LeS => binary!(|a: i32, b| a <= b),
        O::I32LeU => binary!(|a: u32, b| a <= b),
        O::I32GeS => binary!(|a: i32, b| a >= b),
        O::I32GeU => binary!(|a: u32, b| a >= b),
        O::I32Clz => unary!(|a: u32| a.leading_zeros()),
        O::I32Ctz => unary!(|a: u32| a.trailing_zeros()),
        O::I32Popcnt => unary!(|a: u32| a.count_ones()),
        O::I32Add => binary!(|a: u32, b| a.wrapping_add(b)),
        O::I32Sub => binary!(|a: u32, b| a.wrapping_sub(b)),
        O::I32Mul => binary!(|a: u32, b| a.wrapping_mul(b)),
        O::I32DivS => try_binary!(|a: i32, b| match b {
            0 => Err(Trap::DivisionByZero),
            _ => a.checked_div(b).ok_or(Trap::IntegerOverflow),
        }),
        O::I32DivU => try_binary!(|a: u32, b| a.checked_div(b).ok_or(Trap::DivisionByZero)),
        O::I32RemS => try_binary!(|a: i32, b| match b {
            0 => Err(Trap::DivisionByZero),
            _ => Ok(a.wrapping_rem(b)),
        }),
        O::I32RemU => try_binary!(|a: u32, b| a.checked_rem(b).ok_or(Trap::DivisionByZero)),
        O::I32And => binary!(|a: u32, b| a & b),
        O::I32Or => binary!(|a: u32, b| a | b),
        O::I32Xor => binary!(|a: u32, b| a ^ b),
        // The count is taken modulo the width.
        O::I32Shl => binary!(|a: u32, b| a.wrapping_shl(b as u32)),
        O::I32ShrS => binary!(|a: i32, b| a.wrapping_shr(b as u32)),
        O::I32ShrU => binary!(|a: u32, b| a.wrapping_shr(b as u32)),
        O::I32Rotl => binary!(|a: u32, b| a.rotate_left(b as u32 % 32)),
        O::I32Rotr => binary!(|a: u32, b| a.rotate_right(b as u32 % 32)),
        O::I32Extend8S => unary!(|a: i8| i32::from(a)),
        O::I32Extend16S => unary!(|a: i16| i32::from(a)),
        O::I64Eqz => unary!(|a: u64| a == 0),
        O::I64Eq => binary!(|a: u64, b| a == b),
        O::I64Ne => binary!(|a: u64, b| a != b),
        O::I64LtS => binary!(|a: i64, b| a < b),
        O::I64LtU => binary!(|a: u64, b| a < b),
        O::I64GtS => binary!(|a: i64, b| a > b),
        O::I64GtU => binary!(|a: u64, b| a > b),
        O::I64LeS => binary!(|a: i64, b| a <= b),
        O::I64LeU => binary!(|a: u64, b| a <= b),
        O::I64GeS => binary!(|a: i64, b| a >= b),
        O::I64GeU => binary!(|a: u64, b| a >= b),
        O::I64Clz => unary!(|a: u64| u64::from(a.leading_zeros())),
        O::I64Ctz => unary!(|a: u64| u64::from(a.trailing_zeros())),
        O::I64Popcnt => unary!(|a: u64| u64::from(a.count_ones())),
        O::I64Add => binary!(|a: u64, b| a.wrapping_add(b)),
        O::I64Sub => binary!(|a: u64, b| a.wrapping_sub(b)),
        O::I64Mul => binary!(|a: u64, b| a.wrapping_mul(b)),
        O::I64DivS => try_binary!(|a: i64, b| match b {
            0 => Err(Trap::DivisionByZero),
            _ => a.checked_div(b).ok_or(Trap::IntegerOverflow),
        }),
        O::I64DivU => try_binary!(|a: u64, b| a.checked_div(b).ok_or(Trap::DivisionByZero)),
        O::I64RemS => try_binary!(|a: i64, b| match b {
            0 => Err(Trap::DivisionByZero),
            _ => Ok(a.wrapping_rem(b)),
        }),
        O::I64RemU => try_binary!(|a: u64, b| a.checked_rem(b).ok_or(Trap::DivisionByZero)),
        O::I64And => binary!(|a: u64, b| a & b),
        O::I64Or => binary!(|a: u64, b| a | b),
        O::I64Xor => binary!(|a: u64, b| a ^ b),
        // The count is taken modulo the width.
        O::I64Shl => binary!(|a: u64, b| a.wrapping_shl(b as u32)),
        O::I64ShrS => binary!(|a: i64, b| a.wrapping_shr(b as u32)),
        O::I64ShrU => binary!(|a: u64, b| a.wrapping_shr(b as u32)),
        O::I64Rotl => binary!(|a: u64, b| a.rotate_left(b as u32 % 64)),
        O::I64Rotr => binary!(|a: u64, b| a.rotate_right(b as u32 % 64)),
        O::I64Extend8S => unary!(|a: i8| i64::from(a)),
        O::I64Extend16S => unary!(|a: i16| i64::from(a)),
        O::I64Extend32S | O::I64ExtendI32S => unary!(|a: i32| i64::from(a)),
        O::I64ExtendI32U => unary!(|a: u32| u64::from(a)),
        O::I32WrapI64 => unary!(|a: u64| a as u32),
        _ => return None,
    })
}
