//! What a thread of a program does.

use super::super::dice::Dice;
use super::race::Race;
use super::{Memory, race, shape};

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
    /// Waits for this cell that never time out, and a thread that ends them.
    Certain(Cell),
    /// Two waits for this cell in a known order, and a notify of one.
    Order(Cell),
    /// A grow that is handed over through a flag.
    GrowHandOver,
    /// Accesses that trap, whatever the others do.
    Trapping,
    /// Accesses with values of all widths; each thread has a cell of its own, from this one on.
    Values(usize),
    /// The same few things again and again.
    Race(Race),
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
    /// The same, of which the result is not kept.
    RmwDropped(Cell, u8, u64),
    /// A compare-exchange.
    Cmpxchg(Cell, u64, u64),
    /// A fence.
    Fence,
    /// Grows by so many pages.
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
    /// Fills bytes of this thread's own with a value, and reads them.
    Own(u8, u8),
    /// Waits for a cell to be another, so many nanoseconds.
    Wait(Cell, u64, i64),
    /// Notifies so many that wait for a cell.
    Notify(Cell, u32),
    /// Notifies until somebody was woken up, at most so often.
    NotifyUntil(Cell, u32),
    /// An atomic access that traps, of a width given by its binary logarithm.
    Trapping(Access, u32, Place),
    /// Grows by so many pages, and loads what lies behind the end as it was at first.
    GrowThenEnd(u64),
    /// Loads what lies behind the end as it was at first, if the size is another.
    EndIfGrown,
    /// Grows by so many pages, and then sets the flag.
    GiveGrown(u64),
    /// Reads the flag, and the size and what lies behind the end if it is set.
    TakeGrown,
    /// A compare-exchange whose result is not kept.
    Replace(Cell, u64, u64),
    /// Writes a cell and wakes up all that wait for it.
    Signal(Cell, u64),
    /// Notifies one; if somebody was woken up, waits without end for the other cell not to be
    /// 0, and reads it.
    NotifyThenRead(Cell, Cell),
}

/// An atomic access.
#[derive(Clone, Copy)]
pub(super) enum Access {
    Load,
    Store,
    Rmw(u8),
    Cmpxchg,
    Wait,
    Notify,
}

/// Where an access traps.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// At an address that is not aligned.
    Unaligned(u64),
    /// Behind the end of the largest memory.
    Beyond,
}

/// Where a cell is, and how wide: accesses to it all have that width.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    pub(super) at: u64,
    /// The binary logarithm of its width in bytes.
    pub(super) log2: u32,
}

/// The cells: of every width, and the last ones to be the last in a memory of 64 bytes.
pub(super) const CELLS: [Cell; 5] = [
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
const TIMEOUTS: [i64; 4] = [0, 1_000, 20_000, 200_000];

/// A bit of an operand above the widths of narrow accesses.
pub(super) const UPPER: u64 = 1 << 32;

impl Family {
    pub(super) fn choose(dice: &mut Dice<'_, '_>) -> Family {
        let cell = dice.pick(&WAITED);
        let own = dice.index(CELLS.len());
        let race = Race::choose(dice);
        dice.weighted(&[
            (13, Family::Cells),
            (13, Family::Grow),
            (5, Family::HandOver),
            (9, Family::Queue),
            (8, Family::Mixed),
            (8, Family::Certain(cell)),
            (5, Family::Order(cell)),
            (5, Family::GrowHandOver),
            (11, Family::Trapping),
            (8, Family::Values(own)),
            (15, Family::Race(race)),
        ])
    }

    /// How many threads there are, and how much each of them does at most.
    pub(super) fn size(self, dice: &mut Dice<'_, '_>) -> (u64, usize) {
        match self {
            Family::Order(_) => (3, 1),
            Family::Race(_) => (2, 1),
            _ => dice.weighted(&[(60, (2, 4)), (28, (3, 3)), (12, (4, 2))]),
        }
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
        let last = thread + 1 == threads;
        match self {
            // Once: to write the data again would race with those that read it.
            Family::HandOver if thread == 0 => return vec![Op::Give(1 + dice.up_to(200))],
            Family::GrowHandOver => return shape::grown(dice, memory, thread),
            Family::Certain(cell) => return shape::certain(dice, cell, last),
            Family::Order(cell) => return shape::order(dice, cell, thread),
            Family::Values(first) => return shape::values(dice, first, thread),
            Family::Race(race) => return race::ops(dice, race, memory, thread),
            Family::Trapping => {
                let before = dice.percent(50).then(|| cell_op(dice));
                return before.into_iter().chain([trapping(dice)]).collect();
            }
            _ => {}
        }
        let count = 1 + dice.index(most);
        (0..count)
            .map(|_| match self {
                Family::Cells => cell_op(dice),
                Family::Grow => grow_op(dice, memory),
                Family::HandOver => {
                    let own = own(dice, thread);
                    dice.weighted(&[(70, Op::Take), (15, own), (15, Op::Fence)])
                }
                Family::Queue => queue_op(dice, last),
                Family::Trapping
                | Family::Certain(_)
                | Family::Order(_)
                | Family::GrowHandOver
                | Family::Values(_)
                | Family::Race(_) => Op::Fence,
                Family::Mixed => match dice.index(4) {
                    0 => cell_op(dice),
                    1 => grow_op(dice, memory),
                    2 => queue_op(dice, last),
                    _ if dice.percent(30) => trapping(dice),
                    _ if dice.percent(50) => own(dice, thread),
                    _ => Op::Fence,
                },
            })
            .collect()
    }
}

pub(super) fn own(dice: &mut Dice<'_, '_>, thread: u64) -> Op {
    Op::Own(thread as u8, 1 + dice.up_to(254) as u8)
}

/// Most are of the first two cells, so that threads meet.
fn cell(dice: &mut Dice<'_, '_>) -> Cell {
    match dice.percent(70) {
        true => CELLS[dice.index(2)],
        false => dice.pick(&CELLS),
    }
}

pub(super) fn value(dice: &mut Dice<'_, '_>) -> u64 {
    match dice.percent(70) {
        true => dice.up_to(3),
        false => dice.pick(&[0xff, 0xffff, 0x8000_0000, u64::MAX, 0x0102_0304_0506_0708]),
    }
}

pub(super) fn cell_op(dice: &mut Dice<'_, '_>) -> Op {
    let cell = cell(dice);
    match dice.index(10) {
        0..=3 => Op::Load(cell),
        4..=6 => Op::Store(cell, value(dice)),
        7 => Op::Rmw(cell, dice.index(6) as u8, value(dice)),
        8 => Op::Cmpxchg(cell, expected(dice, cell), value(dice)),
        _ if dice.percent(35) => trapping(dice),
        _ => dice.pick(&[Op::Fence, Op::Load(cell)]),
    }
}

/// What a compare-exchange expects: sometimes with a bit that only a wide one compares.
fn expected(dice: &mut Dice<'_, '_>, cell: Cell) -> u64 {
    let low = dice.up_to(2);
    match dice.percent(30) {
        true => low | dice.pick(&[UPPER, UPPER << 31, 1 << (8 << cell.log2).min(40)]),
        false => low,
    }
}

/// An access that traps.
fn trapping(dice: &mut Dice<'_, '_>) -> Op {
    let access = match dice.index(6) {
        0 => Access::Load,
        1 => Access::Store,
        2 => Access::Rmw(dice.index(6) as u8),
        3 => Access::Cmpxchg,
        4 => Access::Wait,
        _ => Access::Notify,
    };
    let log2 = match access {
        Access::Notify => 2,
        Access::Wait => 2 + dice.index(2) as u32,
        _ => dice.index(4) as u32,
    };
    if log2 == 0 || dice.percent(35) {
        return Op::Trapping(access, log2, Place::Beyond);
    }
    let width = 1 << log2;
    let off = match dice.percent(50) {
        true => width / 2,
        false => 1 + dice.up_to(width - 2),
    };
    Op::Trapping(access, log2, Place::Unaligned(8 * dice.up_to(2) + off))
}

fn grow_op(dice: &mut Dice<'_, '_>, memory: Memory) -> Op {
    let page = memory.step();
    let most = memory.maximum - memory.minimum;
    match dice.index(12) {
        0..=2 => Op::Grow(dice.pick(&[page, page, page, 2 * page, most, 0])),
        // It fails.
        10 => Op::Grow(dice.pick(&[most + 1, 1 << 16, u32::MAX.into()])),
        11 => Op::GrowThenEnd(page),
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
        (false, 0..=2) => {
            let expected = dice.pick(&[0, 0, 0, 0, 1, UPPER]);
            Op::Wait(cell, expected, dice.pick(&TIMEOUTS))
        }
        _ => Op::Store(cell, dice.up_to(1)),
    }
}
