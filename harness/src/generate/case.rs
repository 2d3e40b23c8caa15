//! Cases: the stories that scripts tell.

use super::Options;
use super::aim::Aim;
use super::allocator;
use super::call::{self, Scene};
use super::dice::Dice;
use super::edge::{self, Place};
use super::focus::Focus;
use super::foreign::{Foreign, smith, suite};
use super::invalid;
use super::memory::{Live, Means};
use super::module::Plan;
use super::profile::Profile;
use super::threads;
use crate::script::{HOST, Script, Step};
use trapline_reference::Value;

/// An instance, as far as the generator knows it.
pub(super) struct Instance {
    pub(super) name: String,
    /// Its module, among [`Story::plans`].
    pub(super) plan: usize,
    /// Its memories, among [`Story::live`].
    pub(super) memories: Vec<usize>,
}

/// A memory that other modules can import.
pub(super) struct Offered {
    pub(super) module: String,
    pub(super) name: String,
    pub(super) live: usize,
}

pub(super) struct Story<'d, 'a, 'b> {
    pub(super) dice: &'d mut Dice<'a, 'b>,
    pub(super) profile: Profile,
    pub(super) means: Means,
    pub(super) steps: Vec<Step>,
    pub(super) plans: Vec<Plan>,
    pub(super) live: Vec<Live>,
    pub(super) instances: Vec<Instance>,
    pub(super) offered: Vec<Offered>,
}

#[derive(Clone, Copy)]
enum Plot {
    /// One module, one instance.
    Solo,
    /// One module, and later another instance of it.
    Again,
    /// A module that imports another's memory, in one or two instances.
    Alias,
    /// A start function, or segments, that may trap half-way.
    HalfWay,
    /// Modules at the edge of validity.
    Invalid,
    /// A module of another generator's making.
    Smith,
    /// A module of the official suite.
    Suite,
}

/// Tells a story.
pub(super) fn script(dice: &mut Dice<'_, '_>, options: &Options) -> Script {
    let aim = Aim::of(dice.bits(), options);
    let profile = match &aim {
        Some(aim) => aim.profile(),
        None => Profile::choose(dice, options),
    };
    if aim.is_none() && profile.leans_to(Focus::Threads) {
        return threads::script(dice, &profile);
    }
    if aim.is_none() && profile.leans_to(Focus::Allocator) {
        let means = Means::of(options.budget.memory_bytes, false);
        return allocator::script(dice, profile, means);
    }
    let mut story = Story {
        dice,
        profile,
        means: Means::of(options.budget.memory_bytes, profile.large),
        steps: Vec::new(),
        plans: Vec::new(),
        live: Vec::new(),
        instances: Vec::new(),
        offered: Vec::new(),
    };
    if let Some(aim) = aim {
        story.aimed(&aim);
        return Script { steps: story.steps };
    }
    let invalid = if profile.focus.is_none() { 4 } else { 0 };
    let foreign = if profile.focus.is_none() { 3 } else { 0 };
    // Of few bytes wasm-smith makes little, and takes long.
    let smith = if story.dice.left() < 1024 {
        foreign.min(1)
    } else {
        foreign
    };
    let plot = match profile.focus {
        Some(Focus::Foreign) => Plot::Smith,
        _ => story.dice.weighted(&[
            (42, Plot::Solo),
            (12, Plot::Again),
            (if profile.mixed { 90 } else { 32 }, Plot::Alias),
            (10, Plot::HalfWay),
            (invalid, Plot::Invalid),
            (smith, Plot::Smith),
            (foreign, Plot::Suite),
        ]),
    };
    match plot {
        Plot::Solo => story.solo(),
        Plot::Again => story.again(),
        Plot::Alias => story.alias(),
        Plot::HalfWay => story.half_way(),
        Plot::Invalid => story.invalid(),
        Plot::Smith => {
            let foreign = smith::module(story.dice, &story.profile, story.means);
            story.foreign(foreign);
        }
        Plot::Suite => {
            let foreign = suite::module(story.dice, options.features, story.means);
            story.foreign(foreign);
        }
    }
    Script { steps: story.steps }
}

impl Story<'_, '_, '_> {
    fn solo(&mut self) {
        let plan = self.owner();
        let plan = self.define(plan);
        let instance = self.instantiate(plan, Place::Inside);
        self.register(instance);
        self.calls(80);
    }

    fn again(&mut self) {
        let plan = self.owner();
        let plan = self.define(plan);
        let first = self.instantiate(plan, Place::Inside);
        self.register(first);
        self.calls(35);
        for _ in 0..=self.dice.index(2) {
            let next = self.instantiate(plan, Place::Inside);
            if self.dice.percent(30) {
                self.register(next);
            }
            self.calls(25);
        }
    }

    fn alias(&mut self) {
        let owner = self.owner();
        let owner = self.define(owner);
        let first = self.instantiate(owner, Place::Inside);
        self.register(first);
        self.calls(15);
        let guest = self.guest(Place::Inside);
        let guest = self.define(guest);
        self.instantiate(guest, Place::Inside);
        if self.dice.percent(40) {
            self.instantiate(guest, Place::Inside);
        }
        self.calls(55);
    }

    fn half_way(&mut self) {
        let owner = self.owner();
        let owner = self.define(owner);
        let first = self.instantiate(owner, Place::Inside);
        self.register(first);
        self.calls(10);
        for _ in 0..=self.dice.index(2) {
            let place = self.dice.pick(&[Place::End, Place::End, Place::Far]);
            let mut guest = self.guest(place);
            if self.dice.percent(60) {
                self.start(&mut guest, place);
            }
            let guest = self.define(guest);
            self.instantiate(guest, place);
            self.calls(12);
        }
    }

    fn invalid(&mut self) {
        for index in 0..6 {
            let (wasm, param) = invalid::module(self.dice, &self.profile);
            let name = format!("m{index}");
            self.steps.push(Step::Define {
                module: name.clone(),
                wasm,
            });
            self.steps.push(Step::Instantiate {
                instance: name.clone(),
                module: name.clone(),
            });
            for _ in 0..2 {
                let bits = self.dice.pick(&[0, 0xffff, 0x1_0000, u64::MAX]);
                self.steps.push(Step::Invoke {
                    instance: name.clone(),
                    func: "f".to_owned(),
                    args: vec![call::value(param, bits)],
                });
            }
        }
    }

    fn foreign(&mut self, foreign: Option<Foreign>) {
        let Some(foreign) = foreign else {
            return self.solo();
        };
        self.steps.extend(foreign.before.iter().cloned());
        // A name that nothing has which is before it.
        let module = "foreign".to_owned();
        self.steps.push(Step::Define {
            module: module.clone(),
            wasm: foreign.wasm.clone(),
        });
        // What is left of its fuel is the instance's: another one has it all again.
        for index in 0..6 {
            let instance = format!("{module}{index}");
            self.steps.push(Step::Instantiate {
                instance: instance.clone(),
                module: module.clone(),
            });
            for _ in 0..5 {
                if foreign.functions.is_empty() || self.dice.is_empty() {
                    break;
                }
                let chosen = self.dice.index(foreign.functions.len());
                let (func, params) = &foreign.functions[chosen];
                let args = params
                    .iter()
                    .map(|&ty| call::value(ty, foreign.argument(self.dice)))
                    .collect();
                self.steps.push(Step::Invoke {
                    instance: instance.clone(),
                    func: func.clone(),
                    args,
                });
            }
            // Ours, which says the most, is the last.
            for global in foreign.globals.iter().rev().take(4) {
                self.steps.push(Step::Get {
                    instance: instance.clone(),
                    global: global.clone(),
                });
            }
            if self.dice.is_empty() {
                return;
            }
        }
    }

    pub(super) fn define(&mut self, plan: Plan) -> usize {
        let index = self.plans.len();
        self.steps.push(Step::Define {
            module: format!("m{index}"),
            wasm: plan.encode(),
        });
        self.plans.push(plan);
        index
    }

    /// Instantiates a module. One that is meant to fail is called all the
    /// same: where it did fail, the calls are absent.
    pub(super) fn instantiate(&mut self, plan: usize, place: Place) -> usize {
        let index = self.instances.len();
        // Not the index: an instance that failed to be is not kept, but its
        // name is taken.
        let made = |step: &&Step| matches!(step, Step::Instantiate { .. });
        let name = format!("i{}", self.steps.iter().filter(made).count());
        self.steps.push(Step::Instantiate {
            instance: name.clone(),
            module: format!("m{plan}"),
        });
        let mut memories = Vec::new();
        for memory in &self.plans[plan].memories {
            let imported = memory.import.as_ref().and_then(|(module, name)| {
                let offered = self.offered.iter().rev();
                offered
                    .into_iter()
                    .find(|o| o.module == *module && o.name == *name)
            });
            memories.push(match imported {
                Some(offered) => offered.live,
                None => {
                    self.live.push(Live::new(memory.ty, self.means));
                    self.live.len() - 1
                }
            });
        }
        if place == Place::Inside || self.dice.percent(30) {
            self.instances.push(Instance {
                name,
                plan,
                memories,
            });
        }
        index
    }

    /// Registers an instance as the owner of the memories, which the host's
    /// functions and later modules find under this name.
    pub(super) fn register(&mut self, instance: usize) {
        let Some(instance) = self.instances.get(instance) else {
            return;
        };
        self.steps.push(Step::Register {
            instance: instance.name.clone(),
            name: "m0".to_owned(),
        });
        self.offered.clear();
        for (memory, &live) in
            std::iter::zip(&self.plans[instance.plan].memories, &instance.memories)
        {
            if let (None, Some(name)) = (&memory.import, &memory.export) {
                self.offered.push(Offered {
                    module: "m0".to_owned(),
                    name: name.clone(),
                    live,
                });
            }
        }
    }

    /// Up to so many calls, to all instances there are.
    fn calls(&mut self, most: usize) {
        let by_host = if self.profile.leans_to(Focus::Host) {
            40
        } else {
            3
        };
        for _ in 0..most {
            if self.dice.is_empty() {
                return;
            }
            if self.dice.percent(by_host) {
                self.host_call();
                continue;
            }
            let instance = &self.instances[self.dice.index(self.instances.len())];
            let plan = &self.plans[instance.plan];
            let function = &plan.functions[self.dice.index(plan.functions.len())];
            let mut scene = Scene {
                plan,
                live: &mut self.live,
                memories: &instance.memories,
            };
            let args = call::arguments(self.dice, &mut scene, function);
            self.steps.push(Step::Invoke {
                instance: instance.name.clone(),
                func: function.name.clone(),
                args,
            });
        }
    }

    /// What the embedder does to a memory between calls.
    fn host_call(&mut self) {
        if self.offered.is_empty() {
            return;
        }
        let offered = &self.offered[self.dice.index(self.offered.len())];
        let live = &mut self.live[offered.live];
        let place = self.dice.pick(&[Place::Inside, Place::End, Place::Far]);
        let address = edge::effective(self.dice, live, 1, place) as u64;
        let (operation, args) = match self.dice.up_to(5) {
            0..=2 => {
                let delta = edge::delta(self.dice, live);
                live.grow(delta);
                ("grow", vec![Value::I64(delta)])
            }
            3 => ("size", vec![]),
            4 => ("read", vec![Value::I64(address)]),
            _ => {
                let byte = edge::value(self.dice) as u32;
                ("write", vec![Value::I64(address), Value::I32(byte)])
            }
        };
        self.steps.push(Step::Invoke {
            instance: HOST.to_owned(),
            func: format!("{operation} {}.{}", offered.module, offered.name),
            args,
        });
    }
}
