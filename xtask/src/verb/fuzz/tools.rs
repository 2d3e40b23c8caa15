//! What fuzzing needs on the machine, and the build.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use clap::ValueEnum;
use trapline_harness::fuzzing::Target;

use crate::lines;

/// Which sanitizer a target is built with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Sanitizer {
    /// None: the fastest by far.
    None,
    /// AddressSanitizer: finds memory errors in an engine's own code.
    Address,
}

impl Sanitizer {
    fn name(self) -> &'static str {
        match self {
            Sanitizer::None => "none",
            Sanitizer::Address => "address",
        }
    }
}

/// The tools, found.
pub(in crate::verb) struct Tools {
    /// For which programs are built.
    triple: String,
}

/// The package of the targets.
pub(super) struct Package {
    /// Where it is.
    folder: PathBuf,
    /// Where cargo keeps what it builds.
    built: PathBuf,
    /// The features to build it with: the engines that are linked in.
    features: String,
}

impl Package {
    /// That of the repository, for the engines that the project is linked with.
    pub(super) fn own(features: String) -> Package {
        Package {
            built: folder().join("target"),
            folder: folder(),
            features,
        }
    }

    /// One for another version of `engine`; all of those share what they build.
    pub(super) fn of_version(folder: PathBuf, engine: &str) -> Package {
        Package {
            built: folder.with_file_name("build"),
            folder,
            features: engine.to_owned(),
        }
    }

    /// `cargo fuzz` with what says where it is and what is linked in.
    fn cargo_fuzz(&self, verb: &str) -> Command {
        let Package {
            folder,
            built,
            features,
        } = self;
        let mut command = Command::new("cargo");
        command
            .args(["+nightly", "fuzz", verb, "--fuzz-dir"])
            .arg(folder)
            .arg("--target-dir")
            .arg(built)
            .args(["--no-default-features", "--features", features])
            // Here is the configuration that says what is instrumented.
            .current_dir(folder);
        command
    }
}

impl Tools {
    /// Looks for the tools.
    ///
    /// # Errors
    /// What to install, in one line.
    pub(in crate::verb) fn find() -> anyhow::Result<Tools> {
        let version = said("rustc", &["+nightly", "-vV"]);
        let triple = version.as_ref().and_then(|text| {
            let line = text.lines().find_map(|line| line.strip_prefix("host: "));
            line.map(str::to_owned)
        });
        let cargo_fuzz = said("cargo", &["fuzz", "--version"]);
        let mut missing = Vec::new();
        if triple.is_none() {
            missing.push("`rustup toolchain install nightly --profile minimal`");
        }
        if cargo_fuzz.is_none() {
            missing.push("`cargo install cargo-fuzz --locked`");
        }
        match triple {
            Some(triple) if missing.is_empty() => Ok(Tools { triple }),
            _ => bail!(
                "fuzzing needs tools that are not there; install them with {}",
                missing.join(" and ")
            ),
        }
    }

    /// Builds a target; its program.
    pub(super) fn build(
        &self,
        target: Target,
        package: &Package,
        sanitizer: Sanitizer,
    ) -> anyhow::Result<PathBuf> {
        eprintln!("building {} (the first time takes minutes)", target.name());
        let status = package
            .cargo_fuzz("build")
            .args(["--sanitizer", sanitizer.name(), target.name()])
            .status()
            .context("cargo cannot be run")?;
        if !status.success() {
            bail!("{} cannot be built: see above", target.name());
        }
        self.program(&package.built, target.name())
    }

    /// The program of a target that was built, where cargo keeps what it builds.
    ///
    /// # Errors
    /// There is none.
    pub(in crate::verb) fn program(&self, built: &Path, target: &str) -> anyhow::Result<PathBuf> {
        let program = built.join(&self.triple).join("release").join(target);
        if !program.is_file() {
            bail!("{}: was not built", program.display());
        }
        Ok(program)
    }

    /// Runs the inputs of a target in such a build; what they reach, as lcov.
    ///
    /// # Errors
    /// What to install, in one line; or the target cannot be built or run.
    pub(super) fn coverage(
        &self,
        target: Target,
        package: &Package,
        environment: &[(&str, String)],
        inputs: &Path,
        log: &Path,
    ) -> anyhow::Result<String> {
        let lines = lines::Tools::find(Some("nightly"))?;
        eprintln!(
            "building {} once more (the first time takes minutes)",
            target.name()
        );
        // It names every input.
        let cannot = || format!("{}: cannot be written", log.display());
        let out = File::create(log).with_context(cannot)?;
        let err = out.try_clone().with_context(cannot)?;
        let status = package
            .cargo_fuzz("coverage")
            .args(["--sanitizer", "none", target.name()])
            .arg(inputs)
            .envs(environment.iter().map(|(k, v)| (k, v)))
            .stdout(out)
            .stderr(err)
            .status()
            .context("cargo cannot be run")?;
        if !status.success() {
            bail!(
                "the coverage of {} cannot be had: see {}",
                target.name(),
                log.display()
            );
        }
        let built = package.built.join(&self.triple).join("coverage");
        let merged = package.folder.join("coverage").join(target.name());
        let program = built.join(&self.triple).join("release").join(target.name());
        lines.lcov(&program, &merged.join("coverage.profdata"))
    }
}

/// `fuzz/` of the repository.
pub(super) fn folder() -> PathBuf {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz"));
    folder.canonicalize().unwrap_or_else(|_| folder.to_owned())
}

/// What a program that succeeds says; `None` if it is not there or fails.
fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
