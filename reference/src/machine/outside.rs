//! Instructions on shared memory that somebody else executes: a thread stops before
//! each, says what it is, and is told what it gave.

use std::sync::Arc;

use super::Machine;
use crate::memory::{Kind, MemoryId, Request};
use crate::module::Instr;
use crate::numeric::Slot;
use crate::store::Store;

/// An instruction on a shared memory, with its operands.
#[derive(Clone, Debug)]
pub enum SharedInstruction {
    /// One of the table.
    Access {
        /// The memory.
        memory: MemoryId,
        /// What it is, and where.
        request: Request,
        /// The operands behind the address, in the order in which they were pushed; 0
        /// where there are fewer.
        operands: [u128; 2],
    },
    /// `memory.size`.
    Size(MemoryId),
    /// `memory.grow`, by so many pages.
    Grow(MemoryId, u64),
    /// `memory.fill`.
    Fill {
        /// The memory.
        memory: MemoryId,
        /// The first byte.
        at: u64,
        /// What is written.
        value: u8,
        /// How many bytes.
        length: u64,
    },
    /// `memory.copy`.
    Copy {
        /// The memory written to; one of the two is shared.
        to: MemoryId,
        /// The memory read from.
        from: MemoryId,
        /// The first byte written.
        at: u64,
        /// The first byte read.
        source: u64,
        /// How many bytes.
        length: u64,
    },
    /// `memory.init`.
    Init {
        /// The memory.
        memory: MemoryId,
        /// The first byte written.
        at: u64,
        /// The bytes of the segment.
        data: Arc<[u8]>,
        /// The first byte of the segment that is read.
        source: u64,
        /// How many bytes.
        length: u64,
    },
}

impl Machine {
    /// The instruction on shared memory before which it stands.
    pub(crate) fn shared_instruction(&self, store: &Store) -> Option<SharedInstruction> {
        let frame = self.frames.last()?;
        let instance = &store.instances[frame.instance as usize];
        let id = |memory: u32| MemoryId(instance.memories[memory as usize]);
        // The last operand has number 0.
        let operand = |number: usize| {
            let at = self.stack.len().checked_sub(number + 1);
            at.map_or(0, |at| self.stack[at])
        };
        let address = |number: usize| operand(number) as u64;
        Some(match frame.code.instrs[frame.pc] {
            Instr::Access(ref access) => {
                let behind = operands(access.instruction.kind);
                let operands = match behind {
                    0 => [0, 0],
                    1 => [operand(0), 0],
                    _ => [operand(1), operand(0)],
                };
                SharedInstruction::Access {
                    memory: id(access.memory),
                    request: Request {
                        site: instance.site(access.memory, frame.activation),
                        instruction: access.instruction,
                        offset: access.offset,
                        address: address(behind),
                        lane: access.lane,
                    },
                    operands,
                }
            }
            Instr::MemorySize(memory) => SharedInstruction::Size(id(memory)),
            Instr::MemoryGrow(memory) => SharedInstruction::Grow(id(memory), address(0)),
            Instr::MemoryFill(memory) => SharedInstruction::Fill {
                memory: id(memory),
                at: address(2),
                value: operand(1) as u8,
                length: address(0),
            },
            Instr::MemoryCopy { to, from } => SharedInstruction::Copy {
                to: id(to),
                from: id(from),
                at: address(2),
                source: address(1),
                length: address(0),
            },
            Instr::MemoryInit { data, memory } => SharedInstruction::Init {
                memory: id(memory),
                at: address(2),
                data: instance.data[data as usize].clone(),
                source: address(1),
                length: address(0),
            },
            _ => return None,
        })
    }

    /// The instruction before which it stands was executed, and gave this.
    pub(crate) fn executed(&mut self, result: Option<Slot>) {
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        let popped = match frame.code.instrs[frame.pc] {
            Instr::Access(ref access) => 1 + operands(access.instruction.kind),
            Instr::MemorySize(_) => 0,
            Instr::MemoryGrow(_) => 1,
            _ => 3,
        };
        frame.pc += 1;
        self.stack.truncate(self.stack.len() - popped);
        self.stack.extend(result);
    }
}

/// How many operands stand behind the address.
fn operands(kind: Kind) -> usize {
    match kind {
        Kind::Load(_) | Kind::LoadExtend(..) | Kind::LoadSplat | Kind::AtomicLoad => 0,
        Kind::AtomicCmpxchg | Kind::Wait => 2,
        Kind::LoadLane
        | Kind::Store
        | Kind::StoreLane
        | Kind::AtomicStore
        | Kind::AtomicRmw(_)
        | Kind::Notify => 1,
    }
}
