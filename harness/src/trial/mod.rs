//! One script, tried: the reference's run of it, and each engine's verdict.

#[cfg(test)]
mod tests;

use std::time::Instant;

use crate::engine::reference::{self, ReferenceRun};
use crate::engine::{Budget, Features, Job};
use crate::judge::{Difference, Judged, Verdict, judge};
use crate::observation::{Outcome, Timing, Watch};
use crate::script::Script;
use crate::worker::{Answer, Runner};

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
            steps: 0,
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

fn nanos(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
