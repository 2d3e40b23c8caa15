//! What a sweep says: its dimensions, how far it is, what it has come to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use trapline_harness::sweep::space::{
    Before, Form, Kind, Offset, Operation, Position, Size, VERSION,
};
use trapline_harness::sweep::{Certificate, Example, Plan, Progress};

use crate::progress::Long;
use crate::table::{fitted, table};

/// So many failing points are named per configuration; the JSON has all.
const NAMED: usize = 5;

/// Prints the dimensions, and how many points there are.
pub(super) fn dimensions(plan: &Plan) {
    let mut rows = fitted(&["dimension", "members"]);
    let mut add = |name: &str, members: Vec<String>| {
        rows.add_row([format!("{name} ({})", members.len()), members.join(" ")]);
    };
    let names = |members: &[&str]| {
        members
            .iter()
            .map(|&name| name.to_owned())
            .collect::<Vec<_>>()
    };
    add(
        "operation",
        Operation::all()
            .iter()
            .map(|one| one.name.clone())
            .collect(),
    );
    add("memory", Kind::all().map(Kind::name).collect());
    add(
        "size",
        names(&Size::ALL.iter().map(|one| one.name()).collect::<Vec<_>>()),
    );
    add(
        "operand",
        names(&Form::ALL.iter().map(|one| one.name()).collect::<Vec<_>>()),
    );
    add(
        "offset",
        names(&Offset::ALL.iter().map(|one| one.name()).collect::<Vec<_>>()),
    );
    add(
        "position",
        Position::all(16).iter().map(|one| one.name()).collect(),
    );
    add(
        "before",
        names(&Before::ALL.iter().map(|one| one.name()).collect::<Vec<_>>()),
    );
    for line in rows.to_string().lines() {
        println!("{}", line.trim_end());
    }
    let mut families: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
    for point in plan.batches.iter().flatten() {
        let counts = families.entry(point.operation().family()).or_default();
        counts[0] += 1;
        counts[1] += u64::from(point.size.is_large());
    }
    let mut counts = table(&["operations", "points", "of these at 2 GiB and more"]);
    for (family, [all, large]) in &families {
        counts.add_row([(*family).to_owned(), all.to_string(), large.to_string()]);
    }
    println!("{counts}");
    println!(
        "version {VERSION} of the space: {} points in {} scripts, digest {:016x}",
        plan.points,
        plan.batches.len(),
        plan.digest
    );
}

/// Prints what became of the points, and where what is new can be seen.
pub(super) fn certificate(certificate: &Certificate, examples: &[Example]) {
    let mut rows = fitted(&["configuration", "version", "points"]);
    for of in &certificate.configurations {
        rows.add_row([of.configuration.clone(), of.version.clone(), of.sentence()]);
    }
    println!("{rows}");
    for of in &certificate.configurations {
        let new = of.failing.iter().filter(|failure| failure.bugs.is_empty());
        for failure in new.take(NAMED) {
            println!("{}: {}: {}", of.configuration, failure.class, failure.point);
        }
        if of.new > NAMED as u64 {
            println!("{}: and {} more", of.configuration, of.new - NAMED as u64);
        }
    }
    for example in examples {
        println!(
            "{} points like {}: {}",
            example.count,
            example.failure.point,
            example.file.display()
        );
    }
    let space = &certificate.space;
    let machine = &certificate.machine;
    let part = match space.shard.as_str() {
        "1/1" => String::new(),
        shard => format!(", shard {shard} with {}", space.of_shard),
    };
    println!(
        "space {} ({}), {} points{part}; {} {}, {} processors; {} UTC",
        space.version,
        space.digest,
        space.points,
        machine.architecture,
        machine.system,
        machine.processors,
        certificate.date
    );
}

/// A sweep that runs.
pub(super) struct Running(pub(super) Arc<Progress>);

impl Long for Running {
    fn done(&self, _: Duration) -> (u64, Option<u64>) {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (of(&self.0.points), Some(of(&self.0.all)))
    }

    fn words(&self, elapsed: Duration) -> String {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (done, all) = (of(&self.0.points), of(&self.0.all));
        let now = done.saturating_sub(of(&self.0.before));
        format!(
            "{done} of {all} points, {} failing{}",
            of(&self.0.failing),
            left(now, all.saturating_sub(done), elapsed)
        )
    }

    fn cancel(&self) {
        self.0.cancel.store(true, Ordering::Relaxed);
    }
}

/// How long the rest takes if it goes on like this, once that can be said.
fn left(done: u64, rest: u64, elapsed: Duration) -> String {
    if done == 0 || elapsed < Duration::from_secs(2) {
        return String::new();
    }
    let seconds = elapsed.as_secs_f64() * rest as f64 / done as f64;
    format!(
        ", about {}:{:02} left",
        seconds as u64 / 60,
        seconds as u64 % 60
    )
}
