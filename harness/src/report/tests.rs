//! Tests of reports.

use super::*;
use crate::engine::javascript::how_to_run;
use crate::engine::{mutants, planted};
use crate::script::wast;
use crate::trial::try_script;
use crate::worker::InProcess;

fn report_of(mutant: &str, text: &str) -> Result<Report, String> {
    let script = wast::parse("t.wast", text.as_bytes())
        .expect("it reads")
        .script;
    let budget = Budget::of(1 << 20);
    let configurations = planted();
    let mut runner = InProcess::new(planted());
    let trial = try_script(&script, budget, &mut runner, &[mutant])?;
    report(
        "t.wast",
        &script,
        &trial,
        &configurations,
        About::default(),
        budget,
        &mut runner,
    )
}

#[test]
fn a_value_is_reported_with_what_was_expected() {
    let text = r#"(module (memory 0) (func (export "f") (result i32) (memory.grow (i32.const 1))))
        (assert_return (invoke "f") (i32.const 0))"#;
    let report = report_of("mutant/grow-new-size", text).unwrap();
    assert_eq!(
        report.title,
        "mutant (mutant/grow-new-size): grow-result at `memory.grow`"
    );
    for part in [
        "i32:0x0",
        "i32:0x1",
        "#exec-memory-grow",
        "(assert_return (invoke \"f\")",
    ] {
        assert!(
            report.markdown.contains(part),
            "{part}: {}",
            report.markdown
        );
    }
    assert!(!report.private);
}

#[test]
fn a_memory_is_reported_with_the_byte_that_differs() {
    let text = r#"(module (memory (export "m") 1)
        (func (export "f") (memory.fill (i32.const 3) (i32.const 7) (i32.const 16))))
        (invoke "f") (invoke "f")"#;
    let report = report_of("mutant/fill-short", text).unwrap();
    assert!(
        report
            .markdown
            .contains("at address 18 of memory `m` is then `0x07`"),
        "{}",
        report.markdown
    );
    assert!(
        report.markdown.contains("The byte is `0x00`"),
        "{}",
        report.markdown
    );
}

#[test]
fn what_breaks_a_sandbox_goes_to_the_private_channel() {
    let text = r#"(module (memory 0) (func (export "f") (i32.store8 (i32.const 0) (i32.const 0))))
        (invoke "f")"#;
    let report = report_of("mutant/bound-long-1", text).unwrap();
    assert!(report.private);
    assert!(
        report.markdown.contains("in private"),
        "{}",
        report.markdown
    );
    assert_eq!(
        channel("wasmtime", true),
        "https://bytecodealliance.org/security"
    );
}

#[test]
fn nothing_is_reported_where_nobody_diverges() {
    let error = report_of("mutant/grow-new-size", "(module)").unwrap_err();
    assert_eq!(error, "t.wast: nobody diverges");
}

/// The program for a script on a configuration of version 1.2.3.
fn program(text: &str, configuration: &str, look: Option<&Look>) -> Result<Standalone, String> {
    let script = wast::parse("t.wast", text.as_bytes())
        .expect("it reads")
        .script;
    let mut runner = InProcess::new(mutants());
    let trial = try_script(&script, Budget::of(1 << 20), &mut runner, &[]).unwrap();
    let outcomes = trial.reference.outcomes();
    standalone::standalone(&script, &outcomes, look, configuration, "1.2.3", "it fails")
}

#[test]
fn a_program_goes_through_the_steps_and_judges_the_last() {
    let text = r#"(module $m (memory (export "mem") 1 2)
          (func (export "f") (param i32) (result f32) (f32.load (local.get 0))))
        (register "r" $m)
        (module $n (import "r" "mem" (memory 1)))
        (assert_return (invoke $m "f" (i32.const 0)) (f32.const 0))
        (assert_return (invoke $host "grow r.mem" (i64.const 9)) (i64.const -1))
        (assert_trap (invoke $m "f" (i32.const -1)) "out of bounds memory access")"#;
    for (configuration, parts) in [
        (
            "wasmtime/winch+dynamic",
            [
                "config.strategy(Strategy::Winch);",
                "i0.get_export(&mut store, \"mem\")",
                "Val::I32(-1)",
            ],
        ),
        (
            "wasmer/singlepass",
            [
                "sys::Singlepass::new()",
                "i0.exports.get_extern(\"mem\")",
                "Value::I32(-1)",
            ],
        ),
        (
            "wasmi/eager",
            [
                "CompilationMode::Eager",
                "i0.get_export(&store, \"mem\")",
                "Val::I32(-1)",
            ],
        ),
    ] {
        let Ok(Standalone::Package { manifest, main }) = program(text, configuration, None) else {
            panic!("no package for {configuration}");
        };
        assert!(manifest.contains("version = \"=1.2.3\""), "{manifest}");
        for part in parts.into_iter().chain([
            "//! it fails",
            "got.unwrap();",
            ".grow(&mut store, 9)",
            "expected: trap: out of bounds memory access",
            ".contains(\"out of bounds memory access\")",
        ]) {
            assert!(main.contains(part), "{part}: {main}");
        }
        // What is expected is said before it is tried.
        let said = main.find("println!(\"expected: ").expect("said");
        assert!(main[said..].matches(".call(").count() == 1, "{main}");
        assert!(main.lines().count() <= 40, "{main}");
    }
    assert!(program(text, "wasmtime/cranelift+creator", None).is_err());
}

#[test]
fn a_program_looks_at_the_byte_that_is_wrong() {
    let text = r#"(module $m (memory (export "mem") 1)
          (func (export "f") (i32.store8 (i32.const 3) (i32.const 7)))) (invoke $m "f")"#;
    let look = Look {
        instance: "m".to_owned(),
        memory: "mem".to_owned(),
        at: LookAt::Byte(3, 7),
    };
    let files = program(text, "wasmi/eager", Some(&look)).unwrap().files();
    assert!(files[1].1.contains("let right = got == 7;"), "{files:?}");
    let files = program(text, "node@26.10.0/tiered", Some(&look))
        .unwrap()
        .files();
    assert!(
        files[0].1.contains("const wrong = got !== \"7\";"),
        "{files:?}"
    );
    assert!(!files[0].1.contains("grow"), "nothing grows: {files:?}");
}

#[test]
fn a_module_goes_through_the_steps_and_judges_the_last() {
    let text = r#"(module $m (memory (export "mem") i64 1 2)
          (func (export "f") (param i32 i64) (result i32 i64) (local.get 0) (local.get 1)))
        (register "r" $m)
        (module $n (import "r" "mem" (memory i64 1)))
        (assert_return (invoke $host "grow r.mem" (i64.const 9)) (i64.const -1))
        (assert_return (invoke $m "f" (i32.const -1) (i64.const -2))
          (i32.const -1) (i64.const -2))"#;
    let Ok(Standalone::Module { text, how }) = program(text, "node@26.10.0/liftoff", None) else {
        panic!("no module");
    };
    assert_eq!(
        how,
        "`node --liftoff-only reproduction.mjs` exits with 1 where it goes wrong."
    );
    for part in [
        "// it fails\n// node@26.10.0/liftoff: `node",
        "const i1 = new WebAssembly.Instance(m1, { \"r\": i0.exports });",
        "outcome(() => grow(i0.exports[\"mem\"], 9n));",
        "const got = outcome(() => i0.exports[\"f\"](-1, -2n));",
        "const wrong = got !== \"-1,-2\";",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let how = |name| how_to_run(name, "r.mjs", "r.html").unwrap();
    assert_eq!(how("chromium/tiered"), "`chromium r.html` shows it.");
    assert_eq!(
        how("firefox/ion"),
        "`firefox r.html` shows it, with javascript.options.wasm_baselinejit = false in about:config."
    );
}

#[test]
fn a_report_on_threads_has_all_of_them_and_says_why_no_execution_gives_it() {
    let thread = |name: &str| {
        format!(
            r#"(thread ${name} (shared (module $m)) (register "m" $m)
              (module (import "m" "m" (memory 1 1 shared))
                (func (export "f") (result i32) (i32.atomic.rmw.add (i32.const 0) (i32.const 1))))
              (invoke "f"))"#
        )
    };
    let text = format!(
        r#"(module $m (memory (export "m") 1 1 shared)) {} {} (wait $a) (wait $b)"#,
        thread("a"),
        thread("b")
    );
    let report = report_of("parallel/rmw-new", &text).unwrap();
    for part in [
        "(wait $a)",
        "(wait $b)",
        "no execution gives i32:0x2 for (invoke \"f\") of $",
        "there it is i32:0x0, or i32:0x1",
        "exec/relaxed.html",
    ] {
        assert!(
            report.markdown.contains(part),
            "{part}: {}",
            report.markdown
        );
    }
}
