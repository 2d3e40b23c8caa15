//! Every file of the corpus under wasmtime's own runner of `.wast`, each in a
//! process of its own: it fails where the register says that wasmtime diverges,
//! and nowhere else.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use trapline_harness::corpus::Corpus;
use trapline_harness::report::uses_host;

/// What the runner runs, in the words of the register.
const CONFIGURATION: &str = "wasmtime/cranelift";

/// The corpus only grows: if fewer files run, something else is wrong.
const AT_LEAST: usize = 10;

fn run(file: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trapline-wast-runner"))
        .arg(file)
        .env("RUST_BACKTRACE", "0")
        .output()
        .expect("the runner runs")
}

/// Why a file is no matter of wasmtime's runner.
fn skip(file: &Path, text: &str) -> Option<&'static str> {
    if file.extension().is_none_or(|kind| kind != "wast") {
        Some("no .wast")
    } else if uses_host(text) {
        Some("uses host")
    } else {
        None
    }
}

#[test]
fn every_file_ends_as_the_register_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus");
    let corpus = Corpus::open(&folder).expect("the corpus");
    let files = corpus.files();
    let mut skipped: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut ran, mut wrong) = (0, Vec::new());
    for file in files.expect("the corpus") {
        let bytes = std::fs::read(&file).expect("it can be read");
        let text = String::from_utf8_lossy(&bytes);
        if let Some(reason) = skip(&file, &text) {
            *skipped.entry(reason).or_default() += 1;
            continue;
        }
        ran += 1;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let bug = corpus.register.of_witness(&name);
        let diverges = bug.is_some_and(|bug| bug.may_show_on(CONFIGURATION));
        let output = run(&file);
        let said = String::from_utf8_lossy(&output.stderr);
        let name = file.display();
        match (output.status.code(), diverges) {
            (Some(0), false) => {}
            (Some(0), true) => wrong.push(format!("{name}: does not diverge")),
            (_, false) => wrong.push(format!("{name}: {}: {said}", output.status)),
            // The engine failed, not the reading of the file.
            (Some(1), true) if said.starts_with("failed directive on ") => {}
            (Some(1 | 2), true) => wrong.push(format!("{name}: does not run: {said}")),
            // It panicked or crashed.
            (_, true) => {}
        }
    }
    println!("{ran} ran; skipped: {skipped:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ran >= AT_LEAST, "only {ran} ran; skipped: {skipped:?}");
}

#[test]
fn what_does_not_hold_fails() {
    let folder = tempfile::tempdir().expect("a folder");
    let module = r#"(module (memory 1) (func (export "f") (result i32) (i32.load (i32.const 0))))"#;
    for (assertion, code) in [
        (r#"(assert_return (invoke "f") (i32.const 0))"#, 0),
        (r#"(assert_return (invoke "f") (i32.const 1))"#, 1),
        (
            r#"(assert_trap (invoke "f") "out of bounds memory access")"#,
            1,
        ),
        ("(assert_return", 1),
    ] {
        let file = folder.path().join("a.wast");
        std::fs::write(&file, format!("{module}\n{assertion}")).expect("a file");
        let output = run(&file);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{assertion}: {said}");
    }
}
