//! Aim: a share of the cases goes round the whole space, so that no cell of it
//! is left to chance.
//!
//! A case begins with a number. Of numbers in a row, every few are an aim: one
//! kind of memory and a handful of instructions, each of which is called at
//! every position, in a shape that changes from round to round. The cases of a
//! campaign are numbered in a row; all that counts is the number in the bytes.

use trapline_reference::Value;
use wasm_encoder::{MemoryType, ValType};

use super::call::{self, Scene};
use super::case::Story;
use super::dice::Dice;
use super::edge::{self, Place};
use super::instruction::{self as table, MemoryInstruction};
use super::memory::{Memory, address_type};
use super::module::Plan;
use super::profile::Profile;
use super::segments::{Mode, Offset, Segment};
use super::{Options, visit};
use crate::coverage::Position;
use crate::engine::{Feature, Features};
use crate::script::{HOST, Step};

/// One case in so many is an aim.
const SHARE: u64 = 6;

/// How many instructions a module has.
const HANDFUL: usize = 8;

/// What one case is to visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Aim {
    wide: bool,
    shared: bool,
    small_pages: bool,
    /// Whether the memory is another module's.
    imported: bool,
    /// Which instructions.
    group: Group,
    /// How often the whole space has been gone round before.
    pub(super) round: usize,
}

/// Instructions that are visited by one case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// A handful of those at an address, from this number on.
    Accesses(usize),
    /// Bulk operations, growing and size.
    Bulk,
    /// Active data segments.
    Data,
    /// What the embedder does.
    Host,
}

/// The instructions at an address, as tables of equal needs.
const TABLES: [&[&[MemoryInstruction]]; 3] = [
    &[table::LOADS, table::STORES],
    &[
        table::VECTOR_LOADS,
        table::VECTOR_STORES,
        table::LANE_LOADS,
        table::LANE_STORES,
    ],
    &[
        table::ATOMIC_LOADS,
        table::ATOMIC_STORES,
        table::ATOMIC_MODIFIES,
        table::ATOMIC_EXCHANGES,
        table::ATOMIC_WAITS,
        table::ATOMIC_NOTIFIES,
    ],
];

fn instructions() -> impl Iterator<Item = &'static MemoryInstruction> {
    TABLES.iter().copied().flatten().copied().flatten()
}

impl Aim {
    /// The aim of the case that begins with `number`, if it has one and the
    /// features suffice.
    pub(super) fn of(number: u64, options: &Options) -> Option<Aim> {
        // Not 0, which bytes that ran out are read as.
        if number % SHARE != SHARE - 1 || !options.focus.is_empty() {
            return None;
        }
        let handfuls = instructions().count().div_ceil(HANDFUL);
        let groups = handfuls + 3;
        let number = (number / SHARE) as usize;
        let (kind, number) = (number % 16, number / 16);
        let imported = kind & 8 != 0;
        let group = match (number % groups).checked_sub(handfuls) {
            None => Group::Accesses(number % groups * HANDFUL),
            Some(0) => Group::Data,
            // The embedder imports nothing.
            Some(1) if !imported => Group::Host,
            Some(_) => Group::Bulk,
        };
        let aim = Aim {
            wide: kind & 1 != 0,
            shared: kind & 2 != 0,
            small_pages: kind & 4 != 0,
            imported,
            group,
            round: number / groups,
        };
        let lacks = aim.features().first_beyond(options.features);
        lacks.is_none().then_some(aim)
    }

    fn features(&self) -> Features {
        let mut features = Features::NONE;
        for (needed, feature) in [
            (self.wide, Feature::Memory64),
            (self.shared, Feature::Threads),
            (self.small_pages, Feature::CustomPageSizes),
            (
                self.instructions().any(|(_, i)| i.value == ValType::V128),
                Feature::Simd,
            ),
            (self.instructions().any(|(_, i)| i.atomic), Feature::Atomics),
        ] {
            if needed {
                features.insert(feature);
            }
        }
        features
    }

    /// The instructions at an address that are to be visited, with their numbers.
    pub(super) fn instructions(
        &self,
    ) -> impl Iterator<Item = (usize, &'static MemoryInstruction)> + use<> {
        let (first, count) = match self.group {
            Group::Accesses(first) => (first, HANDFUL),
            Group::Bulk | Group::Data | Group::Host => (0, 0),
        };
        (0..).zip(instructions()).skip(first).take(count)
    }

    /// A number that is another one for every kind of memory with this address
    /// type, and in every round: which shape is an instruction's turn.
    pub(super) fn turn(&self) -> usize {
        usize::from(self.shared)
            + 2 * usize::from(self.small_pages)
            + 4 * usize::from(self.imported)
            + self.round
    }

    /// The profile of the case.
    pub(super) fn profile(&self) -> Profile {
        Profile {
            features: self.features(),
            focus: None,
            large: false,
            mixed: false,
        }
    }

    /// The memory: small, never empty, with room for every position.
    fn memory(&self, dice: &mut Dice<'_, '_>) -> MemoryType {
        let minimum = if self.small_pages {
            // So that atomic accesses can be the last.
            160 + 16 * dice.up_to(12)
        } else {
            1 + dice.up_to(1)
        };
        MemoryType {
            minimum,
            maximum: Some(minimum + 3 + dice.up_to(2)),
            memory64: self.wide,
            shared: self.shared,
            page_size_log2: self.small_pages.then_some(0),
        }
    }
}

impl Story<'_, '_, '_> {
    /// Visits what is aimed at.
    pub(super) fn aimed(&mut self, aim: &Aim) {
        let ty = aim.memory(self.dice);
        let mut own = Plan::new(self.profile, self.means);
        own.memories.push(Memory {
            ty,
            import: None,
            export: Some("mem0".to_owned()),
        });
        let plan = |story: &Self| {
            let mut plan = Plan::new(story.profile, story.means);
            plan.memories.push(Memory {
                ty,
                import: aim.imported.then(|| ("m0".to_owned(), "mem0".to_owned())),
                export: (!aim.imported).then(|| "mem0".to_owned()),
            });
            plan
        };
        if aim.imported {
            visit::size(&mut own);
            let own = self.define(own);
            let owner = self.instantiate(own, Place::Inside);
            self.register(owner);
        }
        if aim.group == Group::Data {
            for position in Position::ALL {
                let mut plan = plan(self);
                self.segment_at(&mut plan, position);
                visit::size(&mut plan);
                let plan = self.define(plan);
                self.instantiate(plan, Place::End);
            }
            return;
        }
        let mut plan = plan(self);
        match aim.group {
            Group::Bulk => visit::bulk(self.dice, &mut plan, aim),
            _ => visit::accesses(self.dice, &mut plan, aim),
        }
        visit::size(&mut plan);
        let plan = self.define(plan);
        let instance = self.instantiate(plan, Place::Inside);
        if aim.group == Group::Host {
            self.register(instance);
        }
        for position in ORDER {
            if aim.group == Group::Host {
                self.host_at(position);
            }
            self.calls_at(instance, position);
        }
    }

    /// Adds an active segment that stands at a position.
    fn segment_at(&mut self, plan: &mut Plan, position: Position) {
        let ty = plan.memories[0].ty;
        let live = self.live.first().cloned();
        let live = live.unwrap_or_else(|| super::memory::Live::new(ty, self.means));
        let length = self.dice.pick(&[8, 0, 5, 16]);
        let address = edge::at(self.dice, &live, (length, 1), 0, position) as u64;
        plan.segments.push(Segment {
            mode: Mode::Active {
                memory: 0,
                offset: Offset::Const(address_type(&ty), address),
            },
            bytes: (1..=length as u8).collect(),
        });
    }

    /// Calls every function of an instance at a position.
    fn calls_at(&mut self, instance: usize, position: Position) {
        let instance = &self.instances[instance];
        let plan = &self.plans[instance.plan];
        for function in &plan.functions {
            let mut scene = Scene {
                plan,
                live: &mut self.live,
                memories: &instance.memories,
            };
            let args = call::at_position(self.dice, &mut scene, function, position);
            self.steps.push(Step::Invoke {
                instance: instance.name.clone(),
                func: function.name.clone(),
                args,
            });
        }
    }

    /// Everything the embedder can do to the memory, at a position.
    fn host_at(&mut self, position: Position) {
        let live = &mut self.live[0];
        let address = edge::at(self.dice, live, (1, 1), 0, position) as u64;
        let delta = edge::delta_to(self.dice, live, position);
        live.grow(delta);
        let byte = Value::I32(edge::value(self.dice) as u32);
        for (operation, args) in [
            ("read", vec![Value::I64(address)]),
            ("write", vec![Value::I64(address), byte]),
            ("grow", vec![Value::I64(delta)]),
            ("size", vec![]),
        ] {
            self.steps.push(Step::Invoke {
                instance: HOST.to_owned(),
                func: format!("{operation} m0.mem0"),
                args,
            });
        }
    }
}

/// Positions, such that a memory is grown to its maximum only in the end.
const ORDER: [Position; 5] = [
    Position::Inside,
    Position::FirstIllegal,
    Position::Beyond,
    Position::Wrapping,
    Position::LastLegal,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_aims_at_every_instruction_in_every_kind_of_memory() {
        let options = Options::default();
        let groups = instructions().count().div_ceil(HANDFUL) + 3;
        let cases = SHARE * 16 * groups as u64;
        let aims: Vec<Aim> = (0..cases).filter_map(|n| Aim::of(n, &options)).collect();
        assert_eq!(aims.len() as u64, cases / SHARE);
        for wide in [false, true] {
            for imported in [false, true] {
                let seen = aims
                    .iter()
                    .filter(|aim| aim.wide == wide && aim.imported == imported)
                    .map(|aim| aim.instructions().count())
                    .sum::<usize>();
                // Shared or not, with pages of either size.
                assert_eq!(seen, 4 * instructions().count());
            }
        }
        assert!(aims.iter().all(|aim| aim.round == 0));
        assert_eq!(
            Aim::of(SHARE - 1 + cases, &options).map(|aim| aim.round),
            Some(1)
        );
    }

    #[test]
    fn what_no_engine_has_is_not_aimed_at() {
        let options = Options {
            features: Features::NONE,
            ..Options::default()
        };
        let aims = (0..10_000).filter_map(|n| Aim::of(n, &options));
        assert!(aims.map(|aim| aim.features()).all(|f| f == Features::NONE));
    }
}
