//! The operation of a point, in the function that does it.

use trapline_reference::{Kind as Access, ValueType};
use wasm_encoder::{Instruction as I, ValType};

use super::arguments::{Takes, length};
use super::function::Writer;
use crate::generate::lane_instruction_named;
use crate::sweep::space::{Action, Offset, Variant};

impl Writer<'_> {
    /// The operation itself; its results are those of the function, or dropped.
    // Long, as it has an arm for each action.
    pub(super) fn action(&mut self, keep: bool) {
        let wide = self.point.kind.wide;
        let memory = self.around.memory;
        match self.point.operation().action {
            Action::Access(row, variant) => self.access(row, variant, keep),
            Action::Fill(_) => {
                self.operand();
                self.value(ValueType::I32);
                self.length();
                self.push(I::MemoryFill(memory));
            }
            Action::CopyTo(_) => {
                self.operand();
                self.constant(0, wide);
                self.length();
                self.copy(memory, memory);
            }
            Action::CopyFrom(_) => {
                self.constant(0, wide);
                self.operand();
                self.length();
                self.copy(memory, memory);
            }
            Action::CopyUp | Action::CopyDown => {
                let up = matches!(self.point.operation().action, Action::CopyUp);
                for below in [!up, up] {
                    self.operand();
                    if below {
                        self.constant(3, wide);
                        self.push(if wide { I::I64Sub } else { I::I32Sub });
                    }
                }
                self.constant(17, wide);
                self.copy(memory, memory);
            }
            Action::CopyIn(_) => {
                self.operand();
                self.constant(0, false);
                self.length();
                self.copy(0, memory);
            }
            Action::CopyOut(_) => {
                self.constant(0, false);
                self.operand();
                self.length();
                self.copy(memory, 0);
            }
            Action::Init(_) => {
                self.operand();
                self.constant(0, false);
                self.length();
                self.init(0);
            }
            Action::InitFrom(length) => {
                self.constant(0, wide);
                self.operand();
                self.constant(length, false);
                self.init(0);
            }
            Action::Dropped(length) | Action::InitActive(length) => {
                let segment = match self.point.operation().action {
                    Action::Dropped(_) => 1,
                    _ => 2,
                };
                if segment == 1 {
                    self.push(I::DataDrop(segment));
                }
                self.operand();
                self.constant(0, false);
                self.constant(length, false);
                self.init(segment);
            }
            Action::Size => self.size(),
            Action::Grow(_) => {
                self.operand();
                self.push(I::MemoryGrow(memory));
                self.results
                    .push(if wide { ValType::I64 } else { ValType::I32 });
                self.size();
            }
            // Steps of the script, and no function.
            Action::Segment(_) | Action::HostGrow(_) | Action::New => {}
        }
    }

    fn size(&mut self) {
        self.push(I::MemorySize(self.around.memory));
        self.results.push(match self.point.kind.wide {
            true => ValType::I64,
            false => ValType::I32,
        });
    }

    fn copy(&mut self, src_mem: u32, dst_mem: u32) {
        self.push(I::MemoryCopy { src_mem, dst_mem });
    }

    fn init(&mut self, data_index: u32) {
        self.push(I::MemoryInit {
            mem: self.around.memory,
            data_index,
        });
    }

    /// Pushes the length of a bulk operation: the last parameter, or a constant.
    fn length(&mut self) {
        let is_parameter = Takes::of(self.point).length;
        match is_parameter {
            true => self.push(I::LocalGet(self.params.len() as u32 - 1)),
            false => {
                let wide = self.point.length().is_some_and(|(_, wide)| wide);
                self.constant(length(self.point).unwrap_or(0), wide);
            }
        }
    }

    /// Pushes what is stored, as a value of this type.
    fn value(&mut self, ty: ValueType) {
        let behind = Takes::of(self.point);
        let later = u32::from(behind.expected.is_some()) + u32::from(behind.length);
        self.number(self.params.len() as u32 - 1 - later, ty);
    }

    /// Pushes what is expected.
    fn expected(&mut self, ty: ValueType) {
        self.number(self.params.len() as u32 - 1, ty);
    }

    /// Pushes a parameter of 64 bits as a value of another type.
    fn number(&mut self, param: u32, ty: ValueType) {
        self.push(I::LocalGet(param));
        match ty {
            ValueType::I64 => {}
            ValueType::F32 => {
                self.push(I::I32WrapI64);
                self.push(I::F32ReinterpretI32);
            }
            ValueType::F64 => self.push(I::F64ReinterpretI64),
            ValueType::V128 => {
                self.push(I::I64x2Splat);
                self.push(I::LocalGet(param));
                self.push(I::I64Const(13));
                self.push(I::I64Rotl);
                self.push(I::I64x2ReplaceLane(1));
            }
            _ => self.push(I::I32WrapI64),
        }
    }

    /// An instruction with an effective address.
    fn access(&mut self, row: &trapline_reference::Instruction, variant: Variant, keep: bool) {
        let natural = row.width.ilog2();
        let hint = match self.point.offset {
            Offset::Small if !row.kind.is_atomic() => 0,
            _ => natural,
        };
        let lane = match variant {
            Variant::LastLane => (16 / row.width - 1) as u8,
            _ => 0,
        };
        let memarg = self.memarg(self.offset(), hint);
        self.operand();
        let gives = match row.kind {
            Access::Store | Access::StoreLane | Access::AtomicStore => {
                self.value(row.value);
                None
            }
            Access::LoadLane | Access::AtomicRmw(_) => {
                self.value(row.value);
                Some(row.value)
            }
            Access::AtomicCmpxchg => {
                self.expected(row.value);
                self.value(row.value);
                Some(row.value)
            }
            Access::Wait => {
                self.expected(row.value);
                // It is over at once.
                self.push(I::I64Const(0));
                Some(ValueType::I32)
            }
            Access::Notify => {
                self.push(I::I32Const(7));
                Some(ValueType::I32)
            }
            Access::Load(_) | Access::LoadExtend(..) | Access::LoadSplat | Access::AtomicLoad => {
                Some(row.value)
            }
        };
        let made = lane_instruction_named(row.name, memarg, lane);
        self.push(made.unwrap_or(I::Unreachable));
        match gives {
            Some(ty) if keep => self.result(ty),
            Some(_) => self.push(I::Drop),
            None => {}
        }
    }

    /// Makes what is on the stack results: bits, so that no engine changes a NaN.
    fn result(&mut self, ty: ValueType) {
        match ty {
            ValueType::I64 => self.results.push(ValType::I64),
            ValueType::F32 => {
                self.push(I::I32ReinterpretF32);
                self.results.push(ValType::I32);
            }
            ValueType::F64 => {
                self.push(I::I64ReinterpretF64);
                self.results.push(ValType::I64);
            }
            ValueType::V128 => {
                let vector = self.local(ValType::V128);
                self.push(I::LocalTee(vector));
                self.push(I::I64x2ExtractLane(0));
                self.push(I::LocalGet(vector));
                self.push(I::I64x2ExtractLane(1));
                self.results.extend([ValType::I64, ValType::I64]);
            }
            _ => self.results.push(ValType::I32),
        }
    }
}
