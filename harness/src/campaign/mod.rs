//! A campaign: cases from a seed, tried on every engine, until time or number is up.
//!
//! Case `i` of seed `s` is the same script whoever runs it, so that jobs and
//! [shards](Shard) only divide the numbers between them, and the same `--seed` and `--cases` find
//! the same bugs. It goes in rounds: what diverges in a round and belongs to
//! no known bug is on disk before anything else happens, and is reduced and
//! given a cause between rounds, so that the next round knows it and sees what
//! is behind it.

mod found;
mod job;
mod rounds;
mod shard;
mod sighting;
mod tally;
mod threads;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

pub use found::{Found, Met};
pub use rounds::{Filing, run};
pub use shard::Shard;
pub use sighting::Sighting;
pub use tally::{Phases, Tally, Verdicts, add_counts};
pub use threads::Threads;

use crate::coverage::Coverage;
use crate::engine::Budget;
use crate::generate::{self, Focus};

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
    /// One of so many cases is a program of several threads, whatever the others lean to.
    pub threads_every: Option<u64>,
    /// The limits of every run.
    pub budget: Budget,
    /// The limits of another run of some cases, on those configurations that could not
    /// grow a memory for lack of resources: one that may make more of it resident.
    pub larger: Option<Budget>,
    /// The names of the configurations.
    pub configurations: Vec<String>,
    /// On how many of them each case is run, drawn anew for each: so many
    /// configurations are covered at the cost of a few. All if `None`.
    pub swarm: Option<usize>,
    /// Where a script that diverges is put before it is reduced.
    pub unreduced: PathBuf,
}

impl Options {
    /// How the case of this number is generated.
    fn generating(&self, case: u64) -> Cow<'_, generate::Options> {
        // The last of them, since every 32nd case may be run with larger limits, from 0 on.
        let has_threads = |every: u64| case % every == every - 1;
        match self
            .threads_every
            .filter(|&every| has_threads(every.max(1)))
        {
            Some(_) => Cow::Owned(generate::Options {
                focus: vec![Focus::Threads],
                ..self.generate.clone()
            }),
            None => Cow::Borrowed(&self.generate),
        }
    }
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
    /// Runs of one configuration with [`Options::larger`] limits.
    pub larger: u64,
    /// Per configuration, in the order asked for.
    pub tallies: Vec<Tally>,
    /// Where the time went.
    pub phases: Phases,
    /// The known bugs that were met, by id.
    pub met: BTreeMap<String, Met>,
    /// What diverged and was explained by no bug known in that round, by what
    /// it looks like, with the case of the lowest number. What has been filed
    /// meanwhile is not there any more.
    pub sightings: BTreeMap<(crate::judge::Class, String), Sighting>,
    /// Cases that the reference could not run to the end, by reason.
    pub reference_skips: BTreeMap<String, u64>,
    /// Which cells of the space the cases have visited.
    pub coverage: Coverage,
    /// What programs of several threads came to.
    pub threads: Threads,
}

impl Outcomes {
    fn new(options: &Options) -> Outcomes {
        let configurations = options.configurations.iter();
        Outcomes {
            cases: 0,
            elapsed: Duration::ZERO,
            larger: 0,
            tallies: configurations.map(|name| Tally::new(name)).collect(),
            phases: Phases::default(),
            met: BTreeMap::new(),
            sightings: BTreeMap::new(),
            reference_skips: BTreeMap::new(),
            coverage: Coverage::new(options.generate.features),
            threads: Threads::default(),
        }
    }
}
