//! Counting what programs of several threads came to.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::trial::Trial;

/// What programs of several threads came to, on all configurations together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Threads {
    /// How many programs there were.
    pub programs: u64,
    /// Those that the reference has no set of outcomes for.
    pub dropped: u64,
    /// How often configurations ran them.
    pub runs: u64,
    /// How many outcomes are allowed, counted for each configuration that ran a program.
    pub allowed: u64,
    /// How many of these were seen.
    pub seen: u64,
    /// Programs that diverged on at least one configuration.
    pub diverging: u64,
}

impl Threads {
    /// Counts a program.
    pub(super) fn add(&mut self, trial: &Trial) {
        self.programs += 1;
        self.dropped += u64::from(trial.unsent.is_some());
        self.diverging += u64::from(trial.judged.iter().any(|j| j.divergence().is_some()));
        let Some(joint) = &trial.joint else {
            return;
        };
        self.runs += joint
            .runs
            .values()
            .map(|&runs| u64::from(runs))
            .sum::<u64>();
        // One that diverges is not run to the end: what it has not shown says nothing.
        let whole = joint
            .seen
            .iter()
            .filter(|(name, _)| !joint.wrong.contains_key(*name));
        for (_, had) in whole {
            self.allowed += joint.allowed as u64;
            self.seen += had.len() as u64;
        }
    }
}

impl AddAssign for Threads {
    fn add_assign(&mut self, other: Threads) {
        let Threads {
            programs,
            dropped,
            runs,
            allowed,
            seen,
            diverging,
        } = other;
        self.programs += programs;
        self.dropped += dropped;
        self.runs += runs;
        self.allowed += allowed;
        self.seen += seen;
        self.diverging += diverging;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::engine::{Budget, planted};
    use crate::generate::{self, Focus, Options};
    use crate::trial::try_script;
    use crate::worker::InProcess;

    #[test]
    fn programs_are_counted_with_what_was_seen_of_what_is_allowed() {
        let mut all = planted().into_iter();
        let right = all
            .find(|c| c.name() == "parallel/right")
            .expect("it is planted");
        let options = Options {
            focus: vec![Focus::Threads],
            budget: Budget::of(1 << 20),
            ..Options::default()
        };
        let mut runner = InProcess::new(vec![right]);
        let mut threads = Threads::default();
        let mut sets: BTreeMap<usize, u64> = BTreeMap::new();
        for index in 0..12 {
            let script = generate::case(2, index, &options);
            let trial = try_script(&script, options.budget, &mut runner, &["parallel/right"]);
            let trial = trial.expect("it runs");
            threads.add(&trial);
            if let Some(joint) = &trial.joint {
                *sets.entry(joint.allowed).or_default() += 1;
            }
        }
        assert_eq!((threads.programs, threads.diverging), (12, 0));
        let allowed: u64 = sets.iter().map(|(&size, times)| size as u64 * times).sum();
        assert_eq!(threads.allowed, allowed);
        assert!(
            threads.seen > 0 && threads.seen <= threads.allowed,
            "{threads:?}"
        );
        assert!(threads.runs >= threads.seen, "{threads:?}");
        let mut twice = threads;
        twice += threads;
        assert_eq!((twice.programs, twice.runs), (24, 2 * threads.runs));
    }
}
