//! The verbs, one file each.

mod bench;
mod bisect;
mod case;
pub(crate) mod claims;
mod coverage;
mod diff;
mod engines;
mod fuzz;
mod nightly;
mod real;
mod reduce;
pub(crate) mod replay;
mod report;
mod run;
pub(crate) mod spec;
mod sweep;
mod triage;
mod worker;

use clap::Subcommand;

use crate::End;

/// What to do: each with the description of its arguments.
#[derive(Subcommand)]
pub(crate) enum Verb {
    Diff(diff::Diff),
    Run(run::Run),
    Case(case::Case),
    Replay(replay::Replay),
    Bisect(bisect::Bisect),
    Reduce(reduce::Reduce),
    Report(report::Report),
    Triage(triage::Triage),
    Spec(spec::Spec),
    Sweep(sweep::Sweep),
    Real(real::Real),
    Claims(claims::Claims),
    Coverage(coverage::Coverage),
    Nightly(nightly::Nightly),
    Engines(engines::Engines),
    Fuzz(fuzz::Fuzz),
    Bench(bench::Bench),
    /// Answer a campaign's requests on standard input
    #[command(hide = true)]
    Worker(worker::Worker),
}

impl Verb {
    /// Does it.
    pub(crate) fn run(self) -> anyhow::Result<End> {
        match self {
            Verb::Diff(verb) => verb.run(),
            Verb::Run(verb) => verb.run(),
            Verb::Case(verb) => verb.run(),
            Verb::Replay(verb) => verb.run(),
            Verb::Bisect(verb) => verb.run(),
            Verb::Reduce(verb) => verb.run(),
            Verb::Report(verb) => verb.run(),
            Verb::Triage(verb) => verb.run(),
            Verb::Spec(verb) => verb.run(),
            Verb::Sweep(verb) => verb.run(),
            Verb::Real(verb) => verb.run(),
            Verb::Claims(verb) => verb.run(),
            Verb::Coverage(verb) => verb.run(),
            Verb::Nightly(verb) => verb.run(),
            Verb::Engines(verb) => verb.run(),
            Verb::Fuzz(verb) => verb.run(),
            Verb::Bench(verb) => verb.run(),
            Verb::Worker(verb) => verb.run(),
        }
    }
}
