//! `cargo xtask diff`: a campaign.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use clap::Args;
use serde::Serialize;
use trapline_harness::campaign::{self, Outcomes, Phases, Progress, Tally};
use trapline_harness::corpus::Corpus;
use trapline_harness::file::{Filed, Filer};
use trapline_harness::generate::{self, Focus};

use crate::End;
use crate::interrupt::on_interrupt;
use crate::options::{CorpusOptions, EngineOptions, linked_in, parse_time, scratch};
use crate::output::{check_writable, write_json};
use crate::progress::Live;
use crate::table::table;

/// Generates scripts, runs each on every engine and on the reference, and
/// files what diverges in the corpus, minimized.
///
/// Without --time and --cases it runs for a minute. Divergences are on disk,
/// unreduced, the moment they are seen; they are reduced when the cases are
/// done, for at most half as long again (at least half a minute).
#[derive(Args)]
pub(crate) struct Diff {
    /// How long to run: 90s, 15m, 8h
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    time: Option<Duration>,
    /// How many cases to run
    #[arg(long, value_name = "N")]
    cases: Option<u64>,
    /// The seed; the same seed and number give the same cases [default: drawn]
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// What to dwell on, separated by commas: grow, oob, memory64, shared
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    focus: Vec<Focus>,
    /// How many cases at a time, each with a worker process of its own
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: u16,
    /// On how many of the configurations each case is run, drawn anew for each
    /// case; 0 for all of them
    #[arg(long, value_name = "K", default_value_t = 6)]
    swarm: usize,
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
    divergences: &'a [Row],
}

/// One divergence, for machines.
#[derive(Serialize)]
struct Row {
    signature: String,
    status: String,
    cases: u64,
    first_case: u64,
    configuration: String,
    file: Option<PathBuf>,
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
        let seed = self.seed.unwrap_or_else(drawn_seed);
        let time = match (self.time, self.cases) {
            (None, None) => Some(Duration::from_secs(60)),
            (time, _) => time,
        };
        let budget = self.engines.budget();
        let options = campaign::Options {
            seed,
            cases: self.cases,
            time,
            jobs: usize::from(self.jobs),
            generate: generate::Options {
                focus: self.focus.clone(),
                budget,
                ..Default::default()
            },
            budget,
            configurations: configurations.iter().map(|c| c.name.to_owned()).collect(),
            unreduced: scratch("unreduced")?.join(seed.to_string()),
            swarm: (self.swarm > 0).then_some(self.swarm),
        };
        eprintln!(
            "seed {seed}, {} configurations: {}",
            options.configurations.len(),
            options.configurations.join(" ")
        );
        std::fs::create_dir_all(&options.unreduced)
            .with_context(|| format!("{}: cannot be made", options.unreduced.display()))?;
        let runners = self.engines.runners()?;
        let interrupted = on_interrupt()?;
        let progress = Arc::new(Progress::default());
        let live = Live::start(progress.clone(), interrupted.clone(), self.cases, time);
        let outcomes =
            campaign::run(&options, &runners, &progress).map_err(|why| anyhow!("{why}"))?;
        drop(live);

        let patience = if self.cases.is_some() && self.time.is_none() {
            Duration::MAX
        } else {
            (outcomes.elapsed / 2).max(Duration::from_secs(30))
        };
        let reducing = Instant::now();
        let mut rows = Vec::new();
        let mut found_new = false;
        let origin = format!("seed {seed}{}", focus_words(&self.focus));
        // A divergence is tried on every configuration there is; on mutants
        // only where they were asked for.
        let everywhere = linked_in()
            .into_iter()
            .filter(|c| {
                c.engine() != "mutant" || options.configurations.iter().any(|n| n == c.name)
            })
            .collect();
        let mut filer = Filer::new(&mut corpus, runners(), everywhere, budget, &origin);
        for sighting in outcomes.sightings.values() {
            let mut row = Row {
                signature: sighting.signature().to_string(),
                status: "unreduced".to_owned(),
                cases: sighting.count,
                first_case: sighting.case,
                configuration: sighting.configuration.clone(),
                file: Some(sighting.path(&options.unreduced)),
            };
            let stop = self.no_reduce
                || reducing.elapsed() > patience
                || interrupted.load(std::sync::atomic::Ordering::Relaxed);
            // What is known needs no reducing, so it is recognised even when time is up.
            let filed = if stop {
                filer.recognise(sighting)
            } else {
                eprintln!("reducing {} (case {})", row.signature, sighting.case);
                Some(
                    filer
                        .file(sighting, &interrupted)
                        .map_err(|why| anyhow!("{why}"))?,
                )
            };
            match filed {
                None => found_new = true,
                Some(Filed::New { signature, file }) => {
                    found_new = true;
                    eprintln!("new: {}", file.display());
                    row = Row {
                        signature,
                        status: "new".to_owned(),
                        file: Some(file),
                        ..row
                    };
                }
                Some(Filed::Known {
                    signature,
                    status,
                    file,
                }) => {
                    row = Row {
                        signature,
                        status,
                        file,
                        ..row
                    };
                }
                Some(Filed::Flaky { shown, of }) => {
                    found_new = true;
                    row.status = format!("flaky: {shown} of {of} runs");
                }
            }
            rows.push(row);
        }
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
                harness_share: harness_share(&outcomes.phases),
                divergences: &rows,
            };
            write_json(file, &report)?;
        }
        Ok(if found_new { End::New } else { End::NothingNew })
    }
}

/// The closing tables.
fn summary(outcomes: &Outcomes, rows: &[Row]) {
    let seconds = outcomes.elapsed.as_secs_f64();
    let calls: u64 = outcomes.tallies.iter().map(|t| t.calls).sum();
    let mut verdicts = table(&[
        "configuration",
        "cases",
        "calls",
        "conform",
        "limit",
        "unsupported",
        "diverge",
        "skipped",
    ]);
    for tally in &outcomes.tallies {
        verdicts.add_row([
            tally.configuration.clone(),
            tally.cases.to_string(),
            tally.calls.to_string(),
            tally.conforming.to_string(),
            tally.limited.to_string(),
            by_reason(&tally.unsupported),
            by_reason(&tally.diverging),
            by_reason(&tally.skipped),
        ]);
    }
    println!("{verdicts}");
    println!(
        "{} cases in {seconds:.1} s, {:.0} judged calls/s; the harness took {:.0} % of the time",
        outcomes.cases,
        calls as f64 / seconds.max(1e-9),
        100.0 * harness_share(&outcomes.phases),
    );
    let (visited, cells) = outcomes.coverage.share();
    println!(
        "{visited} of {cells} cells of the space visited ({:.1} %)",
        100.0 * visited as f64 / cells.max(1) as f64,
    );
    for (why, count) in &outcomes.reference_skips {
        println!("{count} cases not run to the end: {why}");
    }
    if rows.is_empty() {
        println!("no divergence");
        return;
    }
    let mut found = table(&["divergence", "status", "cases", "first", "file"]);
    // Several sightings can come down to one signature.
    let mut merged: Vec<(&Row, u64)> = Vec::new();
    for row in rows {
        match merged
            .iter_mut()
            .find(|(seen, _)| seen.signature == row.signature)
        {
            Some((_, cases)) => *cases += row.cases,
            None => merged.push((row, row.cases)),
        }
    }
    for (row, cases) in merged {
        let file = row
            .file
            .as_deref()
            .map_or(String::new(), |f| f.display().to_string());
        found.add_row([
            row.signature.clone(),
            row.status.clone(),
            cases.to_string(),
            row.first_case.to_string(),
            file,
        ]);
    }
    println!("{found}");
}

/// The focus as it is given on the command line, for a header.
fn focus_words(focus: &[Focus]) -> String {
    if focus.is_empty() {
        return String::new();
    }
    let names: Vec<_> = focus.iter().map(Focus::to_string).collect();
    format!(" with --focus {}", names.join(","))
}

fn by_reason(counts: &std::collections::BTreeMap<String, u64>) -> String {
    if counts.is_empty() {
        return "0".to_owned();
    }
    let lines: Vec<_> = counts.iter().map(|(why, n)| format!("{n} {why}")).collect();
    lines.join("\n")
}

fn harness_share(phases: &Phases) -> f64 {
    let harness = phases.harness() as f64;
    harness / (harness + phases.engines() as f64).max(1.0)
}

/// A seed nobody chose.
fn drawn_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    // Small enough to type.
    RandomState::new().hash_one(std::process::id()) >> 32
}
