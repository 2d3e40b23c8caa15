//! Programs whose threads belong together.

use super::super::dice::Dice;
use super::Memory;
use super::op::{Cell, FLAG, Op, cell_op};

/// Timeouts that never end: whatever is cut off them.
const NEVER: [i64; 4] = [-1, i64::MIN, -1 << 32, -1_000_000];

/// Timeouts that are over long after everything else.
const LONG: [i64; 2] = [i64::MAX, 1 << 40];

/// Waits that never time out. The last thread writes what nobody waits for, and then wakes
/// up all: who has not begun to wait by then does not.
pub(super) fn certain(dice: &mut Dice<'_, '_>, cell: Cell, last: bool) -> Vec<Op> {
    let mut ops = Vec::new();
    if last {
        if dice.percent(40) {
            ops.push(Op::Notify(cell, dice.pick(&[0, 1])));
        }
        ops.push(Op::Store(cell, 1 + dice.up_to(3)));
        ops.push(Op::Notify(
            cell,
            dice.pick(&[u32::MAX, u32::MAX, 1 << 31, 3]),
        ));
        return ops;
    }
    let timeout = match dice.percent(80) {
        true => dice.pick(&NEVER),
        false => dice.pick(&LONG),
    };
    ops.push(Op::Wait(cell, 0, timeout));
    if dice.percent(40) {
        ops.push(Op::Load(cell));
    }
    ops
}

/// What the first of two that wait writes.
const FIRST: u64 = 1;
/// What the second writes.
const SECOND: u64 = 2;

/// One thread waits for 0. Another replaces that by 1 and waits for it: if both wait, the order
/// is known. Whoever is woken up says so in the flag. The third wakes up one, reads the
/// flag, and ends what is left as in [`certain`].
pub(super) fn order(dice: &mut Dice<'_, '_>, cell: Cell, thread: u64) -> Vec<Op> {
    let never = dice.pick(&NEVER);
    match thread {
        0 => vec![Op::Wait(cell, 0, never), Op::Signal(FLAG, FIRST)],
        1 => vec![
            // Not once it is 2.
            Op::Replace(cell, 0, 1),
            Op::Wait(cell, 1, never),
            Op::Signal(FLAG, SECOND),
        ],
        _ => vec![
            Op::NotifyThenRead(cell, FLAG),
            Op::Store(cell, 2),
            Op::Notify(cell, u32::MAX),
        ],
    }
}

/// The first thread grows the memory and sets a flag; who sees the flag sees the memory
/// grown, whatever it has seen before.
pub(super) fn grown(dice: &mut Dice<'_, '_>, memory: Memory, thread: u64) -> Vec<Op> {
    let page = match memory.page_size_log2 {
        0 => 8,
        _ => 1,
    };
    let before = match dice.index(3) {
        0 => None,
        1 => Some(Op::Size),
        _ => Some(cell_op(dice)),
    };
    let op = match thread {
        0 => Op::GiveGrown(page),
        _ => Op::TakeGrown,
    };
    before.into_iter().chain([op]).collect()
}
