//! The function that does what a point says.

use trapline_reference::Value;
use wasm_encoder::{BlockType, Instruction as I, MemArg, MemArgTarget, ValType};

use super::arguments::{ADDEND, arguments, operand_or_delta};
use crate::sweep::Point;
use crate::sweep::space::{Before, Form};

/// Where an operand is kept that is loaded from memory.
const SLOT: u64 = 64;

/// What a function finds in its module.
pub(super) struct Surroundings {
    /// The index of the memory.
    pub(super) memory: u32,
    /// The functions that grow it: here, in the embedder, in another instance.
    pub(super) callee: Option<u32>,
    pub(super) host: Option<u32>,
    pub(super) foreign: Option<u32>,
}

/// A function.
pub(super) struct Code {
    pub(super) params: Vec<ValType>,
    pub(super) results: Vec<ValType>,
    pub(super) locals: Vec<ValType>,
    pub(super) code: Vec<I<'static>>,
}

/// The function of a point, and of all points of its shape.
pub(super) fn function(point: &Point, around: &Surroundings) -> Code {
    let arguments = arguments(point);
    let params = arguments.iter().map(|argument| match argument {
        Value::I64(_) => ValType::I64,
        _ => ValType::I32,
    });
    let mut writer = Writer {
        point,
        around,
        params: params.collect(),
        results: Vec::new(),
        locals: Vec::new(),
        code: Vec::new(),
        at: None,
    };
    writer.prelude();
    writer.before();
    writer.action(true);
    let Writer {
        params,
        results,
        locals,
        code,
        ..
    } = writer;
    Code {
        params,
        results,
        locals,
        code,
    }
}

pub(super) struct Writer<'a> {
    pub(super) point: &'a Point,
    pub(super) around: &'a Surroundings,
    pub(super) params: Vec<ValType>,
    pub(super) results: Vec<ValType>,
    locals: Vec<ValType>,
    code: Vec<I<'static>>,
    /// The local that holds the operand, where that was worked out.
    at: Option<u32>,
}

impl Writer<'_> {
    pub(super) fn push(&mut self, instruction: I<'static>) {
        self.code.push(instruction);
    }

    pub(super) fn local(&mut self, ty: ValType) -> u32 {
        self.locals.push(ty);
        (self.params.len() + self.locals.len() - 1) as u32
    }

    /// Pushes a number of 64 bits or of 32.
    pub(super) fn constant(&mut self, value: u64, wide: bool) {
        self.push(match wide {
            true => I::I64Const(value as i64),
            false => I::I32Const(value as u32 as i32),
        });
    }

    pub(super) fn memarg(&self, offset: u64, align: u32) -> MemArg {
        MemArg {
            offset,
            align,
            target: MemArgTarget::Memory(self.around.memory),
            ordering: None,
        }
    }

    pub(super) fn offset(&self) -> u64 {
        self.point.offset.bytes(self.point.kind).unwrap_or(0)
    }

    /// Works out the operand, where it is more than a parameter or a constant.
    fn prelude(&mut self) {
        let wide = self.point.is_wide();
        let ty = if wide { ValType::I64 } else { ValType::I32 };
        let either = |narrow: I<'static>, wider: I<'static>| if wide { wider } else { narrow };
        match self.point.form {
            Form::Parameter | Form::Constant | Form::Folded | Form::None => return,
            Form::Sum => {
                self.push(I::LocalGet(0));
                self.constant(ADDEND, wide);
                self.push(either(I::I32Add, I::I64Add));
            }
            Form::Shifted => {
                self.push(I::LocalGet(0));
                self.constant(3, wide);
                self.push(either(I::I32Shl, I::I64Shl));
            }
            Form::Masked => {
                self.push(I::LocalGet(0));
                self.constant(if wide { 0xffff_ffff } else { 0x7fff_ffff }, wide);
                self.push(either(I::I32And, I::I64And));
            }
            Form::Wrapped => {
                self.push(I::LocalGet(0));
                self.push(I::I32WrapI64);
            }
            Form::Unsigned => {
                self.push(I::LocalGet(0));
                self.push(I::I64ExtendI32U);
            }
            Form::Signed => {
                self.push(I::LocalGet(0));
                self.push(I::I64ExtendI32S);
            }
            Form::Loaded => {
                let memarg = self.memarg(0, 2);
                let in_memory = self.point.kind.wide;
                self.constant(SLOT, in_memory);
                self.push(I::LocalGet(0));
                self.push(either(I::I32Store(memarg), I::I64Store(memarg)));
                self.constant(SLOT, in_memory);
                self.push(either(I::I32Load(memarg), I::I64Load(memarg)));
            }
        }
        let at = self.local(ty);
        self.push(I::LocalSet(at));
        self.at = Some(at);
    }

    /// Pushes the operand.
    pub(super) fn operand(&mut self) {
        let wide = self.point.is_wide();
        let operand = operand_or_delta(self.point);
        match (self.at, self.point.form) {
            (Some(at), _) => self.push(I::LocalGet(at)),
            (None, Form::Constant) => self.constant(operand, wide),
            (None, Form::Folded) => {
                self.constant(ADDEND, wide);
                self.constant(operand.wrapping_sub(ADDEND), wide);
                self.push(if wide { I::I64Add } else { I::I32Add });
            }
            (None, _) => self.push(I::LocalGet(0)),
        }
    }

    /// What goes before, in the same function.
    fn before(&mut self) {
        let (offset, before) = (self.offset(), self.point.before);
        let wide = self.point.kind.wide;
        if before.grows_within() || before == Before::GrowFails {
            self.touch();
        }
        let growth = self.point.kind.growth();
        match before {
            Before::Nothing | Before::GrowHostEarlier | Before::GrowOtherEarlier => {}
            Before::Narrower => self.load(I::I32Load8U(self.memarg(offset, 0))),
            Before::Wider => self.load(I::I64Load(self.memarg(offset, 0))),
            Before::Ahead => self.load(I::I32Load8U(self.memarg(offset + 8, 0))),
            Before::Same => self.action(false),
            Before::Maybe => {
                self.operand();
                if self.point.is_wide() {
                    self.push(I::I32WrapI64);
                }
                self.push(I::I32Const(1));
                self.push(I::I32And);
                self.push(I::If(BlockType::Empty));
                self.load(I::I32Load8U(self.memarg(offset, 0)));
                self.push(I::End);
            }
            Before::GrowFails => {
                let kind = self.point.kind;
                // With any page that is there, one more than can be.
                self.constant(kind.most_pages(), wide);
                self.push(I::MemoryGrow(self.around.memory));
                self.push(I::Drop);
            }
            Before::GrowHere => {
                self.constant(growth, wide);
                self.push(I::MemoryGrow(self.around.memory));
                self.push(I::Drop);
            }
            Before::GrowCallee => self.call(self.around.callee),
            Before::GrowForeign => self.call(self.around.foreign),
            Before::GrowHost => {
                self.push(I::I64Const(growth as i64));
                self.call(self.around.host);
                self.push(I::Drop);
            }
        }
    }

    /// Calls a function that is there, as whoever put the module together has seen to.
    fn call(&mut self, function: Option<u32>) {
        self.push(function.map_or(I::Unreachable, I::Call));
    }

    /// A load from the operand, whose result nobody uses.
    fn load(&mut self, load: I<'static>) {
        self.operand();
        self.push(load);
        self.push(I::Drop);
    }

    /// A load of the first byte, so that base and bound are at hand before a growth.
    fn touch(&mut self) {
        if self.point.bytes() > 0 {
            self.constant(0, self.point.kind.wide);
            self.push(I::I32Load8U(self.memarg(0, 0)));
            self.push(I::Drop);
        }
    }
}
