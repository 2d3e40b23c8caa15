//! Throughput, and where the time goes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::Args;
use serde::Serialize;
use trapline_harness::campaign::{self, Filing, Outcomes, Phases, Progress};
use trapline_harness::corpus::Corpus;
use trapline_harness::engine;
use trapline_harness::generate::{self, Focus};
use trapline_harness::triage::Filer;

use super::median;
use crate::End;
use crate::campaign::Running;
use crate::interrupt::on_interrupt;
use crate::options::EngineOptions;
use crate::output::write_json;
use crate::progress::Live;
use crate::table::table;

/// How throughput is measured: the same cases on each configuration alone,
/// then on all of them together.
#[derive(Args)]
#[command(next_help_heading = "Throughput")]
pub(super) struct Throughput {
    /// How many cases a run has
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..))]
    cases: u64,
    /// How many runs; every number is the median over them
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    runs: u64,
    /// How many cases at a time, each with a worker process of its own
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: u16,
}

/// The medians over the runs of one configuration, or of all.
#[derive(Serialize)]
struct Measured {
    /// The configuration, or `together`.
    engines: String,
    cases_per_second: f64,
    /// Judged calls.
    calls_per_second: f64,
    /// Judged accesses at the edge of a memory or beyond.
    edges_per_second: f64,
    /// Where the time went: phase to its share of the whole, 0 to 1.
    shares: BTreeMap<&'static str, f64>,
    /// Transport and judging, as a share of the engines' own time.
    transport_and_judge: f64,
    /// Everything but the engines, as a share of the engines' own time.
    harness: f64,
    /// The reference, as a share of the engines' own time.
    reference: f64,
}

/// Prints the table.
pub(super) fn run(
    options: &Throughput,
    engines: &EngineOptions,
    seed: u64,
    focus: &[Focus],
    json: Option<&Path>,
) -> anyhow::Result<End> {
    let configurations = engines.select()?;
    let names: Vec<String> = configurations.iter().map(|c| c.name().to_owned()).collect();
    let features = engine::declared(&configurations);
    let mut measurements: Vec<(String, Vec<String>)> = names
        .iter()
        .map(|name| (name.clone(), vec![name.clone()]))
        .collect();
    if names.len() > 1 {
        measurements.push(("together".to_owned(), names));
    }
    let runners = engines.runners()?;
    let interrupted = on_interrupt()?;
    let scratch = tempfile::tempdir().context("no temporary folder can be made")?;
    let mut measured = Vec::new();
    for (name, configurations) in measurements {
        let mut runs = Vec::new();
        for _ in 0..options.runs {
            let campaign = campaign::Options {
                seed,
                shard: campaign::Shard::WHOLE,
                cases: Some(options.cases),
                time: None,
                jobs: usize::from(options.jobs),
                generate: generate::Options {
                    focus: focus.to_vec(),
                    budget: engines.budget()?,
                    features,
                },
                threads_every: None,
                budget: engines.budget()?,
                larger: None,
                configurations: configurations.clone(),
                unreduced: scratch.path().to_owned(),
                swarm: None,
            };
            eprintln!("{name}: run {} of {}", runs.len() + 1, options.runs);
            let progress = Arc::new(Progress::default());
            let running = Running {
                progress: progress.clone(),
                cases: campaign.cases,
                time: campaign.time,
            };
            let live = Live::start(running, interrupted.clone());
            let failed = |why: String| anyhow!("{why}");
            let mut corpus = Corpus::open(scratch.path()).map_err(failed)?;
            let mut filer = Filer::new(&mut corpus, runners(), Vec::new(), "").map_err(failed)?;
            let mut filing = Filing {
                filer: &mut filer,
                patience: Duration::ZERO,
                cancel: &interrupted,
                reduce: false,
                tell: &mut |_| (),
            };
            let (outcomes, _) =
                campaign::run(&campaign, &mut filing, &runners, &progress).map_err(failed)?;
            drop(live);
            if interrupted.load(std::sync::atomic::Ordering::Relaxed) {
                break;
            }
            runs.push(outcomes);
        }
        if runs.is_empty() {
            break;
        }
        measured.push(Measured::of(name, &runs));
        if interrupted.load(std::sync::atomic::Ordering::Relaxed) {
            break;
        }
    }
    print(&measured);
    if let Some(file) = json {
        write_json(file, &measured)?;
    }
    Ok(End::NothingNew)
}

impl Measured {
    /// The medians over `runs`, of which there is at least one.
    fn of(engines: String, runs: &[Outcomes]) -> Measured {
        let over = |number: &dyn Fn(&Outcomes) -> f64| median(runs.iter().map(number).collect());
        let seconds = |run: &Outcomes| run.elapsed.as_secs_f64().max(1e-9);
        let calls = |run: &Outcomes| run.tallies.iter().map(|t| t.calls).sum::<u64>() as f64;
        let edges = |run: &Outcomes| run.tallies.iter().map(|t| t.edges).sum::<u64>() as f64;
        let to_engines = |time: u64, phases: &Phases| time as f64 / phases.engines().max(1) as f64;
        Measured {
            engines,
            cases_per_second: over(&|run| run.cases as f64 / seconds(run)),
            calls_per_second: over(&|run| calls(run) / seconds(run)),
            edges_per_second: over(&|run| edges(run) / seconds(run)),
            shares: PHASES
                .iter()
                .map(|&(name, time)| (name, over(&|run| share(time, &run.phases))))
                .collect(),
            transport_and_judge: over(&|run| {
                to_engines(run.phases.transport + run.phases.judge, &run.phases)
            }),
            harness: over(&|run| to_engines(run.phases.harness(), &run.phases)),
            reference: over(&|run| to_engines(run.phases.reference, &run.phases)),
        }
    }
}

/// The name of a phase, and its time.
type Phase = (&'static str, fn(&Phases) -> u64);

/// The phases, in the order they come in.
const PHASES: [Phase; 9] = [
    ("generate", |p| p.generate),
    ("reference", |p| p.reference),
    ("transport", |p| p.transport),
    ("compile", |p| p.compile),
    ("instantiate", |p| p.instantiate),
    ("call", |p| p.call),
    ("read-back", |p| p.read_back),
    ("teardown", |p| p.teardown),
    ("judge", |p| p.judge),
];

fn share(time: fn(&Phases) -> u64, phases: &Phases) -> f64 {
    let whole = phases.engines() + phases.harness();
    time(phases) as f64 / whole.max(1) as f64
}

fn print(measured: &[Measured]) {
    let mut head = vec!["engines", "cases/s", "calls/s", "edges/s"];
    head.extend(PHASES.iter().map(|(name, _)| *name));
    head.extend(["transport+judge", "harness", "reference"]);
    let mut rows = table(&head);
    for row in measured {
        let percent = |share: &f64| format!("{:.1} %", 100.0 * share);
        let mut cells = vec![
            row.engines.clone(),
            format!("{:.1}", row.cases_per_second),
            format!("{:.0}", row.calls_per_second),
            format!("{:.0}", row.edges_per_second),
        ];
        cells.extend(PHASES.iter().map(|(name, _)| percent(&row.shares[name])));
        cells.extend([&row.transport_and_judge, &row.harness, &row.reference].map(percent));
        rows.add_row(cells);
    }
    println!("{rows}");
    println!(
        "The phases are shares of the whole time; the last three columns are relative to the engines' own."
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_phases_are_the_whole() {
        let phases = Phases {
            generate: 1,
            reference: 2,
            compile: 3,
            instantiate: 4,
            call: 5,
            read_back: 6,
            teardown: 7,
            transport: 8,
            attribute: 0,
            judge: 9,
        };
        let whole: f64 = PHASES.iter().map(|(_, time)| share(*time, &phases)).sum();
        assert!((whole - 1.0).abs() < 1e-9, "{whole}");
    }
}
