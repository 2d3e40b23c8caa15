//! Litmus programs: what the axioms of the relaxed memory model allow, by
//! enumeration.
//!
//! A litmus program is a few threads of a few accesses each, without loops. All
//! assignments of writes to the bytes that are read are tried, and those kept that
//! are *consistent* in the sense of the threads proposal: plain accesses, races,
//! and overlapping accesses of different sizes included.
//!
//! This is the specification said a second time, without the machine and without a
//! schedule: what [`concurrent`](crate::concurrent) finds by executing is checked
//! against it.
//!
//! <https://webassembly.github.io/threads/core/exec/relaxed.html>

mod candidates;
mod consistent;

use std::collections::BTreeSet;

/// A range of bytes: all data is in one memory, and the length of the memory is a
/// location of its own, [`LENGTH`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The first byte.
    pub at: u64,
    /// How many bytes, at most 8.
    pub width: u8,
}

/// The length of the memory, in whatever unit the program has it, up to 255: it is
/// read and written as a whole, and so one byte does.
pub const LENGTH: Place = Place {
    at: u64::MAX,
    width: 1,
};

/// How an access is ordered.
/// <https://webassembly.github.io/threads/core/exec/runtime.html#syntax-ord>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// As plain accesses are, and bounds checks.
    Unordered,
    /// As atomic ones are.
    SequentiallyConsistent,
}

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Written {
    /// This.
    Constant(u64),
    /// What the thread has read last. What unordered accesses copy in a circle is 0
    /// here, though the axioms know no such value from another.
    LastRead,
}

/// One instruction of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Instruction {
    /// Reads: one more result of the thread.
    Read(Order, Place),
    /// Writes.
    Write(Order, Place, Written),
    /// Adds atomically, wrapping; what was there is one more result.
    Add(Place, u64),
    /// Exchanges atomically; what was there is one more result.
    Exchange(Place, u64),
    /// Reads the length, unordered, and ends the thread unless it is so large.
    BoundsCheck(u64),
}

/// A litmus program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Program {
    /// The threads.
    pub threads: Vec<Vec<Instruction>>,
    /// What the length is at first; all data is zero.
    pub length: u64,
    /// What is read when all threads have ended.
    pub read_at_end: Vec<Place>,
}

/// A joint outcome.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Outcome {
    /// The results of each thread, in order; `None` if a bounds check ended it.
    pub threads: Vec<Option<Vec<u64>>>,
    /// What was read at the end.
    pub end: Vec<u64>,
}

/// Every joint outcome that some consistent execution has.
///
/// ```
/// use trapline_reference::axiomatic::{Instruction, Order, Place, Program, Written, outcomes};
/// // Load buffering with plain accesses: both may read what the other writes later.
/// let (x, y) = (Place { at: 0, width: 4 }, Place { at: 4, width: 4 });
/// let thread = |from, to| vec![
///     Instruction::Read(Order::Unordered, from),
///     Instruction::Write(Order::Unordered, to, Written::Constant(1)),
/// ];
/// let program = Program { threads: vec![thread(x, y), thread(y, x)], ..Program::default() };
/// assert_eq!(outcomes(&program).len(), 4);
/// ```
pub fn outcomes(program: &Program) -> BTreeSet<Outcome> {
    let mut all = BTreeSet::new();
    for paths in candidates::paths(program) {
        candidates::executions(program, &paths, |execution| {
            if !all.contains(&execution.outcome) && consistent::is_consistent(execution) {
                all.insert(execution.outcome.clone());
            }
        });
    }
    all
}

/// An event of an execution.
/// <https://webassembly.github.io/threads/core/exec/runtime.html#syntax-evt>
#[derive(Clone, Debug)]
struct Event {
    place: Place,
    /// `None` for the writes of what memory is like at first.
    order: Option<Order>,
    /// What it reads, byte by byte.
    read: Option<u64>,
    /// What it writes.
    written: Option<u64>,
}

/// A candidate: events, program order and what reads from what.
struct Execution {
    events: Vec<Event>,
    /// Program order, start and join: pairs of events.
    program_order: Vec<(usize, usize)>,
    /// For each event that reads, the event whose write each byte is from.
    reads_from: Vec<Vec<usize>>,
    outcome: Outcome,
}

impl Event {
    fn is_sequentially_consistent(&self) -> bool {
        self.order == Some(Order::SequentiallyConsistent)
    }

    /// Whether the byte at `at` is among those it accesses.
    fn covers(&self, at: u64) -> bool {
        at >= self.place.at && at - self.place.at < self.place.width.into()
    }

    /// Whether the two synchronise when one reads from the other.
    fn synchronises(&self, other: &Event) -> bool {
        self.place == other.place
            && self.is_sequentially_consistent()
            && other.is_sequentially_consistent()
    }

    /// Whether its bytes are of one piece: atomic accesses, and aligned ones of at
    /// most 4 bytes.
    fn is_tear_free(&self) -> bool {
        let aligned = self.place.at.is_multiple_of(self.place.width.into());
        match self.order {
            Some(Order::SequentiallyConsistent) => true,
            Some(Order::Unordered) => aligned && self.place.width <= 4,
            None => false,
        }
    }
}
