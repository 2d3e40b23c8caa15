//! Builds and runs the stand-alone program of a report.

use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context, bail};
use serde::Deserialize;
use trapline_harness::engine::Configuration;
use trapline_harness::engine::javascript::{self, Launch};
use trapline_harness::judge::Class;
use trapline_harness::report::{EXPECTED, Report, Standalone};

/// Writes a program to a folder.
pub(super) fn write_program(folder: &Path, program: &Standalone) -> anyhow::Result<()> {
    for (name, text) in program.files() {
        let file = folder.join(name);
        let parent = file.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent)
            .with_context(|| format!("{}: cannot be made", parent.display()))?;
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
    match status.code() {
        Some(0) => false,
        Some(1) => true,
        _ => ends_a_process(class),
    }
}

fn ends_a_process(class: Class) -> bool {
    matches!(
        class,
        Class::Crash | Class::Hang | Class::OutOfMemory | Class::Panic
    )
}

/// How long a module may take.
const WALL: Duration = Duration::from_secs(60);

/// What a module that was asked says.
#[derive(Deserialize)]
struct Said {
    wrong: bool,
    got: String,
}

/// Builds and runs the program of a report; `configurations` has the one it is about.
///
/// # Errors
/// If there is none, or it cannot be built or run.
pub(super) fn check(text: &Report, configurations: &[Configuration]) -> anyhow::Result<Checked> {
    match &text.standalone {
        Ok(Standalone::Module { text: module, .. }) => {
            let mut all = configurations.iter();
            let configuration = all.find(|c| c.name() == text.configuration);
            let launch = configuration.and_then(Configuration::launch);
            let launch = launch.context("the program is for a JavaScript engine")?;
            check_module(text.class, module, launch)
        }
        Ok(program) => check_package(text, program),
        Err(why) => bail!("no stand-alone program: {why}"),
    }
}

/// Asks a module whether something goes wrong in it. What ends its process shows what
/// ends a process.
fn check_module(class: Class, module: &str, launch: &Launch) -> anyhow::Result<Checked> {
    let asked = format!("{module}export default () => ({{ wrong, got }});\n");
    // What it prints itself would stand before its answer.
    let asked = format!("console.log = () => {{}};\n{asked}");
    Ok(match javascript::evaluate(launch, &asked, true, WALL) {
        Ok(said) => {
            let Said { wrong, got } = serde_json::from_str(&said).context("no answer")?;
            Checked {
                shows: wrong,
                output: format!("got: {got}\n"),
            }
        }
        Err(why) => Checked {
            shows: ends_a_process(class),
            output: format!("{why}\n"),
        },
    })
}

fn check_package(text: &Report, program: &Standalone) -> anyhow::Result<Checked> {
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
