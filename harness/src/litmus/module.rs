//! The scripts of a litmus test: once, and in a loop.
//!
//! In the loop each iteration has cells of its own, in a cache line each, so that iterations
//! do not order each other. The threads meet at a barrier before every few of them: a
//! counter that each adds to, and reads until the other has come. It is not read for ever:
//! a thread that has lost its processor does not come for milliseconds, and iterations of one
//! thread at a time are iterations all the same.

use std::fmt::Write as _;

use super::{Access, Cell, Litmus};

/// How many iterations a loop has.
pub(super) const ITERATIONS: u64 = 1 << 14;

/// The bytes of an iteration: a cache line for each cell.
const STRIDE: u64 = 128;

/// Where the second cell is.
const SECOND: u64 = STRIDE / 2;

/// From which iteration to the next the threads meet, as a binary logarithm.
const TOGETHER_LOG2: u32 = 4;

/// How often a thread looks whether the other has come.
const LOOKS: u32 = 1000;

/// Where the results of the threads are: a byte for each iteration.
const RESULTS: [u64; 2] = [STRIDE * ITERATIONS, (STRIDE + 1) * ITERATIONS];

/// Where outcomes are counted, four bytes for each.
const COUNTS: u64 = (STRIDE + 2) * ITERATIONS;

/// How many outcomes can be told apart: each result, and each cell at the end, has two bits.
pub(super) const OUTCOMES: u64 = 1 << 12;

/// The counter of the barrier.
const BARRIER: u64 = COUNTS + 4 * OUTCOMES;

/// How many different outcomes are asked for after a loop: more than two threads of two
/// accesses can have.
pub(super) const ASKED: usize = 40;

/// The test, once.
pub(super) fn once(litmus: &Litmus) -> String {
    let mut text = String::from(
        "(module $m (memory (export \"m\") 1 1 shared)
           (func (export \"final\") (result i32 i32)
             (i32.atomic.load (i32.const 0)) (i32.atomic.load offset=64 (i32.const 0))))\n",
    );
    for number in 0..2 {
        let results = litmus.results()[number];
        let gets: String = (0..results).map(|n| format!("(local.get $r{n})")).collect();
        let body = format!(
            "(func (export \"run\") (result{}) (local $base i32) (local $r0 i32) (local $r1 i32)
               {} {gets})",
            " i32".repeat(results),
            accesses(litmus.threads[number]),
        );
        thread(&mut text, number, 1, &body);
    }
    text + "(wait $t0) (wait $t1) (invoke $m \"final\")\n"
}

/// The test in a loop; what it came to is asked for after that, one outcome after the other.
pub(super) fn in_a_loop(litmus: &Litmus) -> String {
    let pages = (BARRIER + 4).div_ceil(1 << 16);
    let [first, second] = RESULTS;
    let last = COUNTS + 4 * OUTCOMES;
    let mut text = format!(
        "(module $m (memory (export \"m\") {pages} {pages} shared)
           (global $at (mut i32) (i32.const {COUNTS}))
           (func (export \"count\") (local $i i32) (local $base i32) (local $cell i32)
             (loop $each
               (local.set $cell (i32.mul (i32.const 4) (i32.or
                 (i32.or
                   (i32.load8_u offset={first} (local.get $i))
                   (i32.shl (i32.load8_u offset={second} (local.get $i)) (i32.const 4)))
                 (i32.or
                   (i32.shl (i32.load (local.get $base)) (i32.const 8))
                   (i32.shl (i32.load offset={SECOND} (local.get $base)) (i32.const 10))))))
               (i32.store offset={COUNTS} (local.get $cell)
                 (i32.add (i32.load offset={COUNTS} (local.get $cell)) (i32.const 1)))
               (local.set $base (i32.add (local.get $base) (i32.const {STRIDE})))
               (br_if $each (i32.lt_u
                 (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                 (i32.const {ITERATIONS})))))
           (func (export \"next\") (result i32 i32) (local $at i32)
             (local.set $at (global.get $at))
             (block $end
               (loop $each
                 (br_if $end (i32.ge_u (local.get $at) (i32.const {last})))
                 (if (i32.load (local.get $at)) (then
                   (global.set $at (i32.add (local.get $at) (i32.const 4)))
                   (return
                     (i32.shr_u (i32.sub (local.get $at) (i32.const {COUNTS})) (i32.const 2))
                     (i32.load (local.get $at)))))
                 (local.set $at (i32.add (local.get $at) (i32.const 4)))
                 (br $each)))
             (global.set $at (local.get $at))
             (i32.const 0) (i32.const 0)))\n",
    );
    let threads = litmus.threads.iter().zip(RESULTS);
    for (number, (accesses, results)) in threads.enumerate() {
        thread(&mut text, number, pages, &looped(accesses, results));
    }
    text.push_str("(wait $t0) (wait $t1) (invoke $m \"count\")\n");
    text.push_str(&"(invoke $m \"next\")\n".repeat(ASKED));
    text
}

/// A thread with a module of this body.
fn thread(text: &mut String, number: usize, pages: u64, body: &str) {
    // To write into a string does not fail.
    let _ = writeln!(
        text,
        "(thread $t{number} (shared (module $m)) (register \"m\" $m)
           (module $t (memory (import \"m\" \"m\") {pages} {pages} shared) {body})
           (invoke $t \"run\"))"
    );
}

/// The function of a thread that loops.
fn looped(thread: &[Access], results: u64) -> String {
    format!(
        "(func (export \"run\")
           (local $i i32) (local $base i32) (local $r0 i32) (local $r1 i32) (local $looks i32)
           (loop $each
             (if (i32.eqz (i32.and (local.get $i) (i32.const {mask}))) (then
               (drop (i32.atomic.rmw.add offset={BARRIER} (i32.const 0) (i32.const 1)))
               (local.set $looks (i32.const {LOOKS}))
               (block $met
                 (loop $look
                   (br_if $met (i32.ge_u
                     (i32.atomic.load offset={BARRIER} (i32.const 0))
                     (i32.mul (i32.const 2) (i32.add (i32.const 1)
                       (i32.shr_u (local.get $i) (i32.const {TOGETHER_LOG2}))))))
                   (br_if $look
                     (local.tee $looks (i32.sub (local.get $looks) (i32.const 1))))))))
             {accesses}
             (i32.store8 offset={results} (local.get $i)
               (i32.or (local.get $r0) (i32.shl (local.get $r1) (i32.const 2))))
             (local.set $base (i32.add (local.get $base) (i32.const {STRIDE})))
             (br_if $each (i32.lt_u
               (local.tee $i (i32.add (local.get $i) (i32.const 1)))
               (i32.const {ITERATIONS})))))",
        mask = (1 << TOGETHER_LOG2) - 1,
        accesses = accesses(thread),
    )
}

/// The accesses of a thread to the cells at `$base`; results are in `$r0` and `$r1`.
fn accesses(thread: &[Access]) -> String {
    let offset = |cell: Cell| match cell {
        Cell::X => 0,
        Cell::Y => SECOND,
    };
    let mut results = 0..2;
    let mut text = String::new();
    for &access in thread {
        let (reads, access) = match access {
            Access::Load(cell) => {
                let at = offset(cell);
                (
                    true,
                    format!("(i32.atomic.load offset={at} (local.get $base))"),
                )
            }
            Access::Store(cell, value) => {
                let at = offset(cell);
                let store = "i32.atomic.store";
                let value = format!("(i32.const {value})");
                (
                    false,
                    format!("({store} offset={at} (local.get $base) {value})"),
                )
            }
            Access::Add(cell, value) => {
                let at = offset(cell);
                let add = "i32.atomic.rmw.add";
                let value = format!("(i32.const {value})");
                (
                    true,
                    format!("({add} offset={at} (local.get $base) {value})"),
                )
            }
        };
        match reads.then(|| results.next()).flatten() {
            Some(result) => text.push_str(&format!("(local.set $r{result} {access})\n")),
            None => text.push_str(&format!("{access}\n")),
        }
    }
    text
}
