//! Happens-before, as vector clocks.
//!
//! <https://webassembly.github.io/threads/core/exec/relaxed.html>

/// How many threads an execution can have.
pub(crate) const THREADS: usize = 8;

/// How many shared memories.
pub(crate) const MEMORIES: usize = 4;

/// What happens before a point of an execution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clock {
    /// Of each thread, how many of its events.
    epochs: [u32; THREADS],
    /// Of each shared memory, the length that the last of the grows among them
    /// wrote; 0 if there is none. Grows are totally ordered and a length never
    /// decreases, so that this is all there is to remember of them.
    lengths: [u128; MEMORIES],
}

impl Clock {
    /// One more event of a thread; its number.
    pub(crate) fn tick(&mut self, thread: usize) -> u32 {
        self.epochs[thread] += 1;
        self.epochs[thread]
    }

    /// Whether the event of this number of a thread happens before.
    pub(crate) fn includes(&self, thread: usize, epoch: u32) -> bool {
        self.epochs[thread] >= epoch
    }

    /// Whether all that happens before this happens before `other`.
    pub(crate) fn is_before(&self, other: &Clock) -> bool {
        let mut epochs = self.epochs.iter().zip(other.epochs);
        epochs.all(|(&mine, others)| mine <= others)
    }

    /// What happens before `other` happens before this too.
    pub(crate) fn join(&mut self, other: &Clock) {
        for (mine, others) in self.epochs.iter_mut().zip(other.epochs) {
            *mine = others.max(*mine);
        }
        for (mine, others) in self.lengths.iter_mut().zip(other.lengths) {
            *mine = others.max(*mine);
        }
    }

    /// The length that a grow among what happens before has written.
    pub(crate) fn length(&self, memory: usize) -> u128 {
        self.lengths[memory]
    }

    /// A grow that wrote this length happens before.
    pub(crate) fn grown(&mut self, memory: usize, length: u128) {
        self.lengths[memory] = self.lengths[memory].max(length);
    }
}
