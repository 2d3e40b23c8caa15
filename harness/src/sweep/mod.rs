//! The sweep: a space of single accesses at the edge of a memory, enumerated and not drawn.
//!
//! A campaign draws from everything there is and can say what it found, not what is not
//! there. A sweep goes through every [`Point`] of a bounded, written-down [`space`], and ends in a
//! [`Certificate`]: so many of so many points judged, on this configuration, at this version, on
//! this machine.
//!
//! A [`Plan`] divides the points into batches, [`mod@build`] makes a script of each, `settle` runs it as
//! every script is run and judged. Where a batch diverges, its parts are judged by themselves, down to the
//! single point, so that the certificate names exactly those that fail. What was done is on disk
//! ([`State`]), so that a sweep that was interrupted goes on.

pub mod build;
mod certificate;
mod examples;
mod known;
mod merge;
mod plan;
mod point;
mod run;
mod settle;
pub mod space;
mod state;
mod tally;

use std::path::PathBuf;

pub use certificate::{Certificate, Machine, Of, Space};
pub use examples::{Example, examples};
pub use merge::merge;
pub use plan::Plan;
pub use point::Point;
pub use run::{Progress, run};
pub use settle::LARGE;
pub use state::{Identity, State};
pub use tally::{Counts, Failure, Status, Tally};

use crate::campaign::Shard;
use crate::engine::{Budget, Configuration, Features};

/// A configuration that is swept.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// The version of the engine.
    pub version: String,
    /// What it declares.
    pub features: Features,
    /// Whether it commits the memories that it makes: it writes to all of them.
    pub commits: bool,
}

impl Target {
    /// This configuration.
    pub fn of(configuration: &Configuration) -> Target {
        Target {
            name: configuration.name().to_owned(),
            version: configuration.version().to_owned(),
            features: configuration.features,
            // The others reserve address space.
            commits: configuration.engine() == "wasmi",
        }
    }
}

/// What to sweep, and how.
pub struct Options {
    /// The configurations.
    pub targets: Vec<Target>,
    /// Which part of the batches.
    pub shard: Shard,
    /// How many batches at the same time, each with its own runner.
    pub jobs: usize,
    /// How many bytes of a memory engines may make resident, see
    /// [`Budget::resident_bytes`](crate::engine::Budget::resident_bytes). With more than
    /// usual, memories of 2 GiB and more run on engines that commit them.
    pub resident_bytes: u64,
    /// Where what was done is kept; nowhere if `None`.
    pub folder: Option<PathBuf>,
}

impl Options {
    /// The limits of every run.
    fn budget(&self) -> Budget {
        Budget {
            resident_bytes: self.resident_bytes,
            ..space::BUDGET
        }
    }
}
