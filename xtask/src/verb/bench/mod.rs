//! `cargo xtask bench`: throughput, where the time goes, and the power of the generator.

mod mutants;
mod throughput;

use clap::Args;
use trapline_harness::generate::Focus;

use crate::End;

/// Measures: per engine configuration and for all together, cases and calls a
/// second and where the time goes; with --mutants, how soon planted faults are
/// found.
#[derive(Args)]
pub(crate) struct Bench {
    /// Measure the generator: the reference with one rule broken, each, and
    /// how many cases it takes to find out
    #[arg(long)]
    mutants: bool,
    /// What to dwell on, separated by commas: grow, oob, memory64, shared,
    /// host, foreign
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    focus: Vec<Focus>,
    #[command(flatten)]
    by_mutants: mutants::Mutants,
    #[command(flatten)]
    throughput: throughput::Throughput,
}

impl Bench {
    /// Prints the table.
    pub(crate) fn run(self) -> anyhow::Result<End> {
        if self.mutants {
            mutants::run(self.by_mutants, self.focus)
        } else {
            throughput::run(&self.throughput, &self.focus)
        }
    }
}
