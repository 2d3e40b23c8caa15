//! Bulk operations: fill, copy, init and drop.

use wasm_encoder::{Instruction, ValType};

use super::address::{Address, Operand};
use super::body::{Area, Body, Use};
use super::dice::Dice;
use super::segments::Mode;

impl Body<'_> {
    /// `memory.fill`.
    pub(super) fn fill(&mut self, dice: &mut Dice<'_, '_>) {
        let memory = self.choose_memory(dice);
        let at = self.plan.memories[memory as usize].address();
        let address = self.invent_address(dice, memory);
        let length = self.invent_length(dice, at);
        self.push_address(memory, &address);
        self.push_value(dice, ValType::I32);
        self.push_operand(at, length);
        self.emit(Instruction::MemoryFill(memory));
        self.uses(Use::Range {
            area: Area::Memory(memory),
            address,
            length,
        });
    }

    /// `memory.copy`, within a memory or from one to another.
    pub(super) fn copy(&mut self, dice: &mut Dice<'_, '_>) {
        let dst = self.choose_memory(dice);
        let src = self.choose_memory(dice);
        let both = |wide: fn(&super::memory::Memory) -> bool| {
            [dst, src]
                .iter()
                .all(|&m| wide(&self.plan.memories[m as usize]))
        };
        // The length has the smaller of the two address types.
        let at = if both(|memory| memory.ty.memory64) {
            ValType::I64
        } else {
            ValType::I32
        };
        let to = self.invent_address(dice, dst);
        let from = self.invent_address(dice, src);
        let length = self.invent_length(dice, at);
        self.push_address(dst, &to);
        self.push_address(src, &from);
        self.push_operand(at, length);
        self.emit(Instruction::MemoryCopy {
            src_mem: src,
            dst_mem: dst,
        });
        for (memory, address) in [(src, from), (dst, to)] {
            self.uses(Use::Range {
                area: Area::Memory(memory),
                address,
                length,
            });
        }
    }

    /// `memory.init`; nothing where the module has no data segment.
    pub(super) fn init(&mut self, dice: &mut Dice<'_, '_>) {
        if self.plan.segments.is_empty() {
            return;
        }
        let segment = self.choose_segment(dice);
        let memory = self.choose_memory(dice);
        let address = self.invent_address(dice, memory);
        let source = self.invent_operand(dice, ValType::I32);
        let length = self.invent_length(dice, ValType::I32);
        self.push_address(memory, &address);
        self.push_operand(ValType::I32, source);
        self.push_operand(ValType::I32, length);
        self.emit(Instruction::MemoryInit {
            mem: memory,
            data_index: segment,
        });
        self.uses(Use::Range {
            area: Area::Segment(segment),
            address: Address {
                base: source,
                folds: Vec::new(),
                offset: 0,
                wide: false,
            },
            length,
        });
        self.uses(Use::Range {
            area: Area::Memory(memory),
            address,
            length,
        });
    }

    /// `data.drop`; nothing where the module has no data segment.
    pub(super) fn drop_data(&mut self, dice: &mut Dice<'_, '_>) {
        if !self.plan.segments.is_empty() {
            let segment = self.choose_segment(dice);
            self.emit(Instruction::DataDrop(segment));
        }
    }

    /// Mostly a passive one: an active one is empty by the time it is used.
    fn choose_segment(&mut self, dice: &mut Dice<'_, '_>) -> u32 {
        let segments = &self.plan.segments;
        let chosen = dice.index(segments.len());
        let passive = |index: usize| matches!(segments[index].mode, Mode::Passive);
        let chosen = if passive(chosen) || dice.percent(20) {
            chosen
        } else {
            (0..segments.len())
                .find(|&index| passive(index))
                .unwrap_or(chosen)
        };
        chosen as u32
    }

    fn invent_operand(&mut self, dice: &mut Dice<'_, '_>, ty: ValType) -> Operand {
        if dice.percent(25) {
            Operand::Const(dice.up_to(8))
        } else {
            Operand::Param(self.param(ty))
        }
    }

    fn invent_length(&mut self, dice: &mut Dice<'_, '_>, ty: ValType) -> Operand {
        // In a large memory, a length at its end can be gigabytes.
        if self.plan.profile.large || dice.percent(25) {
            // Compilers expand short constant lengths.
            Operand::Const(dice.pick(&[0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 32, 33, 64, 0x1_0000]))
        } else {
            Operand::Param(self.param(ty))
        }
    }
}
