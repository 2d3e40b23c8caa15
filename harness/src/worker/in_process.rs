//! Engines in this process: for fuzz targets, for tests, and for speed of debugging.

use std::collections::HashMap;

use super::{Answer, Runner};
use crate::engine::{Configuration, Engine, Job};

/// Runs engines in this process. A crash of an engine is a crash of ours.
pub struct InProcess {
    configurations: Vec<Configuration>,
    built: HashMap<&'static str, Box<dyn Engine>>,
}

impl InProcess {
    /// With these configurations; each is built when it is first asked for.
    pub fn new(configurations: Vec<Configuration>) -> InProcess {
        InProcess {
            configurations,
            built: HashMap::new(),
        }
    }

    /// Runs `job` on the configuration called `name`.
    ///
    /// # Errors
    /// If there is none, or if it cannot be built on this machine.
    pub fn run_one(
        &mut self,
        job: &Job<'_>,
        name: &str,
    ) -> Result<crate::observation::Observation, String> {
        let configuration = self
            .configurations
            .iter()
            .find(|c| c.name == name)
            .ok_or_else(|| format!("no configuration is called {name}"))?;
        let engine = match self.built.entry(configuration.name) {
            std::collections::hash_map::Entry::Occupied(e) => e.into_mut(),
            std::collections::hash_map::Entry::Vacant(e) => e.insert(
                (configuration.build)().map_err(|why| format!("{name} cannot be built: {why}"))?,
            ),
        };
        Ok(engine.observe(job))
    }
}

impl Runner for InProcess {
    fn run(&mut self, job: &Job<'_>, configurations: &[&str]) -> Result<Vec<Answer>, String> {
        configurations
            .iter()
            .map(|name| self.run_one(job, name).map(Answer::Observed))
            .collect()
    }
}
