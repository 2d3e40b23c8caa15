//! Golden tests of the command line: each `cases/NAME.out` is a test.
//!
//! A line that begins with `$ cargo xtask` is a command, run in that folder on the
//! inputs beside it; what follows it is what it writes to standard output, then
//! each line of standard error behind `! `, then its exit status. To write the
//! expected output of a new case or of a change that is meant, give the commands and
//! run `BLESS=1 cargo test -p xtask --test cases NAME`.
//!
//! Nothing of it may change from one release of an engine to the next, or from one
//! run to the next: no versions, no times.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};

/// What begins the line of a command.
const PROMPT: &str = "$ cargo xtask ";

fn main() -> ExitCode {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut cases: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("the folder of the cases")
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "out"))
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "{}: no case", folder.display());
    let trials = cases.into_iter().map(|case| {
        let name = case.file_stem().expect("a name").to_string_lossy();
        Trial::test(name.into_owned(), move || check(&case))
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

/// Runs the commands of a case, and compares or blesses.
fn check(case: &Path) -> Result<(), Failed> {
    let expected = fs::read_to_string(case)?;
    let commands = expected
        .lines()
        .filter_map(|line| line.strip_prefix(PROMPT));
    let mut got = String::new();
    for command in commands {
        got.push_str(&transcript(case.parent().expect("a folder"), command)?);
    }
    if got.is_empty() {
        return Err(format!("no line begins with {PROMPT:?}").into());
    }
    if std::env::var_os("BLESS").is_some() {
        fs::write(case, got)?;
    } else if got != expected {
        return Err(difference(&expected, &got).into());
    }
    Ok(())
}

/// A command with what it says and its exit status.
fn transcript(folder: &Path, command: &str) -> Result<String, Failed> {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(command.split_whitespace())
        .current_dir(folder)
        .output()?;
    let mut text = format!("{PROMPT}{command}\n");
    text.push_str(&lines(&output.stdout, ""));
    text.push_str(&lines(&output.stderr, "! "));
    match output.status.code() {
        Some(code) => text.push_str(&format!("status: {code}\n")),
        None => text.push_str(&format!("{}\n", output.status)),
    }
    Ok(text)
}

/// Each line behind a prefix, without the spaces with which tables end lines.
fn lines(bytes: &[u8], prefix: &str) -> String {
    let text = String::from_utf8_lossy(bytes);
    let line = |line: &str| format!("{}\n", format!("{prefix}{line}").trim_end());
    text.lines().map(line).collect()
}

/// The first line that differs, and the whole of what was got.
fn difference(expected: &str, got: &str) -> String {
    let line = expected
        .lines()
        .zip(got.lines())
        .position(|(expected, got)| expected != got)
        .unwrap_or_else(|| expected.lines().count().min(got.lines().count()));
    format!("differs from line {}:\n{got}", line + 1)
}
