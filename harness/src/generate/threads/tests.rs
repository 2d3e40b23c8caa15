//! Programs of threads: nearly all are explored, and they differ.

use std::collections::BTreeMap;

use super::super::{Focus, Options, case};
use crate::engine::reference::{self, allowed};
use crate::engine::{Budget, Job};
use crate::observation::{Outcome, TrapKind, Watch};
use crate::script::{Script, Step};

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

/// The memory instructions of each thread, in their order.
fn instructions(script: &Script) -> Vec<Vec<String>> {
    let threads = script.steps.iter().filter_map(|step| match step {
        Step::Thread { steps, .. } => Some(steps),
        _ => None,
    });
    let text = |step: &Step| match step {
        Step::Define { wasm, .. } => wasmprinter::print_bytes(wasm).ok(),
        _ => None,
    };
    let of_thread = |steps: &Vec<Step>| {
        let texts: Vec<String> = steps.iter().filter_map(text).collect();
        let lines = texts.iter().flat_map(|text| text.lines());
        let words = lines.filter_map(|line| line.split_whitespace().next());
        words
            .filter(|word| word.contains('.'))
            .map(str::to_owned)
            .collect()
    };
    threads.map(of_thread).collect()
}

/// Whether a thread does these one after the other, other instructions between them or
/// not.
fn does(thread: &[String], sequence: &[&str]) -> bool {
    let mut rest = thread.iter();
    sequence.iter().all(|op| rest.any(|other| other == op))
}

#[test]
fn threads_ask_for_the_size_before_and_after_their_own_grow() {
    let asks = ["memory.size", "memory.grow", "memory.size"];
    let count = (0..CASES)
        .map(|index| instructions(&case(5, index, &options())))
        .filter(|threads| threads.iter().any(|thread| does(thread, &asks)))
        .count();
    assert!(count >= 6, "{count}");
}

#[test]
fn both_threads_of_a_program_buffer_stores_of_whole_words() {
    let (store, load) = ("i64.atomic.store", "i64.atomic.load");
    let buffers = [store, load, store, load];
    let count = (0..CASES)
        .map(|index| instructions(&case(5, index, &options())))
        .filter(|threads| threads.iter().all(|thread| does(thread, &buffers)))
        .count();
    assert!(count >= 1, "{count}");
}
