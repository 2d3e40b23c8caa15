//! What is wrong with an input, in one line.

use std::fmt;

/// A file that cannot be used: which, where, why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// The file, as the user named it.
    pub file: String,
    /// Where in it.
    pub place: Place,
    /// Why, in one line.
    pub reason: String,
}

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The whole of it.
    File,
    /// A line and a column of a text, both counted from 1.
    Line(usize, usize),
    /// A byte of a binary, counted from 0.
    Byte(u64),
}

impl InputError {
    pub(crate) fn new(file: &str, place: Place, reason: impl fmt::Display) -> Self {
        InputError {
            file: file.to_owned(),
            place,
            reason: reason
                .to_string()
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned(),
        }
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            place,
            reason,
        } = self;
        match place {
            Place::File => write!(f, "{file}: {reason}"),
            Place::Line(line, column) => write!(f, "{file}:{line}:{column}: {reason}"),
            Place::Byte(offset) => write!(f, "{file}: byte {offset:#x}: {reason}"),
        }
    }
}

impl std::error::Error for InputError {}

/// Turns byte offsets into lines, without walking the text for each.
#[derive(Clone)]
pub(crate) struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    pub(crate) fn of(text: &str) -> Self {
        let after = text.bytes().enumerate().filter(|&(_, b)| b == b'\n');
        Lines {
            starts: std::iter::once(0)
                .chain(after.map(|(i, _)| i + 1))
                .collect(),
        }
    }

    /// The line and the column (in bytes), both counted from 1.
    pub(crate) fn at(&self, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|&start| start <= offset);
        (line, offset - self.starts[line - 1] + 1)
    }
}
