//! Arguments and expected results, from the text parser's form to ours.

use trapline_reference::Value;
use wast::core::{AbstractHeapType, HeapType, NanPattern, V128Pattern, WastArgCore, WastRetCore};
use wast::{WastArg, WastRet};

use crate::script::expect::{F32Lane, F64Lane, Nan, Pattern};

fn null(heap: &HeapType<'_>) -> Option<Value> {
    let HeapType::Abstract { shared: false, ty } = heap else {
        return None;
    };
    match ty {
        AbstractHeapType::Func | AbstractHeapType::NoFunc => Some(Value::FuncRef(None)),
        AbstractHeapType::Extern | AbstractHeapType::NoExtern => Some(Value::ExternRef(None)),
        _ => None,
    }
}

/// `None` if the argument's type is outside scope.
pub(super) fn argument(arg: WastArg<'_>) -> Option<Value> {
    let WastArg::Core(arg) = arg else {
        return None;
    };
    Some(match arg {
        WastArgCore::I32(v) => Value::I32(v as u32),
        WastArgCore::I64(v) => Value::I64(v as u64),
        WastArgCore::F32(v) => Value::F32(v.bits),
        WastArgCore::F64(v) => Value::F64(v.bits),
        WastArgCore::V128(v) => Value::V128(u128::from_le_bytes(v.to_le_bytes())),
        WastArgCore::RefNull(heap) => null(&heap)?,
        WastArgCore::RefExtern(n) => Value::ExternRef(Some(n)),
        WastArgCore::RefHost(_) => return None,
    })
}

/// `None` if the result's type is outside scope.
pub(super) fn result(ret: WastRet<'_>) -> Option<Pattern> {
    let WastRet::Core(ret) = ret else {
        return None;
    };
    core_result(ret)
}

fn core_result(ret: WastRetCore<'_>) -> Option<Pattern> {
    Some(match ret {
        WastRetCore::I32(v) => Pattern::Exact(Value::I32(v as u32)),
        WastRetCore::I64(v) => Pattern::Exact(Value::I64(v as u64)),
        WastRetCore::F32(NanPattern::Value(v)) => Pattern::Exact(Value::F32(v.bits)),
        WastRetCore::F32(NanPattern::CanonicalNan) => Pattern::F32Nan(Nan::Canonical),
        WastRetCore::F32(NanPattern::ArithmeticNan) => Pattern::F32Nan(Nan::Arithmetic),
        WastRetCore::F64(NanPattern::Value(v)) => Pattern::Exact(Value::F64(v.bits)),
        WastRetCore::F64(NanPattern::CanonicalNan) => Pattern::F64Nan(Nan::Canonical),
        WastRetCore::F64(NanPattern::ArithmeticNan) => Pattern::F64Nan(Nan::Arithmetic),
        WastRetCore::V128(v) => vector(v),
        WastRetCore::RefNull(None) => Pattern::NullRef,
        WastRetCore::RefNull(Some(heap)) => Pattern::Exact(null(&heap)?),
        WastRetCore::RefExtern(Some(n)) => Pattern::Exact(Value::ExternRef(Some(n))),
        WastRetCore::RefExtern(None) => Pattern::SomeExtern,
        WastRetCore::RefFunc(_) => Pattern::SomeFunc,
        WastRetCore::Either(cases) => {
            Pattern::Either(cases.into_iter().map(core_result).collect::<Option<_>>()?)
        }
        WastRetCore::RefHost(_)
        | WastRetCore::RefAny
        | WastRetCore::RefEq
        | WastRetCore::RefArray
        | WastRetCore::RefStruct
        | WastRetCore::RefI31
        | WastRetCore::RefI31Shared => return None,
    })
}

fn vector(pattern: V128Pattern) -> Pattern {
    fn lanes<const N: usize>(width: u32, lanes: [u64; N]) -> Pattern {
        let bits = lanes
            .iter()
            .rev()
            .fold(0u128, |bits, &lane| bits << width | u128::from(lane));
        Pattern::Exact(Value::V128(bits))
    }
    match pattern {
        V128Pattern::I8x16(v) => lanes(8, v.map(|lane| u64::from(lane as u8))),
        V128Pattern::I16x8(v) => lanes(16, v.map(|lane| u64::from(lane as u16))),
        V128Pattern::I32x4(v) => lanes(32, v.map(|lane| u64::from(lane as u32))),
        V128Pattern::I64x2(v) => lanes(64, v.map(|lane| lane as u64)),
        V128Pattern::F32x4(v) => Pattern::F32x4(v.map(|lane| match lane {
            NanPattern::Value(v) => F32Lane::Bits(v.bits),
            NanPattern::CanonicalNan => F32Lane::Nan(Nan::Canonical),
            NanPattern::ArithmeticNan => F32Lane::Nan(Nan::Arithmetic),
        })),
        V128Pattern::F64x2(v) => Pattern::F64x2(v.map(|lane| match lane {
            NanPattern::Value(v) => F64Lane::Bits(v.bits),
            NanPattern::CanonicalNan => F64Lane::Nan(Nan::Canonical),
            NanPattern::ArithmeticNan => F64Lane::Nan(Nan::Arithmetic),
        })),
    }
}
