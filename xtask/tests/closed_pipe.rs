//! A reader that has seen enough ends a command quietly: `… | head -1`.

use std::io::Read;
use std::process::{Command, Stdio};

/// What a command says on standard error when nobody reads its output, and its status.
fn unread(args: &[&str]) -> (String, Option<i32>) {
    // Closed before it runs: what fits into a pipe may be written at once.
    let (reader, nobody) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut child = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(args)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases"))
        .stdout(nobody)
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut said = String::new();
    let mut stderr = child.stderr.take().expect("a pipe");
    stderr.read_to_string(&mut said).expect("it is text");
    (said, child.wait().expect("it ends").code())
}

#[test]
fn nobody_reads() {
    for args in [
        &["engines"][..],
        &["engines", "--json"],
        &["run", "agrees.wast", "--engines", "wasmi"],
        &["replay", "--engines", "wasmi"],
        &["triage"],
        &["spec", "--reference", "--group", "tail-call"],
        &["diff", "--engines", "wasmi", "--cases", "10"],
    ] {
        let (said, status) = unread(args);
        assert!(!said.contains("panicked"), "{args:?}: {said}");
        assert!(!said.contains("Broken pipe"), "{args:?}: {said}");
        assert_eq!(status, Some(141), "{args:?}: {said}");
    }
}
