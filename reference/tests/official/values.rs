//! Arguments and expected results of the suite.

use trapline_reference::Value;
use wast::core::{AbstractHeapType, HeapType, NanPattern, V128Pattern, WastArgCore, WastRetCore};
use wast::token::{F32, F64};
use wast::{WastArg, WastRet};

/// An argument; `None` if its type is out of scope.
pub(crate) fn argument(arg: &WastArg<'_>) -> Option<Value> {
    let WastArg::Core(arg) = arg else { return None };
    Some(match arg {
        WastArgCore::I32(v) => Value::I32(*v as u32),
        WastArgCore::I64(v) => Value::I64(*v as u64),
        WastArgCore::F32(v) => Value::F32(v.bits),
        WastArgCore::F64(v) => Value::F64(v.bits),
        WastArgCore::V128(v) => Value::V128(u128::from_le_bytes(v.to_le_bytes())),
        WastArgCore::RefNull(HeapType::Abstract {
            ty: AbstractHeapType::Func,
            ..
        }) => Value::FuncRef(None),
        WastArgCore::RefNull(HeapType::Abstract {
            ty: AbstractHeapType::Extern,
            ..
        }) => Value::ExternRef(None),
        WastArgCore::RefExtern(n) => Value::ExternRef(Some(*n)),
        _ => return None,
    })
}

/// Whether values are what is expected.
pub(crate) fn all_match(found: &[Value], expected: &[WastRet<'_>]) -> bool {
    found.len() == expected.len()
        && found
            .iter()
            .zip(expected)
            .all(|(&found, expected)| match expected {
                WastRet::Core(expected) => matches(found, expected),
                _ => false,
            })
}

fn matches(found: Value, expected: &WastRetCore<'_>) -> bool {
    match (found, expected) {
        (Value::I32(v), WastRetCore::I32(e)) => v == *e as u32,
        (Value::I64(v), WastRetCore::I64(e)) => v == *e as u64,
        (Value::F32(v), WastRetCore::F32(e)) => f32_matches(v, e),
        (Value::F64(v), WastRetCore::F64(e)) => f64_matches(v, e),
        (Value::V128(v), WastRetCore::V128(e)) => v128_matches(v, e),
        (Value::FuncRef(None) | Value::ExternRef(None), WastRetCore::RefNull(_)) => true,
        (Value::FuncRef(Some(_)), WastRetCore::RefFunc(_)) => true,
        (Value::ExternRef(Some(n)), WastRetCore::RefExtern(e)) => e.is_none_or(|e| e == n),
        (found, WastRetCore::Either(cases)) => cases.iter().any(|case| matches(found, case)),
        _ => false,
    }
}

fn f32_matches(bits: u32, pattern: &NanPattern<F32>) -> bool {
    match pattern {
        NanPattern::CanonicalNan => bits & 0x7fff_ffff == 0x7fc0_0000,
        NanPattern::ArithmeticNan => bits & 0x7fc0_0000 == 0x7fc0_0000,
        NanPattern::Value(value) => bits == value.bits,
    }
}

fn f64_matches(bits: u64, pattern: &NanPattern<F64>) -> bool {
    match pattern {
        NanPattern::CanonicalNan => bits & !(1 << 63) == 0x7ff8_0000_0000_0000,
        NanPattern::ArithmeticNan => bits & 0x7ff8_0000_0000_0000 == 0x7ff8_0000_0000_0000,
        NanPattern::Value(value) => bits == value.bits,
    }
}

fn v128_matches(bits: u128, pattern: &V128Pattern) -> bool {
    let lane = |i: usize, width: usize| bits >> (i * width);
    match pattern {
        V128Pattern::I8x16(e) => (0..16).all(|i| lane(i, 8) as i8 == e[i]),
        V128Pattern::I16x8(e) => (0..8).all(|i| lane(i, 16) as i16 == e[i]),
        V128Pattern::I32x4(e) => (0..4).all(|i| lane(i, 32) as i32 == e[i]),
        V128Pattern::I64x2(e) => (0..2).all(|i| lane(i, 64) as i64 == e[i]),
        V128Pattern::F32x4(e) => (0..4).all(|i| f32_matches(lane(i, 32) as u32, &e[i])),
        V128Pattern::F64x2(e) => (0..2).all(|i| f64_matches(lane(i, 64) as u64, &e[i])),
    }
}
