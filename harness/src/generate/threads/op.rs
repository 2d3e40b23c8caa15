//! What a thread of a program does, and the instructions that do it.

use wasm_encoder::{BlockType, Instruction, MemArg, MemArgTarget, Ordering};

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
    at: u64,
    /// The binary logarithm of its width in bytes.
    log2: u32,
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
const FLAG: Cell = Cell { at: 24, log2: 2 };
const DATA: u64 = 28;
/// Where the bytes of a thread's own are: two for each.
const OWN: u64 = 40;

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

/// Writes the body of a function: each result is kept in a local of its own.
pub(super) struct Writer {
    memory: Memory,
    code: Vec<Instruction<'static>>,
    results: u32,
}

impl Writer {
    pub(super) fn new(memory: Memory) -> Writer {
        Writer {
            memory,
            code: Vec::new(),
            results: 0,
        }
    }

    /// How many results there are, and the instructions.
    pub(super) fn finish(mut self) -> (u32, Vec<Instruction<'static>>) {
        let gets = (0..self.results).map(Instruction::LocalGet);
        self.code.extend(gets.collect::<Vec<_>>());
        self.code.push(Instruction::End);
        (self.results, self.code)
    }

    fn push(&mut self, instruction: Instruction<'static>) {
        self.code.push(instruction);
    }

    fn address(&mut self, at: u64) {
        self.push(match self.memory.is_64 {
            true => Instruction::I64Const(at as i64),
            false => Instruction::I32Const(at as u32 as i32),
        });
    }

    /// What is on the stack, an `i64`, is a result.
    fn result(&mut self) {
        self.push(Instruction::LocalSet(self.results));
        self.results += 1;
    }

    /// What is on the stack, an `i32`, is a result.
    fn narrow_result(&mut self) {
        self.push(Instruction::I64ExtendI32U);
        self.result();
    }

    /// What is on the stack, an address, is a result.
    fn address_result(&mut self) {
        match self.memory.is_64 {
            true => self.result(),
            false => self.narrow_result(),
        }
    }

    pub(super) fn write(&mut self, op: Op) {
        match op {
            Op::Load(cell) => {
                self.address(cell.at);
                self.push(load(cell.log2));
                self.result();
            }
            Op::Store(cell, value) => {
                self.address(cell.at);
                self.push(Instruction::I64Const(value as i64));
                self.push(store(cell.log2));
            }
            Op::Rmw(cell, which, value) => {
                self.address(cell.at);
                self.push(Instruction::I64Const(value as i64));
                self.push(rmw(cell.log2, which));
                self.result();
            }
            Op::Cmpxchg(cell, expected, value) => {
                self.address(cell.at);
                self.push(Instruction::I64Const(expected as i64));
                self.push(Instruction::I64Const(value as i64));
                self.push(cmpxchg(cell.log2));
                self.result();
            }
            Op::Fence => self.push(Instruction::AtomicFence(Ordering::SeqCst)),
            Op::Grow(pages) => {
                self.address(pages);
                self.push(Instruction::MemoryGrow(0));
                self.address_result();
            }
            Op::Size => {
                self.push(Instruction::MemorySize(0));
                self.address_result();
            }
            Op::AtEnd { atomic, delta } => {
                self.address(self.memory.bytes().wrapping_add_signed(delta));
                self.push(match atomic {
                    true => Instruction::I64AtomicLoad32U(memarg(2)),
                    false => Instruction::I64Load32U(memarg(2)),
                });
                self.result();
            }
            Op::NotifyBeyond => {
                self.address(self.memory.bytes());
                self.push(Instruction::I32Const(1));
                self.push(Instruction::MemoryAtomicNotify(memarg(2)));
                self.narrow_result();
            }
            Op::Give(value) => {
                self.address(DATA);
                self.push(Instruction::I64Const(value as i64));
                self.push(Instruction::I64Store8(memarg(0)));
                self.address(FLAG.at);
                self.push(Instruction::I64Const(1));
                self.push(store(FLAG.log2));
            }
            Op::Take => {
                self.address(FLAG.at);
                self.push(load(FLAG.log2));
                self.push(Instruction::I32WrapI64);
                self.push(Instruction::If(BlockType::Empty));
                self.address(DATA);
                self.push(Instruction::I64Load8U(memarg(0)));
                self.push(Instruction::LocalSet(self.results));
                self.push(Instruction::End);
                self.results += 1;
            }
            Op::Own(thread) => {
                let at = OWN + 2 * u64::from(thread);
                self.address(at);
                self.push(Instruction::I32Const(i32::from(thread) + 1));
                self.address(2);
                self.push(Instruction::MemoryFill(0));
                self.address(at);
                self.push(Instruction::I64Load16U(memarg(0)));
                self.result();
            }
            Op::Wait(cell, expected, timeout) => {
                self.address(cell.at);
                match cell.log2 {
                    2 => {
                        self.push(Instruction::I32Const(expected as i32));
                        self.push(Instruction::I64Const(timeout));
                        self.push(Instruction::MemoryAtomicWait32(memarg(2)));
                    }
                    _ => {
                        self.push(Instruction::I64Const(expected as i64));
                        self.push(Instruction::I64Const(timeout));
                        self.push(Instruction::MemoryAtomicWait64(memarg(3)));
                    }
                }
                self.narrow_result();
            }
            Op::Notify(cell, count) => {
                self.notify(cell, count);
                self.narrow_result();
            }
            Op::NotifyUntil(cell, times) => self.notify_until(cell, times),
            Op::Misaligned => {
                self.address(2);
                self.push(load(2));
                self.result();
            }
        }
    }

    fn notify(&mut self, cell: Cell, count: u32) {
        self.address(cell.at);
        self.push(Instruction::I32Const(count as i32));
        self.push(Instruction::MemoryAtomicNotify(memarg(2)));
    }

    /// Once more and again, for as long as nobody was there.
    fn notify_until(&mut self, cell: Cell, times: u32) {
        self.push(Instruction::Block(BlockType::Empty));
        for _ in 0..times {
            self.notify(cell, 1);
            self.push(Instruction::I64ExtendI32U);
            self.push(Instruction::LocalTee(self.results));
            self.push(Instruction::I32WrapI64);
            self.push(Instruction::BrIf(0));
        }
        self.push(Instruction::End);
        self.results += 1;
    }
}

fn memarg(align: u32) -> MemArg {
    MemArg {
        offset: 0,
        align,
        target: MemArgTarget::Memory(0),
        ordering: None,
    }
}

fn load(log2: u32) -> Instruction<'static> {
    let memarg = memarg(log2);
    match log2 {
        0 => Instruction::I64AtomicLoad8U(memarg),
        1 => Instruction::I64AtomicLoad16U(memarg),
        2 => Instruction::I64AtomicLoad32U(memarg),
        _ => Instruction::I64AtomicLoad(memarg),
    }
}

fn store(log2: u32) -> Instruction<'static> {
    let memarg = memarg(log2);
    match log2 {
        0 => Instruction::I64AtomicStore8(memarg),
        1 => Instruction::I64AtomicStore16(memarg),
        2 => Instruction::I64AtomicStore32(memarg),
        _ => Instruction::I64AtomicStore(memarg),
    }
}

fn rmw(log2: u32, which: u8) -> Instruction<'static> {
    let memarg = memarg(log2);
    match (which, log2) {
        (0, 0) => Instruction::I64AtomicRmw8AddU(memarg),
        (0, 1) => Instruction::I64AtomicRmw16AddU(memarg),
        (0, 2) => Instruction::I64AtomicRmw32AddU(memarg),
        (0, _) => Instruction::I64AtomicRmwAdd(memarg),
        (1, 0) => Instruction::I64AtomicRmw8SubU(memarg),
        (1, 1) => Instruction::I64AtomicRmw16SubU(memarg),
        (1, 2) => Instruction::I64AtomicRmw32SubU(memarg),
        (1, _) => Instruction::I64AtomicRmwSub(memarg),
        (2, 0) => Instruction::I64AtomicRmw8AndU(memarg),
        (2, 1) => Instruction::I64AtomicRmw16AndU(memarg),
        (2, 2) => Instruction::I64AtomicRmw32AndU(memarg),
        (2, _) => Instruction::I64AtomicRmwAnd(memarg),
        (3, 0) => Instruction::I64AtomicRmw8OrU(memarg),
        (3, 1) => Instruction::I64AtomicRmw16OrU(memarg),
        (3, 2) => Instruction::I64AtomicRmw32OrU(memarg),
        (3, _) => Instruction::I64AtomicRmwOr(memarg),
        (4, 0) => Instruction::I64AtomicRmw8XorU(memarg),
        (4, 1) => Instruction::I64AtomicRmw16XorU(memarg),
        (4, 2) => Instruction::I64AtomicRmw32XorU(memarg),
        (4, _) => Instruction::I64AtomicRmwXor(memarg),
        (_, 0) => Instruction::I64AtomicRmw8XchgU(memarg),
        (_, 1) => Instruction::I64AtomicRmw16XchgU(memarg),
        (_, 2) => Instruction::I64AtomicRmw32XchgU(memarg),
        (_, _) => Instruction::I64AtomicRmwXchg(memarg),
    }
}

fn cmpxchg(log2: u32) -> Instruction<'static> {
    let memarg = memarg(log2);
    match log2 {
        0 => Instruction::I64AtomicRmw8CmpxchgU(memarg),
        1 => Instruction::I64AtomicRmw16CmpxchgU(memarg),
        2 => Instruction::I64AtomicRmw32CmpxchgU(memarg),
        _ => Instruction::I64AtomicRmwCmpxchg(memarg),
    }
}
