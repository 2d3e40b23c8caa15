//! What a fuzz target does with its bytes: the whole line, in this process.
//!
//! A session does not die of a divergence: what is known is counted, what is
//! new is reduced, written to the corpus and told in one line. Only with
//! `TRAPLINE_STOP_ON_NEW=1` does it end, by a panic that names the signature,
//! which is what services that collect crashes want. What really kills an
//! engine kills the session; libFuzzer keeps the input.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use arbitrary::Unstructured;

use crate::campaign::Sighting;
use crate::corpus::Corpus;
use crate::engine::{self, Budget};
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
    /// # Panics
    ///
    /// If the corpus cannot be read, or scratch files cannot be made: a
    /// session that could not keep what it finds must not start.
    pub fn new(focus: &[Focus]) -> Session {
        // libFuzzer's own hook aborts on every panic; those of an engine are
        // observations.
        std::panic::set_hook(Box::new(|_| {}));
        let folder = std::env::var_os("TRAPLINE_CORPUS")
            .map_or_else(|| PathBuf::from("../corpus"), PathBuf::from);
        let corpus = Corpus::open(&folder)
            .and_then(|corpus| corpus.check_writable().map(|()| corpus))
            .unwrap_or_else(|why| fail(&why));
        // A session lives as long as its process.
        let corpus = Box::leak(Box::new(corpus));
        let names: Vec<_> = engine::all().iter().map(|c| c.name).collect();
        Session {
            options: generate::Options {
                focus: focus.to_vec(),
                budget: BUDGET,
                ..generate::Options::default()
            },
            runner: InProcess::new(engine::all()),
            names,
            filer: Filer::new(
                corpus,
                Box::new(InProcess::new(engine::all())),
                engine::all(),
                BUDGET,
                "a fuzzing session",
            ),
            scratch: tempfile::tempdir().unwrap_or_else(|why| fail(&why.to_string())),
            stop_on_new: std::env::var_os("TRAPLINE_STOP_ON_NEW").is_some_and(|v| v == "1"),
        }
    }

    /// Runs one input.
    ///
    /// # Panics
    ///
    /// On a new divergence, if the session is to stop on it.
    pub fn run(&mut self, bytes: &[u8]) {
        let Ok(script) = generate::script(&mut Unstructured::new(bytes), &self.options) else {
            return;
        };
        let trial = match try_script(&script, BUDGET, &mut self.runner, &self.names) {
            Ok(trial) => trial,
            Err(why) => fail(&why),
        };
        for judged in &trial.judged {
            let Some(sighting) = Sighting::of(0, &script, &trial, judged) else {
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
