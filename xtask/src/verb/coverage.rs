//! `cargo xtask coverage`: which lines of an engine's memory code are executed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use serde_json::{Map, Value};
use trapline_harness::engine::{self, Configuration, Feature, Name, engine_of};
use trapline_harness::workers::{Catalogue, ENGINES, Pattern};

use crate::End;
use crate::interrupt::on_interrupt;
use crate::lines::{Areas, Report, Tools};
use crate::options::{COUNTING, catalogue, parse_time, scratch, worker_options};
use crate::output::{check_writable, write_json};
use crate::progress::Line;

/// Which lines of an engine's memory code a campaign and a sweep execute, and which they
/// never do.
///
/// Builds workers that count (once; minutes for each engine), runs a campaign on them and,
/// with --sweep, a sweep, and prints how many lines of each file were reached. What no
/// script is to reach stands in xtask/src/lines/areas.toml with the reason. Needs
/// `rustup component add llvm-tools`.
#[derive(Args)]
pub(crate) struct Coverage {
    /// Engines or configurations, separated by commas, as elsewhere: `wasmi`,
    /// `wasmtime/winch`, `wasmer@7.2.1` [default: wasmi,wasmtime,wasmer]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    engines: Vec<String>,
    /// Build with this toolchain of rustup's
    #[arg(long, value_name = "NAME")]
    toolchain: Option<String>,
    /// How long the campaign runs on each engine, and a quarter of it once more with
    /// programs of several threads; 0 for none
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = parse_time)]
    time: Duration,
    /// Sweep these configurations as well, separated by commas: `wasmi/eager`
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    sweep: Vec<String>,
    /// How many scripts at a time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: u16,
    /// Keep what earlier runs of this command have reached
    #[arg(long)]
    more: bool,
    /// Write all of it to FILE as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

impl Coverage {
    /// Counts, and prints what was reached.
    pub(crate) fn run(self) -> anyhow::Result<End> {
        if let Some(file) = &self.json {
            check_writable(file)?;
        }
        if self.time.is_zero() && self.sweep.is_empty() && !self.more {
            bail!("nothing is to be run: --time 0 without --sweep takes --more");
        }
        let tools = Tools::find(self.toolchain.as_deref())?;
        let interrupted = on_interrupt()?;
        let chosen = match &self.engines[..] {
            [] => ENGINES.map(str::to_owned).to_vec(),
            engines => engines.to_vec(),
        };
        let campaign = self.select(&chosen)?;
        let swept = match &self.sweep[..] {
            [] => Vec::new(),
            sweep => self.select(sweep)?,
        };
        let releases = by_release(&campaign);
        for (release, _) in by_release(&swept) {
            if !releases.iter().any(|(known, _)| *known == release) {
                bail!("--sweep: {release} is not among --engines");
            }
        }
        let mut all = Map::new();
        for (release, names) in releases {
            let folder = scratch(&format!("coverage/{release}"))?;
            if !self.more {
                empty(&folder)?;
            }
            println!("{release}");
            if !self.time.is_zero() && !interrupted.load(Ordering::Relaxed) {
                self.diff(&folder, &names, self.time, &[])?;
            }
            let has_threads = |c: &Configuration| c.features.has(Feature::Threads);
            let threaded = campaign.iter().filter(|c| has_threads(c)).map(|c| c.name());
            let threaded: Vec<&str> = threaded.filter(|name| names.contains(name)).collect();
            if !self.time.is_zero() && !threaded.is_empty() && !interrupted.load(Ordering::Relaxed)
            {
                let focus = ["--focus", "threads"];
                self.diff(&folder, &threaded, self.time / 4, &focus)?;
            }
            let of_it = by_release(&swept).into_iter().find(|(r, _)| *r == release);
            if let Some((_, names)) = of_it.filter(|_| !interrupted.load(Ordering::Relaxed)) {
                self.sweep(&folder, &names)?;
            }
            let merged = folder.join("merged.profdata");
            tools.merge(&folder, &merged)?;
            let program = Catalogue::program(catalogue().counting().folder(), &release);
            let lcov = tools.lcov(&program, &merged)?;
            let engine = names.first().map_or("", |name| engine_of(name));
            let report = Report::of(&lcov, &Areas::of(engine)?)?;
            report.show(&folder.join("unreached.txt"))?;
            all.insert(release, report.json());
        }
        if let Some(file) = &self.json {
            write_json(file, &Value::Object(all))?;
        }
        Ok(End::NothingNew)
    }

    /// The configurations of a list, in workers that count, which are built if they are
    /// not there.
    fn select(&self, engines: &[String]) -> anyhow::Result<Vec<Configuration>> {
        let patterns: Vec<String> = engines
            .iter()
            .map(|text| in_a_worker(text))
            .collect::<anyhow::Result<_>>()?;
        let mut line = Line::new();
        let options = worker_options(self.toolchain.as_deref());
        let catalogue = catalogue().counting();
        let chosen = catalogue.select(&patterns, options, &mut |words| line.show(words));
        chosen.map_err(|why| anyhow!(why))
    }

    /// Runs a campaign, on a corpus that is thrown away: what it finds is found by others.
    fn diff(
        &self,
        folder: &Path,
        names: &[&str],
        time: Duration,
        others: &[&str],
    ) -> anyhow::Result<()> {
        let corpus = folder.join("corpus");
        std::fs::create_dir_all(&corpus)
            .with_context(|| format!("{}: cannot be made", corpus.display()))?;
        let time = format!("{}s", time.as_secs_f64());
        let mut command = self.command(folder, "diff", names)?;
        command
            .args(["--time", &time, "--no-reduce", "--corpus"])
            .arg(corpus)
            .args(others);
        finished(&mut command, &folder.join("diff.txt"))
    }

    fn sweep(&self, folder: &Path, names: &[&str]) -> anyhow::Result<()> {
        let mut command = self.command(folder, "sweep", names)?;
        finished(&mut command, &folder.join("sweep.txt"))
    }

    /// This program, with workers that count and write to a folder.
    fn command(&self, folder: &Path, verb: &str, names: &[&str]) -> anyhow::Result<Command> {
        let program = std::env::current_exe().context("cannot find this program's own file")?;
        let mut command = Command::new(program);
        command
            .args([
                verb,
                "--jobs",
                &self.jobs.to_string(),
                "--engines",
                &names.join(","),
            ])
            .env(COUNTING, "1")
            // One file for all workers, which count in it as they go: none of them need
            // end by itself.
            .env("LLVM_PROFILE_FILE", folder.join("%m%c.profraw"));
        Ok(command)
    }
}

/// A pattern for a worker, where it is for what is linked in: the same version.
fn in_a_worker(text: &str) -> anyhow::Result<String> {
    let pattern = Pattern::parse(text).map_err(|why| anyhow!(why))?;
    if pattern.version.is_some() {
        return Ok(text.to_owned());
    }
    let linked = engine::all();
    let of_it = linked.iter().find(|c| c.engine() == pattern.engine);
    let Some(of_it) = of_it.filter(|_| !pattern.excludes) else {
        bail!("`{text}` names none of {}", ENGINES.join(", "));
    };
    let variant = pattern.variant.map(|variant| format!("/{variant}"));
    Ok(format!(
        "{}@{}{}",
        pattern.engine,
        of_it.version(),
        variant.unwrap_or_default()
    ))
}

/// The names of configurations by their release.
fn by_release(configurations: &[Configuration]) -> Vec<(String, Vec<&str>)> {
    let mut releases: Vec<(String, Vec<&str>)> = Vec::new();
    for name in configurations.iter().map(Configuration::name) {
        let release = Name::parse(name).map(Name::release).unwrap_or_default();
        match releases.iter_mut().find(|(seen, _)| *seen == release) {
            Some((_, names)) => names.push(name),
            None => releases.push((release, vec![name])),
        }
    }
    releases
}

/// Runs a command to its end, with what it prints in a file.
fn finished(command: &mut Command, out: &Path) -> anyhow::Result<()> {
    let cannot = || format!("{}: cannot be written", out.display());
    let file = std::fs::File::create(out).with_context(cannot)?;
    let status = command
        .stdout(file)
        .status()
        .context("this program cannot be run again")?;
    // New or not is of no interest here.
    match status.code() {
        Some(0 | 1) => Ok(()),
        _ => bail!("it failed, see above and {}", out.display()),
    }
}

/// Removes what is in a folder.
fn empty(folder: &Path) -> anyhow::Result<()> {
    let cannot = || format!("{}: cannot be removed", folder.display());
    std::fs::remove_dir_all(folder).with_context(cannot)?;
    std::fs::create_dir_all(folder).with_context(cannot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_run_nothing_is_refused_and_empties_nothing() {
        #[derive(clap::Parser)]
        struct Command {
            #[command(flatten)]
            coverage: Coverage,
        }
        let parsed = |words: &[&str]| {
            let words = ["coverage"].iter().chain(words);
            <Command as clap::Parser>::parse_from(words).coverage
        };
        let refused = parsed(&["--time", "0"]).run().map(|_| ()).unwrap_err();
        assert!(refused.to_string().contains("takes --more"), "{refused}");
    }

    #[test]
    fn what_is_linked_in_is_asked_for_in_its_version() {
        let linked = engine::all();
        let version = linked
            .iter()
            .find(|c| c.engine() == "wasmi")
            .unwrap()
            .version();
        let asked = |text: &str| in_a_worker(text).map_err(|why| why.to_string());
        assert_eq!(asked("wasmi"), Ok(format!("wasmi@{version}")));
        assert_eq!(asked("wasmi/eager"), Ok(format!("wasmi@{version}/eager")));
        assert_eq!(
            asked("wasmi@1.1.0/eager"),
            Ok("wasmi@1.1.0/eager".to_owned())
        );
        assert!(asked("no-such").unwrap_err().contains("names none of"));
    }
}
