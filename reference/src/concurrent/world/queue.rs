//! The queues of waiting threads.
//!
//! All that changes the queue of one address is totally ordered by happens-before.
//! <https://webassembly.github.io/threads/core/exec/relaxed.html>

use std::collections::HashMap;

use super::super::clock::Clock;
use crate::machine::Range;
use crate::memory::MemoryId;

/// The queues, by address.
#[derive(Clone, Debug, Default)]
pub(super) struct Queues(HashMap<(MemoryId, u128), Queue>);

#[derive(Clone, Debug, Default)]
struct Queue {
    /// Those that wait, the first one first.
    threads: Vec<usize>,
    /// What happens before its last change, and the change.
    clock: Clock,
}

impl Queues {
    fn at(&mut self, range: Range) -> &mut Queue {
        self.0.entry((range.memory, range.at)).or_default()
    }

    /// A change by a thread with this clock, which is ticked.
    pub(super) fn change(&mut self, range: Range, thread: usize, clock: &mut Clock) {
        let queue = self.at(range);
        clock.join(&queue.clock);
        clock.tick(thread);
        queue.clock = *clock;
    }

    /// A thread begins to wait.
    pub(super) fn enter(&mut self, range: Range, thread: usize) {
        self.at(range).threads.push(thread);
    }

    /// A thread does not wait any longer.
    pub(super) fn leave(&mut self, range: Range, thread: usize) {
        self.at(range).threads.retain(|&other| other != thread);
    }

    /// The first threads that wait, at most so many: they do not any longer.
    pub(super) fn wake(&mut self, range: Range, count: u32) -> Vec<usize> {
        let threads = &mut self.at(range).threads;
        let woken = threads.len().min(count as usize);
        threads.drain(..woken).collect()
    }
}
