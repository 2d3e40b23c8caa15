//! Scripts with threads, run again and again: each time something else may happen.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::engine::Job;
use crate::engine::reference::{Allowed, ReferenceRun};
use crate::judge::{Judged, Verdict, judge, which_joint};
use crate::observation::{Observation, Repeat};
use crate::worker::{Answer, Runner};

/// How often a configuration runs a script with threads in each round. The first is short:
/// what any run shows is found by many programs, not by many runs. There is another as long
/// as the last had an outcome that was new, and some are left.
const ROUNDS: [u32; 4] = [64, 256, 256, 256];

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
        for runs in ROUNDS {
            if !rounds.another(runs, runner)? {
                break;
            }
        }
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

    /// Counts an outcome that was seen so often: whether it is one that was not seen before.
    fn count(&mut self, observation: &Observation, times: u32) -> bool {
        let name = self.judged.configuration.clone();
        *self.joint.runs.entry(name.clone()).or_default() += times;
        let Some(which) = which_joint(self.job.script, self.allowed, observation) else {
            return false;
        };
        let had = self.joint.seen.entry(name).or_default();
        let had = had.entry(which).or_default();
        *had += times;
        *had == times
    }

    /// Runs the script so often, and judges each outcome, unless it has diverged: whether
    /// it is worth another round.
    fn another(&mut self, runs: u32, runner: &mut dyn Runner) -> Result<bool, String> {
        if self.judged.verdict != Verdict::Conforms {
            return Ok(false);
        }
        let name = self.judged.configuration.clone();
        let asked = self.job.repeated(runs);
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
            return Ok(false);
        }
        let runs = repeats.iter().map(|repeat| repeat.times).sum();
        let mut is_new = false;
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
            is_new |= self.judge(Answer::Observed(observation), times, runner)?;
            if let Verdict::Diverges(_) = self.judged.verdict {
                let after = Duration::from_nanos(after);
                let sighting = Sighting { times, runs, after };
                self.joint.wrong.insert(name, sighting);
                return Ok(false);
            }
        }
        let had = self.joint.seen.get(&name).map_or(0, BTreeMap::len);
        Ok(is_new && had < self.joint.allowed)
    }

    /// Judges an outcome that was seen so often, unless the configuration has
    /// diverged: whether it is a new one that is allowed.
    fn judge(
        &mut self,
        answer: Answer,
        times: u32,
        runner: &mut dyn Runner,
    ) -> Result<bool, String> {
        if self.judged.verdict != Verdict::Conforms {
            return Ok(false);
        }
        let name = self.judged.configuration.clone();
        *self.judged = judge(self.job, self.reference, &name, answer, runner)?;
        let Some(observation) = self.judged.observation.clone() else {
            return Ok(false);
        };
        Ok(self.count(&observation, times))
    }
}
