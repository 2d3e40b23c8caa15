//! Siblings of a script: one instruction in the place of another, or the same
//! at another address. Unlike a substitution, this changes what the script means.

use trapline_reference::{Access, AddressType, Instruction as Row, Kind, ValueType};
use wasm_encoder::{Encode, Instruction, MemArg, MemArgTarget};
use wasmparser::Operator;

use super::super::substitute::Site;
use super::class::Sibling;
use crate::generate::instruction_named;
use crate::judge::Place;
use crate::script::{Script, Step};
use crate::wasm::splice::{at, splice};

/// Where a sibling finds its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// Where the instruction found its own.
    Own,
    /// As a constant, so that it stands where the instruction stood relative
    /// to the bound: another width needs another address.
    Placed,
}

/// The script with `sibling` in the place of the instruction at `site`, which
/// made `access`, with operands alike. `None` if it cannot stand there.
pub(super) fn instruction(
    script: &Script,
    site: Site,
    sibling: Sibling,
    access: &Access,
    address: Address,
) -> Option<Script> {
    let own = Sibling::named(access.op)?;
    let moved = Access {
        length: sibling.row.map_or(access.length, |row| row.width.into()),
        ..*access
    };
    let place = Place::of(access.address, access.length, access.size);
    let placed = match address {
        Address::Own => None,
        Address::Placed => Some(operand_at(&moved, place)?),
    };
    with(script, site, |operator, code| {
        let (offset, memory) = immediates(operator)?;
        for _ in 0..own.row.map_or(2, |row| operands(row).len()) {
            Instruction::Drop.encode(code);
        }
        if let Some((ty, operand)) = placed {
            Instruction::Drop.encode(code);
            constant(ty, operand).encode(code);
        }
        // What is stored shows in every byte.
        let value = match access.operands[0] {
            0 => u128::MAX / 255 * 0x5a,
            value => value,
        };
        match sibling.row {
            Some(row) => {
                for (ty, value) in operands(row).into_iter().zip([value, value]) {
                    constant(ty, value).encode(code);
                }
                let align = match row.kind.is_atomic() {
                    true => row.width.trailing_zeros(),
                    false => 0,
                };
                let memarg = MemArg {
                    offset,
                    align,
                    target: MemArgTarget::Memory(memory),
                    ordering: None,
                };
                instruction_named(row.name, memarg)?.encode(code);
            }
            None => bulk(sibling.name, memory, access, offset)?
                .iter()
                .for_each(|instruction| instruction.encode(code)),
        }
        let result = |sibling: Sibling| sibling.row.and_then(result);
        convert(result(sibling), result(own), code);
        Some(())
    })
}

/// A bulk instruction behind its first operand: from the start of the memory,
/// for as many bytes as the access has. `None` for those that need a segment.
fn bulk(
    name: &str,
    memory: u32,
    access: &Access,
    offset: u64,
) -> Option<[Instruction<'static>; 3]> {
    let (address, _) = operand_type(access);
    let length = constant(address, access.length);
    match name {
        _ if offset > 0 => None,
        "memory.fill" => Some([
            Instruction::I32Const(0x5a),
            length,
            Instruction::MemoryFill(memory),
        ]),
        "memory.copy" => Some([
            constant(address, 0),
            length,
            Instruction::MemoryCopy {
                src_mem: memory,
                dst_mem: memory,
            },
        ]),
        _ => None,
    }
}

/// The address operand, with its type, at which an access stands at a place.
fn operand_at(access: &Access, place: Place) -> Option<(ValueType, u128)> {
    let operand = address_at(access, place)?.checked_sub(access.offset.into())?;
    let (ty, bits) = operand_type(access);
    (operand >> bits == 0).then_some((ty, operand))
}

/// The type of an address operand, and its bits.
fn operand_type(access: &Access) -> (ValueType, u32) {
    match access.ty.address {
        AddressType::I32 => (ValueType::I32, 32),
        AddressType::I64 => (ValueType::I64, 64),
    }
}

/// The script with the access at `site` at another place relative to the bound,
/// with the operands that it had. `None` if no address is there.
pub(super) fn place(script: &Script, site: Site, access: &Access, to: Place) -> Option<Script> {
    let (address, operand) = operand_at(access, to)?;
    let others: Vec<(ValueType, u128)> = match access.op {
        "memory.fill" => vec![
            (ValueType::I32, access.operands[0]),
            (address, access.length),
        ],
        "memory.init" => vec![
            (ValueType::I32, access.operands[0]),
            (ValueType::I32, access.length),
        ],
        // The source may have a type of its own, and is an access of its own.
        "memory.copy" => return None,
        name => {
            let own = Row::all().find(|row| row.name == name)?;
            operands(own).into_iter().zip(access.operands).collect()
        }
    };
    let bytes = match script.steps.get(site.step)? {
        Step::Define { wasm, .. } => at(wasm, site.offset)?.bytes.to_vec(),
        _ => return None,
    };
    with(script, site, |_, code| {
        for _ in 0..=others.len() {
            Instruction::Drop.encode(code);
        }
        constant(address, operand).encode(code);
        for &(ty, value) in &others {
            constant(ty, value).encode(code);
        }
        code.extend(bytes);
        Some(())
    })
}

/// The script with what `write` writes in the place of the instruction at `site`.
fn with(
    script: &Script,
    site: Site,
    write: impl FnOnce(&Operator<'_>, &mut Vec<u8>) -> Option<()>,
) -> Option<Script> {
    let mut script = script.clone();
    let Some(Step::Define { wasm, .. }) = script.steps.get_mut(site.step) else {
        return None;
    };
    let found = at(wasm, site.offset)?;
    let mut code = Vec::new();
    write(&found.operator, &mut code)?;
    *wasm = splice(wasm, site.offset, &code)?;
    Some(script)
}

/// An address at which the access would stand there.
fn address_at(access: &Access, place: Place) -> Option<u128> {
    let (size, length) = (access.size, access.length);
    let address = match place {
        // Aligned for every width, and not at an edge if there is room.
        Place::Inside => (size.checked_sub(length + 1)? / 2) & !15,
        Place::LastByte => size.checked_sub(length)?,
        Place::FirstBeyond => (size + 1).checked_sub(length)?,
        Place::Straddles => (size + 2).checked_sub(length)?,
        Place::Beyond => size.next_multiple_of(16) + 16,
        Place::BeyondU32 => (1 << 32) - 8,
        Place::BeyondU64 => (1 << 64) - 8,
    };
    (Place::of(address, length, size) == place).then_some(address)
}

/// The static offset of an instruction, and the memory that it accesses first.
fn immediates(operator: &Operator<'_>) -> Option<(u64, u32)> {
    match operator {
        Operator::MemoryFill { mem } | Operator::MemoryInit { mem, .. } => return Some((0, *mem)),
        Operator::MemoryCopy { dst_mem, .. } => return Some((0, *dst_mem)),
        _ => {}
    }
    let (_, memarg, _) = Row::of(operator)?;
    match memarg.target {
        wasmparser::MemArgTarget::Memory(memory) => Some((memarg.offset, memory)),
        _ => None,
    }
}

/// The types of the operands after the address.
fn operands(row: &Row) -> Vec<ValueType> {
    match row.kind {
        Kind::Load(_) | Kind::LoadExtend(..) | Kind::LoadSplat | Kind::AtomicLoad => vec![],
        Kind::LoadLane | Kind::StoreLane => vec![ValueType::V128],
        Kind::Store | Kind::AtomicStore | Kind::AtomicRmw(_) => vec![row.value],
        Kind::AtomicCmpxchg => vec![row.value, row.value],
        Kind::Wait => vec![row.value, ValueType::I64],
        Kind::Notify => vec![ValueType::I32],
    }
}

/// The type of the result, if there is one.
fn result(row: &Row) -> Option<ValueType> {
    match row.kind {
        Kind::Store | Kind::StoreLane | Kind::AtomicStore => None,
        Kind::Wait | Kind::Notify => Some(ValueType::I32),
        Kind::Load(_)
        | Kind::LoadExtend(..)
        | Kind::LoadSplat
        | Kind::LoadLane
        | Kind::AtomicLoad
        | Kind::AtomicRmw(_)
        | Kind::AtomicCmpxchg => Some(row.value),
    }
}

/// A constant of a type, of the low bits of `value`.
fn constant(ty: ValueType, value: u128) -> Instruction<'static> {
    match ty {
        ValueType::I32 => Instruction::I32Const(value as i32),
        ValueType::I64 => Instruction::I64Const(value as i64),
        ValueType::F32 => Instruction::F32Const(f32::from_bits(value as u32).into()),
        ValueType::F64 => Instruction::F64Const(f64::from_bits(value as u64).into()),
        ValueType::V128 => Instruction::V128Const(value as i128),
        ValueType::FuncRef => Instruction::RefNull(wasm_encoder::HeapType::FUNC),
        ValueType::ExternRef => Instruction::RefNull(wasm_encoder::HeapType::EXTERN),
    }
}

/// Makes a result of one type one of another, so that its bits are still seen.
fn convert(from: Option<ValueType>, to: Option<ValueType>, code: &mut Vec<u8>) {
    use ValueType as T;
    match (from, to) {
        (None, None) => {}
        (None, Some(to)) => constant(to, 0).encode(code),
        (Some(_), None) => Instruction::Drop.encode(code),
        (Some(from), Some(to)) if from == to => {}
        (Some(from), Some(to)) => {
            match from {
                T::I64 => {}
                T::I32 => Instruction::I64ExtendI32U.encode(code),
                T::F32 => {
                    Instruction::I32ReinterpretF32.encode(code);
                    Instruction::I64ExtendI32U.encode(code);
                }
                T::F64 => Instruction::I64ReinterpretF64.encode(code),
                T::V128 => Instruction::I64x2ExtractLane(0).encode(code),
                T::FuncRef | T::ExternRef => {
                    Instruction::Drop.encode(code);
                    Instruction::I64Const(0).encode(code);
                }
            }
            match to {
                T::I64 => {}
                T::I32 => Instruction::I32WrapI64.encode(code),
                T::F32 => {
                    Instruction::I32WrapI64.encode(code);
                    Instruction::F32ReinterpretI32.encode(code);
                }
                T::F64 => Instruction::F64ReinterpretI64.encode(code),
                T::V128 => Instruction::I64x2Splat.encode(code),
                T::FuncRef | T::ExternRef => {
                    Instruction::Drop.encode(code);
                    constant(to, 0).encode(code);
                }
            }
        }
    }
}
