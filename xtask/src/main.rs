//! The command line: `cargo xtask <verb>`.
//!
//! One file per verb in `verb/`. Results go to standard output, progress to
//! standard error. Exit status: 0 nothing new, 1 a new divergence, 2 the
//! request or the harness failed.

#[macro_use]
mod output;

mod campaign;
#[cfg(test)]
mod documented;
mod interrupt;
mod known;
mod large;
mod lines;
mod nightly;
mod options;
mod progress;
mod summary;
mod table;
mod verb;

use std::process::ExitCode;

use clap::Parser;

/// Finds out where WebAssembly engines disagree with the specification about
/// linear memory.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
#[command(
    after_help = "Exit status: 0 nothing new, 1 a new divergence, 2 the request or the harness failed."
)]
struct Cli {
    #[command(subcommand)]
    verb: verb::Verb,
}

/// How a verb ended, when it did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Nothing that is not known.
    NothingNew,
    /// A divergence that nobody knew.
    New,
    /// Some of what was asked for failed, and was reported where it did.
    Failed,
}

fn main() -> ExitCode {
    trapline_harness::worker::keep_small();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            // Help and version are no failures.
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match cli.verb.run() {
        Ok(End::NothingNew) => ExitCode::SUCCESS,
        Ok(End::New) => ExitCode::from(1),
        Ok(End::Failed) => ExitCode::from(2),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
