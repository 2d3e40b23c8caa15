//! The power of the generator: how many cases it takes to find a planted fault.

pub mod threads;

use std::time::{Duration, Instant};

use crate::engine::{Configuration, Engine, Job, reference};
use crate::generate::{self, Options};
use crate::observation::StepObservation;

/// When a mutant was found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kill {
    /// After so many cases, from 1.
    pub cases: u64,
    /// After so much time, in which cases were made and run on the reference
    /// and on the mutant.
    pub time: Duration,
}

/// What became of one mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fate {
    /// The name of its configuration.
    pub mutant: String,
    /// What is wrong with it.
    pub about: String,
    /// One per seed: `None` where it survived.
    pub kills: Vec<Option<Kill>>,
}

impl Fate {
    /// The median over the seeds of the cases it took, the survivals as more
    /// than any: `None` if it mostly survives.
    pub fn median_cases(&self) -> Option<u64> {
        let mut cases: Vec<Option<u64>> = self.kills.iter().map(|k| k.map(|k| k.cases)).collect();
        cases.sort_by_key(|cases| cases.unwrap_or(u64::MAX));
        cases.get(cases.len() / 2).copied().flatten()
    }

    /// The median over the seeds of the time it took.
    pub fn median_time(&self) -> Option<Duration> {
        let mut times: Vec<Option<Duration>> =
            self.kills.iter().map(|k| k.map(|k| k.time)).collect();
        times.sort_by_key(|time| time.unwrap_or(Duration::MAX));
        times.get(times.len() / 2).copied().flatten()
    }

    /// Whether no seed left it alive.
    pub fn always_killed(&self) -> bool {
        !self.kills.is_empty() && self.kills.iter().all(Option::is_some)
    }
}

struct Victim {
    engine: Box<dyn Engine>,
    spent: Duration,
    kill: Option<Kill>,
}

/// Runs up to `most` cases of the campaign of each seed on every mutant,
/// until it does something else than the reference. `progress` is told the
/// seed, the cases run, and how many mutants are left, after every case.
///
/// # Errors
///
/// A configuration that cannot be built, in its own words.
pub fn measure(
    mutants: &[Configuration],
    seeds: &[u64],
    options: &Options,
    most: u64,
    mut progress: impl FnMut(u64, u64, usize),
) -> Result<Vec<Fate>, String> {
    let mut fates: Vec<Fate> = mutants
        .iter()
        .map(|mutant| Fate {
            mutant: mutant.name().to_owned(),
            about: mutant.about().to_owned(),
            kills: Vec::new(),
        })
        .collect();
    for &seed in seeds {
        let mut victims = Vec::new();
        for mutant in mutants {
            victims.push(Victim {
                engine: mutant.build()?,
                spent: Duration::ZERO,
                kill: None,
            });
        }
        for index in 0..most {
            let left = victims.iter().filter(|v| v.kill.is_none()).count();
            progress(seed, index, left);
            if left == 0 {
                break;
            }
            one_case(&mut victims, seed, index, options);
        }
        for (fate, victim) in std::iter::zip(&mut fates, victims) {
            fate.kills.push(victim.kill);
        }
    }
    Ok(fates)
}

fn one_case(victims: &mut [Victim], seed: u64, index: u64, options: &Options) {
    let began = Instant::now();
    let script = generate::case(seed, index, options);
    let blind = crate::observation::Watch::default();
    let plain = reference::Options {
        trace: false,
        ..reference::Options::default()
    };
    let run = reference::observe(&Job::new(&script, options.budget, &blind, &[]), &plain);
    let watch = reference::watch_for(&run, &plain);
    let job = Job::new(&script, options.budget, &watch, &[]);
    // The same view of large memories as the mutants have.
    let right = reference::engine(|| std::sync::Arc::new(trapline_reference::Specification))
        .observe(&job)
        .steps;
    let shared = began.elapsed();
    for victim in victims.iter_mut().filter(|v| v.kill.is_none()) {
        let began = Instant::now();
        let steps = victim.engine.observe(&job).steps;
        victim.spent += shared + began.elapsed();
        if differs(&right, &steps) {
            victim.kill = Some(Kill {
                cases: index + 1,
                time: victim.spent,
            });
        }
    }
}

/// Mutants are the reference but for their fault, so that any difference is theirs.
fn differs(right: &[StepObservation], steps: &[StepObservation]) -> bool {
    right != steps
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use super::*;
    use crate::engine::{self, Features};

    #[test]
    fn mutants_are_many_and_have_names_of_their_own() {
        let mutants = engine::mutants();
        let names: BTreeSet<_> = mutants.iter().map(|m| m.name()).collect();
        assert_eq!(names.len(), mutants.len());
        assert!(mutants.iter().all(|m| m.engine() == "mutant"));
        assert!(mutants.len() >= 60, "{}", mutants.len());
    }

    #[test]
    fn a_hundred_cases_kill_nearly_all_mutants() {
        let mutants = engine::mutants();
        let fates = measure(&mutants, &[1], &Options::default(), 100, |_, _, _| ()).unwrap();
        let alive: Vec<_> = fates
            .iter()
            .filter(|f| !f.always_killed())
            .map(|f| &f.mutant)
            .collect();
        assert!(alive.len() * 8 < mutants.len(), "alive: {alive:?}");
    }

    #[test]
    fn the_reference_itself_is_no_mutant() {
        let right = Configuration::linked("mutant/none", "", "", Features::NONE, || {
            Ok(reference::engine(|| {
                Arc::new(trapline_reference::Specification)
            }))
        });
        let fates = measure(&[right], &[1], &Options::default(), 200, |_, _, _| ()).unwrap();
        assert_eq!(fates[0].kills, [None]);
        assert_eq!(fates[0].median_cases(), None);
    }
}
