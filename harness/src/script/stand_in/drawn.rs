//! Functions that answer with values drawn from their name, type and arguments.

use wasm_encoder::{Function, Instruction, ValType};
use wasmparser::FuncType;
use xxhash_rust::xxh3::xxh3_64;

/// An odd number without pattern, by which bits are spread.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// The body of a function `name` of `module` that draws its results: the same for the
/// same arguments. As many results are of one bit as of two, and so on up to all: most
/// of what programs ask their host for is small. The bits of a NaN, which may be
/// open, decide nothing. `None` for a type that is out of scope.
pub(super) fn drawn(module: &str, name: &str, ty: &FuncType) -> Option<Function> {
    let state = ty.params().len() as u32;
    let mut f = Function::new([(1, ValType::I64), (1, ValType::I64)]);
    let seed = xxh3_64(format!("{module}\0{name}\0{ty}").as_bytes());
    f.instruction(&Instruction::I64Const(seed as i64))
        .instruction(&Instruction::LocalSet(state));
    for (index, &param) in ty.params().iter().enumerate() {
        for lane in lanes(param) {
            f.instruction(&Instruction::LocalGet(state));
            bits(&mut f, index as u32, param, lane);
            f.instruction(&Instruction::I64Xor);
            spread(&mut f);
            f.instruction(&Instruction::LocalTee(state))
                .instruction(&Instruction::LocalGet(state))
                .instruction(&Instruction::I64Const(29))
                .instruction(&Instruction::I64ShrU)
                .instruction(&Instruction::I64Xor)
                .instruction(&Instruction::LocalSet(state));
        }
    }
    for &result in ty.results() {
        f.instruction(&Instruction::LocalGet(state));
        spread(&mut f);
        f.instruction(&Instruction::LocalTee(state));
        f.instruction(&Instruction::I64Const(32))
            .instruction(&Instruction::I64Rotl);
        spread(&mut f);
        f.instruction(&Instruction::LocalSet(state + 1));
        value(&mut f, state, result)?;
    }
    f.instruction(&Instruction::End);
    Some(f)
}

/// The body of a function that answers with zeros and null references.
pub(super) fn zero(ty: &FuncType) -> Option<Function> {
    let mut f = Function::new([]);
    for &result in ty.results() {
        f.instruction(&zero_of(result)?);
    }
    f.instruction(&Instruction::End);
    Some(f)
}

/// The body of a function that never returns.
pub(super) fn trap() -> Function {
    let mut f = Function::new([]);
    f.instruction(&Instruction::Unreachable)
        .instruction(&Instruction::End);
    f
}

/// The body of a function with one result, a number.
pub(super) fn constant(number: i32) -> Function {
    let mut f = Function::new([]);
    f.instruction(&Instruction::I32Const(number))
        .instruction(&Instruction::End);
    f
}

/// The constant zero of a type, or its null.
pub(super) fn zero_of(ty: wasmparser::ValType) -> Option<Instruction<'static>> {
    Some(match ty {
        wasmparser::ValType::I32 => Instruction::I32Const(0),
        wasmparser::ValType::I64 => Instruction::I64Const(0),
        wasmparser::ValType::F32 => Instruction::F32Const(0.0.into()),
        wasmparser::ValType::F64 => Instruction::F64Const(0.0.into()),
        wasmparser::ValType::V128 => Instruction::V128Const(0),
        wasmparser::ValType::Ref(ty) if ty.is_nullable() => {
            Instruction::RefNull(ty.heap_type().try_into().ok()?)
        }
        wasmparser::ValType::Ref(_) => return None,
    })
}

/// In how many pieces of 64 bits a parameter is taken.
fn lanes(ty: wasmparser::ValType) -> std::ops::Range<u8> {
    0..if ty == wasmparser::ValType::V128 {
        2
    } else {
        1
    }
}

/// 64 bits of a parameter; the same for every NaN.
fn bits(f: &mut Function, index: u32, ty: wasmparser::ValType, lane: u8) {
    let nan = |f: &mut Function, differs: Instruction<'_>, as_bits: &[Instruction<'_>]| {
        f.instruction(&Instruction::I64Const(SPREAD as i64))
            .instruction(&Instruction::LocalGet(index));
        for instruction in as_bits {
            f.instruction(instruction);
        }
        f.instruction(&Instruction::LocalGet(index))
            .instruction(&Instruction::LocalGet(index))
            .instruction(&differs)
            .instruction(&Instruction::Select);
    };
    match ty {
        wasmparser::ValType::F32 => nan(
            f,
            Instruction::F32Ne,
            &[Instruction::I32ReinterpretF32, Instruction::I64ExtendI32U],
        ),
        wasmparser::ValType::F64 => nan(f, Instruction::F64Ne, &[Instruction::I64ReinterpretF64]),
        wasmparser::ValType::I32 => {
            f.instruction(&Instruction::LocalGet(index))
                .instruction(&Instruction::I64ExtendI32U);
        }
        wasmparser::ValType::I64 => {
            f.instruction(&Instruction::LocalGet(index));
        }
        wasmparser::ValType::V128 => {
            f.instruction(&Instruction::LocalGet(index))
                .instruction(&Instruction::I64x2ExtractLane(lane));
        }
        wasmparser::ValType::Ref(_) => {
            f.instruction(&Instruction::LocalGet(index))
                .instruction(&Instruction::RefIsNull)
                .instruction(&Instruction::I64ExtendI32U);
        }
    }
}

/// Multiplies what is on the stack, so that each of its bits decides higher ones.
fn spread(f: &mut Function) {
    f.instruction(&Instruction::I64Const(SPREAD as i64))
        .instruction(&Instruction::I64Mul);
}

/// A value made of the local behind `state`, cut to a length that the highest bits of
/// `state` say.
fn value(f: &mut Function, state: u32, ty: wasmparser::ValType) -> Option<()> {
    if let wasmparser::ValType::Ref(_) = ty {
        f.instruction(&zero_of(ty)?);
        return Some(());
    }
    f.instruction(&Instruction::LocalGet(state + 1));
    let short = ty != wasmparser::ValType::I64 && ty != wasmparser::ValType::V128;
    if short {
        f.instruction(&Instruction::I64Const(32))
            .instruction(&Instruction::I64ShrU);
    }
    f.instruction(&Instruction::LocalGet(state))
        .instruction(&Instruction::I64Const(if short { 59 } else { 58 }))
        .instruction(&Instruction::I64ShrU)
        .instruction(&Instruction::I64ShrU);
    match ty {
        wasmparser::ValType::I32 => f.instruction(&Instruction::I32WrapI64),
        wasmparser::ValType::F32 => f.instruction(&Instruction::F32ConvertI64U),
        wasmparser::ValType::F64 => f.instruction(&Instruction::F64ConvertI64U),
        wasmparser::ValType::V128 => f.instruction(&Instruction::I64x2Splat),
        _ => f,
    };
    Some(())
}
