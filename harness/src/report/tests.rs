//! Tests of reports.

use super::*;
use crate::engine::mutants;
use crate::script::wast;
use crate::trial::try_script;
use crate::worker::InProcess;

fn report_of(mutant: &str, text: &str) -> Result<Report, String> {
    let script = wast::parse("t.wast", text.as_bytes())
        .expect("it reads")
        .script;
    let budget = Budget::of(1 << 20);
    let configurations = mutants();
    let mut runner = InProcess::new(mutants());
    let trial = try_script(&script, budget, &mut runner, &[mutant])?;
    report(
        "t.wast",
        &script,
        &trial,
        &configurations,
        None,
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

#[test]
fn a_program_says_each_step_with_its_expectation() {
    let text = r#"(module $m (memory (export "mem") 1 2)
          (func (export "f") (param i32) (result f32) (f32.load (local.get 0))))
        (register "r" $m)
        (assert_return (invoke $m "f" (i32.const 0)) (f32.const 0))
        (assert_return (invoke $host "grow r.mem" (i64.const 9)) (i64.const -1))
        (assert_trap (invoke $m "f" (i32.const -1)) "out of bounds memory access")"#;
    let script = wast::parse("t.wast", text.as_bytes())
        .expect("it reads")
        .script;
    let mut runner = InProcess::new(mutants());
    let budget = Budget::of(1 << 20);
    let trial = try_script(&script, budget, &mut runner, &[]).unwrap();
    let outcomes = trial.reference.outcomes();
    for (configuration, part) in [
        ("wasmtime/winch+dynamic", "Strategy::Winch"),
        ("wasmer/singlepass", "Singlepass::new()"),
        ("wasmi/eager", "CompilationMode::Eager"),
    ] {
        let look = Look {
            instance: "m".to_owned(),
            memory: "mem".to_owned(),
            at: LookAt::Byte(3, 0),
        };
        let program =
            standalone::standalone(&script, &outcomes, Some(&look), configuration, "1.2.3")
                .unwrap();
        assert!(
            program.manifest.contains("version = \"=1.2.3\""),
            "{}",
            program.manifest
        );
        for part in [
            part,
            r#"run.invoke("m", "f", &[V::I32(0x0)], "f32:bits:0x00000000");"#,
            r#"run.grow("r", "mem", 9, "i64:0xffffffffffffffff");"#,
            r#"run.invoke("m", "f", &[V::I32(0xffffffff)], "trap: out of bounds memory access");"#,
            r#"run.byte("m", "mem", 3, "0x00");"#,
        ] {
            assert!(program.main.contains(part), "{part}: {}", program.main);
        }
    }
    let error = standalone::standalone(&script, &outcomes, None, "wasmtime/cranelift+creator", "1");
    assert!(error.is_err());
}
