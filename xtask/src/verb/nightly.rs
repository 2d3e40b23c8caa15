//! `cargo xtask nightly`: everything, with a report.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{anyhow, bail};
use clap::Args;
use trapline_harness::campaign::Shard;
use trapline_harness::claims::{self, Claim};
use trapline_harness::corpus::{Corpus, Register};
use trapline_harness::engine::Feature;
use trapline_harness::spec::official;

use crate::End;
use crate::campaign::{self, CampaignOptions};
use crate::interrupt::on_interrupt;
use crate::nightly::report::Report;
use crate::nightly::run::Run;
use crate::nightly::{clock, folder, merge};
use crate::options::{CorpusOptions, EngineOptions};
use crate::verb::claims::own_claims;

/// Replays the corpus, runs the official test suite and a campaign, and writes
/// a report: a page (index.html), a summary (summary.md), JUnit (junit.xml),
/// and everything as JSON (nightly.json).
///
/// The run fails on what neither the corpus nor a past run knows. Shards run
/// on different machines, each with its own share of the cases, the corpus and
/// the suite; --merge puts their reports together, so that nothing tells them
/// from one run. Without --time and --cases the campaign takes half an hour;
/// the replay and the suite come before it, reducing comes after. Without --focus
/// one case of 16 is a program of several threads.
#[derive(Args)]
pub(crate) struct Nightly {
    #[command(flatten)]
    campaign: CampaignOptions,
    /// Run only one of N shards: of everything that is numbered, what is I
    /// modulo N. Shards of one run need the same seed, which is the date (UTC)
    /// where --seed is not given
    #[arg(long, value_name = "I/N", default_value = "1/1")]
    shard: Shard,
    /// Run nothing: put the reports in these folders together
    #[arg(
        long,
        value_name = "DIR",
        num_args = 1..,
        conflicts_with_all = ["time", "cases", "seed", "focus", "jobs", "swarm", "shard", "engines", "set"]
    )]
    merge: Vec<PathBuf>,
    /// Write the report to this folder; an older report there is replaced
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The past runs, one line each, to which this one is added [default:
    /// history.jsonl in the folder of the report]
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,
    /// Put the claims about linear memory (harness/claims) to the engines, too: minutes
    #[arg(long, conflicts_with = "merge")]
    claims: bool,
    #[command(flatten)]
    engines: EngineOptions,
    #[command(flatten)]
    corpus: CorpusOptions,
}

/// How long the campaign takes if nobody says.
const USUAL: Duration = Duration::from_secs(30 * 60);

/// One of so many cases is a program of several threads, if no focus is asked for. Such a
/// program is run for up to 100 ms on each configuration, which other cases take a tenth of.
const THREADS_EVERY: u64 = 16;

impl Nightly {
    /// Runs or merges, and writes the report.
    pub(crate) fn run(self) -> anyhow::Result<End> {
        // Whatever can be in the way of the report is found before the run.
        folder::check(&self.out)?;
        let history = self.history.as_deref();
        let past = folder::past(&self.out, history)?;
        let (mut report, known) = match self.merge.is_empty() {
            true => self.shard()?,
            false => self.merged()?,
        };
        report.settle(&past, &known);
        folder::write(&self.out, &report, past, history)?;
        tell(&report, &self.out);
        Ok(report.end())
    }

    fn shard(&self) -> anyhow::Result<(Report, Register)> {
        let configurations = self.engines.select()?;
        let mut corpus = self.open(&self.corpus.folder(&configurations)?)?;
        let seed = self.campaign.seed;
        let mut options = self.campaign.options(
            seed.unwrap_or_else(|| clock::day_number(clock::now())),
            self.shard,
            USUAL,
            &self.engines,
            &configurations,
        )?;
        let has_threads = options.generate.features.has(Feature::Threads);
        if options.generate.focus.is_empty() && has_threads {
            options.threads_every = Some(THREADS_EVERY);
        }
        options.unreduced = campaign::unreduced(&options)?;
        let report = Run {
            options,
            configurations: &configurations,
            corpus: &mut corpus,
            suite: official(),
            claims: self.claims()?,
            runners: &self.engines.runners()?,
            interrupted: &on_interrupt()?,
        }
        .shard()?;
        Ok((report, corpus.register))
    }

    /// The claims of the project, if they are to be asked.
    fn claims(&self) -> anyhow::Result<Vec<Claim>> {
        match self.claims {
            true => claims::read(&own_claims()).map_err(|why| anyhow!(why)),
            false => Ok(Vec::new()),
        }
    }

    fn merged(&self) -> anyhow::Result<(Report, Register)> {
        let mut shards = Vec::new();
        for dir in &self.merge {
            if same(dir, &self.out) {
                bail!("{}: cannot be merged into itself", dir.display());
            }
            shards.push(folder::read(dir)?);
        }
        let mut whole = merge::add(shards)?;
        let names: Vec<&str> = whole.asked.engines.iter().map(|e| &*e.name).collect();
        let configurations = self.engines.of(&names).select()?;
        let mut corpus = self.open(&self.corpus.folder(&configurations)?)?;
        let mut options = whole.asked.options()?;
        options.unreduced = campaign::unreduced(&options)?;
        Run {
            options,
            configurations: &configurations,
            corpus: &mut corpus,
            suite: Vec::new(),
            claims: Vec::new(),
            runners: &self.engines.runners()?,
            interrupted: &on_interrupt()?,
        }
        .file_again(&mut whole)?;
        Ok((whole, corpus.register))
    }

    fn open(&self, folder: &Path) -> anyhow::Result<Corpus> {
        let corpus = Corpus::open(folder).map_err(|why| anyhow!("{why}"))?;
        corpus.check_writable().map_err(|why| anyhow!("{why}"))?;
        Ok(corpus)
    }
}

fn same(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// How many news are listed.
const LISTED: usize = 20;

fn tell(report: &Report, out: &Path) {
    let missing = report.missing();
    if report.is_incomplete() {
        eprintln!("error: shards are missing: {}", missing.join(", "));
    }
    for why in &report.failures {
        eprintln!("error: {why}");
    }
    if report.interrupted() {
        println!("interrupted: what was found until then");
    }
    for news in report.news.iter().take(LISTED) {
        let channel = match news.private {
            true => " (can break a sandbox: to be reported in private)",
            false => "",
        };
        println!("new: {}{channel}", news.name);
    }
    match report.news.len() {
        0 => println!("nothing new"),
        count if count > LISTED => println!("and {} more", count - LISTED),
        _ => {}
    }
    println!("{}", out.join("index.html").display());
}
