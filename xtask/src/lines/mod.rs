//! Which lines of an engine's memory code are executed, and which never are.

mod areas;
mod block;
mod lcov;
mod report;
mod tools;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

pub(crate) use areas::Areas;
pub(crate) use report::Report;
pub(crate) use tools::Tools;

use block::blocks;
use lcov::matches;

/// What became of a line that has code.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fate {
    /// It was executed.
    Reached,
    /// It was not and is not to be, for this reason.
    Beyond(String),
    /// It was not.
    Never,
}

/// The lines of one file that belong to an area.
#[derive(Debug)]
struct Counted {
    /// Its path below the folder of packages.
    file: String,
    /// The lines that have code, by their numbers, in order.
    lines: Vec<(u32, Fate)>,
    /// The whole file; empty if it cannot be read.
    source: String,
}

impl Counted {
    /// Of a file, as far as it belongs to an area. What puts a line beyond reach is added to
    /// `used`.
    fn of(
        file: &lcov::File,
        source: String,
        areas: &Areas,
        used: &mut BTreeSet<String>,
    ) -> Counted {
        let mine = areas.area.iter().filter(|a| matches(&file.path, &a.files));
        let mut parts: Vec<RangeInclusive<u32>> = Vec::new();
        for area in mine {
            match &area.only[..] {
                [] => parts.push(0..=u32::MAX),
                only => parts.extend(only.iter().flat_map(|words| blocks(&source, words))),
            }
        }
        let is_inside = |line: u32| parts.iter().any(|part| part.contains(&line));
        let inside = file.lines.iter().filter(|(line, _)| is_inside(*line));
        let fate = |reached| if reached { Fate::Reached } else { Fate::Never };
        let mut lines: Vec<_> = inside
            .map(|&(line, reached)| (line, fate(reached)))
            .collect();
        for beyond in areas
            .beyond
            .iter()
            .filter(|b| matches(&file.path, &b.files))
        {
            for (entry, words) in beyond.entries() {
                let ranges = match words {
                    None => vec![0..=u32::MAX],
                    Some(words) => blocks(&source, words),
                };
                for (line, fate) in &mut lines {
                    if *fate == Fate::Never && ranges.iter().any(|range| range.contains(line)) {
                        *fate = Fate::Beyond(beyond.reason.clone());
                        used.insert(entry.clone());
                    }
                }
            }
        }
        Counted {
            file: file.name().to_owned(),
            lines,
            source,
        }
    }

    /// How many lines have this fate.
    fn count(&self, of: impl Fn(&Fate) -> bool) -> usize {
        self.lines.iter().filter(|(_, fate)| of(fate)).count()
    }

    /// Lines that are to be reached, and of these the ones that were.
    fn share(&self) -> (usize, usize) {
        let reached = self.count(|fate| *fate == Fate::Reached);
        (reached, reached + self.count(|fate| *fate == Fate::Never))
    }

    /// First and last line of those that were not reached; lines of one fate with no other
    /// line of code between them together.
    fn unreached(&self) -> impl Iterator<Item = (u32, u32, &Fate)> {
        let runs = self.lines.chunk_by(|(_, a), (_, b)| a == b);
        let runs = runs.map(|run| (run[0].0, run[run.len() - 1].0, &run[0].1));
        runs.filter(|(_, _, fate)| **fate != Fate::Reached)
    }
}
