//! What a thread is about to do to shared memory, before it does it.

use super::{Frame, Machine};
use crate::memory::{Instruction, Kind, MemoryId};
use crate::module::Instr;
use crate::numeric::Slot;
use crate::store::Store;

/// A range of bytes of a shared memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) memory: MemoryId,
    /// The effective address.
    pub(crate) at: u128,
    pub(crate) length: u128,
}

/// The next instruction of a thread, when it is one on shared memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pending {
    /// An instruction of the table.
    Access {
        instruction: &'static Instruction,
        range: Range,
        /// What is expected, by those that compare.
        expected: Slot,
        /// How many are to be woken up, by `memory.atomic.notify`.
        count: u32,
    },
    /// `memory.fill`, `memory.copy` or `memory.init`: the ranges that lie in
    /// shared memories.
    Bulk {
        read: Option<Range>,
        written: Option<Range>,
    },
    /// `memory.size`.
    Size(MemoryId),
    /// `memory.grow`, by so many pages.
    Grow(MemoryId, u64),
}

impl Machine {
    /// Makes it pause before every instruction on shared memory.
    pub(crate) fn step_on_shared_memory(&mut self) {
        self.stepping = true;
    }

    /// Lets it execute the next of them.
    pub(crate) fn grant(&mut self) {
        self.granted = true;
    }

    /// Whether it has called a function of the host since it was asked last.
    pub(crate) fn take_hosted(&mut self) -> bool {
        std::mem::take(&mut self.hosted)
    }

    /// Whether it is in the same place as `other`, with the same operands and
    /// locals: then it does the same from there on, as long as memory is the same.
    pub(crate) fn is_where(&self, other: &Machine) -> bool {
        let place = |frame: &Frame| {
            let code: *const _ = &raw const *frame.code;
            (code, frame.instance, frame.pc, frame.base)
        };
        let (mine, others) = (self.frames.iter(), other.frames.iter());
        mine.map(place).eq(others.map(place)) && self.stack == other.stack
    }

    /// Whether the instruction is one on shared memory that was not granted.
    pub(super) fn stops_before(&mut self, store: &Store, frame: &Frame, instr: &Instr) -> bool {
        let (first, second) = match *instr {
            Instr::Access(ref access) => (Some(access.memory), None),
            Instr::MemorySize(memory)
            | Instr::MemoryGrow(memory)
            | Instr::MemoryFill(memory)
            | Instr::MemoryInit { memory, .. } => (Some(memory), None),
            Instr::MemoryCopy { to, from } => (Some(to), Some(from)),
            _ => return false,
        };
        let shared = |memory: u32| shared(store, frame, memory).is_some();
        let stops = first.is_some_and(shared) || second.is_some_and(shared);
        stops && !std::mem::take(&mut self.granted)
    }

    /// The instruction on shared memory before which it stands.
    pub(crate) fn pending(&self, store: &Store) -> Option<Pending> {
        let frame = self.frames.last()?;
        // Operands, the last one first.
        let mut operands = self.stack.iter().rev().copied();
        let mut operand = || operands.next().unwrap_or_default();
        match frame.code.instrs[frame.pc] {
            Instr::Access(ref access) => {
                let memory = shared(store, frame, access.memory)?;
                let (mut expected, mut count) = (0, 0);
                match access.instruction.kind {
                    Kind::Load(_) | Kind::LoadExtend(..) | Kind::LoadSplat | Kind::AtomicLoad => {}
                    Kind::AtomicCmpxchg | Kind::Wait => {
                        operand();
                        expected = operand();
                    }
                    Kind::Notify => count = operand() as u32,
                    Kind::LoadLane
                    | Kind::Store
                    | Kind::StoreLane
                    | Kind::AtomicStore
                    | Kind::AtomicRmw(_) => drop(operand()),
                }
                let address = operand() as u64;
                Some(Pending::Access {
                    instruction: access.instruction,
                    range: Range {
                        memory,
                        at: u128::from(address) + u128::from(access.offset),
                        length: access.instruction.width.into(),
                    },
                    expected,
                    count,
                })
            }
            Instr::MemorySize(memory) => shared(store, frame, memory).map(Pending::Size),
            Instr::MemoryGrow(memory) => {
                let delta = operand() as u64;
                let memory = shared(store, frame, memory)?;
                Some(Pending::Grow(memory, delta))
            }
            Instr::MemoryFill(memory) => {
                let (length, _, at) = (operand(), operand(), operand());
                let written = range(store, frame, memory, at, length);
                written.is_some().then_some(Pending::Bulk {
                    read: None,
                    written,
                })
            }
            Instr::MemoryInit { memory, .. } => {
                let (length, _, at) = (operand(), operand(), operand());
                let written = range(store, frame, memory, at, length);
                written.is_some().then_some(Pending::Bulk {
                    read: None,
                    written,
                })
            }
            Instr::MemoryCopy { to, from } => {
                let (length, source, at) = (operand(), operand(), operand());
                let read = range(store, frame, from, source, length);
                let written = range(store, frame, to, at, length);
                let any = read.is_some() || written.is_some();
                any.then_some(Pending::Bulk { read, written })
            }
            _ => None,
        }
    }
}

/// The memory with this index, if it is shared.
fn shared(store: &Store, frame: &Frame, memory: u32) -> Option<MemoryId> {
    let instance = &store.instances[frame.instance as usize];
    let id = instance.memories[memory as usize];
    let memory = &store.memories[id as usize];
    memory.ty().shared.then_some(MemoryId(id))
}

fn range(store: &Store, frame: &Frame, memory: u32, at: Slot, length: Slot) -> Option<Range> {
    Some(Range {
        memory: shared(store, frame, memory)?,
        at: u128::from(at as u64),
        length: u128::from(length as u64),
    })
}
