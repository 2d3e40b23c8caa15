//! Substitutions on the planted faults: the right ones heal the right faults.

use super::*;
use crate::engine::{Engine, mutants};
use crate::judge::{Comparison, Difference, compare};
use crate::script::Script;

/// The fault's name, the substitutions that heal it wherever it shows, and some
/// that have nothing to do with it.
const HEALED: &[(&str, &[&str], &[&str])] = &[
    ("bound-short", &["embedder"], &["checked", "bytes", "alone"]),
    (
        "bound-long-1",
        &["checked", "embedder"],
        &["bytes", "offset-added"],
    ),
    (
        "bound-short-8",
        &["bytes", "embedder"],
        &["checked", "alone"],
    ),
    (
        "bound-first-byte-16",
        &["checked", "scalar"],
        &["offset-added", "alone"],
    ),
    ("bound-shared-short", &["unshared"], &["checked", "bytes"]),
    (
        "bound-maximum",
        &["no-maximum", "checked"],
        &["bytes", "alone"],
    ),
    (
        "offset-signed",
        &["offset-added", "checked"],
        &["bytes", "alone"],
    ),
    ("end-wraps-32", &["checked", "bytes"], &["offset-added"]),
    ("grow-failed-zero", &["grow-result"], &["alone", "embedder"]),
    (
        "grow-zero-fails",
        &["grow-result", "grow-checked"],
        &["grow-contents", "alone"],
    ),
    ("grow-delta-16", &["grow-checked"], &["alone"]),
    ("grow-signed", &["grow-checked"], &["alone"]),
    ("grow-failed-grows", &["grow-checked"], &["alone"]),
    ("grow-not-zeroed", &["grow-contents"], &["grow-checked"]),
    ("grow-copies-short", &["grow-contents"], &["grow-checked"]),
    ("memory-size-minimum", &["constant-size"], &["alone"]),
    ("grow-maximum-ignored", &["grow-checked"], &["grow-result"]),
    (
        "base-stale-own",
        &["alone", "embedder"],
        &["checked", "bytes"],
    ),
    (
        "base-stale-callee",
        &["alone", "embedder"],
        &["checked", "bytes"],
    ),
    ("fill-late-check", &["loop", "checked"], &["alone"]),
    ("fill-short", &["loop"], &["checked", "alone"]),
    (
        "init-source-unchecked",
        &["embedder"],
        &["alone", "checked"],
    ),
    ("data-not-dropped", &["embedder"], &["checked"]),
    (
        "data-partial",
        &["segment-by-init", "segment-stored"],
        &["embedder"],
    ),
    (
        "atomic-unaligned",
        &["plain", "embedder"],
        &["checked", "alone"],
    ),
    ("rmw-new", &["plain", "embedder"], &["checked", "alone"]),
    ("cmpxchg-stores", &["plain"], &["checked", "alone"]),
    ("notify-unshared", &["plain"], &["alone"]),
    (
        "load32-unsigned",
        &["zero-extended", "embedder"],
        &["checked"],
    ),
    (
        "f32-quieted",
        &["integer", "embedder"],
        &["checked", "alone"],
    ),
    ("store16-wide", &["bytes"], &["checked", "alone"]),
    ("splat-half", &["scalar"], &["zero-extended", "checked"]),
    ("extend-load-unsigned", &["zero-extended"], &["checked"]),
    ("new-stale", &["zeroed"], &["embedder", "no-maximum"]),
    ("new-maximum", &["no-maximum"], &["embedder", "zeroed"]),
];

/// In how many cases a fault has to show at most.
const MOST: usize = 3;

#[test]
fn the_right_substitutions_heal_the_right_faults() {
    let mut wrong = Vec::new();
    for &(fault, healing, others) in HEALED {
        let name = format!("mutant/{fault}");
        let mutants = mutants();
        let mutant = mutants.iter().find(|mutant| mutant.name() == name);
        let mut engine = mutant.expect(fault).build().expect(fault);
        let shown = showing(&mut *engine);
        assert!(!shown.is_empty(), "{fault} never shows");
        for &what in healing.iter().chain(others) {
            let substitution = Substitution::named(what).expect(what);
            let (tried, healed) = heal(&mut *engine, &shown, substitution);
            let is_right = if healing.contains(&what) {
                tried > 0 && healed == tried
            } else {
                healed == 0
            };
            if !is_right {
                wrong.push(format!("{fault}: {what} heals {healed} of {tried}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Which memory a call of the embedder grows is not known before it runs, but that none of
/// them can have so much is.
#[test]
fn a_grow_by_the_embedder_is_checked_against_the_largest_of_its_memories() {
    let text = r#"(module
        (import "host" "grow m.wide" (func (param i64) (result i64)))
        (memory (export "wide") i64 1) (memory (export "narrow") 1)
        (func (export "f") (result i64) (call 0 (i64.const 0x20000))))
      (register "m")
      (assert_return (invoke "f") (i64.const -1))
      (assert_return (invoke $host "grow m.narrow" (i64.const 1)) (i64.const 1))"#;
    let script = crate::script::wast::parse("t.wast", text.as_bytes());
    let script = script.expect("a script").script;
    let mutants = mutants();
    let mutant = mutants.iter().find(|m| m.name() == "mutant/grow-delta-16");
    let mut engine = mutant.expect("planted").build().expect("an engine");
    let difference = difference_at(&mut *engine, &script).expect("it grows by 0");
    let shown = [(script, difference)];
    let checked = heal(&mut *engine, &shown, Substitution::GrowChecked);
    assert_eq!(checked, (1, 1));
}

/// A fill of more bytes than a loop goes over is left to the instruction, but not its end.
#[test]
fn the_end_of_a_long_fill_is_written_by_the_loop() {
    let text = r#"(module (memory 2)
        (func (export "f") (memory.fill (i32.const 5) (i32.const 7) (i32.const 70000)))
        (func (export "g") (param i32) (result i32) (i32.load8_u (local.get 0))))
      (invoke "f")
      (assert_return (invoke "g" (i32.const 70004)) (i32.const 7))"#;
    let script = crate::script::wast::parse("t.wast", text.as_bytes());
    let script = script.expect("a script").script;
    let mutants = mutants();
    let mutant = mutants.iter().find(|m| m.name() == "mutant/fill-short");
    let mut engine = mutant.expect("planted").build().expect("an engine");
    let difference = difference_at(&mut *engine, &script).expect("its last byte is left out");
    let shown = [(script, difference)];
    assert_eq!(heal(&mut *engine, &shown, Substitution::Loop), (1, 1));
}

/// Some cases in which an engine differs, and where.
fn showing(engine: &mut dyn Engine) -> Vec<(Script, Difference)> {
    let mut shown = Vec::new();
    for index in 0..200 {
        let script = generate::case(21, index, &generate::Options::default());
        if let Some(difference) = difference_at(engine, &script) {
            shown.push((script, difference));
        }
        if shown.len() == MOST {
            break;
        }
    }
    shown
}

/// In how many of these cases a substitution preserves the meaning, and in how
/// many of them what was seen is gone.
fn heal(
    engine: &mut dyn Engine,
    shown: &[(Script, Difference)],
    what: Substitution,
) -> (usize, usize) {
    let (mut tried, mut healed) = (0, 0);
    for (script, difference) in shown {
        let watch = Watch::whole(32);
        let budget = generate::Options::default().budget;
        let job = Job::new(script, budget, &watch, &[]);
        let run = reference::observe(&job, &reference::Options::default());
        let original = Original {
            job: &job,
            reference: &run,
        };
        let Ok(substituted) = substitute(&original, what, &|_| true) else {
            continue;
        };
        if confirmed(&original, &substituted).is_none() {
            continue;
        }
        tried += 1;
        let step = substituted.step(difference.step);
        let later = difference_at(engine, &substituted.script);
        healed += usize::from(later.is_none_or(|later| later.step > step));
    }
    (tried, healed)
}

fn difference_at(engine: &mut dyn Engine, script: &Script) -> Option<Difference> {
    let watch = Watch::whole(32);
    let budget = generate::Options::default().budget;
    let job = Job::new(script, budget, &watch, &[]);
    let run = reference::observe(&job, &reference::Options::default());
    match compare(job.script, &run.observation, &engine.observe(&job)).comparison {
        Comparison::Differs(difference) => Some(difference),
        _ => None,
    }
}
