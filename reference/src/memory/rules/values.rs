//! What is made of the bytes of one access: numbers of so many bits, each in a
//! `u128`, the byte at the lowest address the least significant.

use crate::memory::{Extension, Instruction, Kind, Rmw};
use crate::value::ValueType;

/// What a load gives of `raw`, the bytes that it read; a load of one lane keeps
/// the others of `vector`.
pub(super) fn loaded(instruction: &Instruction, lane: u8, raw: u128, vector: u128) -> u128 {
    let Instruction {
        width, kind, value, ..
    } = *instruction;
    let bits = width * 8;
    match kind {
        Kind::Load(extension) => extend(raw, bits, value_bits(value), extension),
        Kind::LoadExtend(extension, lane) => (0..width / lane)
            .map(|i| {
                let narrow = raw >> (i * lane * 8) & ones(lane * 8);
                extend(narrow, lane * 8, lane * 16, extension) << (i * lane * 16)
            })
            .sum(),
        Kind::LoadSplat => (0..16 / width).map(|i| raw << (i * bits)).sum(),
        Kind::LoadLane => {
            let at = u32::from(lane) * bits;
            vector & !(ones(bits) << at) | raw << at
        }
        _ => raw,
    }
}

/// What a store writes of its operand: the low bytes, or one lane.
pub(super) fn stored(instruction: &Instruction, lane: u8, value: u128) -> u128 {
    let bits = instruction.width * 8;
    match instruction.kind {
        Kind::StoreLane => value >> (u32::from(lane) * bits) & ones(bits),
        _ => value & ones(bits),
    }
}

/// What a read-modify-write leaves in the place of `old`.
pub(super) fn modified(instruction: &Instruction, op: Rmw, old: u128, operand: u128) -> u128 {
    let new = match op {
        Rmw::Add => old.wrapping_add(operand),
        Rmw::Sub => old.wrapping_sub(operand),
        Rmw::And => old & operand,
        Rmw::Or => old | operand,
        Rmw::Xor => old ^ operand,
        Rmw::Xchg => operand,
    };
    new & ones(instruction.width * 8)
}

/// So many ones, from the least significant bit.
pub(super) fn ones(bits: u32) -> u128 {
    u128::MAX >> (128 - bits)
}

/// `raw`, of `from` bits, made `to` bits wide.
fn extend(raw: u128, from: u32, to: u32, extension: Extension) -> u128 {
    let negative = raw >> (from - 1) & 1 == 1;
    match extension {
        Extension::Signed if negative => raw | ones(to) & !ones(from),
        _ => raw,
    }
}

/// How many bits a value of this type has; vectors are never extended to.
fn value_bits(ty: ValueType) -> u32 {
    match ty {
        ValueType::I64 | ValueType::F64 => 64,
        _ => 32,
    }
}
