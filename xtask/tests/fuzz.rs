//! What `cargo xtask fuzz` says when it cannot begin.

use std::process::Command;

fn fuzz(arguments: &[&str]) -> (Option<i32>, String) {
    // Nothing is installed in an empty folder.
    let nowhere = tempfile::tempdir().expect("a folder");
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("fuzz")
        .args(arguments)
        .env("PATH", nowhere.path())
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), said)
}

#[test]
fn missing_tools_are_told_with_how_to_install_them() {
    let (status, said) = fuzz(&["differential", "--engine", "mutant/bound-short"]);
    assert_eq!(status, Some(2));
    assert_eq!(said.lines().count(), 1, "{said}");
    for command in [
        "`rustup toolchain install nightly --profile minimal`",
        "`cargo install cargo-fuzz --locked`",
    ] {
        assert!(said.contains(command), "{said}");
    }
}

#[test]
fn unknown_targets_and_engines_are_told_with_the_known_ones() {
    let (status, said) = fuzz(&["diff"]);
    assert_eq!(status, Some(2));
    assert!(said.contains("known: differential, grow_limits"), "{said}");
    let (status, said) = fuzz(&["--engine", "v9"]);
    assert_eq!(status, Some(2));
    assert!(said.starts_with("error: unknown engine `v9`"), "{said}");
}
