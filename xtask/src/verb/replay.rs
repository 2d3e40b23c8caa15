//! `cargo xtask replay`: the corpus on every engine.

mod markdown;
mod versions;

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;
use serde::{Deserialize, Serialize};
use trapline_harness::corpus::{Bug, Corpus, Status};
use trapline_harness::engine::Budget;
use trapline_harness::engine::{engine_of, group};
use trapline_harness::judge::{Severity, Verdict};
use trapline_harness::script::Script;
use trapline_harness::script::expect::matches;
use trapline_harness::script::input::InputError;
use trapline_harness::script::wast::Source;
use trapline_harness::trial::{Trial, try_script};
use trapline_harness::worker::Runner;

pub(crate) use versions::columns;

use crate::End;
use crate::options::{CorpusOptions, EngineOptions, InputOptions};
use crate::table::fitted;

/// Runs every file of the corpus on every engine: what is still open, what has
/// been fixed, what has changed.
///
/// A .wast that is no bug's witness is a seed: any divergence in it is new.
#[derive(Args)]
pub(crate) struct Replay {
    /// Only these files of the corpus [default: all]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Print only the table of bug and version, as Markdown, with what is said of
    /// each bug upstream
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
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
    /// It still diverges where the register says so.
    Open,
    /// It does not diverge any more.
    Fixed,
    /// It diverges though its status says that it was fixed.
    Regressed,
    /// Other configurations or releases diverge than the register says.
    Changed,
    /// Somebody diverges, and it is no bug's witness.
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
    /// The bug it is the witness of.
    pub(crate) bug: Option<String>,
    pub(crate) title: String,
    pub(crate) severity: Option<Severity>,
    pub(crate) state: State,
    pub(crate) known: String,
    pub(crate) diverging: Vec<String>,
    pub(crate) note: String,
    /// What became of it on other versions of engines, by release.
    #[serde(default)]
    pub(crate) releases: Vec<(String, bool)>,
}

impl Replay {
    /// Runs the files.
    pub(crate) fn run(self) -> anyhow::Result<End> {
        let configurations = self.engines.select()?;
        let names: Vec<&str> = configurations.iter().map(|c| c.name()).collect();
        let corpus =
            Corpus::open(&self.corpus.folder(&configurations)?).map_err(|why| anyhow!("{why}"))?;
        let files = match self.files.is_empty() {
            true => corpus.files_on(&names).map_err(|why| anyhow!("{why}"))?,
            false => self.files.clone(),
        };
        let mut runner = self.engines.runners()?();
        let mut rows = Vec::new();
        let mut failed = false;
        for file in &files {
            match replay(file, &corpus, self.engines.budget()?, &mut *runner, &names)? {
                Ok(replayed) => rows.push(replayed.row),
                Err(why) => {
                    eprintln!("error: {why}");
                    failed = true;
                }
            }
        }
        if self.json {
            println!("{}", serde_json::to_string_pretty(&rows)?);
        } else if self.markdown {
            print!("{}", markdown::text(&rows, &corpus));
        } else {
            // What came back is said first.
            for row in rows.iter().filter(|row| row.state == State::Regressed) {
                println!("regression: {}: {} ({})", row.title, row.note, row.known);
            }
            versions::show(&rows);
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
    let source = match InputOptions::default().read(file) {
        Ok(source) => source,
        Err(why) => return Ok(Err(why)),
    };
    let trial = try_script(&source.script, budget, runner, names)
        .map_err(|why| anyhow!("{}: {why}", file.display()))?;
    Ok(Ok(Replayed {
        row: row(file, &source, &trial, corpus),
        script: source.script,
        trial,
    }))
}

fn row(file: &Path, source: &Source, trial: &Trial, corpus: &Corpus) -> Row {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let bug = corpus.register.of_witness(&name);
    let (mut diverging, mut others) = (Vec::new(), Vec::new());
    // Only the configurations tried now can confirm or refute the register.
    let (mut healthy, mut tried) = (Vec::new(), false);
    // What the register says, it says of what is linked in.
    let linked = || trial.judged.iter().filter(|j| !versions::is_other(j));
    for judged in linked() {
        let name = &judged.configuration;
        let may = bug.is_some_and(|bug| bug.may_show_on(name));
        // Other engines cannot tell what has become of a bug.
        let tells = bug.is_none_or(|bug| engine_of(name) == bug.engine);
        match &judged.verdict {
            Verdict::Diverges(_) => {
                tried = true;
                diverging.push(name.clone());
                if !may {
                    others.push(name.clone());
                }
            }
            Verdict::Conforms => {
                tried |= tells;
                if may {
                    healthy.push(name.clone());
                }
            }
            _ => {}
        }
    }
    let mut note = String::new();
    let state = match (wrong(source, trial), bug) {
        (Some(wrong), _) => {
            note = wrong;
            State::Wrong
        }
        _ if !tried => {
            note = limited(trial).unwrap_or_default();
            State::Untried
        }
        (_, None) if diverging.is_empty() => State::Conforms,
        (_, None) => State::New,
        (_, Some(bug)) if diverging.is_empty() && bug.severity == Severity::Assertion => {
            note = "only a build with debug assertions shows it".to_owned();
            State::Untried
        }
        (_, Some(_)) if diverging.is_empty() => State::Fixed,
        (_, Some(bug)) if matches!(bug.status, Status::Fixed { .. }) => {
            note = "diverges in what is linked in".to_owned();
            State::Regressed
        }
        _ if others.is_empty() && healthy.is_empty() => State::Open,
        _ => {
            let all: Vec<&String> = linked().map(|j| &j.configuration).collect();
            let words = [("as well", others), ("not any more", healthy)];
            let words = words.into_iter().filter(|(_, names)| !names.is_empty());
            let words = words.map(|(word, names)| format!("{word}: {}", group(&names, &all)));
            note = words.collect::<Vec<_>>().join("; ");
            State::Changed
        }
    };
    let releases = versions::releases(trial);
    let of_releases = bug.filter(|_| state != State::Wrong);
    let of_releases = of_releases.and_then(|bug| in_releases(bug, trial, &releases));
    let (state, note) = of_releases.unwrap_or((state, note));
    Row {
        file: file.to_owned(),
        bug: bug.map(|bug| bug.id.clone()),
        title: bug.map_or_else(String::new, |bug| bug.title.clone()),
        state,
        known: bug.map_or_else(|| "-".to_owned(), |bug| bug.status.to_string()),
        severity: bug.map(|bug| bug.severity),
        diverging,
        note,
        releases,
    }
}

/// What a file asserts that is not so.
fn wrong(source: &Source, trial: &Trial) -> Option<String> {
    let observed = &trial.reference.observation.steps;
    let mut steps = source.steps.iter().zip(observed);
    steps.find_map(|(asserted, got)| {
        let why = matches(&asserted.expect, &got.outcome).err()?;
        Some(format!("line {}: {why}", asserted.line))
    })
}

/// What other releases say of a bug, if that is not what the register says.
fn in_releases(bug: &Bug, trial: &Trial, releases: &[(String, bool)]) -> Option<(State, String)> {
    if let Some(release) = versions::regression(bug, releases) {
        return Some((State::Regressed, format!("diverges in {release}")));
    }
    let release = versions::missing(bug, trial, releases)?;
    let note = format!("was seen in {release}, and does not show");
    Some((State::Changed, note))
}

/// Why nobody could tell, where that is a limit of ours or of the machine.
fn limited(trial: &Trial) -> Option<String> {
    trial
        .judged
        .iter()
        .find_map(|judged| match &judged.verdict {
            Verdict::Limit(why) => {
                let hint = match trial.reference.budget.is_large() {
                    true => "",
                    false => "; see --large",
                };
                Some(format!("{}: {why}{hint}", judged.configuration))
            }
            _ => None,
        })
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
    let mut shown = fitted(&["bug", "severity", "now", "known as", "diverging"]);
    let mut rows: Vec<&Row> = rows.iter().collect();
    rows.sort_by_key(|row| (!row.state.is_news(), row.severity, &row.file));
    for row in &rows {
        let file = row.file.file_name().unwrap_or_default().to_string_lossy();
        let state = row.state.name().to_owned();
        let now = if row.note.is_empty() {
            state
        } else {
            format!("{state}: {}", row.note)
        };
        let bug = match &row.bug {
            Some(id) => format!("{}\n{id}", row.title),
            None => file.into_owned(),
        };
        let severity = row.severity.map_or_else(String::new, |s| s.to_string());
        shown.add_row([
            bug,
            severity,
            now,
            row.known.clone(),
            by_compiler(&row.diverging),
        ]);
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
