//! Scripts in the making, and what every configuration has to answer.

use trapline_reference::Value;

use super::{PAGE, here};
use crate::engine::javascript::is_javascript;
use crate::engine::verify::encode;
use crate::engine::{Budget, Configuration, Feature, Job};
use crate::observation::{Observation, Outcome, TrapKind, Watch};
use crate::script::{Script, Step};

/// A script in the making.
#[derive(Default)]
pub(super) struct Steps(pub(super) Vec<Step>);

impl Steps {
    /// Defines and instantiates `text` under `name`.
    pub(super) fn module(self, name: &str, text: &str) -> Self {
        self.define(name, text).instance(name, name)
    }

    pub(super) fn define(mut self, module: &str, text: &str) -> Self {
        self.0.push(Step::Define {
            module: module.to_owned(),
            wasm: encode(text),
        });
        self
    }

    pub(super) fn instance(mut self, instance: &str, module: &str) -> Self {
        self.0.push(Step::Instantiate {
            instance: instance.to_owned(),
            module: module.to_owned(),
        });
        self
    }

    pub(super) fn register(mut self, name: &str) -> Self {
        self.0.push(Step::Register {
            instance: name.to_owned(),
            name: name.to_owned(),
        });
        self
    }

    pub(super) fn call(mut self, instance: &str, func: &str, args: &[Value]) -> Self {
        self.0.push(Step::Invoke {
            instance: instance.to_owned(),
            func: func.to_owned(),
            args: args.to_vec(),
        });
        self
    }

    pub(super) fn get(mut self, instance: &str, global: &str) -> Self {
        self.0.push(Step::Get {
            instance: instance.to_owned(),
            global: global.to_owned(),
        });
        self
    }

    /// Runs it twice on every configuration that has `needs`, and looks at
    /// each run: the second must not see the first.
    pub(super) fn on_all(self, needs: &[Feature], look: impl Fn(&Configuration, &Observation)) {
        self.within(Budget::of(3 * PAGE), &[], needs, look);
    }

    /// The same with another budget, looking at these chunks.
    pub(super) fn within(
        self,
        budget: Budget,
        chunks: &[u64],
        needs: &[Feature],
        look: impl Fn(&Configuration, &Observation),
    ) {
        let script = Script { steps: self.0 };
        let watch = Watch {
            full: 8,
            full_after_trap: 8,
            chunks: chunks.to_vec(),
            traps: None,
        };
        let job = Job::new(&script, budget, &watch, &[]);
        let mut steps = script.steps.iter();
        let has_threads = steps.any(|step| matches!(step, Step::Thread { .. }));
        for configuration in here() {
            // Which do not run scripts with threads.
            if has_threads && is_javascript(configuration.engine()) {
                continue;
            }
            if needs.iter().any(|&f| !configuration.features.has(f)) {
                continue;
            }
            let mut engine = configuration
                .build()
                .unwrap_or_else(|why| panic!("{}: {why}", configuration.name()));
            for _ in 0..2 {
                look(&configuration, &engine.observe(&job));
            }
        }
    }

    /// Runs it and compares the outcomes after the definitions, instantiations
    /// and registrations, all of which have to succeed.
    pub(super) fn gives(self, needs: &[Feature], expected: &[Outcome]) {
        self.on_all(needs, |configuration, observation| {
            let outcomes: Vec<&Outcome> = observation
                .steps
                .iter()
                .map(|step| &step.outcome)
                .skip_while(|outcome| **outcome == none())
                .collect();
            let name = configuration.name();
            if is_javascript(configuration.engine()) {
                let mut pairs = outcomes.iter().zip(expected);
                let agree = outcomes.len() == expected.len()
                    && pairs.all(|(outcome, right)| is_among(right, outcome));
                assert!(agree, "{name}: {outcomes:?}, not {expected:?}");
                return;
            }
            assert_eq!(outcomes, expected.iter().collect::<Vec<_>>(), "{name}");
        });
    }
}

/// Whether an outcome is the right one, or a trap that has the right kinds among
/// those that an engine does not tell apart.
fn is_among(right: &Outcome, outcome: &Outcome) -> bool {
    match (right, outcome) {
        (Outcome::Trap(right), Outcome::Trap(kinds)) => {
            right.iter().all(|kind| kinds.contains(kind))
        }
        _ => right == outcome,
    }
}

pub(super) fn none() -> Outcome {
    Outcome::Values(Vec::new())
}

pub(super) fn value(value: Value) -> Outcome {
    Outcome::Values(vec![value])
}

pub(super) fn trap(kind: TrapKind) -> Outcome {
    Outcome::Trap(vec![kind])
}
