//! `cargo xtask report`: the bug report on one file.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use trapline_harness::report::{Report as Text, Standalone, report};
use trapline_harness::script::wast;
use trapline_harness::trial::try_script;

use crate::End;
use crate::options::EngineOptions;

/// Prints the bug report on a file that diverges: Markdown, ready to paste.
///
/// With --out it is written to a folder, with the test case and a stand-alone
/// program; with --check that program is built and run.
#[derive(Args)]
pub(crate) struct Report {
    /// The file: a .wast of the corpus, or any other that diverges
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The engine to report on, or one of its configurations [default: of the
    /// most severe divergence]
    #[arg(long, value_name = "ENGINE")]
    engine: Option<String>,
    /// Write report.md, the test case and the program to a new folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Build and run the stand-alone program, and say whether it shows the divergence
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    engines: EngineOptions,
}

impl Report {
    /// Writes the report.
    pub(crate) fn run(self) -> anyhow::Result<End> {
        if let Some(out) = self.out.as_deref().filter(|out| out.exists()) {
            bail!("{}: exists already, and is not written over", out.display());
        }
        let configurations = self.engines.select()?;
        let names: Vec<&str> = configurations.iter().map(|c| c.name).collect();
        let budget = self.engines.budget();
        let mut runner = self.engines.runners()?();
        let source = wast::read(&self.file)?;
        let trial =
            try_script(&source.script, budget, &mut *runner, &names).map_err(|why| anyhow!(why))?;
        let name = self.file.file_name().unwrap_or_default().to_string_lossy();
        let text = report(
            &name,
            &source.script,
            &trial,
            &configurations,
            self.engine.as_deref(),
            budget,
            &mut *runner,
        )
        .map_err(|why| anyhow!(why))?;
        match &self.out {
            Some(out) => self.write(out, &text)?,
            None => print!("{}", text.markdown),
        }
        if self.check {
            check(&text)
        } else {
            Ok(End::NothingNew)
        }
    }

    fn write(&self, out: &Path, text: &Text) -> anyhow::Result<()> {
        let written = |path: &Path| format!("{}: cannot be written", path.display());
        std::fs::create_dir_all(out).with_context(|| written(out))?;
        let report = out.join("report.md");
        std::fs::write(&report, &text.markdown).with_context(|| written(&report))?;
        let copy = out.join(self.file.file_name().unwrap_or_default());
        std::fs::copy(&self.file, &copy).with_context(|| written(&copy))?;
        if let Ok(program) = &text.standalone {
            write_program(&out.join("reproduction"), program)?;
        }
        println!("{}", report.display());
        Ok(())
    }
}

fn write_program(folder: &Path, program: &Standalone) -> anyhow::Result<()> {
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

fn check(text: &Text) -> anyhow::Result<End> {
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
    eprint!("{}", String::from_utf8_lossy(&output.stdout));
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    // Whatever ends it otherwise, a crash or a panic, is a divergence as well.
    if output.status.success() {
        println!("the stand-alone program does not show the divergence");
        return Ok(End::Failed);
    }
    println!("the stand-alone program shows the divergence");
    Ok(End::NothingNew)
}
