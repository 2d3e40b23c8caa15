//! Counting verdicts and time.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::engine::{Feature, Features};
use crate::judge::{Judged, Verdict};
use crate::observation::Timing;
use crate::trial::Trial;

/// The verdicts on one configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Its name.
    pub configuration: String,
    /// Cases it was asked to run.
    pub cases: u64,
    /// Calls judged.
    pub calls: u64,
    /// Accesses judged that stood at the edge of a memory or beyond it.
    #[serde(default)]
    pub edges: u64,
    /// Cases in which it conforms.
    pub conforming: u64,
    /// Cases that ended in an allowed resource failure.
    pub limited: u64,
    /// Cases that need a feature it declares to lack, by feature.
    pub unsupported: BTreeMap<String, u64>,
    /// Cases that were not compared to the end, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// Cases in which it diverges, by the class of the first divergence.
    pub diverging: BTreeMap<String, u64>,
    /// Cases judged to their end: it conforms, or it does where the known bugs
    /// that it meets are substituted.
    pub ended: u64,
    /// The verdicts by feature that the case needs, in each of them, or under
    /// [`Tally::PLAIN`].
    pub features: BTreeMap<String, Verdicts>,
}

/// Cases, by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdicts {
    /// Those in which a configuration conforms.
    pub conforming: u64,
    /// Those that ended in an allowed resource failure.
    pub limited: u64,
    /// Those that need a feature it declares to lack.
    pub unsupported: u64,
    /// Those that were not compared to the end.
    pub skipped: u64,
    /// Those in which it diverges.
    pub diverging: u64,
}

impl Verdicts {
    fn add(&mut self, verdict: &Verdict) {
        *match verdict {
            Verdict::Conforms => &mut self.conforming,
            Verdict::Limit(_) => &mut self.limited,
            Verdict::Unsupported(_) => &mut self.unsupported,
            Verdict::Skipped(_) => &mut self.skipped,
            Verdict::Diverges(_) => &mut self.diverging,
        } += 1;
    }
}

impl AddAssign for Verdicts {
    fn add_assign(&mut self, other: Verdicts) {
        let Verdicts {
            conforming,
            limited,
            unsupported,
            skipped,
            diverging,
        } = other;
        self.conforming += conforming;
        self.limited += limited;
        self.unsupported += unsupported;
        self.skipped += skipped;
        self.diverging += diverging;
    }
}

impl Tally {
    /// What cases are called that need nothing beyond core 2.0.
    pub const PLAIN: &str = "core";

    /// Nothing counted yet.
    pub fn new(configuration: &str) -> Tally {
        Tally {
            configuration: configuration.to_owned(),
            ..Tally::default()
        }
    }

    /// Counts one verdict, on a case that needs these features, and whether the
    /// case was judged to its end.
    pub fn add(&mut self, judged: &Judged, needs: Features, ended: bool) {
        self.ended += u64::from(ended);
        let names = needs.iter().map(Feature::name);
        let plain = (needs == Features::NONE).then_some(Tally::PLAIN);
        for name in names.chain(plain) {
            let verdicts = self.features.entry(name.to_owned()).or_default();
            verdicts.add(&judged.verdict);
        }
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

    /// Adds what another part of the campaign counted on the same configuration.
    pub fn merge(&mut self, other: Tally) {
        let Tally {
            configuration: _,
            cases,
            calls,
            edges,
            conforming,
            limited,
            unsupported,
            skipped,
            diverging,
            ended,
            features,
        } = other;
        self.ended += ended;
        self.cases += cases;
        self.calls += calls;
        self.edges += edges;
        self.conforming += conforming;
        self.limited += limited;
        add_counts(&mut self.unsupported, unsupported);
        add_counts(&mut self.skipped, skipped);
        add_counts(&mut self.diverging, diverging);
        for (name, verdicts) in features {
            *self.features.entry(name).or_default() += verdicts;
        }
    }
}

/// Adds counts by reason to others.
pub fn add_counts(counts: &mut BTreeMap<String, u64>, more: BTreeMap<String, u64>) {
    for (reason, count) in more {
        *counts.entry(reason).or_default() += count;
    }
}

/// Where the time of a campaign went, in nanoseconds, summed over its jobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Attributing divergences to known bugs and judging behind them, engines
    /// included.
    pub attribute: u64,
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

impl AddAssign for Phases {
    fn add_assign(&mut self, other: Phases) {
        let Phases {
            generate,
            reference,
            compile,
            instantiate,
            call,
            read_back,
            teardown,
            transport,
            judge,
            attribute,
        } = other;
        self.attribute += attribute;
        self.generate += generate;
        self.reference += reference;
        self.compile += compile;
        self.instantiate += instantiate;
        self.call += call;
        self.read_back += read_back;
        self.teardown += teardown;
        self.transport += transport;
        self.judge += judge;
    }
}
