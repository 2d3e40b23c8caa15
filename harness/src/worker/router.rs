//! Each configuration goes to the process that has it.

use std::collections::HashMap;
use std::path::PathBuf;

use super::{Answer, Runner, Worker, WorkerOptions};
use crate::engine::javascript::{self, Launch, is_javascript};
use crate::engine::{Job, Name};

/// Runs configurations without a version on the engines that are linked in, and
/// those of other versions each in the worker of its release.
pub struct Router {
    linked: Box<dyn Runner>,
    /// The folder of all workers.
    folder: PathBuf,
    options: WorkerOptions,
    /// Those that were needed, by what they are the home of.
    others: HashMap<String, Worker>,
}

impl Router {
    /// `linked` runs what is linked in. Workers are those of `folder`, started
    /// when they are first needed; of `options` they take the limits.
    pub fn new(linked: Box<dyn Runner>, folder: PathBuf, options: WorkerOptions) -> Router {
        Router {
            linked,
            folder,
            options,
            others: HashMap::new(),
        }
    }

    fn other(&mut self, home: &str) -> Result<&mut Worker, String> {
        if !self.others.contains_key(home) {
            let launch = match Name::parse(home) {
                Some(_) => javascript::launch(home, &self.folder)?,
                None => Launch::of(&crate::workers::Catalogue::program(&self.folder, home)),
            };
            let worker = Worker::new(WorkerOptions {
                launch,
                ..self.options.clone()
            });
            self.others.insert(home.to_owned(), worker);
        }
        Ok(self.others.get_mut(home).expect("it was just made"))
    }
}

/// Where a configuration runs: in the worker of its release, or, in JavaScript, in
/// one of its own, called by its name; `None` for what is linked in.
fn home(name: &str) -> Option<String> {
    let parts = Name::parse(name)?;
    match parts.version {
        _ if is_javascript(parts.engine) => Some(name.to_owned()),
        Some(_) => Some(parts.release()),
        None => None,
    }
}

impl Runner for Router {
    fn run(&mut self, job: &Job<'_>, configurations: &[&str]) -> Result<Vec<Answer>, String> {
        let mut answers = Vec::with_capacity(configurations.len());
        while let Some(first) = configurations.get(answers.len()) {
            let rest = &configurations[answers.len()..];
            let at = home(first);
            let together = rest.iter().take_while(|name| home(name) == at).count();
            let these = &rest[..together];
            let given = match &at {
                None => self.linked.run(job, these)?,
                Some(at) => {
                    let own = these
                        .iter()
                        .filter_map(|name| Some(Name::parse(name)?.linked()));
                    let own: Vec<String> = own.collect();
                    let own: Vec<&str> = own.iter().map(String::as_str).collect();
                    self.other(at)?.run(job, &own)?
                }
            };
            let died = matches!(given.last(), Some(Answer::Died(_)) | None);
            answers.extend(given);
            if died {
                break;
            }
        }
        Ok(answers)
    }
    fn renew(&mut self) {
        self.linked.renew();
        self.others.values_mut().for_each(Worker::renew);
    }
}
