//! `cargo xtask diff`: a campaign.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::anyhow;
use clap::Args;
use serde::Serialize;
use trapline_harness::campaign::{Found, Outcomes, Phases, Shard, Tally};
use trapline_harness::corpus::Corpus;

use crate::End;
use crate::campaign::{self, CampaignOptions};
use crate::interrupt::on_interrupt;
use crate::options::{CorpusOptions, EngineOptions};
use crate::output::{check_writable, write_json};
use crate::summary;

/// Generates scripts, runs each on every engine and on the reference, and
/// files what diverges in the corpus, minimized.
///
/// Without --time and --cases it runs for a minute. Divergences are on disk,
/// unreduced, the moment they are seen. They are reduced between rounds of
/// cases and when the cases are done, then for at most half as long again (at
/// least half a minute).
#[derive(Args)]
pub(crate) struct Diff {
    #[command(flatten)]
    campaign: CampaignOptions,
    /// Write what was found, counted and timed to FILE as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write which cells of the space were visited, and how often, to FILE as
    /// a tab-separated table
    #[arg(long, value_name = "FILE")]
    coverage: Option<PathBuf>,
    /// Leave divergences as they were found
    #[arg(long)]
    no_reduce: bool,
    #[command(flatten)]
    engines: EngineOptions,
    #[command(flatten)]
    corpus: CorpusOptions,
}

/// The whole result, for machines.
#[derive(Serialize)]
struct Report<'a> {
    seed: u64,
    cases: u64,
    seconds: f64,
    calls: u64,
    calls_per_second: f64,
    configurations: &'a [Tally],
    nanoseconds: Phases,
    harness_share: f64,
    bugs: Vec<Found>,
}

impl Diff {
    /// Runs the campaign.
    pub(crate) fn run(self) -> anyhow::Result<End> {
        let configurations = self.engines.select()?;
        let mut corpus =
            Corpus::open(&self.corpus.folder(&configurations)?).map_err(|why| anyhow!("{why}"))?;
        corpus.check_writable().map_err(|why| anyhow!("{why}"))?;
        for file in self.json.iter().chain(&self.coverage) {
            check_writable(file)?;
        }
        let seed = self.campaign.seed.unwrap_or_else(drawn_seed);
        let mut options = self.campaign.options(
            seed,
            Shard::WHOLE,
            Duration::from_secs(60),
            &self.engines,
            &configurations,
        )?;
        options.unreduced = campaign::unreduced(&options)?;
        let runners = self.engines.runners()?;
        let interrupted = on_interrupt()?;
        let reduce = !self.no_reduce;
        let (outcomes, rows) =
            campaign::run(&options, &mut corpus, &runners, reduce, &interrupted)?;
        let found_new = rows.iter().any(|row| row.new);
        summary(&outcomes, &rows);
        if let Some(file) = &self.coverage {
            let mut table = Vec::new();
            outcomes.coverage.write(&mut table)?;
            trapline_harness::corpus::write_atomically(file, &table)
                .map_err(|why| anyhow!("{why}"))?;
        }
        if let Some(file) = &self.json {
            let calls = outcomes.tallies.iter().map(|t| t.calls).sum::<u64>();
            let seconds = outcomes.elapsed.as_secs_f64();
            let report = Report {
                seed,
                cases: outcomes.cases,
                seconds,
                calls,
                calls_per_second: calls as f64 / seconds.max(1e-9),
                configurations: &outcomes.tallies,
                nanoseconds: outcomes.phases,
                harness_share: summary::harness_share(&outcomes.phases),
                bugs: rows.into_iter().map(without_script).collect(),
            };
            write_json(file, &report)?;
        }
        Ok(if found_new { End::New } else { End::NothingNew })
    }
}

/// The closing tables.
fn summary(outcomes: &Outcomes, rows: &[Found]) {
    let seconds = outcomes.elapsed.as_secs_f64();
    let calls: u64 = outcomes.tallies.iter().map(|t| t.calls).sum();
    summary::verdicts(&outcomes.tallies);
    println!(
        "{} cases in {seconds:.1} s, {:.0} judged calls/s; the harness took {:.0} % of the time",
        outcomes.cases,
        calls as f64 / seconds.max(1e-9),
        100.0 * summary::harness_share(&outcomes.phases),
    );
    let (visited, cells) = outcomes.coverage.share();
    println!(
        "{visited} of {cells} cells of the space visited ({:.1} %)",
        100.0 * visited as f64 / cells.max(1) as f64,
    );
    let (visited, conflicts) = outcomes.coverage.share_of_conflicts();
    if visited > 0 {
        println!("{visited} of {conflicts} conflicts of threads visited");
    }
    if outcomes.larger > 0 {
        println!("{} runs with a large memory resident", outcomes.larger);
    }
    for (why, count) in &outcomes.reference_skips {
        println!("{count} cases not run to the end: {why}");
    }
    let names: Vec<String> = outcomes
        .tallies
        .iter()
        .map(|tally| tally.configuration.clone())
        .collect();
    summary::bugs(rows, &names);
}

/// A script is in its file, where people can read it.
fn without_script(found: Found) -> Found {
    Found {
        script: None,
        ..found
    }
}

/// A seed nobody chose.
fn drawn_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    // Small enough to type.
    RandomState::new().hash_one(std::process::id()) >> 32
}
