//! `cargo xtask spec`: the official test suite, or any folder of scripts.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, anyhow};
use clap::Args;
use serde::{Deserialize, Serialize};
use trapline_harness::corpus::Register;
use trapline_harness::engine::{Configuration, Name, group};
use trapline_harness::spec::{Failure, Group, Subject, Tally, folder, official, run};
use trapline_harness::worker::Runner;

use crate::End;
use crate::options::{CorpusOptions, EngineOptions};
use crate::output::paragraph;
use crate::table::fitted;

/// Runs the official test suite on the reference and on every engine, and
/// shows what passed, what failed and what was skipped for which reason.
///
/// A failure of an engine can be known: under `spec CONFIGURATION FILE:LINE`
/// in the register of bugs (see `cargo xtask triage`).
#[derive(Args)]
pub(crate) struct Spec {
    /// Run all .wast files below a folder instead: a checkout of the
    /// specification, of a proposal, of an engine
    #[arg(long, value_name = "DIR")]
    suite: Option<PathBuf>,
    /// Only the groups whose name contains this
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// Only the reference, no engines
    #[arg(long)]
    reference: bool,
    /// Show every failure, not the first ten of each engine and group
    #[arg(long)]
    all: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    engines: EngineOptions,
    #[command(flatten)]
    corpus: CorpusOptions,
}

/// How many failures of one engine in one group are shown.
const SHOWN: usize = 10;

/// One engine's answers to one group, for machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) group: String,
    pub(crate) files: usize,
    pub(crate) engine: String,
    pub(crate) passed: u64,
    pub(crate) failed: usize,
    pub(crate) skipped: BTreeMap<String, u64>,
    pub(crate) failures: Vec<Failure>,
    pub(crate) unreadable: Vec<String>,
}

impl Row {
    fn new(group: &Group, engine: &str, tally: Tally) -> Row {
        let Tally {
            passed,
            failures,
            skipped,
            unreadable,
        } = tally;
        Row {
            group: group.name.clone(),
            files: group.files.len(),
            engine: engine.to_owned(),
            passed,
            failed: failures.len(),
            skipped,
            failures,
            unreadable: unreadable.iter().map(|error| error.to_string()).collect(),
        }
    }

    /// The engine, with its version, without the configuration.
    pub(crate) fn family(&self) -> String {
        Name::parse(&self.engine).map_or_else(|| self.engine.clone(), Name::release)
    }

    /// What a failure is called in the register of bugs and in the history of nightly runs.
    pub(crate) fn name(&self, failure: &Failure) -> String {
        format!("spec {} {}", self.engine, failure.place())
    }

    /// Whether something failed that is not known to.
    fn has_news(&self, known: &Register) -> bool {
        let is_new = |failure: &Failure| known.of_suite_failure(&self.name(failure)).is_none();
        self.failures.iter().any(is_new)
    }

    /// The name of the one that decides what is right.
    pub(crate) const REFERENCE: &str = "reference";
}

impl Spec {
    /// Runs everything and prints the tables.
    pub(crate) fn run(self) -> anyhow::Result<End> {
        let groups = self.groups()?;
        let configurations = if self.reference {
            Vec::new()
        } else {
            self.engines.select()?
        };
        let folder = self.corpus.folder(&configurations)?;
        let known = Register::read(&folder).map_err(|why| anyhow!(why))?;
        let never = AtomicBool::new(false);
        let rows = rows(&groups, &configurations, &self.engines.runners()?, &never)?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&rows)?);
        } else {
            self.show(&groups, &rows, &known);
        }
        Ok(end(&rows, &known))
    }

    fn groups(&self) -> anyhow::Result<Vec<Group>> {
        let mut groups = match &self.suite {
            Some(root) => folder(root).with_context(|| format!("{}", root.display()))?,
            None => official(),
        };
        if let Some(part) = &self.group {
            groups.retain(|group| group.name.contains(part.as_str()));
        }
        if groups.is_empty() {
            let place = self.suite.as_ref().map(|root| root.display().to_string());
            return Err(anyhow!(
                "{}: no scripts there",
                place.or(self.group.clone()).unwrap_or_default()
            ));
        }
        Ok(groups)
    }

    fn show(&self, groups: &[Group], rows: &[Row], known: &Register) {
        for group in groups {
            let rows = || rows.iter().filter(|row| row.group == group.name);
            let all: Vec<&str> = rows().map(|row| row.engine.as_str()).collect();
            println!("{}: {} files", group.name, group.files.len());
            let mut shown = fitted(&["", "passed", "failed", "skipped", "because"]);
            for alike in alike(rows()) {
                let row = alike[0];
                let name = who(&alike, &all);
                let reasons: Vec<String> = row
                    .skipped
                    .iter()
                    .map(|(reason, count)| format!("{count} {reason}"))
                    .collect();
                shown.add_row([
                    name,
                    row.passed.to_string(),
                    row.failed.to_string(),
                    row.skipped.values().sum::<u64>().to_string(),
                    reasons.join("\n"),
                ]);
            }
            println!("{shown}");
            for why in rows().take(1).flat_map(|row| &row.unreadable) {
                println!("unreadable: {why}");
            }
            let ours: Vec<&Failure> = rows()
                .filter(|row| row.engine == Row::REFERENCE)
                .flat_map(|row| &row.failures)
                .collect();
            for alike in alike(rows()) {
                self.show_failures(&alike, &all, &ours, known);
            }
            println!();
        }
    }

    /// Shows what engines fail that are alike; not again what the reference, which comes
    /// first, fails at the same place: `ours`.
    fn show_failures(&self, alike: &[&Row], all: &[&str], ours: &[&Failure], known: &Register) {
        let row = alike[0];
        let who = who(alike, all);
        let most = if self.all { usize::MAX } else { SHOWN };
        let shared = |failure: &&Failure| {
            row.engine != Row::REFERENCE && ours.iter().any(|our| our.place() == failure.place())
        };
        let (shared, own): (Vec<&Failure>, Vec<&Failure>) = row.failures.iter().partition(shared);
        for failure in own.iter().take(most) {
            paragraph(0, &format!("{who}: {failure}"));
            if let Some(bug) = known.of_suite_failure(&row.name(failure)) {
                let known = format!("known: {}: {} ({})", bug.id, bug.title, bug.status);
                paragraph(2, &known);
            }
        }
        if own.len() > most {
            let more = own.len() - most;
            paragraph(0, &format!("{who}: and {more} more: see --all"));
        }
        if !shared.is_empty() {
            let count = shared.len();
            paragraph(
                0,
                &format!("{who}: and {count} where the reference fails as well"),
            );
        }
    }
}

/// The configurations of rows that are alike, among all that there are.
fn who(alike: &[&Row], all: &[&str]) -> String {
    let names: Vec<&str> = alike.iter().map(|row| row.engine.as_str()).collect();
    group(&names, all)
}

/// Runs the groups on the reference and on each configuration, until `stop` is set.
pub(crate) fn rows(
    groups: &[Group],
    configurations: &[Configuration],
    runners: &dyn Fn() -> Box<dyn Runner>,
    stop: &AtomicBool,
) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for group in groups {
        let tally = run(group, &mut Subject::Reference).map_err(|why| anyhow!(why))?;
        rows.push(Row::new(group, Row::REFERENCE, tally));
    }
    for configuration in configurations {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        eprintln!("{} ...", configuration.name());
        let mut runner = runners();
        let mut subject = Subject::Engine {
            configuration: configuration.name(),
            runner: &mut *runner,
        };
        for group in groups {
            let tally = run(group, &mut subject).map_err(|why| anyhow!(why))?;
            rows.push(Row::new(group, configuration.name(), tally));
        }
    }
    Ok(rows)
}

/// Neighbouring rows of one engine that say the same.
pub(crate) fn alike<'a>(rows: impl Iterator<Item = &'a Row>) -> Vec<Vec<&'a Row>> {
    let mut groups: Vec<Vec<&Row>> = Vec::new();
    for row in rows {
        let same = |group: &&mut Vec<&Row>| {
            let first = group[0];
            first.family() == row.family()
                && first.passed == row.passed
                && first.skipped == row.skipped
                && first.failures == row.failures
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups
}

/// That an engine fails is a finding, if nobody knew it; that the reference does, or that a
/// script cannot be read, is a failure.
fn end(rows: &[Row], known: &Register) -> End {
    let ours = |row: &Row| row.engine == Row::REFERENCE && row.failed > 0;
    if rows
        .iter()
        .any(|row| ours(row) || !row.unreadable.is_empty())
    {
        End::Failed
    } else if rows.iter().any(|row| row.has_news(known)) {
        End::New
    } else {
        End::NothingNew
    }
}
