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
//! let tally = run(&group, &mut Subject::Reference);
//! assert_eq!(tally.passed, 0);
//! assert_eq!(tally.failures[0].to_string(), "grow.wast:2: expected i32:0x2, got i32:0x1");
//! ```

mod skips;
mod suite;
mod tally;

pub use suite::{File, Group, folder, official};
pub use tally::{Failure, Tally};

use crate::engine::reference::{self, Options};
use crate::engine::{Budget, Engine, Job};
use crate::observation::{Observation, Watch};
use crate::script::wast::parse;

use trapline_reference::Proposals;

/// Who is to pass.
pub enum Subject {
    /// The reference.
    Reference,
    /// An engine.
    Engine(Box<dyn Engine>),
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
const BUDGET: Budget = Budget {
    memory_bytes: 1 << 33,
};

impl Subject {
    fn observe(&mut self, job: &Job<'_>) -> Observation {
        match self {
            Subject::Reference => {
                let options = Options {
                    trace: false,
                    fuel: 1_000_000_000,
                    ..Options::default()
                };
                reference::observe(job, &options).observation
            }
            Subject::Engine(engine) => engine.observe(job),
        }
    }
}

/// Runs the scripts of a group, each on its own.
pub fn run(group: &Group, subject: &mut Subject) -> Tally {
    let mut tally = Tally::default();
    for file in &group.files {
        let source = match parse(&file.name, &file.text) {
            Ok(source) => source,
            Err(error) => {
                tally.unreadable.push(error);
                continue;
            }
        };
        let watch = Watch::default();
        let job = Job::new(&source.script, BUDGET, &watch, &[]).past_exhaustion();
        let observation = subject.observe(&job);
        let version = match subject {
            Subject::Reference => Version::Restricts(group.proposals),
            Subject::Engine(_) => Version::Explains(group.proposals),
        };
        tally.add(&file.name, &source, &observation, version);
    }
    tally
}
