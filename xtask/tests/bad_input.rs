//! What the command line says to bad input: one line, exit status 2, and the rest still runs.

use std::path::Path;
use std::process::{Command, Output};

fn xtask(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(args)
        .current_dir(folder)
        .output()
        .expect("it runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("it is in the folder")).expect("a folder");
        std::fs::write(path, bytes).expect("a file");
    }
    folder
}

const GOOD: &[u8] = b"(module (func (export \"f\") (result i32) (i32.const 7)))
(assert_return (invoke \"f\") (i32.const 7))";

#[test]
fn each_bad_file_is_one_line_and_the_others_still_run() {
    let folder = folder(&[
        ("good.wast", GOOD),
        ("elf.wasm", b"\x7fELF"),
        ("cut.wasm", b"\0asm\x01\0\0\0\x01\x05\x01"),
        ("text.wast", b"(module\n  (memory 1) (oops))"),
        ("latin.wast", b"(module) ;; \xe9"),
        ("gc.wat", b"(module\n  (type (struct (field i32))))"),
    ]);
    let files = [
        "missing.wast",
        "elf.wasm",
        "cut.wasm",
        "text.wast",
        "latin.wast",
        "gc.wat",
        "good.wast",
    ];
    let mut args = vec!["run", "--engines", "wasmi/eager", "--in-process"];
    args.extend(files);
    let output = xtask(folder.path(), &args);
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    for line in [
        "error: missing.wast: no such file",
        "error: elf.wasm: byte 0x0: not a WebAssembly binary",
        "error: text.wast:2:15: ",
        "error: latin.wast: byte 0xc: neither text (UTF-8) nor a binary",
        "error: gc.wat:1:2: outside scope: ",
    ] {
        assert_eq!(said.matches(line).count(), 1, "{line}\n{said}");
    }
    assert_eq!(said.lines().count(), 5, "{said}");
    let said = stdout(&output);
    // A binary that is cut off is a question to the engines.
    assert!(
        said.contains("good.wast") && said.contains("cut.wasm"),
        "{said}"
    );
}

#[test]
fn an_unknown_engine_is_told_with_the_known_ones() {
    let folder = folder(&[("good.wast", GOOD)]);
    let output = xtask(folder.path(), &["run", "--engines", "v9", "good.wast"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("wasmi"), "{}", stderr(&output));
}

#[test]
fn cases_need_no_more_than_the_engines_have() {
    let folder = folder(&[("bugs.toml", b"version = 1\n")]);
    let wasmi = ["--engines", "wasmi/eager", "--corpus", "."];
    let diff = |more: &[&str]| xtask(folder.path(), &[&["diff"], &wasmi[..], more].concat());
    let output = diff(&["--focus", "shared"]);
    assert_eq!(output.status.code(), Some(2));
    let why = "error: --focus shared: no configuration that is asked for has threads\n";
    assert_eq!(stderr(&output), why);
    let table = "out.json";
    diff(&["--cases", "100", "--no-reduce", "--json", table]);
    let table = std::fs::read_to_string(folder.path().join(table)).expect("it is written");
    assert!(table.contains("\"conforming\""), "{table}");
    assert!(!table.contains("\"atomics\""), "{table}");
}

#[test]
fn what_does_not_diverge_is_neither_reduced_nor_reported() {
    let folder = folder(&[("good.wast", GOOD)]);
    let engine = ["--engines", "wasmi/eager", "--in-process", "good.wast"];
    for (verb, why) in [
        ("reduce", "good.wast: nobody diverges, nothing to reduce"),
        ("report", "good.wast: nobody diverges"),
    ] {
        let output = xtask(folder.path(), &[&[verb][..], &engine].concat());
        assert_eq!(output.status.code(), Some(2), "{verb}");
        assert!(stderr(&output).contains(why), "{}", stderr(&output));
        assert_eq!(stdout(&output), "");
    }
    let unchanged = std::fs::read(folder.path().join("good.wast")).expect("it is there");
    assert_eq!(unchanged, GOOD);
}

#[test]
fn a_report_folder_is_not_written_over() {
    let folder = folder(&[("good.wast", GOOD), ("out/mine.txt", b"mine")]);
    let output = xtask(folder.path(), &["report", "--out", "out", "good.wast"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("out: exists already"),
        "{}",
        stderr(&output)
    );
    assert_eq!(
        std::fs::read_dir(folder.path().join("out"))
            .expect("a folder")
            .count(),
        1
    );
}

#[test]
fn a_broken_register_is_told_with_its_line_and_left_alone() {
    for (name, broken) in [
        ("known.toml", "# mine\n[\"value_wasmi\"]\nstatus = 1\n"),
        ("bugs.toml", "# mine\nversion = 1\n[[bug]]\nid = 1\n"),
    ] {
        let path = format!("corpus/{name}");
        let folder = folder(&[(&path, broken.as_bytes())]);
        for args in [
            &["triage"][..],
            &["triage", "value_wasmi", "--unreported"],
            &["replay"],
        ] {
            let output = xtask(folder.path(), args);
            assert_eq!(output.status.code(), Some(2), "{args:?}");
            let said = stderr(&output);
            assert!(said.contains(&format!("{name}:")), "{said}");
        }
        let after = std::fs::read_to_string(folder.path().join(&path)).expect("it is there");
        assert_eq!(after, broken);
    }
}

#[test]
fn triage_changes_entries_and_lists_the_severe_ones_first() {
    let entry = |id: &str, severity: &str| {
        format!(
            "[[bug]]\nid = \"{id}\"\ntitle = \"what {id} is\"\nengine = \"wasmi\"\n\
             severity = \"{severity}\"\nstatus = \"unreported\"\nwitness = \"{id}.wast\"\n"
        )
    };
    let register = format!(
        "version = 1\n{}{}",
        entry("a", "wrong-result"),
        entry("b", "sandbox")
    );
    let folder = folder(&[
        ("corpus/bugs.toml", register.as_bytes()),
        ("corpus/a.wast", b";; bug: a\n(module)"),
        ("corpus/b.wast", b";; bug: b\n(module)"),
    ]);
    let link = "https://example.org/1";
    for args in [
        &["triage", "a", "--reported", link][..],
        &["triage", "b", "--rename", "c"],
    ] {
        let output = xtask(folder.path(), args);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
    let listed = stdout(&xtask(folder.path(), &["triage"]));
    let place = |text: &str| {
        listed
            .find(text)
            .unwrap_or_else(|| panic!("{text}: {listed}"))
    };
    assert!(place("what b is") < place("what a is"));
    assert!(place("what b is") < place(link));
    let renamed = std::fs::read_to_string(folder.path().join("corpus/c.wast")).expect("a file");
    assert_eq!(renamed, ";; bug: c\n(module)");
    assert!(!folder.path().join("corpus/b.wast").exists());
    for bad in [
        &["triage", "a", "--reported", "somewhere"][..],
        &["triage", "no-such-thing", "--unreported"],
        &["triage", "a", "--same-as", "b"],
        &["triage", "a", "--rename", "c"],
        &["triage", "a", "--rename", "../x"],
        &["triage", "a"],
    ] {
        assert_eq!(xtask(folder.path(), bad).status.code(), Some(2), "{bad:?}");
    }
}
