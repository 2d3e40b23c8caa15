//! What past runs gave: one line of JSON for each (`history.jsonl`).

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use trapline_harness::corpus::write_atomically;

use super::report::Report;
use crate::verb::replay::State;

/// A run in few words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line {
    /// When it began, in seconds since 1970.
    pub(crate) began: u64,
    /// How long its longest shard took.
    pub(crate) seconds: f64,
    pub(crate) seed: u64,
    pub(crate) cases: u64,
    pub(crate) calls_per_second: f64,
    pub(crate) divergences: usize,
    pub(crate) new: usize,
    /// Cells of the space that were visited, of so many.
    pub(crate) visited: usize,
    pub(crate) cells: usize,
    /// Files of the corpus that still diverge.
    pub(crate) open: usize,
    /// Assertions of the test suite, over all configurations.
    pub(crate) passed: u64,
    pub(crate) failed: usize,
    /// The names of everything that was not as it should be.
    pub(crate) seen: Vec<String>,
}

/// The past runs, the oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Past {
    pub(crate) lines: Vec<Line>,
    seen: HashSet<String>,
}

impl Past {
    /// Reads a history; a file that is not there is an empty one.
    ///
    /// # Errors
    /// One line: the file, the line, the reason.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Past> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(Past::default()),
            Err(why) => bail!("{}: cannot be read: {why}", path.display()),
        };
        let mut past = Past::default();
        for (number, line) in (1..).zip(text.lines()) {
            let line = serde_json::from_str(line)
                .with_context(|| format!("{}:{number}: not a nightly run", path.display()))?;
            past.push(line);
        }
        Ok(past)
    }

    /// Adds a run.
    pub(crate) fn push(&mut self, line: Line) {
        self.seen.extend(line.seen.iter().cloned());
        self.lines.push(line);
    }

    /// Whether a run has seen what is called so.
    pub(crate) fn has_seen(&self, name: &str) -> bool {
        self.seen.contains(name)
    }

    /// Writes the history.
    ///
    /// # Errors
    /// In words, with the name of the file.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut text = String::new();
        for line in &self.lines {
            text.push_str(&serde_json::to_string(line)?);
            text.push('\n');
        }
        write_atomically(path, text.as_bytes()).map_err(anyhow::Error::msg)
    }
}

impl Line {
    /// A report in few words.
    pub(crate) fn of(report: &Report) -> Line {
        let parts = || report.parts.iter();
        let (visited, cells) = report.coverage().share();
        let open = |state| matches!(state, State::Open | State::Changed | State::Regressed);
        Line {
            began: parts().map(|part| part.began).min().unwrap_or(0),
            seconds: parts().map(|part| part.seconds).fold(0.0, f64::max),
            seed: report.asked.seed,
            cases: parts().map(|part| part.cases).sum(),
            // Shards run at the same time.
            calls_per_second: parts()
                .map(|part| part.calls as f64 / part.campaign_seconds.max(1e-3))
                .sum(),
            divergences: report.findings.len(),
            new: report.news.len(),
            visited,
            cells,
            open: report.replay.iter().filter(|r| open(r.row.state)).count(),
            passed: report.spec.iter().map(|row| row.passed).sum(),
            failed: report.spec.iter().map(|row| row.failed).sum(),
            seen: report.seen(),
        }
    }
}
