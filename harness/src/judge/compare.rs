//! Compares what an engine answered with what the specification allows.
//!
//! The judgment is step by step, and ends at the first difference: after it
//! the two machines are in different states, and whatever differs later may
//! be its consequence. A step that one side could not do ends nothing: the rest
//! is judged but for what depends on it, see [`Lost`].

use trapline_reference::Value;

use super::Class;
use super::limits::names_a_limit;
use super::lost::Lost;
use crate::engine::Capture;
use crate::engine::reference::{TaintedMemory, Taints};
use crate::observation::{MemoryState, Observation, Outcome, Stage, StepObservation};
use crate::script::{Script, Step};

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
            // Whatever it is about, an engine is not to panic.
            Outcomes::Differ(Class::Panic) => {
                self.calls += calls;
                return differs(Class::Panic);
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

/// How two outcomes of one step stand to each other.
enum Outcomes {
    /// The engine's is among those allowed.
    Agree,
    /// The step was done on one side only.
    Lost(Stop),
    /// From here on nothing can be compared.
    End(Stop),
    Differ(Class),
}

/// As [`judge`], but for what depends on open bits of NaNs; of a step without
/// taints nobody knows.
fn judge_but_for(expected: &Outcome, got: &Outcome, taints: Option<&Taints>) -> Outcomes {
    let open = || Stop::Skipped("a NaN whose bits are open".to_owned());
    match (judge(expected, got), taints, expected, got) {
        (Outcomes::Differ(Class::Panic), ..) => Outcomes::Differ(Class::Panic),
        (Outcomes::End(stop), ..) => Outcomes::End(stop),
        (_, None, ..) => Outcomes::End(open()),
        (_, Some(taints), ..) if taints.open => Outcomes::Lost(open()),
        (Outcomes::Differ(_), Some(taints), Outcome::Values(a), Outcome::Values(b))
            if a.len() == b.len() =>
        {
            let masks = taints.values.iter().copied().chain(std::iter::repeat(0));
            let mut pairs = a.iter().zip(b).zip(masks);
            match pairs.all(|((a, b), mask)| a.is_but_for(*b, mask)) {
                true => Outcomes::Agree,
                false => Outcomes::Differ(Class::Value),
            }
        }
        (outcomes, ..) => outcomes,
    }
}

impl Nans<'_> {
    /// Whether a chunk of a memory is, after a step, the same in all bits that
    /// are not open.
    fn excuse(&mut self, step: usize, memory: &MemoryState, chunk: u64) -> bool {
        let mut memories = self.taints.get(step).into_iter().flat_map(|t| &t.memories);
        let same =
            |m: &&TaintedMemory| (&m.instance, &m.export) == (&memory.instance, &memory.export);
        let masks = memories.find(same).and_then(|m| m.chunks.get(&chunk));
        let Some(masks) = masks else {
            return false;
        };
        let Some((mut right, mut got)) = (self.capture)(Capture {
            step,
            instance: memory.instance.clone(),
            export: memory.export.clone(),
            chunk,
        }) else {
            return false;
        };
        for &(at, mask) in masks {
            for bytes in [&mut right, &mut got] {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte |= mask;
                }
            }
        }
        right == got
    }
}

fn judge(expected: &Outcome, got: &Outcome) -> Outcomes {
    use Outcome as O;
    use Outcomes::{Agree, Differ, End, Lost};
    let skipped = |why: &str| Stop::Skipped(why.to_owned());
    match (expected, got) {
        (_, O::Panic(_)) => Differ(Class::Panic),
        (_, O::Joined(outcomes)) if outcomes.iter().any(O::has_panic) => Differ(Class::Panic),
        (O::Panic(message), _) => End(skipped(&format!("the reference panicked: {message}"))),
        (_, O::Unsupported(feature)) => Lost(Stop::Unsupported(feature.clone())),
        (O::Unsupported(what), _) => Lost(skipped(&format!("reference: {what}"))),
        (O::Interrupted, _) => End(skipped("out of fuel")),
        (_, O::Interrupted) => Differ(Class::Hang),
        (O::Exhausted, _) | (_, O::Exhausted) => End(skipped("call stack exhausted")),
        (O::Limit(why), _) | (_, O::Limit(why)) => Lost(Stop::Limit(why.clone())),
        (O::Joined(allowed), O::Joined(outcomes)) if allowed.len() == outcomes.len() => {
            let pairs = allowed.iter().zip(outcomes);
            let judged = pairs.map(|(allowed, outcome)| judge(allowed, outcome));
            let mut others = judged.filter(|judged| !matches!(judged, Agree));
            others.next().unwrap_or(Agree)
        }
        (O::Joined(_), _) | (_, O::Joined(_)) => Lost(skipped("threads")),
        (O::Values(a), O::Values(b)) if a == b => Agree,
        (O::Values(_), O::Values(_)) => Differ(Class::Value),
        // An engine names several kinds where it does not tell them apart.
        (O::Trap(allowed), O::Trap(kinds)) => {
            match kinds.iter().any(|kind| allowed.contains(kind)) {
                true => Agree,
                false => Differ(Class::TrapKind),
            }
        }
        (O::Trap(_), O::Values(_)) => Differ(Class::MissingTrap),
        (O::Values(_), O::Trap(_)) => Differ(Class::SpuriousTrap),
        (O::Rejected { stage: a, .. }, O::Rejected { stage: b, .. }) if a == b => Agree,
        (
            O::Rejected {
                stage: Stage::Compile,
                ..
            },
            _,
        ) => Differ(Class::AcceptsInvalid),
        (
            _,
            O::Rejected {
                stage: Stage::Compile,
                reason,
            },
        ) => match names_a_limit(reason) {
            true => Lost(Stop::Limit(reason.clone())),
            false => Differ(Class::RejectsValid),
        },
        (O::Rejected { .. }, _) | (_, O::Rejected { .. }) => Differ(Class::Link),
        (O::Absent, O::Absent) => Agree,
        (O::Absent, _) | (_, O::Absent) => Differ(Class::Link),
    }
}

/// The first difference in a memory, but for those of instances that are lost,
/// and of chunks that are excused.
fn compare_memories(
    step: usize,
    expected: &StepObservation,
    got: &StepObservation,
    is_lost: impl Fn(&str) -> bool,
    mut excused: impl FnMut(&MemoryState, u64) -> bool,
) -> Option<Difference> {
    let memories = || {
        let all = expected.memories.iter();
        all.filter(|memory| !is_lost(&memory.instance))
    };
    let find = |want: &MemoryState| {
        got.memories
            .iter()
            .find(|m| m.instance == want.instance && m.export == want.export)
    };
    // Sizes first: where they differ, so do the chunks there are.
    for want in memories() {
        let have = find(want);
        if have.map(|m| m.bytes) != Some(want.bytes) {
            return Some(Difference {
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
    for want in memories() {
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
            .filter(|chunk| chunk.digest != specified(chunk.index))
            .find(|chunk| !excused(want, chunk.index));
        if let Some(chunk) = mismatch {
            return Some(Difference {
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
    None
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

    /// What they are compared to as the answers to a step.
    fn compared(expected: &Observation, got: &Observation) -> Comparison {
        let step = Step::Wait {
            thread: String::new(),
        };
        let script = Script { steps: vec![step] };
        compare(&script, expected, got).comparison
    }

    fn class(expected: Outcome, got: Outcome) -> Option<Class> {
        match compared(&observed(expected, vec![]), &observed(got, vec![])) {
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
        let class = |a: MemoryState, b: MemoryState| match compared(
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
