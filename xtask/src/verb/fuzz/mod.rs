//! `cargo xtask fuzz`: a coverage-guided session.

mod artifacts;
mod assertions;
mod closing;
mod jobs;
mod seeds;
#[cfg(test)]
mod tests;
mod tools;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use trapline_harness::corpus::Corpus;
use trapline_harness::engine::{self, Configuration, Name, engine_of};
use trapline_harness::fuzzing::{self, BUDGET, Record, SCRIPT_BYTES, Target};
use trapline_harness::triage::Filer;
use trapline_harness::worker::{InProcess, Runner};
use trapline_harness::workers::Pattern;

use crate::End;
use crate::interrupt::on_interrupt;
use crate::large::Large;
use crate::lines::{Areas, Report};
use crate::options::{CorpusOptions, EngineOptions, catalogue, linked_in, parse_time, scratch};
use crate::progress::Line;
use artifacts::Artifact;
use jobs::Jobs;
pub(super) use jobs::watch;
pub(super) use tools::Tools;
use tools::{Package, Sanitizer};

/// What the targets are, for `--help`.
fn target_help() -> String {
    let names = Target::ALL.map(Target::name).join(", ");
    format!("{names} (which is run alone)")
}

/// Fuzzes an engine under libFuzzer, guided by which of its code is reached.
///
/// The inputs that reach something are kept in fuzz/corpus/TARGET, and the next
/// session goes on from there. What diverges is reduced and filed in the corpus
/// as it is found; what is known is counted. An input that kills the process is
/// tried in workers when the session ends (or when the next begins), and filed.
/// Needs a nightly toolchain and cargo-fuzz.
#[derive(Args)]
pub(crate) struct Fuzz {
    #[arg(value_name = "TARGET", default_value = "differential", help = target_help())]
    target: Target,
    /// Engines or configurations to build in and to be guided by, separated by
    /// commas; of one other version (`wasmi@1.1.0`, `wasmtime@path:DIR/winch`) of one
    /// engine; `mutant/NAME` for a planted fault
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "wasmi"
    )]
    engine: Vec<String>,
    /// Build the worker of another version with this toolchain of rustup's
    /// [default: this one, or an installed one that is new enough]; targets are
    /// built with nightly
    #[arg(long, value_name = "NAME")]
    toolchain: Option<String>,
    /// How long to run: 90s, 15m, 8h [default: until Ctrl-C]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    time: Option<Duration>,
    /// How many processes at a time; they share what they reach
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: u16,
    /// The sanitizer to build with
    #[arg(long, value_enum, default_value = "none")]
    sanitizer: Sanitizer,
    /// End at the first new divergence
    #[arg(long)]
    stop_on_new: bool,
    /// Throw away the inputs that reach nothing others do not, and end
    #[arg(long)]
    minimize_corpus: bool,
    /// Tell which lines of the engine's memory code the kept inputs reach, in a
    /// build of its own, and end
    #[arg(long, conflicts_with = "minimize_corpus")]
    coverage: bool,
    /// The files to tell of with --coverage, by a part of their path; may be
    /// repeated [default: the engine's memory code]
    #[arg(long, value_name = "PATTERN", requires = "coverage")]
    files: Vec<String>,
    /// Add scripts to the inputs: .wast, .wat or .wasm files, or folders of
    /// .wast; may be repeated
    #[arg(long, value_name = "FILE|FOLDER", conflicts_with_all = ["minimize_corpus", "coverage"])]
    seeds: Vec<PathBuf>,
    /// Pass this on to libFuzzer; may be repeated
    #[arg(long, value_name = "FLAG", allow_hyphen_values = true)]
    libfuzzer: Vec<String>,
    #[command(flatten)]
    corpus: CorpusOptions,
}

/// How long a worker may take for an input, as libFuzzer's `-timeout`.
const WALL: Duration = Duration::from_secs(30);

/// What libFuzzer is always told.
const ALWAYS: [&str; 7] = [
    // A short input is a script without calls: there is no point in beginning
    // with those.
    "-len_control=0",
    // Keeps statistics on each of the thousands of edges that an input reaches,
    // which takes half of the time.
    "-entropic=0",
    // Otherwise a quarter of all inputs are kept for how often they reach what
    // others reach, and less is reached in the same time.
    "-use_counters=0",
    "-timeout=30",
    "-rss_limit_mb=4096",
    // Engines keep what they allocate once.
    "-detect_leaks=0",
    "-print_final_stats=1",
];

impl Fuzz {
    /// Runs the session.
    pub(crate) fn run(self) -> anyhow::Result<End> {
        let configurations = self.configurations()?;
        let names: Vec<&str> = configurations.iter().map(|c| c.name()).collect();
        let folder = match self.target {
            Target::Reference => scratch("reference")?,
            _ => self.corpus.folder(&configurations)?,
        };
        let mut known = Corpus::open(&folder).map_err(|why| anyhow!("{why}"))?;
        known.check_writable().map_err(|why| anyhow!("{why}"))?;
        let tools = Tools::find()?;
        let package = self.package(&names)?;
        let fuzz = tools::folder();
        let inputs = fuzz.join("corpus").join(self.target.name());
        let kept = fuzz.join("artifacts").join(self.target.name());
        for folder in [&inputs, &kept] {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("{}: cannot be made", folder.display()))?;
        }
        if self.coverage {
            let environment = self.environment(&folder, None, &names);
            let out = scratch("fuzz")?.join(format!("coverage-{}.txt", self.target.name()));
            let log = out.with_extension("log");
            let lcov = tools.coverage(self.target, &package, &environment, &inputs, &log)?;
            let areas = match &self.files[..] {
                [] => areas(&names)?,
                files => Areas::files(files),
            };
            Report::of(&lcov, &areas)?.show(&out)?;
            return Ok(End::NothingNew);
        }
        // What cannot be read is said before minutes are spent on the build.
        if !self.minimize_corpus {
            seeds::plant(&inputs, &folder)?;
            seeds::import(&self.seeds, &inputs)?;
        }
        let program = tools.build(self.target, &package, self.sanitizer)?;
        if self.minimize_corpus {
            seeds::minimize(&program, &inputs)?;
            return Ok(End::NothingNew);
        }
        let interrupted = on_interrupt()?;
        let mut deaths = self.file(&kept, &mut known, &configurations, &interrupted)?;

        let session =
            scratch("fuzz")?.join(format!("{}-{}", self.target.name(), std::process::id()));
        std::fs::create_dir_all(&session)
            .with_context(|| format!("{}: cannot be made", session.display()))?;
        eprintln!(
            "fuzzing {} on {}; logs in {}",
            self.target.name(),
            names.join(" "),
            session.display()
        );
        let jobs = Jobs {
            program,
            arguments: self.arguments(&kept, &inputs),
            environment: self.environment(&folder, Some(&session), &names),
            count: self.jobs,
            time: self.time,
            inputs,
            artifacts: kept.clone(),
            folder: session.clone(),
            stop_on_new: self.stop_on_new,
        };
        let ended = jobs.run(&interrupted)?;
        let mut record = Record::of_session(&session).map_err(|why| anyhow!("{why}"))?;
        // What the processes have filed is known from here on.
        let mut known = Corpus::open(&folder).map_err(|why| anyhow!("{why}"))?;
        assertions::find(&mut record, &mut known, &mut *self.runners()?())?;
        deaths.extend(self.file(&kept, &mut known, &configurations, &AtomicBool::new(false))?);
        closing::print(&record, &ended, &deaths);
        let new = record.bugs.values().any(|d| d.new) || deaths.iter().any(Artifact::is_new);
        Ok(if new { End::New } else { End::NothingNew })
    }

    /// The configurations to run.
    fn configurations(&self) -> anyhow::Result<Vec<Configuration>> {
        Ok(match self.target {
            Target::Reference => vec![engine::checked()],
            _ => self.engine_options().select()?,
        })
    }

    /// The package to build.
    fn package(&self, names: &[&str]) -> anyhow::Result<Package> {
        let Some((_, engine)) = version(names)? else {
            return Ok(Package::own(features(names)));
        };
        let pattern = self.engine.iter().map(|text| Pattern::parse(text));
        let pattern = pattern
            .filter_map(Result::ok)
            .find(|p| p.version.is_some() && !p.excludes)
            .ok_or_else(|| anyhow!("no engine of another version is asked for"))?;
        let (options, mut line) = (self.engine_options(), Line::new());
        let said = &mut |words: &str| line.show(words);
        let made = catalogue().fuzz_targets(&pattern, options.worker_options(), said);
        let (folder, _) = made.map_err(|why| anyhow!(why))?;
        Ok(Package::of_version(folder, engine))
    }

    /// Files what inputs that killed a process show.
    fn file(
        &self,
        folder: &Path,
        known: &mut Corpus,
        configurations: &[Configuration],
        cancel: &AtomicBool,
    ) -> anyhow::Result<Vec<Artifact>> {
        let names: Vec<&str> = configurations.iter().map(|c| c.name()).collect();
        let runners = self.runners()?;
        // A divergence is tried on every engine there is.
        let everywhere = match self.target {
            Target::Reference => vec![engine::checked()],
            _ => linked_in()
                .into_iter()
                .filter(|c| !engine::is_planted(c.engine()) || names.contains(&c.name()))
                .chain(configurations.iter().filter(|c| is_other(c)).cloned())
                .collect(),
        };
        let origin = fuzzing::origin(self.target);
        let mut filer =
            Filer::new(known, runners(), everywhere, &origin).map_err(|why| anyhow!("{why}"))?;
        artifacts::file(
            self.target,
            engine::declared(configurations),
            folder,
            &mut *runners(),
            &names,
            &mut filer,
            cancel,
        )
    }

    /// Makers of what may die of an input.
    fn runners(&self) -> anyhow::Result<Box<dyn Fn() -> Box<dyn Runner>>> {
        if self.target == Target::Reference {
            return Ok(Box::new(|| {
                Box::new(InProcess::new(vec![engine::checked()]))
            }));
        }
        Ok(Box::new(self.engine_options().runners()?))
    }

    fn engine_options(&self) -> EngineOptions {
        EngineOptions {
            toolchain: self.toolchain.clone(),
            engines: self.engine.clone(),
            set: None,
            in_process: false,
            budget: BUDGET.memory_bytes >> 20,
            large: Large::Never,
            fuel: engine::FUEL,
            wall: WALL,
            worker_memory: 4096,
        }
    }

    fn arguments(&self, kept: &Path, inputs: &Path) -> Vec<String> {
        let mut arguments = ALWAYS.map(str::to_owned).to_vec();
        arguments.push(format!("-max_len={SCRIPT_BYTES}"));
        arguments.push(format!("-artifact_prefix={}/", kept.display()));
        arguments.extend(self.libfuzzer.iter().cloned());
        arguments.push(inputs.display().to_string());
        arguments
    }

    fn environment(
        &self,
        corpus: &Path,
        session: Option<&Path>,
        names: &[&str],
    ) -> Vec<(&'static str, String)> {
        let mut environment = vec![("TRAPLINE_CORPUS", corpus.display().to_string())];
        if let Some(session) = session {
            environment.push(("TRAPLINE_SESSION", session.display().to_string()));
        }
        if self.target != Target::Reference {
            // The program has one version of each engine, and knows them without.
            let linked = names.iter().filter_map(|name| Name::parse(name));
            let linked: Vec<String> = linked.map(Name::linked).collect();
            environment.push(("TRAPLINE_ENGINES", linked.join(",")));
        }
        if let Ok(Some((version, _))) = version(names) {
            environment.push(("TRAPLINE_VERSION", version.to_owned()));
        }
        if self.stop_on_new {
            environment.push(("TRAPLINE_STOP_ON_NEW", "1".to_owned()));
        }
        environment
    }
}

/// Whether a configuration is of a version that is not linked in.
fn is_other(configuration: &Configuration) -> bool {
    Name::parse(configuration.name()).is_some_and(|name| name.version.is_some())
}

/// The version, and its engine, that configurations are of: none for what is
/// linked in.
///
/// # Errors
/// If there are several: a program is linked with one, and is guided by it.
fn version<'n>(names: &[&'n str]) -> anyhow::Result<Option<(&'n str, &'n str)>> {
    let parts: Vec<Name<'n>> = names
        .iter()
        .filter_map(|name| Name::parse(name))
        .filter(|name| !engine::is_planted(name.engine))
        .collect();
    let Some(first) = parts.iter().find(|name| name.version.is_some()) else {
        return Ok(None);
    };
    if let Some(other) = parts.iter().find(|p| p.release() != first.release()) {
        bail!(
            "a session is guided by one version of one engine, not by {} and {}",
            first.release(),
            other.release()
        );
    }
    Ok(first.version.map(|version| (version, first.engine)))
}

/// The cargo features that link in the engines of these configurations.
fn features(names: &[&str]) -> String {
    let mut engines: Vec<&str> = names
        .iter()
        .map(|name| engine_of(name))
        .filter(|&engine| engine != "reference" && !engine::is_planted(engine))
        .collect();
    engines.dedup();
    engines.join(",")
}

/// Where the engines of these configurations have the code of their memories.
fn areas(names: &[&str]) -> anyhow::Result<Areas> {
    let mut engines: Vec<&str> = names.iter().map(|name| engine_of(name)).collect();
    engines.sort_unstable();
    engines.dedup();
    let mut all = Areas::default();
    for engine in engines {
        all = all.and(Areas::of(engine)?);
    }
    Ok(all)
}
