//! `cargo xtask bench`: throughput, where the time goes, and the power of the generator.

mod causes;
mod litmus;
mod mutants;
mod peers;
mod reduce;
mod threads;
mod throughput;

use std::path::PathBuf;

use clap::Args;
use trapline_harness::generate::Focus;

use crate::End;
use crate::options::{EngineOptions, focus_help};
use crate::output::check_writable;

/// Measures: per engine configuration and for all together, cases and calls a
/// second and where the time goes; with --mutants, how soon planted faults are
/// found, with --reduce, what it takes to reduce them, with --causes, how
/// well they are told apart, with --threads, how well threads are tested, and
/// with --peers, what the engines' own fuzzers find.
#[derive(Args)]
pub(crate) struct Bench {
    /// Measure the generator: the reference with one rule broken, each, and
    /// how many cases it takes to find out
    #[arg(long, conflicts_with_all = ["reduce", "seed", "Reducing", "Throughput", "EngineOptions"])]
    mutants: bool,
    /// Measure the reducer: divergences of planted faults, and how long it
    /// takes to reduce them with every candidate run on the engines too
    #[arg(long, conflicts_with = "Throughput")]
    reduce: bool,
    /// Measure how well bugs are told apart: planted faults, alone and in pairs,
    /// and how many bugs a campaign reports of them
    #[arg(long, conflicts_with_all = ["mutants", "reduce", "Throughput", "EngineOptions"])]
    causes: bool,
    /// Measure the testing of threads: faults planted in an engine of real threads, and
    /// how many are found; what is right, and how much of what is allowed is seen. Of
    /// other engines only those that are asked for
    #[arg(long, conflicts_with_all = ["mutants", "reduce", "causes", "focus", "Throughput"])]
    threads: bool,
    /// The seed of the cases; with --mutants there are several
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    #[arg(long, value_name = "LIST", value_delimiter = ',', help = focus_help())]
    focus: Vec<Focus>,
    /// Write the table to FILE as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(flatten)]
    by_mutants: mutants::Mutants,
    #[command(flatten)]
    by_reducing: reduce::Reducing,
    #[command(flatten)]
    by_causes: causes::Causes,
    #[command(flatten)]
    by_threads: threads::Threads,
    #[command(flatten)]
    by_peers: peers::Peers,
    #[command(flatten)]
    throughput: throughput::Throughput,
    #[command(flatten)]
    engines: EngineOptions,
}

impl Bench {
    /// Prints the table.
    pub(crate) fn run(self) -> anyhow::Result<End> {
        let Bench {
            mutants,
            reduce,
            causes,
            threads,
            seed,
            focus,
            json,
            by_mutants,
            by_reducing,
            by_causes,
            by_threads,
            by_peers,
            throughput,
            engines,
        } = self;
        let json = json.as_deref();
        if let Some(file) = json {
            check_writable(file)?;
        }
        if !by_peers.peers.is_empty() {
            peers::run(&by_peers, &engines, seed, json)
        } else if mutants {
            mutants::run(by_mutants, focus, json)
        } else if causes {
            causes::run(&by_causes, json)
        } else if threads {
            threads::run(&by_threads, &engines, seed, json)
        } else if reduce {
            reduce::run(&by_reducing, &engines, seed, &focus, json)
        } else {
            throughput::run(&throughput, &engines, seed, &focus, json)
        }
    }
}

/// The number in the middle; the mean of the two in the middle of an even count.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    if numbers.len().is_multiple_of(2) {
        f64::midpoint(numbers[middle - 1], numbers[middle])
    } else {
        numbers[middle]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
