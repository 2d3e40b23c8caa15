//! Builds and runs the stand-alone program of a report.

use std::path::Path;
use std::process::{Command, ExitStatus};

use anyhow::{Context, bail};
use trapline_harness::judge::Class;
use trapline_harness::report::{EXPECTED, Report, Standalone};

/// Writes the package of a program to a folder.
pub(super) fn write_program(folder: &Path, program: &Standalone) -> anyhow::Result<()> {
    let files = [
        ("Cargo.toml", &program.manifest),
        ("src/main.rs", &program.main),
    ];
    std::fs::create_dir_all(folder.join("src"))
        .with_context(|| format!("{}: cannot be made", folder.display()))?;
    for (name, text) in files {
        let file = folder.join(name);
        std::fs::write(&file, text)
            .with_context(|| format!("{}: cannot be written", file.display()))?;
    }
    Ok(())
}

/// Where programs are built, so that each engine is built only once.
const TARGET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/trapline/check");

/// The versions that this workspace was tested with.
const LOCK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock");

/// What a program did.
pub(super) struct Checked {
    /// Whether it shows the divergence.
    pub(super) shows: bool,
    /// What it said.
    pub(super) output: String,
}

/// Whether a program that ended like this has shown a divergence of this class:
/// it exits with 1 where answers are not what they have to be. One that ends in
/// another way shows what ends a process, and may else have a fault of its own.
fn shows(class: Class, status: &ExitStatus) -> bool {
    let ends_a_process = matches!(
        class,
        Class::Crash | Class::Hang | Class::OutOfMemory | Class::Panic
    );
    match status.code() {
        Some(0) => false,
        Some(1) => true,
        _ => ends_a_process,
    }
}

/// Builds and runs the program of a report.
///
/// # Errors
/// If there is none, or it cannot be built or run.
pub(super) fn check(text: &Report) -> anyhow::Result<Checked> {
    let program = match &text.standalone {
        Ok(program) => program,
        Err(why) => bail!("no stand-alone program: {why}"),
    };
    let folder = tempfile::tempdir().context("no temporary folder")?;
    write_program(folder.path(), program)?;
    std::fs::copy(LOCK, folder.path().join("Cargo.lock")).context("Cargo.lock cannot be copied")?;
    eprintln!(
        "building the stand-alone program for {}",
        text.configuration
    );
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let command = |verb: &str| {
        let mut command = Command::new(&cargo);
        command
            .args([verb, "--quiet"])
            .current_dir(folder.path())
            .env("CARGO_TARGET_DIR", TARGET);
        command
    };
    let built = command("build").status().context("cargo cannot be run")?;
    if !built.success() {
        bail!("the stand-alone program does not build");
    }
    let output = command("run").output().context("cargo cannot be run")?;
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    // What fails before the step in question shows nothing.
    let reached = said(&output.stdout).contains(EXPECTED);
    Ok(Checked {
        shows: reached && shows(text.class, &output.status),
        output: said(&output.stdout) + &said(&output.stderr),
    })
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn a_program_that_fails_at_something_else_shows_nothing() {
        let exit = |code: i32| ExitStatus::from_raw(code << 8);
        let panics = 101;
        assert!(shows(Class::Value, &exit(1)));
        assert!(!shows(Class::Value, &exit(0)));
        assert!(!shows(Class::Value, &exit(panics)));
        assert!(shows(Class::Panic, &exit(panics)));
        let killed = ExitStatus::from_raw(11);
        assert!(shows(Class::Crash, &killed));
        assert!(!shows(Class::TrapKind, &killed));
    }
}
