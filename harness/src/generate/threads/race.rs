//! Programs in which two threads do a few things again and again: what should be one
//! step is hit in its middle by a step of the other.
//!
//! Results are kept only where they tell something: the fewer outcomes are allowed, the
//! sooner all schedules are explored.

use super::super::dice::Dice;
use super::Memory;
use super::op::{CELLS, Cell, Op, cell_op, own, value};

/// What the threads do.
#[derive(Clone, Copy)]
pub(super) enum Race {
    /// Add to one cell and subtract from it: the sum is known.
    Count(Cell),
    /// Exchange one cell: no value is got twice.
    Exchange(Cell),
    /// Store values whose halves differ, and load them.
    Halves(Cell),
    /// Write narrow cells beside each other.
    Neighbours,
    /// Fill bytes beside each other.
    Fills,
    /// Grow, and ask for the size.
    Sizes,
    /// Grow, and load what is new.
    NewBytes,
    /// Grow, and write what is old.
    OldBytes,
    /// Store to one of these cells and load from the other: store buffering.
    Buffering([Cell; 2]),
}

/// How often.
const TIMES: u64 = 4;

/// Two narrow cells in the same 8 bytes.
const NARROW: [Cell; 2] = [CELLS[2], CELLS[3]];

impl Race {
    pub(super) fn choose(dice: &mut Dice<'_, '_>) -> Race {
        let any = dice.pick(&CELLS);
        let wide = dice.pick(&[CELLS[1], CELLS[4]]);
        // The wide ones are stored by plain instructions where others are replaced in a
        // word: only there a store can wait in the processor's store buffer.
        let two = dice.pick(&[[CELLS[1], CELLS[4]], [CELLS[0], CELLS[1]]]);
        dice.pick(&[
            Race::Count(any),
            Race::Exchange(any),
            Race::Halves(wide),
            Race::Neighbours,
            Race::Fills,
            Race::Sizes,
            Race::NewBytes,
            Race::OldBytes,
            Race::Buffering(two),
        ])
    }
}

/// What one of the two threads does.
pub(super) fn ops(dice: &mut Dice<'_, '_>, race: Race, memory: Memory, thread: u64) -> Vec<Op> {
    let first = thread == 0;
    let step = memory.step();
    if let (Race::Sizes | Race::NewBytes | Race::OldBytes, true) = (race, first) {
        // A size that is asked for twice shows whether it was kept.
        let asks = matches!(race, Race::Sizes) || dice.percent(50);
        let before = asks.then_some(Op::Size);
        let grow = Op::Grow(dice.pick(&[step, step, 2 * step]));
        let second = dice.percent(50).then_some(Op::Grow(step));
        let all = before.into_iter().chain([grow]).chain(second);
        return all.chain([Op::Size]).collect();
    }
    let narrow = NARROW[usize::from(!first)];
    let op = |time: u64| match race {
        Race::Count(cell) => Op::RmwDropped(cell, dice.index(2) as u8, 1 + dice.up_to(2)),
        Race::Exchange(cell) => Op::Rmw(cell, 5, 1 + time + TIMES * thread),
        Race::Halves(cell) if first => {
            let ones = if time.is_multiple_of(2) { u64::MAX } else { 0 };
            Op::Store(cell, ones)
        }
        Race::Halves(cell) => Op::Load(cell),
        Race::Neighbours => match dice.index(3) {
            0 => Op::Rmw(narrow, dice.index(6) as u8, value(dice)),
            1 => Op::Load(narrow),
            _ => Op::Store(narrow, value(dice)),
        },
        Race::Fills => own(dice, thread),
        Race::Sizes => match dice.index(4) {
            0 => Op::Grow(step),
            1 => Op::Grow(0),
            _ => Op::Size,
        },
        Race::NewBytes => Op::EndIfGrown,
        Race::OldBytes => cell_op(dice),
        Race::Buffering(two) => {
            let [mine, other] = [two[usize::from(!first)], two[usize::from(first)]];
            match time % 2 {
                0 => Op::Store(mine, 1 + time),
                _ => Op::Load(other),
            }
        }
    };
    (0..TIMES).map(op).collect()
}
