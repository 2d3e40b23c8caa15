//! What a fuzz target does with its bytes: the whole line, in this process.
//!
//! A session does not die of a divergence: what is known is counted, what is
//! new is reduced, written to the corpus and told in one line. Only with
//! `TRAPLINE_STOP_ON_NEW=1` does it end, by an abort that names the signature,
//! which is what services that collect crashes want. What really kills an
//! engine kills the session; libFuzzer keeps the input.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use arbitrary::Unstructured;

use crate::campaign::Sighting;
use crate::corpus::Corpus;
use crate::engine::{self, Budget, Configuration};
use crate::file::{Filed, Filer};
use crate::generate::{self, Focus};
use crate::trial::try_script;
use crate::worker::InProcess;

/// The limits of a run: small, since an execution should be short.
const BUDGET: Budget = Budget {
    memory_bytes: 1 << 20,
};

/// A fuzzing session: what it has seen so far.
pub struct Session {
    options: generate::Options,
    runner: InProcess,
    names: Vec<&'static str>,
    filer: Filer<'static>,
    scratch: tempfile::TempDir,
    stop_on_new: bool,
}

impl Session {
    /// On all engines linked in, for scripts that lean to `focus` (to
    /// everything if there is none). The corpus is the folder that
    /// `TRAPLINE_CORPUS` names, `../corpus` if it names none: where
    /// cargo-fuzz runs, that is the repository's.
    ///
    /// Ends the process with one line if the corpus cannot be read or scratch
    /// files cannot be made: a session that could not keep what it finds must
    /// not start.
    pub fn new(focus: &[Focus]) -> Session {
        // libFuzzer's own hook aborts on every panic; those of an engine are
        // observations.
        std::panic::set_hook(Box::new(|_| {}));
        let folder = std::env::var_os("TRAPLINE_CORPUS")
            .map_or_else(|| PathBuf::from("../corpus"), PathBuf::from);
        Session::on(focus, &folder, engine::all)
    }

    fn on(focus: &[Focus], folder: &Path, engines: impl Fn() -> Vec<Configuration>) -> Session {
        let corpus = Corpus::open(folder)
            .and_then(|corpus| corpus.check_writable().map(|()| corpus))
            .unwrap_or_else(|why| fail(&why));
        // A session lives as long as its process.
        let corpus = Box::leak(Box::new(corpus));
        Session {
            options: generate::Options {
                focus: focus.to_vec(),
                budget: BUDGET,
                ..generate::Options::default()
            },
            names: engines().iter().map(|c| c.name).collect(),
            runner: InProcess::new(engines()),
            filer: Filer::new(
                corpus,
                Box::new(InProcess::new(engines())),
                engines(),
                BUDGET,
                "a fuzzing session",
            ),
            scratch: tempfile::tempdir().unwrap_or_else(|why| fail(&why.to_string())),
            stop_on_new: std::env::var_os("TRAPLINE_STOP_ON_NEW").is_some_and(|v| v == "1"),
        }
    }

    /// Runs one input. Aborts the process on a new divergence, if the session
    /// is to stop on it.
    pub fn run(&mut self, bytes: &[u8]) {
        let Ok(script) = generate::script(&mut Unstructured::new(bytes), &self.options) else {
            return;
        };
        let trial = match try_script(&script, BUDGET, &mut self.runner, &self.names) {
            Ok(trial) => trial,
            Err(why) => fail(&why),
        };
        for judged in &trial.judged {
            let Some(sighting) = Sighting::of(0, &script, &trial.reference, judged) else {
                continue;
            };
            if self.filer.recognise(&sighting).is_some() {
                continue;
            }
            if let Err(why) = sighting.save(self.scratch.path()) {
                fail(&why);
            }
            match self.filer.file(&sighting, &AtomicBool::new(false)) {
                Ok(Filed::New { signature, file }) => {
                    eprintln!("new: {signature}: {}", file.display());
                    if self.stop_on_new {
                        fail(&format!("new divergence: {signature}"));
                    }
                }
                Ok(Filed::Known { .. }) => {}
                Ok(Filed::Flaky { shown, of }) => {
                    eprintln!("flaky: {}: {shown} of {of} runs", sighting.signature());
                }
                Err(why) => fail(&why),
            }
        }
    }
}

/// Ends the session with one line.
fn fail(why: &str) -> ! {
    eprintln!("error: {why}");
    std::process::abort()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_takes_any_bytes_and_keeps_what_it_finds() {
        let corpus = tempfile::tempdir().unwrap();
        let mutant = "mutant/bound-short";
        let only = || {
            engine::mutants()
                .into_iter()
                .filter(|c| c.name == mutant)
                .collect()
        };
        let mut session = Session::on(&[Focus::Oob], corpus.path(), only);
        for seed in 0..40_u64 {
            let bytes: Vec<u8> = fastrand_bytes(seed, 600);
            session.run(&bytes);
        }
        session.run(&[]);
        let found: Vec<_> = std::fs::read_dir(corpus.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with("spurious-trap_mutant"))
            .collect();
        assert!(!found.is_empty());
    }

    fn fastrand_bytes(seed: u64, length: usize) -> Vec<u8> {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..length).map(|_| random.u8(..)).collect()
    }
}
