//! `cargo xtask run`: any file, on every engine: who said what.

mod account;
pub(crate) mod show;

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;
use trapline_harness::trial::try_script;
use trapline_harness::worker::Runner;

use crate::End;
use crate::known::Knowledge;
use crate::options::{CorpusOptions, EngineOptions, InputOptions};
pub(crate) use account::Account;
use account::Status;

/// Runs files on every engine and shows who said what: where somebody leaves the
/// specification, and where the file itself asserts something else.
///
/// What a file imports and does not provide is stood in for; the functions of one that
/// calls nothing are called, at edges of memories.
#[derive(Args)]
pub(crate) struct Run {
    /// Files: .wast, .wat or .wasm
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Show every step, and every configuration by its name
    #[arg(long)]
    verbose: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    input: InputOptions,
    #[command(flatten)]
    engines: EngineOptions,
    #[command(flatten)]
    corpus: CorpusOptions,
}

impl Run {
    /// Runs the files one by one.
    pub(crate) fn run(self) -> anyhow::Result<End> {
        let configurations = self.engines.select()?;
        let names: Vec<&str> = configurations.iter().map(|c| c.name()).collect();
        let known = Knowledge::of(&self.corpus.folder(&configurations)?)?;
        let mut runner = self.engines.runners()?();
        let mut accounts = Vec::new();
        for file in &self.files {
            let account = self.one(file, &names, &known, &mut *runner)?;
            accounts.push(account);
        }
        if self.json {
            println!("{}", serde_json::to_string_pretty(&accounts)?);
        }
        let ends = accounts.iter().map(|account| account.status.end());
        Ok(ends.fold(End::NothingNew, worse))
    }

    /// Runs a file, and shows what became of it.
    fn one(
        &self,
        file: &Path,
        names: &[&str],
        known: &Knowledge,
        runner: &mut dyn Runner,
    ) -> anyhow::Result<Account> {
        let source = match self.input.read(file) {
            Ok(source) => source,
            Err(why) => {
                eprintln!("error: {why}");
                let why = Some(why.to_string());
                return Ok(Account::without_trial(file, Status::Error, why));
            }
        };
        if source.is_empty() {
            let account = Account::without_trial(file, Status::NothingToRun, None);
            if !self.json {
                show::show(&account, names);
            }
            return Ok(account);
        }
        let budget = self.engines.budget()?;
        let trial =
            try_script(&source.script, budget, runner, names).map_err(|why| anyhow!(why))?;
        let account = Account::new(file, &source, &trial, &mut |judged| {
            known.entry(&source.script, &trial, judged, budget, runner)
        })?;
        if !self.json {
            show::show(&account, names);
            if self.verbose {
                show::every_step(&source, &trial, names);
            }
        }
        Ok(account)
    }
}

/// The end of two files, of which one ended so and the other so.
pub(crate) fn worse(one: End, other: End) -> End {
    match (one, other) {
        (End::Failed, _) | (_, End::Failed) => End::Failed,
        (End::New, _) | (_, End::New) => End::New,
        _ => End::NothingNew,
    }
}
