//! Resources: the budget, large memories, scripts without end.

use super::super::{Budget, Feature, Job, RESIDENT_BYTES, all};
use super::{I32, I64, PAGE, Steps, Value, none, trap};
use crate::judge::names_a_limit;
use crate::observation::{Outcome, TrapKind, Watch, digest};
use crate::script::Script;

#[test]
fn a_memory_beyond_the_budget_is_a_limit() {
    Steps::default()
        .module("m", "(module (memory (export \"mem\") 4))")
        .on_all(&[], |configuration, observation| {
            let outcome = &observation.steps[1].outcome;
            assert!(
                matches!(outcome, Outcome::Limit(_)),
                "{}: {outcome:?}",
                configuration.name()
            );
        });
}

/// Some engines find out when they compile, others when they instantiate.
#[test]
fn the_largest_memory_there_is_is_a_limit() {
    Steps::default()
        .module("m", "(module (memory i64 0x1000000000000))")
        .on_all(&[Feature::Memory64], |configuration, observation| {
            let outcomes: Vec<&Outcome> =
                observation.steps.iter().map(|step| &step.outcome).collect();
            let is_limit = |outcome: &Outcome| match outcome {
                Outcome::Limit(_) => true,
                // V8, of which the judge knows the words.
                Outcome::Rejected { reason, .. } => names_a_limit(reason),
                _ => false,
            };
            assert!(
                outcomes.iter().any(|outcome| is_limit(outcome)),
                "{}: {outcomes:?}",
                configuration.name()
            );
        });
}

/// The most memory that this process ever had resident, in MiB; for want of a
/// portable way only known where there is a `/proc`.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kib.map_or(0, |kib| kib.parse::<u64>().expect("a number")) / 1024
}

/// Calls `store` with the last address of a memory that `text` defines and `grow`
/// grows by `delta`; it has to be there, and next to nothing else, or resources
/// have to be lacking.
fn is_sparse(text: &str, needs: &[Feature], delta: Value, size: u64, last: Value) {
    let mut chunk = vec![0; PAGE as usize];
    chunk[PAGE as usize - 1] = 1;
    Steps::default()
        .module("m", text)
        .call("m", "grow", &[delta])
        .call("m", "store", &[last])
        .within(
            Budget::of(8 << 30),
            &[size / PAGE - 1],
            needs,
            |configuration, observation| {
                let name = configuration.name();
                let lacking = observation
                    .steps
                    .iter()
                    .any(|step| matches!(step.outcome, Outcome::Limit(_)));
                if !lacking {
                    let last = observation.steps.last().expect("four steps");
                    assert_eq!(last.outcome, none(), "{name}");
                    assert_eq!(last.memories[0].bytes, u128::from(size), "{name}");
                    let digests: Vec<u64> =
                        last.memories[0].chunks.iter().map(|c| c.digest).collect();
                    assert_eq!(digests, [digest(&chunk)], "{name}");
                }
                assert!(peak() < 1024, "{name}: {} MiB resident", peak());
            },
        );
}

#[test]
fn large_memories_take_what_is_written() {
    let functions = |ty: &str| {
        format!(
            "(func (export \"grow\") (param {ty}) (result {ty}) (memory.grow (local.get 0)))
             (func (export \"store\") (param {ty}) (i32.store8 (local.get 0) (i32.const 1)))"
        )
    };
    for minimum in [0, 0x8000, 0xffff] {
        let text = format!(
            "(module (memory (export \"mem\") {minimum}) {})",
            functions("i32")
        );
        let delta = I32(0x1_0000 - minimum);
        is_sparse(&text, &[], delta, 1 << 32, I32(u32::MAX));
    }
    for minimum in [0, 0x1_0000, 0x1_3fff] {
        let text = format!(
            "(module (memory (export \"mem\") i64 {minimum}) {})",
            functions("i64")
        );
        let delta = I64(0x1_4000 - minimum);
        is_sparse(
            &text,
            &[Feature::Memory64],
            delta,
            5 << 30,
            I64((5 << 30) - 1),
        );
    }
}

/// What is written or copied whole can grow to what may be resident, and no further.
#[test]
fn a_memory_that_is_resident_whole_is_large_where_that_is_allowed() {
    let grown = |resident_bytes: u64| {
        let budget = Budget {
            resident_bytes,
            ..Budget::of(8 << 30)
        };
        let limited = std::cell::RefCell::new(Vec::new());
        Steps::default()
            .module(
                "m",
                "(module (memory (export \"mem\") 1)
                   (func (export \"grow\") (param i32) (result i32)
                     (memory.grow (local.get 0))))",
            )
            .call("m", "grow", &[I32(1279)])
            .call("m", "grow", &[I32(1)])
            .within(budget, &[], &[], |configuration, observation| {
                // Its slots are smaller.
                if configuration.name().ends_with("+small") {
                    return;
                }
                let mut outcomes = observation.steps.iter().map(|step| &step.outcome);
                if outcomes.any(|outcome| matches!(outcome, Outcome::Limit(_))) {
                    limited.borrow_mut().push(configuration.name().to_owned());
                } else {
                    let last = &observation.steps[3].outcome;
                    let right = Outcome::Values(vec![I32(1280)]);
                    assert_eq!(*last, right, "{}", configuration.name());
                }
            });
        limited.into_inner()
    };
    let (usually, large) = (grown(RESIDENT_BYTES), grown(1 << 27));
    assert!(large.is_empty(), "{large:?}");
    for engine in [
        "wasmi/eager",
        "wasmer/cranelift+dynamic",
        "wasmtime/cranelift+dynamic",
        "wasmtime/cranelift+malloc",
    ] {
        let is_linked = all().iter().any(|c| c.name() == engine);
        assert_eq!(
            usually.iter().any(|name| name == engine),
            is_linked,
            "{engine}"
        );
    }
}

#[test]
fn what_never_ends_is_interrupted_where_somebody_counts() {
    let script = Script {
        steps: Steps::default()
            .module("m", "(module (func (export \"spin\") (loop (br 0))))")
            .call("m", "spin", &[])
            .0,
    };
    let budget = Budget::of(PAGE);
    let watch = Watch::default();
    let job = Job::new(&script, budget, &watch, &[]);
    for configuration in all() {
        let name = configuration.name();
        if ["+fuel", "+epochs", "+metered"]
            .iter()
            .any(|c| name.ends_with(c))
        {
            let mut engine = configuration.build().expect(name);
            let last = engine.observe(&job).steps.pop().expect("three steps");
            // Wasmtime's fuel cannot tell a loop from a long bulk operation.
            let limit = Outcome::Limit("out of fuel".to_owned());
            let ended = [Outcome::Interrupted, limit];
            assert!(ended.contains(&last.outcome), "{name}: {:?}", last.outcome);
        }
    }
}

#[test]
fn a_length_costs_nothing_that_is_out_of_bounds() {
    let module = "(module (memory 1) (data $d \"abc\")
        (func (export \"fill\") (param i32)
          (memory.fill (i32.const 0) (i32.const 0) (local.get 0)))
        (func (export \"copy\") (param i32)
          (memory.copy (i32.const 0) (i32.const 0) (local.get 0)))
        (func (export \"init\") (param i32)
          (memory.init $d (i32.const 0) (i32.const 0) (local.get 0))))";
    let beyond = || trap(TrapKind::OutOfBoundsMemory);
    Steps::default()
        .module("m", module)
        .call("m", "fill", &[I32(u32::MAX)])
        .call("m", "copy", &[I32(u32::MAX)])
        .call("m", "init", &[I32(u32::MAX)])
        .gives(&[], &[beyond(), beyond(), beyond()]);
}
