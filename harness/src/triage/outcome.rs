//! What can become of a sighting.

use std::path::PathBuf;

use crate::corpus::Bug;

/// What became of a sighting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filed {
    /// Nobody knew the bug: it is in the corpus now.
    New {
        /// The bug.
        bug: Box<Bug>,
        /// Its witness.
        file: PathBuf,
    },
    /// The bug is in the register already.
    Known {
        /// The bug.
        bug: Box<Bug>,
        /// Its witness, if there is one.
        file: Option<PathBuf>,
    },
    /// It does not show every time, so it was left as it is.
    Nondeterministic {
        /// How often it showed.
        shown: u32,
        /// Of how many runs.
        of: u32,
    },
}

impl Filed {
    /// The bug, if it is one.
    pub fn bug(&self) -> Option<&Bug> {
        match self {
            Filed::New { bug, .. } | Filed::Known { bug, .. } => Some(bug),
            Filed::Nondeterministic { .. } => None,
        }
    }
}
