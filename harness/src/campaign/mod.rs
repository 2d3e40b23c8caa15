//! A campaign: cases from a seed, tried on every engine, until time or number is up.
//!
//! Case `i` of seed `s` is the same script whoever runs it, so that jobs and
//! [shards](Shard) only divide the numbers between them, and the same `--seed` and `--cases` find
//! the same divergences. What diverges is on disk before anything else
//! happens; reducing comes when the cases are done.

mod beyond;
mod filing;
mod shard;
mod sighting;
mod tally;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub use beyond::see_again;
pub use filing::{Filing, Found};
pub use shard::Shard;
pub use sighting::Sighting;
pub use tally::{Phases, Tally, Verdicts, add_counts};

use crate::coverage::{Coverage, Shapes};
use crate::engine::Budget;
use crate::generate;
use crate::observation::Outcome;
use crate::trial::Verdict;
use crate::worker::Runner;

/// What to run.
pub struct Options {
    /// The cases are those of this seed.
    pub seed: u64,
    /// How many cases, those of the other shards included; no limit if `None`.
    pub cases: Option<u64>,
    /// Which of the cases.
    pub shard: Shard,
    /// How long; no limit if `None`.
    pub time: Option<Duration>,
    /// How many cases at the same time, each with its own runner.
    pub jobs: usize,
    /// How the scripts are generated.
    pub generate: generate::Options,
    /// The limits of every run.
    pub budget: Budget,
    /// The names of the configurations.
    pub configurations: Vec<String>,
    /// On how many of them each case is run, drawn anew for each: so many
    /// configurations are covered at the cost of a few. All if `None`.
    pub swarm: Option<usize>,
    /// Where a script that diverges is put before it is reduced.
    pub unreduced: PathBuf,
}

/// What a running campaign shows to the outside, at any moment.
#[derive(Default)]
pub struct Progress {
    /// Cases done.
    pub cases: AtomicU64,
    /// Judged calls.
    pub calls: AtomicU64,
    /// Verdicts: conforming.
    pub conforming: AtomicU64,
    /// Verdicts: limited, unsupported or skipped.
    pub other: AtomicU64,
    /// Verdicts: diverging.
    pub diverging: AtomicU64,
    /// Set to end the campaign after the cases under way.
    pub cancel: AtomicBool,
}

/// What a campaign gave.
pub struct Outcomes {
    /// Cases run.
    pub cases: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// Per configuration, in the order asked for.
    pub tallies: Vec<Tally>,
    /// Where the time went.
    pub phases: Phases,
    /// Every way in which an engine diverged, by signature as it was seen
    /// (before reducing), with the case of the lowest number.
    pub sightings: BTreeMap<(crate::judge::Class, String), Sighting>,
    /// Cases that the reference could not run to the end, by reason.
    pub reference_skips: BTreeMap<String, u64>,
    /// Which cells of the space the cases have visited.
    pub coverage: Coverage,
}

/// Runs a campaign; `runner` makes one runner for each job.
///
/// # Errors
/// In words, if a runner fails or if a sighting cannot be written to disk.
pub fn run(
    options: &Options,
    runner: &(dyn Fn() -> Box<dyn Runner> + Sync),
    progress: &Progress,
) -> Result<Outcomes, String> {
    let began = Instant::now();
    let next = AtomicU64::new(0);
    let outcomes = Mutex::new(Outcomes {
        cases: 0,
        elapsed: Duration::ZERO,
        tallies: options
            .configurations
            .iter()
            .map(|name| Tally::new(name))
            .collect(),
        phases: Phases::default(),
        sightings: BTreeMap::new(),
        reference_skips: BTreeMap::new(),
        coverage: Coverage::new(options.generate.features),
    });
    let failure: Mutex<Option<String>> = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..options.jobs.max(1) {
            scope.spawn(|| {
                let mut job = JobRun {
                    options,
                    runner: runner(),
                    outcomes: &outcomes,
                    progress,
                };
                loop {
                    let over = options.time.is_some_and(|time| began.elapsed() >= time);
                    if over || progress.cancel.load(Ordering::Relaxed) {
                        break;
                    }
                    let case = options.shard.nth(next.fetch_add(1, Ordering::Relaxed));
                    if options.cases.is_some_and(|cases| case >= cases) {
                        break;
                    }
                    if let Err(why) = job.case(case) {
                        progress.cancel.store(true, Ordering::Relaxed);
                        if let Ok(mut failure) = failure.lock() {
                            failure.get_or_insert(format!("case {case}: {why}"));
                        }
                        break;
                    }
                }
            });
        }
    });
    if let Some(why) = failure
        .into_inner()
        .unwrap_or_else(|broken| broken.into_inner())
    {
        return Err(why);
    }
    let mut outcomes = outcomes
        .into_inner()
        .unwrap_or_else(|broken| broken.into_inner());
    outcomes.elapsed = began.elapsed();
    Ok(outcomes)
}

/// One thread of a campaign.
struct JobRun<'a> {
    options: &'a Options,
    runner: Box<dyn Runner>,
    outcomes: &'a Mutex<Outcomes>,
    progress: &'a Progress,
}

impl JobRun<'_> {
    fn case(&mut self, case: u64) -> Result<(), String> {
        let began = Instant::now();
        let script = generate::case(self.options.seed, case, &self.options.generate);
        let generated = began.elapsed();
        let drawn = drawn(self.options, case);
        let names: Vec<&str> = drawn
            .iter()
            .map(|&index| self.options.configurations[index].as_str())
            .collect();
        let runner = &mut *self.runner;
        let trial = beyond::try_case(self.options, runner, case, &script, &names)?;
        let (sightings, beyond) = beyond::sightings(self.options, runner, case, &script, &trial)?;

        for judged in &trial.judged {
            let counter = match judged.verdict {
                Verdict::Conforms => &self.progress.conforming,
                Verdict::Diverges(_) => &self.progress.diverging,
                _ => &self.progress.other,
            };
            counter.fetch_add(1, Ordering::Relaxed);
            self.progress
                .calls
                .fetch_add(judged.calls, Ordering::Relaxed);
        }
        self.progress.cases.fetch_add(1, Ordering::Relaxed);

        let shapes = Shapes::of(&script);
        let mut outcomes = self.outcomes.lock().map_err(|_| "a job panicked")?;
        outcomes.cases += 1;
        outcomes.phases.generate += u64::try_from(generated.as_nanos()).unwrap_or(u64::MAX);
        outcomes.phases.add(&trial);
        outcomes.phases += beyond;
        outcomes.coverage.add(&shapes, &trial.reference.trace);
        for (index, judged) in drawn.into_iter().zip(&trial.judged) {
            outcomes.tallies[index].add(judged, trial.needs);
        }
        if let Some(why) = reference_skip(&trial.reference.observation.steps) {
            *outcomes.reference_skips.entry(why).or_default() += 1;
        }
        for sighting in sightings {
            match outcomes.sightings.get_mut(&sighting.key()) {
                Some(seen) => seen.merge(sighting, &self.options.unreduced)?,
                None => {
                    sighting.save(&self.options.unreduced)?;
                    outcomes.sightings.insert(sighting.key(), sighting);
                }
            }
        }
        Ok(())
    }
}

/// The indices of the configurations that a case is run on, in their order.
fn drawn(options: &Options, case: u64) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..options.configurations.len()).collect();
    let count = options.swarm.unwrap_or(indices.len()).min(indices.len());
    let mut random = fastrand::Rng::with_seed(options.seed ^ case.rotate_left(32));
    for place in 0..count {
        let other = random.usize(place..indices.len());
        indices.swap(place, other);
    }
    indices.truncate(count);
    indices.sort_unstable();
    indices
}

/// Why the reference did not run the whole script, if it did not.
fn reference_skip(steps: &[crate::observation::StepObservation]) -> Option<String> {
    steps.iter().find_map(|step| match &step.outcome {
        Outcome::Unsupported(what) => Some(format!("reference: {what}")),
        Outcome::Interrupted => Some("out of fuel".to_owned()),
        Outcome::Exhausted => Some("call stack exhausted".to_owned()),
        Outcome::Panic(message) => Some(format!("the reference panicked: {message}")),
        _ => None,
    })
}
