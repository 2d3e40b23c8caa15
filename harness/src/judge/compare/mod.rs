//! Compares what an engine answered with what the specification allows.
//!
//! The judgment is step by step, and ends at the first difference: after it
//! the two machines are in different states, and whatever differs later may
//! be its consequence. A step that one side could not do ends nothing: the rest
//! is judged but for what depends on it, see [`Lost`].

mod memory;
mod outcome;
#[cfg(test)]
mod tests;

use super::Class;
use super::lost::Lost;
use crate::engine::Capture;
use crate::engine::reference::Taints;
use crate::observation::{MemoryState, Observation, StepObservation};
use crate::script::{Script, Step};
use memory::compare_memories;
use outcome::{Outcomes, judge, judge_but_for};

pub(in crate::judge) use outcome::agree;
pub use outcome::describe;

/// The result of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Every step is among what the specification allows.
    Same,
    /// Every step that can be compared is; this is the first that cannot be,
    /// and why.
    Stopped(usize, Stop),
    /// A step is not.
    Differs(Difference),
}

/// A comparison, and how much it covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// What it came to.
    pub comparison: Comparison,
    /// How many calls were compared.
    pub calls: u64,
    /// How many steps there are up to the last that was compared.
    pub steps: usize,
    /// Those among them that were not, ascending.
    pub lost: Vec<usize>,
}

/// Why a step was not compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The configuration lacks a feature, which it declares to lack.
    Unsupported(String),
    /// Resources did not suffice on one side: allowed.
    Limit(String),
    /// The reference cannot run this, for a named reason.
    Skipped(String),
}

/// The first step at which an engine left what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// In which way.
    pub class: Class,
    /// Index of the step in the script.
    pub step: usize,
    /// Where the difference is in a memory: which, and the chunk or the size.
    pub memory: Option<MemoryDifference>,
    /// What the specification says, in words.
    pub expected: String,
    /// What the engine did, in words.
    pub got: String,
}

/// A memory that differs, and where to look closer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryDifference {
    /// The instance that exports it.
    pub instance: String,
    /// The export.
    pub export: String,
    /// The first chunk that differs; `None` if the sizes differ.
    pub chunk: Option<u64>,
}

/// What is not compared, since it depends on the bits of NaNs that the
/// specification leaves open.
pub struct Nans<'a> {
    /// What does, per step.
    pub taints: &'a [Taints],
    /// Gives the bytes of a chunk of a memory after a step: those of the
    /// reference, and those of the engine.
    pub capture: &'a mut dyn FnMut(Capture) -> Option<BothBytes>,
}

/// Bytes of a memory: those of the reference, and those of the engine.
pub type BothBytes = (Vec<u8>, Vec<u8>);

/// Compares `got` with what `reference` allows, both of the same script.
pub fn compare(script: &Script, reference: &Observation, got: &Observation) -> Compared {
    compare_but_for(script, reference, got, None)
}

/// As [`compare`], but for what depends on open bits of NaNs.
pub fn compare_but_for(
    script: &Script,
    reference: &Observation,
    got: &Observation,
    nans: Option<&mut Nans<'_>>,
) -> Compared {
    let mut walk = Walk {
        script,
        nans,
        lost: None,
        first: None,
        calls: 0,
        reached: 0,
        left_out: Vec::new(),
    };
    let steps = script.steps.iter().zip(&reference.steps).enumerate();
    for (index, (step, expected)) in steps {
        let Some(got) = got.steps.get(index) else {
            // An engine's observation is short only behind an outcome that
            // stopped it, and that outcome has been judged by now.
            walk.stop(index, Stop::Skipped("the engine stopped early".to_owned()));
            break;
        };
        match walk.step(index, step, expected, got) {
            Judged::Goes => {}
            Judged::Ends(stop) => {
                walk.stop(index, stop);
                break;
            }
            Judged::Differs(difference) => {
                return Compared {
                    comparison: Comparison::Differs(difference),
                    calls: walk.calls,
                    steps: index + 1,
                    lost: walk.left_out,
                };
            }
        }
    }
    let comparison = match walk.first {
        Some((step, stop)) => Comparison::Stopped(step, stop),
        None => Comparison::Same,
    };
    Compared {
        comparison,
        calls: walk.calls,
        steps: walk.reached,
        lost: walk.left_out,
    }
}

/// A walk over the steps of a script, with what was lost on the way.
struct Walk<'s, 'n, 'a> {
    script: &'s Script,
    nans: Option<&'n mut Nans<'a>>,
    /// Built when the first step is lost: hardly any script loses one.
    lost: Option<Lost<'s>>,
    /// The first step that could not be compared.
    first: Option<(usize, Stop)>,
    calls: u64,
    /// How many steps there are up to the last that was compared.
    reached: usize,
    /// The steps that were not.
    left_out: Vec<usize>,
}

/// What became of one step.
enum Judged {
    /// The next one is looked at.
    Goes,
    /// None of the others is.
    Ends(Stop),
    Differs(Difference),
}

impl<'s> Walk<'s, '_, '_> {
    fn step(
        &mut self,
        index: usize,
        step: &'s Step,
        expected: &StepObservation,
        got: &StepObservation,
    ) -> Judged {
        let differs = |class| {
            Judged::Differs(Difference {
                class,
                step: index,
                memory: None,
                expected: describe(&expected.outcome),
                got: describe(&got.outcome),
            })
        };
        let depends = self.lost.as_mut().is_some_and(|lost| lost.depends(step));
        let calls = self.script.calls(step);
        let taints = self.nans.as_ref().map(|nans| nans.taints.get(index));
        let outcomes = match taints {
            None => judge(&expected.outcome, &got.outcome),
            Some(taints) => judge_but_for(&expected.outcome, &got.outcome, taints),
        };
        match outcomes {
            // Whatever it is about, an engine is not to panic, nor to break its own rules.
            Outcomes::Differ(class @ (Class::Panic | Class::EmbedderApi)) => {
                self.calls += calls;
                return differs(class);
            }
            Outcomes::End(stop) => return Judged::Ends(stop),
            _ if depends => self.left_out.push(index),
            Outcomes::Lost(stop) => {
                self.left_out.push(index);
                self.lose(index, step, stop);
            }
            Outcomes::Agree => {
                self.calls += calls;
                self.reached = index + 1;
            }
            Outcomes::Differ(class) => {
                self.calls += calls;
                return differs(class);
            }
        }
        let lost = self.lost.as_ref();
        let is_lost = |instance: &str| lost.is_some_and(|lost| lost.has(instance));
        let nans = &mut self.nans;
        let excused = |memory: &MemoryState, chunk: u64| {
            let nans = nans.as_mut();
            nans.is_some_and(|nans| nans.excuse(index, memory, chunk))
        };
        compare_memories(index, expected, got, is_lost, excused)
            .map_or(Judged::Goes, Judged::Differs)
    }

    /// The step was done on one side only.
    fn lose(&mut self, index: usize, step: &'s Step, why: Stop) {
        let script = self.script;
        let lost = self.lost.get_or_insert_with(|| {
            let mut lost = Lost::default();
            for step in &script.steps[..=index] {
                lost.depends(step);
            }
            lost
        });
        lost.lose(step);
        self.stop(index, why);
    }

    fn stop(&mut self, index: usize, why: Stop) {
        self.first.get_or_insert((index, why));
    }
}
