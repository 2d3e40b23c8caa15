//! Programs of threads: nearly all are explored, and they differ.

use std::collections::BTreeMap;

use super::super::{Focus, Options, case};
use crate::engine::reference::{self, allowed};
use crate::engine::{Budget, Job};
use crate::observation::{Outcome, TrapKind, Watch};
use crate::script::Step;

const CASES: u64 = 300;

fn options() -> Options {
    Options {
        focus: vec![Focus::Threads],
        budget: Budget::of(1 << 20),
        ..Options::default()
    }
}

#[test]
fn most_programs_have_a_set_of_outcomes() {
    let (mut said, mut several, mut trapped, mut timed_out) = (0, 0, 0, 0);
    let mut dropped: BTreeMap<String, u32> = BTreeMap::new();
    for index in 0..CASES {
        let script = case(3, index, &options());
        let watch = Watch::default();
        let job = Job::new(&script, options().budget, &watch, &[]);
        let allowed = match allowed(&job, &reference::Options::default()) {
            Ok(allowed) => allowed,
            Err(why) => {
                *dropped.entry(why.words()).or_default() += 1;
                continue;
            }
        };
        assert!(!allowed.observations.is_empty(), "case {index}");
        said += 1;
        several += u32::from(allowed.observations.len() > 1);
        let outcomes = allowed.outcomes().into_iter().flatten();
        let joined: Vec<Outcome> = outcomes
            .filter_map(|outcome| match outcome {
                Outcome::Joined(outcomes) => outcomes.last().cloned(),
                _ => None,
            })
            .collect();
        let beyond = Outcome::Trap(vec![TrapKind::OutOfBoundsMemory]);
        trapped += u32::from(joined.contains(&beyond));
        let times_out = |outcome: &Outcome| match outcome {
            Outcome::Values(values) => values.contains(&trapline_reference::Value::I64(2)),
            _ => false,
        };
        timed_out += u32::from(joined.iter().any(times_out));
    }
    let told = format!(
        "{said} said, {several} with several, {trapped} with a trap, {timed_out} with a 2; {dropped:?}"
    );
    assert!(said >= CASES as u32 * 85 / 100, "{told}");
    assert!(several > 120, "{told}");
    assert!(trapped > 40 && timed_out > 20, "{told}");
    // Each of them ends: an engine is never sent what may not.
    assert!(
        dropped.keys().all(|why| !why.contains("for ever")),
        "{told}"
    );
}

#[test]
fn programs_have_two_to_four_threads_that_are_waited_for_once() {
    let mut counts = BTreeMap::new();
    for index in 0..CASES {
        let script = case(4, index, &options());
        let started: Vec<&String> = script
            .steps
            .iter()
            .filter_map(|step| match step {
                Step::Thread { name, .. } => Some(name),
                _ => None,
            })
            .collect();
        let waited: Vec<&String> = script
            .steps
            .iter()
            .filter_map(|step| match step {
                Step::Wait { thread } => Some(thread),
                _ => None,
            })
            .collect();
        assert_eq!(started, waited, "case {index}");
        *counts.entry(started.len()).or_insert(0) += 1;
    }
    assert_eq!(counts.keys().copied().collect::<Vec<_>>(), [2, 3, 4]);
}
