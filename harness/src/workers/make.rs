//! Building a worker: its package is written, compiled and tried.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Instant, SystemTime};

use semver::Version;

use super::fuzzed;
use super::made_of::{self, Record};
use super::package::{self, MAIN, Origin, Package, Pins};
use super::published::Published;
use super::toolchain::Toolchain;

/// A version of an engine, found.
pub(super) struct Found {
    pub(super) engine: String,
    /// What it is called behind the `@`.
    pub(super) label: String,
    pub(super) version: Version,
    pub(super) rust_version: Option<String>,
    pub(super) features: Vec<String>,
    pub(super) from: From,
}

/// Where it was found.
pub(super) enum From {
    Registry(Published),
    Folder(std::collections::BTreeMap<String, PathBuf>),
}

impl Found {
    /// Its name on the command line.
    pub(super) fn name(&self) -> String {
        format!("{}@{}", self.engine, self.label)
    }
}

/// Where workers are made.
pub(super) struct Workshop<'a> {
    /// The folder of the project.
    pub(super) root: &'a Path,
    /// The folder of all workers.
    pub(super) folder: &'a Path,
    /// Whether they count which lines of the engine are executed.
    pub(super) counting: bool,
    /// Told what is being done.
    pub(super) said: &'a mut dyn FnMut(&str),
}

impl Workshop<'_> {
    /// Makes the worker for what was found, if it is not there.
    ///
    /// # Errors
    /// In one line, with the file that has the rest.
    pub(super) fn make(&mut self, found: &Found, toolchain: Option<&str>) -> Result<(), String> {
        let name = found.name();
        let least = found.rust_version.as_deref();
        let toolchain = Toolchain::choose(&name, least, toolchain)?;
        let folder = self.folder.join(&name);
        let rustc = toolchain.rustc.to_string();
        let compiler = self.compiler(&rustc)?;
        // What is there does not wait for what others build.
        if let (From::Registry(_), Some(pins)) = (&found.from, known_pins(&folder)) {
            let manifest = self.package(found, &Origin::Registry(pins)).manifest()?;
            if is_current(&folder, &manifest, &compiler) {
                return Ok(());
            }
        }
        let failed = |why: &dyn std::fmt::Display| format!("{}: {why}", folder.display());
        std::fs::create_dir_all(&folder).map_err(|why| failed(&why))?;
        // One at a time: they share what cargo keeps.
        let lock = File::create(self.folder.join("lock")).map_err(|why| failed(&why))?;
        if lock.try_lock().is_err() {
            (self.said)("waiting for another process that builds a worker");
            lock.lock().map_err(|why| failed(&why))?;
        }
        let origin = match &found.from {
            From::Registry(release) => {
                Origin::Registry(self.pins(found, release, &folder, &toolchain)?)
            }
            From::Folder(packages) => Origin::Folder(packages.clone()),
        };
        let manifest = self.package(found, &origin).manifest()?;
        // Another process may have built it meanwhile.
        if matches!(origin, Origin::Registry(_)) && is_current(&folder, &manifest, &compiler) {
            return Ok(());
        }
        Record::remove(&folder);
        self.write(&folder, &manifest)?;
        let began = Instant::now();
        self.compile(&name, &folder, &toolchain)?;
        let built = self.folder.join("build/debug");
        let noted = std::fs::read_to_string(built.join("worker.d")).map_err(|why| failed(&why))?;
        let root = self.root.canonicalize().map_err(|why| failed(&why))?;
        let sources = made_of::sources(&noted, &root);
        let digest = made_of::digest(&manifest, &compiler, &sources)
            .ok_or_else(|| failed(&"a source file is gone"))?;
        // Not over a program that may be running.
        std::fs::copy(built.join("worker"), folder.join("worker.new"))
            .and_then(|_| std::fs::rename(folder.join("worker.new"), folder.join("worker")))
            .map_err(|why| failed(&why))?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let record = Record {
            digest,
            sources,
            rustc,
            seconds: began.elapsed().as_secs(),
            when: now.map_or(0, |time| time.as_secs()),
        };
        record.write(&folder)
    }

    /// Writes the packages of the fuzz targets for what was found and has a worker
    /// already; their folder.
    ///
    /// # Errors
    /// In words.
    pub(super) fn fuzz_targets(&self, found: &Found) -> Result<PathBuf, String> {
        let name = found.name();
        let origin = match &found.from {
            From::Registry(_) => {
                let pins = known_pins(&self.folder.join(&name));
                Origin::Registry(pins.ok_or_else(|| format!("{name} is not built"))?)
            }
            From::Folder(packages) => Origin::Folder(packages.clone()),
        };
        let folder = self.folder.join("fuzz").join(&name);
        for (file, text) in fuzzed::files(&self.package(found, &origin))? {
            write(&folder.join(file), &text)?;
        }
        let lock = folder.join("Cargo.lock");
        if !lock.exists() {
            std::fs::copy(self.root.join("fuzz/Cargo.lock"), &lock)
                .map_err(|why| format!("{}: {why}", lock.display()))?;
        }
        Ok(folder)
    }

    /// What a worker is compiled with, besides its package: the version of the compiler,
    /// and what it is called by.
    fn compiler(&self, rustc: &str) -> Result<String, String> {
        if !self.counting {
            return Ok(rustc.to_owned());
        }
        let script = self.root.join(COUNT);
        let text = std::fs::read_to_string(&script);
        let text = text.map_err(|why| format!("{}: {why}", script.display()))?;
        Ok(format!("{rustc} {text}"))
    }

    fn package<'p>(&'p self, found: &'p Found, origin: &'p Origin) -> Package<'p> {
        Package {
            root: self.root,
            engine: &found.engine,
            version: &found.version,
            features: &found.features,
            origin,
        }
    }

    /// The versions that a release was released with. Found once: for that,
    /// cargo has to look at everything the release needs.
    fn pins(
        &mut self,
        found: &Found,
        release: &Published,
        folder: &Path,
        toolchain: &Toolchain,
    ) -> Result<Pins, String> {
        let file = folder.join(PINS);
        let failed = |why: &dyn std::fmt::Display| format!("{}: {why}", file.display());
        if let Some(pins) = known_pins(folder) {
            return Ok(pins);
        }
        (self.said)(&format!("{}: looking for what it needs", found.name()));
        let origin = Origin::Registry(Pins::new());
        let manifest = self.package(found, &origin).manifest()?;
        self.write(folder, &manifest)?;
        let output = toolchain
            .command("cargo")
            .args(["metadata", "--format-version=1"])
            .current_dir(folder)
            .stdout(Stdio::null())
            .output()
            .map_err(|why| format!("cargo cannot be run: {why}"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let _ = std::fs::write(folder.join("build.log"), said.as_bytes());
            return Err(cannot_build(
                &found.name(),
                &said,
                &folder.join("build.log"),
            ));
        }
        let pins = package::pins(release);
        let text = serde_json::to_string_pretty(&pins).map_err(|why| failed(&why))?;
        std::fs::write(&file, text).map_err(|why| failed(&why))?;
        Ok(pins)
    }

    /// Writes a package; where there is none, with the project's own lock file,
    /// so that what both need is the same and already on the machine.
    fn write(&self, folder: &Path, manifest: &str) -> Result<(), String> {
        write(&folder.join("Cargo.toml"), manifest)?;
        write(&folder.join("main.rs"), MAIN)?;
        let lock = folder.join("Cargo.lock");
        if !lock.exists() {
            std::fs::copy(self.root.join("Cargo.lock"), &lock)
                .map_err(|why| format!("{}: {why}", lock.display()))?;
        }
        Ok(())
    }

    /// Has cargo compile a package, with its words in a file.
    fn compile(&mut self, name: &str, folder: &Path, toolchain: &Toolchain) -> Result<(), String> {
        let wrapper = self.root.join(COUNT);
        let file = folder.join("build.log");
        let failed = |why: &dyn std::fmt::Display| format!("{}: {why}", file.display());
        let mut log = File::create(&file).map_err(|why| failed(&why))?;
        let mut cargo = toolchain.command("cargo");
        if self.counting {
            cargo.env("RUSTC_WRAPPER", wrapper);
        }
        let mut cargo = cargo
            .args(["build", "--bin", "worker", "--target-dir"])
            .arg(self.folder.join("build"))
            // What a build that was interrupted has left must not be used.
            .env("CARGO_INCREMENTAL", "0")
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|why| format!("cargo cannot be run: {why}"))?;
        let said = cargo.stderr.take().ok_or("cargo has no standard error")?;
        let (mut all, mut crates) = (String::new(), 0);
        for line in BufReader::new(said).lines() {
            let line = line.map_err(|why| failed(&why))?;
            writeln!(log, "{line}").map_err(|why| failed(&why))?;
            if let Some(package) = line.trim_start().strip_prefix("Compiling ") {
                crates += 1;
                let package = package.split(" (").next().unwrap_or(package);
                let rustc = &toolchain.rustc;
                (self.said)(&format!(
                    "building {name} with rustc {rustc}: {crates} crates, {package}"
                ));
            }
            all.push_str(&line);
            all.push('\n');
        }
        let status = cargo.wait().map_err(|why| failed(&why))?;
        match status.success() {
            true => Ok(()),
            false => Err(cannot_build(name, &all, &file)),
        }
    }
}

/// What calls the compiler for a worker that counts, in the project.
const COUNT: &str = "harness/src/workers/count";

/// The name of the file with the pins of a worker.
const PINS: &str = "pins.json";

/// The pins that were found before.
fn known_pins(folder: &Path) -> Option<Pins> {
    let text = std::fs::read(folder.join(PINS)).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Whether a worker is there, and would come out the same today.
fn is_current(folder: &Path, manifest: &str, compiler: &str) -> bool {
    folder.join("worker").is_file()
        && Record::read(folder).is_some_and(|record| record.is_current(manifest, compiler))
}

/// Writes a file, in a folder that is made for it if need be.
fn write(file: &Path, text: &str) -> Result<(), String> {
    // What is not changed keeps its time, so that cargo has nothing to do.
    if std::fs::read_to_string(file).is_ok_and(|old| old == text) {
        return Ok(());
    }
    let folder = file.parent().map_or(Ok(()), std::fs::create_dir_all);
    folder
        .and_then(|()| std::fs::write(file, text))
        .map_err(|why| format!("{}: {why}", file.display()))
}

/// One line about a build that failed: the first error, and where the rest is.
fn cannot_build(name: &str, said: &str, log: &Path) -> String {
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    let error = lines().find(|line| line.starts_with("error"));
    let why = error
        .or(lines().next_back())
        .unwrap_or("cargo fails and says nothing");
    format!("{name} cannot be built: {why} (see {})", log.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_build_is_told_in_one_line() {
        let said = "   Compiling a v1\nwarning: b\nerror[E0425]: cannot find `c`\n  --> d.rs\n\
                    error: could not compile `a`\n";
        assert_eq!(
            cannot_build("wasmi@1.0.0", said, Path::new("build.log")),
            "wasmi@1.0.0 cannot be built: error[E0425]: cannot find `c` (see build.log)"
        );
        assert!(cannot_build("w", "no space left\n\n", Path::new("l")).contains("no space left"));
    }
}
