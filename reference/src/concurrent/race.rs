//! Which accesses race.
//!
//! Two accesses that have a byte in common, of which one writes, *race* unless
//! one happens before the other. Atomic accesses of the same range may: they are
//! sequentially consistent. Any other race makes the execution depend on more
//! than the order of the atomic accesses, and the program is dropped.
//!
//! <https://webassembly.github.io/threads/core/exec/relaxed.html>

use std::collections::HashMap;

use super::Dropped;
use super::clock::Clock;
use crate::machine::Range;
use crate::memory::MemoryId;

/// What kind of access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manner {
    pub(crate) atomic: bool,
    pub(crate) reads: bool,
    pub(crate) writes: bool,
}

/// An access to a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Record {
    thread: usize,
    epoch: u32,
    /// The whole range of the access.
    range: Range,
    atomic: bool,
    writes: bool,
}

/// The accesses to a byte: of each thread, kind and range the last.
#[derive(Clone, Debug, Default)]
struct Byte {
    records: Vec<Record>,
    /// The last that wrote.
    written: Option<Record>,
}

/// All accesses to the data of shared memories.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accesses {
    bytes: HashMap<(MemoryId, u128), Byte>,
    /// What happens before the last atomic write of a range, and the write.
    releases: HashMap<(MemoryId, u128, u128), Clock>,
}

impl Accesses {
    /// An access of a thread, whose clock it ticks. A read that takes its value
    /// from an atomic write of the same range synchronises with it.
    pub(crate) fn add(
        &mut self,
        clock: &mut Clock,
        thread: usize,
        range: Range,
        manner: Manner,
    ) -> Result<(), Dropped> {
        let Manner {
            atomic,
            reads,
            writes,
        } = manner;
        let mut record = Record {
            thread,
            epoch: 0,
            range,
            atomic,
            writes,
        };
        for at in range.at..range.at + range.length {
            if let Some(byte) = self.bytes.get(&(range.memory, at)) {
                byte.check(&record, clock)?;
            }
        }
        let key = (range.memory, range.at, range.length);
        if atomic && reads && self.is_written_by(range) {
            let release = self.releases.get(&key).copied().unwrap_or_default();
            clock.join(&release);
        }
        record.epoch = clock.tick(thread);
        for at in range.at..range.at + range.length {
            let byte = self.bytes.entry((range.memory, at)).or_default();
            byte.add(record);
        }
        if atomic && writes {
            self.releases.insert(key, *clock);
        }
        Ok(())
    }

    /// Whether all bytes of a range were last written by one atomic write of
    /// that range.
    fn is_written_by(&self, range: Range) -> bool {
        (range.at..range.at + range.length).all(|at| {
            let byte = self.bytes.get(&(range.memory, at));
            let written = byte.and_then(|byte| byte.written);
            written.is_some_and(|record| record.atomic && record.range == range)
        })
    }
}

impl Byte {
    fn check(&self, new: &Record, clock: &Clock) -> Result<(), Dropped> {
        for old in &self.records {
            let conflict = (old.writes || new.writes) && old.thread != new.thread;
            if !conflict || clock.includes(old.thread, old.epoch) {
                continue;
            }
            if !old.atomic || !new.atomic {
                return Err(Dropped::DataRace);
            }
            if old.range != new.range {
                return Err(Dropped::MixedSizeRace);
            }
        }
        Ok(())
    }

    fn add(&mut self, new: Record) {
        let same = |old: &&mut Record| {
            Record {
                epoch: new.epoch,
                ..**old
            } == new
        };
        match self.records.iter_mut().find(same) {
            Some(old) => old.epoch = new.epoch,
            None => self.records.push(new),
        }
        if new.writes {
            self.written = Some(new);
        }
    }
}
