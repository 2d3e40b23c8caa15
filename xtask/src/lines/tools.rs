//! The programs that read what instrumented code has counted.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

/// The tools of a toolchain, found.
pub(crate) struct Tools {
    folder: PathBuf,
}

impl Tools {
    /// Those of a toolchain of rustup's, or of the one in use.
    ///
    /// # Errors
    /// What to install, in one line.
    pub(crate) fn find(toolchain: Option<&str>) -> anyhow::Result<Tools> {
        let mut rustc = Command::new("rustc");
        if let Some(name) = toolchain {
            rustc.arg(format!("+{name}"));
        }
        let said = rustc.args(["--print", "target-libdir"]).output();
        let said = said
            .context("rustc cannot be run: is Rust installed?")?
            .stdout;
        let libraries = PathBuf::from(String::from_utf8_lossy(&said).trim());
        let folder = libraries.with_file_name("bin");
        let named = toolchain.map_or_else(String::new, |name| format!(" --toolchain {name}"));
        if !folder.join("llvm-cov").is_file() || !folder.join("llvm-profdata").is_file() {
            bail!(
                "coverage needs tools that are not there; install them with \
                 `rustup component add llvm-tools{named}`"
            );
        }
        Ok(Tools { folder })
    }

    /// Puts together what was counted in the files of a folder.
    ///
    /// # Errors
    /// In words, with what the tool says.
    pub(crate) fn merge(&self, counted: &Path, merged: &Path) -> anyhow::Result<()> {
        let mut files = Vec::new();
        let entries = std::fs::read_dir(counted);
        for entry in entries.with_context(|| format!("{}: cannot be read", counted.display()))? {
            let file = entry?.path();
            if file.extension() == Some(OsStr::new("profraw")) {
                files.push(file);
            }
        }
        if files.is_empty() {
            bail!("{}: no worker has counted anything", counted.display());
        }
        let mut command = Command::new(self.folder.join("llvm-profdata"));
        command
            .args(["merge", "--sparse"])
            .args(files)
            .arg("-o")
            .arg(merged);
        run(&mut command).map(|_| ())
    }

    /// What a program has executed, as lcov.
    ///
    /// # Errors
    /// In words, with what the tool says.
    pub(crate) fn lcov(&self, program: &Path, merged: &Path) -> anyhow::Result<String> {
        let mut command = Command::new(self.folder.join("llvm-cov"));
        command
            .args([
                "export",
                "--format=lcov",
                "--skip-functions",
                "--instr-profile",
            ])
            .arg(merged)
            .arg(program);
        String::from_utf8(run(&mut command)?).context("llvm-cov: it does not write text")
    }
}

/// What a tool writes.
fn run(command: &mut Command) -> anyhow::Result<Vec<u8>> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .with_context(|| format!("{name}: cannot be run"))?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        bail!("{name}: {}", why.lines().next().unwrap_or("it failed"));
    }
    Ok(output.stdout)
}
