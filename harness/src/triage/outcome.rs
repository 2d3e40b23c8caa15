//! What can become of a sighting.

use std::fmt;
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
    Nondeterministic(Nondeterminism),
}

/// A script that is answered differently when it is run again: the class
/// [`Nondeterministic`](crate::judge::Class::Nondeterministic).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nondeterminism {
    /// How often the divergence showed when the script was run again.
    pub shown: u32,
    /// How often it was run again.
    pub of: u32,
    /// What the engine answered where it showed, in words; empty if it never did.
    pub answer: String,
    /// What it answered last where it did not.
    pub other: String,
}

impl fmt::Display for Nondeterminism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Nondeterminism { shown, of, .. } = self;
        write!(
            f,
            "nondeterministic: it showed in {shown} of {of} more runs"
        )?;
        if !self.answer.is_empty() {
            write!(f, " ({})", self.answer)?;
        }
        write!(f, ", otherwise {}", self.other)
    }
}

impl Filed {
    /// The bug, if it is one.
    pub fn bug(&self) -> Option<&Bug> {
        match self {
            Filed::New { bug, .. } | Filed::Known { bug, .. } => Some(bug),
            Filed::Nondeterministic(_) => None,
        }
    }
}
