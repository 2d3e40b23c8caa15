//! What held, what did not, and what was not asked.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Version;
use super::skips::{Reason, Skips};
use crate::observation::Observation;
use crate::script::expect::{Expect, matches};
use crate::script::input::InputError;
use crate::script::wast::Source;

/// How a subject did on a group.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// How many assertions held.
    pub passed: u64,
    /// Those that did not.
    pub failures: Vec<Failure>,
    /// Assertions that were not put to the subject, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// Scripts that could not be read at all.
    pub unreadable: Vec<InputError>,
}

/// An assertion that did not hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Failure {
    /// The script.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// What was expected and what was got, in one line.
    pub what: String,
}

impl Failure {
    /// The script and the line.
    pub fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, what } = self;
        write!(f, "{file}:{line}: {what}")
    }
}

impl Tally {
    /// Adds what `observation` of a script, as read into `source`, comes to.
    pub(super) fn add(
        &mut self,
        file: &str,
        source: &Source,
        observation: &Observation,
        version: Version,
    ) {
        for skipped in &source.skipped {
            self.skip(&skipped.reason);
        }
        for text in &source.texts {
            match &text.error {
                None => self.passed += 1,
                Some(error) => self.fail(file, text.line, error.clone()),
            }
        }
        let mut skips = Skips::new(version);
        for (index, (step, from)) in source.script.steps.iter().zip(&source.steps).enumerate() {
            let asserts = from.expect != Expect::Anything;
            let Some(answer) = observation.steps.get(index) else {
                if asserts {
                    self.skip(&Reason::Ended.to_string());
                }
                continue;
            };
            let reason = skips.reason(step, &from.expect, &answer.outcome);
            if !asserts {
                continue;
            }
            let held = matches(&from.expect, &answer.outcome);
            match (reason.or(skips.excuse().filter(|_| held.is_err())), held) {
                // That a module can be used is no assertion of its own.
                (None, Ok(())) => self.passed += u64::from(from.expect != Expect::Success),
                (None, Err(what)) => self.fail(file, from.line, what),
                (Some(Reason::RefusedThen), _) => self.passed += 1,
                (Some(reason), _) => self.skip(&reason.to_string()),
            }
        }
    }

    fn skip(&mut self, reason: &str) {
        *self.skipped.entry(reason.to_owned()).or_default() += 1;
    }

    pub(super) fn fail(&mut self, file: &str, line: usize, what: String) {
        self.failures.push(Failure {
            file: file.to_owned(),
            line,
            what,
        });
    }
}
