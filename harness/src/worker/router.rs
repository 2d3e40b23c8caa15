//! Each configuration goes to the process that has it.

use std::collections::HashMap;
use std::path::PathBuf;

use super::{Answer, Runner, Worker, WorkerOptions};
use crate::engine::{Job, Name};

/// Runs configurations without a version on the engines that are linked in, and
/// those of other versions each in the worker of its release.
pub struct Router {
    linked: Box<dyn Runner>,
    /// The folder of all workers.
    folder: PathBuf,
    options: WorkerOptions,
    /// Those that were needed, by release.
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

    fn other(&mut self, release: &str) -> &mut Worker {
        let (folder, options) = (&self.folder, &self.options);
        self.others.entry(release.to_owned()).or_insert_with(|| {
            let program = crate::workers::Catalogue::program(folder, release);
            Worker::new(WorkerOptions {
                command: vec![program.to_string_lossy().into_owned()],
                ..options.clone()
            })
        })
    }
}

/// The release that has a configuration; `None` for what is linked in.
fn release(name: &str) -> Option<String> {
    let name = Name::parse(name)?;
    name.version.map(|_| name.release())
}

impl Runner for Router {
    fn run(&mut self, job: &Job<'_>, configurations: &[&str]) -> Result<Vec<Answer>, String> {
        let mut answers = Vec::with_capacity(configurations.len());
        while let Some(first) = configurations.get(answers.len()) {
            let rest = &configurations[answers.len()..];
            let home = release(first);
            let together = rest.iter().take_while(|name| release(name) == home).count();
            let these = &rest[..together];
            let given = match &home {
                None => self.linked.run(job, these)?,
                Some(home) => {
                    let own = these
                        .iter()
                        .filter_map(|name| Some(Name::parse(name)?.linked()));
                    let own: Vec<String> = own.collect();
                    let own: Vec<&str> = own.iter().map(String::as_str).collect();
                    self.other(home).run(job, &own)?
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
}
