//! Verdicts by configuration and feature, and skips by reason.

use std::collections::BTreeMap;

use serde::Serialize;
use trapline_harness::campaign::{Tally, Verdicts};
use trapline_harness::engine::{Feature, Name};

use crate::nightly::report::{Engine, Report};

/// Engine configurations against features.
#[derive(Serialize)]
pub(super) struct Matrix {
    features: Vec<&'static str>,
    engines: Vec<Family>,
}

/// The configurations of one engine.
#[derive(Serialize)]
struct Family {
    name: String,
    version: String,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    about: String,
    cases: u64,
    calls: u64,
    cells: Vec<Cell>,
}

/// The verdicts on the cases that need one feature.
#[derive(Serialize)]
struct Cell {
    /// How it is coloured: `bad`, `good`, `mixed`, `none`.
    kind: &'static str,
    verdicts: Verdicts,
}

impl Matrix {
    /// The verdicts of the campaign.
    pub(super) fn new(report: &Report) -> Matrix {
        let needed = |name: &&str| {
            report
                .tallies
                .iter()
                .any(|t| t.features.contains_key(*name))
        };
        let features: Vec<&'static str> = std::iter::once(Tally::PLAIN)
            .chain(Feature::ALL.iter().map(|feature| feature.name()))
            .filter(needed)
            .collect();
        let mut engines: Vec<Family> = Vec::new();
        for (engine, tally) in report.asked.engines.iter().zip(&report.tallies) {
            let row = row(engine, tally, &features);
            let name = Name::parse(&engine.name).map_or_else(String::new, Name::release);
            match engines.iter_mut().find(|family| family.name == name) {
                Some(family) => family.rows.push(row),
                None => engines.push(Family {
                    name,
                    version: engine.version.clone(),
                    rows: vec![row],
                }),
            }
        }
        Matrix { features, engines }
    }
}

fn row(engine: &Engine, tally: &Tally, features: &[&str]) -> Row {
    let cell = |name: &&str| {
        let verdicts = tally.features.get(*name).copied().unwrap_or_default();
        let Verdicts {
            conforming,
            limited,
            unsupported: _,
            skipped,
            diverging,
        } = verdicts;
        let kind = match (diverging, conforming, limited + skipped) {
            (1.., ..) => "bad",
            (0, 1.., _) => "good",
            (0, 0, 1..) => "mixed",
            (0, 0, 0) => "none",
        };
        Cell { kind, verdicts }
    };
    let variant = Name::parse(&engine.name).map_or(&*engine.name, Name::variant);
    Row {
        name: variant.to_owned(),
        about: engine.about.clone(),
        cases: tally.cases,
        calls: tally.calls,
        cells: features.iter().map(cell).collect(),
    }
}

/// Cases that were not compared to the end, for one reason.
#[derive(Serialize)]
pub(super) struct Skip {
    what: &'static str,
    reason: String,
    cases: u64,
    configurations: usize,
}

/// All skips, the most frequent first.
pub(super) fn skips(report: &Report) -> Vec<Skip> {
    let mut all: BTreeMap<(&'static str, &str), (u64, usize)> = BTreeMap::new();
    let mut count = |what, reason, cases| {
        let (sum, configurations) = all.entry((what, reason)).or_default();
        *sum += cases;
        *configurations += 1;
    };
    for tally in &report.tallies {
        for (reason, &cases) in &tally.unsupported {
            count("not supported, as declared", reason, cases);
        }
        for (reason, &cases) in &tally.skipped {
            count("not compared to the end", reason, cases);
        }
        if tally.limited > 0 {
            count("resource limit, as allowed", "", tally.limited);
        }
    }
    for (reason, &cases) in &report.reference_skips {
        count("not run to the end by the reference", reason, cases);
    }
    let mut skips: Vec<Skip> = all
        .into_iter()
        .map(|((what, reason), (cases, configurations))| Skip {
            what,
            reason: reason.to_owned(),
            cases,
            configurations,
        })
        .collect();
    skips.sort_by_key(|skip| std::cmp::Reverse(skip.cases));
    skips
}
