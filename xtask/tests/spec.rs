//! What `xtask spec --suite DIR` says of a folder: exactly what is in it.

use std::path::Path;
use std::process::{Command, Output};

fn spec(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["spec", "--suite", "suite"])
        .args(args)
        .current_dir(folder)
        .output()
        .expect("it runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

const GOOD: &str = r#"(module (memory 2) (func (export "size") (result i32) memory.size))
(assert_return (invoke "size") (i32.const 2))
"#;

/// One deliberately wrong assertion, one syntax error, one file out of scope.
const FAULTY: [(&str, &str); 4] = [
    ("good.wast", GOOD),
    (
        "wrong.wast",
        r#"(module (memory 2) (func (export "size") (result i32) memory.size))
(assert_return (invoke "size") (i32.const 3))
(assert_return (invoke "size") (i32.const 2))
"#,
    ),
    ("broken.wast", "(module)\n(assert_return (invoke \"f\")"),
    (
        "outside.wast",
        r#"(module (type (struct)) (func (export "f")))
(assert_return (invoke "f"))
(component)
"#,
    ),
];

fn suite(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("suite")).expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join("suite").join(name), text).expect("a file");
    }
    folder
}

#[test]
fn a_folder_that_passes_is_nothing_new() {
    let folder = suite(&FAULTY[..1]);
    let output = spec(folder.path(), &["--reference"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(stdout(&output).starts_with("suite: 1 files\n"));
}

#[test]
fn each_fault_of_a_folder_is_one_line_with_its_place() {
    let folder = suite(&FAULTY);
    let output = spec(folder.path(), &["--reference"]);
    assert_eq!(output.status.code(), Some(2));
    let said = stdout(&output);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "suite: 4 files");
    let faults: Vec<&str> = lines
        .into_iter()
        .filter(|line| line.contains(".wast"))
        .collect();
    let [broken, wrong] = faults[..] else {
        panic!("{said}");
    };
    assert!(
        broken.starts_with("unreadable: suite/broken.wast:2:"),
        "{said}"
    );
    assert_eq!(
        wrong,
        "reference: suite/wrong.wast:2: expected i32:0x3, got i32:0x2"
    );
}

#[test]
fn machines_read_the_same() {
    let folder = suite(&FAULTY);
    let output = spec(folder.path(), &["--reference", "--json"]);
    assert_eq!(output.status.code(), Some(2));
    let rows: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let [row] = &rows.as_array().expect("rows")[..] else {
        panic!("{rows}");
    };
    for (key, expected) in [
        ("group", serde_json::json!("suite")),
        ("engine", serde_json::json!("reference")),
        ("files", serde_json::json!(4)),
        ("passed", serde_json::json!(2)),
        ("failed", serde_json::json!(1)),
        (
            "failures",
            serde_json::json!([{
                "file": "suite/wrong.wast",
                "line": 2,
                "what": "expected i32:0x3, got i32:0x2",
            }]),
        ),
        // The module, its instance and the call; the component.
        (
            "skipped",
            serde_json::json!({ "component": 1, "unsupported: out of scope": 3 }),
        ),
    ] {
        assert_eq!(row[key], expected, "{key} of {row}");
    }
    let unreadable = row["unreadable"].as_array().expect("a list");
    assert_eq!(unreadable.len(), 1, "{row}");
}

#[test]
fn a_folder_without_scripts_is_bad_input() {
    let folder = suite(&[("read.me", "not a script")]);
    let output = spec(folder.path(), &["--reference"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(stdout(&output), "");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("error: suite: "), "{said}");
}

#[test]
fn a_failure_that_is_known_is_nothing_new() {
    let folder = suite(&[(
        "load.wast",
        r#"(module (memory 1) (data (i32.const 0) "\ff")
  (func (export "f") (result i64) (i64.load8_s (i32.const 0))))
(assert_return (invoke "f") (i64.const -1))
"#,
    )]);
    let corpus = folder.path().join("corpus");
    std::fs::create_dir(&corpus).expect("a folder");
    let fails = "mutant/load8-unsigned: suite/load.wast:3: expected ";
    let bug = |line: u32| {
        format!(
            "version = 1\n[[bug]]\nid = \"a\"\ntitle = \"t\"\nengine = \"mutant\"\n\
             severity = \"wrong-result\"\nstatus = \"unreported\"\n\
             suite = [\"mutant/* *load.wast:{line}\"]\n"
        )
    };
    for (known, code, says) in [
        ("version = 1\n".to_owned(), 1, ""),
        (bug(3), 0, "\n  known: a: t (known, unreported)\n"),
        (bug(4), 1, ""),
    ] {
        std::fs::write(corpus.join("bugs.toml"), &known).expect("a file");
        let args = ["--engines", "mutant/load8-unsigned", "--corpus", "corpus"];
        let output = spec(folder.path(), &args);
        let said = stdout(&output);
        assert_eq!(output.status.code(), Some(code), "{known}: {said}");
        assert!(
            said.contains(fails) && said.contains(says),
            "{known}: {said}"
        );
        assert_eq!(said.contains("known"), !says.is_empty(), "{said}");
    }
    std::fs::write(corpus.join("bugs.toml"), "[a").expect("a file");
    let output = spec(folder.path(), &["--reference", "--corpus", "corpus"]);
    assert_eq!(output.status.code(), Some(2));
}
