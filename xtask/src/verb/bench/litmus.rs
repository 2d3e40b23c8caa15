//! How fast litmus tests run, and what they show.

use std::time::Duration;

use anyhow::anyhow;
use serde::Serialize;
use trapline_harness::engine::Configuration;
use trapline_harness::litmus::{ALL, Counted, Litmus};

use crate::table::table;

/// What a litmus test did on one engine.
#[derive(Serialize)]
pub(super) struct Row {
    engine: String,
    test: &'static str,
    iterations: u64,
    iterations_per_second: f64,
    allowed: usize,
    allowed_and_seen: usize,
    /// How often an outcome was seen that is not allowed.
    wrong: u64,
}

impl Row {
    fn new(engine: &Configuration, litmus: &Litmus, counted: &Counted) -> Row {
        Row {
            engine: engine.name().to_owned(),
            test: litmus.name,
            iterations: counted.iterations(),
            iterations_per_second: counted.per_second(),
            allowed: counted.allowed.len(),
            allowed_and_seen: counted.allowed_and_seen(),
            wrong: counted.wrong().map(|(_, count)| count).sum(),
        }
    }

    /// Whether an engine that is right was taken for wrong.
    pub(super) fn is_false(&self) -> bool {
        self.engine == "parallel/right" && self.wrong > 0
    }
}

/// Runs each test for so long on each of these engines, and shows what came of it.
pub(super) fn run(engines: &[Configuration], time: Duration) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for engine in engines {
        for litmus in &ALL {
            let counted = litmus.run(engine, time).map_err(|why| anyhow!(why))?;
            for (outcome, count) in counted.wrong() {
                println!(
                    "{} {}: {outcome:?}, {count} times",
                    engine.name(),
                    litmus.name
                );
            }
            rows.push(Row::new(engine, litmus, &counted));
        }
    }
    let mut shown = table(&[
        "engine",
        "litmus test",
        "iterations/s",
        "seen",
        "not allowed",
    ]);
    for row in &rows {
        shown.add_row([
            row.engine.clone(),
            row.test.to_owned(),
            format!("{:.0}", row.iterations_per_second),
            format!("{} of {}", row.allowed_and_seen, row.allowed),
            row.wrong.to_string(),
        ]);
    }
    println!("{shown}");
    Ok(rows)
}
