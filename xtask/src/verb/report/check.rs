//! Builds and runs the stand-alone program of a report.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};
use trapline_harness::report::{Report, Standalone};

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
    Ok(Checked {
        // Whatever ends it otherwise, a crash or a panic, is a divergence as well.
        shows: !output.status.success(),
        output: said(&output.stdout) + &said(&output.stderr),
    })
}
