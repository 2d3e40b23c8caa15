//! A worker as an engine, and what it declares.

use std::time::Duration;

use super::protocol::Declared;
use super::{Answer, Runner, Worker, WorkerOptions};
use crate::engine::javascript::Launch;
use crate::engine::{Engine, Job, Name};
use crate::observation::{Observation, Outcome, StepObservation};

/// Of a worker that nobody gave limits.
fn options(launch: &Launch) -> WorkerOptions {
    WorkerOptions {
        launch: launch.clone(),
        wall: Duration::from_secs(10),
        memory: 1536 << 20,
    }
}

/// Starts a worker and says what it declares.
///
/// # Errors
/// In words, if it does not open, or speaks another version of the protocol.
pub fn hello(launch: &Launch) -> Result<Vec<Declared>, String> {
    Worker::new(options(launch))
        .declared()
        .map(<[Declared]>::to_vec)
}

/// The configuration of this name, in the worker that is started like this.
///
/// # Errors
/// If the worker does not open or has no such configuration.
pub fn remote(launch: &Launch, name: &str) -> Result<Box<dyn Engine>, String> {
    let own = Name::parse(name).map_or_else(|| name.to_owned(), Name::linked);
    let mut worker = Worker::new(options(launch));
    if !worker
        .declared()?
        .iter()
        .any(|declared| declared.name == own)
    {
        return Err(format!("{}: has no {own}", launch.command.join(" ")));
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
