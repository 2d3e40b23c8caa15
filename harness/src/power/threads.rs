//! How well threads are tested: which planted faults are found, whether what is right is
//! taken for wrong, and how much is seen of what is allowed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::engine::{Budget, Configuration, reference};
use crate::generate::{self, Focus, Options};
use crate::judge::Verdict;
use crate::trial::{Trial, try_script};
use crate::worker::InProcess;

/// When a planted fault was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// With this program, from 1.
    pub programs: u64,
    /// After so much time, in which programs were generated, explored and run.
    pub time: Duration,
}

/// What programs did on one engine.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// How many were tried.
    pub programs: u64,
    /// How long all of it took.
    pub time: Duration,
    /// How often they ran.
    pub runs: u64,
    /// How long the engine took for that, compiling included.
    pub running: Duration,
    /// Those that diverged, with what they did.
    pub diverging: Vec<(u64, String)>,
    /// Those of which nothing is said, by reason.
    pub unsaid: BTreeMap<String, u64>,
    /// How long it took to say what is allowed of each program.
    pub oracle: Vec<Duration>,
    /// Of each program that cannot grow a memory, and that has several outcomes, the share of
    /// these that was seen. All of them are sequentially consistent.
    pub seen: Vec<f64>,
    /// The same of those that can grow one: there some outcomes are not.
    pub seen_growing: Vec<f64>,
}

/// The limits under which programs run.
const BUDGET: Budget = Budget::of(1 << 20);

/// Tries one program after the other, of the campaign of `seed`.
struct Programs {
    options: Options,
    seed: u64,
    runner: InProcess,
    name: String,
}

impl Programs {
    fn on(configuration: &Configuration, seed: u64) -> Programs {
        let options = Options {
            focus: vec![Focus::Threads],
            budget: BUDGET,
            features: configuration.features,
        };
        Programs {
            options,
            seed,
            runner: InProcess::new(vec![configuration.clone()]),
            name: configuration.name().to_owned(),
        }
    }

    /// Tries the program of this number: gives whether it can grow a memory, too.
    fn try_one(&mut self, index: u64) -> Result<(Trial, bool), String> {
        let script = generate::case(self.seed, index, &self.options);
        let trial = try_script(&script, BUDGET, &mut self.runner, &[&self.name])?;
        Ok((trial, reference::may_grow(&script.steps)))
    }
}

/// The first program that finds a planted fault within `time`, with how many were tried
/// if none does.
///
/// # Errors
/// In words, where the engine cannot be built.
pub fn find(fault: &Configuration, seed: u64, time: Duration) -> Result<Result<Hit, u64>, String> {
    let mut programs = Programs::on(fault, seed);
    let began = Instant::now();
    let mut index = 0;
    while began.elapsed() < time {
        let (trial, _) = programs.try_one(index)?;
        index += 1;
        if trial.divergence(fault.name()).is_some() {
            let time = began.elapsed();
            return Ok(Ok(Hit {
                programs: index,
                time,
            }));
        }
    }
    Ok(Err(index))
}

/// Tries programs for so long.
///
/// # Errors
/// In words, where the engine cannot be built.
pub fn measure(
    configuration: &Configuration,
    seed: u64,
    time: Duration,
) -> Result<Measured, String> {
    let mut programs = Programs::on(configuration, seed);
    let mut measured = Measured::default();
    let began = Instant::now();
    while began.elapsed() < time {
        let (trial, may_grow) = programs.try_one(measured.programs)?;
        measured.count(configuration.name(), &trial, may_grow);
    }
    measured.time = began.elapsed();
    Ok(measured)
}

impl Measured {
    fn count(&mut self, name: &str, trial: &Trial, may_grow: bool) {
        let index = self.programs;
        self.programs += 1;
        self.oracle.push(Duration::from_nanos(trial.reference_time));
        if let Some(difference) = trial.divergence(name) {
            let (expected, got) = (&difference.expected, &difference.got);
            let class = difference.class;
            let told = format!(
                "{class:?} at step {}: {got}, not {expected}",
                difference.step
            );
            self.diverging.push((index, told));
        }
        if let Some(unsent) = &trial.unsent {
            *self.unsaid.entry(unsent.why.clone()).or_default() += 1;
            return;
        }
        let conforms = |trial: &Trial| {
            trial
                .judged(name)
                .is_some_and(|j| j.verdict == Verdict::Conforms)
        };
        let Some(joint) = trial.joint.as_ref().filter(|_| conforms(trial)) else {
            return;
        };
        self.runs += joint
            .runs
            .values()
            .map(|&runs| u64::from(runs))
            .sum::<u64>();
        self.running += Duration::from_nanos(trial.engines_time);
        if joint.allowed > 1 {
            let seen = (joint.allowed - joint.unseen()) as f64 / joint.allowed as f64;
            match may_grow {
                true => self.seen_growing.push(seen),
                false => self.seen.push(seen),
            }
        }
    }

    /// How often a program ran in a second that the engine had, compiling included.
    pub fn runs_per_second(&self) -> f64 {
        self.runs as f64 / self.running.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// The limits between which a share lies with 95 % confidence that was `hits` of `all` in a
/// sample (Wilson's interval).
///
/// ```
/// use trapline_harness::power::threads::interval;
/// let (low, high) = interval(9, 10);
/// assert!(low > 0.59 && low < 0.6 && high > 0.98 && high < 0.99);
/// assert_eq!(interval(0, 0), (0.0, 1.0));
/// ```
pub fn interval(hits: usize, all: usize) -> (f64, f64) {
    if all == 0 {
        return (0.0, 1.0);
    }
    const Z: f64 = 1.959_964;
    let (n, share) = (all as f64, hits as f64 / all as f64);
    let middle = share + Z * Z / (2.0 * n);
    let spread = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let whole = 1.0 + Z * Z / n;
    ((middle - spread) / whole, (middle + spread) / whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::planted;

    fn configuration(name: &str) -> Configuration {
        let mut planted = planted().into_iter();
        let found = planted.find(|configuration| configuration.name() == name);
        found.expect("it is planted")
    }

    #[test]
    fn what_is_right_runs_many_times_and_is_not_taken_for_wrong() {
        let mut programs = Programs::on(&configuration("parallel/right"), 11);
        let mut measured = Measured::default();
        for index in 0..40 {
            let (trial, may_grow) = programs.try_one(index).expect("it runs");
            measured.count("parallel/right", &trial, may_grow);
        }
        assert_eq!(measured.diverging, []);
        assert_eq!(measured.oracle.len(), 40);
        // How often is a matter of time.
        assert!(measured.runs > 60, "{measured:?}");
        assert!(!measured.seen.is_empty() && !measured.seen_growing.is_empty());
        let shares = measured.seen.iter().chain(&measured.seen_growing);
        assert!(shares.into_iter().all(|share| (0.0..=1.0).contains(share)));
    }

    #[test]
    fn a_fault_that_any_access_shows_is_found() {
        let patience = Duration::from_secs(600);
        let hit = find(&configuration("parallel/rmw-new"), 3, patience).expect("it runs");
        assert!(hit.expect("it is found").programs < 1_000);
    }
}
