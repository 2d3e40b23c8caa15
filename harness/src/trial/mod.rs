//! One script, tried: the reference's run of it, and each engine's verdict.

mod open;
mod subject;
#[cfg(test)]
mod tests;

use std::time::Instant;

pub use subject::subject;

use crate::engine::reference::{self, ReferenceRun};
use crate::engine::{Budget, Capture, Features, Job};
use crate::judge::{Class, Comparison, Difference, Stop, compare};
use crate::observation::{Observation, Outcome, Timing, Watch};
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
    /// What the modules of the script need, together.
    pub needs: Features,
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
    try_script_keeping(script, budget, runner, configurations, &mut |_, _| Ok(()))
}

/// As [`try_script`], unless a call executes more than so many instructions:
/// then the verdict on every engine is that it was skipped. Of memories beyond
/// 128 KiB it is only looked at where something was or might have been written.
///
/// # Errors
/// As [`try_script`].
pub fn try_brief_script(
    script: &Script,
    budget: Budget,
    fuel: u64,
    runner: &mut dyn Runner,
    configurations: &[&str],
) -> Result<Trial, String> {
    let options = reference::Options {
        fuel,
        whole: 2,
        ..Default::default()
    };
    try_with(
        script,
        budget,
        &options,
        runner,
        configurations,
        &mut |_, _| Ok(()),
    )
}

/// As [`try_script`]; where the process of an engine dies, `keep` is called
/// before another is started, so that the script can be put on disk first.
///
/// # Errors
/// In words, where the runner cannot run, or what `keep` gives.
pub fn try_script_keeping(
    script: &Script,
    budget: Budget,
    runner: &mut dyn Runner,
    configurations: &[&str],
    keep: &mut dyn FnMut(&ReferenceRun, &Judged) -> Result<(), String>,
) -> Result<Trial, String> {
    let options = reference::Options::default();
    try_with(script, budget, &options, runner, configurations, keep)
}

fn try_with(
    script: &Script,
    budget: Budget,
    options: &reference::Options,
    runner: &mut dyn Runner,
    configurations: &[&str],
    keep: &mut dyn FnMut(&ReferenceRun, &Judged) -> Result<(), String>,
) -> Result<Trial, String> {
    let began = Instant::now();
    // Small memories are looked at whole. Of large ones the reference lists
    // what is not zero, and says which chunks are worth a look elsewhere.
    let whole = Watch {
        full: options.whole,
        full_after_trap: reference::WATCH_FULL_AFTER_TRAP,
        chunks: Vec::new(),
        traps: None,
    };
    let first = Job::new(script, budget, &whole, &[]);
    let mut reference = reference::observe(&first, options);
    let watch = reference::watch_for(&reference, options);
    let job = first.watching(&watch);
    reference.forget_unwatched(&watch);
    let mut trial = Trial {
        needs: first.needs(),
        reference,
        judged: Vec::with_capacity(configurations.len()),
        reference_time: nanos(began.elapsed()),
        engines_time: 0,
        judge_time: 0,
    };
    if !ends(&trial.reference) {
        // Who knows whether an engine would come back from it.
        let skipped = configurations.iter().map(|name| Judged {
            configuration: (*name).to_owned(),
            verdict: Verdict::Skipped("out of fuel".to_owned()),
            calls: 0,
            timing: Timing::default(),
            observation: None,
        });
        trial.judged.extend(skipped);
    }
    while let rest @ [_, ..] = &configurations[trial.judged.len()..] {
        let asked = Instant::now();
        let answers = runner.run(&job, rest)?;
        let answered = Instant::now();
        let died = matches!(answers.last(), Some(Answer::Died(_)));
        for (answer, configuration) in answers.into_iter().zip(rest) {
            let judged = judge(&job, &trial.reference, configuration, answer);
            trial.judged.push(judged);
        }
        trial.engines_time += nanos(answered - asked);
        trial.judge_time += nanos(answered.elapsed());
        if let (true, Some(last)) = (died, trial.judged.last()) {
            keep(&trial.reference, last)?;
        }
    }
    Ok(trial)
}

/// Whether the reference got to the end of every call, with the fuel it had.
fn ends(reference: &ReferenceRun) -> bool {
    let last = reference.observation.steps.last();
    !last.is_some_and(|step| matches!(step.outcome, Outcome::Interrupted))
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
            let verdict = if open::a_grow_may_have_failed(job, reference, &observation, steps) {
                Verdict::Limit("memory.grow may fail".to_owned())
            } else if open::is_of_a_nan(job, reference, &observation, &difference) {
                Verdict::Skipped("a NaN whose bits are open".to_owned())
            } else {
                Verdict::Diverges(refine(difference, reference))
            };
            (verdict, steps)
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
        Death::Crash(how) | Death::Killed(how) => {
            (Class::Crash, format!("its process died: {how}"))
        }
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
