//! The certificate: what was judged, of what, on which engine and machine.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::state::{Identity, State};
use super::tally::{Counts, Failure, Tally};

/// What a sweep has come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Which space, and which part of it.
    pub space: Space,
    /// Where it ran.
    pub machine: Machine,
    /// When it ended, as `2026-11-27 23:10` in UTC.
    pub date: String,
    /// Whether every point of the part was reached: not if it was interrupted.
    pub complete: bool,
    /// One for each configuration.
    pub configurations: Vec<Of>,
}

/// The points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Space {
    /// A number that is raised when points are added, removed or mean something else.
    pub version: u32,
    /// A number for the names of all points in their order, in hexadecimal.
    pub digest: String,
    /// How many points the whole of it has.
    pub points: u64,
    /// Which part of it, as `1/4`.
    pub shard: String,
    /// How many points the part has.
    pub of_shard: u64,
    /// Whether memories of 2 GiB and more ran on engines that commit them.
    pub large: bool,
}

/// The machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The instruction set, as Rust names it.
    pub architecture: String,
    /// The operating system, as Rust names it.
    pub system: String,
    /// How many processors it has.
    pub processors: usize,
}

impl Machine {
    /// This one.
    pub fn this() -> Machine {
        Machine {
            architecture: std::env::consts::ARCH.to_owned(),
            system: std::env::consts::OS.to_owned(),
            processors: std::thread::available_parallelism().map_or(0, Into::into),
        }
    }
}

/// What became of the points on one configuration. Every point is in one of the four
/// counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Of {
    /// Its name.
    pub configuration: String,
    /// The version of the engine, as its worker tells it.
    pub version: String,
    /// All points.
    pub total: Counts,
    /// By family of operations.
    pub families: BTreeMap<String, Counts>,
    /// Points for which resources did not suffice, by reason.
    pub limits: BTreeMap<String, u64>,
    /// Points that were not judged, by reason.
    pub not_run: BTreeMap<String, u64>,
    /// Failing points, by the bug of the register that explains them.
    pub known: BTreeMap<String, u64>,
    /// How many failing points no bug of the register explains.
    pub new: u64,
    /// The failing points.
    pub failing: Vec<Failure>,
}

impl Certificate {
    /// That of what was done, of a space of so many points of which so many are the
    /// shard's.
    pub fn of(
        state: &State,
        points: u64,
        of_shard: u64,
        complete: bool,
        date: String,
    ) -> Certificate {
        let Identity {
            space,
            digest,
            shard,
            large,
            configurations,
        } = &state.identity;
        let rows = configurations.iter().zip(&state.tallies);
        Certificate {
            space: Space {
                version: *space,
                digest: digest.clone(),
                points,
                shard: shard.clone(),
                of_shard,
                large: *large,
            },
            machine: Machine::this(),
            date,
            complete,
            configurations: rows
                .map(|((configuration, version), tally)| Of::new(configuration, version, tally))
                .collect(),
        }
    }

    /// Whether a failing point is explained by no bug of the register.
    pub fn has_new(&self) -> bool {
        self.configurations.iter().any(|of| of.new > 0)
    }
}

impl Of {
    /// What a tally has counted on a configuration.
    pub(super) fn new(configuration: &str, version: &str, tally: &Tally) -> Of {
        let mut known = BTreeMap::new();
        for bug in tally.failing.iter().flat_map(|failure| &failure.bugs) {
            *known.entry(bug.clone()).or_default() += 1;
        }
        Of {
            configuration: configuration.to_owned(),
            version: version.to_owned(),
            total: tally.total(),
            families: tally.families.clone(),
            limits: tally.limits.clone(),
            not_run: tally.not_run.clone(),
            known,
            new: tally.new_failures(),
            failing: tally.failing.clone(),
        }
    }

    /// `1000 of 1200 points judged; 3 failing (…); 200 not run (…)`, in one line.
    pub fn sentence(&self) -> String {
        let Counts {
            conforming,
            limit,
            failing,
            not_run,
        } = self.total;
        let judged = conforming + limit + failing;
        let mut said = format!("{judged} of {} points judged", self.total.points());
        if limit > 0 {
            said.push_str(&format!(
                ", {limit} of them to an allowed limit ({})",
                by_reason(&self.limits)
            ));
        }
        said.push_str(&format!("; {failing} failing"));
        if failing > 0 {
            let known: Vec<String> = self
                .known
                .iter()
                .map(|(bug, n)| format!("{n} {bug}"))
                .collect();
            let known = if known.is_empty() {
                "none".to_owned()
            } else {
                known.join(", ")
            };
            said.push_str(&format!(" (known: {known}; new: {})", self.new));
        }
        if not_run > 0 {
            said.push_str(&format!(
                "; {not_run} not run ({})",
                by_reason(&self.not_run)
            ));
        }
        said
    }
}

fn by_reason(counts: &BTreeMap<String, u64>) -> String {
    let parts: Vec<String> = counts.iter().map(|(why, n)| format!("{n} {why}")).collect();
    parts.join(", ")
}
