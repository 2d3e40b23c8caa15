//! Where the threads of a batch meet before their calls.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// A barrier that is passed again and again, until it is closed. Nobody sleeps before
/// it: threads that were woken up do not start together.
///
/// It is closed from a run on, and whoever has not made the runs before that one makes them
/// all the same: others may be waiting in them for what it does.
pub(super) struct Barrier {
    threads: usize,
    arrived: AtomicUsize,
    round: AtomicUsize,
    /// How often any of them has come to [`Barrier::meet`].
    met: AtomicUsize,
    /// The first run that nobody begins.
    closed_from: AtomicUsize,
    /// From when on nobody passes.
    end: Instant,
}

/// How often a thread looks whether it may go on before it lets others run: where they
/// have a processor each, they come sooner.
const LOOKS: u32 = 500;

/// How often a thread looks whether the others have come before it goes on without them.
const PATIENCE: u32 = 500;

impl Barrier {
    pub(super) fn new(threads: usize, end: Instant) -> Barrier {
        Barrier {
            threads,
            arrived: AtomicUsize::new(0),
            round: AtomicUsize::new(0),
            met: AtomicUsize::new(0),
            closed_from: AtomicUsize::new(usize::MAX),
            end,
        }
    }

    /// Waits until all threads are here, before this run. Either all pass, or it is closed
    /// and nobody does.
    pub(super) fn pass(&self, run: usize) -> bool {
        let round = self.round.load(Ordering::Acquire);
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == self.threads {
            if self.is_closed(run) || Instant::now() >= self.end {
                self.close_from(run);
                return false;
            }
            self.arrived.store(0, Ordering::Relaxed);
            self.round.store(round + 1, Ordering::Release);
            return true;
        }
        let mut looks = 0;
        loop {
            // Read first: a thread that has passed may close it for the next round.
            let closed = self.is_closed(run);
            if self.round.load(Ordering::Acquire) != round {
                return true;
            }
            if closed {
                return false;
            }
            looks += 1;
            match looks % LOOKS {
                0 => std::thread::yield_now(),
                _ => std::hint::spin_loop(),
            }
        }
    }

    /// Waits a moment for the others before this run, this often so far, and goes on without
    /// them if they do not come: to wait for a thread that does not have a processor takes as
    /// long as hundreds of runs. Who comes later than all others does not wait. Gives false
    /// if it is closed from that run on.
    pub(super) fn meet(&self, run: usize, often: usize) -> bool {
        self.met.fetch_add(1, Ordering::AcqRel);
        for _ in 0..PATIENCE {
            if self.met.load(Ordering::Acquire) >= often * self.threads {
                break;
            }
            std::hint::spin_loop();
        }
        !self.is_closed(run)
    }

    fn is_closed(&self, run: usize) -> bool {
        self.closed_from.load(Ordering::Acquire) <= run
    }

    /// Nobody begins this run or one behind it.
    pub(super) fn close_from(&self, run: usize) {
        self.closed_from.fetch_min(run, Ordering::AcqRel);
    }
}

/// Closes the barrier behind the run in which its thread ends, however that ends. Of one
/// that has made all runs, that is behind the last.
pub(super) struct Closing<'a> {
    pub(super) barrier: &'a Barrier,
    /// How many runs it has begun.
    pub(super) begun: usize,
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.barrier.close_from(self.begun);
    }
}

/// How late a thread is after the barrier: often not at all, seldom by much.
pub(super) struct Lateness(u64);

impl Lateness {
    pub(super) fn new(seed: u64) -> Lateness {
        Lateness(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next number of a generator of Marsaglia's.
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 16
    }

    /// Is late.
    pub(super) fn spend(&mut self) {
        let most = 1 << (self.next() % 10);
        if self.next().is_multiple_of(2) {
            return;
        }
        for _ in 0..self.next() % most {
            std::hint::spin_loop();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use super::*;

    #[test]
    fn all_pass_the_same_rounds_and_nobody_after_it_is_closed() {
        let barrier = Barrier::new(3, Instant::now() + Duration::from_secs(60));
        let passed = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for thread in 0..3 {
                let (barrier, passed) = (&barrier, &passed);
                scope.spawn(move || {
                    let mut closing = Closing { barrier, begun: 0 };
                    let mut lateness = Lateness::new(thread);
                    while barrier.pass(closing.begun) {
                        lateness.spend();
                        closing.begun += 1;
                        // One leaves before the others.
                        if thread == 1 && closing.begun == 100 {
                            break;
                        }
                    }
                    passed.lock().expect("no panic").push(closing.begun);
                });
            }
        });
        assert_eq!(*passed.lock().expect("no panic"), [100, 100, 100]);
    }

    #[test]
    fn nobody_waits_for_long_for_who_does_not_come_to_meet() {
        let barrier = Barrier::new(2, Instant::now() + Duration::from_secs(60));
        assert!(barrier.meet(0, 1));
        assert!(barrier.meet(1, 2));
        barrier.close_from(2);
        assert!(!barrier.meet(2, 3));
    }

    /// Who is behind makes the runs that another thread has made, or ended in: that one, or a
    /// third, may wait in them for what it does.
    #[test]
    fn runs_that_another_thread_has_begun_are_made() {
        let barrier = &Barrier::new(2, Instant::now() + Duration::from_secs(60));
        drop(Closing { barrier, begun: 32 });
        assert!(barrier.meet(1, 1) && barrier.meet(31, 2));
        drop(Closing { barrier, begun: 4 });
        assert!(barrier.meet(3, 3) && !barrier.meet(4, 4));
    }

    #[test]
    fn nobody_passes_after_its_end() {
        let barrier = Barrier::new(1, Instant::now());
        assert!(!barrier.pass(0));
    }
}
