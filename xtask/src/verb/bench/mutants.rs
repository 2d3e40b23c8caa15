//! How soon planted faults are found.

use std::path::Path;

use anyhow::anyhow;
use clap::Args;
use serde::Serialize;
use trapline_harness::engine;
use trapline_harness::generate::{Focus, Options};
use trapline_harness::power::{self, Fate};

use crate::End;
use crate::output::write_json;
use crate::table::table;

/// What to measure the generator by.
#[derive(Args)]
#[command(next_help_heading = "With --mutants")]
pub(super) struct Mutants {
    /// The seeds, separated by commas
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "1,2,3,4,5",
        requires = "mutants"
    )]
    seeds: Vec<u64>,
    /// Give a mutant up after so many cases
    #[arg(long, value_name = "N", default_value_t = 20_000, requires = "mutants")]
    patience: u64,
    /// Only mutants whose name contains this
    #[arg(long, value_name = "TEXT", default_value = "", requires = "mutants")]
    only: String,
}

/// How soon one planted fault is found.
#[derive(Serialize)]
struct Row {
    mutant: String,
    about: String,
    /// The median over the seeds; none if it mostly survives.
    cases: Option<u64>,
    /// With the seed that took longest; none if it survived one.
    most: Option<u64>,
    milliseconds: Option<f64>,
}

impl From<&Fate> for Row {
    fn from(fate: &Fate) -> Row {
        Row {
            mutant: fate.mutant.clone(),
            about: fate.about.clone(),
            cases: fate.median_cases(),
            most: most_cases(fate),
            milliseconds: fate.median_time().map(|time| time.as_secs_f64() * 1e3),
        }
    }
}

/// Prints per planted fault the median over several seeds of the cases, and of
/// the time, until the first script that shows it, those that live longest
/// last; fails if one survives.
pub(super) fn run(options: Mutants, focus: Vec<Focus>, json: Option<&Path>) -> anyhow::Result<End> {
    let Mutants {
        seeds,
        patience,
        only,
    } = options;
    let mut mutants = engine::mutants();
    mutants.retain(|mutant| mutant.name().contains(&only));
    let options = Options {
        focus,
        ..Options::default()
    };
    let mut fates = power::measure(&mutants, &seeds, &options, patience, |seed, done, left| {
        if done.is_multiple_of(500) {
            eprintln!("seed {seed}: {done} cases, {left} mutants left");
        }
    })
    .map_err(|why| anyhow!("{why}"))?;
    fates.sort_by_key(|fate| (fate.median_cases().unwrap_or(u64::MAX), fate.mutant.clone()));
    let rows: Vec<Row> = fates.iter().map(Row::from).collect();
    let mut shown = table(&["mutant", "cases", "most", "time", "what is wrong"]);
    for row in &rows {
        let milliseconds = row.milliseconds.map(|time| format!("{time:.1} ms"));
        shown.add_row([
            row.mutant.clone(),
            number(row.cases),
            number(row.most),
            milliseconds.unwrap_or_else(|| "-".to_owned()),
            row.about.clone(),
        ]);
    }
    println!("{shown}");
    if let Some(file) = json {
        write_json(file, &rows)?;
    }
    let survivors = fates.iter().filter(|fate| !fate.always_killed()).count();
    println!(
        "{} mutants, {} seeds: {survivors} survived {patience} cases of some seed",
        fates.len(),
        seeds.len(),
    );
    Ok(if survivors == 0 {
        End::NothingNew
    } else {
        End::Failed
    })
}

/// The cases it took with the seed that took longest.
fn most_cases(fate: &Fate) -> Option<u64> {
    let cases = fate.kills.iter().map(|kill| kill.map(|kill| kill.cases));
    cases.collect::<Option<Vec<u64>>>()?.into_iter().max()
}

fn number(cases: Option<u64>) -> String {
    cases.map_or("-".to_owned(), |cases| cases.to_string())
}
