//! What is told of the lines of an engine.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use anyhow::{anyhow, bail};
use serde_json::{Value, json};
use trapline_harness::corpus::write_atomically;

use super::areas::Beyond;
use super::lcov::{self, matches};
use super::{Areas, Counted, Fate};
use crate::table::table;

/// The memory code of an engine.
#[derive(Debug)]
pub(crate) struct Report {
    files: Vec<Counted>,
    /// What the table of areas has a reason for and what was reached all the same.
    stale: Vec<String>,
}

impl Report {
    /// Of what was executed, as lcov.
    ///
    /// # Errors
    /// No file is in an area.
    pub(crate) fn of(lcov: &str, areas: &Areas) -> anyhow::Result<Report> {
        let patterns: Vec<&str> = areas.area.iter().map(|area| &*area.files).collect();
        let files = lcov::read(lcov, |path| patterns.iter().any(|p| matches(path, p)));
        let (mut counted, mut used) = (Vec::new(), BTreeSet::new());
        for file in &files {
            let source = std::fs::read_to_string(&file.path).unwrap_or_default();
            counted.push(Counted::of(file, source, areas, &mut used));
        }
        counted.retain(|file| !file.lines.is_empty());
        if counted.is_empty() {
            bail!("no file was run that matches {}", patterns.join(" "));
        }
        counted.sort_by(|a, b| a.file.cmp(&b.file));
        let entries = areas.beyond.iter().flat_map(Beyond::entries);
        let stale = entries
            .map(|(entry, _)| entry)
            .filter(|entry| !used.contains(entry));
        let stale = stale.collect();
        Ok(Report {
            files: counted,
            stale,
        })
    }

    /// Lines that are to be reached, and of these the ones that were.
    pub(crate) fn share(&self) -> (usize, usize) {
        let shares = self.files.iter().map(Counted::share);
        shares.fold((0, 0), |(a, b), (c, d)| (a + c, b + d))
    }

    /// Prints how many lines are reached in each file, and writes which are not to `out`.
    ///
    /// # Errors
    /// `out` cannot be written.
    pub(crate) fn show(&self, out: &Path) -> anyhow::Result<()> {
        let mut shown = table(&["file", "reached", "of", "beyond"]);
        for file in &self.files {
            let (reached, of) = file.share();
            let beyond = file.lines.len() - of;
            let [reached, of, beyond] = [reached, of, beyond].map(|n| n.to_string());
            shown.add_row([&file.file, &reached, &of, &beyond]);
        }
        println!("{shown}");
        let (reached, of) = self.share();
        let beyond: usize = self
            .files
            .iter()
            .map(|file| file.lines.len())
            .sum::<usize>()
            - of;
        println!(
            "{reached} of {of} lines reached ({:.1} %); {beyond} more are beyond reach, for the \
             reasons in {}, with all that were not reached",
            100.0 * reached as f64 / of.max(1) as f64,
            out.display()
        );
        for stale in &self.stale {
            println!("no line is beyond reach in {stale}");
        }
        write_atomically(out, self.text().as_bytes()).map_err(|why| anyhow!("{why}"))
    }

    /// For machines.
    pub(crate) fn json(&self) -> Value {
        let files = self.files.iter().map(|file| {
            let never = file
                .unreached()
                .filter(|(_, _, fate)| **fate == Fate::Never);
            let beyond = file
                .unreached()
                .filter_map(|(first, last, fate)| match fate {
                    Fate::Beyond(reason) => {
                        Some(json!({ "lines": [first, last], "reason": reason }))
                    }
                    _ => None,
                });
            let (reached, of) = file.share();
            json!({
                "file": file.file,
                "reached": reached,
                "of": of,
                "never": never.map(|(first, last, _)| [first, last]).collect::<Vec<_>>(),
                "beyond": beyond.collect::<Vec<_>>(),
            })
        });
        let (reached, of) = self.share();
        json!({ "reached": reached, "of": of, "files": files.collect::<Vec<_>>() })
    }

    /// Every line that was not reached, with its words.
    fn text(&self) -> String {
        let mut text = String::from("# Lines of code that were not executed.\n");
        for file in &self.files {
            let (reached, of) = file.share();
            // Writing to a string cannot fail.
            let _ = writeln!(text, "\n{}: {reached} of {of}", file.file);
            for (first, last, fate) in file.unreached() {
                let lines = match first == last {
                    true => first.to_string(),
                    false => format!("{first}-{last}"),
                };
                let _ = match fate {
                    Fate::Beyond(reason) => writeln!(text, "  {lines} beyond reach: {reason}"),
                    _ => writeln!(text, "  {lines} never:"),
                };
                let words = file.source.lines().enumerate().skip(first as usize - 1);
                let words = words.take_while(|(at, _)| *at < last as usize);
                for (at, words) in words.filter(|_| *fate == Fate::Never) {
                    let _ = writeln!(text, "{:7} {words}", at + 1);
                }
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_reached_or_not_or_beyond_reach() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("memory.rs");
        let text =
            "fn grow() {\n    if fuel {\n        burn();\n    }\n    fail();\n}\n\nfn other() {}\n";
        std::fs::write(&source, text).unwrap();
        let path = source.display();
        let lcov = |burned: u32| {
            format!("SF:{path}\nDA:1,1\nDA:2,1\nDA:3,{burned}\nDA:5,0\nDA:8,0\nend_of_record\n")
        };
        let areas: Areas = toml::from_str(
            "area = [{ engine = '', files = 'memory.rs', only = ['fn grow'] }]
             beyond = [{ engine = '', files = 'memory.rs', blocks = ['if fuel'], reason = 'no fuel' }]",
        )
        .unwrap();
        let report = Report::of(&lcov(0), &areas).unwrap();
        assert_eq!(report.share(), (2, 3));
        let text = report.text();
        assert!(text.contains("  3 beyond reach: no fuel\n"), "{text}");
        assert!(text.contains("  5 never:\n      5     fail();\n"), "{text}");
        assert!(!text.contains("other"), "{text}");
        assert!(report.stale.is_empty());
        // A reason for what is reached is told.
        let report = Report::of(&lcov(1), &areas).unwrap();
        assert_eq!(report.share(), (3, 4));
        assert_eq!(report.stale, ["memory.rs `if fuel`"]);
        let none = Areas::files(&["none".to_owned()]);
        let error = Report::of(&lcov(0), &none).unwrap_err();
        assert_eq!(error.to_string(), "no file was run that matches none");
    }
}
