//! An engine of real threads: the reference's machine and the rules of the proposal, on
//! threads of the system and real atomics. With a fault planted in one of these rules it
//! measures what the testing of threads finds; without one it is right, and all that
//! is reported of it is false.
//!
//! Each thread has a machine of the reference with a store of its own; instructions on
//! shared memory are executed by [`Rules`](rules::Rules) on one
//! [`SharedMemory`](memory::SharedMemory).

mod embedding;
mod faults;
mod memory;
mod queue;
mod rules;
#[cfg(test)]
mod tests;
mod thread;

use super::{Configuration, Engine, Job, driver, reference};
use crate::observation::Observation;
use embedding::Embedded;
use rules::{Right, Rules};

/// The engine without a fault: `parallel/right`.
pub(super) fn parallel() -> Configuration {
    configuration("parallel/right", "the reference on real threads", || {
        Ok(engine(&Right))
    })
}

/// One configuration per fault, each named `parallel/FAULT`: known to those who ask for
/// them by name, and not among [`all`](super::all).
pub(super) fn parallel_faults() -> Vec<Configuration> {
    faults::all()
}

fn configuration(name: &str, about: &str, build: super::Build) -> Configuration {
    let version = env!("CARGO_PKG_VERSION");
    Configuration::linked(name, version, about, reference::FEATURES, build)
}

fn engine(rules: &'static dyn Rules) -> Box<dyn Engine> {
    Box::new(Planted { rules })
}

struct Planted {
    rules: &'static dyn Rules,
}

impl Engine for Planted {
    fn observe(&mut self, job: &Job<'_>) -> Observation {
        driver::run_in(
            || Embedded::new(self.rules, job.budget),
            reference::FEATURES,
            job,
        )
    }
}
