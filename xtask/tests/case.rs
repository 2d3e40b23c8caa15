//! A case of a campaign comes as a file that says what is specified.

use std::process::Command;

#[test]
fn a_case_that_is_written_holds_where_it_is_run() {
    let folder = tempfile::tempdir().expect("a folder");
    for number in ["3", "4", "5"] {
        let status = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(["case", "11", number, "--without", "threads,atomics"])
            .args(["--budget", "64", "-o", "case.wast"])
            .current_dir(folder.path())
            .status()
            .expect("it starts");
        assert!(status.success(), "case {number}");
        let text = std::fs::read_to_string(folder.path().join("case.wast")).expect("a file");
        assert!(
            text.starts_with(&format!(";; Seed 11, case {number}.\n")),
            "{text}"
        );
        assert!(
            text.contains("(assert_"),
            "case {number} asserts nothing: {text}"
        );
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args([
                "run",
                "case.wast",
                "--budget",
                "64",
                "--engines",
                "wasmi/eager",
            ])
            .current_dir(folder.path())
            .output()
            .expect("it starts");
        let said = String::from_utf8_lossy(&output.stdout);
        // Its own assertions are what the reference says of it: none of them is false.
        assert!(!said.contains("the file is wrong"), "case {number}: {said}");
        assert!(said.contains("wasmi/eager"), "case {number}: {said}");
    }
}
