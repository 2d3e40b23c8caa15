//! How well bugs are told apart.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::anyhow;
use clap::Args;
use serde::Serialize;
use trapline_harness::engine::{self, Fault};
use trapline_harness::triage::truth::{Outcome, Planted};

use crate::End;
use crate::output::write_json;
use crate::table::table;

/// By what bugs are told apart.
#[derive(Args)]
#[command(next_help_heading = "With --causes")]
pub(super) struct Causes {
    /// The seeds for faults alone, separated by commas
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "1,2,3",
        requires = "causes"
    )]
    alone: Vec<u64>,
    /// How many pairs of faults
    #[arg(long, value_name = "N", default_value_t = 200, requires = "causes")]
    pairs: usize,
    /// How many cases each campaign has
    #[arg(long, value_name = "N", default_value_t = 400, requires = "causes")]
    campaign: u64,
    /// Only faults whose name contains this
    #[arg(long, value_name = "TEXT", default_value = "", requires = "causes")]
    fault: String,
    /// How many campaigns at a time
    #[arg(long, value_name = "N", default_value_t = 2, requires = "causes")]
    at_once: usize,
}

/// One campaign on planted faults, and what it reported.
#[derive(Serialize)]
struct Row {
    faults: Vec<&'static str>,
    seed: u64,
    bugs: usize,
    /// How it came out.
    outcome: Outcome,
    titles: Vec<String>,
    unexplained: usize,
    seconds: f64,
}

#[derive(Serialize)]
struct Report {
    alone: Vec<Row>,
    pairs: Vec<Row>,
}

/// Runs campaigns on planted faults, alone and in pairs, and prints how many
/// bugs each reports.
pub(super) fn run(options: &Causes, json: Option<&Path>) -> anyhow::Result<End> {
    let mut faults = engine::faults();
    faults.retain(|fault| fault.name.contains(&options.fault));
    let alone: Vec<(Vec<&Fault>, u64)> = options
        .alone
        .iter()
        .flat_map(|&seed| faults.iter().map(move |fault| (vec![fault], seed)))
        .collect();
    let alone = rows(&alone, options)?;
    show("faults alone", &alone);
    let pairs = rows(&pairs(&faults, options.pairs), options)?;
    show("pairs of faults", &pairs);
    if let Some(file) = json {
        write_json(file, &Report { alone, pairs })?;
    }
    Ok(End::NothingNew)
}

/// Pairs drawn at random, always the same ones, of faults that can be planted
/// together.
fn pairs(faults: &[Fault], count: usize) -> Vec<(Vec<&Fault>, u64)> {
    let mut random = fastrand::Rng::with_seed(13);
    let mut pairs = Vec::new();
    let most = faults.len() * faults.len() * 4;
    for _ in 0..most {
        if pairs.len() == count {
            break;
        }
        let (a, b) = (random.usize(..faults.len()), random.usize(..faults.len()));
        let pair = vec![&faults[a], &faults[b]];
        if a < b && Planted::new(&pair).is_some() && !pairs.iter().any(|(p, _)| *p == pair) {
            pairs.push((pair, 1));
        }
    }
    pairs
}

fn rows(all: &[(Vec<&Fault>, u64)], options: &Causes) -> anyhow::Result<Vec<Row>> {
    let next = AtomicUsize::new(0);
    let rows: Mutex<Vec<(usize, Result<Row, String>)>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..options.at_once.max(1) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some((faults, seed)) = all.get(index) else {
                        return;
                    };
                    let row = row(faults, *seed, options.campaign);
                    if let Ok(row) = &row {
                        let names = row.faults.join(" + ");
                        eprintln!("{index}: {names}: {:?}, {} bugs", row.outcome, row.bugs);
                    }
                    if let Ok(mut rows) = rows.lock() {
                        rows.push((index, row));
                    }
                }
            });
        }
    });
    let mut rows = rows
        .into_inner()
        .unwrap_or_else(|broken| broken.into_inner());
    rows.sort_by_key(|(index, _)| *index);
    let rows = rows.into_iter().map(|(_, row)| row);
    rows.collect::<Result<_, _>>().map_err(|why| anyhow!(why))
}

fn row(faults: &[&Fault], seed: u64, cases: u64) -> Result<Row, String> {
    let began = Instant::now();
    let planted = Planted::new(faults).ok_or("faults that exclude one another")?;
    let told = planted.told(seed, cases)?;
    Ok(Row {
        faults: faults.iter().map(|fault| fault.name).collect(),
        seed,
        bugs: told.bugs.len(),
        outcome: told.outcome(),
        unexplained: told.unexplained,
        titles: told.titles,
        seconds: began.elapsed().as_secs_f64(),
    })
}

fn show(what: &str, rows: &[Row]) {
    let mut shown = table(&["faults", "seed", "told", "bugs"]);
    for row in rows.iter().filter(|row| row.outcome != Outcome::Right) {
        let outcome = format!("{:?}", row.outcome).to_lowercase();
        shown.add_row([
            row.faults.join("\n"),
            row.seed.to_string(),
            outcome,
            row.titles.join("\n"),
        ]);
    }
    println!("{shown}");
    let count = |outcome| rows.iter().filter(|row| row.outcome == outcome).count();
    let seconds: f64 = rows.iter().map(|row| row.seconds).sum();
    println!(
        "{what}: {} campaigns: {} right, {} split, {} merged, {} missed, {} hidden, {} silent; {:.1} s each",
        rows.len(),
        count(Outcome::Right),
        count(Outcome::Split),
        count(Outcome::Merged),
        count(Outcome::Missed),
        count(Outcome::Hidden),
        count(Outcome::Silent),
        seconds / rows.len().max(1) as f64,
    );
}
