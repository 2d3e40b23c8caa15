//! Focus: what a campaign concentrates on.

use std::fmt;
use std::str::FromStr;

use crate::engine::Feature;

/// A part of the space that a campaign can concentrate on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Focus {
    /// Memories that grow, by every way they can.
    Grow,
    /// Accesses around and beyond the end.
    Oob,
    /// 64-bit addresses.
    Memory64,
    /// Shared memories and atomic instructions.
    Shared,
    /// What the embedder does to memories.
    Host,
    /// Modules of another generator's making.
    Foreign,
    /// Several threads over one shared memory.
    Threads,
    /// Allocators: blocks that come and go until a memory is full, and after that.
    Allocator,
}

impl Focus {
    /// Every focus.
    pub const ALL: [Focus; 8] = [
        Focus::Grow,
        Focus::Oob,
        Focus::Memory64,
        Focus::Shared,
        Focus::Host,
        Focus::Foreign,
        Focus::Threads,
        Focus::Allocator,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Focus::Grow => "grow",
            Focus::Oob => "oob",
            Focus::Memory64 => "memory64",
            Focus::Shared => "shared",
            Focus::Host => "host",
            Focus::Foreign => "foreign",
            Focus::Threads => "threads",
            Focus::Allocator => "allocator",
        }
    }

    /// The feature without which there is nothing of it.
    pub fn needs(self) -> Option<Feature> {
        match self {
            Focus::Memory64 => Some(Feature::Memory64),
            Focus::Shared | Focus::Threads => Some(Feature::Threads),
            Focus::Grow | Focus::Oob | Focus::Host | Focus::Foreign | Focus::Allocator => None,
        }
    }
}

impl fmt::Display for Focus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no [`Focus`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFocus(String);

impl fmt::Display for UnknownFocus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = Focus::ALL.map(Focus::name).join(", ");
        write!(f, "unknown focus `{}`; known: {known}", self.0)
    }
}

impl std::error::Error for UnknownFocus {}

impl FromStr for Focus {
    type Err = UnknownFocus;

    fn from_str(name: &str) -> Result<Focus, UnknownFocus> {
        Focus::ALL
            .into_iter()
            .find(|focus| focus.name() == name)
            .ok_or_else(|| UnknownFocus(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_an_unknown_one_lists_them() {
        for focus in Focus::ALL {
            assert_eq!(focus.to_string().parse(), Ok(focus));
        }
        let error = "gorw".parse::<Focus>().unwrap_err().to_string();
        assert_eq!(
            error,
            "unknown focus `gorw`; known: grow, oob, memory64, shared, host, foreign, threads, allocator"
        );
    }
}
