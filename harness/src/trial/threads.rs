//! Scripts with threads, run again and again: each time something else may happen.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::engine::Job;
use crate::engine::reference::{Allowed, ReferenceRun};
use crate::judge::{Judged, Verdict, judge, which_joint};
use crate::observation::{Observation, Repeat};
use crate::worker::{Answer, Runner};

/// How often a configuration runs a script with threads at most. It stops sooner once
/// outcomes that are new get rare.
const MOST_RUNS: u32 = 1024;

/// How often a script runs that is asked for once at a time.
const SINGLE_RUNS: usize = 24;

/// Which joint outcomes of a script with threads were seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Joint {
    /// How many are allowed.
    pub allowed: usize,
    /// For each configuration, how often it had each of those that it had.
    pub seen: BTreeMap<String, BTreeMap<usize, u32>>,
    /// For each configuration that had another, how often it had that.
    pub wrong: BTreeMap<String, Sighting>,
    /// How often each configuration has run the script.
    pub runs: BTreeMap<String, u32>,
}

/// How often an outcome was seen that is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// How often.
    pub times: u32,
    /// In so many runs.
    pub runs: u32,
    /// After how long first, compiling included.
    pub after: Duration,
}

impl Joint {
    /// Those that no configuration had.
    pub fn unseen(&self) -> usize {
        let seen: BTreeSet<usize> = self
            .seen
            .values()
            .flat_map(|had| had.keys().copied())
            .collect();
        self.allowed - seen.len()
    }
}

/// Runs a script with threads some more times on the configurations that have conformed
/// so far, and judges each time; what diverges once diverges.
///
/// # Errors
/// In words, where the runner cannot run.
pub(super) fn again(
    job: &Job<'_>,
    reference: &ReferenceRun,
    judged: &mut [Judged],
    runner: &mut dyn Runner,
) -> Result<Option<Joint>, String> {
    let Some(allowed) = &reference.allowed else {
        return Ok(None);
    };
    let mut joint = Joint {
        allowed: allowed.observations.len(),
        ..Joint::default()
    };
    for judged in judged {
        let mut rounds = Rounds {
            job,
            reference,
            allowed,
            judged,
            joint: &mut joint,
        };
        rounds.first();
        rounds.again(runner)?;
    }
    Ok(Some(joint))
}

/// The runs of a script on one configuration.
struct Rounds<'a> {
    job: &'a Job<'a>,
    reference: &'a ReferenceRun,
    allowed: &'a Allowed,
    judged: &'a mut Judged,
    joint: &'a mut Joint,
}

impl Rounds<'_> {
    /// Counts the run that was judged already.
    fn first(&mut self) {
        if let Some(observation) = self.judged.observation.clone() {
            self.count(&observation, 1);
        }
    }

    /// Counts an outcome that was seen so often.
    fn count(&mut self, observation: &Observation, times: u32) {
        let name = self.judged.configuration.clone();
        *self.joint.runs.entry(name.clone()).or_default() += times;
        if let Some(which) = which_joint(self.job.script, self.allowed, observation) {
            let had = self.joint.seen.entry(name).or_default();
            *had.entry(which).or_default() += times;
        }
    }

    /// Runs the script again and again, and judges each outcome, unless it has diverged.
    fn again(&mut self, runner: &mut dyn Runner) -> Result<(), String> {
        if self.judged.verdict != Verdict::Conforms {
            return Ok(());
        }
        let name = self.judged.configuration.clone();
        let asked = self.job.repeated(MOST_RUNS);
        let mut answers = runner.run(&asked, &[&name])?;
        let repeats = match answers.last_mut() {
            Some(Answer::Observed(observation)) => std::mem::take(&mut observation.repeats),
            _ => Vec::new(),
        };
        if repeats.is_empty() {
            // All at once: to ask takes longer than to run.
            if let Some(Answer::Observed(_)) = answers.last() {
                answers.extend(runner.run(self.job, &vec![name.as_str(); SINGLE_RUNS])?);
            }
            for answer in answers {
                self.judge(answer, 1, runner)?;
            }
            return Ok(());
        }
        let runs = repeats.iter().map(|repeat| repeat.times).sum();
        for Repeat {
            steps,
            times,
            after,
        } in repeats
        {
            let observation = Observation {
                steps,
                ..Observation::default()
            };
            self.judge(Answer::Observed(observation), times, runner)?;
            if let Verdict::Diverges(_) = self.judged.verdict {
                let after = Duration::from_nanos(after);
                let sighting = Sighting { times, runs, after };
                self.joint.wrong.insert(name, sighting);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Judges an outcome that was seen so often, unless the configuration has
    /// diverged.
    fn judge(&mut self, answer: Answer, times: u32, runner: &mut dyn Runner) -> Result<(), String> {
        if self.judged.verdict != Verdict::Conforms {
            return Ok(());
        }
        let name = self.judged.configuration.clone();
        *self.judged = judge(self.job, self.reference, &name, answer, runner)?;
        if let Some(observation) = self.judged.observation.clone() {
            self.count(&observation, times);
        }
        Ok(())
    }
}
