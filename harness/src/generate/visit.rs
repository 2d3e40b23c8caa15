//! Functions that visit cells: one access each, in a given shape.

use wasm_encoder::{BlockType, Instruction, ValType};

use super::access::From;
use super::address::{Address, Fold, Operand, Way};
use super::aim::Aim;
use super::body::{Area, Body, Role, Use};
use super::dice::Dice;
use super::edge;
use super::instruction::{self as table, MemoryInstruction};
use super::memory::Live;
use super::module::Plan;
use super::segments::{Mode, Segment};
use crate::coverage::{Origin, Position, Setting};

/// The memory that is visited.
const MEMORY: u32 = 0;

const ORIGINS: [Origin; 8] = [
    Origin::Parameter,
    Origin::Constant,
    Origin::Local,
    Origin::Counter,
    Origin::Computed,
    Origin::Converted,
    Origin::Loaded,
    Origin::Chosen,
];

const SETTINGS: [Setting; 5] = [
    Setting::Alone,
    Setting::After,
    Setting::Grown,
    Setting::Branch,
    Setting::Loop,
];

/// What a function does.
#[derive(Clone, Copy)]
enum Visit {
    Access(&'static MemoryInstruction),
    Fill,
    Copy,
    Init,
}

/// Adds a function for every instruction that is aimed at.
pub(super) fn accesses(dice: &mut Dice<'_, '_>, plan: &mut Plan, aim: &Aim) {
    for (index, instruction) in aim.instructions() {
        add(dice, plan, aim, index, Visit::Access(instruction));
    }
}

/// Adds functions for bulk operations, and one that grows.
pub(super) fn bulk(dice: &mut Dice<'_, '_>, plan: &mut Plan, aim: &Aim) {
    plan.segments.push(Segment {
        mode: Mode::Passive,
        bytes: (1..=LONGEST as u8).collect(),
    });
    let visits = [Visit::Fill, Visit::Copy, Visit::Init];
    for (index, visit) in visits.into_iter().cycle().take(6).enumerate() {
        add(dice, plan, aim, index, visit);
    }
    let mut body = Body::new(plan);
    let at = body.address_type();
    let delta = Operand::Param(body.param(at));
    body.push_operand(at, delta);
    body.emit(Instruction::MemoryGrow(MEMORY));
    body.keep(at);
    body.uses(Use::Grow {
        memory: MEMORY,
        delta,
    });
    let grow = body.finish("grow".to_owned());
    plan.functions.push(grow);
}

/// Adds a function that tells how large the memory is.
pub(super) fn size(plan: &mut Plan) {
    let mut body = Body::new(plan);
    let at = body.address_type();
    body.emit(Instruction::MemorySize(MEMORY));
    body.keep(at);
    let size = body.finish("size".to_owned());
    plan.functions.push(size);
}

/// Adds the function with this number.
fn add(dice: &mut Dice<'_, '_>, plan: &mut Plan, aim: &Aim, index: usize, visit: Visit) {
    let turn = aim.turn() + index;
    let origin = ORIGINS[turn % ORIGINS.len()];
    // Another pair of the two in the next round.
    let setting = SETTINGS[(turn + aim.round) % SETTINGS.len()];
    let mut body = Body::new(plan);
    body.go_straight();
    body.visit(dice, (origin, index + 2 * aim.round), setting, visit);
    let function = body.finish(format!("f{index}"));
    plan.functions.push(function);
}

/// The longest bulk operation.
const LONGEST: u64 = 16;

impl Body<'_> {
    fn address_type(&self) -> ValType {
        self.plan.memories[MEMORY as usize].address()
    }

    fn visit(
        &mut self,
        dice: &mut Dice<'_, '_>,
        (origin, turn): (Origin, usize),
        setting: Setting,
        visit: Visit,
    ) {
        self.prepare(dice, setting);
        let (length, offset) = match visit {
            // One that what wraps is reached with, and what is inside too.
            Visit::Access(instruction) if instruction.atomic => {
                (instruction.width(), dice.pick(&[32, 16, 48]))
            }
            Visit::Access(instruction) => (instruction.width(), 4 + dice.up_to(40)),
            Visit::Fill | Visit::Copy | Visit::Init => (dice.pick(&[LONGEST, 3, 4, 8, 15]), 0),
        };
        let address = self.address_from(dice, origin, turn, (length, offset));
        let counts = origin == Origin::Counter;
        let held = (counts || origin == Origin::Local).then(|| self.hold(MEMORY, &address));
        let from = match held {
            Some(local) => From::Local(&address, local),
            None => From::Expression(&address),
        };
        let turns = (counts || setting == Setting::Loop).then(|| self.begin_two_turns());
        let branch = setting == Setting::Branch;
        if branch {
            let flag = self.param_for(ValType::I32, Role::Flag);
            self.emit(Instruction::LocalGet(flag));
            self.emit(Instruction::If(BlockType::Empty));
        }
        let reach = if counts { length } else { 0 };
        match visit {
            Visit::Access(instruction) => {
                self.access_at(dice, MEMORY, from, instruction, offset, reach);
            }
            Visit::Fill | Visit::Copy | Visit::Init => self.bulk_at(dice, from, length, visit),
        }
        if branch {
            self.emit(Instruction::End);
        }
        if let Some(turns) = turns {
            if let (true, Some(operand)) = (counts, held) {
                self.advance(MEMORY, operand, length, false);
            }
            self.end_two_turns(turns);
        }
    }

    /// Begins a loop of two turns. It has no number in it: one that is changed
    /// when the script is reduced would be a loop without end.
    fn begin_two_turns(&mut self) -> u32 {
        let again = self.local(ValType::I32);
        self.emit(Instruction::Loop(BlockType::Empty));
        again
    }

    /// Ends the loop that [`Self::begin_two_turns`] began.
    fn end_two_turns(&mut self, again: u32) {
        self.emit(Instruction::LocalGet(again));
        self.emit(Instruction::I32Eqz);
        self.emit(Instruction::LocalTee(again));
        self.emit(Instruction::BrIf(0));
        self.emit(Instruction::End);
    }

    /// What comes before the access.
    fn prepare(&mut self, dice: &mut Dice<'_, '_>, setting: Setting) {
        let at = self.address_type();
        match setting {
            Setting::After => {
                let first = Address {
                    base: Operand::Const(dice.up_to(64)),
                    folds: Vec::new(),
                    offset: 0,
                    wide: at == ValType::I64,
                };
                let load = table::LOADS[dice.index(table::LOADS.len())];
                self.access_at(dice, MEMORY, From::Expression(&first), &load, 0, 0);
            }
            Setting::Grown => {
                // By nothing, so that bounds stay what the call goes by.
                self.push_const(at, 0);
                self.emit(Instruction::MemoryGrow(MEMORY));
                self.keep(at);
            }
            Setting::Alone | Setting::Branch | Setting::Loop => {}
        }
    }

    /// An address expression of this origin. One that is constant stands at one
    /// position for good: which one is a matter of turns.
    fn address_from(
        &mut self,
        dice: &mut Dice<'_, '_>,
        origin: Origin,
        turn: usize,
        (length, offset): (u64, u64),
    ) -> Address {
        let at = self.address_type();
        let wide = at == ValType::I64;
        let mut start = at;
        let mut folds = Vec::new();
        match origin {
            Origin::Constant => {
                let ty = self.plan.memories[MEMORY as usize].ty;
                let live = Live::new(ty, self.plan.means);
                let position = Position::ALL[turn % Position::ALL.len()];
                let effective = edge::at(dice, &live, (length, length), offset, position);
                let mask = if wide { u64::MAX } else { 0xffff_ffff };
                return Address {
                    base: Operand::Const((effective as u64).wrapping_sub(offset) & mask),
                    folds,
                    offset: 0,
                    wide,
                };
            }
            Origin::Parameter | Origin::Local | Origin::Counter => {}
            Origin::Computed => {
                let fold = match dice.up_to(4) {
                    0 => Fold::Add(dice.pick(&[1, 8, 0xffff, 0x7fff_ffff, u64::MAX])),
                    1 => Fold::Xor(dice.pick(&[1, 0x8000_0000, 0xffff_ffff])),
                    2 => Fold::PlusSize,
                    _ => Fold::PlusIndex(self.param(at), dice.pick(&[0, 1, 2, 3])),
                };
                folds.push(fold);
            }
            Origin::Converted if wide => {
                // What wraps is negative.
                start = ValType::I32;
                folds.push(Fold::ExtendS);
            }
            Origin::Converted => {
                start = ValType::I64;
                folds.push(Fold::Wrap);
            }
            Origin::Loaded => folds.push(Fold::Through(Way::Memory(dice.pick(&[0, 8, 17])))),
            Origin::Chosen => {
                folds.push(Fold::Through(dice.pick(&[
                    Way::Select,
                    Way::Block,
                    Way::If,
                ])));
            }
        }
        Address {
            base: Operand::Param(self.param(start)),
            folds,
            offset: 0,
            wide,
        }
    }

    fn bulk_at(&mut self, dice: &mut Dice<'_, '_>, from: From<'_>, length: u64, visit: Visit) {
        let at = self.address_type();
        self.push_from(MEMORY, from);
        let operation = match visit {
            Visit::Copy => {
                self.push_const(at, dice.up_to(64));
                self.push_const(at, length);
                Instruction::MemoryCopy {
                    src_mem: MEMORY,
                    dst_mem: MEMORY,
                }
            }
            Visit::Init => {
                self.push_const(ValType::I32, 0);
                self.push_const(ValType::I32, length);
                Instruction::MemoryInit {
                    mem: MEMORY,
                    data_index: 0,
                }
            }
            Visit::Fill | Visit::Access(_) => {
                self.push_value(dice, ValType::I32);
                self.push_const(at, length);
                Instruction::MemoryFill(MEMORY)
            }
        };
        self.emit(operation);
        self.uses(Use::Range {
            area: Area::Memory(MEMORY),
            address: from.address().clone(),
            length: Operand::Const(length),
        });
    }
}
