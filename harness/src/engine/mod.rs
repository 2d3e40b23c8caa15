//! Engines: whatever can take a script and answer with an observation.
//!
//! One folder per engine, each with its table of configurations; [`driver`]
//! walks a script over an [`Embedding`], the few operations an adapter provides.

#[cfg(not(worker))]
mod checked;
pub mod driver;
mod embedding;
mod features;
#[cfg(not(worker))]
mod group;
mod host;
#[cfg(not(worker))]
pub mod javascript;
mod job;
#[cfg(not(worker))]
mod mutants;
mod name;
#[cfg(any(feature = "wasmer", feature = "wasmi", feature = "wasmtime"))]
mod outside;
#[cfg(not(worker))]
mod parallel;
#[cfg(not(worker))]
pub mod reference;
#[cfg(any(feature = "wasmer", feature = "wasmtime", not(worker)))]
mod repeat;
#[cfg(not(worker))]
mod select;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "wasmer", feature = "wasmtime", not(worker)))]
mod threads;
mod verify;
#[cfg(feature = "wasmer")]
mod wasmer;
#[cfg(feature = "wasmi")]
mod wasmi;
#[cfg(feature = "wasmtime")]
mod wasmtime;

use crate::observation::Observation;

#[cfg(not(worker))]
pub use checked::checked;
pub use embedding::Embedding;
pub use features::{Feature, Features, needed_by};
#[cfg(not(worker))]
pub use group::{group, group_others};
#[cfg(not(worker))]
pub(crate) use host::BEYOND_MEANS;
pub use job::{Budget, Capture, FUEL, Job, MEMORY_BYTES, ModuleFacts, RESIDENT_BYTES};
#[cfg(not(worker))]
pub(crate) use mutants::placeholder;
#[cfg(not(worker))]
pub use mutants::{Fault, faults, mutants, pair};
pub use name::{Name, crate_version, engine_of};
#[cfg(not(worker))]
pub use select::{UnknownEngine, is_planted, planted, select};
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
    home: Home,
}

/// Where a configuration runs.
#[derive(Clone, Debug)]
enum Home {
    /// In this program.
    Here(Build),
    /// In that of a worker.
    #[cfg(not(worker))]
    Elsewhere(javascript::Launch),
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
            home: Home::Here(build),
        }
    }

    /// One that the worker of this program has, under the name `declared` says.
    #[cfg(not(worker))]
    pub fn elsewhere(
        name: String,
        declared: crate::worker::protocol::Declared,
        launch: javascript::Launch,
    ) -> Configuration {
        Configuration {
            name,
            version: declared.version,
            about: declared.about,
            features: declared.features,
            home: Home::Elsewhere(launch),
        }
    }

    /// The same under the name that it has beside other versions: for a program
    /// that is linked with one that is not the project's own. A mutant keeps its name.
    #[cfg(not(worker))]
    pub fn called_version(mut self, version: &str) -> Configuration {
        if let Some(name) = Name::parse(&self.name)
            && crate::workers::ENGINES.contains(&name.engine)
        {
            self.name = name.of_version(version);
        }
        self
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

    /// How its worker is started; none for one of this program.
    #[cfg(not(worker))]
    pub fn launch(&self) -> Option<&javascript::Launch> {
        match &self.home {
            Home::Here(_) => None,
            Home::Elsewhere(launch) => Some(launch),
        }
    }

    /// Builds the engine: one that asks a worker, where that has it. What kills
    /// a worker is a panic then; a [`Router`](crate::worker::Router) tells more.
    ///
    /// # Errors
    /// The reason where this machine cannot.
    pub fn build(&self) -> Result<Box<dyn Engine>, String> {
        match &self.home {
            Home::Here(build) => build(),
            #[cfg(not(worker))]
            Home::Elsewhere(launch) => crate::worker::remote(launch, &self.name),
        }
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
#[cfg_attr(
    not(any(feature = "wasmer", feature = "wasmi", feature = "wasmtime")),
    expect(unused_mut, reason = "nothing is linked in")
)]
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
