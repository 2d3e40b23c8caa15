//! What a nightly run found: everything there is to say, in a form that can be
//! merged (`nightly.json`).

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, anyhow};
use serde::{Deserialize, Serialize};
use trapline_harness::campaign::{self, Found, Phases, Shard, Tally, Threads};
use trapline_harness::claims::fragmentation::Measured;
use trapline_harness::corpus::Register;
use trapline_harness::coverage::{Coverage, Visited};
use trapline_harness::engine::{Budget, Configuration, Feature, Features};
use trapline_harness::generate;
use trapline_harness::judge::Severity;
use trapline_harness::report::Side;

use super::claims::Claimed;
use super::history::Past;
use crate::End;
use crate::verb::{replay, spec};

/// The form of the report; a report of another form is not read.
const FORMAT: u32 = 2;

/// A report on all shards of a run, or on some of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    format: u32,
    /// What was asked for: the same in every shard of a run.
    pub(crate) asked: Asked,
    /// Whether it was put together, so that all shards should be there.
    pub(crate) merged: bool,
    /// The shards it is about, by index.
    pub(crate) parts: Vec<Part>,
    /// The verdicts of the campaign, by configuration.
    pub(crate) tallies: Vec<Tally>,
    pub(crate) phases: Phases,
    pub(crate) reference_skips: BTreeMap<String, u64>,
    pub(crate) visited: Visited,
    /// What programs of several threads came to.
    #[serde(default)]
    pub(crate) threads: Threads,
    /// What the campaign found, with the scripts of what is new: what merging
    /// begins with.
    pub(crate) found: Vec<Found>,
    /// The same, the new and the severe first, with what everybody makes of it.
    pub(crate) findings: Vec<Finding>,
    pub(crate) replay: Vec<Replayed>,
    pub(crate) spec: Vec<spec::Row>,
    /// The claims that were asked, by number; none unless they were to be.
    #[serde(default)]
    pub(crate) claims: Vec<Claimed>,
    /// What allocators took for what was live.
    #[serde(default)]
    pub(crate) memories: Vec<Measured>,
    /// What failed, so that the run as a whole did.
    pub(crate) failures: Vec<String>,
    /// What nobody knew, neither the corpus nor a past run.
    pub(crate) news: Vec<News>,
}

/// What a run was asked to do, as far as it decides what the run does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) seed: u64,
    pub(crate) cases: Option<u64>,
    pub(crate) seconds: Option<f64>,
    pub(crate) focus: Vec<String>,
    /// One of so many cases is a program of several threads.
    #[serde(default)]
    pub(crate) threads_every: Option<u64>,
    pub(crate) swarm: Option<usize>,
    pub(crate) budget_bytes: u64,
    pub(crate) engines: Vec<Engine>,
    pub(crate) architecture: String,
    pub(crate) system: String,
    pub(crate) shards: u64,
}

/// A configuration of an engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Engine {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) about: String,
    pub(crate) features: Vec<String>,
}

/// One shard of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) shard: String,
    /// When it began, in seconds since 1970.
    pub(crate) began: u64,
    /// How long all of it took.
    pub(crate) seconds: f64,
    /// How long the campaign in it took.
    pub(crate) campaign_seconds: f64,
    pub(crate) cases: u64,
    pub(crate) calls: u64,
    pub(crate) interrupted: bool,
}

/// A bug that the campaign met, or what came down to none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Finding {
    /// The id of the bug; what it looks like, where it is none.
    pub(crate) name: String,
    /// What goes wrong.
    pub(crate) title: String,
    /// What is reached by it, as far as it is known.
    pub(crate) severity: Option<Severity>,
    /// Whether it can break a sandbox, so that it has no place in public.
    pub(crate) private: bool,
    pub(crate) status: String,
    pub(crate) new: bool,
    pub(crate) cases: u64,
    pub(crate) first_case: u64,
    pub(crate) configurations: Vec<String>,
    /// The name of its file.
    pub(crate) file: String,
    pub(crate) wast: String,
    pub(crate) sides: Vec<Side>,
}

/// A file of the corpus, replayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Replayed {
    #[serde(flatten)]
    pub(crate) row: replay::Row,
    pub(crate) wast: String,
    pub(crate) sides: Vec<Side>,
}

/// Something that nobody knew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct News {
    /// What it is called in the history.
    pub(crate) name: String,
    /// Whether it can break a sandbox.
    pub(crate) private: bool,
}

impl Report {
    /// A report on a run that has not begun.
    pub(crate) fn new(asked: Asked) -> Report {
        let tallies = asked.engines.iter().map(|e| Tally::new(&e.name)).collect();
        Report {
            format: FORMAT,
            asked,
            merged: false,
            parts: Vec::new(),
            tallies,
            phases: Phases::default(),
            reference_skips: BTreeMap::new(),
            visited: Visited::new(),
            threads: Threads::default(),
            found: Vec::new(),
            findings: Vec::new(),
            replay: Vec::new(),
            spec: Vec::new(),
            claims: Vec::new(),
            memories: Vec::new(),
            failures: Vec::new(),
            news: Vec::new(),
        }
    }

    /// Reads a report back.
    ///
    /// # Errors
    /// If it is none, or one of another form.
    pub(crate) fn from_json(text: &str) -> anyhow::Result<Report> {
        #[derive(Deserialize)]
        struct Form {
            format: u32,
        }
        let form: Form = serde_json::from_str(text).context("not a nightly report")?;
        if form.format != FORMAT {
            return Err(anyhow!(
                "a nightly report of form {}, and this program writes form {FORMAT}",
                form.format
            ));
        }
        serde_json::from_str(text).context("not a nightly report")
    }

    /// How many of the new bugs need several threads to show.
    pub(crate) fn new_with_threads(&self) -> usize {
        let is = |finding: &&Finding| finding.new && finding.wast.contains("(thread ");
        self.findings.iter().filter(is).count()
    }

    /// The shards that are missing.
    pub(crate) fn missing(&self) -> Vec<String> {
        let there = |shard: &String| self.parts.iter().any(|part| part.shard == *shard);
        (1..=self.asked.shards)
            .map(|index| format!("{index}/{}", self.asked.shards))
            .filter(|shard| !there(shard))
            .collect()
    }

    /// Whether it is to be the whole run, and parts of it are missing.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.merged && !self.missing().is_empty()
    }

    pub(crate) fn interrupted(&self) -> bool {
        self.parts.iter().any(|part| part.interrupted)
    }

    pub(crate) fn coverage(&self) -> Coverage {
        let mut coverage = Coverage::new(self.asked.features());
        coverage.add_visited(&self.visited);
        coverage
    }

    /// Everything that is not as it should be, with the name it has in the
    /// history; whether it is news, as far as the corpus tells.
    fn irregular(&self, known: &Register) -> Vec<(News, bool)> {
        let news = |name, private| News { name, private };
        let findings = self.findings.iter().map(|finding| {
            let name = finding.name.clone();
            (news(name, finding.private), finding.new)
        });
        let replay = self.replay.iter().filter(|r| r.row.state.is_news());
        let replay = replay.map(|replayed| (news(replayed.name(), false), true));
        let spec = self
            .spec
            .iter()
            .filter(|row| row.engine != spec::Row::REFERENCE);
        let spec = spec.flat_map(|row| {
            let names = row.failures.iter().map(|failure| row.name(failure));
            names.map(|name| {
                let new = known.of_suite_failure(&name).is_none();
                (news(name, false), new)
            })
        });
        findings.chain(replay).chain(spec).collect()
    }

    /// The names of everything that is not as it should be.
    pub(crate) fn seen(&self) -> Vec<String> {
        let all = self.irregular(&Register::default()).into_iter();
        all.map(|(news, _)| news.name).collect()
    }

    /// Finds out what is news: what past runs have seen is not, nor is a
    /// failure in the test suite that is known.
    pub(crate) fn settle(&mut self, past: &Past, known: &Register) {
        for finding in &mut self.findings {
            finding.new &= !past.has_seen(&finding.name);
        }
        let all = self.irregular(known).into_iter();
        self.news = all
            .filter(|(news, new)| *new && !past.has_seen(&news.name))
            .map(|(news, _)| news)
            .collect();
    }

    /// How the run ended.
    pub(crate) fn end(&self) -> End {
        let wrong = |replayed: &Replayed| replayed.row.state == replay::State::Wrong;
        let broken = |row: &spec::Row| {
            row.engine == spec::Row::REFERENCE && row.failed > 0 || !row.unreadable.is_empty()
        };
        let failed = !self.failures.is_empty()
            || self.is_incomplete()
            || self.replay.iter().any(wrong)
            || self.spec.iter().any(broken);
        match (failed, self.news.is_empty()) {
            (true, _) => End::Failed,
            (false, false) => End::New,
            (false, true) => End::NothingNew,
        }
    }
}

impl Replayed {
    /// The name of its file, without the extension.
    pub(crate) fn stem(&self) -> String {
        let stem = self.row.file.file_stem().unwrap_or_default();
        stem.to_string_lossy().into_owned()
    }

    /// The bug that it is the witness of; the name of a file that is none.
    pub(crate) fn name_of_bug(&self) -> String {
        self.row.bug.clone().unwrap_or_else(|| self.stem())
    }

    /// What it is called in the history.
    pub(crate) fn name(&self) -> String {
        format!("replay {} {}", self.stem(), self.row.state.name())
    }
}

impl Asked {
    /// What `options` ask for.
    pub(crate) fn new(options: &campaign::Options, configurations: &[Configuration]) -> Asked {
        let engine = |c: &Configuration| Engine {
            name: c.name().to_owned(),
            version: c.version().to_owned(),
            about: c.about().to_owned(),
            features: c.features.iter().map(|f| f.name().to_owned()).collect(),
        };
        Asked {
            seed: options.seed,
            cases: options.cases,
            seconds: options.time.map(|time| time.as_secs_f64()),
            focus: options
                .generate
                .focus
                .iter()
                .map(|f| f.to_string())
                .collect(),
            threads_every: options.threads_every,
            swarm: options.swarm,
            budget_bytes: options.budget.memory_bytes,
            engines: configurations.iter().map(engine).collect(),
            architecture: std::env::consts::ARCH.to_owned(),
            system: std::env::consts::OS.to_owned(),
            shards: options.shard.count(),
        }
    }

    /// What the engines declare, together.
    fn features(&self) -> Features {
        let declared: Vec<&str> = self
            .engines
            .iter()
            .flat_map(|e| &e.features)
            .map(String::as_str)
            .collect();
        Feature::ALL
            .into_iter()
            .filter(|feature| declared.contains(&feature.name()))
            .fold(Features::NONE, |all, feature| {
                all.and(Features::of(&[feature]))
            })
    }

    /// The campaign of all shards together.
    ///
    /// # Errors
    /// If this version knows no such focus.
    pub(crate) fn options(&self) -> anyhow::Result<campaign::Options> {
        let focus = self.focus.iter().map(|name| name.parse());
        let budget = Budget::of(self.budget_bytes);
        Ok(campaign::Options {
            seed: self.seed,
            cases: self.cases,
            shard: Shard::WHOLE,
            time: self.seconds.map(Duration::from_secs_f64),
            jobs: 1,
            generate: generate::Options {
                focus: focus.collect::<Result<_, _>>()?,
                budget,
                features: self.features(),
            },
            threads_every: self.threads_every,
            budget,
            larger: None,
            configurations: self.engines.iter().map(|e| e.name.clone()).collect(),
            unreduced: std::path::PathBuf::new(),
            swarm: self.swarm,
        })
    }
}
