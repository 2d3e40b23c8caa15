//! Tests of stand-ins, on the reference.

use super::*;
use crate::engine::{Budget, Job, reference};
use crate::observation::{Outcome, TrapKind, Watch};
use crate::script::wast::parse;
use crate::script::{Value, print};

/// A text with stand-ins, what was said of them, and what the reference answers.
fn run(text: &str, returns: Returns) -> (Source, Vec<String>, Vec<Outcome>) {
    let mut source = parse("t.wast", text.as_bytes()).expect("it reads");
    let said = provide(&mut source, returns);
    assert_eq!(source.steps.len(), source.script.steps.len());
    let budget = Budget::of(1 << 30);
    let watch = Watch::whole(1);
    let job = Job::new(&source.script, budget, &watch, &[]);
    let outcomes = reference::observe(&job, &reference::Options::default()).outcomes();
    (source, said, outcomes)
}

fn values(outcome: &Outcome) -> &[Value] {
    match outcome {
        Outcome::Values(values) => values,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_declared_is_there_and_calls_are_answered_the_same_each_time() {
    let text = r#"(module
        (import "env" "f" (func $f (param i32 f64 externref) (result i32 i64 f32 f64 externref)))
        (import "env" "g" (func $g (param i32 f64 externref) (result i32)))
        (import "env" "mem" (memory 2 3))
        (import "env" "tab" (table 4 5 funcref))
        (import "env" "glob" (global i64))
        (import "env" "var" (global $var (mut f32)))
        (func (export "f") (param i32 f64) (result i32 i64 f32 f64 externref)
            (call $f (local.get 0) (local.get 1) (ref.null extern)))
        (func (export "g") (param i32 f64) (result i32)
            (call $g (local.get 0) (local.get 1) (ref.null extern)))
        (func (export "sizes") (result i32 i32 i64) memory.size table.size global.get 0))
        (invoke "f" (i32.const 1) (f64.const 2)) (invoke "f" (i32.const 1) (f64.const 2))
        (invoke "f" (i32.const 2) (f64.const 2)) (invoke "g" (i32.const 1) (f64.const 2))
        (invoke "f" (i32.const 1) (f64.const nan)) (invoke "f" (i32.const 1) (f64.const nan:0x7))
        (invoke "sizes")"#;
    let (source, said, outcomes) = run(text, Returns::Drawn);
    assert_eq!(
        said,
        ["env: functions f, g; globals glob, var; memory mem; table tab"]
    );
    let [f, again, other, g, nan, other_nan, sizes] = &outcomes[outcomes.len() - 7..] else {
        panic!("{outcomes:?}");
    };
    assert_eq!(values(f), values(again));
    assert_ne!(values(f), values(other));
    assert_ne!(values(f)[0], values(g)[0], "the name decides");
    assert_eq!(values(nan), values(other_nan), "the bits of a NaN do not");
    let is = [Value::I32(2), Value::I32(4), Value::I64(0)];
    assert_eq!(values(sizes), is);
    // It is plain text, and comes back.
    let printed = print::to_wast(&source.script, &outcomes, "");
    let again = parse("again.wast", printed.as_bytes()).expect("it reads");
    assert_eq!(
        again.script.steps.len(),
        source.script.steps.len(),
        "{printed}"
    );

    let (_, _, outcomes) = run(text, Returns::Zero);
    let f = values(&outcomes[outcomes.len() - 7]);
    assert_eq!(f[..2], [Value::I32(0), Value::I64(0)]);
}

#[test]
fn drawn_numbers_are_small_and_large() {
    let mut text = r#"(module (import "e" "f" (func $f (param i32) (result i32)))
        (func (export "f") (param i32) (result i32) (call $f (local.get 0))))"#
        .to_owned();
    text.extend((0..400).map(|n| format!("(invoke \"f\" (i32.const {n}))")));
    let (_, _, outcomes) = run(&text, Returns::Drawn);
    let drawn = outcomes[outcomes.len() - 400..].iter();
    let drawn: Vec<u32> = drawn
        .map(|outcome| match values(outcome) {
            [Value::I32(value)] => *value,
            other => panic!("{other:?}"),
        })
        .collect();
    for (below, least) in [(1, 4), (256, 50), (1 << 16, 150), (u32::MAX, 380)] {
        let count = drawn.iter().filter(|&&value| value < below).count();
        assert!(count >= least, "{count} below {below}");
    }
    assert!(drawn.iter().filter(|&&value| value > 1 << 30).count() > 4);
}

#[test]
fn a_command_gets_through_its_start() {
    let text = r#"(module
        (import "other" "f" (func $other (param i32) (result i32)))
        (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "path_open" (func $open
            (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (global $mine (mut i32) (i32.const 7))
        (table funcref (elem $other $exit))
        (data (i32.const 100) "\08\00\00\00\05\00\00\00\08\00\00\00\06\00\00\00")
        (func (export "_start")
            (if (call $sizes (i32.const 0) (i32.const 4)) (then unreachable))
            (if (call $args (i32.const 8) (i32.const 16)) (then unreachable))
            (if (call $write (i32.const 1) (i32.const 100) (i32.const 2) (i32.const 24)) (then unreachable))
            (if (call $clock (i32.const 0) (i64.const 0) (i32.const 32)) (then unreachable))
            (if (call $clock (i32.const 0) (i64.const 0) (i32.const 40)) (then unreachable))
            (if (call $random (i32.const 48) (i32.const 16)) (then unreachable))
            (call_indirect (param i32) (i32.const 1) (i32.const 1)))
        (func (export "other") (result i32) (call $other (i32.const 3)))
        (func (export "open") (result i32) (call $open (i32.const 3) (i32.const 0) (i32.const 0)
            (i32.const 0) (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 0)))
        (func (export "load") (param i32) (result i64) (i64.load (local.get 0)))
        (func (export "mine") (result i32) (global.get $mine)))
        (invoke "_start")
        (invoke "load" (i32.const 0)) (invoke "load" (i32.const 8)) (invoke "load" (i32.const 16))
        (invoke "load" (i32.const 24)) (invoke "load" (i32.const 32)) (invoke "load" (i32.const 40))
        (invoke "load" (i32.const 48)) (invoke "load" (i32.const 56))
        (invoke "mine") (invoke "open") (invoke "other")"#;
    let (_, said, outcomes) = run(text, Returns::Drawn);
    assert_eq!(said.len(), 2, "{said:?}");
    let outcomes = &outcomes[outcomes.len() - 12..];
    // It comes to its exit.
    assert_eq!(outcomes[0], Outcome::Trap(vec![TrapKind::Unreachable]));
    let loaded: Vec<u64> = outcomes[1..9]
        .iter()
        .map(|outcome| match values(outcome) {
            [Value::I64(value)] => *value,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(loaded[0], 5 << 32 | 1, "one argument, of five bytes");
    assert_eq!(loaded[1], 16, "it stands there");
    assert_eq!(&loaded[2].to_le_bytes()[..5], b"main\0");
    assert_eq!(loaded[3], 11, "all was written");
    assert_eq!(loaded[5] - loaded[4], 1_000_000, "the clock goes on");
    assert!(loaded[6] != 0 && loaded[7] != 0 && loaded[6] != loaded[7]);
    assert_eq!(values(&outcomes[9]), [Value::I32(7)]);
    assert_eq!(values(&outcomes[10]), [Value::I32(44)], "no such file");
    assert_eq!(values(&outcomes[11]).len(), 1);
}

#[test]
fn what_is_registered_or_cannot_be_linked_is_left_alone() {
    for text in [
        r#"(assert_unlinkable (module (import "a" "b" (func))) "unknown import")"#,
        r#"(module $a (func (export "f"))) (register "a" $a) (module (import "a" "f" (func)))"#,
        r#"(module $a (func (export "f"))) (register "a" $a) (module (import "a" "g" (func)))"#,
        r#"(module (import "spectest" "print" (func)))"#,
        r#"(assert_invalid (module (import "wasi_snapshot_preview1" "fd_write"
            (func (param i32 i32 i32 i32) (result i32))) (memory 1) (func (result i32))) "type mismatch")"#,
    ] {
        let before = parse("t.wast", text.as_bytes()).expect("it reads");
        let (source, said, _) = run(text, Returns::Drawn);
        assert_eq!((source, said), (before, vec![]), "{text}");
    }
}

#[test]
fn two_modules_that_import_the_same_share_it() {
    let text = r#"
        (module $a (import "env" "m" (memory 1)) (func (export "put") (i32.store8 (i32.const 5) (i32.const 9))))
        (module $b (import "env" "m" (memory 1))
            (func (export "get") (result i32) (i32.load8_u (i32.const 5))))
        (module $c (import "env" "m" (memory 1 2)))
        (invoke $a "put") (invoke $b "get")"#;
    let (source, _, outcomes) = run(text, Returns::Drawn);
    let registered = |step: &&Step| matches!(step, Step::Register { .. });
    // The third wants a maximum, and gets a memory of its own.
    assert_eq!(source.script.steps.iter().filter(registered).count(), 2);
    assert!(
        outcomes.iter().all(|o| matches!(o, Outcome::Values(_))),
        "{outcomes:?}"
    );
    assert_eq!(values(outcomes.last().unwrap()), [Value::I32(9)]);
}

#[test]
fn emscripten_grows_copies_and_calls_through_its_table() {
    let text = r#"(module
        (type $callee (func (param i32) (result i32)))
        (import "env" "emscripten_resize_heap" (func $grow (param i32) (result i32)))
        (import "env" "emscripten_memcpy_js" (func $copy (param i32 i32 i32)))
        (import "env" "invoke_ii" (func $invoke (param i32 i32) (result i32)))
        (import "env" "__syscall_openat" (func $open (param i32 i32 i32 i32) (result i32)))
        (import "env" "abort" (func $abort))
        (memory 1)
        (data (i32.const 0) "abcd")
        (table funcref (elem $double))
        (func $double (type $callee) (i32.add (local.get 0) (local.get 0)))
        (func (export "grow") (param i32) (result i32 i32) (call $grow (local.get 0)) memory.size)
        (func (export "copy") (result i32)
            (call $copy (i32.const 8) (i32.const 0) (i32.const 4)) (i32.load (i32.const 8)))
        (func (export "invoke") (result i32) (call $invoke (i32.const 0) (i32.const 21)))
        (func (export "open") (result i32)
            (call $open (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
        (func (export "abort") (call $abort)))
        (invoke "grow" (i32.const 65537)) (invoke "grow" (i32.const -1))
        (invoke "copy") (invoke "invoke") (invoke "open") (invoke "abort")"#;
    let (_, _, outcomes) = run(text, Returns::Drawn);
    let outcomes = &outcomes[outcomes.len() - 6..];
    assert_eq!(values(&outcomes[0]), [Value::I32(1), Value::I32(2)]);
    assert_eq!(values(&outcomes[1]), [Value::I32(0), Value::I32(2)]);
    assert_eq!(
        values(&outcomes[2]),
        [Value::I32(u32::from_le_bytes(*b"abcd"))]
    );
    assert_eq!(values(&outcomes[3]), [Value::I32(42)]);
    assert_eq!(values(&outcomes[4]), [Value::I32(-52i32 as u32)]);
    assert_eq!(outcomes[5], Outcome::Trap(vec![TrapKind::Unreachable]));
}
