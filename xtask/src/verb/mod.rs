//! The verbs, one file each.

mod diff;
mod engines;
mod reduce;
mod replay;
mod report;
mod run;
mod spec;
mod triage;
mod worker;

use clap::Subcommand;

use crate::End;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Run a campaign: generated scripts on every engine, against the reference
    Diff(diff::Diff),
    /// Run files (.wast, .wat, .wasm) on every engine and show who said what
    Run(run::Run),
    /// Run the corpus on every engine: what is still open, what has been fixed
    Replay(replay::Replay),
    /// Minimize one file that diverges
    Reduce(reduce::Reduce),
    /// Write the bug report on one file, and check its stand-alone program
    Report(report::Report),
    /// List what is known of each divergence, or set it
    Triage(triage::Triage),
    /// Run the official test suite on the reference and on every engine
    Spec(spec::Spec),
    /// List engines, versions, configurations and their features
    Engines(engines::Engines),
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
            Verb::Replay(verb) => verb.run(),
            Verb::Reduce(verb) => verb.run(),
            Verb::Report(verb) => verb.run(),
            Verb::Triage(verb) => verb.run(),
            Verb::Spec(verb) => verb.run(),
            Verb::Engines(verb) => verb.run(),
            Verb::Worker(verb) => verb.run(),
        }
    }
}
