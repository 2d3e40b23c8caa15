//! What the ends of campaigns and of fuzzing sessions have in common.

use std::collections::BTreeMap;
use std::path::Path;

use trapline_harness::campaign::{Found, Phases, Tally};
use trapline_harness::engine::group;
use trapline_harness::judge::Severity;

use crate::table::table;

/// So many sightings that came down to no bug are listed.
const SIGHTINGS: usize = 10;

/// Prints the verdicts: a row for each configuration, for those with the same figures
/// one together.
pub(crate) fn verdicts(tallies: &[Tally]) {
    let mut verdicts = table(&[
        "configuration",
        "cases",
        "calls",
        "conform",
        "limit",
        "unsupported",
        "diverge",
        "skipped",
    ]);
    let names: Vec<&str> = tallies.iter().map(|t| &*t.configuration).collect();
    let mut rows: Vec<([String; 7], Vec<&str>)> = Vec::new();
    for tally in tallies {
        let figures = [
            tally.cases.to_string(),
            tally.calls.to_string(),
            tally.conforming.to_string(),
            tally.limited.to_string(),
            by_reason(&tally.unsupported),
            by_reason(&tally.diverging),
            by_reason(&tally.skipped),
        ];
        match rows.iter_mut().find(|(same, _)| *same == figures) {
            Some((_, of)) => of.push(&tally.configuration),
            None => rows.push((figures, vec![&tally.configuration])),
        }
    }
    for (figures, of) in rows {
        verdicts.add_row([group(&of, &names)].into_iter().chain(figures));
    }
    println!("{verdicts}");
}

fn by_reason(counts: &BTreeMap<String, u64>) -> String {
    if counts.is_empty() {
        return "0".to_owned();
    }
    let lines: Vec<_> = counts.iter().map(|(why, n)| format!("{n} {why}")).collect();
    lines.join("\n")
}

/// Prints the bugs that were met, the new ones first, then the severe ones. `among`
/// are the configurations that ran.
pub(crate) fn bugs(rows: &[Found], among: &[String]) {
    if rows.is_empty() {
        println!("no divergence");
        return;
    }
    let (bugs, sightings): (Vec<&Found>, Vec<&Found>) =
        rows.iter().partition(|row| row.bug.is_some());
    for row in &bugs {
        let on: Vec<&String> = row.configurations.iter().collect();
        bug(&Met {
            id: row.bug.as_deref().unwrap_or_default(),
            title: &row.title,
            severity: row.severity,
            status: &row.status,
            on: &group(&on, among),
            often: &format!("{} cases, first {}", row.cases, row.first_case),
            file: row.file.as_deref(),
        });
    }
    for row in sightings.iter().take(SIGHTINGS) {
        let file = row.file.as_deref().unwrap_or(Path::new(""));
        println!("{}: {}", row.status, row.title);
        println!("    {} cases; {}", row.cases, file.display());
    }
    if sightings.len() > SIGHTINGS {
        let more = sightings.len() - SIGHTINGS;
        println!("and {more} more of these, all listed by --json");
    }
    println!();
    let new = bugs.iter().filter(|row| row.new).count();
    println!("{} bugs met, {new} of them new", bugs.len());
    if !sightings.is_empty() {
        let count = sightings.len();
        println!("{count} more sightings came down to no bug");
    }
}

/// A bug that was met.
pub(crate) struct Met<'a> {
    pub(crate) id: &'a str,
    pub(crate) title: &'a str,
    pub(crate) severity: Option<Severity>,
    pub(crate) status: &'a str,
    pub(crate) on: &'a str,
    /// How often, in words.
    pub(crate) often: &'a str,
    pub(crate) file: Option<&'a Path>,
}

/// Prints a bug: a few lines, so that its names stay whole.
pub(crate) fn bug(met: &Met<'_>) {
    let severity = met.severity.map_or(String::new(), |s| format!(" ({s})"));
    println!("{}{severity}: {}", met.status, met.title);
    println!("    {}, {}", met.id, met.often);
    println!("    on {}", met.on);
    if let Some(file) = met.file {
        println!("    {}", file.display());
    }
}

/// What part of the time of a campaign the harness took, 0 to 1.
pub(crate) fn harness_share(phases: &Phases) -> f64 {
    let harness = phases.harness() as f64;
    harness / (harness + phases.engines() as f64).max(1.0)
}
