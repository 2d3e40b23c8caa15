//! Engines in this process: for fuzz targets, for tests, and for speed of debugging.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Answer, Runner};
use crate::engine::{Configuration, Engine, Job};

/// Runs engines in this process. A crash of an engine is a crash of ours.
pub struct InProcess {
    configurations: Vec<Configuration>,
    built: HashMap<String, Box<dyn Engine>>,
}

impl InProcess {
    /// With these configurations; each is built when it is first asked for.
    pub fn new(configurations: Vec<Configuration>) -> InProcess {
        InProcess {
            configurations,
            built: HashMap::new(),
        }
    }

    /// Runs `job` on the configuration called `name`. An engine that panicked is
    /// not asked again, but built anew: its locks may be poisoned, and whatever
    /// it says afterwards says nothing of the next script.
    ///
    /// # Errors
    /// If there is none, or if it cannot be built on this machine.
    pub fn run_one(
        &mut self,
        job: &Job<'_>,
        name: &str,
    ) -> Result<crate::observation::Observation, String> {
        let engine = match self.built.entry(name.to_owned()) {
            Entry::Occupied(engine) => engine.into_mut(),
            Entry::Vacant(place) => {
                let configuration = self
                    .configurations
                    .iter()
                    .find(|c| c.name() == name)
                    .ok_or_else(|| format!("no configuration is called {name}"))?;
                let built = configuration
                    .build()
                    .map_err(|why| format!("{name} cannot be built: {why}"))?;
                place.insert(built)
            }
        };
        let observation = engine.observe(job);
        if observation.has_panic() {
            let broken = self.built.remove(name);
            // To drop it may panic once more, which says nothing new.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(broken)));
        }
        Ok(observation)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Budget, Features};
    use crate::observation::{Observation, Outcome, StepObservation, Watch};
    use crate::script::{Script, Step};

    /// Panics at a script with a step, from then on at every script, and when
    /// it is dropped.
    #[derive(Default)]
    struct Poisoned(bool);

    impl Engine for Poisoned {
        fn observe(&mut self, job: &Job<'_>) -> Observation {
            self.0 |= !job.script.steps.is_empty();
            let panicked = Outcome::Joined(vec![Outcome::Panic("poisoned".to_owned())]);
            let step = StepObservation {
                outcome: panicked,
                memories: Vec::new(),
            };
            Observation {
                steps: self.0.then_some(step).into_iter().collect(),
                ..Observation::default()
            }
        }
    }

    impl Drop for Poisoned {
        fn drop(&mut self) {
            assert!(!self.0, "a lock is poisoned");
        }
    }

    #[test]
    fn a_panic_of_one_script_does_not_show_in_the_next() {
        let mut runner = InProcess::new(vec![Configuration::linked(
            "test/poisoned",
            "0",
            "",
            Features::NONE,
            || Ok(Box::new(Poisoned::default())),
        )]);
        let watch = Watch::default();
        let budget = Budget::of(1);
        let mut panics = |steps: &[Step]| {
            let script = Script {
                steps: steps.to_vec(),
            };
            let job = Job::new(&script, budget, &watch, &[]);
            let observation = runner.run_one(&job, "test/poisoned").expect("it is there");
            observation.has_panic()
        };
        let step = Step::Wait {
            thread: "t".to_owned(),
        };
        assert!(!panics(&[]));
        assert!(panics(&[step]));
        assert!(!panics(&[]));
    }
}
