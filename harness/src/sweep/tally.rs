//! What became of points: every one is in exactly one count.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Point;
use crate::judge::Class;

/// What became of a point on one configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It did what the specification allows.
    Conforming,
    /// Resources did not suffice, which is allowed; why.
    Limit(String),
    /// It was not judged; why.
    NotRun(String),
    /// It left the specification.
    Failing(Box<Failure>),
}

/// A point that left the specification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The name of the point.
    pub point: String,
    /// In which way.
    pub class: Class,
    /// What the specification says, in words.
    pub expected: String,
    /// What the engine did, in words.
    pub got: String,
    /// The bugs of the register that explain it; none if it is new.
    pub bugs: Vec<String>,
    /// It fails only behind these points, and not alone: their names. Empty where it
    /// fails alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub company: Vec<String>,
}

/// How many points of one family of operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// That did what is allowed.
    pub conforming: u64,
    /// For which resources did not suffice.
    pub limit: u64,
    /// That left the specification.
    pub failing: u64,
    /// That were not judged.
    pub not_run: u64,
}

impl Counts {
    /// All of them.
    pub fn points(&self) -> u64 {
        self.conforming + self.limit + self.failing + self.not_run
    }

    fn add(&mut self, other: &Counts) {
        let Counts {
            conforming,
            limit,
            failing,
            not_run,
        } = other;
        self.conforming += conforming;
        self.limit += limit;
        self.failing += failing;
        self.not_run += not_run;
    }
}

/// What became of points on one configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// By family of operations.
    pub families: BTreeMap<String, Counts>,
    /// Those for which resources did not suffice, by reason.
    pub limits: BTreeMap<String, u64>,
    /// Those that were not judged, by reason.
    pub not_run: BTreeMap<String, u64>,
    /// Those that left the specification, by name.
    pub failing: Vec<Failure>,
}

impl Tally {
    /// Counts a point.
    pub fn add(&mut self, point: &Point, status: Status) {
        let family = point.operation().family().to_owned();
        let counts = self.families.entry(family).or_default();
        match status {
            Status::Conforming => counts.conforming += 1,
            Status::Limit(why) => {
                counts.limit += 1;
                *self.limits.entry(why).or_default() += 1;
            }
            Status::NotRun(why) => {
                counts.not_run += 1;
                *self.not_run.entry(why).or_default() += 1;
            }
            Status::Failing(failure) => {
                counts.failing += 1;
                self.failing.push(*failure);
            }
        }
    }

    /// Counts what another has counted.
    pub fn merge(&mut self, other: Tally) {
        for (family, counts) in other.families {
            self.families.entry(family).or_default().add(&counts);
        }
        for (reasons, others) in [
            (&mut self.limits, other.limits),
            (&mut self.not_run, other.not_run),
        ] {
            for (why, count) in others {
                *reasons.entry(why).or_default() += count;
            }
        }
        self.failing.extend(other.failing);
    }

    /// The sum over all families.
    pub fn total(&self) -> Counts {
        let mut total = Counts::default();
        for counts in self.families.values() {
            total.add(counts);
        }
        total
    }

    /// How many failing points no bug of the register explains.
    pub fn new_failures(&self) -> u64 {
        let new = self
            .failing
            .iter()
            .filter(|failure| failure.bugs.is_empty());
        new.count() as u64
    }
}
