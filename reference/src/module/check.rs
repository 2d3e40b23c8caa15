//! Our own validation of memories: types, instructions, segments.

use wasmparser::{MemArgTarget, Operator};

use crate::memory::{Instruction, Kind, limits};
use crate::types::{AddressType, MemoryType};
use crate::value::ValueType;

/// What is known of a module's memories while it is read.
#[derive(Default)]
pub(super) struct Memories {
    pub(super) types: Vec<MemoryType>,
    /// What the data count section says, if there is one.
    pub(super) data_count: Option<u32>,
}

/// Operands and results of an instruction, the last operand on top.
pub(super) struct Signature {
    pub(super) operands: Vec<ValueType>,
    pub(super) result: Option<ValueType>,
}

impl Memories {
    /// One more memory, if its type is valid.
    pub(super) fn add(&mut self, ty: MemoryType) -> Result<(), String> {
        limits::check_type(ty)?;
        self.types.push(ty);
        Ok(())
    }

    /// The address type of the memory with this index.
    pub(super) fn address(&self, index: u32) -> Result<AddressType, String> {
        match self.types.get(index as usize) {
            Some(ty) => Ok(ty.address),
            None => Err(format!("unknown memory {index}")),
        }
    }

    /// Checks an instruction that has to do with memories and gives its type;
    /// `None` for all others.
    /// <https://webassembly.github.io/spec/core/valid/instructions.html#memory-instructions>
    pub(super) fn check(&self, op: &Operator<'_>) -> Result<Option<Signature>, String> {
        use ValueType::I32;
        let (operands, result) = match *op {
            Operator::MemorySize { mem } => (vec![], Some(self.address(mem)?.value_type())),
            Operator::MemoryGrow { mem } => {
                let address = self.address(mem)?.value_type();
                (vec![address], Some(address))
            }
            Operator::MemoryFill { mem } => {
                let address = self.address(mem)?.value_type();
                (vec![address, I32, address], None)
            }
            Operator::MemoryCopy { dst_mem, src_mem } => {
                let (to, from) = (self.address(dst_mem)?, self.address(src_mem)?);
                let length = to.min(from).value_type();
                (vec![to.value_type(), from.value_type(), length], None)
            }
            Operator::MemoryInit { data_index, mem } => {
                let address = self.address(mem)?.value_type();
                self.segment(data_index)?;
                (vec![address, I32, I32], None)
            }
            Operator::DataDrop { data_index } => {
                self.segment(data_index)?;
                (vec![], None)
            }
            _ => match Instruction::of(op) {
                Some((instruction, memarg, lane)) => {
                    let MemArgTarget::Memory(index) = memarg.target else {
                        return Ok(None);
                    };
                    let address = self.address(index)?;
                    limits::check_access(instruction, address, memarg.align, memarg.offset, lane)?;
                    return Ok(Some(signature(instruction, address)));
                }
                None => return Ok(None),
            },
        };
        Ok(Some(Signature { operands, result }))
    }

    fn segment(&self, index: u32) -> Result<(), String> {
        match self.data_count {
            None => Err("data count section required".to_owned()),
            Some(count) if index < count => Ok(()),
            Some(_) => Err(format!("unknown data segment {index}")),
        }
    }
}

fn signature(instruction: &Instruction, address: AddressType) -> Signature {
    use ValueType::{I32, I64};
    let (address, value) = (address.value_type(), instruction.value);
    let (operands, result) = match instruction.kind {
        Kind::Load(_) | Kind::LoadExtend(..) | Kind::LoadSplat | Kind::AtomicLoad => {
            (vec![address], Some(value))
        }
        Kind::LoadLane => (vec![address, value], Some(value)),
        Kind::Store | Kind::StoreLane | Kind::AtomicStore => (vec![address, value], None),
        Kind::AtomicRmw(_) => (vec![address, value], Some(value)),
        Kind::AtomicCmpxchg => (vec![address, value, value], Some(value)),
        Kind::Notify => (vec![address, I32], Some(I32)),
        Kind::Wait => (vec![address, value, I64], Some(I32)),
    };
    Signature { operands, result }
}
