//! What a fuzz target does with its bytes: the whole line, in this process.
//!
//! A session does not die of a divergence: what is known is counted, what is
//! new is reduced, written to the corpus and told in one line. What really
//! kills an engine kills the process; libFuzzer keeps the input, and
//! `cargo xtask fuzz` makes a `.wast` of it.
//!
//! With `TRAPLINE_STOP_ON_NEW=1`, and always in the build for services that
//! collect crashes (`--features service`), the process ends at a new
//! divergence, by an abort that names the bug.
//!
//! The environment of a target:
//!
//! | variable | what it is |
//! |---|---|
//! | `TRAPLINE_CORPUS` | the folder of the corpus, if it is not the repository's |
//! | `TRAPLINE_ENGINES` | engines or configurations, separated by commas, if not all that are linked in; mutants too |
//! | `TRAPLINE_MUTATION` | how inputs are mutated, a [`Mutation`]: `random`, `libfuzzer`, `bytes`, or `scripts` if it is not set |
//! | `TRAPLINE_SESSION` | a folder: each process leaves its [`Record`] there |
//! | `TRAPLINE_STOP_ON_NEW` | 1: end at the first new divergence |
//! | `TRAPLINE_VERSION` | what configurations call the version of their engine, if it is not that of the lock file: `1.1.0` for `wasmi@1.1.0/eager` |

mod deadly;
mod end;
mod input;
mod known;
mod mutate;
mod panics;
mod record;
pub mod seeds;
mod target;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

pub use input::SCRIPT_BYTES;
pub use mutate::{Mutation, Mutator};
pub use record::{Met, Record};
pub use target::{BUDGET, Target, UnknownTarget};

use crate::campaign::Sighting;
use crate::engine::{self, Configuration, Features};
use crate::judge::{Class, Judged};
use crate::observation::Outcome;
use crate::script::Script;
use crate::triage::{Filed, Filer};
use crate::trial::{Trial, try_brief_script};
use crate::worker::InProcess;
use record::Recorder;

/// What an execution of `target` does; the session begins with the first one.
///
/// Ends the process with one line if the session cannot begin, if it is to
/// stop at what it has found, and on a fault of the harness itself.
pub fn run(target: Target, bytes: &[u8]) {
    thread_local! {
        static SESSION: RefCell<Option<Session>> = const { RefCell::new(None) };
    }
    SESSION.with_borrow_mut(|session| {
        let session = session.get_or_insert_with(|| {
            panics::keep();
            Session::new(target, Options::of_environment()).unwrap_or_else(|why| end::fail(&why))
        });
        // Panics of engines are caught where they are called: this is ours.
        match catch_unwind(AssertUnwindSafe(|| session.run(bytes))) {
            Ok(Ok(None)) => {}
            Ok(Ok(Some((class, bug)))) => end::at(class, &bug),
            Ok(Err(why)) => end::fail(&why),
            Err(_) => end::fail(&format!("the harness panicked: {}", panics::last())),
        }
    });
}

/// Mutates inputs of `target` as the environment says; see [`Mutator::mutate`].
pub fn mutate(
    target: Target,
    data: &mut [u8],
    size: usize,
    max: usize,
    seed: u32,
    other: impl FnOnce(&mut [u8], usize, usize) -> usize,
) -> usize {
    mutator(target).mutate(data, size, max, seed, other)
}

/// Crosses two inputs of `target`; see [`Mutator::cross`].
pub fn cross(target: Target, first: &[u8], second: &[u8], out: &mut [u8], seed: u32) -> usize {
    mutator(target).cross(first, second, out, seed)
}

fn mutator(target: Target) -> &'static Mutator {
    static MUTATOR: OnceLock<Mutator> = OnceLock::new();
    MUTATOR.get_or_init(|| {
        let mutation = std::env::var("TRAPLINE_MUTATION").map(|name| name.parse());
        Mutator {
            target,
            features: engine::declared(&target.engines(chosen)()),
            mutation: mutation
                .unwrap_or(Ok(Mutation::Scripts))
                .unwrap_or_else(|why| end::fail(&why)),
        }
    })
}

/// What a session is made with.
pub struct Options {
    /// The folder of the corpus.
    pub corpus: PathBuf,
    /// The engines.
    pub engines: fn() -> Vec<Configuration>,
    /// Where to leave the [`Record`], if anywhere.
    pub record: Option<PathBuf>,
    /// Whether the session ends at the first new divergence.
    pub stop_on_new: bool,
}

impl Options {
    fn of_environment() -> Options {
        Options {
            corpus: known::folder().unwrap_or_else(|why| end::fail(&why)),
            engines: chosen,
            record: std::env::var_os("TRAPLINE_SESSION").map(PathBuf::from),
            stop_on_new: cfg!(feature = "service")
                || std::env::var_os("TRAPLINE_STOP_ON_NEW").is_some_and(|v| v == "1"),
        }
    }
}

/// The engines that the environment asks for.
fn chosen() -> Vec<Configuration> {
    let patterns = std::env::var("TRAPLINE_ENGINES").unwrap_or_default();
    let patterns: Vec<&str> = patterns.split(',').filter(|p| !p.is_empty()).collect();
    let chosen = engine::select(&patterns).unwrap_or_else(|why| end::fail(&why.to_string()));
    match std::env::var("TRAPLINE_VERSION") {
        Ok(version) => chosen
            .into_iter()
            .map(|c| c.called_version(&version))
            .collect(),
        Err(_) => chosen,
    }
}

/// A fuzzing session: what it has seen so far.
pub struct Session {
    target: Target,
    runner: InProcess,
    names: Vec<String>,
    features: Features,
    filer: Filer<'static>,
    /// What does not show every time is told once.
    nondeterministic: HashSet<(Class, String)>,
    recorder: Recorder,
    stop_on_new: bool,
}

impl Session {
    /// Begins a session.
    ///
    /// # Errors
    /// One line, if the corpus or the record cannot be read or written: a
    /// session that could not keep what it finds must not start.
    pub fn new(target: Target, options: Options) -> Result<Session, String> {
        let Options {
            corpus,
            engines,
            record,
            stop_on_new,
        } = options;
        let engines = target.engines(engines);
        let corpus = crate::corpus::Corpus::open(&corpus)?;
        corpus.check_writable()?;
        // A session lives as long as its process.
        let corpus = Box::leak(Box::new(corpus));
        let names: Vec<String> = engines().iter().map(|c| c.name().to_owned()).collect();
        let filing = Box::new(InProcess::new(engines()));
        Ok(Session {
            target,
            recorder: Recorder::new(&names, record)?,
            names,
            features: engine::declared(&engines()),
            runner: InProcess::new(engines()),
            filer: Filer::new(corpus, filing, engines(), &origin(target))?,
            nondeterministic: HashSet::new(),
            stop_on_new,
        })
    }

    /// Runs one input. Returns the class and the bug that the session
    /// is to end at, if it is to end.
    ///
    /// # Errors
    /// One line, if an engine cannot be run or a file not be written.
    pub fn run(&mut self, bytes: &[u8]) -> Result<Option<(Class, String)>, String> {
        let began = Instant::now();
        let script = &self.target.script(bytes, self.features);
        let generated = began.elapsed();
        let mut names = drawn(&self.names, bytes);
        let memories = deadly::memories(script);
        names.retain(|name| {
            let deadly = deadly::deadly(&memories, name, self.filer.register());
            if let Some(bug) = &deadly {
                self.recorder.skip(name, bug);
            }
            deadly.is_none()
        });
        if names.is_empty() {
            return Ok(None);
        }
        let trial = try_brief_script(script, BUDGET, FUEL, &mut self.runner, &names)?;
        if let Some(words) = panicked(&trial) {
            return Err(format!("the reference panicked: {words}"));
        }
        self.recorder.count(generated, &trial)?;
        for judged in &trial.judged {
            if judged.divergence().is_some() {
                let end = self.look(script, &trial, judged)?;
                if end.is_some() {
                    return Ok(end);
                }
            }
        }
        Ok(None)
    }

    /// Finds out which bugs a divergence is made of; what to end at.
    fn look(
        &mut self,
        script: &Script,
        trial: &Trial,
        judged: &Judged,
    ) -> Result<Option<(Class, String)>, String> {
        let (reference, runner) = (&trial.reference, &mut self.runner);
        let attributor = self.filer.attributor();
        let found = attributor.attribute(script, reference, judged, BUDGET, runner)?;
        for id in &found.bugs {
            if let Some(bug) = self.filer.register().get(id) {
                let file = self.filer.witness(bug);
                self.recorder.known(&judged.configuration, bug, file)?;
            }
        }
        let sighting = found.unexplained.and_then(|left| match left.behind {
            Some((script, trial)) => Sighting::of(0, &script, &trial.reference, &found.judged),
            None => Sighting::of(0, script, reference, &found.judged),
        });
        match sighting {
            Some(sighting) => self.file(&sighting),
            None => Ok(None),
        }
    }

    /// Files a sighting that no known bug explains; what to end at.
    fn file(&mut self, sighting: &Sighting) -> Result<Option<(Class, String)>, String> {
        let class = sighting.difference.class;
        if self.nondeterministic.contains(&sighting.key()) {
            return Ok(None);
        }
        let configuration = &sighting.configuration;
        let mut end = None;
        for filed in self.filer.file(sighting, &AtomicBool::new(false))? {
            match filed {
                Filed::New { bug, file } => {
                    eprintln!("new: {}: {}", bug.title, file.display());
                    self.recorder.new_bug(configuration, &bug, file)?;
                    end = Some((class, bug.id));
                }
                Filed::Known { bug, file } => self.recorder.known(configuration, &bug, file)?,
                Filed::Nondeterministic(answers) => {
                    self.nondeterministic.insert(sighting.key());
                    eprintln!("{}: {answers}", sighting.signature());
                }
            }
        }
        Ok(end.filter(|_| self.stop_on_new))
    }
}

/// So many instructions a call of an input may execute: what the generator makes
/// takes a few hundred, and the reference writes down every access.
const FUEL: u64 = 100_000;

/// What running an input may cost, in the unit of [`cost`]. What comes before,
/// an input made and answered by the reference, costs about three.
const SWARM: usize = 6;

/// What it costs to run an input on a configuration: where it is compiled to
/// machine code, a multiple of where it is interpreted.
fn cost(configuration: &str) -> usize {
    match engine::engine_of(configuration) {
        "wasmtime" | "wasmer" => 3,
        _ => 1,
    }
}

/// The configurations that an input is run on: drawn by its bytes, so that the
/// same input always does the same.
fn drawn<'n>(names: &'n [impl AsRef<str>], bytes: &[u8]) -> Vec<&'n str> {
    let mut random = fastrand::Rng::with_seed(xxhash_rust::xxh3::xxh3_64(bytes));
    let mut names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    random.shuffle(&mut names);
    let mut left = SWARM;
    names.retain(|name| {
        let affordable = left.checked_sub(cost(name));
        left = affordable.unwrap_or(left);
        affordable.is_some()
    });
    names
}

/// The words of a panic of the reference: a fault of ours.
fn panicked(trial: &Trial) -> Option<&str> {
    let steps = &trial.reference.observation.steps;
    steps.iter().find_map(|step| match &step.outcome {
        Outcome::Panic(words) => Some(&**words),
        _ => None,
    })
}

/// Where what is found comes from, in the words of a corpus file.
pub fn origin(target: Target) -> String {
    format!("a fuzzing session of {}", target.name())
}
