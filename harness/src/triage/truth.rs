//! How well bugs are told apart, measured where the truth is known: by planted faults.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::Serialize;
use trapline_reference::{Rules, Specification};

use super::Filer;
use crate::campaign::{self, Filing, Progress, Shard};
use crate::corpus::{Cause, Corpus};
use crate::engine::{self, Budget, Configuration, Engine, Fault, Job, RESIDENT_BYTES, reference};
use crate::generate;
use crate::script::{Script, wast};
use crate::trial::try_script;
use crate::worker::{Answer, Runner};

/// An engine with faults: `engine::pair` of two, or one alone.
pub struct Planted {
    /// The faults.
    pub faults: Vec<Fault>,
}

/// What a campaign reported on an engine with planted faults.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// For each bug that was reported as new, which of the faults its witness
    /// shows when each is planted alone, by index; none if neither alone does.
    pub bugs: Vec<BTreeSet<usize>>,
    /// What each reported bug is called.
    pub titles: Vec<String>,
    /// What each comes of, as the register says it.
    pub causes: Vec<Cause>,
    /// For each fault, the cases that show it when it is alone.
    pub shows: Vec<BTreeSet<u64>>,
    /// Sightings that came down to no bug.
    pub unexplained: usize,
}

/// How what was told compares with the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// As many bugs as faults that show, one for each.
    Right,
    /// A fault was told as several bugs.
    Split,
    /// A fault that shows was not told: its sightings were taken for the other's.
    Merged,
    /// A fault that shows was not told, and there are sightings that came down
    /// to no bug.
    Missed,
    /// A fault was not told, and shows only in cases that show the other as well.
    Hidden,
    /// No case shows any of the faults.
    Silent,
}

impl Told {
    /// How it compares with the truth.
    pub fn outcome(&self) -> Outcome {
        let showing: Vec<usize> = (0..self.shows.len())
            .filter(|&fault| !self.shows[fault].is_empty())
            .collect();
        let is_told = |fault: &usize| self.bugs.iter().any(|shown| shown.contains(fault));
        // A case that shows no other fault.
        let by_itself = |fault: usize| {
            let others = || (0..self.shows.len()).filter(|&other| other != fault);
            let mut cases = self.shows[fault].iter();
            cases.any(|case| others().all(|other| !self.shows[other].contains(case)))
        };
        let missing: Vec<usize> = showing.iter().copied().filter(|f| !is_told(f)).collect();
        if showing.is_empty() && self.bugs.is_empty() {
            Outcome::Silent
        } else if self.bugs.len() > showing.len() {
            Outcome::Split
        } else if missing.iter().any(|&fault| by_itself(fault)) {
            match self.unexplained {
                0 => Outcome::Merged,
                _ => Outcome::Missed,
            }
        } else if !missing.is_empty() {
            Outcome::Hidden
        } else if self.bugs.len() < showing.len() {
            // One witness shows both.
            Outcome::Merged
        } else {
            Outcome::Right
        }
    }
}

/// The name of the only configuration.
const NAME: &str = "mutant/planted";

/// The limits of the runs.
const BUDGET: Budget = Budget {
    memory_bytes: 1 << 30,
    // A fault may make a loop endless; what is generated takes some hundreds.
    fuel: 100_000,
    resident_bytes: RESIDENT_BYTES,
};

impl Planted {
    /// One fault, or two that can be planted together.
    pub fn new(faults: &[&Fault]) -> Option<Planted> {
        let planted = Planted {
            faults: faults.iter().map(|&fault| fault.clone()).collect(),
        };
        planted.rules().map(|_| planted)
    }

    /// The rules of one run.
    fn rules(&self) -> Option<Arc<dyn Rules>> {
        match &self.faults[..] {
            [] => Some(Arc::new(Specification)),
            [one] => Some((one.rules)()),
            [one, other] => engine::pair(one, other),
            _ => None,
        }
    }

    fn runner(&self) -> Box<dyn Runner> {
        let faults = self.faults.clone();
        let planted = Planted { faults };
        let rules = move || planted.rules().unwrap_or_else(|| Arc::new(Specification));
        Box::new(One(reference::engine(rules)))
    }

    /// Runs a campaign of so many cases of `seed`, and says what it reported.
    ///
    /// # Errors
    /// In words, if a file cannot be written.
    pub fn told(&self, seed: u64, cases: u64) -> Result<Told, String> {
        let folder = tempfile::tempdir().map_err(|why| why.to_string())?;
        let unreduced = folder.path().join("unreduced");
        let corpus = folder.path().join("corpus");
        for folder in [&unreduced, &corpus] {
            std::fs::create_dir(folder).map_err(|why| why.to_string())?;
        }
        let options = campaign::Options {
            seed,
            cases: Some(cases),
            shard: Shard::WHOLE,
            time: None,
            jobs: 1,
            generate: generate::Options {
                budget: BUDGET,
                ..Default::default()
            },
            threads_every: None,
            budget: BUDGET,
            larger: None,
            configurations: vec![NAME.to_owned()],
            swarm: None,
            unreduced,
        };
        let mut corpus = Corpus::open(&corpus)?;
        let configurations = vec![configuration()];
        let never = AtomicBool::new(false);
        let mut filer = Filer::new(&mut corpus, self.runner(), configurations, "a bench")?;
        let mut filing = Filing {
            filer: &mut filer,
            patience: std::time::Duration::MAX,
            cancel: &never,
            reduce: true,
            tell: &mut |_| (),
        };
        let progress = Progress::default();
        let (_, found) = campaign::run(&options, &mut filing, &|| self.runner(), &progress)?;
        let mut told = Told {
            shows: self.faults.iter().map(|f| shows_in(f, &options)).collect(),
            ..Told::default()
        };
        for row in found {
            match (&row.bug, &row.file) {
                (Some(id), Some(file)) => {
                    told.bugs.push(self.shown_by(file)?);
                    told.titles.push(row.title);
                    let bug = corpus.register.get(id);
                    told.causes.extend(bug.map(|bug| bug.cause.clone()));
                }
                _ => told.unexplained += 1,
            }
        }
        Ok(told)
    }

    /// The faults that a witness shows when each is planted alone.
    fn shown_by(&self, file: &Path) -> Result<BTreeSet<usize>, String> {
        let script = wast::read(file).map_err(|why| why.to_string())?.script;
        let shown = self.faults.iter().enumerate();
        let shown = shown.filter(|(_, fault)| diverges(fault, &script));
        Ok(shown.map(|(index, _)| index).collect())
    }
}

fn configuration() -> Configuration {
    engine::placeholder(NAME)
}

/// Whether a script diverges where a fault is planted alone.
fn diverges(fault: &Fault, script: &Script) -> bool {
    let rules = fault.rules;
    let mut runner = One(reference::engine(rules));
    let trial = try_script(script, BUDGET, &mut runner, &[NAME]);
    trial.is_ok_and(|trial| trial.divergence(NAME).is_some())
}

/// The cases of a campaign that do.
fn shows_in(fault: &Fault, options: &campaign::Options) -> BTreeSet<u64> {
    let cases = 0..options.cases.unwrap_or(0);
    let shows = |case: &u64| {
        let script = generate::case(options.seed, *case, &options.generate);
        diverges(fault, &script)
    };
    cases.filter(shows).collect()
}

/// Runs one engine, whatever it is called.
struct One(Box<dyn Engine>);

impl Runner for One {
    fn run(&mut self, job: &Job<'_>, configurations: &[&str]) -> Result<Vec<Answer>, String> {
        let answers = configurations.iter();
        Ok(answers
            .map(|_| Answer::Observed(self.0.observe(job)))
            .collect())
    }
}
