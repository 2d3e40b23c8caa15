//! `cargo xtask replay`: the corpus on every engine.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;
use serde::{Deserialize, Serialize};
use trapline_harness::corpus::{Corpus, Stated, Status, stated};
use trapline_harness::engine::Budget;
use trapline_harness::judge::Class;
use trapline_harness::script::Script;
use trapline_harness::script::expect::matches;
use trapline_harness::script::input::InputError;
use trapline_harness::script::wast::{self, Source};
use trapline_harness::trial::{Trial, Verdict, try_script};
use trapline_harness::worker::Runner;

use crate::End;
use crate::options::{CorpusOptions, EngineOptions};
use crate::table::table;

/// Runs every file of the corpus on every engine: what is still open, what has
/// been fixed, what has changed.
///
/// A plain .wast without a header is a seed: any divergence in it is new.
#[derive(Args)]
pub(crate) struct Replay {
    /// Only these files of the corpus [default: all]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    engines: EngineOptions,
    #[command(flatten)]
    corpus: CorpusOptions,
}

/// What a file says now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// A seed in which nobody diverges.
    Conforms,
    /// It still diverges as the header says.
    Open,
    /// It does not diverge any more.
    Fixed,
    /// It diverges though its status says that it was fixed.
    Regressed,
    /// Other configurations diverge than the header says.
    Changed,
    /// Somebody diverges, and no header says so.
    New,
    /// The file's own assertions contradict the reference.
    Wrong,
    /// None of the engines chosen can tell.
    Untried,
}

impl State {
    /// Whether nobody knew it.
    pub(crate) fn is_news(self) -> bool {
        matches!(self, State::New | State::Regressed | State::Changed)
    }

    /// Its name for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            State::Conforms => "conforms",
            State::Open => "open",
            State::Fixed => "fixed",
            State::Regressed => "regressed",
            State::Changed => "changed",
            State::New => "new",
            State::Wrong => "wrong",
            State::Untried => "untried",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) file: PathBuf,
    pub(crate) state: State,
    pub(crate) known: String,
    pub(crate) diverging: Vec<String>,
    pub(crate) note: String,
}

impl Replay {
    /// Runs the files.
    pub(crate) fn run(self) -> anyhow::Result<End> {
        let configurations = self.engines.select()?;
        let names: Vec<&str> = configurations.iter().map(|c| c.name).collect();
        let corpus =
            Corpus::open(&self.corpus.folder(&configurations)?).map_err(|why| anyhow!("{why}"))?;
        let files = match self.files.is_empty() {
            true => corpus.files().map_err(|why| anyhow!("{why}"))?,
            false => self.files.clone(),
        };
        let mut runner = self.engines.runners()?();
        let mut rows = Vec::new();
        let mut failed = false;
        for file in &files {
            match replay(file, &corpus, self.engines.budget(), &mut *runner, &names)? {
                Ok(replayed) => rows.push(replayed.row),
                Err(why) => {
                    eprintln!("error: {why}");
                    failed = true;
                }
            }
        }
        if self.json {
            println!("{}", serde_json::to_string_pretty(&rows)?);
        } else {
            show(&rows);
        }
        let new = rows.iter().any(|row| row.state.is_news());
        let wrong = rows.iter().any(|row| row.state == State::Wrong);
        Ok(match (failed || wrong, new) {
            (true, _) => End::Failed,
            (_, true) => End::New,
            _ => End::NothingNew,
        })
    }
}

/// A file that was replayed.
pub(crate) struct Replayed {
    pub(crate) row: Row,
    pub(crate) script: Script,
    pub(crate) trial: Trial,
}

/// Runs one file of the corpus; what is wrong with it, if it cannot be read.
pub(crate) fn replay(
    file: &Path,
    corpus: &Corpus,
    budget: Budget,
    runner: &mut dyn Runner,
    names: &[&str],
) -> anyhow::Result<Result<Replayed, InputError>> {
    let source = match wast::read(file) {
        Ok(source) => source,
        Err(why) => return Ok(Err(why)),
    };
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let trial = try_script(&source.script, budget, runner, names)
        .map_err(|why| anyhow!("{}: {why}", file.display()))?;
    Ok(Ok(Replayed {
        row: row(file, &source, &stated(&text), &trial, corpus),
        script: source.script,
        trial,
    }))
}

fn row(file: &Path, source: &Source, stated: &Stated, trial: &Trial, corpus: &Corpus) -> Row {
    let mut diverging = Vec::new();
    let mut classes: Vec<Class> = Vec::new();
    let mut tried = false;
    for judged in &trial.judged {
        match &judged.verdict {
            Verdict::Diverges(difference) => {
                tried = true;
                diverging.push(judged.configuration.clone());
                classes.push(difference.class);
            }
            Verdict::Conforms => tried = true,
            _ => {}
        }
    }
    let status = stated
        .signature
        .as_ref()
        .and_then(|s| corpus.known.status(s));
    let mut note = String::new();
    let wrong = source
        .steps
        .iter()
        .zip(&trial.reference.observation.steps)
        .find_map(|(asserted, got)| {
            let why = matches(&asserted.expect, &got.outcome).err()?;
            Some(format!("line {}: {why}", asserted.line))
        });
    // Only the configurations tried now can confirm or refute the header.
    let expected: Vec<&String> = stated
        .diverging
        .iter()
        .filter(|name| trial.judged.iter().any(|j| j.configuration == **name))
        .collect();
    let state = if let Some(wrong) = wrong {
        note = wrong;
        State::Wrong
    } else if !tried {
        State::Untried
    } else if stated.signature.is_none() {
        if diverging.is_empty() {
            State::Conforms
        } else {
            State::New
        }
    } else if diverging.is_empty() {
        State::Fixed
    } else if matches!(status, Some(Status::FixedIn { .. })) {
        State::Regressed
    } else if diverging.iter().eq(expected.iter().copied()) {
        State::Open
    } else {
        note = format!("the header names {}", stated.diverging.join(" "));
        State::Changed
    };
    let known = status.map_or_else(|| "-".to_owned(), Status::to_string);
    Row {
        file: file.to_owned(),
        state,
        known,
        diverging,
        note,
    }
}

/// Configurations, those of one compiler together: `wasmtime/winch (4)`.
pub(crate) fn by_compiler(names: &[String]) -> String {
    let mut compilers: Vec<(&str, usize)> = Vec::new();
    for name in names {
        let compiler = name.split('+').next().unwrap_or(name);
        match compilers.iter_mut().find(|(seen, _)| *seen == compiler) {
            Some((_, count)) => *count += 1,
            None => compilers.push((compiler, 1)),
        }
    }
    let lines: Vec<_> = compilers
        .iter()
        .map(|(compiler, count)| match count {
            1 => (*compiler).to_owned(),
            count => format!("{compiler} ({count})"),
        })
        .collect();
    lines.join("\n")
}

fn show(rows: &[Row]) {
    let mut shown = table(&["file", "now", "known as", "diverging"]);
    for row in rows {
        let file = row
            .file
            .file_name()
            .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let state = row.state.name().to_owned();
        let now = if row.note.is_empty() {
            state
        } else {
            format!("{state}: {}", row.note)
        };
        shown.add_row([file, now, row.known.clone(), by_compiler(&row.diverging)]);
    }
    println!("{shown}");
    let count = |state| rows.iter().filter(|row| row.state == state).count();
    println!(
        "{} files: {} open, {} fixed, {} regressed, {} changed, {} new, {} conforming, {} wrong, {} untried",
        rows.len(),
        count(State::Open),
        count(State::Fixed),
        count(State::Regressed),
        count(State::Changed),
        count(State::New),
        count(State::Conforms),
        count(State::Wrong),
        count(State::Untried),
    );
}
