//! Grows that race, each outcome proved by hand from the proposal.
//!
//! A bounds check is an unordered read of the length: it may read what any grow
//! wrote that does not happen after it, and nothing older than a grow that happens
//! before it. `memory.size`, and `memory.grow` as a whole, are sequentially consistent.
//! <https://webassembly.github.io/threads/core/exec/instructions.html#memory-instructions>
//! and <https://webassembly.github.io/threads/core/exec/relaxed.html>

use trapline_reference::concurrent::Dropped;

use super::program::{allows, explore};

/// One page, and room for two more.
const MEMORY: &str = "1 3 shared";

const GROW: &str = "(result i32) (memory.grow (i32.const 1))";
const SIZE: &str = "(result i32) (memory.size)";
/// Loads from the second page.
const LOAD: &str = "(result i32) (i32.atomic.load (i32.const 65536))";

#[test]
fn grows_are_totally_ordered() {
    // Each reads what the one before it wrote.
    allows(MEMORY, &[GROW, GROW], &["1 | 2", "2 | 1"]);
    // The third finds no room, and reads the length as it fails.
    let third = [
        "-1 | 1 | 2",
        "-1 | 2 | 1",
        "1 | -1 | 2",
        "1 | 2 | -1",
        "2 | -1 | 1",
        "2 | 1 | -1",
    ];
    allows(MEMORY, &[GROW, GROW, GROW], &third);
}

#[test]
fn a_size_never_goes_back() {
    let twice = "(result i32 i32) (memory.size) (memory.size)";
    allows(MEMORY, &[GROW, twice], &["1 | 1 1", "1 | 1 2", "1 | 2 2"]);
    // Two threads agree on the order.
    let both = explore(MEMORY, &[GROW, twice, twice]).expect("a set");
    assert_eq!(both.results.len(), 9);
}

#[test]
fn an_access_that_races_with_a_grow_traps_or_finds_zeros() {
    allows(MEMORY, &[GROW, LOAD], &["1 | 0", "1 | trap"]);
    let plain = "(result i32) (i32.load (i32.const 65536))";
    allows(MEMORY, &[GROW, plain], &["1 | 0", "1 | trap"]);
    // Across the boundary of the pages it is the same.
    let across = "(result i32) (i32.load (i32.const 65534))";
    allows(MEMORY, &[GROW, across], &["1 | 0", "1 | trap"]);
    // The last cell of the old length is always there.
    let last = "(result i32) (i32.atomic.load (i32.const 65532))";
    allows(MEMORY, &[GROW, last], &["1 | 0"]);
    // And beyond all that can be, nothing.
    let beyond = "(result i32) (i32.atomic.load (i32.const 131072))";
    allows("1 2 shared", &[GROW, beyond], &["1 | trap"]);
}

/// `memory.size` synchronises with the grow whose length it reads; a bounds check
/// does not. So after a size of 2 the access is in bounds, and after a size of 1
/// it is so or not: the grow is not ordered with it.
#[test]
fn an_access_after_a_size_that_was_seen_is_in_bounds() {
    let sized = "(result i32 i32) (memory.size) (i32.load (i32.const 65536))";
    allows(MEMORY, &[GROW, sized], &["1 | 1 0", "1 | 2 0", "1 | trap"]);
    let told = "(result i32) (local i32) (local.set 0 (memory.size))
        (if (i32.eq (local.get 0) (i32.const 2)) (then (drop (i32.load (i32.const 65536)))))
        (local.get 0)";
    allows(MEMORY, &[GROW, told], &["1 | 1", "1 | 2"]);
}

/// What an access has seen is no order: the one after it may read the older length.
#[test]
fn what_another_access_of_the_thread_has_seen_does_not_count() {
    let twice = "(result i32) (drop (i32.load (i32.const 65536))) (i32.load (i32.const 65536))";
    // A trap of the first or of the second looks the same here: told apart in memory.
    let marked = "(result i32) (drop (i32.load (i32.const 65536)))
        (i32.store (i32.const 0) (i32.const 1)) (i32.load (i32.const 65536))";
    allows(MEMORY, &[GROW, twice], &["1 | 0", "1 | trap"]);
    let allowed = explore(MEMORY, &[GROW, marked]).expect("a set");
    let ends: Vec<&str> = allowed.with_memory.iter().map(String::as_str).collect();
    assert_eq!(
        ends,
        [
            "1 | 0 / 1 0 0 0",
            "1 | trap / 0 0 0 0",
            "1 | trap / 1 0 0 0"
        ]
    );
}

/// The grow is handed over by an atomic flag: then it happens before.
#[test]
fn a_grow_that_happens_before_is_seen() {
    let grow = "(drop (memory.grow (i32.const 1))) (i32.atomic.store (i32.const 0) (i32.const 1))";
    let flag = "(result i32) (local i32) (local.set 0 (i32.atomic.load (i32.const 0)))
        (if (local.get 0) (then (drop (i32.load (i32.const 65536))))) (local.get 0)";
    allows(MEMORY, &[grow, flag], &[" | 0", " | 1"]);
    // Whoever does not look at the flag knows nothing.
    let blind = "(result i32) (local i32) (local.set 0 (i32.atomic.load (i32.const 0)))
        (drop (i32.load (i32.const 65536))) (local.get 0)";
    allows(MEMORY, &[grow, blind], &[" | 0", " | 1", " | trap"]);
}

/// Store buffering through the length: sequential consistency of the atomic accesses
/// says that the load of 0 comes before the store, and so the access before
/// the grow; but neither happens before the other, and the access may read
/// the length that the grow writes later.
#[test]
fn an_access_may_read_a_length_that_is_written_later() {
    let access = "(result i32) (drop (i32.load (i32.const 65536))) (i32.atomic.load (i32.const 0))";
    let grow =
        "(result i32) (i32.atomic.store (i32.const 0) (i32.const 1)) (memory.grow (i32.const 1))";
    allows(MEMORY, &[access, grow], &["0 | 1", "1 | 1", "trap | 1"]);
}

/// Unless the access happens before the grow: what the thread has stored since
/// was read by the one that grows.
#[test]
fn an_access_may_not_read_a_length_that_is_written_because_of_it() {
    let access =
        "(drop (i32.load (i32.const 65536))) (i32.atomic.store (i32.const 0) (i32.const 1))";
    let grow = "(result i32) (if (result i32) (i32.atomic.load (i32.const 0))
        (then (memory.grow (i32.const 1))) (else (i32.const 7)))";
    allows(MEMORY, &[access, grow], &["trap | 7"]);
    let late = "(result i32) (i32.atomic.store (i32.const 0) (i32.const 1)) (memory.size)";
    let after = "(result i32) (drop (i32.load (i32.const 65536))) (memory.grow (i32.const 1))";
    allows(MEMORY, &[late, after], &["1 | trap"]);
}

/// No load buffering through the length: of two grows the later one reads what the
/// earlier one wrote, and so synchronises with it. The access before the earlier
/// one happens before the later one, and cannot read from it.
#[test]
fn two_accesses_cannot_each_read_what_the_other_thread_writes_later() {
    let both = "(result i32) (drop (i32.load (i32.const 65536))) (memory.grow (i32.const 1))";
    allows(MEMORY, &[both, both], &["trap | trap"]);
    // With a third thread that grows, both can read from that.
    let three = explore(MEMORY, &[both, both, GROW]).expect("a set").results;
    assert!(three.contains("-1 | 2 | 1") || three.contains("2 | 3 | 1"));
}

#[test]
fn a_misaligned_access_traps_on_either_side_of_the_end() {
    let misaligned = "(result i32) (i32.atomic.load (i32.const 65534))";
    allows(MEMORY, &[GROW, misaligned], &["1 | trap"]);
}

#[test]
fn waits_and_notifies_check_the_bounds_too() {
    let notify = "(result i32) (memory.atomic.notify (i32.const 65536) (i32.const 1))";
    allows(MEMORY, &[GROW, notify], &["1 | 0", "1 | trap"]);
    let wait = "(result i32)
        (memory.atomic.wait32 (i32.const 65536) (i32.const 0) (i64.const 0))";
    allows(MEMORY, &[GROW, wait], &["1 | 2", "1 | trap"]);
    let unequal = "(result i32)
        (memory.atomic.wait32 (i32.const 65536) (i32.const 1) (i64.const -1))";
    allows(MEMORY, &[GROW, unequal], &["1 | 1", "1 | trap"]);
}

#[test]
fn what_the_order_of_events_does_not_decide_is_dropped() {
    let store = "(i32.atomic.store (i32.const 65536) (i32.const 1))";
    assert_eq!(
        explore(MEMORY, &[GROW, store]).err(),
        Some(Dropped::RaceWithZeros)
    );
    let fill = "(memory.fill (i32.const 65535) (i32.const 1) (i32.const 2))";
    assert_eq!(
        explore(MEMORY, &[GROW, fill]).err(),
        Some(Dropped::BulkRacesWithGrow)
    );
    let inside = "(memory.fill (i32.const 65534) (i32.const 1) (i32.const 2))";
    allows(MEMORY, &[GROW, inside], &["1 | "]);
}

#[test]
fn sizes_and_grows_of_zero_pages() {
    let zero = "(result i32) (memory.grow (i32.const 0))";
    allows(MEMORY, &[GROW, zero], &["1 | 1", "1 | 2"]);
    allows(MEMORY, &[GROW, SIZE], &["1 | 1", "1 | 2"]);
    // One of zero pages synchronises too.
    let sized = "(result i32 i32) (memory.grow (i32.const 0)) (i32.load (i32.const 65536))";
    allows(MEMORY, &[GROW, sized], &["1 | 1 0", "1 | 2 0", "1 | trap"]);
}
