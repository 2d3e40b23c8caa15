//! Options that several verbs share.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::Args;
use trapline_harness::engine::javascript::Launch;
use trapline_harness::engine::{self, Budget, Configuration};
use trapline_harness::generate::Focus;
use trapline_harness::script::Returns;
use trapline_harness::script::input::InputError;
use trapline_harness::script::wast::{self, Source};
use trapline_harness::worker::{InProcess, Router, Runner, Worker, WorkerOptions};
use trapline_harness::workers::{self, Catalogue};

use crate::large::{self, Large};
use crate::progress::Line;

/// Which engines, and how they are run.
#[derive(Args, Clone)]
pub(crate) struct EngineOptions {
    /// Engines or configurations, separated by commas: `wasmtime`,
    /// `wasmtime/winch,wasmi`, `-wasmer/singlepass` (all but); of another
    /// version `wasmtime@36.0.4`, `wasmi@1` (its newest), `wasmer@latest/singlepass`,
    /// `wasmi@path:DIR` (a checkout), `wasmi@git:DIR#REVISION`; JavaScript engines
    /// that are installed, `node`, `bun/ipint`, `node@26`, `node@path:PROGRAM`; see
    /// `cargo xtask engines`
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    pub(crate) engines: Vec<String>,

    /// The engines of a list in a file: NAME of trapline.toml here, or FILE#NAME;
    /// together with those of --engines
    #[arg(long, value_name = "SET")]
    pub(crate) set: Option<String>,

    /// Build what is of another version with this toolchain of rustup's
    /// [default: this one, or an installed one that is new enough]
    #[arg(long, value_name = "NAME")]
    pub(crate) toolchain: Option<String>,

    /// Run the engines in this process: faster to debug, but what kills an
    /// engine kills the campaign
    #[arg(long)]
    pub(crate) in_process: bool,

    /// The largest memory of a run, in MiB; growing beyond it fails on the
    /// reference and on every engine. Most memories are small all the same:
    /// above 4096, a few go to the end of the 32-bit address space and beyond
    #[arg(long, value_name = "MIB", default_value_t = DEFAULT_BUDGET, value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    pub(crate) budget: u64,

    /// Memories beyond 64 MiB on engines and layouts that write or copy them whole
    /// (wasmi, all that grow by moving): a little more than 4 GiB each, one at a time, on
    /// a machine with 10.2 GiB to spare. They take some ten seconds each
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Large::Never)]
    pub(crate) large: Large,

    /// How many instructions a call may execute on the reference; a script is
    /// judged up to the first call that executes more. Engines have as many
    /// times more time as this is more than usual
    #[arg(long, value_name = "N", default_value_t = engine::FUEL, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) fuel: u64,

    /// How long one engine may take for one script before it counts as hanging
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_time)]
    pub(crate) wall: Duration,

    /// How much memory a worker may hold, in MiB, before it is stopped
    #[arg(long, value_name = "MIB", default_value_t = 1536)]
    pub(crate) worker_memory: u64,
}

impl EngineOptions {
    /// The configurations chosen.
    pub(crate) fn select(&self) -> anyhow::Result<Vec<Configuration>> {
        let (options, mut line) = (self.worker_options(), Line::new());
        let patterns = self.patterns()?;
        let chosen = catalogue().select(&patterns, options, &mut |words| line.show(words));
        chosen.map_err(|why| anyhow!(why))
    }

    /// Whether any are asked for.
    pub(crate) fn is_chosen(&self) -> bool {
        !self.engines.is_empty() || self.set.is_some()
    }

    /// What is asked for: the set, and what else is named.
    fn patterns(&self) -> anyhow::Result<Vec<String>> {
        let mut patterns = match &self.set {
            Some(set) => workers::sets::set(set).map_err(|why| anyhow!(why))?,
            None => Vec::new(),
        };
        patterns.extend(self.engines.iter().cloned());
        Ok(patterns)
    }

    /// The same of other engines.
    pub(crate) fn of(&self, names: &[&str]) -> EngineOptions {
        EngineOptions {
            engines: names.iter().map(|&name| name.to_owned()).collect(),
            set: None,
            ..self.clone()
        }
    }

    /// How workers are made.
    pub(crate) fn worker_options(&self) -> workers::Options<'_> {
        worker_options(self.toolchain.as_deref())
    }

    /// The limits of a run.
    ///
    /// # Errors
    /// If the machine has not the memory that is asked for.
    pub(crate) fn budget(&self) -> anyhow::Result<Budget> {
        Ok(Budget {
            memory_bytes: self.budget << 20,
            fuel: self.fuel,
            resident_bytes: match self.large {
                Large::Always => {
                    large::resident_bytes().map_err(|why| anyhow!("--large: {why}"))?
                }
                Large::Never | Large::Seldom => engine::RESIDENT_BYTES,
            },
        })
    }

    /// The limits of a campaign where a memory could not be grown for lack of resources, if
    /// it may have more of them there. Where the machine lacks them it is said.
    pub(crate) fn larger_budget(&self) -> Option<Budget> {
        if self.large != Large::Seldom {
            return None;
        }
        match large::resident_bytes() {
            Ok(resident_bytes) => Some(Budget {
                memory_bytes: self.budget << 20,
                fuel: self.fuel,
                resident_bytes,
            }),
            Err(why) => {
                eprintln!("--large: {why}; no large memory is made resident");
                None
            }
        }
    }

    /// A maker of runners.
    pub(crate) fn runners(&self) -> anyhow::Result<impl Fn() -> Box<dyn Runner> + Sync + use<>> {
        let program = std::env::current_exe().context("cannot find this program's own file")?;
        let program = program
            .to_str()
            .context("this program's path is not Unicode")?
            .to_owned();
        let options = WorkerOptions {
            launch: Launch {
                command: vec![program, "worker".to_owned()],
                ..Launch::default()
            },
            // An interpreter executes some tens of millions of instructions a
            // second.
            wall: self.wall + Duration::from_secs((self.fuel - 1) / engine::FUEL),
            memory: self.worker_memory << 20,
        };
        let in_process = self.in_process;
        let folder = catalogue().folder().to_owned();
        Ok(move || -> Box<dyn Runner> {
            let linked: Box<dyn Runner> = if in_process {
                Box::new(InProcess::new(linked_in()))
            } else {
                Box::new(Worker::new(options.clone()))
            };
            Box::new(Router::new(linked, folder.clone(), options.clone()))
        })
    }
}

/// The largest memory of a run unless it is said otherwise, in MiB.
pub(crate) const DEFAULT_BUDGET: u64 = 8192;

/// How many instructions a call may take that a file does not make itself.
const CALL_FUEL: u64 = 2_000_000;

/// How a file is made ready to be run.
#[derive(Args, Clone, Default)]
pub(crate) struct InputOptions {
    /// Functions that stand in for what a file imports, and are not of a well-known
    /// host, return 0 [default: values drawn from name, type and arguments]
    #[arg(long)]
    pub(crate) imports_return_zero: bool,
}

impl InputOptions {
    /// Reads a file, provides what it imports, and calls what it exports if it calls
    /// nothing: whatever comes to an end.
    pub(crate) fn read(&self, file: &Path) -> Result<Source, InputError> {
        let returns = match self.imports_return_zero {
            true => Returns::Zero,
            false => Returns::Drawn,
        };
        let mut source = wast::read(file)?;
        source.prepare(&file.display().to_string(), returns)?;
        if source.calls_were_added() {
            let budget = Budget::of(DEFAULT_BUDGET << 20);
            source.leave_out_endless_calls(budget, CALL_FUEL);
        }
        Ok(source)
    }
}

/// How workers are made with a toolchain.
pub(crate) fn worker_options(toolchain: Option<&str>) -> workers::Options<'_> {
    workers::Options { toolchain }
}

/// Set for a process that is to run the workers that count the lines of an engine.
pub(crate) const COUNTING: &str = "TRAPLINE_COUNTING";

/// The engines of this machine.
pub(crate) fn catalogue() -> Catalogue {
    let catalogue = Catalogue::new(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")));
    match std::env::var_os(COUNTING) {
        Some(_) => catalogue.counting(),
        None => catalogue,
    }
}

/// Everything this program can run: the engines, and those with planted faults.
pub(crate) fn linked_in() -> Vec<Configuration> {
    let mut configurations = engine::all();
    configurations.extend(engine::planted());
    configurations
}

/// Where the corpus is.
#[derive(Args, Clone)]
pub(crate) struct CorpusOptions {
    /// The folder of the corpus [default: corpus/ of the repository; below
    /// target/ when one with a planted fault is among the engines]
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
}

impl CorpusOptions {
    /// The folder of the corpus, for a run of these configurations: what is
    /// found in planted faults has no place among what is found in engines.
    pub(crate) fn folder(&self, configurations: &[Configuration]) -> anyhow::Result<PathBuf> {
        if let Some(folder) = &self.corpus {
            return Ok(folder.clone());
        }
        if !configurations
            .iter()
            .any(|c| engine::is_planted(c.engine()))
        {
            return Ok(default_corpus());
        }
        scratch("mutants")
    }
}

/// A folder for what need not be kept, below `target/`.
pub(crate) fn scratch(name: &str) -> anyhow::Result<PathBuf> {
    let folder =
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/trapline")).join(name);
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("{}: cannot be made", folder.display()))?;
    folder
        .canonicalize()
        .with_context(|| format!("{}: cannot be found", folder.display()))
}

/// `corpus/` of the repository, wherever in it the command is given.
fn default_corpus() -> PathBuf {
    let here = PathBuf::from("corpus");
    if here.is_dir() {
        return here;
    }
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../corpus"))
}

/// What `--focus` says of itself.
pub(crate) fn focus_help() -> String {
    let names = Focus::ALL.map(Focus::name).join(", ");
    format!("What to dwell on, separated by commas: {names}")
}

/// `90`, `90s`, `15m`, `8h`.
pub(crate) fn parse_time(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) => (number, &text[text.len() - 1..]),
        None => (text, "s"),
    };
    let number: f64 = number
        .parse()
        .ok()
        .filter(|n: &f64| n.is_finite() && *n >= 0.0 && *n < 1e9)
        .ok_or_else(|| format!("'{text}' is not a time: 90s, 15m, 8h"))?;
    let seconds = number
        * match unit {
            "m" => 60.0,
            "h" => 3600.0,
            _ => 1.0,
        };
    Ok(Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(parse_time("90"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_time("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(parse_time("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_time("8h"), Ok(Duration::from_secs(8 * 3600)));
        for bad in ["", "s", "-1s", "1d", "inf", "NaN", "1e300"] {
            assert!(parse_time(bad).is_err(), "{bad}");
        }
    }
}
