//! Why no execution gives what the threads of a script gave: the fewest answers that none
//! gives together.
//!
//! The set of allowed joint outcomes says that an engine's is not among them, and that is
//! all. Which of its answers are to blame is found by trying subsets of them: a smallest one
//! that no allowed outcome agrees with. A single answer is one that nothing could have
//! written, or one that no execution reaches. Of several, each is allowed without the
//! others: what they say of the order of events contradicts itself.

use std::fmt;

use super::compare::{agree, describe};
use crate::engine::reference::Allowed;
use crate::observation::{MemoryState, Observation, Outcome};
use crate::script::print::action;
use crate::script::{Script, Step};

/// All subsets of so many answers are tried; of larger ones a minimal one is found.
const TRIED: usize = 3;
/// So many of what executions give in place of an answer are named.
const NAMED: usize = 8;

/// Answers of an engine that no execution gives together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Never {
    /// The answers in words, in the order of the script.
    pub answers: Vec<String>,
    /// Where it is one answer, what executions give in its place.
    pub instead: Vec<String>,
}

impl Never {
    /// Why `got` is not among what is allowed; `None` if it is, or if that cannot be told.
    pub fn of(script: &Script, allowed: &Allowed, got: &Observation) -> Option<Never> {
        let answers: Vec<Answer> = answers(script, got);
        let agrees: Vec<Vec<bool>> = answers
            .iter()
            .map(|answer| {
                let all = allowed.observations.iter();
                all.map(|execution| answer.agrees(execution, got)).collect()
            })
            .collect();
        // What every execution answers is no reason.
        let open: Vec<usize> = (0..answers.len())
            .filter(|&answer| agrees[answer].iter().any(|agrees| !agrees))
            .collect();
        let subset = smallest(&open, &agrees)?;
        let instead = match subset[..] {
            [only] => answers[only].instead(allowed),
            _ => Vec::new(),
        };
        let words = |&answer: &usize| answers[answer].words(got);
        Some(Never {
            answers: subset.iter().map(words).collect(),
            instead,
        })
    }
}

impl fmt::Display for Never {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.answers[..] {
            [only] => {
                write!(f, "no execution gives {only}")?;
                let (named, rest) = self.instead.split_at(self.instead.len().min(NAMED));
                if !named.is_empty() {
                    write!(f, "; there it is {}", named.join(", or "))?;
                }
                match rest.len() {
                    0 => Ok(()),
                    more => write!(f, ", or {more} others"),
                }
            }
            several => write!(
                f,
                "no execution gives these together, and some execution any but one of them: {}",
                several.join("; ")
            ),
        }
    }
}

/// One thing that an engine answered: where it stands in an observation.
struct Answer {
    place: Place,
    /// What it is about, in words.
    about: String,
}

enum Place {
    /// The outcome of a step.
    Step(usize),
    /// The outcome of a step of a thread: the step that waits for it, and which.
    Thread(usize, usize),
    /// The size of a memory after the last step: which of those of the engine.
    Size(usize),
    /// The bytes of a chunk of it.
    Chunk(usize, u64),
}

/// Everything that an engine answered.
fn answers(script: &Script, got: &Observation) -> Vec<Answer> {
    let mut answers = Vec::new();
    for (index, (step, observed)) in script.steps.iter().zip(&got.steps).enumerate() {
        let Outcome::Joined(outcomes) = &observed.outcome else {
            let about = action(step).unwrap_or_else(|| format!("step {index}"));
            let place = Place::Step(index);
            answers.push(Answer { place, about });
            continue;
        };
        let Step::Wait { thread } = step else {
            continue;
        };
        let steps = script.steps.iter().find_map(|step| match step {
            Step::Thread { name, steps, .. } if name == thread => Some(steps),
            _ => None,
        });
        for of in 0..outcomes.len() {
            let action = steps.and_then(|steps| action(steps.get(of)?));
            let what = action.unwrap_or_else(|| format!("step {of}"));
            answers.push(Answer {
                place: Place::Thread(index, of),
                about: format!("{what} of ${thread}"),
            });
        }
    }
    for (memory, state) in last_memories(got).iter().enumerate() {
        let name = format!("{}.{}", state.instance, state.export);
        answers.push(Answer {
            place: Place::Size(memory),
            about: format!("the size of memory {name} in the end"),
        });
        answers.extend(state.chunks.iter().map(|chunk| Answer {
            place: Place::Chunk(memory, chunk.index),
            about: format!(
                "what memory {name} has from byte {} on in the end",
                chunk.index * crate::observation::CHUNK as u64
            ),
        }));
    }
    answers
}

impl Answer {
    /// Whether an execution gives the same answer as `got`.
    fn agrees(&self, execution: &Observation, got: &Observation) -> bool {
        match self.place {
            Place::Step(_) | Place::Thread(..) => {
                let outcomes = self.outcome(execution).zip(self.outcome(got));
                outcomes.is_some_and(|(allowed, got)| agree(allowed, got))
            }
            Place::Size(memory) => {
                let Some(got) = last_memories(got).get(memory) else {
                    return false;
                };
                of_memory(execution, got).is_some_and(|state| state.bytes == got.bytes)
            }
            Place::Chunk(memory, chunk) => {
                let Some(got) = last_memories(got).get(memory) else {
                    return false;
                };
                of_memory(execution, got)
                    .is_some_and(|state| digest(state, chunk) == digest(got, chunk))
            }
        }
    }

    fn outcome<'o>(&self, observation: &'o Observation) -> Option<&'o Outcome> {
        match self.place {
            Place::Step(step) => Some(&observation.steps.get(step)?.outcome),
            Place::Thread(step, of) => match &observation.steps.get(step)?.outcome {
                Outcome::Joined(outcomes) => outcomes.get(of),
                _ => None,
            },
            Place::Size(_) | Place::Chunk(..) => None,
        }
    }

    /// The answer in words.
    fn words(&self, got: &Observation) -> String {
        let about = &self.about;
        match self.place {
            Place::Step(_) | Place::Thread(..) => {
                let outcome = self.outcome(got).map_or_else(String::new, describe);
                format!("{outcome} for {about}")
            }
            Place::Size(memory) => {
                let bytes = last_memories(got).get(memory).map_or(0, |m| m.bytes);
                format!("{bytes} bytes for {about}")
            }
            Place::Chunk(..) => about.clone(),
        }
    }

    /// What executions answer in its place.
    fn instead(&self, allowed: &Allowed) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for execution in &allowed.observations {
            let said = match self.place {
                Place::Size(memory) => last_memories(execution)
                    .get(memory)
                    .map(|state| format!("{} bytes", state.bytes)),
                _ => self.outcome(execution).map(describe),
            };
            if let Some(said) = said
                && !all.contains(&said)
            {
                all.push(said);
            }
        }
        all.sort();
        all
    }
}

/// The memories after the last step.
fn last_memories(observation: &Observation) -> &[MemoryState] {
    observation
        .steps
        .last()
        .map_or(&[], |step| &step.memories[..])
}

/// The memory of an execution that is this one of the engine's.
fn of_memory<'o>(execution: &'o Observation, got: &MemoryState) -> Option<&'o MemoryState> {
    let mut states = last_memories(execution).iter();
    states.find(|state| state.instance == got.instance && state.export == got.export)
}

/// The digest of a chunk; of one that is not listed, that of zeros.
fn digest(state: &MemoryState, chunk: u64) -> u64 {
    let at = state.chunks.binary_search_by_key(&chunk, |c| c.index);
    at.map_or(0, |at| state.chunks[at].digest)
}

/// A smallest of the subsets of `open` that no execution agrees with, or one from which no
/// answer can be left out; `None` if an execution agrees with all of them.
fn smallest(open: &[usize], agrees: &[Vec<bool>]) -> Option<Vec<usize>> {
    let executions = agrees.first().map_or(0, Vec::len);
    let all = vec![true; executions];
    if some_agrees(open, agrees, &all) {
        return None;
    }
    for size in 1..=TRIED.min(open.len()) {
        let mut chosen = Vec::new();
        if subset(open, size, agrees, &all, &mut chosen) {
            return Some(chosen);
        }
    }
    let mut left = open.to_vec();
    for answer in open {
        let without: Vec<usize> = left.iter().copied().filter(|a| a != answer).collect();
        if !some_agrees(&without, agrees, &all) {
            left = without;
        }
    }
    Some(left)
}

/// Whether one of `executions` agrees with all of these answers.
fn some_agrees(answers: &[usize], agrees: &[Vec<bool>], executions: &[bool]) -> bool {
    let mut all = executions.iter().enumerate();
    all.any(|(at, &is_left)| is_left && answers.iter().all(|&answer| agrees[answer][at]))
}

/// Looks for `size` of the answers `open` that none of `executions` agrees with.
fn subset(
    open: &[usize],
    size: usize,
    agrees: &[Vec<bool>],
    executions: &[bool],
    chosen: &mut Vec<usize>,
) -> bool {
    if size == 0 {
        return !executions.contains(&true);
    }
    for (at, &answer) in open.iter().enumerate() {
        let both = executions.iter().zip(&agrees[answer]);
        let left: Vec<bool> = both.map(|(&is_left, &agrees)| is_left && agrees).collect();
        chosen.push(answer);
        if subset(&open[at + 1..], size - 1, agrees, &left, chosen) {
            return true;
        }
        chosen.pop();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::reference::{self, Options};
    use crate::engine::{Budget, Job};
    use crate::observation::Watch;
    use crate::script::Value;
    use crate::script::wast::parse;

    /// A script, and all that is allowed of it.
    fn allowed(text: &str) -> (Script, Allowed) {
        let script = parse("t.wast", text.as_bytes()).expect("it reads").script;
        let watch = Watch::whole(32);
        let job = Job::new(&script, Budget::of(1 << 20), &watch, &[]);
        let allowed = reference::allowed(&job, &Options::default()).expect("a set");
        (script, allowed)
    }

    /// Two threads that store to one cell of a memory and load the other.
    fn buffering() -> String {
        let thread = |name: &str, mine: u32, other: u32| {
            format!(
                "(thread ${name} (shared (module $m)) (register \"m\" $m)
                  (module (import \"m\" \"m\" (memory 1 1 shared))
                    (func (export \"f\") (result i32)
                      (i32.atomic.store (i32.const {mine}) (i32.const 1))
                      (i32.atomic.load (i32.const {other}))))
                  (invoke \"f\"))"
            )
        };
        format!(
            "(module $m (memory (export \"m\") 1 1 shared)) {} {} (wait $a) (wait $b)",
            thread("a", 0, 8),
            thread("b", 8, 0)
        )
    }

    /// An observation whose threads answered this in their last steps.
    fn answered(allowed: &Allowed, values: &[u32]) -> Observation {
        let mut got = allowed.observations[0].clone();
        let joined = got
            .steps
            .iter_mut()
            .filter_map(|step| match &mut step.outcome {
                Outcome::Joined(outcomes) => outcomes.last_mut(),
                _ => None,
            });
        for (outcome, &value) in joined.zip(values) {
            *outcome = Outcome::Values(vec![Value::I32(value)]);
        }
        got
    }

    /// Why no execution gives `got`, in words.
    fn reason(script: &Script, allowed: &Allowed, got: &Observation) -> String {
        let never = Never::of(script, allowed, got);
        never.expect("a reason").to_string()
    }

    #[test]
    fn what_is_allowed_has_no_reason() {
        let (script, allowed) = allowed(&buffering());
        assert_eq!(allowed.observations.len(), 3);
        for got in &allowed.observations {
            assert_eq!(Never::of(&script, &allowed, got), None);
        }
    }

    #[test]
    fn two_loads_that_contradict_each_other_are_both_named() {
        let (script, allowed) = allowed(&buffering());
        assert_eq!(
            reason(&script, &allowed, &answered(&allowed, &[0, 0])),
            "no execution gives these together, and some execution any but one of them: \
             i32:0x0 for (invoke \"f\") of $a; i32:0x0 for (invoke \"f\") of $b"
        );
    }

    #[test]
    fn a_value_that_nobody_wrote_stands_alone() {
        let (script, allowed) = allowed(&buffering());
        assert_eq!(
            reason(&script, &allowed, &answered(&allowed, &[7, 1])),
            "no execution gives i32:0x7 for (invoke \"f\") of $a; there it is i32:0x0, or i32:0x1"
        );
    }

    #[test]
    fn so_do_a_size_and_contents() {
        let (script, allowed) = allowed(&buffering());
        let wrong = |change: fn(&mut MemoryState)| {
            let mut got = allowed.observations[0].clone();
            change(&mut got.steps.last_mut().expect("steps").memories[0]);
            reason(&script, &allowed, &got)
        };
        assert_eq!(
            wrong(|memory| memory.bytes += 65536),
            "no execution gives 131072 bytes for the size of memory m.m in the end; there it is \
             65536 bytes"
        );
        assert_eq!(
            wrong(|memory| memory.chunks[0].digest ^= 1),
            "no execution gives what memory m.m has from byte 0 on in the end"
        );
    }

    /// Of three answers each two of which go together, all are named.
    #[test]
    fn no_answer_of_a_minimal_set_can_be_left_out() {
        let agrees = [
            vec![true, true, false],
            vec![true, false, true],
            vec![false, true, true],
        ];
        assert_eq!(smallest(&[0, 1, 2], &agrees), Some(vec![0, 1, 2]));
        assert_eq!(smallest(&[0, 1], &agrees), None);
        // More than are tried as subsets: the one that all others go with is left out.
        let others = |left_out: usize| (0..5).map(move |at| at != left_out).collect();
        let mut agrees: Vec<Vec<bool>> = (0..5).map(others).collect();
        agrees.insert(2, vec![true; 5]);
        assert_eq!(
            smallest(&[0, 1, 2, 3, 4, 5], &agrees),
            Some(vec![0, 1, 3, 4, 5])
        );
    }
}
