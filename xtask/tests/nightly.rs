//! What `cargo xtask nightly` refuses before it runs anything.

use std::path::Path;
use std::process::{Command, Output};

fn nightly(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("nightly")
        .args(args)
        .current_dir(folder)
        .output()
        .expect("it runs")
}

/// Runs it, and checks that it fails with these words and leaves `out/` alone.
fn refused(folder: &Path, args: &[&str], words: &str) {
    let before = files(folder);
    let output = nightly(folder, args);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
    assert!(said.contains(words), "{args:?}: {said}");
    assert_eq!(files(folder), before, "{args:?}");
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut all: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    let below: Vec<_> = all
        .iter()
        .filter(|path| path.is_dir())
        .flat_map(|p| files(p))
        .collect();
    all.extend(below);
    all.sort();
    all
}

#[test]
fn shards_that_are_none() {
    let folder = tempfile::tempdir().expect("a folder");
    for (shard, words) in [
        ("3/2", "there are only 2 shards"),
        ("1/0", "0 shards"),
        ("1", "is not a shard"),
        ("x/2", "is not a shard"),
        ("-1/2", "is not a shard"),
        ("", "is not a shard"),
    ] {
        let shard = format!("--shard={shard}");
        refused(folder.path(), &[&shard, "--out", "out"], words);
    }
    refused(folder.path(), &["--shard", "1/2"], "--out");
}

#[test]
fn folders_that_hold_something_else() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [
        ("out/mine.txt", "mine"),
        ("torn/nightly.json", "{"),
        ("empty/x", ""),
    ] {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().expect("it has one")).expect("a folder");
        std::fs::write(file, text).expect("a file");
    }
    std::fs::remove_file(folder.path().join("empty/x")).expect("it was there");
    let out = folder.path();
    refused(out, &["--out", "out"], "out: holds mine.txt");
    refused(
        out,
        &["--out", "torn"],
        "torn: holds something else than a report",
    );
    refused(
        out,
        &["--merge", "empty", "--out", "new"],
        "nightly.json: cannot be read",
    );
    refused(
        out,
        &["--merge", "absent", "--out", "new"],
        "nightly.json: cannot be read",
    );
    refused(
        out,
        &["--merge", "empty", "--out", "empty"],
        "cannot be merged into itself",
    );
    refused(
        out,
        &["--merge", "a", "--cases", "1", "--out", "new"],
        "cannot be used with",
    );
    std::fs::write(out.join("history.jsonl"), "{\"began\": 0}\n").expect("a file");
    let history = ["--history", "history.jsonl", "--out", "new"];
    refused(out, &history, "history.jsonl:1: not a nightly run");
}
