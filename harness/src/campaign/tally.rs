//! Counting verdicts and time.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::observation::Timing;
use crate::trial::{Judged, Trial, Verdict};

/// The verdicts on one configuration.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Tally {
    /// Its name.
    pub configuration: String,
    /// Cases it was asked to run.
    pub cases: u64,
    /// Calls judged.
    pub calls: u64,
    /// Cases in which it conforms.
    pub conforming: u64,
    /// Cases that ended in an allowed resource failure.
    pub limited: u64,
    /// Cases that need a feature it declares to lack, by feature.
    pub unsupported: BTreeMap<String, u64>,
    /// Cases that were not compared to the end, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// Cases in which it diverges, by class.
    pub diverging: BTreeMap<String, u64>,
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(configuration: &str) -> Tally {
        Tally {
            configuration: configuration.to_owned(),
            ..Tally::default()
        }
    }

    /// Counts one verdict.
    pub fn add(&mut self, judged: &Judged) {
        self.cases += 1;
        self.calls += judged.calls;
        let counter = match &judged.verdict {
            Verdict::Conforms => &mut self.conforming,
            Verdict::Limit(_) => &mut self.limited,
            Verdict::Unsupported(feature) => self.unsupported.entry(feature.clone()).or_default(),
            Verdict::Skipped(why) => self.skipped.entry(why.clone()).or_default(),
            Verdict::Diverges(difference) => self
                .diverging
                .entry(difference.class.to_string())
                .or_default(),
        };
        *counter += 1;
    }
}

/// Where the time of a campaign went, in nanoseconds, summed over its jobs.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Phases {
    /// Generating scripts.
    pub generate: u64,
    /// Running them on the reference.
    pub reference: u64,
    /// In the engines: compiling.
    pub compile: u64,
    /// In the engines: instantiating.
    pub instantiate: u64,
    /// In the engines: calls.
    pub call: u64,
    /// Reading memories back and digesting them.
    pub read_back: u64,
    /// In the engines: making and dropping stores.
    pub teardown: u64,
    /// Getting scripts to the engines and observations back.
    pub transport: u64,
    /// Judging.
    pub judge: u64,
}

impl Phases {
    /// Adds one case.
    pub fn add(&mut self, trial: &Trial) {
        let mut engines = Timing::default();
        for judged in &trial.judged {
            engines += judged.timing;
        }
        let Timing {
            compile,
            instantiate,
            call,
            read_back,
            teardown,
        } = engines;
        self.reference += trial.reference_time;
        self.compile += compile;
        self.instantiate += instantiate;
        self.call += call;
        self.read_back += read_back;
        self.teardown += teardown;
        let inside = compile + instantiate + call + read_back + teardown;
        self.transport += trial.engines_time.saturating_sub(inside);
        self.judge += trial.judge_time;
    }

    /// Time in the engines themselves.
    pub fn engines(&self) -> u64 {
        self.compile + self.instantiate + self.call + self.teardown
    }

    /// Time in everything else.
    pub fn harness(&self) -> u64 {
        self.generate + self.reference + self.read_back + self.transport + self.judge
    }
}
