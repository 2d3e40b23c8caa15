//! The instructions of what a thread does.

use wasm_encoder::{BlockType, Instruction, Ordering};

use super::Memory;
use super::atomic::{cmpxchg, load, memarg, rmw, store};
use super::op::{Access, Cell, DATA, FLAG, OWN, Op, Place};

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

    // Long, as it has an arm for each operation of threads.
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
            Op::RmwDropped(cell, which, value) => {
                self.address(cell.at);
                self.push(Instruction::I64Const(value as i64));
                self.push(rmw(cell.log2, which));
                self.push(Instruction::Drop);
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
            Op::Own(thread, value) => {
                let at = OWN + 2 * u64::from(thread);
                self.address(at);
                self.push(Instruction::I32Const(i32::from(value)));
                self.address(2);
                self.push(Instruction::MemoryFill(0));
                self.address(at);
                self.push(Instruction::I64Load16U(memarg(0)));
                self.result();
            }
            Op::Wait(cell, expected, timeout) => {
                self.address(cell.at);
                self.wait(cell.log2, expected, timeout);
            }
            Op::Notify(cell, count) => {
                self.notify(cell, count);
                self.narrow_result();
            }
            Op::NotifyUntil(cell, times) => self.notify_until(cell, times),
            Op::Trapping(access, log2, place) => {
                self.address(match place {
                    Place::Unaligned(at) => at,
                    Place::Beyond => self.memory.most_bytes(),
                });
                self.trapping(access, log2);
            }
            Op::GrowThenEnd(pages) => {
                self.write(Op::Load(FLAG));
                self.write(Op::Grow(pages));
                self.write(Op::AtEnd {
                    atomic: true,
                    delta: 0,
                });
            }
            Op::EndIfGrown => {
                self.push(Instruction::MemorySize(0));
                self.address(self.memory.minimum);
                self.push(match self.memory.is_64 {
                    true => Instruction::I64Ne,
                    false => Instruction::I32Ne,
                });
                self.push(Instruction::If(BlockType::Empty));
                self.write(Op::AtEnd {
                    atomic: true,
                    delta: 0,
                });
                self.push(Instruction::End);
            }
            Op::GiveGrown(pages) => {
                self.write(Op::Grow(pages));
                self.write(Op::Store(FLAG, 1));
            }
            Op::TakeGrown => {
                self.address(FLAG.at);
                self.push(load(FLAG.log2));
                self.push(Instruction::I32WrapI64);
                self.push(Instruction::If(BlockType::Empty));
                self.write(Op::Size);
                self.write(Op::AtEnd {
                    atomic: false,
                    delta: 0,
                });
                self.push(Instruction::End);
            }
            Op::Replace(cell, expected, value) => {
                self.write(Op::Cmpxchg(cell, expected, value));
                // Others say what it has found.
                self.results -= 1;
            }
            Op::Signal(cell, value) => {
                self.write(Op::Store(cell, value));
                self.notify(cell, u32::MAX);
                self.push(Instruction::Drop);
            }
            Op::NotifyThenRead(cell, told) => {
                self.notify(cell, 1);
                self.narrow_result();
                self.push(Instruction::LocalGet(self.results - 1));
                self.push(Instruction::I32WrapI64);
                self.push(Instruction::If(BlockType::Empty));
                self.write(Op::Wait(told, 0, -1));
                self.write(Op::Load(told));
                self.push(Instruction::End);
            }
        }
    }

    /// The rest of an atomic access whose address is on the stack.
    fn trapping(&mut self, access: Access, log2: u32) {
        match access {
            Access::Load => {
                self.push(load(log2));
                self.result();
            }
            Access::Store => {
                self.push(Instruction::I64Const(7));
                self.push(store(log2));
            }
            Access::Rmw(which) => {
                self.push(Instruction::I64Const(7));
                self.push(rmw(log2, which));
                self.result();
            }
            Access::Cmpxchg => {
                self.push(Instruction::I64Const(0));
                self.push(Instruction::I64Const(7));
                self.push(cmpxchg(log2));
                self.result();
            }
            Access::Wait => self.wait(log2, 0, 0),
            Access::Notify => {
                self.push(Instruction::I32Const(1));
                self.push(Instruction::MemoryAtomicNotify(memarg(2)));
                self.narrow_result();
            }
        }
    }

    /// The rest of a wait whose address is on the stack.
    fn wait(&mut self, log2: u32, expected: u64, timeout: i64) {
        let wait = match log2 {
            2 => {
                self.push(Instruction::I32Const(expected as i32));
                Instruction::MemoryAtomicWait32(memarg(2))
            }
            _ => {
                self.push(Instruction::I64Const(expected as i64));
                Instruction::MemoryAtomicWait64(memarg(3))
            }
        };
        self.push(Instruction::I64Const(timeout));
        self.push(wait);
        self.narrow_result();
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
