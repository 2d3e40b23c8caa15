//! Engines: whatever can take a script and answer with an observation.
//!
//! One folder per engine, each with its table of configurations; [`driver`]
//! walks a script over an [`Embedding`], the few operations an adapter provides.

mod checked;
pub mod driver;
mod embedding;
mod features;
mod group;
mod host;
mod job;
mod mutants;
mod name;
pub mod reference;
mod select;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "wasmer", feature = "wasmtime"))]
mod threads;
mod verify;
#[cfg(feature = "wasmer")]
mod wasmer;
#[cfg(feature = "wasmi")]
mod wasmi;
#[cfg(feature = "wasmtime")]
mod wasmtime;

use crate::observation::Observation;

pub use checked::checked;
pub use embedding::Embedding;
pub use features::{Feature, Features, needed_by};
pub use group::{group, group_others};
pub use job::{Budget, Capture, FUEL, Job};
pub(crate) use mutants::placeholder;
pub use mutants::{Fault, faults, mutants, pair};
pub use name::{Name, engine_of};
pub use select::{UnknownEngine, select};
pub use verify::{Difference, verify};

/// Something that runs scripts. Made once, used for many scripts; what one
/// script leaves behind must not be seen by the next.
pub trait Engine {
    /// Runs a script in a fresh store and says what happened. Never panics:
    /// a panic inside the engine is an [`Outcome`](crate::observation::Outcome).
    fn observe(&mut self, job: &Job<'_>) -> Observation;
}

/// One way to build one engine.
#[derive(Clone, Debug)]
pub struct Configuration {
    name: String,
    version: String,
    about: String,
    /// What it says it can run. A module that needs more is never sent.
    pub features: Features,
    build: Build,
}

/// Builds an engine of this program. `Err` with the reason where this machine cannot.
pub type Build = fn() -> Result<Box<dyn Engine>, String>;

impl Configuration {
    /// One of this program. `name` is that of [`Name`], `version` that of the
    /// engine's crate, and `about` says in a few words what is unusual about it.
    pub fn linked(
        name: &str,
        version: &str,
        about: &str,
        features: Features,
        build: Build,
    ) -> Configuration {
        Configuration {
            name: name.to_owned(),
            version: version.to_owned(),
            about: about.to_owned(),
            features,
            build,
        }
    }

    /// Its [`Name`]: unique, and what the command line and reports call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The engine: the first part of its name.
    pub fn engine(&self) -> &str {
        engine_of(&self.name)
    }

    /// The version of the engine's crate.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What is unusual about it, in a few words.
    pub fn about(&self) -> &str {
        &self.about
    }

    /// Builds the engine.
    ///
    /// # Errors
    /// The reason where this machine cannot.
    pub fn build(&self) -> Result<Box<dyn Engine>, String> {
        (self.build)()
    }
}

/// What configurations declare, together: modules that need more would be sent
/// to none of them.
pub fn declared(configurations: &[Configuration]) -> Features {
    configurations
        .iter()
        .fold(Features::NONE, |all, c| all.and(c.features))
}

/// All configurations linked into this binary, in the order they are shown.
pub fn all() -> Vec<Configuration> {
    let mut all = Vec::new();
    #[cfg(feature = "wasmtime")]
    all.extend(wasmtime::configurations());
    #[cfg(feature = "wasmer")]
    all.extend(wasmer::configurations());
    #[cfg(feature = "wasmi")]
    all.extend(wasmi::configurations());
    all
}
