//! The folder of a report: read, refused, written.

use std::path::Path;

use anyhow::{Context, bail};
use trapline_harness::corpus::write_atomically;

use super::history::{Line, Past};
use super::render;
use super::report::Report;

/// The report for machines, and for merging.
const JSON: &str = "nightly.json";
/// The past runs, this one included.
const HISTORY: &str = "history.jsonl";
const PAGE: &str = "index.html";
const SUMMARY: &str = "summary.md";
const JUNIT: &str = "junit.xml";

/// Finds out whether a report may be written to `folder`: where nothing is, or
/// over an older report, and over nothing else.
///
/// # Errors
/// One line that names what is in the way.
pub(crate) fn check(folder: &Path) -> anyhow::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("{}: cannot be read as a folder", folder.display()))?;
    let mut old = false;
    for entry in entries {
        let name = entry
            .with_context(|| format!("{}: cannot be read", folder.display()))?
            .file_name();
        match name.to_str() {
            // A history alone is where a report is going to be.
            Some(HISTORY) => {}
            Some(JSON | PAGE | SUMMARY | JUNIT) => old = true,
            _ => bail!(
                "{}: holds {}, which is not part of a nightly report; not written over",
                folder.display(),
                name.to_string_lossy()
            ),
        }
    }
    if old {
        read(folder).with_context(|| {
            format!(
                "{}: holds something else than a report; not written over",
                folder.display()
            )
        })?;
    }
    Ok(())
}

/// Reads the report in a folder.
///
/// # Errors
/// One line with the name of the file.
pub(crate) fn read(folder: &Path) -> anyhow::Result<Report> {
    let file = folder.join(JSON);
    let text = std::fs::read_to_string(&file)
        .with_context(|| format!("{}: cannot be read", file.display()))?;
    Report::from_json(&text).with_context(|| file.display().to_string())
}

/// The history of a report to `folder`: that in `given`, or the one it has.
///
/// # Errors
/// One line: the file, the line, the reason.
pub(crate) fn past(folder: &Path, given: Option<&Path>) -> anyhow::Result<Past> {
    match given {
        Some(file) => {
            if !file.exists() {
                eprintln!("{}: not there yet: no past runs", file.display());
            }
            Past::read(file)
        }
        None => Past::read(&folder.join(HISTORY)),
    }
}

/// Writes a report to `folder` in all its forms, and adds its line to the
/// history there and in `given`.
///
/// # Errors
/// In words, with the name of the file.
pub(crate) fn write(
    folder: &Path,
    report: &Report,
    mut past: Past,
    given: Option<&Path>,
) -> anyhow::Result<()> {
    check(folder)?;
    past.push(Line::of(report));
    // Everything is made before anything is written.
    let files = [
        (JSON, serde_json::to_string(report)?),
        (JUNIT, render::junit(report)?),
        (SUMMARY, render::summary(report)?),
        (PAGE, render::page(report, &past)?),
    ];
    std::fs::create_dir_all(folder)
        .with_context(|| format!("{}: cannot be made", folder.display()))?;
    for (name, text) in files {
        write_atomically(&folder.join(name), text.as_bytes()).map_err(anyhow::Error::msg)?;
    }
    let own = folder.join(HISTORY);
    past.write(&own)?;
    match given {
        Some(file) if file != own => past.write(file),
        _ => Ok(()),
    }
}
