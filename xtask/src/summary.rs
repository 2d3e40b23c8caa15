//! What the ends of campaigns and of fuzzing sessions have in common.

use std::collections::BTreeMap;

use trapline_harness::campaign::{Found, Phases, Tally};
use trapline_harness::engine::group;

use crate::table::table;

/// Prints the verdicts, a row for each configuration.
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
    for tally in tallies {
        verdicts.add_row([
            tally.configuration.clone(),
            tally.cases.to_string(),
            tally.calls.to_string(),
            tally.conforming.to_string(),
            tally.limited.to_string(),
            by_reason(&tally.unsupported),
            by_reason(&tally.diverging),
            by_reason(&tally.skipped),
        ]);
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

/// Prints the bugs that were met, the new ones first, then the severe ones.
pub(crate) fn bugs(rows: &[Found]) {
    if rows.is_empty() {
        println!("no divergence");
        return;
    }
    let mut shown = table(&[
        "bug", "severity", "status", "cases", "first", "on", "witness",
    ]);
    let all: Vec<String> = crate::options::linked_in()
        .iter()
        .map(|c| c.name().to_owned())
        .collect();
    for row in rows {
        let name = match &row.bug {
            Some(id) => format!("{}\n{id}", row.title),
            None => row.title.clone(),
        };
        let on: Vec<&String> = row.configurations.iter().collect();
        let file = row
            .file
            .as_deref()
            .map_or(String::new(), |f| f.display().to_string());
        shown.add_row([
            name,
            row.severity.map_or_else(String::new, |s| s.to_string()),
            row.status.clone(),
            row.cases.to_string(),
            row.first_case.to_string(),
            group(&on, &all),
            file,
        ]);
    }
    println!("{shown}");
    let bugs = || rows.iter().filter(|row| row.bug.is_some());
    let new = bugs().filter(|row| row.new).count();
    println!("{} bugs met, {new} of them new", bugs().count());
    let sightings = rows.len() - bugs().count();
    if sightings > 0 {
        println!("{sightings} more sightings came down to no bug, see their status");
    }
}

/// What part of the time of a campaign the harness took, 0 to 1.
pub(crate) fn harness_share(phases: &Phases) -> f64 {
    let harness = phases.harness() as f64;
    harness / (harness + phases.engines() as f64).max(1.0)
}
