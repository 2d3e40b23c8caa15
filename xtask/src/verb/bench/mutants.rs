//! How soon planted faults are found.

use std::time::Duration;

use anyhow::anyhow;
use clap::Args;
use trapline_harness::engine;
use trapline_harness::generate::{Focus, Options};
use trapline_harness::power::{self, Fate};

use crate::End;
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
        default_value = "1,2,3,4,5"
    )]
    seeds: Vec<u64>,
    /// Give a mutant up after so many cases
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    patience: u64,
    /// Only mutants whose name contains this
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
}

/// Prints per planted fault the median over several seeds of the cases, and of
/// the time, until the first script that shows it, those that live longest
/// last; fails if one survives.
pub(super) fn run(options: Mutants, focus: Vec<Focus>) -> anyhow::Result<End> {
    let Mutants {
        seeds,
        patience,
        only,
    } = options;
    let mut mutants = engine::mutants();
    mutants.retain(|mutant| mutant.name.contains(&only));
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
    fates.sort_by_key(|fate| (fate.median_cases().unwrap_or(u64::MAX), fate.mutant));
    let mut rows = table(&["mutant", "cases", "most", "time", "what is wrong"]);
    for fate in &fates {
        rows.add_row([
            fate.mutant.to_owned(),
            number(fate.median_cases()),
            number(most_cases(fate)),
            fate.median_time().map_or("-".to_owned(), milliseconds),
            fate.about.to_owned(),
        ]);
    }
    println!("{rows}");
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

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
