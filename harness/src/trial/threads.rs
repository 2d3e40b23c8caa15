//! Scripts with threads, run again and again: each time something else may happen.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::Job;
use crate::engine::reference::ReferenceRun;
use crate::judge::{Judged, Verdict, judge, which_joint};
use crate::worker::Runner;

/// How often a configuration runs a script with threads, unless it diverges before.
const RUNS: usize = 24;

/// Which joint outcomes of a script with threads were seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Joint {
    /// How many are allowed.
    pub allowed: usize,
    /// For each configuration, how often it had each of those that it had.
    pub seen: BTreeMap<String, BTreeMap<usize, u32>>,
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
        let name = judged.configuration.clone();
        let mut count = |judged: &Judged| {
            let observation = judged.observation.as_ref();
            let which = observation.and_then(|got| which_joint(job.script, allowed, got));
            if let Some(which) = which {
                let had = joint.seen.entry(name.clone()).or_default();
                *had.entry(which).or_default() += 1;
            }
        };
        count(judged);
        if judged.verdict != Verdict::Conforms {
            continue;
        }
        // All at once: to ask takes longer than to run.
        let names = vec![name.as_str(); RUNS];
        for answer in runner.run(job, &names)? {
            *judged = judge(job, reference, &name, answer, runner)?;
            count(judged);
            if judged.verdict != Verdict::Conforms {
                break;
            }
        }
    }
    Ok(Some(joint))
}
