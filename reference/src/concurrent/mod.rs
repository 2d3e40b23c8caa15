//! Programs of several threads over shared memory: the exact set of what the
//! specification allows.
//!
//! # What is computed
//!
//! The threads proposal allows every *consistent* execution of a program
//! ([relaxed memory model]). [`explore`] visits executions until every allowed joint
//! outcome has been visited at least once, and no outcome that is not allowed. What
//! executes is the machine of this crate; the exploration only chooses which
//! thread goes next and which length a bounds check reads.
//!
//! # How
//!
//! * **Sequentially consistent events** (atomic accesses, `memory.size`,
//!   `memory.grow`, and what changes a queue of waiting threads) are executed in
//!   every total order that tells. Reads of a range read the last write of it, as
//!   the model says of events of the same range.
//! * **Happens-before** is kept with vector clocks: program order, an atomic read of
//!   what an atomic write of the same range wrote, `memory.size` and `memory.grow`
//!   of what a `memory.grow` wrote, all changes of one queue, start and join.
//! * **A bounds check is an unordered read of the length**, also that of an atomic
//!   access. It may read what any grow wrote that does not happen after
//!   it, and nothing older than a grow that happens before it. An access beyond the
//!   known length therefore either traps or finds the memory grown, whatever
//!   another access of the thread has seen. It may even read from a grow that is
//!   executed later: the execution goes on under an obligation, and is
//!   discarded unless a grow comes that meets it and does not happen after the
//!   access.
//! * **Waits and notifies** of an address form a queue, first in, first out. A
//!   wait whose timeout is not negative can time out at any time: how long
//!   anything takes never decides.
//!
//! # Which orders tell
//!
//! * Events that no other thread can tell (plain accesses, which do not race; accesses
//!   that trap) are executed at once: they commute with all
//!   events of other threads, then and later, so that the thread alone is a
//!   persistent set.
//! * *Sleep sets* cut all but one of the orders that differ by swapping neighbours
//!   which are independent: of different ranges, or both reads. Each
//!   equivalence class (a Mazurkiewicz trace) is executed once, and
//!   all its members have the same outcome and the same happens-before. (Godefroid,
//!   *Partial-Order Methods for the Verification of Concurrent Systems*, LNCS 1032,
//!   1996, chapters 4 and 5.)
//! * A thread that comes back to where it was, with the same operands, while nothing
//!   has changed, waits for a change: without the round the same outcomes are left,
//!   with fewer events ordered by happens-before, which only allows more. An
//!   execution that goes round for ever is no outcome.
//!
//! # What is dropped
//!
//! Plain accesses that race, atomic accesses of different ranges that race, and
//! the few other things of [`Dropped`]: there the outcomes are not those of
//! orders of events. What such a program may do is not
//! said at all. The races of small programs are for the axioms themselves,
//! see [`axiomatic`](crate::axiomatic).
//!
//! [relaxed memory model]: https://webassembly.github.io/threads/core/exec/relaxed.html

mod clock;
mod explore;
mod race;
mod touch;
mod world;

use std::fmt;

use crate::memory::MemoryId;
use crate::store::{FuncId, Store};
use crate::trap::Error;
use crate::value::Value;

pub use explore::{Limits, Statistics, explore, replay};
pub use world::{Choice, Step};

/// What a thread does: calls, and what stands between them.
pub trait Body: Clone {
    /// What comes next, after what it was told last.
    fn next(&mut self, store: &mut Store) -> Next<Self>;

    /// The call that it asked for has ended.
    fn returned(&mut self, result: Result<Vec<Value>, Error>);

    /// The thread that it started has this number.
    fn started(&mut self, number: usize) {
        let _ = number;
    }

    /// The thread that it waited for has ended.
    fn joined(&mut self, other: &Self) {
        let _ = other;
    }
}

/// What a thread does next.
#[derive(Clone, Debug)]
pub enum Next<B> {
    /// It calls a function.
    Call(FuncId, Vec<Value>),
    /// It starts a thread.
    Start(B),
    /// It waits for the thread of this number to end.
    Join(usize),
    /// It reads the lengths of shared memories, as instantiation does of those that
    /// are imported, and is asked again.
    Lengths(Vec<MemoryId>),
    /// It does something to the store that is not explored, and is asked again:
    /// only right while no other thread runs.
    Alone,
    /// It ends.
    End,
}

/// Why the outcomes of a program are not said.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dropped {
    /// Two accesses race, and one of them is not atomic.
    DataRace,
    /// Atomic accesses race that have different ranges.
    MixedSizeRace,
    /// A write races with the zeros that a grow writes.
    RaceWithZeros,
    /// A bulk instruction may or may not be out of bounds, because a grow races
    /// with it: which bytes it has written when it traps is not said.
    BulkRacesWithGrow,
    /// A thread may wait for ever: for a notification, or for another thread.
    NeverEnds {
        /// The numbers of the threads that do.
        threads: Vec<usize>,
    },
    /// A thread calls the host, or instantiates a module that writes to memory or has
    /// a start function, while others run.
    NotAlone,
    /// More threads, or more shared memories, than an execution can have.
    TooMany,
    /// More executions than [`Limits::executions`].
    TooLarge,
    /// More instructions than [`Config::fuel`](crate::Config::fuel).
    Fuel,
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Dropped::DataRace => "data race",
            Dropped::MixedSizeRace => "mixed-size race",
            Dropped::RaceWithZeros => "write races with the zeros of a grow",
            Dropped::BulkRacesWithGrow => "bulk instruction races with a grow",
            Dropped::NeverEnds { .. } => "may never end",
            Dropped::NotAlone => "host call or active segment while other threads run",
            Dropped::TooMany => "too many threads or shared memories",
            Dropped::TooLarge => "too many executions",
            Dropped::Fuel => "out of fuel",
        })
    }
}

impl std::error::Error for Dropped {}
