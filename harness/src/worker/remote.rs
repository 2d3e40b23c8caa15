//! A worker as an engine, and what it declares.

use std::path::Path;
use std::time::Duration;

use super::protocol::Declared;
use super::{Answer, Runner, Worker, WorkerOptions};
use crate::engine::{Engine, Job, Name};
use crate::observation::{Observation, Outcome, StepObservation};

/// Of a worker that nobody gave limits.
fn options(program: &Path) -> WorkerOptions {
    WorkerOptions {
        command: vec![program.to_string_lossy().into_owned()],
        wall: Duration::from_secs(10),
        memory: 1536 << 20,
    }
}

/// Starts a worker and says what it declares.
///
/// # Errors
/// In words, if it does not open, or speaks another version of the protocol.
pub fn hello(program: &Path) -> Result<Vec<Declared>, String> {
    Worker::new(options(program))
        .declared()
        .map(<[Declared]>::to_vec)
}

/// The configuration of this name, in the worker of this program.
///
/// # Errors
/// If the worker does not open or has no such configuration.
pub fn remote(program: &Path, name: &str) -> Result<Box<dyn Engine>, String> {
    let own = Name::parse(name).map_or_else(|| name.to_owned(), Name::linked);
    let mut worker = Worker::new(options(program));
    if !worker
        .declared()?
        .iter()
        .any(|declared| declared.name == own)
    {
        return Err(format!("{}: has no {own}", program.display()));
    }
    Ok(Box::new(Remote { worker, name: own }))
}

struct Remote {
    worker: Worker,
    name: String,
}

impl Engine for Remote {
    fn observe(&mut self, job: &Job<'_>) -> Observation {
        let why = match self.worker.run(job, &[&self.name]) {
            Ok(mut answers) => match answers.pop() {
                Some(Answer::Observed(observation)) => return observation,
                Some(Answer::Died(death)) => death.to_string(),
                None => "no answer".to_owned(),
            },
            Err(why) => why,
        };
        Observation {
            steps: vec![StepObservation {
                outcome: Outcome::Panic(why),
                memories: Vec::new(),
            }],
            ..Observation::default()
        }
    }
}
