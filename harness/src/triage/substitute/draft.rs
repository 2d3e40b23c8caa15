//! A script in the making: steps replaced, steps added, and which is which.

use std::collections::BTreeSet;

use super::Original;
use super::instances::{Instance, succeeds};
use crate::script::{Script, Step};

/// A script in the making.
pub(super) struct Draft {
    /// For each step of the old script those that are there now, and whether
    /// they stand for it.
    slots: Vec<Vec<(Step, bool)>>,
    /// All names of modules, instances, and registrations.
    names: BTreeSet<String>,
    /// The definitions whose module was replaced.
    replaced: BTreeSet<usize>,
}

impl Draft {
    /// The old script.
    pub(super) fn of(script: &Script) -> Draft {
        let mut names = BTreeSet::new();
        for step in &script.steps {
            match step {
                Step::Define { module, .. } => {
                    names.insert(module.clone());
                }
                Step::Instantiate { instance, .. } => {
                    names.insert(instance.clone());
                }
                Step::Register { name, .. } => {
                    names.insert(name.clone());
                }
                _ => {}
            }
        }
        let slots = script.steps.iter().cloned();
        Draft {
            slots: slots.map(|step| vec![(step, true)]).collect(),
            names,
            replaced: BTreeSet::new(),
        }
    }

    /// A name like this one that nothing has. It has no dot: the built-in
    /// instance takes it apart.
    pub(super) fn fresh_name(&mut self, like: &str) -> String {
        let mut name = like.replace(['.', ' '], "_");
        while !self.names.insert(name.clone()) {
            name.push('\'');
        }
        name
    }

    /// Replaces the module of a definition.
    pub(super) fn redefine(&mut self, define: usize, new: Vec<u8>) {
        for (step, _) in &mut self.slots[define] {
            if let Step::Define { wasm, .. } = step {
                *wasm = new;
                return;
            }
        }
    }

    /// Makes one instance of this module, which only it is an instance of.
    pub(super) fn use_module(&mut self, instance: &Instance, wasm: Vec<u8>) {
        if self.replaced.insert(instance.define) {
            self.redefine(instance.define, wasm);
            return;
        }
        let Some((Step::Define { module, .. }, _)) = self.slots[instance.define].first() else {
            return;
        };
        let module = self.fresh_name(&module.clone());
        let define = Step::Define {
            module: module.clone(),
            wasm,
        };
        self.slots[instance.define].push((define, false));
        for (step, _) in &mut self.slots[instance.made] {
            if let Step::Instantiate { module: used, .. } = step {
                used.clone_from(&module);
            }
        }
    }

    /// Registers an instance as soon as it is made.
    pub(super) fn register(&mut self, instance: &Instance, name: String) {
        let register = Step::Register {
            instance: instance.name.clone(),
            name,
        };
        self.slots[instance.made].push((register, false));
    }

    /// Calls what was the start function of an instance once it is registered.
    /// If the reference says that it fails, the instance must not be there
    /// afterwards: nobody knows the name that it gets.
    pub(super) fn call_start(&mut self, original: &Original<'_>, made: &Instance, func: String) {
        let name = if succeeds(original, made.made) {
            made.name.clone()
        } else {
            self.fresh_name(&made.name)
        };
        for (step, stands) in &mut self.slots[made.made] {
            *stands = false;
            if let Step::Instantiate { instance, .. } | Step::Register { instance, .. } = step {
                instance.clone_from(&name);
            }
        }
        let call = Step::Invoke {
            instance: name,
            func,
            args: Vec::new(),
        };
        self.slots[made.made].push((call, true));
    }

    /// Puts other steps in the place of a step.
    pub(super) fn replace(&mut self, step: usize, by: Vec<Step>) {
        self.slots[step] = by.into_iter().map(|step| (step, false)).collect();
    }

    /// Puts steps behind a step.
    pub(super) fn follow(&mut self, step: usize, by: Vec<Step>) {
        self.slots[step].extend(by.into_iter().map(|step| (step, false)));
    }

    /// The script as it is so far, and for each of its steps the old one that
    /// it stands for.
    pub(super) fn so_far(&self) -> (Script, Vec<Option<usize>>) {
        let slots = self.slots.iter().enumerate();
        let steps = slots.flat_map(|(old, slot)| {
            let steps = slot.iter();
            steps.map(move |(step, stands)| (step.clone(), stands.then_some(old)))
        });
        let (steps, stands) = steps.unzip();
        (Script { steps }, stands)
    }

    /// The new script.
    pub(super) fn finish(self) -> (Script, Vec<Option<usize>>) {
        self.so_far()
    }
}
