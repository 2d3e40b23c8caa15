//! What each instruction does to a shared memory: the rules of the proposal, on real
//! atomics. A planted fault is another implementation of one method.

use std::sync::MutexGuard;
use std::sync::atomic::Ordering;

use trapline_reference::{Kind, Request, Rmw, Rules as _, Specification, Trap, Traps};

use super::memory::{ATOMIC, PLAIN, SharedMemory};
use super::queue::{Key, Lists, Woken};
use super::thread::Own;

/// An access that is checked, or about to be.
#[derive(Clone, Copy)]
pub(super) struct Access<'a> {
    pub(super) request: &'a Request,
    pub(super) memory: &'a SharedMemory,
    /// What the thread has of its own.
    pub(super) own: &'a Own,
    /// The effective address.
    pub(super) at: u128,
}

impl Access<'_> {
    pub(super) fn kind(&self) -> Kind {
        self.request.instruction.kind
    }

    pub(super) fn width(&self) -> u32 {
        self.request.instruction.width
    }

    /// The address of an access that is in bounds.
    pub(super) fn address(&self) -> u64 {
        self.at as u64
    }

    pub(super) fn ordering(&self) -> Ordering {
        match self.kind().is_atomic() {
            true => ATOMIC,
            false => PLAIN,
        }
    }
}

/// The rules, each a default method.
pub(super) trait Rules: Send + Sync {
    /// The length that a bounds check reads: whatever it is, in no order.
    fn bound(&self, memory: &SharedMemory, own: &Own) -> u64 {
        let _ = own;
        memory.length(PLAIN)
    }

    /// Whether all bytes of an access lie in the memory.
    fn in_bounds(&self, access: &Access<'_>) -> bool {
        let end = access.at + u128::from(access.width());
        end <= u128::from(self.bound(access.memory, access.own))
    }

    /// Whether it may stand at its address.
    fn aligned(&self, access: &Access<'_>) -> bool {
        Specification.aligned(access.request, access.at)
    }

    /// Both, and the trap that it is otherwise.
    fn check(&self, access: &Access<'_>) -> Result<(), Traps> {
        match (self.in_bounds(access), self.aligned(access)) {
            (true, true) => Ok(()),
            (true, false) => Err(Trap::UnalignedAtomic.into()),
            (false, true) => Err(Trap::OutOfBoundsMemory.into()),
            (false, false) => Err(Traps::either(
                Trap::UnalignedAtomic,
                Trap::OutOfBoundsMemory,
            )),
        }
    }

    /// The bytes of a load, as a number.
    fn load(&self, access: &Access<'_>) -> u128 {
        let (at, width) = (access.address(), access.width());
        if u64::from(width).is_power_of_two() && width <= 8 && at.is_multiple_of(width.into()) {
            return access.memory.load(at, width, access.ordering()).into();
        }
        let mut bytes = [0; 16];
        access.memory.read(at, &mut bytes[..width as usize]);
        u128::from_le_bytes(bytes)
    }

    /// Writes the bytes of a store.
    fn store(&self, access: &Access<'_>, value: u128) {
        let (at, width) = (access.address(), access.width());
        if width <= 8 && at.is_multiple_of(width.into()) {
            let ordering = access.ordering();
            return access.memory.store(at, width, value as u64, ordering);
        }
        let bytes = value.to_le_bytes();
        access.memory.write(at, &bytes[..width as usize]);
    }

    /// What a read-modify-write leaves in the place of `old`.
    fn modified(&self, access: &Access<'_>, op: Rmw, old: u64, operand: u64) -> u64 {
        let modified = Specification.modified(access.request, op, old.into(), operand.into());
        modified as u64
    }

    /// A read-modify-write, as one step: gives what was there.
    fn rmw(&self, access: &Access<'_>, op: Rmw, operand: u64) -> u64 {
        let (at, width) = (access.address(), access.width());
        access.memory.update(at, width, ATOMIC, |old| {
            Some(self.modified(access, op, old, operand))
        })
    }

    /// What a compare-exchange compares with what it finds.
    fn expected(&self, access: &Access<'_>, expected: u64) -> u64 {
        expected & super::memory::ones(access.width())
    }

    /// A compare-exchange, as one step: gives what was there.
    fn cmpxchg(&self, access: &Access<'_>, expected: u64, new: u64) -> u64 {
        let expected = self.expected(access, expected);
        let (at, width) = (access.address(), access.width());
        access
            .memory
            .update(at, width, ATOMIC, |old| (old == expected).then_some(new))
    }

    /// `memory.size`, in bytes.
    fn size(&self, memory: &SharedMemory, own: &Own) -> u64 {
        let _ = own;
        memory.length(ATOMIC)
    }

    /// `memory.grow` by so many bytes, as one step: gives the length before, in bytes.
    fn grow(&self, memory: &SharedMemory, own: &Own, bytes: u64) -> Option<u64> {
        let _ = own;
        let grown = |length: u64| {
            let new = length.checked_add(bytes)?;
            (new <= memory.most()).then_some(new)
        };
        let length = memory.length_cell();
        length.fetch_update(ATOMIC, ATOMIC, grown).ok()
    }

    /// Where the queue of an access is.
    fn queue(&self, access: &Access<'_>) -> Key {
        (access.address(), 0)
    }

    /// Whether what a wait finds is what it expects.
    fn is_expected(&self, access: &Access<'_>, expected: u64) -> bool {
        self.load(access) == u128::from(expected)
    }

    /// How long a wait lasts.
    fn timeout(&self, nanoseconds: i64) -> i64 {
        nanoseconds
    }

    /// Compares and waits: 0 when woken up, 1 when the value is another, 2 when the
    /// time is over; nothing if it would wait for ever.
    fn wait(&self, access: &Access<'_>, expected: u64, timeout: i64) -> Option<u32> {
        let lists = access.memory.queues.lock();
        if !self.is_expected(access, expected) {
            return Some(1);
        }
        self.suspend(access, lists, timeout)
    }

    /// Enters the queue and waits.
    fn suspend(
        &self,
        access: &Access<'_>,
        mut lists: MutexGuard<'_, Lists>,
        timeout: i64,
    ) -> Option<u32> {
        let key = self.queue(access);
        let waiter = lists.enter(key);
        let (woken, mut lists) = waiter.sleep(lists, self.timeout(timeout));
        match woken {
            Woken::ByNotify => Some(0),
            Woken::ByTime => {
                lists.leave(key, &waiter);
                Some(2)
            }
            Woken::Never => None,
        }
    }

    /// Wakes up the first that wait, at most `count`: gives how many.
    fn notify(&self, access: &Access<'_>, count: u32) -> u32 {
        let mut lists = access.memory.queues.lock();
        let woken = lists.take_first(self.queue(access), count);
        woken.iter().for_each(|waiter| waiter.wake());
        woken.len() as u32
    }

    /// Writes bytes, by a bulk instruction that is in bounds.
    fn write(&self, memory: &SharedMemory, at: u64, bytes: &[u8]) {
        memory.write(at, bytes);
    }

    /// Before anything else that a thread does to a shared memory, and at the end of its call.
    fn settle(&self, memory: &SharedMemory, own: &Own) {
        let _ = (memory, own);
    }
}

/// The rules themselves.
pub(super) struct Right;

impl Rules for Right {}
