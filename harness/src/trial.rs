//! One script, tried: the reference's run of it, and each engine's verdict.

use trapline_reference::Access;

use crate::engine::reference::{self, ReferenceRun};
use crate::engine::{Budget, Capture, Job};
use crate::judge::{Class, Comparison, Difference, Place, Stop, Subject, compare};
use crate::observation::{CHUNK, Observation, Outcome, Timing, Watch};
use crate::script::{Script, Step};
use crate::worker::{Answer, Death, Runner};

/// What became of one script on one configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything it did is allowed.
    Conforms,
    /// It lacks a feature, as it declares.
    Unsupported(String),
    /// Resources did not suffice: allowed.
    Limit(String),
    /// Not compared (to the end), for a named reason.
    Skipped(String),
    /// It left the specification.
    Diverges(Difference),
}

/// A verdict with what belongs to it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The name of the configuration.
    pub configuration: String,
    /// The verdict.
    pub verdict: Verdict,
    /// How many calls were judged.
    pub calls: u64,
    /// Where the engine's time went.
    pub timing: Timing,
    /// What it observed; none if its process died.
    pub observation: Option<Observation>,
}

/// A script that was tried on the reference and on engines.
pub struct Trial {
    /// What the specification says.
    pub reference: ReferenceRun,
    /// What each configuration did, in the order asked for.
    pub judged: Vec<Judged>,
    /// Nanoseconds in the reference.
    pub reference_time: u64,
    /// Nanoseconds waiting for the engines, transport included.
    pub engines_time: u64,
    /// Nanoseconds judging.
    pub judge_time: u64,
}

impl Trial {
    /// What the specification says to each step.
    pub fn outcomes(&self) -> Vec<Outcome> {
        self.reference
            .observation
            .steps
            .iter()
            .map(|step| step.outcome.clone())
            .collect()
    }
}

/// How many `memory.grow` of a script are turned round one by one, at the most,
/// to explain a difference by a resource failure.
const CHOICES: usize = 16;

/// Runs `script` on the reference and on `configurations`, and judges.
///
/// # Errors
/// In words, where the runner cannot run.
pub fn try_script(
    script: &Script,
    budget: Budget,
    runner: &mut dyn Runner,
    configurations: &[&str],
) -> Result<Trial, String> {
    let began = std::time::Instant::now();
    // Small memories are looked at whole. Where there are large ones, the
    // first run only finds out which of their chunks are worth a look.
    let whole = Watch {
        full: reference::WATCH_FULL,
        full_after_trap: reference::WATCH_FULL_AFTER_TRAP,
        chunks: Vec::new(),
    };
    let first = Job::new(script, budget, &whole, &[]);
    let mut reference = reference::observe(&first, &reference::Options::default());
    let watch = reference::watch_for(&reference);
    let job = first.watching(&watch);
    let large = u128::from(reference::WATCH_FULL_AFTER_TRAP) * CHUNK as u128;
    let states = reference
        .observation
        .steps
        .iter()
        .flat_map(|step| &step.memories);
    if states.map(|state| state.bytes).any(|bytes| bytes > large) {
        reference = reference::observe(&job, &reference::Options::default());
    }
    let reference_done = std::time::Instant::now();
    let answers = runner.run(&job, configurations)?;
    let engines_done = std::time::Instant::now();
    let mut judged = Vec::with_capacity(answers.len());
    for (answer, configuration) in answers.into_iter().zip(configurations) {
        judged.push(judge(&job, &reference, configuration, answer));
    }
    Ok(Trial {
        reference,
        judged,
        reference_time: nanos(reference_done - began),
        engines_time: nanos(engines_done - reference_done),
        judge_time: nanos(engines_done.elapsed()),
    })
}

fn judge(job: &Job<'_>, reference: &ReferenceRun, configuration: &str, answer: Answer) -> Judged {
    let configuration = configuration.to_owned();
    let observation = match answer {
        Answer::Observed(observation) => observation,
        // Memory that the script may ask for is no fault of the engine's.
        Answer::Died(Death::OutOfMemory(held)) if job.budget.memory_bytes > held / 2 => {
            return Judged {
                configuration,
                verdict: Verdict::Limit("more memory than a worker may hold".to_owned()),
                calls: 0,
                timing: Timing::default(),
                observation: None,
            };
        }
        Answer::Died(death) => {
            let verdict = Verdict::Diverges(died(job.script, reference, death));
            let timing = Timing::default();
            return Judged {
                configuration,
                verdict,
                calls: 0,
                timing,
                observation: None,
            };
        }
    };
    let (verdict, judged_steps) = match compare(&reference.observation, &observation) {
        Comparison::Same => (Verdict::Conforms, job.script.steps.len()),
        Comparison::Stopped(step, stop) => (
            match stop {
                Stop::Unsupported(feature) => Verdict::Unsupported(feature),
                Stop::Limit(why) => Verdict::Limit(why),
                Stop::Skipped(why) => Verdict::Skipped(why),
            },
            step,
        ),
        Comparison::Differs(difference) => {
            let steps = difference.step + 1;
            if a_grow_may_have_failed(job, reference, &observation, difference.step) {
                (Verdict::Limit("memory.grow may fail".to_owned()), steps)
            } else {
                (Verdict::Diverges(refine(difference, reference)), steps)
            }
        }
    };
    let calls = job.script.steps[..judged_steps.min(job.script.steps.len())]
        .iter()
        .filter(|step| matches!(step, Step::Invoke { .. }))
        .count() as u64;
    let timing = observation.timing;
    Judged {
        configuration,
        verdict,
        calls,
        timing,
        observation: Some(observation),
    }
}

/// A dead worker does not tell the step; the last one stands in for it until
/// the script is reduced.
fn died(script: &Script, reference: &ReferenceRun, death: Death) -> Difference {
    let step = script.steps.len().saturating_sub(1);
    let (class, got) = match death {
        Death::Crash(how) => (Class::Crash, format!("its process died: {how}")),
        Death::Hang(ms) => (Class::Hang, format!("no answer after {ms} ms")),
        Death::OutOfMemory(bytes) => (
            Class::OutOfMemory,
            format!("killed when it held {} MiB", bytes >> 20),
        ),
        Death::Garbage(what) => (Class::Crash, format!("its process sent garbage: {what}")),
    };
    let expected = reference
        .observation
        .steps
        .get(step)
        .map_or_else(String::new, |s| crate::judge::describe(&s.outcome));
    Difference {
        class,
        step,
        memory: None,
        expected,
        got,
    }
}

/// Whether the difference vanishes when a `memory.grow` that was free to fail
/// (or to succeed) up to this step goes the other way.
/// <https://webassembly.github.io/spec/core/exec/instructions.html#exec-memory-grow>
fn a_grow_may_have_failed(
    job: &Job<'_>,
    reference: &ReferenceRun,
    observation: &Observation,
    step: usize,
) -> bool {
    reference
        .trace
        .iter()
        .take(step + 1)
        .flatten()
        .filter_map(|access| access.grow?.choice)
        .take(CHOICES)
        .any(|choice| {
            let options = reference::Options {
                flip: Some(choice),
                ..Default::default()
            };
            let other = reference::observe(job, &options);
            // The difference has to vanish, not only to move back.
            match compare(&other.observation, observation) {
                Comparison::Same | Comparison::Stopped(..) => true,
                Comparison::Differs(later) => later.step > step,
            }
        })
}

/// Names the class by what the step did, where that says more than "value".
fn refine(mut difference: Difference, reference: &ReferenceRun) -> Difference {
    if difference.class == Class::Value {
        let accesses = reference
            .trace
            .get(difference.step)
            .map_or(&[][..], |t| &t[..]);
        // Only where nothing else was done can nothing else be wrong.
        let only = |op: &str| !accesses.is_empty() && accesses.iter().all(|access| access.op == op);
        if only("memory.grow") || only("host.grow") {
            difference.class = Class::GrowResult;
        } else if only("memory.size") {
            difference.class = Class::MemorySize;
        }
    }
    difference
}

/// What a difference is about, from what the reference did in its step.
pub fn subject(script: &Script, reference: &ReferenceRun, difference: &Difference) -> Subject {
    let step = difference.step;
    let none = Subject {
        operation: "none".to_owned(),
        memory: String::new(),
        place: None,
        detail: String::new(),
    };
    if let Some(Step::Define { .. }) = script.steps.get(step) {
        // The engine's or the reference's own objection tells such cases apart.
        let objection = match reference.observation.steps.get(step).map(|s| &s.outcome) {
            Some(Outcome::Rejected { reason, .. }) => reason.clone(),
            _ => difference.got.trim_start_matches("rejected: ").to_owned(),
        };
        return Subject {
            operation: "module".to_owned(),
            detail: objection,
            ..none
        };
    }
    if let Some(words) = panic_words(difference) {
        // One assertion can be reached from every instruction there is.
        return Subject {
            operation: words.to_owned(),
            ..none
        };
    }
    let accesses = reference.trace.get(step).map_or(&[][..], |t| &t[..]);
    let access = match difference.class {
        // A content may have been wrong for a while: whoever wrote last.
        Class::MemoryContents | Class::StaleData => reference.trace
            [..reference.trace.len().min(step + 1)]
            .iter()
            .rev()
            .flat_map(|accesses| accesses.iter().rev())
            .find(|access| access.writes),
        // A wrong value was most likely loaded.
        Class::Value => accesses
            .iter()
            .rev()
            .find(|access| access.grow.is_none() && access.op != "memory.size")
            .or(accesses.last()),
        _ => accesses.last(),
    };
    match access {
        Some(access) => Subject {
            operation: access.op.to_owned(),
            memory: memory_kind(access),
            place: place(access),
            detail: String::new(),
        },
        None => match script.steps.get(step) {
            Some(Step::Instantiate { .. }) => Subject {
                operation: "instantiate".to_owned(),
                detail: difference.got.clone(),
                ..none
            },
            Some(Step::Get { .. }) => Subject {
                operation: "global.get".to_owned(),
                ..none
            },
            _ => none,
        },
    }
}

/// What the engine said when it panicked, whether that was caught or ended its
/// process.
fn panic_words(difference: &Difference) -> Option<&str> {
    let got = &difference.got;
    match difference.class {
        Class::Panic => Some(got.trim_start_matches("panic: ")),
        // The words follow the line that says where. Panics that were caught
        // come before the one that ended the process, and the runtime's own
        // after it.
        Class::Crash => got
            .split("panicked at ")
            .skip(1)
            .filter_map(|panic| panic.lines().nth(1))
            .filter(|words| !words.starts_with("panic in a function that cannot unwind"))
            .last(),
        _ => None,
    }
}

/// The kind of memory, as [`Subject::memory`] has it.
fn memory_kind(access: &Access) -> String {
    let mut kind = access.ty.address.to_string();
    if access.ty.shared {
        kind.push_str("-shared");
    }
    if access.ty.page_size_log2 == 0 {
        kind.push_str("-page1");
    }
    kind
}

/// Where an access stood; growing and asking for the size stand nowhere.
fn place(access: &Access) -> Option<Place> {
    (access.grow.is_none() && access.op != "memory.size")
        .then(|| Place::of(access.address, access.length, access.size))
}

/// The captures that show the bytes of a difference in a memory.
pub fn captures(difference: &Difference) -> Vec<Capture> {
    difference
        .memory
        .iter()
        .filter_map(|m| {
            Some(Capture {
                step: difference.step,
                instance: m.instance.clone(),
                export: m.export.clone(),
                chunk: m.chunk?,
            })
        })
        .collect()
}

fn nanos(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_is_told_by_the_panic_that_caused_it() {
        let difference = |class, got: &str| Difference {
            class,
            step: 0,
            memory: None,
            expected: String::new(),
            got: got.to_owned(),
        };
        let crash = difference(
            Class::Crash,
            "its process died: killed by signal 6 (SIGABRT); it said: panicked at a.rs:1:1:\n\
             caught before\npanicked at b.rs:2:2:\nthe cause\npanicked at core.rs:3:3:\n\
             panic in a function that cannot unwind\nthread caused non-unwinding panic. aborting.",
        );
        assert_eq!(panic_words(&crash), Some("the cause"));
        let silent = difference(
            Class::Crash,
            "its process died: killed by signal 11 (SIGSEGV)",
        );
        assert_eq!(panic_words(&silent), None);
        assert_eq!(
            panic_words(&difference(Class::Panic, "panic: words")),
            Some("words")
        );
    }
}
