//! The official test suite, and any other folder of scripts, on the reference
//! and on engines.
//!
//! ```
//! use trapline_harness::spec::{File, Group, Subject, run};
//! use trapline_reference::Proposals;
//!
//! let group = Group {
//!     name: "mine".to_owned(),
//!     proposals: Proposals::ALL,
//!     files: vec![File {
//!         name: "grow.wast".to_owned(),
//!         text: br#"(module (memory 1) (func (export "g") (result i32) (memory.grow (i32.const 1))))
//!                   (assert_return (invoke "g") (i32.const 2))"#[..].into(),
//!     }],
//! };
//! let tally = run(&group, &mut Subject::Reference).unwrap();
//! assert_eq!(tally.passed, 0);
//! assert_eq!(tally.failures[0].to_string(), "grow.wast:2: expected i32:0x2, got i32:0x1");
//! ```

mod skips;
mod suite;
mod tally;

pub use suite::{File, Group, about_memory, folder, official};
pub use tally::{Failure, Tally};

use crate::engine::reference::{self, Options};
use crate::engine::{Budget, Job};
use crate::observation::{Observation, Watch};
use crate::script::wast::{Source, parse_each};
use crate::worker::{Answer, Runner};

use trapline_reference::Proposals;

/// Who is to pass.
pub enum Subject<'a> {
    /// The reference.
    Reference,
    /// An engine.
    Engine {
        /// The name of the configuration.
        configuration: &'a str,
        /// What runs it.
        runner: &'a mut dyn Runner,
    },
}

/// What the version of the specification that a script is about comes to:
/// scripts of an old one assert that what came later is refused.
#[derive(Clone, Copy)]
enum Version {
    /// The subject can validate as that version would, and has to.
    Restricts(Proposals),
    /// The subject is of a later version, which explains what it accepts.
    Explains(Proposals),
}

/// Memories of the suite are small but for those that nobody touches.
const BUDGET: Budget = Budget::of(1 << 33);

impl Subject<'_> {
    fn run(&mut self, job: &Job<'_>) -> Result<Answer, String> {
        match self {
            Subject::Reference => {
                let options = Options {
                    trace: false,
                    fuel: Some(1_000_000_000),
                    ..Options::default()
                };
                Ok(Answer::Observed(
                    reference::observe(job, &options).observation,
                ))
            }
            Subject::Engine {
                configuration,
                runner,
            } => {
                let answers = runner.run(job, &[configuration])?;
                Ok(answers.into_iter().next().expect("one was asked for"))
            }
        }
    }

    /// Of the joint outcomes that the reference allows of a script with threads, the
    /// one of which the script asserts the most that is not so. Where
    /// they are not said, the threads take turns.
    fn worst_of_threads(
        &self,
        job: &Job<'_>,
        file: &str,
        source: &Source,
        group: &Group,
    ) -> Option<Observation> {
        if !matches!(self, Subject::Reference) || !reference::has_threads(job.script) {
            return None;
        }
        let allowed = reference::allowed(job, &Options::default()).ok()?;
        let failures = |observation: &Observation| {
            let mut tally = Tally::default();
            tally.add(file, source, observation, self.version(group.proposals));
            tally.failures.len()
        };
        allowed.observations.into_iter().max_by_key(failures)
    }

    fn version(&self, proposals: Proposals) -> Version {
        match self {
            Subject::Reference => Version::Restricts(proposals),
            Subject::Engine { .. } => Version::Explains(proposals),
        }
    }
}

/// Runs the scripts of a group, each on its own.
///
/// # Errors
///
/// The engine cannot be run at all.
pub fn run(group: &Group, subject: &mut Subject<'_>) -> Result<Tally, String> {
    let mut tally = Tally::default();
    for file in &group.files {
        let source = match parse_each(&file.name, &file.text) {
            Ok(source) => source,
            Err(error) => {
                tally.unreadable.push(error);
                continue;
            }
        };
        let watch = Watch::default();
        let mut job = Job::new(&source.script, BUDGET, &watch, &[]);
        job.past_exhaustion = true;
        if let Some(observation) = subject.worst_of_threads(&job, &file.name, &source, group) {
            tally.add(
                &file.name,
                &source,
                &observation,
                subject.version(group.proposals),
            );
            continue;
        }
        match subject.run(&job)? {
            Answer::Observed(observation) => {
                let version = subject.version(group.proposals);
                tally.add(&file.name, &source, &observation, version);
            }
            Answer::Died(death) => tally.fail(&file.name, 0, death.to_string()),
        }
    }
    Ok(tally)
}
