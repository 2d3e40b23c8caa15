//! Vectors of integers.

use wasmparser::Operator as O;

use super::super::{Numeric, Scalar, Slot};
use super::{collect, compare, each, get, lanes, map, mask, pairs, set, splat, zip};

/// The instruction `op` on vectors of integers, if it is one.
// Long, as it has an arm for each instruction.
pub(super) fn numeric(op: &O<'_>) -> Option<Numeric> {
    Some(match *op {
        O::I8x16Splat => Numeric::Unary(splat::<u8>),
        O::I8x16ExtractLaneS { lane } => {
            Numeric::UnaryLane(|a, l| (get::<i8>(a, l) as i32).slot(), lane)
        }
        O::I8x16ExtractLaneU { lane } => Numeric::UnaryLane(|a, l| get::<u8>(a, l).slot(), lane),
        O::I8x16ReplaceLane { lane } => Numeric::BinaryLane(|a, b, l| set(a, l, u8::of(b)), lane),
        O::I8x16Eq => compare!(|a: u8, b| a == b),
        O::I8x16Ne => compare!(|a: u8, b| a != b),
        O::I8x16LtS => compare!(|a: i8, b| a < b),
        O::I8x16LtU => compare!(|a: u8, b| a < b),
        O::I8x16GtS => compare!(|a: i8, b| a > b),
        O::I8x16GtU => compare!(|a: u8, b| a > b),
        O::I8x16LeS => compare!(|a: i8, b| a <= b),
        O::I8x16LeU => compare!(|a: u8, b| a <= b),
        O::I8x16GeS => compare!(|a: i8, b| a >= b),
        O::I8x16GeU => compare!(|a: u8, b| a >= b),
        O::I8x16Abs => each!(|a: i8| a.wrapping_abs()),
        O::I8x16Neg => each!(|a: u8| a.wrapping_neg()),
        O::I8x16Popcnt => each!(|a: u8| a.count_ones() as u8),
        O::I8x16AllTrue => Numeric::Unary(|v| (0..16).all(|i| get::<u8>(v, i) != 0).slot()),
        O::I8x16Bitmask => {
            Numeric::Unary(|v| (0..16).map(|i| Slot::from(get::<i8>(v, i) < 0) << i).sum())
        }
        O::I8x16Shl => Numeric::Binary(|v, by| map(v, |a: u8| a.wrapping_shl(by as u32))),
        O::I8x16ShrS => Numeric::Binary(|v, by| map(v, |a: i8| a.wrapping_shr(by as u32))),
        O::I8x16ShrU => Numeric::Binary(|v, by| map(v, |a: u8| a.wrapping_shr(by as u32))),
        O::I8x16Add => pairs!(|a: u8, b| a.wrapping_add(b)),
        O::I8x16Sub => pairs!(|a: u8, b| a.wrapping_sub(b)),
        O::I8x16AddSatS => pairs!(|a: i8, b| a.saturating_add(b)),
        O::I8x16AddSatU => pairs!(|a: u8, b| a.saturating_add(b)),
        O::I8x16SubSatS => pairs!(|a: i8, b| a.saturating_sub(b)),
        O::I8x16SubSatU => pairs!(|a: u8, b| a.saturating_sub(b)),
        O::I8x16AvgrU => pairs!(|a: u8, b| (u32::from(a) + u32::from(b)).div_ceil(2) as u8),
        O::I8x16MinS => pairs!(|a: i8, b| a.min(b)),
        O::I8x16MinU => pairs!(|a: u8, b| a.min(b)),
        O::I8x16MaxS => pairs!(|a: i8, b| a.max(b)),
        O::I8x16MaxU => pairs!(|a: u8, b| a.max(b)),
        O::I16x8Splat => Numeric::Unary(splat::<u16>),
        O::I16x8ExtractLaneS { lane } => {
            Numeric::UnaryLane(|a, l| (get::<i16>(a, l) as i32).slot(), lane)
        }
        O::I16x8ExtractLaneU { lane } => Numeric::UnaryLane(|a, l| get::<u16>(a, l).slot(), lane),
        O::I16x8ReplaceLane { lane } => Numeric::BinaryLane(|a, b, l| set(a, l, u16::of(b)), lane),
        O::I16x8Eq => compare!(|a: u16, b| a == b),
        O::I16x8Ne => compare!(|a: u16, b| a != b),
        O::I16x8LtS => compare!(|a: i16, b| a < b),
        O::I16x8LtU => compare!(|a: u16, b| a < b),
        O::I16x8GtS => compare!(|a: i16, b| a > b),
        O::I16x8GtU => compare!(|a: u16, b| a > b),
        O::I16x8LeS => compare!(|a: i16, b| a <= b),
        O::I16x8LeU => compare!(|a: u16, b| a <= b),
        O::I16x8GeS => compare!(|a: i16, b| a >= b),
        O::I16x8GeU => compare!(|a: u16, b| a >= b),
        O::I16x8Abs => each!(|a: i16| a.wrapping_abs()),
        O::I16x8Neg => each!(|a: u16| a.wrapping_neg()),
        O::I16x8AllTrue => Numeric::Unary(|v| (0..8).all(|i| get::<u16>(v, i) != 0).slot()),
        O::I16x8Bitmask => {
            Numeric::Unary(|v| (0..8).map(|i| Slot::from(get::<i16>(v, i) < 0) << i).sum())
        }
        O::I16x8Shl => Numeric::Binary(|v, by| map(v, |a: u16| a.wrapping_shl(by as u32))),
        O::I16x8ShrS => Numeric::Binary(|v, by| map(v, |a: i16| a.wrapping_shr(by as u32))),
        O::I16x8ShrU => Numeric::Binary(|v, by| map(v, |a: u16| a.wrapping_shr(by as u32))),
        O::I16x8Add => pairs!(|a: u16, b| a.wrapping_add(b)),
        O::I16x8Sub => pairs!(|a: u16, b| a.wrapping_sub(b)),
        O::I16x8Mul => pairs!(|a: u16, b| a.wrapping_mul(b)),
        O::I16x8AddSatS => pairs!(|a: i16, b| a.saturating_add(b)),
        O::I16x8AddSatU => pairs!(|a: u16, b| a.saturating_add(b)),
        O::I16x8SubSatS => pairs!(|a: i16, b| a.saturating_sub(b)),
        O::I16x8SubSatU => pairs!(|a: u16, b| a.saturating_sub(b)),
        O::I16x8AvgrU => pairs!(|a: u16, b| (u32::from(a) + u32::from(b)).div_ceil(2) as u16),
        O::I16x8MinS => pairs!(|a: i16, b| a.min(b)),
        O::I16x8MinU => pairs!(|a: u16, b| a.min(b)),
        O::I16x8MaxS => pairs!(|a: i16, b| a.max(b)),
        O::I16x8MaxU => pairs!(|a: u16, b| a.max(b)),
        O::I32x4Splat => Numeric::Unary(splat::<u32>),
        O::I32x4ExtractLane { lane } => Numeric::UnaryLane(|a, l| get::<u32>(a, l).slot(), lane),
        O::I32x4ReplaceLane { lane } => Numeric::BinaryLane(|a, b, l| set(a, l, u32::of(b)), lane),
        O::I32x4Eq => compare!(|a: u32, b| a == b),
        O::I32x4Ne => compare!(|a: u32, b| a != b),
        O::I32x4LtS => compare!(|a: i32, b| a < b),
        O::I32x4LtU => compare!(|a: u32, b| a < b),
        O::I32x4GtS => compare!(|a: i32, b| a > b),
        O::I32x4GtU => compare!(|a: u32, b| a > b),
        O::I32x4LeS => compare!(|a: i32, b| a <= b),
        O::I32x4LeU => compare!(|a: u32, b| a <= b),
        O::I32x4GeS => compare!(|a: i32, b| a >= b),
        O::I32x4GeU => compare!(|a: u32, b| a >= b),
        O::I32x4Abs => each!(|a: i32| a.wrapping_abs()),
        O::I32x4Neg => each!(|a: u32| a.wrapping_neg()),
        O::I32x4AllTrue => Numeric::Unary(|v| (0..4).all(|i| get::<u32>(v, i) != 0).slot()),
        O::I32x4Bitmask => {
            Numeric::Unary(|v| (0..4).map(|i| Slot::from(get::<i32>(v, i) < 0) << i).sum())
        }
        O::I32x4Shl => Numeric::Binary(|v, by| map(v, |a: u32| a.wrapping_shl(by as u32))),
        O::I32x4ShrS => Numeric::Binary(|v, by| map(v, |a: i32| a.wrapping_shr(by as u32))),
        O::I32x4ShrU => Numeric::Binary(|v, by| map(v, |a: u32| a.wrapping_shr(by as u32))),
        O::I32x4Add => pairs!(|a: u32, b| a.wrapping_add(b)),
        O::I32x4Sub => pairs!(|a: u32, b| a.wrapping_sub(b)),
        O::I32x4Mul => pairs!(|a: u32, b| a.wrapping_mul(b)),
        O::I32x4MinS => pairs!(|a: i32, b| a.min(b)),
        O::I32x4MinU => pairs!(|a: u32, b| a.min(b)),
        O::I32x4MaxS => pairs!(|a: i32, b| a.max(b)),
        O::I32x4MaxU => pairs!(|a: u32, b| a.max(b)),
        O::I64x2Splat => Numeric::Unary(splat::<u64>),
        O::I64x2ExtractLane { lane } => Numeric::UnaryLane(|a, l| get::<u64>(a, l).slot(), lane),
        O::I64x2ReplaceLane { lane } => Numeric::BinaryLane(|a, b, l| set(a, l, u64::of(b)), lane),
        O::I64x2Eq => compare!(|a: u64, b| a == b),
        O::I64x2Ne => compare!(|a: u64, b| a != b),
        O::I64x2LtS => compare!(|a: i64, b| a < b),
        O::I64x2GtS => compare!(|a: i64, b| a > b),
        O::I64x2LeS => compare!(|a: i64, b| a <= b),
        O::I64x2GeS => compare!(|a: i64, b| a >= b),
        O::I64x2Abs => each!(|a: i64| a.wrapping_abs()),
        O::I64x2Neg => each!(|a: u64| a.wrapping_neg()),
        O::I64x2AllTrue => Numeric::Unary(|v| (0..2).all(|i| get::<u64>(v, i) != 0).slot()),
        O::I64x2Bitmask => {
            Numeric::Unary(|v| (0..2).map(|i| Slot::from(get::<i64>(v, i) < 0) << i).sum())
        }
        O::I64x2Shl => Numeric::Binary(|v, by| map(v, |a: u64| a.wrapping_shl(by as u32))),
        O::I64x2ShrS => Numeric::Binary(|v, by| map(v, |a: i64| a.wrapping_shr(by as u32))),
        O::I64x2ShrU => Numeric::Binary(|v, by| map(v, |a: u64| a.wrapping_shr(by as u32))),
        O::I64x2Add => pairs!(|a: u64, b| a.wrapping_add(b)),
        O::I64x2Sub => pairs!(|a: u64, b| a.wrapping_sub(b)),
        O::I64x2Mul => pairs!(|a: u64, b| a.wrapping_mul(b)),
        O::I8x16NarrowI16x8S => Numeric::Binary(|a, b| {
            let narrow = |x: i16| x.clamp(i8::MIN.into(), i8::MAX.into()) as i8;
            collect(lanes(a).chain(lanes(b)).map(narrow))
        }),
        O::I8x16NarrowI16x8U => Numeric::Binary(|a, b| {
            let narrow = |x: i16| x.clamp(u8::MIN.into(), u8::MAX.into()) as u8;
            collect(lanes(a).chain(lanes(b)).map(narrow))
        }),
        O::I16x8NarrowI32x4S => Numeric::Binary(|a, b| {
            let narrow = |x: i32| x.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
            collect(lanes(a).chain(lanes(b)).map(narrow))
        }),
        O::I16x8NarrowI32x4U => Numeric::Binary(|a, b| {
            let narrow = |x: i32| x.clamp(u16::MIN.into(), u16::MAX.into()) as u16;
            collect(lanes(a).chain(lanes(b)).map(narrow))
        }),
        O::I16x8ExtendLowI8x16S => {
            Numeric::Unary(|v| collect(lanes::<i8>(v).take(8).map(i16::from)))
        }
        O::I16x8ExtendHighI8x16S => {
            Numeric::Unary(|v| collect(lanes::<i8>(v).skip(8).map(i16::from)))
        }
        O::I16x8ExtMulLowI8x16S => Numeric::Binary(|a, b| {
            let wide = |v| lanes::<i8>(v).take(8).map(i16::from);
            collect(wide(a).zip(wide(b)).map(|(a, b)| a.wrapping_mul(b)))
        }),
        O::I16x8ExtMulHighI8x16S => Numeric::Binary(|a, b| {
            let wide = |v| lanes::<i8>(v).skip(8).map(i16::from);
            collect(wide(a).zip(wide(b)).map(|(a, b)| a.wrapping_mul(b)))
        }),
        O::I16x8ExtAddPairwiseI8x16S => Numeric::Unary(|v| {
            collect(
                (0..8).map(|i| i16::from(get::<i8>(v, 2 * i)) + i16::from(get::<i8>(v, 2 * i + 1))),
            )
        }),
        O::I16x8ExtendLowI8x16U => {
            Numeric::Unary(|v| collect(lanes::<u8>(v).take(8).map(u16::from)))
        }
        O::I16x8ExtendHighI8x16U => {
            Numeric::Unary(|v| collect(lanes::<u8>(v).skip(8).map(u16::from)))
        }
        O::I16x8ExtMulLowI8x16U => Numeric::Binary(|a, b| {
            let wide = |v| lanes::<u8>(v).take(8).map(u16::from);
            collect(wide(a).zip(wide(b)).map(|(a, b)| a.wrapping_mul(b)))
        }),
        O::I16x8ExtMulHighI8x16U => Numeric::Binary(|a, b| {
            let wide = |v| lanes::<u8>(v).skip(8).map(u16::from);
            collect(wide(a).zip(wide(b)).map(|(a, b)| a.wrapping_mul(b)))
        }),
        O::I16x8ExtAddPairwiseI8x16U => Numeric::Unary(|v| {
            collect(
                (0..8).map(|i| u16::from(get::<u8>(v, 2 * i)) + u16::from(get::<u8>(v, 2 * i + 1))),
            )
        }),
        O::I32x4ExtendLowI16x8S => {
            Numeric::Unary(|v| collect(lanes::<i16>(v).take(4).map(i32::from)))
        }
        O::I32x4ExtendHighI16x8S => {
            Numeric::Unary(|v| collect(lanes::<i16>(v).skip(4).map(i32::from)))
        }
        O::I32x4ExtMulLowI16x8S => Numeric::Binary(|a, b| {
            let wide = |v| lanes::<i16>(v).take(4).map(i32::from);
            collect(wide(a).zip(wide(b)).map(|(a, b)| a.wrapping_mul(b)))
        }),
        O::I32x4ExtMulHighI16x8S => Numeric::Binary(|a, b| {
            let wide = |v| lanes::<i16>(v).skip(4).map(i32::from);
            collect(wide(a).zip(wide(b)).map(|(a, b)| a.wrapping_mul(b)))
        }),
        O::I32x4ExtAddPairwiseI16x8S => Numeric::Unary(|v| {
            collect(
                (0..4)
                    .map(|i| i32::from(get::<i16>(v, 2 * i)) + i32::from(get::<i16>(v, 2 * i + 1))),
            )
        }),
        O::I32x4ExtendLowI16x8U => {
            Numeric::Unary(|v| collect(lanes::<u16>(v).take(4).map(u32::from)))
        }
        O::I32x4ExtendHighI16x8U => {
            Numeric::Unary(|v| collect(lanes::<u16>(v).skip(4).map(u32::from)))
        }
        O::I32x4ExtMulLowI16x8U => Numeric::Binary(|a, b| {
            let wide = |v| lanes::<u16>(v).take(4).map(u32::from);
            collect(wide(a).zip(wide(b)).map(|(a, b)| a.wrapping_mul(b)))
        }),
        O::I32x4ExtMulHighI16x8U => Numeric::Binary(|a, b| {
            let wide = |v| lanes::<u16>(v).skip(4).map(u32::from);
            collect(wide(a).zip(wide(b)).map(|(a, b)| a.wrapping_mul(b)))
        }),
        O::I32x4ExtAddPairwiseI16x8U => Numeric::Unary(|v| {
            collect(
                (0..4)
                    .map(|i| u32::from(get::<u16>(v, 2 * i)) + u32::from(get::<u16>(v, 2 * i + 1))),
            )
        }),
        O::I64x2ExtendLowI32x4S => {
            Numeric::Unary(|v| collect(lanes::<i32>(v).take(2).map(i64::from)))
        }
        O::I64x2ExtendHighI32x4S => {
            Numeric::Unary(|v| collect(lanes::<i32>(v).skip(2).map(i64::from)))
        }
        O::I64x2ExtMulLowI32x4S => Numeric::Binary(|a, b| {
            let wide = |v| lanes::<i32>(v).take(2).map(i64::from);
            collect(wide(a).zip(wide(b)).map(|(a, b)| a.wrapping_mul(b)))
        }),
        O::I64x2ExtMulHighI32x4S => Numeric::Binary(|a, b| {
            let wide = |v| lanes::<i32>(v).skip(2).map(i64::from);
            collect(wide(a).zip(wide(b)).map(|(a, b)| a.wrapping_mul(b)))
        }),
        O::I64x2ExtendLowI32x4U => {
            Numeric::Unary(|v| collect(lanes::<u32>(v).take(2).map(u64::from)))
        }
        O::I64x2ExtendHighI32x4U => {
            Numeric::Unary(|v| collect(lanes::<u32>(v).skip(2).map(u64::from)))
        }
        O::I64x2ExtMulLowI32x4U => Numeric::Binary(|a, b| {
            let wide = |v| lanes::<u32>(v).take(2).map(u64::from);
            collect(wide(a).zip(wide(b)).map(|(a, b)| a.wrapping_mul(b)))
        }),
        O::I64x2ExtMulHighI32x4U => Numeric::Binary(|a, b| {
            let wide = |v| lanes::<u32>(v).skip(2).map(u64::from);
            collect(wide(a).zip(wide(b)).map(|(a, b)| a.wrapping_mul(b)))
        }),
        O::I16x8Q15MulrSatS => pairs!(
            |a: i16, b| ((i32::from(a) * i32::from(b) + 0x4000) >> 15).min(i16::MAX.into()) as i16
        ),
        O::I32x4DotI16x8S => Numeric::Binary(|a, b| {
            let product = |i| i32::from(get::<i16>(a, i)) * i32::from(get::<i16>(b, i));
            collect((0..4).map(|i| product(2 * i).wrapping_add(product(2 * i + 1))))
        }),
        _ => return None,
    })
}
