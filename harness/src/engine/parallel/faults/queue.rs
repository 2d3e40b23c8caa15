//! Faults in waiting and in notifying.

use std::sync::MutexGuard;

use super::plant;
use crate::engine::parallel::queue::{Key, Lists, Woken};
use crate::engine::parallel::rules::{Access, Right, Rules};

plant! {
    "notify-all", "notify wakes up all that wait": {
        fn notify(&self, access: &Access<'_>, _: u32) -> u32 {
            Right.notify(access, u32::MAX)
        }
    }
    "notify-one", "notify wakes up one at most": {
        fn notify(&self, access: &Access<'_>, count: u32) -> u32 {
            Right.notify(access, count.min(1))
        }
    }
    "notify-zero", "a notify of none wakes up one": {
        fn notify(&self, access: &Access<'_>, count: u32) -> u32 {
            Right.notify(access, count.max(1))
        }
    }
    "notify-signed", "a notify of more than 2^31 wakes up none": {
        fn notify(&self, access: &Access<'_>, count: u32) -> u32 {
            Right.notify(access, count.cast_signed().max(0).cast_unsigned())
        }
    }
    "notify-last", "notify wakes up the last first": {
        fn notify(&self, access: &Access<'_>, count: u32) -> u32 {
            let mut lists = access.memory.queues.lock();
            let woken = lists.take_last(Right.queue(access), count);
            woken.iter().for_each(|waiter| waiter.wake());
            woken.len() as u32
        }
    }
    "notify-asked", "notify gives how many were to be woken up": {
        fn notify(&self, access: &Access<'_>, count: u32) -> u32 {
            let woken = Right.notify(access, count);
            if woken > 0 { count } else { 0 }
        }
    }
    "notify-lost", "one that notify counts is not woken up": {
        fn notify(&self, access: &Access<'_>, count: u32) -> u32 {
            let mut lists = access.memory.queues.lock();
            let woken = lists.take_first(Right.queue(access), count);
            woken.iter().skip(1).for_each(|waiter| waiter.wake());
            woken.len() as u32
        }
    }
    "notify-none", "notify gives 0 where it has woken up one": {
        fn notify(&self, access: &Access<'_>, count: u32) -> u32 {
            let woken = Right.notify(access, count);
            if woken == 1 { 0 } else { woken }
        }
    }
    "queues-apart", "waits for 8 bytes have a queue of their own, which notify does not know": {
        fn queue(&self, access: &Access<'_>) -> Key {
            (access.address(), access.width() / 8)
        }
    }
    "queues-shared", "the waits of 16 bytes have one queue": {
        fn queue(&self, access: &Access<'_>) -> Key {
            (access.address() & !15, 0)
        }
    }
    "wait-compares-late", "a wait enters the queue, and compares then": {
        fn wait(&self, access: &Access<'_>, expected: u64, timeout: i64) -> Option<u32> {
            let key = Right.queue(access);
            let waiter = access.memory.queues.lock().enter(key);
            let equal = Right.is_expected(access, expected);
            let mut lists = access.memory.queues.lock();
            if !equal {
                lists.leave(key, &waiter);
                return Some(1);
            }
            let (woken, mut lists) = waiter.sleep(lists, timeout);
            lists.leave(key, &waiter);
            match woken {
                Woken::ByNotify => Some(0),
                Woken::ByTime => Some(2),
                Woken::Never => None,
            }
        }
    }
    "wait-compares-early", "a wait compares, and enters the queue then": {
        fn wait(&self, access: &Access<'_>, expected: u64, timeout: i64) -> Option<u32> {
            if !Right.is_expected(access, expected) {
                return Some(1);
            }
            Right.suspend(access, access.memory.queues.lock(), timeout)
        }
    }
    "wait-stays", "a wait whose time is over stays in the queue": {
        fn suspend(&self, access: &Access<'_>, mut lists: MutexGuard<'_, Lists>, timeout: i64) -> Option<u32> {
            let waiter = lists.enter(Right.queue(access));
            match waiter.sleep(lists, timeout).0 {
                Woken::ByNotify => Some(0),
                Woken::ByTime => Some(2),
                Woken::Never => None,
            }
        }
    }
    "wait-time-is-notify", "a wait whose time is over gives 0": {
        fn wait(&self, access: &Access<'_>, expected: u64, timeout: i64) -> Option<u32> {
            let how = Right.wait(access, expected, timeout)?;
            Some(if how == 2 { 0 } else { how })
        }
    }
    "wait-notify-is-time", "a wait that is woken up gives 2": {
        fn wait(&self, access: &Access<'_>, expected: u64, timeout: i64) -> Option<u32> {
            let how = Right.wait(access, expected, timeout)?;
            Some(if how == 0 { 2 } else { how })
        }
    }
    "wait-other-is-time", "a wait that finds another value gives 2": {
        fn wait(&self, access: &Access<'_>, expected: u64, timeout: i64) -> Option<u32> {
            let how = Right.wait(access, expected, timeout)?;
            Some(if how == 1 { 2 } else { how })
        }
    }
    "wait-low", "a wait for 8 bytes compares 4": {
        fn is_expected(&self, access: &Access<'_>, expected: u64) -> bool {
            Right.load(access) as u32 == expected as u32
        }
    }
    "timeout-32", "a timeout is cut to 32 bits": {
        fn timeout(&self, nanoseconds: i64) -> i64 {
            (nanoseconds as u32).into()
        }
    }
    "timeout-negative", "a negative timeout is over at once": {
        fn timeout(&self, nanoseconds: i64) -> i64 {
            nanoseconds.max(0)
        }
    }
    "timeout-zero", "a timeout of 0 never ends": {
        fn timeout(&self, nanoseconds: i64) -> i64 {
            if nanoseconds == 0 { -1 } else { nanoseconds }
        }
    }
}
