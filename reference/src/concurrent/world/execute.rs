//! What a transition does.

use super::super::{Body, Dropped, Next};
use super::{At, Choice, Obligation, Step, World, is_aligned};
use crate::machine::{Pending, Range};
use crate::memory::{Kind, MemoryId};
use crate::store::Status;
use crate::trap::Error;

/// How many places of a thread are remembered before those are forgotten that
/// cannot come again.
const SEEN: usize = 32;

impl<B: Body> World<B> {
    /// Lets a thread go on as `choice` says, up to where others can tell again.
    pub(crate) fn execute(&mut self, choice: Choice) -> Result<(), Dropped> {
        let Choice { thread, step } = choice;
        match self.threads[thread].at.clone() {
            At::Ended => Ok(()),
            At::Join(other) => {
                let (body, clock) = (self.threads[other].body.clone(), self.threads[other].clock);
                let running = &mut self.threads[thread];
                running.clock.join(&clock);
                running.clock.tick(thread);
                running.body.joined(&body);
                self.advance(thread)
            }
            At::Lengths(mut memories) => {
                let memory = memories.remove(0);
                let slot = self.slot(memory)?;
                let running = &mut self.threads[thread];
                running.clock.join(&self.grows[slot]);
                running.clock.tick(thread);
                match memories.is_empty() {
                    true => self.advance(thread),
                    false => {
                        running.at = At::Lengths(memories);
                        Ok(())
                    }
                }
            }
            At::Waiting { range, .. } => {
                self.change_queue(range, thread);
                self.queues.leave(range, thread);
                let (before, after) = self.threads[thread].enqueued;
                if self.version == after {
                    // Everything is as if it had not waited.
                    self.version = before;
                } else {
                    self.changed();
                }
                if let Some(call) = &mut self.threads[thread].call {
                    call.time_out(&mut self.store);
                }
                self.wake(thread)
            }
            At::Event(pending) => match pending {
                Pending::Size(memory) => {
                    self.read_length(thread, memory)?;
                    self.run(thread)
                }
                Pending::Grow(memory, delta) => self.grow(thread, memory, delta),
                Pending::Bulk { read, written } => {
                    self.bulk(thread, read, written)?;
                    self.run(thread)
                }
                Pending::Access { .. } => self.access(thread, step, &pending),
            },
        }
    }

    fn read_length(&mut self, thread: usize, memory: MemoryId) -> Result<(), Dropped> {
        let slot = self.slot(memory)?;
        let clock = &mut self.threads[thread].clock;
        clock.join(&self.grows[slot]);
        clock.tick(thread);
        Ok(())
    }

    /// <https://webassembly.github.io/threads/core/exec/instructions.html#exec-memory-grow>
    fn grow(&mut self, thread: usize, memory: MemoryId, delta: u64) -> Result<(), Dropped> {
        self.read_length(thread, memory)?;
        let slot = self.slot(memory)?;
        let before = self.store.memory(memory).bytes();
        let status = self.resume(thread);
        let after = self.store.memory(memory).bytes();
        if after > before || delta == 0 {
            let clock = &mut self.threads[thread].clock;
            clock.grown(slot, after);
            let clock = *clock;
            self.grows[slot] = clock;
            self.obligations.retain(|obligation| {
                let meets = obligation.memory == slot
                    && obligation.length <= after
                    && !clock.includes(obligation.thread, obligation.epoch);
                !meets
            });
        }
        if after > before {
            self.changed();
        }
        self.settle(thread, status)
    }

    fn bulk(
        &mut self,
        thread: usize,
        read: Option<Range>,
        written: Option<Range>,
    ) -> Result<(), Dropped> {
        for range in [read, written].into_iter().flatten() {
            let slot = self.slot(range.memory)?;
            if range.at + range.length > self.known(thread, slot) {
                // It traps, and accesses nothing.
                return Ok(());
            }
        }
        for (range, writes) in [(read, false), (written, true)] {
            let Some(range) = range else { continue };
            let manner = super::Manner {
                atomic: false,
                reads: !writes,
                writes,
            };
            let clock = &mut self.threads[thread].clock;
            self.accesses.add(clock, thread, range, manner)?;
        }
        self.changed();
        Ok(())
    }

    fn access(&mut self, thread: usize, step: Step, pending: &Pending) -> Result<(), Dropped> {
        let &Pending::Access {
            instruction,
            range,
            count,
            ..
        } = pending
        else {
            return Ok(());
        };
        let slot = self.slot(range.memory)?;
        let done = step != Step::OutOfBounds && is_aligned(instruction.kind, range);
        let before = self.bytes(range);
        let enqueues = done && instruction.kind == Kind::Wait && self.is_expected(pending);
        match self.manner(pending).filter(|_| done) {
            Some(manner) => {
                let clock = &mut self.threads[thread].clock;
                self.accesses.add(clock, thread, range, manner)?;
            }
            None => {
                self.threads[thread].clock.tick(thread);
            }
        }
        if step == Step::ToBeGrown {
            let clock = &mut self.threads[thread].clock;
            self.obligations.push(Obligation {
                thread,
                epoch: clock.tick(thread),
                memory: slot,
                length: range.at + range.length,
            });
        }
        let mut woken = Vec::new();
        if enqueues {
            self.change_queue(range, thread);
            self.queues.enter(range, thread);
            let before = self.version;
            self.changed();
            self.threads[thread].enqueued = (before, self.version);
        } else if done && instruction.kind == Kind::Notify {
            self.change_queue(range, thread);
            woken = self.queues.wake(range, count);
        }
        let status = self.resume_with_length(thread, step, range);
        if !woken.is_empty() || self.bytes(range) != before {
            self.changed();
        }
        for &other in &woken {
            self.change_queue(range, other);
        }
        self.settle(thread, status)?;
        woken.into_iter().try_for_each(|other| self.wake(other))
    }

    /// Goes on, and the bounds check that is next reads a length as `step` says.
    fn resume_with_length(&mut self, thread: usize, step: Step, range: Range) -> Status {
        let slot = self.memories.iter().position(|(id, _)| *id == range.memory);
        let known = self.known(thread, slot.unwrap_or_default());
        let end = range.at + range.length;
        let memory = &mut self.store.memories[range.memory.0 as usize];
        let log2 = memory.ty().page_size_log2;
        let pages = memory.pages();
        let read = match step {
            Step::Next | Step::Grown | Step::TimesOut => pages,
            Step::OutOfBounds => known >> log2,
            Step::ToBeGrown => end.div_ceil(1 << log2),
        };
        memory.set_pages(read);
        let status = self.resume(thread);
        self.store.memories[range.memory.0 as usize].set_pages(pages);
        status
    }

    /// The bytes of a range, whatever the length.
    fn bytes(&self, range: Range) -> [u8; 16] {
        let mut bytes = [0; 16];
        let memory = self.store.memory(range.memory);
        memory.read(range.at, &mut bytes[..range.length as usize]);
        bytes
    }

    fn change_queue(&mut self, range: Range, thread: usize) {
        let clock = &mut self.threads[thread].clock;
        self.queues.change(range, thread, clock);
    }

    /// Something is not as it was.
    fn changed(&mut self) {
        self.versions += 1;
        self.version = self.versions;
    }

    /// Its wait is over: it goes on to the next that others can tell.
    fn wake(&mut self, thread: usize) -> Result<(), Dropped> {
        let status = match &mut self.threads[thread].call {
            Some(call) => call.run(&mut self.store, u64::MAX),
            None => Status::Running,
        };
        self.settle(thread, status)
    }

    /// Executes what it stands before, and on to the next that others can tell.
    fn run(&mut self, thread: usize) -> Result<(), Dropped> {
        let status = self.resume(thread);
        self.settle(thread, status)
    }

    fn resume(&mut self, thread: usize) -> Status {
        match &mut self.threads[thread].call {
            Some(call) => {
                call.grant();
                call.run(&mut self.store, u64::MAX)
            }
            None => Status::Running,
        }
    }

    /// The thread has run as far as `status` says.
    fn settle(&mut self, thread: usize, status: Status) -> Result<(), Dropped> {
        if let Some(call) = &mut self.threads[thread].call
            && call.take_hosted()
        {
            self.must_be_alone(thread)?;
        }
        match status {
            Status::Running => self.arrive(thread),
            Status::Waiting(timeout) => {
                let running = &mut self.threads[thread];
                if let At::Event(Pending::Access { range, .. }) = running.at {
                    running.at = At::Waiting { range, timeout };
                }
                Ok(())
            }
            Status::Ended(Err(Error::Interrupted)) => Err(Dropped::Fuel),
            Status::Ended(result) => {
                let running = &mut self.threads[thread];
                running.call = None;
                running.seen.clear();
                running.body.returned(result);
                self.advance(thread)
            }
        }
    }

    /// It stands before an instruction on shared memory.
    fn arrive(&mut self, thread: usize) -> Result<(), Dropped> {
        let version = self.version;
        let running = &mut self.threads[thread];
        let Some(call) = &running.call else {
            return Ok(());
        };
        let Some(pending) = call.pending(&self.store) else {
            return Err(Dropped::Fuel);
        };
        running.at = At::Event(pending);
        let again = |(then, place): &(u64, _)| *then == version && call.is_where(place);
        if running.seen.iter().any(again) {
            running.idle = Some(version);
            return Ok(());
        }
        running.idle = None;
        if running.seen.len() >= SEEN {
            let enqueued = running.enqueued;
            let still = |then: u64| then == version || then == enqueued.0;
            running.seen.retain(|(then, _)| still(*then));
        }
        running.seen.push((version, call.clone()));
        Ok(())
    }

    /// Does what stands between the calls of a thread, up to where others can tell.
    pub(super) fn advance(&mut self, thread: usize) -> Result<(), Dropped> {
        loop {
            let running = &mut self.threads[thread];
            match running.body.next(&mut self.store) {
                Next::End => {
                    running.at = At::Ended;
                    return Ok(());
                }
                Next::Join(other) => {
                    running.at = At::Join(other);
                    return Ok(());
                }
                Next::Lengths(memories) => {
                    if !memories.is_empty() {
                        running.at = At::Lengths(memories);
                        return Ok(());
                    }
                }
                Next::Alone => {
                    self.must_be_alone(thread)?;
                    self.threads[thread].alone = true;
                    continue;
                }
                Next::Start(body) => {
                    running.clock.tick(thread);
                    let clock = running.clock;
                    let number = self.start(body, clock)?;
                    self.threads[thread].body.started(number);
                    self.advance(number)?;
                }
                Next::Call(func, args) => {
                    if self.store.is_host(func) {
                        self.must_be_alone(thread)?;
                    }
                    match self.store.spawn(func, &args) {
                        Ok(mut call) => {
                            call.step_on_shared_memory();
                            let status = call.run(&mut self.store, u64::MAX);
                            self.threads[thread].call = Some(call);
                            return self.settle(thread, status);
                        }
                        Err(error) => self.threads[thread].body.returned(Err(error)),
                    }
                }
            }
            if std::mem::take(&mut self.threads[thread].alone) {
                // What it has done is known to all.
                self.must_be_alone(thread)?;
            }
        }
    }

    /// Only right while no other thread runs, and all that others did is known
    /// to this one. Then what memories have grown to is known to all.
    fn must_be_alone(&mut self, thread: usize) -> Result<(), Dropped> {
        let clock = self.threads[thread].clock;
        let known = |(number, other): (usize, &super::Running<B>)| {
            number == thread || (other.at == At::Ended && other.clock.is_before(&clock))
        };
        if !self.threads.iter().enumerate().all(known) {
            return Err(Dropped::NotAlone);
        }
        for (memory, length) in &mut self.memories {
            *length = self.store.memory(*memory).bytes();
        }
        self.changed();
        Ok(())
    }
}
