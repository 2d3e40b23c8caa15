//! One execution of a program, as far as it has come.

use super::clock::{Clock, MEMORIES, THREADS};
use super::race::{Accesses, Manner};
use super::touch::Touch;
use super::{Body, Dropped};
use crate::machine::{Pending, Range};
use crate::memory::{Kind, MemoryId};
use crate::store::{Store, Thread};

mod execute;
mod queue;

use queue::Queues;

/// A thread goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Choice {
    /// Its number.
    pub thread: usize,
    /// How.
    pub step: Step,
}

/// How a thread goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// It does what is next. Where that is an access, it is within the length that
    /// is known to the thread.
    Next,
    /// An access beyond that length traps.
    OutOfBounds,
    /// An access beyond that length finds the memory grown
    /// by a grow that is not ordered with it.
    Grown,
    /// The same, by a grow that is yet to come.
    ToBeGrown,
    /// Its wait times out.
    TimesOut,
}

/// Where a thread stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum At {
    /// Before an instruction on shared memory.
    Event(Pending),
    /// In a wait.
    Waiting { range: Range, timeout: Option<u64> },
    /// Before the end of another thread.
    Join(usize),
    /// Before reads of lengths.
    Lengths(Vec<MemoryId>),
    /// At its end.
    Ended,
}

/// A thread of the program.
#[derive(Clone)]
struct Running<B> {
    body: B,
    call: Option<Thread>,
    at: At,
    clock: Clock,
    /// Where it was, each with the version of the store there.
    seen: Vec<(u64, Thread)>,
    /// The version of the store under which it has gone in a circle.
    idle: Option<u64>,
    /// The version before it began to wait, and the one after.
    enqueued: (u64, u64),
    /// Whether it is doing what is only right alone.
    alone: bool,
}

/// A bounds check that has read a length which is yet to be written.
#[derive(Clone, Copy, Debug)]
struct Obligation {
    thread: usize,
    epoch: u32,
    memory: usize,
    /// How many bytes the memory has to have.
    length: u128,
}

/// One execution, as far as it has come.
#[derive(Clone)]
pub(crate) struct World<B> {
    store: Store,
    threads: Vec<Running<B>>,
    /// The shared memories that were met, and the length that all threads know.
    memories: Vec<(MemoryId, u128)>,
    accesses: Accesses,
    /// What happens before the last grow of each memory, and the grow.
    grows: [Clock; MEMORIES],
    queues: Queues,
    obligations: Vec<Obligation>,
    /// A number for what memory, lengths and queues are like: the same number
    /// only if they are the same.
    version: u64,
    versions: u64,
    may_grow: bool,
}

/// What a thread can do next.
pub(crate) struct Transition {
    pub(crate) choice: Choice,
    pub(crate) touch: Touch,
}

impl<B: Body> World<B> {
    /// About to begin with one thread.
    pub(crate) fn new(store: Store, body: B, may_grow: bool) -> Result<Self, Dropped> {
        let mut world = World {
            store,
            threads: Vec::new(),
            memories: Vec::new(),
            accesses: Accesses::default(),
            grows: Default::default(),
            queues: Queues::default(),
            obligations: Vec::new(),
            version: 0,
            versions: 0,
            may_grow,
        };
        world.start(body, Clock::default())?;
        world.advance(0)?;
        Ok(world)
    }

    /// The store.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// What the first thread has come to.
    pub(crate) fn body(&self) -> &B {
        &self.threads[0].body
    }

    /// Whether all threads have ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.threads.iter().all(|thread| thread.at == At::Ended)
    }

    /// Whether a bounds check has read a length that nobody has written.
    pub(crate) fn owes(&self) -> bool {
        !self.obligations.is_empty()
    }

    /// The threads that have not ended.
    pub(crate) fn left(&self) -> Vec<usize> {
        let numbered = self.threads.iter().enumerate();
        let left = numbered.filter(|(_, thread)| thread.at != At::Ended);
        left.map(|(number, _)| number).collect()
    }

    fn start(&mut self, body: B, clock: Clock) -> Result<usize, Dropped> {
        if self.threads.len() == THREADS {
            return Err(Dropped::TooMany);
        }
        self.threads.push(Running {
            body,
            call: None,
            at: At::Ended,
            clock,
            seen: Vec::new(),
            idle: None,
            enqueued: (0, 0),
            alone: false,
        });
        Ok(self.threads.len() - 1)
    }

    /// What can be next: all that one thread can do, if no other can tell when,
    /// otherwise all that all threads can do.
    pub(crate) fn transitions(&mut self) -> Result<Vec<Transition>, Dropped> {
        let mut all = Vec::new();
        for thread in 0..self.threads.len() {
            let begin = all.len();
            self.transitions_of(thread, &mut all)?;
            let own: &[Transition] = &all[begin..];
            if !own.is_empty() && own.iter().all(|t| t.touch.is_local()) {
                all.drain(..begin);
                return Ok(all);
            }
        }
        Ok(all)
    }

    fn transitions_of(&mut self, thread: usize, all: &mut Vec<Transition>) -> Result<(), Dropped> {
        let mut add = |step, touch| {
            let choice = Choice { thread, step };
            all.push(Transition { choice, touch });
        };
        let running = &self.threads[thread];
        if running.idle == Some(self.version) {
            return Ok(());
        }
        match running.at.clone() {
            At::Ended => {}
            At::Join(other) => {
                if self.threads[other].at == At::Ended {
                    add(Step::Next, Touch::default());
                }
            }
            At::Lengths(memories) => {
                // One at a time.
                let length = memories.first().map(|&memory| (memory, false));
                let length = length.filter(|_| self.may_grow);
                let touch = Touch {
                    length,
                    ..Touch::default()
                };
                add(Step::Next, touch);
            }
            At::Waiting { timeout: None, .. } => {}
            At::Waiting { range, .. } => {
                let queue = Some((range.memory, range.at));
                let touch = Touch {
                    queue,
                    ..Touch::default()
                };
                add(Step::TimesOut, touch);
            }
            At::Event(pending) => {
                for step in self.steps(thread, &pending)? {
                    add(step, self.touch(&pending, step));
                }
            }
        }
        Ok(())
    }

    /// How a thread can go on before an instruction.
    fn steps(&mut self, thread: usize, pending: &Pending) -> Result<Vec<Step>, Dropped> {
        match *pending {
            Pending::Size(memory) | Pending::Grow(memory, _) => {
                self.slot(memory)?;
                Ok(vec![Step::Next])
            }
            Pending::Access {
                instruction, range, ..
            } => {
                let slot = self.slot(range.memory)?;
                if range.at + range.length <= self.known(thread, slot) {
                    return Ok(vec![Step::Next]);
                }
                let Some(grown) = self.beyond_known(thread, range)? else {
                    return Ok(vec![Step::OutOfBounds]);
                };
                let writes = self.manner(pending).is_some_and(|manner| manner.writes);
                if writes && is_aligned(instruction.kind, range) {
                    return Err(Dropped::RaceWithZeros);
                }
                Ok(vec![Step::OutOfBounds, grown])
            }
            Pending::Bulk { read, written } => {
                for range in [read, written].into_iter().flatten() {
                    if self.beyond_known(thread, range)?.is_some() {
                        return Err(Dropped::BulkRacesWithGrow);
                    }
                }
                Ok(vec![Step::Next])
            }
        }
    }

    /// How an access of a range can be in bounds that is not within the length known
    /// to the thread.
    fn beyond_known(&mut self, thread: usize, range: Range) -> Result<Option<Step>, Dropped> {
        let slot = self.slot(range.memory)?;
        let end = range.at + range.length;
        if end <= self.known(thread, slot) {
            return Ok(None);
        }
        if end <= self.store.memory(range.memory).bytes() {
            return Ok(Some(Step::Grown));
        }
        let others = self.threads.iter().enumerate();
        let others = others.filter(|(number, other)| *number != thread && other.at != At::Ended);
        let possible = self.may_grow && others.count() > 0 && end <= self.most_bytes(range.memory);
        Ok(possible.then_some(Step::ToBeGrown))
    }

    /// The most bytes that a memory can have.
    fn most_bytes(&self, memory: MemoryId) -> u128 {
        let ty = self.store.memory(memory).ty();
        let maximum = ty
            .maximum
            .map_or(u128::MAX, |pages| u128::from(pages) << ty.page_size_log2);
        maximum.min(self.store.config.memory_bytes)
    }

    /// The length that a thread knows of.
    fn known(&self, thread: usize, slot: usize) -> u128 {
        let grown = self.threads[thread].clock.length(slot);
        grown.max(self.memories[slot].1)
    }

    fn slot(&mut self, memory: MemoryId) -> Result<usize, Dropped> {
        let found = self.memories.iter().position(|(id, _)| *id == memory);
        if let Some(slot) = found {
            return Ok(slot);
        }
        if self.memories.len() == MEMORIES {
            return Err(Dropped::TooMany);
        }
        // Nobody has grown it: that would have been an event.
        let length = self.store.memory(memory).bytes();
        self.memories.push((memory, length));
        Ok(self.memories.len() - 1)
    }

    /// What a transition of this kind touches.
    fn touch(&self, pending: &Pending, step: Step) -> Touch {
        let mut touch = Touch::default();
        match *pending {
            Pending::Bulk { .. } => {}
            Pending::Size(memory) => touch.length = Some((memory, false)),
            Pending::Grow(memory, _) => touch.length = Some((memory, true)),
            Pending::Access {
                instruction, range, ..
            } => {
                if step == Step::OutOfBounds || !is_aligned(instruction.kind, range) {
                    return touch;
                }
                let manner = self.manner(pending).filter(|manner| manner.atomic);
                touch.data = manner.map(|manner| (range, manner.writes));
                let queues = match instruction.kind {
                    Kind::Notify => true,
                    Kind::Wait => self.is_expected(pending),
                    _ => false,
                };
                touch.queue = queues.then_some((range.memory, range.at));
            }
        }
        touch
    }

    /// How an access that is in bounds accesses the bytes; `None` if it does not.
    fn manner(&self, pending: &Pending) -> Option<Manner> {
        let Pending::Access { instruction, .. } = pending else {
            return None;
        };
        let (reads, writes) = match instruction.kind {
            Kind::Load(_)
            | Kind::LoadExtend(..)
            | Kind::LoadSplat
            | Kind::LoadLane
            | Kind::AtomicLoad
            | Kind::Wait => (true, false),
            Kind::Store | Kind::StoreLane | Kind::AtomicStore => (false, true),
            Kind::AtomicRmw(_) => (true, true),
            // One that does not replace is a read.
            Kind::AtomicCmpxchg => (true, self.is_expected(pending)),
            Kind::Notify => return None,
        };
        Some(Manner {
            atomic: instruction.kind.is_atomic(),
            reads,
            writes,
        })
    }

    /// Whether the bytes are what an instruction that compares expects.
    fn is_expected(&self, pending: &Pending) -> bool {
        let Pending::Access {
            range, expected, ..
        } = pending
        else {
            return false;
        };
        let mut bytes = [0; 16];
        let bytes = &mut bytes[..range.length as usize];
        self.store.memory(range.memory).read(range.at, bytes);
        *bytes == expected.to_le_bytes()[..bytes.len()]
    }
}

/// Whether an access of this kind may stand at this address.
fn is_aligned(kind: Kind, range: Range) -> bool {
    !kind.is_atomic() || range.at.is_multiple_of(range.length)
}
