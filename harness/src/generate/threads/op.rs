//! What a thread of a program does.

use super::super::dice::Dice;
use super::Memory;

/// What a program is about.
#[derive(Clone, Copy)]
pub(super) enum Family {
    /// Atomic accesses to a few cells: store buffering, message passing and their like.
    Cells,
    /// Grows that race with accesses on both sides of the end.
    Grow,
    /// Plain data handed over through a flag.
    HandOver,
    /// Waits and notifies.
    Queue,
    /// Anything.
    Mixed,
}

/// One thing that a thread does.
#[derive(Clone, Copy)]
pub(super) enum Op {
    /// An atomic load of a cell.
    Load(Cell),
    /// An atomic store.
    Store(Cell, u64),
    /// An atomic read-modify-write: which of the six.
    Rmw(Cell, u8, u64),
    /// A compare-exchange.
    Cmpxchg(Cell, u64, u64),
    /// A fence.
    Fence,
    /// Grows by a page, or by none.
    Grow(u64),
    /// The size.
    Size,
    /// A load of four bytes, plain or atomic, so many bytes before or after the end as
    /// it is at first.
    AtEnd { atomic: bool, delta: i64 },
    /// A notify after the end as it is at first.
    NotifyBeyond,
    /// Writes plain data, and then the flag.
    Give(u64),
    /// Reads the flag, and the plain data if it is set.
    Take,
    /// Fills bytes of this thread's own, and reads some of them.
    Own(u8),
    /// Waits for a cell to be another, so many nanoseconds.
    Wait(Cell, u64, i64),
    /// Notifies so many that wait for a cell.
    Notify(Cell, u32),
    /// Notifies until somebody was woken up, at most so often.
    NotifyUntil(Cell, u32),
    /// An access that is not aligned.
    Misaligned,
}

/// Where a cell is, and how wide: accesses to it all have that width.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    pub(super) at: u64,
    /// The binary logarithm of its width in bytes.
    pub(super) log2: u32,
}

/// The cells: of every width, and the last ones to be the last in a memory of 64 bytes.
const CELLS: [Cell; 5] = [
    Cell { at: 0, log2: 2 },
    Cell { at: 8, log2: 3 },
    Cell { at: 16, log2: 0 },
    Cell { at: 18, log2: 1 },
    Cell { at: 56, log2: 3 },
];

/// Cells that can be waited for.
const WAITED: [Cell; 2] = [CELLS[0], CELLS[1]];

/// Where the flag and the plain data are that are handed over.
pub(super) const FLAG: Cell = Cell { at: 24, log2: 2 };
pub(super) const DATA: u64 = 28;
/// Where the bytes of a thread's own are: two for each.
pub(super) const OWN: u64 = 40;

/// Timeouts, in nanoseconds: whatever a wait ends with, it ends.
const TIMEOUTS: [i64; 4] = [0, 1_000, 100_000, 1_000_000];

impl Family {
    pub(super) fn choose(dice: &mut Dice<'_, '_>) -> Family {
        dice.weighted(&[
            (30, Family::Cells),
            (28, Family::Grow),
            (12, Family::HandOver),
            (16, Family::Queue),
            (14, Family::Mixed),
        ])
    }

    /// What one of the threads does.
    pub(super) fn ops(
        self,
        dice: &mut Dice<'_, '_>,
        memory: Memory,
        thread: u64,
        threads: u64,
        most: usize,
    ) -> Vec<Op> {
        if let (Family::HandOver, 0) = (self, thread) {
            // Once: to write the data again would race with those that read it.
            return vec![Op::Give(1 + dice.up_to(200))];
        }
        let count = 1 + dice.index(most);
        let last = thread + 1 == threads;
        (0..count)
            .map(|_| match self {
                Family::Cells => cell_op(dice),
                Family::Grow => grow_op(dice, memory),
                Family::HandOver => {
                    dice.weighted(&[(70, Op::Take), (15, Op::Own(thread as u8)), (15, Op::Fence)])
                }
                Family::Queue => queue_op(dice, last),
                Family::Mixed => match dice.index(4) {
                    0 => cell_op(dice),
                    1 => grow_op(dice, memory),
                    2 => queue_op(dice, last),
                    _ => dice.pick(&[Op::Own(thread as u8), Op::Misaligned, Op::Fence]),
                },
            })
            .collect()
    }
}

/// Most are of the first two cells, so that threads meet.
fn cell(dice: &mut Dice<'_, '_>) -> Cell {
    match dice.percent(70) {
        true => CELLS[dice.index(2)],
        false => dice.pick(&CELLS),
    }
}

fn value(dice: &mut Dice<'_, '_>) -> u64 {
    match dice.percent(70) {
        true => dice.up_to(3),
        false => dice.pick(&[0xff, 0xffff, 0x8000_0000, u64::MAX, 0x0102_0304_0506_0708]),
    }
}

fn cell_op(dice: &mut Dice<'_, '_>) -> Op {
    let cell = cell(dice);
    match dice.index(10) {
        0..=3 => Op::Load(cell),
        4..=6 => Op::Store(cell, value(dice)),
        7 => Op::Rmw(cell, dice.index(6) as u8, value(dice)),
        8 => Op::Cmpxchg(cell, dice.up_to(2), value(dice)),
        _ => dice.pick(&[Op::Fence, Op::Misaligned, Op::Load(cell)]),
    }
}

fn grow_op(dice: &mut Dice<'_, '_>, memory: Memory) -> Op {
    let page = match memory.page_size_log2 {
        0 => 8,
        _ => 1,
    };
    match dice.index(10) {
        0..=2 => Op::Grow(dice.pick(&[page, page, page, 0])),
        3 => Op::Size,
        4..=6 => Op::AtEnd {
            atomic: dice.percent(50),
            // In small memories the last bytes are a cell's.
            delta: match memory.page_size_log2 {
                0 => dice.pick(&[0, 4]),
                _ => dice.pick(&[0, 0, 4, -4, -8]),
            },
        },
        7 => Op::NotifyBeyond,
        _ => cell_op(dice),
    }
}

fn queue_op(dice: &mut Dice<'_, '_>, notifies: bool) -> Op {
    let cell = dice.pick(&WAITED);
    match (notifies, dice.index(4)) {
        (true, 0) => Op::NotifyUntil(cell, 1 + dice.up_to(2) as u32),
        (true, 1..=2) => Op::Notify(cell, dice.pick(&[0, 1, 2, u32::MAX])),
        (false, 0..=2) => Op::Wait(cell, dice.pick(&[0, 0, 0, 1]), dice.pick(&TIMEOUTS)),
        _ => Op::Store(cell, dice.up_to(1)),
    }
}
