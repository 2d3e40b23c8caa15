//! What can become of a sighting.

use std::path::PathBuf;

use crate::script::Script;

/// What became of a sighting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filed {
    /// Nobody knew it: it is in the corpus now.
    New {
        /// Its signature.
        signature: String,
        /// Its file.
        file: PathBuf,
    },
    /// It is in `known.toml` already.
    Known {
        /// Its signature.
        signature: String,
        /// What is known of it.
        status: String,
        /// Its file, if there is one.
        file: Option<PathBuf>,
    },
    /// It does not show every time, so it was left as it is.
    Flaky {
        /// How often it showed.
        shown: u32,
        /// Of how many runs.
        of: u32,
    },
}

impl Filed {
    /// Its signature, if it has one.
    pub fn signature(&self) -> Option<&str> {
        match self {
            Filed::New { signature, .. } | Filed::Known { signature, .. } => Some(signature),
            Filed::Flaky { .. } => None,
        }
    }
}

/// What a sighting came down to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reduced {
    /// This script.
    To(Script),
    /// It does not show every time, so it was left as it is.
    Flaky {
        /// How often it showed.
        shown: u32,
        /// Of how many runs.
        of: u32,
    },
}
