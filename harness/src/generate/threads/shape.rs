//! Programs whose threads belong together.

use super::super::dice::Dice;
use super::Memory;
use super::op::{CELLS, Cell, FLAG, OWN, Op, UPPER, cell_op, value};

/// Timeouts that never end: whatever is cut off them.
const NEVER: [i64; 4] = [-1, i64::MIN, -1 << 32, -1_000_000];

/// Timeouts that are over long after everything else.
const LONG: [i64; 2] = [i64::MAX, 1 << 40];

/// A cell that nobody writes or notifies in these programs.
const NEVER_WRITTEN: Cell = Cell { at: OWN, log2: 2 };

/// Lets the others come to their waits: a wait whose time is over.
fn pause(dice: &mut Dice<'_, '_>) -> Op {
    Op::Wait(NEVER_WRITTEN, 0, dice.pick(&[5_000, 50_000, 200_000]))
}

/// Waits that never time out. The last thread writes what nobody waits for, and then wakes
/// up all: who has not begun to wait by then does not.
pub(super) fn certain(dice: &mut Dice<'_, '_>, cell: Cell, last: bool) -> Vec<Op> {
    let mut ops = Vec::new();
    if last {
        if dice.percent(60) {
            ops.push(pause(dice));
        }
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
            pause(dice),
            Op::NotifyThenRead(cell, FLAG),
            Op::Store(cell, 2),
            Op::Notify(cell, u32::MAX),
        ],
    }
}

/// The first thread grows the memory and sets a flag; who sees the flag sees the memory
/// grown, whatever it has seen before. The first asks for the size again, too.
pub(super) fn grown(dice: &mut Dice<'_, '_>, memory: Memory, thread: u64) -> Vec<Op> {
    let page = memory.step();
    let before = match dice.index(3) {
        0 => None,
        1 => Some(Op::Size),
        _ => Some(cell_op(dice)),
    };
    let before = before.into_iter();
    match thread {
        0 => before.chain([Op::GiveGrown(page), Op::Size]).collect(),
        _ => before.chain([Op::TakeGrown]).collect(),
    }
}

/// Accesses of a cell of the thread's own: what they give is known, whatever its width and
/// the bits of the operands above it.
pub(super) fn values(dice: &mut Dice<'_, '_>, first: usize, thread: u64) -> Vec<Op> {
    let cell = CELLS[(first + thread as usize) % CELLS.len()];
    let mut ops = Vec::new();
    for _ in 0..2 + dice.index(3) {
        let old = value(dice);
        match dice.index(4) {
            0 => {
                let above = 1 << (8 << cell.log2).min(40);
                let other = dice.pick(&[0, UPPER, UPPER << 31, above, 1]);
                ops.push(Op::Store(cell, old));
                ops.push(Op::Cmpxchg(cell, old ^ other, value(dice)));
            }
            1 => ops.push(Op::Store(cell, old)),
            _ => ops.push(Op::Rmw(cell, dice.index(6) as u8, old)),
        }
    }
    ops.push(Op::Load(cell));
    ops
}
