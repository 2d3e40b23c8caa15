//! One script, tried: the reference's run of it, and each engine's verdict.

#[cfg(test)]
mod tests;
mod threads;

use std::time::Instant;

use crate::engine::reference::{self, NotSaid, ReferenceRun, Unsent};
use crate::engine::{Budget, Features, Job};
use crate::judge::{Difference, Judged, Never, Verdict, judge};
use crate::observation::Watch;
use crate::script::{Script, Step};
use crate::worker::{Answer, Runner};
pub use threads::{Joint, Sighting};

/// A script that was tried on the reference and on engines.
pub struct Trial {
    /// What the modules of the script need, together.
    pub needs: Features,
    /// What the specification says, to the steps that were sent to engines.
    pub reference: ReferenceRun,
    /// The first step that was not sent to any engine, and why: it would not
    /// end, as far as the reference can tell, or would wait for too long.
    pub unsent: Option<Unsent>,
    /// What each configuration did, in the order asked for.
    pub judged: Vec<Judged>,
    /// Which joint outcomes were seen, if the script has threads.
    pub joint: Option<Joint>,
    /// Nanoseconds in the reference.
    pub reference_time: u64,
    /// Nanoseconds waiting for the engines, transport included.
    pub engines_time: u64,
    /// Nanoseconds judging.
    pub judge_time: u64,
}

impl Trial {
    /// What became of the script on the configuration of this name, if it ran there.
    pub fn judged(&self, configuration: &str) -> Option<&Judged> {
        let mut judged = self.judged.iter();
        judged.find(|judged| judged.configuration == configuration)
    }

    /// How the configuration of this name diverged, if it did.
    pub fn divergence(&self, configuration: &str) -> Option<&Difference> {
        self.judged(configuration)?.divergence()
    }

    /// Why no execution of the threads of `script` gives what the configuration of this
    /// name gave, if it diverged and that can be told.
    pub fn never(&self, script: &Script, configuration: &str) -> Option<Never> {
        let judged = self.judged(configuration)?;
        judged.divergence()?;
        let allowed = self.reference.allowed.as_ref()?;
        Never::of(script, allowed, judged.observation.as_ref()?)
    }
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

/// As [`try_script`], but no call may execute more than so many instructions: the
/// script is judged up to the first that would. Of memories beyond
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
        fuel: Some(fuel),
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
    let needs = first.needs();
    if reference.unsent.is_none() && reference::has_threads(script) {
        match reference::allowed(&first, options) {
            Ok(allowed) => reference.allowed = Some(allowed),
            // Whether such threads end is not known either.
            Err(why) => reference.unsent = threads_unsent(script, &why),
        }
    }
    let unsent = reference.unsent.clone();
    let cut;
    let first = match &unsent {
        None => first,
        Some(unsent) => {
            // The steps before it are judged as a script of their own.
            cut = script.cut(sendable(script, unsent.step));
            let first = Job::new(&cut, budget, &whole, &[]);
            reference = reference::observe(&first, options);
            if reference::has_threads(&cut) {
                reference.allowed = reference::allowed(&first, options).ok();
            }
            first
        }
    };
    let watch = reference::watch_for(&reference, options);
    let job = first.watching(&watch);
    reference.forget_unwatched(&watch);
    let mut trial = Trial {
        needs,
        reference,
        unsent,
        judged: Vec::with_capacity(configurations.len()),
        joint: None,
        reference_time: nanos(began.elapsed()),
        engines_time: 0,
        judge_time: 0,
    };
    while let rest @ [_, ..] = &configurations[trial.judged.len()..] {
        let asked = Instant::now();
        let answers = runner.run(&job, rest)?;
        let answered = Instant::now();
        let died = matches!(answers.last(), Some(Answer::Died(_)));
        for (answer, configuration) in answers.into_iter().zip(rest) {
            let mut judged = judge(&job, &trial.reference, configuration, answer, runner)?;
            if let (Some(unsent), Verdict::Conforms) = (&trial.unsent, &judged.verdict) {
                judged.verdict = Verdict::Skipped(unsent.why.clone());
            }
            trial.judged.push(judged);
        }
        trial.engines_time += nanos(answered - asked);
        trial.judge_time += nanos(answered.elapsed());
        if let (true, Some(last)) = (died, trial.judged.last()) {
            keep(&trial.reference, last)?;
        }
    }
    let asked = Instant::now();
    trial.joint = threads::again(&job, &trial.reference, &mut trial.judged, runner)?;
    trial.engines_time += nanos(asked.elapsed());
    Ok(trial)
}

/// The first thread of a script, not to be sent for this reason.
fn threads_unsent(script: &Script, why: &NotSaid) -> Option<Unsent> {
    let mut steps = script.steps.iter();
    let step = steps.position(|step| matches!(step, Step::Thread { .. }))?;
    let why = why.words();
    Some(Unsent { step, why })
}

/// How many steps of a script can be sent to engines if `unsent` cannot: a
/// thread that it waits for must not have been started either.
fn sendable(script: &Script, unsent: usize) -> usize {
    let waited_for = |name: &str| {
        let mut waits = script.steps[..unsent].iter();
        waits.any(|step| matches!(step, Step::Wait { thread } if thread == name))
    };
    let mut steps = script.steps[..unsent].iter();
    let running = |step: &Step| matches!(step, Step::Thread { name, .. } if !waited_for(name));
    steps.position(running).unwrap_or(unsent)
}

fn nanos(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
