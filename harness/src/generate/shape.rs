//! Shapes: statements of one to four memory instructions that compilers
//! optimise.

use wasm_encoder::{BlockType, Instruction, ValType};

use super::access::{self, From};
use super::address::Address;
use super::body::{Body, Role};
use super::dice::Dice;
use super::focus::Focus;
use super::module::{Function, Plan};
use crate::engine::Feature;

#[derive(Clone, Copy)]
enum Shape {
    Access,
    Again,
    Dominated,
    Conditional,
    Loop,
    AroundGrow,
    Grow,
    Size,
    Fill,
    Copy,
    Init,
    Drop,
    Call,
    Fence,
}

/// Writes a function of a few statements.
pub(super) fn function(dice: &mut Dice<'_, '_>, plan: &Plan, name: String) -> Function {
    let mut body = Body::new(plan);
    if dice.percent(40) {
        body.accumulate();
    }
    if plan.memories.is_empty() {
        return body.finish(name);
    }
    let tail = plan.profile.features.has(Feature::TailCall) && dice.percent(30);
    let statements = dice.weighted(&[(50, 1), (30, 2), (15, 3), (5, 4)]);
    for _ in 0..statements {
        let shape = choose(dice, plan);
        body.statement(dice, shape);
    }
    if tail {
        let callees = body.callees(|_| true);
        if !callees.is_empty() {
            // What was kept so far is given up: the callee's result is ours.
            let callee = callees[dice.index(callees.len())].clone();
            body.push_arguments(dice, &callee);
            if dice.percent(25) {
                let (type_index, table_index) = body.push_table_place(&callee);
                body.emit(Instruction::ReturnCallIndirect {
                    type_index,
                    table_index,
                });
            } else {
                body.emit(Instruction::ReturnCall(callee.function));
            }
            body.emit(Instruction::End);
            return body.build(name, callee.results);
        }
    }
    body.finish(name)
}

fn choose(dice: &mut Dice<'_, '_>, plan: &Plan) -> Shape {
    let features = plan.profile.features;
    let growing = if plan.profile.leans_to(Focus::Grow) {
        4
    } else {
        1
    };
    let calls = if plan.callables.is_empty() { 0 } else { 4 };
    let segments = if plan.segments.is_empty() { 0 } else { 1 };
    dice.weighted(&[
        (34, Shape::Access),
        (12, Shape::Again),
        (5, Shape::Dominated),
        (3, Shape::Conditional),
        (5, Shape::Loop),
        (6 * growing, Shape::AroundGrow),
        (4 * growing, Shape::Grow),
        (2, Shape::Size),
        (7, Shape::Fill),
        (7, Shape::Copy),
        (7 * segments, Shape::Init),
        (2 * segments, Shape::Drop),
        (calls, Shape::Call),
        (u32::from(features.has(Feature::Atomics)), Shape::Fence),
    ])
}

impl Body<'_> {
    /// One of the memories of the module.
    pub(super) fn choose_memory(&self, dice: &mut Dice<'_, '_>) -> u32 {
        dice.index(self.plan.memories.len()) as u32
    }

    fn statement(&mut self, dice: &mut Dice<'_, '_>, shape: Shape) {
        match shape {
            Shape::Access => {
                let memory = self.choose_memory(dice);
                let address = self.invent_address(dice, memory);
                let instruction = access::choose(dice, self);
                self.access(dice, memory, From::Expression(&address), &instruction, 0);
            }
            Shape::Again => self.again(dice),
            Shape::Dominated => self.dominated(dice),
            Shape::Conditional => self.conditional(dice),
            Shape::Loop => self.walk(dice),
            Shape::AroundGrow => self.around_grow(dice),
            Shape::Grow => self.grow(dice),
            Shape::Size => self.size(dice),
            Shape::Fill => self.fill(dice),
            Shape::Copy => self.copy(dice),
            Shape::Init => self.init(dice),
            Shape::Drop => self.drop_data(dice),
            Shape::Call => self.call_some(dice),
            Shape::Fence => self.emit(Instruction::AtomicFence(wasm_encoder::Ordering::SeqCst)),
        }
    }

    /// Two or three accesses at the same operand, wider, narrower, or shifted.
    fn again(&mut self, dice: &mut Dice<'_, '_>) {
        let memory = self.choose_memory(dice);
        let ty = self.plan.memories[memory as usize].ty;
        let address = self.invent_address(dice, memory);
        let first = self.choose_or_scalar(dice);
        let offset = super::edge::offset(dice, &ty, first.width());
        let held = dice.percent(40).then(|| self.hold(memory, &address));
        let from = match held {
            Some(local) => From::Local(&address, local),
            None => From::Expression(&address),
        };
        self.access_at(dice, memory, from, &first, offset, 0);
        for _ in 0..=dice.index(2) {
            let next = self.choose_or_scalar(dice);
            let shifted = match dice.up_to(5) {
                0..=2 => offset,
                3 => offset.wrapping_add(first.width()),
                4 => offset.wrapping_add(first.width().saturating_sub(next.width())),
                _ => offset.wrapping_sub(1 + dice.up_to(8)),
            };
            let fits = ty.memory64 || shifted <= 0xffff_ffff;
            let shifted = if fits { shifted } else { offset };
            self.access_at(dice, memory, from, &next, shifted, 0);
        }
    }

    /// An access on one branch and after it: the check of one dominates the other's.
    fn dominated(&mut self, dice: &mut Dice<'_, '_>) {
        let memory = self.choose_memory(dice);
        let ty = self.plan.memories[memory as usize].ty;
        let address = self.invent_address(dice, memory);
        let held = self.hold(memory, &address);
        let from = From::Local(&address, held);
        let (wide, narrow) = (access::choose_load(dice), access::choose_store(dice));
        let offset = super::edge::offset(dice, &ty, wide.width());
        let before = dice.percent(50);
        if before {
            self.access_at(dice, memory, from, &wide, offset, 0);
        }
        self.push_flag(dice);
        self.emit(Instruction::If(BlockType::Empty));
        self.access_at(dice, memory, from, &narrow, offset, 0);
        self.emit(Instruction::End);
        if !before {
            self.access_at(dice, memory, from, &wide, offset, 0);
        }
    }

    /// Different accesses on two branches.
    fn conditional(&mut self, dice: &mut Dice<'_, '_>) {
        let memory = self.choose_memory(dice);
        let (yes, no) = (access::choose_load(dice), access::choose_store(dice));
        let first = self.invent_address(dice, memory);
        self.push_flag(dice);
        self.emit(Instruction::If(BlockType::Empty));
        self.access(dice, memory, From::Expression(&first), &yes, 0);
        self.emit(Instruction::Else);
        self.access(dice, memory, From::Expression(&first), &no, 0);
        self.emit(Instruction::End);
    }

    /// A loop of a few turns that walks up or down, perhaps over the end.
    fn walk(&mut self, dice: &mut Dice<'_, '_>) {
        let memory = self.choose_memory(dice);
        let address = self.invent_address(dice, memory);
        let operand = self.hold(memory, &address);
        let instruction = self.choose_or_scalar(dice);
        let turns = 2 + dice.up_to(6);
        let stride = match dice.up_to(3) {
            0 | 1 => instruction.width(),
            2 => dice.pick(&[1, 16, 4096]),
            _ => 0x1_0000,
        };
        let down = dice.percent(25);
        let left = self.begin_turns(turns);
        let reach = if down { 0 } else { (turns - 1) * stride };
        let from = From::Local(&address, operand);
        self.access(dice, memory, from, &instruction, reach);
        self.advance(memory, operand, stride, down);
        self.end_turns(left);
    }

    /// Begins a loop of so many turns; gives the local that counts them.
    fn begin_turns(&mut self, turns: u64) -> u32 {
        let left = self.local(ValType::I32);
        self.push_const(ValType::I32, turns);
        self.emit(Instruction::LocalSet(left));
        self.emit(Instruction::Loop(BlockType::Empty));
        left
    }

    /// Ends the loop that [`Self::begin_turns`] began.
    fn end_turns(&mut self, left: u32) {
        self.emit(Instruction::LocalGet(left));
        self.push_const(ValType::I32, 1);
        self.emit(Instruction::I32Sub);
        self.emit(Instruction::LocalTee(left));
        self.emit(Instruction::BrIf(0));
        self.emit(Instruction::End);
    }

    /// Moves a local that holds an operand on, or back.
    pub(super) fn advance(&mut self, memory: u32, operand: u32, stride: u64, down: bool) {
        let at = self.plan.memories[memory as usize].address();
        self.emit(Instruction::LocalGet(operand));
        self.push_const(at, stride);
        self.emit(match (at, down) {
            (ValType::I64, false) => Instruction::I64Add,
            (ValType::I64, true) => Instruction::I64Sub,
            (_, false) => Instruction::I32Add,
            (_, true) => Instruction::I32Sub,
        });
        self.emit(Instruction::LocalSet(operand));
    }

    /// Accesses at one operand before and after a grow.
    fn around_grow(&mut self, dice: &mut Dice<'_, '_>) {
        let memory = self.choose_memory(dice);
        let ty = self.plan.memories[memory as usize].ty;
        let address = self.invent_address(dice, memory);
        let held = self.hold(memory, &address);
        let from = From::Local(&address, held);
        let (before, after) = (self.choose_or_scalar(dice), self.choose_or_scalar(dice));
        let offset = super::edge::offset(dice, &ty, before.width());
        if dice.percent(70) {
            // At another address, so that it can be inside while the one
            // after the grow is in what was added.
            let other = self.invent_address(dice, memory);
            self.access(dice, memory, From::Expression(&other), &before, 0);
        } else {
            self.access_at(dice, memory, from, &before, offset, 0);
        }
        self.grow(dice);
        self.access_at(dice, memory, from, &after, offset, 0);
    }

    /// An instruction for several accesses in a row: never a wait, which needs
    /// a parameter for each.
    fn choose_or_scalar(
        &mut self,
        dice: &mut Dice<'_, '_>,
    ) -> super::instruction::MemoryInstruction {
        let chosen = access::choose(dice, self);
        if chosen.kind == super::instruction::Kind::Wait {
            access::choose_load(dice)
        } else {
            chosen
        }
    }

    /// Evaluates an address expression into a local.
    pub(super) fn hold(&mut self, memory: u32, address: &Address) -> u32 {
        let local = self.local(self.plan.memories[memory as usize].address());
        self.push_address(memory, address);
        self.emit(Instruction::LocalSet(local));
        local
    }
}

/// A function that does one thing and can be called by others.
pub(super) fn helper(plan: &Plan, name: String, effect: super::module::Effect) -> Function {
    use super::module::Effect;
    let mut body = Body::new(plan);
    match effect {
        Effect::Grow(memory) => {
            let at = plan.memories[memory as usize].address();
            let delta = body.param_for(at, Role::Value);
            body.emit(Instruction::LocalGet(delta));
            body.emit(Instruction::MemoryGrow(memory));
            body.keep(at);
            body.uses(super::body::Use::Grow {
                memory,
                delta: super::address::Operand::Param(delta),
            });
        }
        Effect::Read(memory, offset) => {
            body.push_call_address(memory, plan.memories[memory as usize].address(), offset);
            let memarg = body.memarg(memory, offset, 0);
            body.emit(Instruction::I32Load8U(memarg));
            body.keep(ValType::I32);
        }
        Effect::Size | Effect::Write(_) => {}
    }
    body.finish(name)
}

/// A function that calls another one in its place, with its own arguments.
pub(super) fn tail_helper(plan: &Plan, name: String, callee: &super::module::Callable) -> Function {
    let mut body = Body::new(plan);
    if let super::module::Effect::Grow(memory) = callee.effect {
        for &ty in &callee.params {
            let delta = body.param_for(ty, Role::Value);
            body.emit(Instruction::LocalGet(delta));
            body.uses(super::body::Use::Grow {
                memory,
                delta: super::address::Operand::Param(delta),
            });
        }
    }
    body.emit(Instruction::ReturnCall(callee.function));
    body.emit(Instruction::End);
    body.build(name, callee.results.clone())
}
