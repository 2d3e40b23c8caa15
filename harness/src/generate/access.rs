//! Single accesses: which instruction, at which offset, from and to what.

use wasm_encoder::{Instruction, ValType};

use super::address::Address;
use super::body::{Body, Role, Use};
use super::dice::Dice;
use super::edge;
use super::instruction::{self as table, Kind, MemoryInstruction};
use crate::engine::Feature;

/// Where the operand of an access comes from.
#[derive(Clone, Copy)]
pub(super) enum From<'a> {
    /// Its expression, written out.
    Expression(&'a Address),
    /// A local that holds the value of its expression.
    Local(&'a Address, u32),
}

impl<'a> From<'a> {
    pub(super) fn address(self) -> &'a Address {
        match self {
            From::Expression(address) | From::Local(address, _) => address,
        }
    }
}

/// Chooses an instruction for accesses to memories of this module.
pub(super) fn choose(dice: &mut Dice<'_, '_>, body: &Body<'_>) -> MemoryInstruction {
    let features = body.plan.profile.features;
    let kind = dice.up_to(99);
    let tables: &[(u32, &[MemoryInstruction])] = if features.has(Feature::Atomics) && kind >= 35 {
        &[
            (12, table::ATOMIC_LOADS),
            (13, table::ATOMIC_STORES),
            (45, table::ATOMIC_MODIFIES),
            (15, table::ATOMIC_EXCHANGES),
            (10, table::ATOMIC_WAITS),
            (7, table::ATOMIC_NOTIFIES),
        ]
    } else if features.has(Feature::Simd) && kind < 55 {
        &[
            (50, table::VECTOR_LOADS),
            (15, table::VECTOR_STORES),
            (18, table::LANE_LOADS),
            (17, table::LANE_STORES),
        ]
    } else {
        &[(55, table::LOADS), (45, table::STORES)]
    };
    let table = dice.weighted(tables);
    table[dice.index(table.len())]
}

/// A load of a scalar.
pub(super) fn choose_load(dice: &mut Dice<'_, '_>) -> MemoryInstruction {
    table::LOADS[dice.index(table::LOADS.len())]
}

/// A store of a scalar.
pub(super) fn choose_store(dice: &mut Dice<'_, '_>) -> MemoryInstruction {
    table::STORES[dice.index(table::STORES.len())]
}

impl Body<'_> {
    /// Pushes the operand of an access.
    pub(super) fn push_from(&mut self, memory: u32, from: From<'_>) {
        match from {
            From::Expression(address) => self.push_address(memory, address),
            From::Local(_, local) => self.emit(Instruction::LocalGet(local)),
        }
    }

    /// Writes an access, with a static offset of its own choice.
    pub(super) fn access(
        &mut self,
        dice: &mut Dice<'_, '_>,
        memory: u32,
        from: From<'_>,
        instruction: &MemoryInstruction,
        reach: u64,
    ) {
        let ty = self.plan.memories[memory as usize].ty;
        let offset = edge::offset(dice, &ty, instruction.width());
        self.access_at(dice, memory, from, instruction, offset, reach);
    }

    /// Writes an access.
    pub(super) fn access_at(
        &mut self,
        dice: &mut Dice<'_, '_>,
        memory: u32,
        from: From<'_>,
        instruction: &MemoryInstruction,
        offset: u64,
        reach: u64,
    ) {
        let align = if instruction.atomic {
            instruction.width_log2
        } else {
            dice.up_to(instruction.width_log2.into()) as u32
        };
        let memarg = self.memarg(memory, offset, align);
        let lane = dice.up_to(instruction.lanes() - 1) as u8;
        let made = (instruction.make)(memarg, lane);
        let value = instruction.value;
        self.uses(Use::Access {
            memory,
            address: Address {
                offset,
                ..from.address().clone()
            },
            width: instruction.width(),
            reach,
            aligned: instruction.atomic,
        });
        self.push_from(memory, from);
        match instruction.kind {
            Kind::Load => {
                self.emit(made);
                self.consume(dice, value);
            }
            Kind::Store | Kind::StoreLane => {
                self.push_stored(dice, memory, from, instruction, offset);
                self.emit(made);
            }
            Kind::ReadModifyWrite => {
                self.push_value(dice, value);
                self.emit(made.clone());
                self.keep(value);
                // Fresh memory holds zeros, and to those `or` does as `xor`:
                // a second one meets the bits of the first.
                if !self.is_straight() && dice.percent(30) {
                    self.push_from(memory, from);
                    self.push_value(dice, value);
                    self.emit(made);
                    self.keep(value);
                }
            }
            Kind::CompareExchange => {
                self.push_expected(dice, memory, from, instruction, offset);
                self.push_value(dice, value);
                self.emit(made);
                self.keep(value);
            }
            Kind::Wait => {
                self.push_expected(dice, memory, from, instruction, offset);
                let timeout = self.param_for(ValType::I64, Role::Timeout);
                self.emit(Instruction::LocalGet(timeout));
                self.emit(made);
                self.keep(ValType::I32);
            }
            Kind::Notify => {
                self.push_value(dice, ValType::I32);
                self.emit(made);
                self.keep(ValType::I32);
            }
            Kind::LoadLane => {
                self.push_value(dice, value);
                self.emit(made);
                self.consume(dice, value);
            }
        }
    }

    /// Pushes what is compared with memory: what stands there, or something else.
    fn push_expected(
        &mut self,
        dice: &mut Dice<'_, '_>,
        memory: u32,
        from: From<'_>,
        instruction: &MemoryInstruction,
        offset: u64,
    ) {
        if !self.is_straight() && dice.percent(55) {
            let same_width = table::ATOMIC_LOADS.iter().find(|load| {
                load.value == instruction.value && load.width_log2 == instruction.width_log2
            });
            if let Some(load) = same_width {
                let memarg = self.memarg(memory, offset, load.width_log2);
                self.push_from(memory, from);
                self.emit((load.make)(memarg, 0));
                if dice.percent(50) {
                    self.push_noise(dice, instruction);
                }
                return;
            }
        }
        if dice.percent(30) {
            // Fresh memory holds zeros.
            self.push_const(instruction.value, 0);
        } else {
            self.push_value(dice, instruction.value);
        }
    }

    /// Sets a bit of the expected value: beyond the width of the access, where
    /// it is not compared, or in its upper half, where it is.
    /// <https://webassembly.github.io/threads/core/exec/instructions.html>
    fn push_noise(&mut self, dice: &mut Dice<'_, '_>, instruction: &MemoryInstruction) {
        let (bits, or) = match instruction.value {
            ValType::I64 => (64, Instruction::I64Or),
            _ => (32, Instruction::I32Or),
        };
        let width = 8 * instruction.width();
        let first = if width < bits && dice.percent(70) {
            width
        } else {
            width / 2
        };
        let bit = first + dice.up_to(width / 2 - 1);
        self.push_const(instruction.value, 1 << bit);
        self.emit(or);
    }

    /// Pushes what a store writes: a value, or one that was changed, mostly
    /// after it was loaded from there, which compilers fuse.
    fn push_stored(
        &mut self,
        dice: &mut Dice<'_, '_>,
        memory: u32,
        from: From<'_>,
        store: &MemoryInstruction,
        offset: u64,
    ) {
        let ty = store.value;
        if !dice.percent(30) {
            return self.push_value(dice, ty);
        }
        let load = table::LOADS
            .iter()
            .rev()
            .find(|load| load.value == ty && load.width_log2 == store.width_log2);
        match load {
            Some(load) if !self.is_straight() && dice.percent(80) => {
                let memarg = self.memarg(memory, offset, 0);
                self.push_from(memory, from);
                self.emit((load.make)(memarg, 0));
            }
            _ => self.push_value(dice, ty),
        }
        let operation = match ty {
            ValType::I32 => dice.pick(&[
                Instruction::I32Add,
                Instruction::I32Sub,
                Instruction::I32And,
                Instruction::I32Or,
                Instruction::I32Xor,
                Instruction::I32Shl,
                Instruction::I32Rotl,
            ]),
            ValType::I64 => dice.pick(&[
                Instruction::I64Add,
                Instruction::I64Sub,
                Instruction::I64And,
                Instruction::I64Or,
                Instruction::I64Xor,
                Instruction::I64Shl,
                Instruction::I64Rotl,
            ]),
            // Only operations on bits: a NaN keeps its payload.
            ValType::F32 => Instruction::F32Neg,
            ValType::F64 => Instruction::F64Abs,
            _ => Instruction::V128Not,
        };
        if matches!(ty, ValType::I32 | ValType::I64) {
            self.push_value(dice, ty);
        }
        self.emit(operation);
    }
}
