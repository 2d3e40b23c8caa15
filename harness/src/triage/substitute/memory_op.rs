//! The instructions that have to do with linear memory.

use trapline_reference::{Instruction, Kind, ValueType};
use wasm_encoder::{MemArg, ValType};
use wasmparser::{MemArgTarget, Operator};

use super::parts::{Parts, Signature};

/// An instruction with its immediates.
#[derive(Clone, Copy, Debug)]
pub(super) enum MemoryOp {
    /// One that accesses memory at an address.
    Access(Access),
    /// `memory.size`
    Size(u32),
    /// `memory.grow`
    Grow(u32),
    /// `memory.fill`
    Fill(u32),
    /// `memory.copy`
    Copy {
        /// The memory written to.
        to: u32,
        /// The memory read from.
        from: u32,
    },
    /// `memory.init`
    Init {
        /// The data segment.
        data: u32,
        /// The memory.
        memory: u32,
    },
    /// `data.drop`
    Drop(u32),
}

/// An instruction that accesses memory at an address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Access {
    /// Which.
    pub(super) row: &'static Instruction,
    /// The memory.
    pub(super) memory: u32,
    /// The static offset.
    pub(super) offset: u64,
    /// The alignment it promises, as a power of two.
    pub(super) align: u8,
    /// The lane, for instructions that have one.
    pub(super) lane: u8,
}

impl MemoryOp {
    /// The memory instruction that `op` is, if it is one.
    pub(super) fn of(op: &Operator<'_>) -> Option<MemoryOp> {
        Some(match *op {
            Operator::MemorySize { mem } => MemoryOp::Size(mem),
            Operator::MemoryGrow { mem } => MemoryOp::Grow(mem),
            Operator::MemoryFill { mem } => MemoryOp::Fill(mem),
            Operator::MemoryCopy { dst_mem, src_mem } => MemoryOp::Copy {
                to: dst_mem,
                from: src_mem,
            },
            Operator::MemoryInit { data_index, mem } => MemoryOp::Init {
                data: data_index,
                memory: mem,
            },
            Operator::DataDrop { data_index } => MemoryOp::Drop(data_index),
            _ => {
                let (row, memarg, lane) = Instruction::of(op)?;
                let MemArgTarget::Memory(memory) = memarg.target else {
                    return None;
                };
                MemoryOp::Access(Access {
                    row,
                    memory,
                    offset: memarg.offset,
                    align: memarg.align,
                    lane,
                })
            }
        })
    }

    /// The memories that it works on.
    pub(super) fn memories(self) -> impl Iterator<Item = u32> {
        let (one, other) = match self {
            MemoryOp::Access(Access { memory, .. })
            | MemoryOp::Size(memory)
            | MemoryOp::Grow(memory)
            | MemoryOp::Fill(memory)
            | MemoryOp::Init { memory, .. } => (Some(memory), None),
            MemoryOp::Copy { to, from } => (Some(to), Some(from)),
            MemoryOp::Drop(_) => (None, None),
        };
        one.into_iter().chain(other)
    }

    /// What it takes and what it gives.
    pub(super) fn signature(self, parts: &Parts<'_>) -> Signature {
        match self {
            MemoryOp::Access(access) => {
                let mut params = vec![parts.address(access.memory)];
                params.extend(access.values());
                (params, access.result().into_iter().collect())
            }
            MemoryOp::Size(memory) => (vec![], vec![parts.address(memory)]),
            MemoryOp::Grow(memory) => {
                let address = parts.address(memory);
                (vec![address], vec![address])
            }
            MemoryOp::Fill(memory) => {
                let address = parts.address(memory);
                (vec![address, ValType::I32, address], vec![])
            }
            MemoryOp::Copy { to, from } => {
                let length = parts.is_wide(to) && parts.is_wide(from);
                let length = if length { ValType::I64 } else { ValType::I32 };
                (vec![parts.address(to), parts.address(from), length], vec![])
            }
            MemoryOp::Init { memory, .. } => {
                let params = vec![parts.address(memory), ValType::I32, ValType::I32];
                (params, vec![])
            }
            MemoryOp::Drop(_) => (vec![], vec![]),
        }
    }
}

impl Access {
    /// Its immediates.
    pub(super) fn memarg(&self) -> MemArg {
        MemArg {
            offset: self.offset,
            align: self.align.into(),
            target: wasm_encoder::MemArgTarget::Memory(self.memory),
            ordering: None,
        }
    }

    /// The bytes of the instruction, given those it has, with a static offset
    /// of 0; `None` if it has none anyway.
    pub(super) fn without_offset(&self, raw: &[u8]) -> Option<Vec<u8>> {
        if self.offset == 0 {
            return None;
        }
        // The opcode, perhaps behind a prefix; the alignment; the memory if its
        // bit is set; the offset; the lane.
        let prefixed = matches!(raw.first(), Some(0xfc..=0xfe));
        let mut at = if prefixed {
            1 + leb_length(&raw[1..])
        } else {
            1
        };
        let named = raw[at] & 0x40 != 0;
        at += leb_length(&raw[at..]);
        if named {
            at += leb_length(&raw[at..]);
        }
        let end = at + leb_length(&raw[at..]);
        let mut bytes = raw[..at].to_vec();
        bytes.push(0);
        bytes.extend(&raw[end..]);
        Some(bytes)
    }

    /// The types of the operands after the address.
    fn values(&self) -> Vec<ValType> {
        let value = val_type(self.row.value);
        match self.row.kind {
            Kind::Load(_) | Kind::LoadExtend(..) | Kind::LoadSplat | Kind::AtomicLoad => vec![],
            Kind::Store
            | Kind::LoadLane
            | Kind::StoreLane
            | Kind::AtomicStore
            | Kind::AtomicRmw(_) => vec![value],
            Kind::AtomicCmpxchg => vec![value, value],
            Kind::Wait => vec![value, ValType::I64],
            Kind::Notify => vec![ValType::I32],
        }
    }

    /// The type of what it gives.
    fn result(&self) -> Option<ValType> {
        match self.row.kind {
            Kind::Store | Kind::StoreLane | Kind::AtomicStore => None,
            Kind::Wait | Kind::Notify => Some(ValType::I32),
            _ => Some(val_type(self.row.value)),
        }
    }
}

/// How many bytes the number in front has.
fn leb_length(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|&&byte| byte & 0x80 != 0).count() + 1
}

fn val_type(ty: ValueType) -> ValType {
    match ty {
        ValueType::I32 => ValType::I32,
        ValueType::I64 => ValType::I64,
        ValueType::F32 => ValType::F32,
        ValueType::F64 => ValType::F64,
        ValueType::V128 => ValType::V128,
        ValueType::FuncRef => ValType::FUNCREF,
        ValueType::ExternRef => ValType::EXTERNREF,
    }
}
