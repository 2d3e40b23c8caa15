//! How well threads are tested.

use std::path::Path;
use std::time::Duration;

use anyhow::anyhow;
use clap::Args;
use serde::Serialize;
use trapline_harness::engine::{self, Configuration};
use trapline_harness::power::threads::{self, Measured, interval};

use super::{litmus, median};
use crate::End;
use crate::options::EngineOptions;
use crate::output::write_json;
use crate::table::table;

/// What to measure the testing of threads by.
#[derive(Args)]
#[command(next_help_heading = "With --threads")]
pub(super) struct Threads {
    /// Give a planted fault up after so many seconds
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 64,
        requires = "threads"
    )]
    time_per_fault: u64,
    /// Try programs for so many seconds on each engine that is right
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 60,
        requires = "threads"
    )]
    time_per_engine: u64,
    /// Run each litmus test for so many milliseconds on each engine that is right
    #[arg(
        long,
        value_name = "MILLISECONDS",
        default_value_t = 1000,
        requires = "threads"
    )]
    time_per_litmus_test: u64,
    /// Only faults whose name contains this
    #[arg(long, value_name = "TEXT", default_value = "", requires = "threads")]
    only_faults: String,
}

/// What became of one planted fault.
#[derive(Serialize)]
struct Fault {
    name: String,
    about: String,
    found: bool,
    programs: u64,
    /// Until it was found.
    seconds: Option<f64>,
}

/// What programs did on one engine without a fault.
#[derive(Serialize)]
struct Right {
    name: String,
    version: String,
    programs: u64,
    programs_per_second: f64,
    runs: u64,
    runs_per_second: f64,
    diverging: Vec<(u64, String)>,
    unsaid: std::collections::BTreeMap<String, u64>,
    oracle_median_ms: f64,
    oracle_max_ms: f64,
    /// At the median, of programs that cannot grow a memory.
    seen_median: Option<f64>,
    /// Of those that can.
    seen_growing_median: Option<f64>,
}

#[derive(Serialize)]
struct Report {
    cores: usize,
    seconds_per_fault: u64,
    faults: Vec<Fault>,
    found: usize,
    /// The share found, and the limits of its confidence of 95 %.
    share: f64,
    share_between: (f64, f64),
    right: Vec<Right>,
    litmus: Vec<litmus::Row>,
}

impl Right {
    fn new(configuration: &Configuration, measured: &Measured) -> Right {
        let shares = |shares: &[f64]| (!shares.is_empty()).then(|| median(shares.to_vec()));
        let oracle = measured.oracle.iter().map(|time| time.as_secs_f64() * 1e3);
        let oracle: Vec<f64> = oracle.collect();
        Right {
            name: configuration.name().to_owned(),
            version: configuration.version().to_owned(),
            programs: measured.programs,
            programs_per_second: measured.programs as f64 / measured.time.as_secs_f64(),
            runs: measured.runs,
            runs_per_second: measured.runs_per_second(),
            diverging: measured.diverging.clone(),
            unsaid: measured.unsaid.clone(),
            oracle_max_ms: oracle.iter().copied().fold(0.0, f64::max),
            oracle_median_ms: if oracle.is_empty() {
                0.0
            } else {
                median(oracle)
            },
            seen_median: shares(&measured.seen),
            seen_growing_median: shares(&measured.seen_growing),
        }
    }

    fn show(&self) {
        let percent = |share: Option<f64>| match share {
            Some(share) => format!("{:.0} %", 100.0 * share),
            None => "-".to_owned(),
        };
        println!(
            "{} {}: {} programs ({:.0}/s), {} runs ({:.0}/s while it ran), {} diverging",
            self.name,
            self.version,
            self.programs,
            self.programs_per_second,
            self.runs,
            self.runs_per_second,
            self.diverging.len(),
        );
        println!(
            "  outcomes seen at the median: {} of those of programs without memory.grow, {} with it",
            percent(self.seen_median),
            percent(self.seen_growing_median),
        );
        println!(
            "  oracle: {:.2} ms at the median, {:.1} ms at most; not said: {:?}",
            self.oracle_median_ms, self.oracle_max_ms, self.unsaid,
        );
        for (index, difference) in &self.diverging {
            println!("  program {index}: {difference}");
        }
    }
}

/// Measures engines without a fault: the one that faults are planted in, and those that
/// are asked for. Then looks for each planted fault.
pub(super) fn run(
    options: &Threads,
    engines: &EngineOptions,
    seed: u64,
    json: Option<&Path>,
) -> anyhow::Result<End> {
    let mut right = Vec::new();
    let mut measured = engine::select(&["parallel/right"])?;
    if engines.is_chosen() {
        measured.extend(engines.select()?);
    }
    let time = Duration::from_secs(options.time_per_engine);
    for configuration in &measured {
        let measured = threads::measure(configuration, seed, time).map_err(|why| anyhow!(why))?;
        let row = Right::new(configuration, &measured);
        row.show();
        right.push(row);
    }
    let time = Duration::from_millis(options.time_per_litmus_test);
    let litmus = litmus::run(&measured, time)?;
    let mut faults = Vec::new();
    let planted = engine::select(&["parallel", "-parallel/right"])?;
    let wanted = |fault: &&Configuration| fault.name().contains(&options.only_faults);
    for fault in planted.iter().filter(wanted) {
        let row = one_fault(fault, seed, Duration::from_secs(options.time_per_fault))?;
        let how = if row.found { "found" } else { "not found" };
        eprintln!("{}: {how} ({} programs)", row.name, row.programs);
        faults.push(row);
    }
    let found = faults.iter().filter(|fault| fault.found).count();
    let share_between = interval(found, faults.len());
    let report = Report {
        cores: std::thread::available_parallelism().map_or(0, usize::from),
        seconds_per_fault: options.time_per_fault,
        found,
        share: found as f64 / faults.len().max(1) as f64,
        share_between,
        faults,
        right,
        litmus,
    };
    show(&report);
    if let Some(file) = json {
        write_json(file, &report)?;
    }
    let is_false = report
        .right
        .iter()
        .any(|right| right.name == "parallel/right" && !right.diverging.is_empty())
        || report.litmus.iter().any(litmus::Row::is_false);
    Ok(if is_false {
        End::Failed
    } else {
        End::NothingNew
    })
}

fn one_fault(fault: &Configuration, seed: u64, time: Duration) -> anyhow::Result<Fault> {
    let hit = threads::find(fault, seed, time).map_err(|why| anyhow!(why))?;
    Ok(Fault {
        name: fault.name().to_owned(),
        about: fault.about().to_owned(),
        found: hit.is_ok(),
        programs: hit.map_or_else(|tried| tried, |hit| hit.programs),
        seconds: hit.ok().map(|hit| hit.time.as_secs_f64()),
    })
}

fn show(report: &Report) {
    let mut shown = table(&["not found", "programs", "what is wrong"]);
    for fault in report.faults.iter().filter(|fault| !fault.found) {
        shown.add_row([
            fault.name.clone(),
            fault.programs.to_string(),
            fault.about.clone(),
        ]);
    }
    println!("{shown}");
    let (low, high) = report.share_between;
    println!(
        "{} of {} planted faults found within {} s each on {} cores: {:.0} % (95 % confidence: {:.0} % to {:.0} %)",
        report.found,
        report.faults.len(),
        report.seconds_per_fault,
        report.cores,
        100.0 * report.share,
        100.0 * low,
        100.0 * high,
    );
    let mut seconds: Vec<f64> = report
        .faults
        .iter()
        .filter_map(|fault| fault.seconds)
        .collect();
    seconds.sort_by(f64::total_cmp);
    if let Some(last) = seconds.last() {
        println!(
            "found after {:.2} s at the median, {last:.1} s at most",
            median(seconds.clone())
        );
    }
}
