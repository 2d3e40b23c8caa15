//! The threads of a script, on threads of the system.

use std::collections::HashMap;
use std::thread::JoinHandle;

use super::Embedding;
use super::driver::Run;
use super::{Budget, Features, Job};
use crate::observation::{Outcome, Watch};
use crate::script::{Script, Step};

/// The threads of a script that nobody has waited for.
#[derive(Default)]
pub(super) struct Threads(HashMap<String, JoinHandle<Vec<Outcome>>>);

impl Threads {
    /// Starts one that makes an embedding of its own, on a store of its own, and
    /// does `steps` there. `make` gives the embedding, and the instance that the
    /// thread shares with the script, with its name.
    pub(super) fn start<E: Embedding>(
        &mut self,
        name: &str,
        make: impl FnOnce() -> (E, Option<(String, E::Instance)>) + Send + 'static,
        features: Features,
        steps: &[Step],
        budget: Budget,
    ) -> Outcome {
        let script = Script {
            steps: steps.to_vec(),
        };
        let body = move || {
            let (mut embedding, shared) = make();
            let (name, instance) = shared.unzip();
            let watch = Watch::default();
            let job = Job::new(&script, budget, &watch, &[]);
            let mut run = Run::new(&mut embedding, features, &job);
            if let (Some(name), Some(instance)) = (&name, instance) {
                run.share(name, instance);
            }
            let observation = run.run();
            let outcomes = observation.steps.into_iter().map(|step| step.outcome);
            outcomes.collect::<Vec<_>>()
        };
        match std::thread::Builder::new().spawn(body) {
            Ok(handle) => {
                self.0.insert(name.to_owned(), handle);
                Outcome::Values(Vec::new())
            }
            Err(error) => Outcome::Limit(format!("no thread: {error}")),
        }
    }

    /// Waits for one to end.
    pub(super) fn join(&mut self, name: &str) -> Outcome {
        match self.0.remove(name).map(JoinHandle::join) {
            None => Outcome::Absent,
            Some(Ok(outcomes)) => Outcome::Joined(outcomes),
            Some(Err(_)) => Outcome::Panic("a thread of the script panicked".to_owned()),
        }
    }

    /// Waits for all of them.
    #[cfg(feature = "wasmer")]
    pub(super) fn join_all(&mut self) {
        for (_, handle) in self.0.drain() {
            // What it did is of no interest any more.
            let _ = handle.join();
        }
    }
}
