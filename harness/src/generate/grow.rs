//! Growing, and reaching memory through calls: direct, indirect, imported,
//! and to the embedder.

use wasm_encoder::{Instruction, ValType};

use super::address::{Address, Operand};
use super::body::{Body, Use};
use super::dice::Dice;
use super::module::{Callable, Effect};

impl Body<'_> {
    /// Grows a memory, by its instruction or by a callee.
    pub(super) fn grow(&mut self, dice: &mut Dice<'_, '_>) {
        let callees = self.callees(|effect| matches!(effect, Effect::Grow(_)));
        if !callees.is_empty() && dice.percent(50) {
            let callee = callees[dice.index(callees.len())].clone();
            return self.call(dice, &callee);
        }
        let memory = self.choose_memory(dice);
        let at = self.plan.memories[memory as usize].address();
        let delta = self.invent_delta(dice, at);
        self.push_operand(at, delta);
        self.emit(Instruction::MemoryGrow(memory));
        self.keep(at);
        self.uses(Use::Grow { memory, delta });
    }

    /// `memory.size`.
    pub(super) fn size(&mut self, dice: &mut Dice<'_, '_>) {
        let memory = self.choose_memory(dice);
        let at = self.plan.memories[memory as usize].address();
        self.emit(Instruction::MemorySize(memory));
        self.keep(at);
    }

    /// Calls whatever there is to call; nothing where there is nothing.
    pub(super) fn call_some(&mut self, dice: &mut Dice<'_, '_>) {
        let callees = self.callees(|_| true);
        if !callees.is_empty() {
            let callee = callees[dice.index(callees.len())].clone();
            self.call(dice, &callee);
        }
    }

    /// Callees, where their effect is of this kind.
    pub(super) fn callees(&self, wanted: impl Fn(Effect) -> bool) -> Vec<Callable> {
        let callables = self.plan.callables.iter();
        callables.filter(|c| wanted(c.effect)).cloned().collect()
    }

    /// Calls a function, directly or through the table, and keeps its result.
    pub(super) fn call(&mut self, dice: &mut Dice<'_, '_>, callee: &Callable) {
        self.push_arguments(dice, callee);
        if dice.percent(25) {
            let (type_index, table_index) = self.push_table_place(callee);
            self.emit(Instruction::CallIndirect {
                type_index,
                table_index,
            });
        } else {
            self.emit(Instruction::Call(callee.function));
        }
        for &result in &callee.results {
            self.keep(result);
        }
    }

    /// Pushes where a callee stands in the table; gives its type and the table.
    pub(super) fn push_table_place(&mut self, callee: &Callable) -> (u32, u32) {
        let place = self.plan.callables.iter();
        let place = place.take_while(|c| c.function != callee.function).count();
        self.push_const(ValType::I32, place as u64);
        (callee.function, 0)
    }

    /// Pushes the arguments of a call and notes what it does.
    pub(super) fn push_arguments(&mut self, dice: &mut Dice<'_, '_>, callee: &Callable) {
        match callee.effect {
            Effect::Grow(memory) => {
                let ty = callee.params[0];
                let delta = self.invent_delta(dice, ty);
                self.push_operand(ty, delta);
                self.uses(Use::Grow { memory, delta });
            }
            Effect::Size => {}
            Effect::Read(memory, offset) => {
                let ty = callee.params[0];
                self.push_call_address(memory, ty, offset);
            }
            Effect::Write(memory) => {
                let ty = callee.params[0];
                self.push_call_address(memory, ty, 0);
                self.push_value(dice, ValType::I32);
            }
        }
    }

    /// The embedder takes 64-bit addresses for memories of either type.
    pub(super) fn push_call_address(&mut self, memory: u32, ty: ValType, offset: u64) {
        let param = self.param(ty);
        self.emit(Instruction::LocalGet(param));
        self.uses(Use::Access {
            memory,
            address: Address {
                base: Operand::Param(param),
                folds: Vec::new(),
                offset,
                wide: ty == ValType::I64,
            },
            width: 1,
            reach: 0,
            aligned: false,
        });
    }

    fn invent_delta(&mut self, dice: &mut Dice<'_, '_>, ty: ValType) -> Operand {
        if dice.percent(30) {
            Operand::Const(dice.pick(&[1, 0, 2]))
        } else {
            Operand::Param(self.param(ty))
        }
    }
}
