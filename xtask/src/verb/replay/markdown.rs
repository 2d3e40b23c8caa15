//! The table of bug and version, for documentation.

use std::fmt::Write as _;

use trapline_harness::corpus::{Bug, Corpus, Status};

use super::{Row, versions};

/// A table for each engine: its bugs, and what became of each in the releases
/// that were tried. Rows that no release says anything of are left out.
pub(super) fn text(rows: &[Row], corpus: &Corpus) -> String {
    let mut out = String::new();
    let releases = versions::columns(rows);
    let mut engines: Vec<&str> = releases.iter().map(|release| engine(release)).collect();
    engines.dedup();
    for name in engines {
        let own: Vec<&str> = releases
            .iter()
            .copied()
            .filter(|release| engine(release) == name)
            .collect();
        let of_engine = rows.iter().filter_map(|row| {
            let bug = corpus.register.get(row.bug.as_ref()?)?;
            (bug.engine == name).then_some((row, bug))
        });
        let of_engine: Vec<(&Row, &Bug)> = of_engine.collect();
        if of_engine.is_empty() {
            continue;
        }
        let versions: Vec<&str> = own
            .iter()
            .filter_map(|r| Some(r.split_once('@')?.1))
            .collect();
        let _ = writeln!(
            out,
            "## {name}\n\n| bug | severity | {} | upstream |\n|---|---|{}---|",
            versions.join(" | "),
            "---|".repeat(versions.len())
        );
        for (row, bug) in of_engine {
            let cells: Vec<&str> = own.iter().map(|release| cell(row, release)).collect();
            let _ = writeln!(
                out,
                "| {}<br>`{}` | {} | {} | {} |",
                bug.title.replace('|', "\\|"),
                bug.id,
                bug.severity,
                cells.join(" | "),
                upstream(&bug.status)
            );
        }
        out.push('\n');
    }
    out
}

fn engine(release: &str) -> &str {
    release
        .split_once('@')
        .map_or(release, |(engine, _)| engine)
}

/// What became of a bug in a release.
fn cell(row: &Row, release: &str) -> &'static str {
    match row.releases.iter().find(|(name, _)| name == release) {
        Some((_, true)) => "**diverges**",
        Some((_, false)) => "conforms",
        None => "–",
    }
}

/// What the register says of it.
fn upstream(status: &Status) -> String {
    match status {
        Status::Fixed {
            version,
            link: Some(link),
        } => format!("[fixed in {version}]({link})"),
        Status::Reported { link } => format!("[reported]({link})"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verb::replay::State;

    #[test]
    fn a_table_for_each_engine_that_a_bug_is_of() {
        let folder = tempfile::tempdir().unwrap();
        let mut corpus = Corpus::open(folder.path()).unwrap();
        let bug = Bug {
            id: "a-bug".to_owned(),
            title: "x | y".to_owned(),
            engine: "wasmi".to_owned(),
            status: Status::Fixed {
                version: "1.1.0".to_owned(),
                link: Some("https://example.org".to_owned()),
            },
            ..Bug::example()
        };
        corpus.register.bugs.push(bug);
        let row = Row {
            file: "a-bug.wast".into(),
            bug: Some("a-bug".to_owned()),
            title: String::new(),
            severity: None,
            state: State::Open,
            known: String::new(),
            diverging: Vec::new(),
            note: String::new(),
            releases: [
                ("wasmi@1.10.0", false),
                ("wasmi@1.9.0", true),
                ("wasmtime@36.0.4", false),
            ]
            .map(|(release, diverges)| (release.to_owned(), diverges))
            .into(),
        };
        let text = text(&[row], &corpus);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[2], "| bug | severity | 1.9.0 | 1.10.0 | upstream |");
        assert_eq!(
            lines[4],
            "| x \\| y<br>`a-bug` | wrong-result | **diverges** | conforms | \
             [fixed in 1.1.0](https://example.org) |"
        );
        assert!(!text.contains("wasmtime"), "{text}");
    }
}
