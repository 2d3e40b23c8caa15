//! The corpus on other versions of the engines: a table of bug and version.

use std::collections::BTreeMap;

use semver::Version;
use trapline_harness::corpus::{Bug, Status};
use trapline_harness::engine::{Name, crate_version};
use trapline_harness::judge::{Judged, Verdict};
use trapline_harness::trial::Trial;

use super::Row;
use crate::table::table;

/// Whether a verdict is about an engine that is not linked in.
pub(super) fn is_other(judged: &Judged) -> bool {
    Name::parse(&judged.configuration).is_some_and(|name| name.version.is_some())
}

/// For each release tried whether one of its configurations diverges; nothing
/// for one of which none can say.
pub(super) fn releases(trial: &Trial) -> Vec<(String, bool)> {
    let mut releases: Vec<(String, bool)> = Vec::new();
    for judged in trial.judged.iter().filter(|judged| is_other(judged)) {
        let diverges = match judged.verdict {
            Verdict::Diverges(_) => true,
            Verdict::Conforms => false,
            _ => continue,
        };
        let Some(release) = Name::parse(&judged.configuration).map(Name::release) else {
            continue;
        };
        match releases.iter_mut().find(|(name, _)| *name == release) {
            Some((_, any)) => *any |= diverges,
            None => releases.push((release, diverges)),
        }
    }
    releases
}

/// A release of its engine that has a bug that was fixed in it or before.
pub(super) fn regression<'r>(bug: &Bug, releases: &'r [(String, bool)]) -> Option<&'r str> {
    let Status::Fixed { version, .. } = &bug.status else {
        return None;
    };
    let fixed = Version::parse(version.trim_start_matches('v')).ok()?;
    let back = releases.iter().find(|(release, diverges)| {
        let (engine, version) = release.split_once('@').unwrap_or_default();
        *diverges && engine == bug.engine && parsed(version).is_some_and(|version| version >= fixed)
    });
    back.map(|(release, _)| &**release)
}

/// The version of a release; of a checkout, that of its crate.
fn parsed(version: &str) -> Option<Version> {
    Version::parse(crate_version(version)).ok()
}

/// A release in which the register says that a bug was seen, and in which none of the
/// configurations tried that may have it shows it.
pub(super) fn missing(bug: &Bug, trial: &Trial, releases: &[(String, bool)]) -> Option<String> {
    let candidates = trial.judged.iter().filter(|judged| is_other(judged));
    let candidates = candidates.filter(|judged| bug.may_show_on(&judged.configuration));
    candidates
        .filter_map(|judged| Name::parse(&judged.configuration).map(Name::release))
        .find(|release| {
            let (_, version) = release.split_once('@').unwrap_or_default();
            bug.seen.iter().any(|seen| seen == version)
                && !releases.contains(&(release.clone(), true))
        })
}

/// The releases that rows say something of: those of an engine in the order of
/// their versions.
pub(crate) fn columns(rows: &[Row]) -> Vec<&str> {
    let mut columns: BTreeMap<(&str, Option<Version>, &str), &str> = BTreeMap::new();
    for (release, _) in rows.iter().flat_map(|row| &row.releases) {
        let (engine, version) = release.split_once('@').unwrap_or_default();
        let place = (engine, parsed(version), &**release);
        columns.insert(place, release);
    }
    columns.into_values().collect()
}

/// Prints the table, the files that diverge in a release; nothing without other
/// versions.
pub(super) fn show(rows: &[Row]) {
    let columns = columns(rows);
    if columns.is_empty() {
        return;
    }
    let mut head = vec!["file"];
    head.extend(&columns);
    let mut shown = table(&head);
    let mut open = vec![0; columns.len()];
    for row in rows
        .iter()
        .filter(|row| row.releases.iter().any(|(_, diverges)| *diverges))
    {
        let file = row.file.file_stem().unwrap_or_default().to_string_lossy();
        let mut cells = vec![file.into_owned()];
        for (column, count) in columns.iter().zip(&mut open) {
            let found = row.releases.iter().find(|(release, _)| release == *column);
            *count += u32::from(matches!(found, Some((_, true))));
            let cell = match found {
                Some((_, true)) => "diverges",
                Some((_, false)) => "conforms",
                None => "",
            };
            cells.push(cell.to_owned());
        }
        shown.add_row(cells);
    }
    let mut last = vec!["files that diverge".to_owned()];
    last.extend(open.iter().map(u32::to_string));
    shown.add_row(last);
    println!("{shown}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkout_at_the_fix_that_has_the_bug_is_a_regression() {
        let version = "1.2.0-beta.3".to_owned();
        let status = Status::Fixed {
            version,
            link: None,
        };
        let bug = Bug {
            status,
            ..Bug::example()
        };
        let back = |release: &str| regression(&bug, &[(release.to_owned(), true)]).is_some();
        for release in ["1.2.0-beta.3", "1.2.0-beta.3-g1a2b3c4", "1.2.0-local"] {
            assert!(back(&format!("example@{release}")), "{release}");
        }
        for release in ["1.2.0-beta.2", "1.2.0-beta.2-g1a2b3c4-dirty"] {
            assert!(!back(&format!("example@{release}")), "{release}");
        }
    }
}
