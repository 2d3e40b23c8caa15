//! Who waits where.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::memory::ATOMIC;

/// The longest wait: a thread that has not been notified by then never will be.
const LONGEST: Duration = Duration::from_secs(10);

/// The queues of one memory, all behind one lock.
#[derive(Default)]
pub(super) struct Queues(Mutex<Lists>);

/// The queues: for each address those that wait, the first one first.
#[derive(Default)]
pub(super) struct Lists(HashMap<Key, Vec<Arc<Waiter>>>);

/// Where a queue is: an address, and nothing else but in planted faults.
pub(super) type Key = (u64, u32);

/// A thread that waits.
#[derive(Default)]
pub(super) struct Waiter {
    woken: AtomicBool,
    changed: Condvar,
}

/// How a wait ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Woken {
    ByNotify,
    ByTime,
    /// Nobody has come, and it was to wait for ever.
    Never,
}

impl Queues {
    /// All queues, as they are for as long as this is held.
    pub(super) fn lock(&self) -> MutexGuard<'_, Lists> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lists {
    /// A thread begins to wait.
    pub(super) fn enter(&mut self, key: Key) -> Arc<Waiter> {
        let waiter = Arc::new(Waiter::default());
        self.0.entry(key).or_default().push(waiter.clone());
        waiter
    }

    /// A thread does not wait any longer.
    pub(super) fn leave(&mut self, key: Key, waiter: &Arc<Waiter>) {
        if let Some(list) = self.0.get_mut(&key) {
            list.retain(|other| !Arc::ptr_eq(other, waiter));
        }
    }

    /// Takes the first of those that wait, at most `count`.
    pub(super) fn take_first(&mut self, key: Key, count: u32) -> Vec<Arc<Waiter>> {
        let list = self.0.entry(key).or_default();
        let count = list.len().min(count as usize);
        list.drain(..count).collect()
    }

    /// Takes the last of them.
    pub(super) fn take_last(&mut self, key: Key, count: u32) -> Vec<Arc<Waiter>> {
        let list = self.0.entry(key).or_default();
        let count = list.len().min(count as usize);
        list.drain(list.len() - count..).rev().collect()
    }
}

impl Waiter {
    /// Ends its wait.
    pub(super) fn wake(&self) {
        self.woken.store(true, ATOMIC);
        self.changed.notify_all();
    }

    /// Waits until woken, at most for so many nanoseconds; without end if they are
    /// negative. Gives the queues as they are when that ends.
    pub(super) fn sleep<'q>(
        &self,
        mut lists: MutexGuard<'q, Lists>,
        nanoseconds: i64,
    ) -> (Woken, MutexGuard<'q, Lists>) {
        let timeout = u64::try_from(nanoseconds).map(Duration::from_nanos).ok();
        // However long: a wait may time out sooner.
        let end = Instant::now() + timeout.unwrap_or(LONGEST).min(LONGEST);
        while !self.woken.load(ATOMIC) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let how = timeout.map_or(Woken::Never, |_| Woken::ByTime);
                return (how, lists);
            }
            let slept = self.changed.wait_timeout(lists, left);
            lists = slept.unwrap_or_else(PoisonError::into_inner).0;
        }
        (Woken::ByNotify, lists)
    }
}
