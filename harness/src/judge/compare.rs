//! Compares what an engine answered with what the specification allows.
//!
//! The judgment is step by step, and ends at the first difference: after it
//! the two machines are in different states, and whatever differs later may
//! be its consequence.

use trapline_reference::Value;

use super::Class;
use crate::observation::{MemoryState, Observation, Outcome, Stage, StepObservation};

/// The result of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Every step is among what the specification allows.
    Same,
    /// The steps before this one are; from it on nothing can be compared.
    Stopped(usize, Stop),
    /// A step is not.
    Differs(Difference),
}

/// Why a comparison ended before the script did.
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

/// Compares `got` with what `reference` allows.
pub fn compare(reference: &Observation, got: &Observation) -> Comparison {
    for (step, expected) in reference.steps.iter().enumerate() {
        let Some(got) = got.steps.get(step) else {
            // An engine's observation is short only behind an outcome that
            // stopped it, and that outcome has been judged by now.
            return Comparison::Stopped(step, Stop::Skipped("the engine stopped early".to_owned()));
        };
        match compare_step(step, expected, got) {
            Comparison::Same => {}
            ended => return ended,
        }
    }
    Comparison::Same
}

fn compare_step(step: usize, expected: &StepObservation, got: &StepObservation) -> Comparison {
    use Outcome as O;
    let differs = |class| {
        Comparison::Differs(Difference {
            class,
            step,
            memory: None,
            expected: describe(&expected.outcome),
            got: describe(&got.outcome),
        })
    };
    let stopped = |stop| Comparison::Stopped(step, stop);
    match (&expected.outcome, &got.outcome) {
        (_, O::Unsupported(feature)) => return stopped(Stop::Unsupported(feature.clone())),
        (O::Unsupported(what), _) => {
            return stopped(Stop::Skipped(format!("reference: {what}")));
        }
        (_, O::Panic(_)) => return differs(Class::Panic),
        (O::Panic(message), _) => {
            return stopped(Stop::Skipped(format!("the reference panicked: {message}")));
        }
        (O::Interrupted, _) => return stopped(Stop::Skipped("out of fuel".to_owned())),
        (_, O::Interrupted) => return differs(Class::Hang),
        (O::Exhausted, _) | (_, O::Exhausted) => {
            return stopped(Stop::Skipped("call stack exhausted".to_owned()));
        }
        (O::Limit(why), _) | (_, O::Limit(why)) => return stopped(Stop::Limit(why.clone())),
        // The reference took one way of several; what is allowed stands in the
        // script.
        (O::Joined(_), _) | (_, O::Joined(_)) => {
            return stopped(Stop::Skipped("threads".to_owned()));
        }
        (O::Values(a), O::Values(b)) if a == b => {}
        (O::Values(_), O::Values(_)) => return differs(Class::Value),
        (O::Trap(allowed), O::Trap(kinds)) => {
            // An engine names several where it does not tell them apart.
            if !kinds.iter().any(|kind| allowed.contains(kind)) {
                return differs(Class::TrapKind);
            }
        }
        (O::Trap(_), O::Values(_)) => return differs(Class::MissingTrap),
        (O::Values(_), O::Trap(_)) => return differs(Class::SpuriousTrap),
        (O::Rejected { stage: a, .. }, O::Rejected { stage: b, .. }) => {
            if a != b {
                return differs(match a {
                    Stage::Compile => Class::AcceptsInvalid,
                    Stage::Link => Class::RejectsValid,
                });
            }
        }
        (
            O::Rejected {
                stage: Stage::Compile,
                ..
            },
            _,
        ) => return differs(Class::AcceptsInvalid),
        (
            _,
            O::Rejected {
                stage: Stage::Compile,
                ..
            },
        ) => return differs(Class::RejectsValid),
        (O::Rejected { .. }, _) | (_, O::Rejected { .. }) => return differs(Class::Link),
        (O::Absent, O::Absent) => {}
        (O::Absent, _) | (_, O::Absent) => return differs(Class::Link),
    }
    compare_memories(step, expected, got)
}

fn compare_memories(step: usize, expected: &StepObservation, got: &StepObservation) -> Comparison {
    let find = |want: &MemoryState| {
        got.memories
            .iter()
            .find(|m| m.instance == want.instance && m.export == want.export)
    };
    // Sizes first: where they differ, so do the chunks there are.
    for want in &expected.memories {
        let have = find(want);
        if have.map(|m| m.bytes) != Some(want.bytes) {
            return Comparison::Differs(Difference {
                class: Class::MemorySize,
                step,
                memory: Some(MemoryDifference {
                    instance: want.instance.clone(),
                    export: want.export.clone(),
                    chunk: None,
                }),
                expected: format!("memory {} of {} bytes", name(want), want.bytes),
                got: match have {
                    Some(have) => format!("{} bytes", have.bytes),
                    None => "no such memory".to_owned(),
                },
            });
        }
    }
    for want in &expected.memories {
        let Some(have) = find(want) else { continue };
        // What the engine looked at decides. Both list ascending chunks, and a
        // chunk that the reference does not list is zero.
        let specified = |index: u64| {
            let at = want.chunks.binary_search_by_key(&index, |c| c.index);
            at.map_or(0, |at| want.chunks[at].digest)
        };
        let mismatch = have
            .chunks
            .iter()
            .find(|chunk| chunk.digest != specified(chunk.index));
        if let Some(chunk) = mismatch {
            return Comparison::Differs(Difference {
                // A chunk of zeros that is not one: nobody ever wrote there.
                class: if specified(chunk.index) == 0 {
                    Class::StaleData
                } else {
                    Class::MemoryContents
                },
                step,
                memory: Some(MemoryDifference {
                    instance: want.instance.clone(),
                    export: want.export.clone(),
                    chunk: Some(chunk.index),
                }),
                expected: format!("memory {}: other bytes", name(want)),
                got: format!("a difference in its chunk {} (64 KiB each)", chunk.index),
            });
        }
    }
    Comparison::Same
}

fn name(memory: &MemoryState) -> String {
    format!("${} \"{}\"", memory.instance, memory.export)
}

/// An outcome in words, for people.
pub fn describe(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Values(values) if values.is_empty() => "success".to_owned(),
        Outcome::Values(values) => {
            let values: Vec<_> = values.iter().map(Value::to_string).collect();
            values.join(" ")
        }
        Outcome::Trap(kinds) => {
            let kinds: Vec<_> = kinds.iter().map(|kind| format!("{kind:?}")).collect();
            format!("trap: {}", kinds.join(" or "))
        }
        Outcome::Exhausted => "call stack exhausted".to_owned(),
        Outcome::Interrupted => "interrupted: it did not end".to_owned(),
        Outcome::Rejected {
            stage: Stage::Compile,
            reason,
        } => format!("rejected: {reason}"),
        Outcome::Rejected {
            stage: Stage::Link,
            reason,
        } => format!("cannot be linked: {reason}"),
        Outcome::Limit(why) => format!("resource limit: {why}"),
        Outcome::Absent => "nothing: an earlier step failed".to_owned(),
        Outcome::Panic(message) => format!("panic: {message}"),
        Outcome::Unsupported(what) => format!("not supported: {what}"),
        Outcome::Joined(outcomes) => {
            let outcomes: Vec<_> = outcomes.iter().map(describe).collect();
            format!("the thread: {}", outcomes.join("; "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::{ChunkDigest, TrapKind};

    fn observed(outcome: Outcome, memories: Vec<MemoryState>) -> Observation {
        Observation {
            steps: vec![StepObservation { outcome, memories }],
            ..Default::default()
        }
    }

    fn class(expected: Outcome, got: Outcome) -> Option<Class> {
        match compare(&observed(expected, vec![]), &observed(got, vec![])) {
            Comparison::Differs(difference) => Some(difference.class),
            _ => None,
        }
    }

    #[test]
    fn outcomes_are_classed() {
        let ok = || Outcome::Values(vec![Value::I32(1)]);
        let trap = |kinds: &[TrapKind]| Outcome::Trap(kinds.to_vec());
        let rejected = |stage| Outcome::Rejected {
            stage,
            reason: String::new(),
        };
        use TrapKind::{OutOfBoundsMemory as Oob, UnalignedAtomic as Unaligned, Unreachable};
        assert_eq!(class(ok(), ok()), None);
        assert_eq!(
            class(ok(), Outcome::Values(vec![Value::I32(2)])),
            Some(Class::Value)
        );
        assert_eq!(class(trap(&[Oob]), ok()), Some(Class::MissingTrap));
        assert_eq!(class(ok(), trap(&[Oob])), Some(Class::SpuriousTrap));
        assert_eq!(class(trap(&[Oob, Unaligned]), trap(&[Unaligned])), None);
        assert_eq!(
            class(trap(&[Oob]), trap(&[Unreachable])),
            Some(Class::TrapKind)
        );
        assert_eq!(
            class(rejected(Stage::Compile), ok()),
            Some(Class::AcceptsInvalid)
        );
        assert_eq!(
            class(ok(), rejected(Stage::Compile)),
            Some(Class::RejectsValid)
        );
        assert_eq!(class(ok(), rejected(Stage::Link)), Some(Class::Link));
        assert_eq!(
            class(rejected(Stage::Link), trap(&[Oob])),
            Some(Class::Link)
        );
        assert_eq!(
            class(ok(), Outcome::Panic(String::new())),
            Some(Class::Panic)
        );
        assert_eq!(class(ok(), Outcome::Interrupted), Some(Class::Hang));
        assert_eq!(class(ok(), Outcome::Limit(String::new())), None);
    }

    #[test]
    fn memories_are_compared_where_they_were_looked_at() {
        let memory = |bytes, digest| MemoryState {
            instance: "i".to_owned(),
            export: "m".to_owned(),
            bytes,
            chunks: vec![ChunkDigest { index: 0, digest }],
        };
        let trap = || Outcome::Trap(vec![TrapKind::OutOfBoundsMemory]);
        let class = |a: MemoryState, b: MemoryState| match compare(
            &observed(trap(), vec![a]),
            &observed(trap(), vec![b]),
        ) {
            Comparison::Differs(difference) => Some(difference.class),
            _ => None,
        };
        assert_eq!(class(memory(65_536, 7), memory(65_536, 7)), None);
        assert_eq!(
            class(memory(65_536, 7), memory(65_536, 8)),
            Some(Class::MemoryContents)
        );
        assert_eq!(
            class(memory(65_536, 0), memory(65_536, 8)),
            Some(Class::StaleData)
        );
        assert_eq!(
            class(memory(65_536, 7), memory(131_072, 7)),
            Some(Class::MemorySize)
        );
        // Of a large memory the reference lists what is not zero, the engine
        // what it was asked for.
        let large = |chunks: &[(u64, u64)]| MemoryState {
            chunks: chunks
                .iter()
                .map(|&(index, digest)| ChunkDigest { index, digest })
                .collect(),
            ..memory(1 << 32, 0)
        };
        let specified = || large(&[(1, 7), (9, 7)]);
        let right = large(&[(0, 0), (1, 7), (2, 0)]);
        assert_eq!(class(specified(), right), None);
        let stray = large(&[(0, 0), (1, 7), (2, 8)]);
        assert_eq!(class(specified(), stray), Some(Class::StaleData));
        let lost = large(&[(1, 0)]);
        assert_eq!(class(specified(), lost), Some(Class::MemoryContents));
    }
}
