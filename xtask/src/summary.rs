//! What the ends of campaigns and of fuzzing sessions have in common.

use std::collections::BTreeMap;

use trapline_harness::campaign::{Phases, Tally};

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

/// What part of the time of a campaign the harness took, 0 to 1.
pub(crate) fn harness_share(phases: &Phases) -> f64 {
    let harness = phases.harness() as f64;
    harness / (harness + phases.engines() as f64).max(1.0)
}
