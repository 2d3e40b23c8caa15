use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{Validator, WasmFeatures};

use super::*;
use crate::engine::{Job, reference};
use crate::generate::dice::expand;
use crate::generate::{self, Options};
use crate::observation::{Outcome, Watch};
use crate::script::{Step, wast::parse};

const BUDGET: Budget = Budget::of(1 << 20);

fn case(index: u64) -> Script {
    let options = Options {
        budget: BUDGET,
        ..Options::default()
    };
    generate::case(7, index, &options)
}

fn is_valid(wasm: &[u8]) -> bool {
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    validator.validate_all(wasm).is_ok()
}

fn modules(script: &Script) -> Vec<&[u8]> {
    let steps = script.steps.iter();
    let wasm = steps.filter_map(|step| match step {
        Step::Define { wasm, .. } => Some(&wasm[..]),
        _ => None,
    });
    wasm.collect()
}

/// How many instances the reference makes of a script, and how many it should.
fn instances(script: &Script) -> (usize, usize) {
    let watch = Watch::default();
    let job = Job::new(script, BUDGET, &watch, &[]);
    let run = reference::observe(&job, &reference::Options::default());
    let wanted = |step: &&Step| matches!(step, Step::Instantiate { .. });
    let made = std::iter::zip(&script.steps, run.outcomes())
        .filter(|(step, outcome)| wanted(step) && matches!(outcome, Outcome::Values(_)));
    (made.count(), script.steps.iter().filter(wanted).count())
}

#[test]
fn every_kind_of_edit_happens_and_changes_what_it_says() {
    let mut happened = BTreeMap::new();
    for index in 0..400 {
        let before = case(index);
        let mut after = before.clone();
        let bytes = expand(1, index, 256);
        let edited = edit(&mut after, &mut Unstructured::new(&bytes), BUDGET);
        let Some(edited) = edited else {
            assert_eq!(after, before);
            continue;
        };
        *happened.entry(edited).or_insert(0) += 1;
        assert_ne!(after, before, "{edited:?}");
        let (old, new) = (before.steps.len(), after.steps.len());
        match edited {
            Edit::Duplicate => assert_eq!(new, old + 1),
            Edit::Remove => assert_eq!(new, old - 1),
            _ => assert_eq!(new, old),
        }
        let in_module = modules(&before) != modules(&after);
        let is_of_module = matches!(
            edited,
            Edit::Offset | Edit::Limits | Edit::Constant | Edit::Sibling
        );
        assert_eq!(in_module, is_of_module, "{edited:?}");
    }
    for edit in Edit::ALL {
        assert!(happened.get(&edit).is_some_and(|&n| n > 5), "{happened:?}");
    }
}

#[test]
fn most_edited_modules_are_valid_and_most_edited_scripts_still_instantiate() {
    let (mut valid, mut all, mut made, mut wanted) = (0, 0, 0, 0);
    for index in 0..150 {
        let mut script = case(index);
        let before: Vec<bool> = modules(&script).into_iter().map(is_valid).collect();
        for turn in 0..5 {
            let bytes = expand(index, turn, 256);
            edit(&mut script, &mut Unstructured::new(&bytes), BUDGET);
        }
        for (before, after) in std::iter::zip(before, modules(&script)) {
            all += u32::from(before);
            valid += u32::from(before && is_valid(after));
        }
        let (here, there) = instances(&script);
        made += here;
        wanted += there;
    }
    assert!(valid * 100 > all * 97, "{valid} of {all} are valid");
    assert!(made * 100 > wanted * 65, "{made} of {wanted} are made");
}

/// One edit of this kind for each of many dice.
fn edits(edit: Edit, text: &str) -> Vec<Script> {
    let script = parse("a.wast", text.as_bytes()).unwrap().script;
    let edited = |index| {
        let mut script = script.clone();
        let bytes = expand(5, index, 256);
        let mut bytes = Unstructured::new(&bytes);
        let means = Means::of(BUDGET.memory_bytes, false);
        apply(edit, &mut script, &mut Dice::new(&mut bytes), means).map(|()| script)
    };
    (0..600).filter_map(edited).collect()
}

const CALL: &str = r#"(module (memory 2 3) (func (export "f") (param i32) (result i32)
    (i32.load offset=4 (i32.add (local.get 0) (i32.const 8)))))
    (invoke "f" (i32.const 7))"#;

#[test]
fn arguments_move_to_edges() {
    let mut seen = BTreeSet::new();
    for script in edits(Edit::Argument, CALL) {
        let Some(Step::Invoke { args, .. }) = script.steps.last() else {
            panic!("the call is the last step");
        };
        seen.extend(args.iter().map(|arg| format!("{arg:?}")));
    }
    // Beside what it was, the end of the memory and where it may grow to, the
    // middle and the end of the address space.
    for edge in [
        8,
        0x1_fffc,
        0x1_fffd,
        0x2_0000,
        0x3_0000,
        0x8000_0000,
        0xffff_fffc,
        u32::MAX,
    ] {
        let edge = format!("{:?}", crate::script::Value::I32(edge));
        assert!(seen.contains(&edge), "{edge} is not among {seen:?}");
    }
}

#[test]
fn an_instruction_becomes_one_of_its_type_and_nothing_else_does() {
    let mut seen = BTreeSet::new();
    for script in edits(Edit::Sibling, CALL) {
        let wasm = modules(&script)[0];
        assert!(is_valid(wasm));
        let text = wasmprinter::print_bytes(wasm).unwrap();
        assert!(text.contains("offset=4"), "{text}");
        seen.extend(text.split_whitespace().map(str::to_owned));
    }
    for sibling in ["i32.load8_s", "i32.load16_u", "i32.shl", "i32.xor"] {
        assert!(seen.contains(sibling), "{sibling} is not among {seen:?}");
    }
}

#[test]
fn the_numbers_of_loops_stay() {
    let text = r#"(module (memory 1) (func (export "f") (local $left i32)
        (local.set $left (i32.const 3))
        (loop (i32.store8 (i32.const 9) (i32.const 1))
            (br_if 0 (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))
        (invoke "f")"#;
    assert!(edits(Edit::Constant, text).is_empty());
    for script in edits(Edit::Sibling, text) {
        let text = wasmprinter::print_bytes(modules(&script)[0]).unwrap();
        assert!(text.contains("i32.sub"), "{text}");
    }
}

#[test]
fn what_cannot_be_read_is_not_edited() {
    let mut script = Script {
        steps: vec![Step::Define {
            module: "m".to_owned(),
            wasm: b"\0asm\x01\0\0\0\x0a\xff".to_vec(),
        }],
    };
    let before = script.clone();
    for index in 0..200 {
        let bytes = expand(3, index, 64);
        edit(&mut script, &mut Unstructured::new(&bytes), BUDGET);
    }
    assert_eq!(script, before);
    assert_eq!(
        edit(&mut Script::default(), &mut Unstructured::new(&[]), BUDGET),
        None
    );
}

#[test]
fn two_scripts_become_one_that_does_what_both_did() {
    let (mut made, mut wanted) = (0, 0);
    for index in 0..100 {
        let (first, second) = (case(2 * index), case(2 * index + 1));
        let bytes = expand(9, index, 64);
        let spliced = splice(&first, &second, &mut Unstructured::new(&bytes));
        let mut defined = BTreeSet::new();
        for step in &spliced.steps {
            if let Step::Define { module, .. } = step {
                assert!(defined.insert(module), "{module} twice");
            }
        }
        let of_second: Vec<_> = modules(&second);
        assert!(modules(&spliced).ends_with(&of_second));
        let (here, there) = instances(&spliced);
        made += here;
        wanted += there;
    }
    assert!(made * 100 > wanted * 60, "{made} of {wanted} are made");
}

#[test]
fn names_of_the_second_script_that_differ_go_on_to_differ() {
    let script = |text: &str| parse("a.wast", text.as_bytes()).unwrap().script;
    let first = script("(module $a) (module $b)");
    let second = script("(module $a) (module $ax)");
    // Where all of the first is kept.
    let spliced = splice(&first, &second, &mut Unstructured::new(&[0xff; 64]));
    let defined: Vec<_> = spliced
        .steps
        .iter()
        .filter_map(|step| match step {
            Step::Define { module, .. } => Some(module.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(defined, ["a", "b", "ax", "axx"]);
}
