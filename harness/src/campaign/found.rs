//! What a campaign has found: bugs, and what has not come down to one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::corpus::Bug;
use crate::judge::{Class, Severity};
use crate::script::Script;

use super::Sighting;

/// How often a bug was met.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Met {
    /// In how many cases, on each configuration that met it.
    pub configurations: BTreeMap<String, u64>,
    /// The lowest case.
    pub first_case: u64,
    /// In how many cases, whatever the configuration.
    pub cases: u64,
    /// The case counted last.
    #[serde(skip)]
    last: Option<u64>,
}

impl Met {
    /// Counts a case in which a configuration met it.
    pub fn add(&mut self, case: u64, configuration: &str) {
        self.first_case = match self.cases {
            0 => case,
            _ => self.first_case.min(case),
        };
        let first = self.last.replace(case) != Some(case);
        self.cases += u64::from(first);
        *self
            .configurations
            .entry(configuration.to_owned())
            .or_default() += 1;
    }
}

impl Met {
    /// Adds what was counted under another name.
    pub fn merge(&mut self, other: Met) {
        let Met {
            configurations,
            first_case,
            cases,
            last: _,
        } = other;
        self.first_case = match self.cases {
            0 => first_case,
            _ => self.first_case.min(first_case),
        };
        self.cases += cases;
        for (name, count) in configurations {
            *self.configurations.entry(name).or_default() += count;
        }
    }
}

/// A bug that a campaign has met, or a sighting that came down to none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The id of the bug; none for what was not reduced.
    pub bug: Option<String>,
    /// What goes wrong.
    pub title: String,
    /// In which way it diverged, where it was not a bug known before.
    pub class: Option<Class>,
    /// What is reached by it; none for what was not reduced.
    pub severity: Option<Severity>,
    /// What is known of it, in words.
    pub status: String,
    /// Whether nobody knew it before this run.
    pub new: bool,
    /// In how many cases it was met.
    pub cases: u64,
    /// The lowest of them.
    pub first_case: u64,
    /// The configurations that met it.
    pub configurations: BTreeSet<String>,
    /// Its witness, or the unreduced script.
    pub file: Option<PathBuf>,
    /// The script by which another run can find it again, where it is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<Script>,
}

impl Found {
    /// A bug, not met yet.
    pub fn of_bug(bug: &Bug, new: bool, file: Option<PathBuf>) -> Found {
        Found {
            bug: Some(bug.id.clone()),
            title: bug.title.clone(),
            class: None,
            severity: Some(bug.severity),
            status: match new {
                true => "new".to_owned(),
                false => bug.status.to_string(),
            },
            new,
            cases: 0,
            first_case: u64::MAX,
            configurations: BTreeSet::new(),
            file,
            script: None,
        }
    }

    /// A sighting that came down to no bug, for a reason.
    pub fn of_sighting(sighting: &Sighting, status: String, file: PathBuf) -> Found {
        Found {
            bug: None,
            title: sighting.signature().to_string(),
            class: Some(sighting.difference.class),
            severity: None,
            status,
            new: true,
            cases: sighting.count,
            first_case: sighting.case,
            configurations: BTreeSet::from([sighting.configuration.clone()]),
            file: Some(file),
            script: Some(sighting.script.clone()),
        }
    }

    /// Adds up how often it was met.
    pub fn add(
        &mut self,
        cases: u64,
        first_case: u64,
        configurations: impl IntoIterator<Item = String>,
    ) {
        self.cases += cases;
        self.first_case = self.first_case.min(first_case);
        self.configurations.extend(configurations);
    }

    /// What it is called where one line must name it.
    pub fn name(&self) -> &str {
        self.bug.as_deref().unwrap_or(&self.title)
    }

    /// The order in which people read: what is new first, then what is severe.
    pub fn rank(&self) -> (bool, Option<Severity>, Option<Class>, String) {
        (!self.new, self.severity, self.class, self.name().to_owned())
    }
}
