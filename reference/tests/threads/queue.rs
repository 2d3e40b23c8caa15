//! Waits and notifies.
//!
//! <https://webassembly.github.io/threads/core/exec/relaxed.html>

use trapline_reference::concurrent::Dropped;

use super::program::{allows, explore};

const MEMORY: &str = "1 1 shared";

/// Waits at 0 for as long as a notification takes, or a timeout.
fn wait(timeout: i64) -> String {
    format!("(result i32) (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const {timeout}))")
}

fn notify(count: u32) -> String {
    format!("(result i32) (memory.atomic.notify (i32.const 0) (i32.const {count}))")
}

#[test]
fn a_wait_with_a_timeout_may_time_out_whenever() {
    // Either the notification finds it, and then it was woken up, or not.
    allows(MEMORY, &[&wait(1_000), &notify(1)], &["0 | 1", "2 | 0"]);
    // However long.
    allows(MEMORY, &[&wait(i64::MAX), &notify(1)], &["0 | 1", "2 | 0"]);
}

#[test]
fn notify_wakes_as_many_as_it_is_asked_for_and_there_are() {
    let wait = wait(0);
    for (count, expected) in [
        (0, &["2 | 2 | 0"][..]),
        (1, &["0 | 2 | 1", "2 | 0 | 1", "2 | 2 | 0"]),
        (2, &["0 | 0 | 2", "0 | 2 | 1", "2 | 0 | 1", "2 | 2 | 0"]),
    ] {
        allows(MEMORY, &[&wait, &wait, &notify(count)], expected);
    }
}

/// One that waits is first in the queue once it has said so: the other one comes later.
#[test]
fn who_waits_longer_is_woken_first() {
    let first = "(result i32) (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))";
    // Notifies only when one has been found there twice: the second is the same.
    let notify = "(result i32 i32)
        (loop (br_if 0 (i32.eqz (memory.atomic.notify (i32.const 0) (i32.const 1)))))
        (loop (br_if 0 (i32.eqz (memory.atomic.notify (i32.const 0) (i32.const 1)))))
        (i32.const 1) (i32.const 1)";
    allows(MEMORY, &[first, first, notify], &["0 | 0 | 1 1"]);
}

#[test]
fn a_wait_compares_first() {
    let waiter = "(result i32)
        (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))";
    let waker = "(result i32) (i32.atomic.store (i32.const 0) (i32.const 1))
        (memory.atomic.notify (i32.const 0) (i32.const 1))";
    // No wake-up is lost: it waits before the store, and is found, or it does
    // not wait.
    allows(MEMORY, &[waiter, waker], &["0 | 1", "1 | 0"]);
}

#[test]
fn a_notification_that_comes_too_early_is_told() {
    let ends = explore(MEMORY, &[&wait(-1), &notify(1)]);
    assert_eq!(
        ends.err(),
        Some(Dropped::NeverEnds {
            threads: vec![0, 1]
        })
    );
}

#[test]
fn notify_synchronises_with_what_it_wakes() {
    // The plain store is handed over by the queue alone.
    let waiter = "(result i32)
        (if (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)) (then unreachable))
        (i32.load (i32.const 8))";
    let waker = "(i32.store (i32.const 8) (i32.const 42))
        (loop (br_if 0 (i32.eqz (memory.atomic.notify (i32.const 0) (i32.const 1)))))";
    allows(MEMORY, &[waiter, waker], &["42 | "]);
}

#[test]
fn spinning_and_timeouts_in_a_loop_come_to_an_end() {
    let spin = "(result i32)
        (loop (br_if 0 (i32.eqz (i32.atomic.load (i32.const 0))))) (i32.load (i32.const 8))";
    let lock = "(result i32)
        (loop (br_if 0 (i32.atomic.rmw.xchg (i32.const 0) (i32.const 1))))
        (i32.load (i32.const 8)) (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1)))
        (i32.atomic.store (i32.const 0) (i32.const 0))";
    let give =
        "(i32.store (i32.const 8) (i32.const 42)) (i32.atomic.store (i32.const 0) (i32.const 1))";
    let patient = "(result i32)
        (loop (br_if 0 (i32.eq (i32.const 2)
          (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 1000)))))
        (i32.load (i32.const 8))";
    allows(MEMORY, &[spin, give], &["42 | "]);
    allows(MEMORY, &[patient, give], &["42 | "]);
    allows(MEMORY, &[lock, lock], &["0 | 1", "1 | 0"]);
    let three = [
        "0 | 1 | 2",
        "0 | 2 | 1",
        "1 | 0 | 2",
        "1 | 2 | 0",
        "2 | 0 | 1",
        "2 | 1 | 0",
    ];
    allows(MEMORY, &[lock, lock, lock], &three);
}

#[test]
fn races_are_told() {
    let plain = |value: u32| format!("(i32.store (i32.const 0) (i32.const {value}))");
    let load = "(result i32) (i32.load (i32.const 0))";
    let atomic = "(i32.atomic.store (i32.const 0) (i32.const 1))";
    let narrow = "(i32.atomic.store8 (i32.const 1) (i32.const 1))";
    for (threads, why) in [
        ([&plain(1)[..], &plain(2)], Dropped::DataRace),
        ([&plain(1), load], Dropped::DataRace),
        ([atomic, load], Dropped::DataRace),
        ([atomic, narrow], Dropped::MixedSizeRace),
    ] {
        assert_eq!(explore(MEMORY, &threads).err(), Some(why), "{threads:?}");
    }
    allows(MEMORY, &[load, load], &["0 | 0"]);
}
