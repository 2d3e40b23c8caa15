//! Calls: arguments that put the accesses of a function on edges.

use trapline_reference::Value;
use wasm_encoder::{MemoryType, ValType};

use super::Focus;
use super::address::{Address, Context, Operand};
use super::body::{Area, Role, Use, vector};
use super::dice::Dice;
use super::edge::{self, Place};
use super::memory::{Live, Means};
use super::module::{Function, Plan};
use super::segments::Mode;
use crate::coverage::Position;

/// Everything a call of a function works on.
pub(super) struct Scene<'a> {
    /// The module.
    pub(super) plan: &'a Plan,
    /// All memories of the script.
    pub(super) live: &'a mut [Live],
    /// Which of them the memories of the module are, in this instance.
    pub(super) memories: &'a [usize],
}

struct Call<'a, 's> {
    scene: &'a mut Scene<'s>,
    function: &'a Function,
    args: Vec<Option<u64>>,
    /// Where the last range began, for the other end of a copy.
    last: Option<(Area, u64)>,
}

/// Chooses the arguments of a call, and accounts for what it will do.
pub(super) fn arguments(
    dice: &mut Dice<'_, '_>,
    scene: &mut Scene<'_>,
    function: &Function,
) -> Vec<Value> {
    let count = function.uses.len();
    let at_edges = if scene.plan.profile.leans_to(Focus::Oob) {
        75
    } else {
        33
    };
    // One use on an edge and the others inside, so that what precedes it is
    // reached and what follows it can be judged; now and then all at the end.
    let (hot, others) = match () {
        () if count > 0 && dice.percent(at_edges) => (Some(dice.index(count)), Place::Inside),
        () if dice.percent(10) => (None, Place::End),
        () => (None, Place::Inside),
    };
    let mut call = Call {
        scene,
        function,
        args: vec![None; function.params.len()],
        last: None,
    };
    if let Some(hot) = hot {
        let place = if dice.percent(30) {
            Place::Far
        } else {
            Place::End
        };
        call.choose(dice, &function.uses[hot], place);
    }
    for (index, what) in function.uses.iter().enumerate() {
        if Some(index) != hot {
            call.choose(dice, what, others);
        }
    }
    call.account();
    let args = call.args;
    std::iter::zip(&function.params, args)
        .map(|(&(ty, role), arg)| match arg {
            Some(arg) => value(ty, arg),
            None => value(ty, by_role(dice, role)),
        })
        .collect()
}

/// Chooses the arguments of a call whose last use stands at a position, and
/// whose conditions hold.
pub(super) fn at_position(
    dice: &mut Dice<'_, '_>,
    scene: &mut Scene<'_>,
    function: &Function,
    position: Position,
) -> Vec<Value> {
    let mut call = Call {
        scene,
        function,
        args: vec![None; function.params.len()],
        last: None,
    };
    if let Some((last, others)) = function.uses.split_last() {
        call.place(dice, last, position);
        for what in others {
            call.choose(dice, what, Place::Inside);
        }
    }
    call.account();
    let args = call.args;
    std::iter::zip(&function.params, args)
        .map(|(&(ty, role), arg)| match (arg, role) {
            (Some(arg), _) => value(ty, arg),
            (None, Role::Flag) => value(ty, 1),
            (None, role) => value(ty, by_role(dice, role)),
        })
        .collect()
}

fn by_role(dice: &mut Dice<'_, '_>, role: Role) -> u64 {
    match role {
        Role::Value => edge::value(dice),
        Role::Timeout => dice.pick(&[0, 0, 0, 1, 1000, 20_000]),
        Role::Flag => dice.up_to(1),
    }
}

/// A value made of the low bits of a number.
pub(super) fn value(ty: ValType, bits: u64) -> Value {
    match ty {
        ValType::I32 => Value::I32(bits as u32),
        ValType::F32 => Value::F32(bits as u32),
        ValType::F64 => Value::F64(bits),
        ValType::V128 => Value::V128(vector(bits) as u128),
        _ => Value::I64(bits),
    }
}

impl Call<'_, '_> {
    fn live(&self, memory: u32) -> &Live {
        &self.scene.live[self.scene.memories[memory as usize]]
    }

    /// What a range is in, as a memory: a segment is one of small pages.
    fn area(&self, area: Area) -> Live {
        match area {
            Area::Memory(memory) => self.live(memory).clone(),
            Area::Segment(index) => {
                let segment = &self.scene.plan.segments[index as usize];
                let len = match segment.mode {
                    Mode::Passive => segment.bytes.len() as u64,
                    // Dropped as soon as it has been used.
                    Mode::Active { .. } => 0,
                };
                let ty = MemoryType {
                    minimum: len,
                    maximum: None,
                    memory64: false,
                    shared: false,
                    page_size_log2: Some(0),
                };
                Live::new(ty, Means::of(len, true))
            }
        }
    }

    fn is_open(&self, operand: Operand) -> Option<usize> {
        match operand {
            Operand::Param(param) if self.args[param as usize].is_none() => Some(param as usize),
            _ => None,
        }
    }

    fn known(&self, operand: Operand) -> Option<u64> {
        match operand {
            Operand::Param(param) => self.args[param as usize],
            Operand::Const(value) => Some(value),
        }
    }

    /// The argument that makes `address` give `effective`.
    fn set(&mut self, dice: &mut Dice<'_, '_>, address: &Address, size: u128, effective: u128) {
        let Some(param) = self.is_open(address.base) else {
            return;
        };
        if let Some(index) = address.index_param() {
            let index = index as usize;
            if self.args[index].is_none() {
                self.args[index] = Some(dice.up_to(40));
            }
        }
        let operand = (effective as u64).wrapping_sub(address.offset);
        let garbage = if dice.percent(50) { dice.bits() } else { 0 };
        let context = Context {
            size,
            args: &self.args,
        };
        self.args[param] = Some(address.solve(operand, garbage, &context));
    }

    /// Puts a use at exactly this position.
    fn place(&mut self, dice: &mut Dice<'_, '_>, what: &Use, position: Position) {
        match what {
            Use::Access {
                memory,
                address,
                width,
                reach,
                aligned,
            } => {
                let live = self.live(*memory).clone();
                let step = if *aligned { *width } else { 1 };
                let effective = edge::at(dice, &live, (*width, step), address.offset, position);
                // A loop gets there in its last turn.
                let back = match position {
                    Position::LastLegal | Position::FirstIllegal => *reach,
                    _ => 0,
                };
                self.set(dice, address, live.bytes(), effective - u128::from(back));
            }
            Use::Range {
                area,
                address,
                length,
            } => {
                let live = self.area(*area);
                let length = self.known(*length).unwrap_or(0);
                let effective = edge::at(dice, &live, (length, 1), address.offset, position);
                self.set(dice, address, live.bytes(), effective);
            }
            Use::Grow { memory, delta } => {
                if let Some(param) = self.is_open(*delta) {
                    self.args[param] = Some(edge::delta_to(dice, self.live(*memory), position));
                }
            }
        }
    }

    fn choose(&mut self, dice: &mut Dice<'_, '_>, what: &Use, place: Place) {
        match what {
            Use::Access {
                memory,
                address,
                width,
                reach,
                aligned,
            } => {
                let live = self.live(*memory).clone();
                let effective = match place {
                    Place::Inside => edge::effective(dice, &live, width + reach, place),
                    _ => {
                        let back = if dice.percent(60) { *reach } else { 0 };
                        let last = edge::effective(dice, &live, *width, place);
                        last.saturating_sub(back.into())
                    }
                };
                // An operand is not negative: what is below the offset can
                // only be had by wrapping, which is beyond everything.
                let offset = u128::from(address.offset);
                let effective = match live.bytes().checked_sub(u128::from(*width) + offset) {
                    Some(room) if place != Place::Far && effective < offset => {
                        offset + effective % (room + 1)
                    }
                    _ => effective,
                };
                let effective = if *aligned && !dice.percent(12) {
                    let down = effective & !u128::from(width - 1);
                    let up = place != Place::Inside && dice.percent(40);
                    if up { down + u128::from(*width) } else { down }
                } else {
                    effective
                };
                self.set(dice, address, live.bytes(), effective);
            }
            Use::Range {
                area,
                address,
                length,
            } => self.choose_range(dice, *area, address, *length, place),
            Use::Grow { memory, delta } => {
                if let Some(param) = self.is_open(*delta) {
                    self.args[param] = Some(edge::delta(dice, self.live(*memory)));
                }
            }
        }
    }

    fn choose_range(
        &mut self,
        dice: &mut Dice<'_, '_>,
        area: Area,
        address: &Address,
        length: Operand,
        place: Place,
    ) {
        let live = self.area(area);
        let size = live.bytes();
        let other_end = self.last.filter(|&(last, _)| last == area);
        let effective = match (other_end, self.known(length)) {
            // The two ends of a copy overlap.
            (Some((_, start)), _) if place == Place::Inside && dice.percent(50) => {
                let near = i128::from(start) + i128::from(dice.between(-20, 20));
                let length = u128::from(self.known(length).unwrap_or(0));
                let last = size.saturating_sub(length);
                u128::try_from(near).unwrap_or(0).min(last)
            }
            (_, Some(length)) => edge::effective(dice, &live, length, place),
            _ if place == Place::Far && dice.percent(50) => edge::effective(dice, &live, 0, place),
            // Any start will do: the length decides.
            _ if dice.percent(25) => edge::effective(dice, &live, 0, Place::End),
            _ => edge::effective(dice, &live, 1, Place::Inside),
        };
        self.set(dice, address, size, effective);
        let start = self.eval(address, size).unwrap_or(0);
        if let Some(param) = self.is_open(length) {
            let left = size.checked_sub(u128::from(start));
            self.args[param] = Some(edge::length(dice, left, place));
        }
        self.last = Some((area, start));
    }

    /// The operand that an address expression will give.
    fn eval(&self, address: &Address, size: u128) -> Option<u64> {
        let context = Context {
            size,
            args: &self.args,
        };
        Some(address.eval(self.known(address.base)?, &context))
    }

    /// Follows the call through what it does, up to where it traps, and grows
    /// the memories that it grows.
    fn account(&mut self) {
        for what in &self.function.uses {
            match what {
                Use::Access {
                    memory,
                    address,
                    width,
                    reach,
                    aligned,
                } => {
                    let size = self.live(*memory).bytes();
                    let operand = self.eval(address, size).unwrap_or(0);
                    let effective = u128::from(operand) + u128::from(address.offset);
                    let end = effective + u128::from(*width) + u128::from(*reach);
                    if end > size || (*aligned && effective % u128::from(*width) != 0) {
                        return;
                    }
                }
                Use::Range {
                    area,
                    address,
                    length,
                } => {
                    let size = self.area(*area).bytes();
                    let start = self.eval(address, size).unwrap_or(0);
                    let length = self.known(*length).unwrap_or(0);
                    if u128::from(start) + u128::from(length) > size {
                        return;
                    }
                }
                Use::Grow { memory, delta } => {
                    let delta = self.known(*delta).unwrap_or(0);
                    let live = &mut self.scene.live[self.scene.memories[*memory as usize]];
                    let mask = if live.ty.memory64 {
                        u64::MAX
                    } else {
                        0xffff_ffff
                    };
                    live.grow(delta & mask);
                }
            }
        }
    }
}
