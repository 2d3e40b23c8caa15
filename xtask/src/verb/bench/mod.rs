//! `cargo xtask bench`: throughput, where the time goes, and the power of the generator.

mod mutants;
mod reduce;
mod throughput;

use clap::Args;
use trapline_harness::generate::Focus;

use crate::End;
use crate::options::EngineOptions;

/// Measures: per engine configuration and for all together, cases and calls a
/// second and where the time goes; with --mutants, how soon planted faults are
/// found, and with --reduce, what it takes to reduce them.
#[derive(Args)]
pub(crate) struct Bench {
    /// Measure the generator: the reference with one rule broken, each, and
    /// how many cases it takes to find out
    #[arg(long, conflicts_with = "reduce")]
    mutants: bool,
    /// Measure the reducer: divergences of planted faults, and how long it
    /// takes to reduce them with every candidate run on the engines too
    #[arg(long)]
    reduce: bool,
    /// The seed of the cases, but with --mutants, which has several
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// What to dwell on, separated by commas: grow, oob, memory64, shared,
    /// host, foreign
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    focus: Vec<Focus>,
    #[command(flatten)]
    by_mutants: mutants::Mutants,
    #[command(flatten)]
    by_reducing: reduce::Reducing,
    #[command(flatten)]
    throughput: throughput::Throughput,
    #[command(flatten)]
    engines: EngineOptions,
}

impl Bench {
    /// Prints the table.
    pub(crate) fn run(self) -> anyhow::Result<End> {
        if self.mutants {
            return mutants::run(self.by_mutants, self.focus);
        }
        if self.reduce {
            let configurations = self.engines.select()?;
            let names: Vec<&str> = configurations.iter().map(|c| c.name).collect();
            let runner = self.engines.runners()?();
            let budget = self.engines.budget();
            return reduce::run(&self.by_reducing, &names, budget, self.seed, runner);
        }
        throughput::run(&self.throughput, &self.engines, self.seed, &self.focus)
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
