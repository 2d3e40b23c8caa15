//! The function that does what a point says, and what it is called with.

use trapline_reference::{Kind as Access, Value, ValueType};
use wasm_encoder::{BlockType, Instruction as I, MemArg, MemArgTarget, ValType};

use super::contents::{found, value};
use crate::generate::lane_instruction_named;
use crate::sweep::Point;
use crate::sweep::space::{Action, Before, Form, Offset, Variant};

/// What is added to a parameter, or to another constant.
const ADDEND: u64 = 0x1235;
/// Where an operand is kept that is loaded from memory.
const SLOT: u64 = 64;
/// Bits that do not count.
const GARBAGE: u64 = 0xdead_beef_0000_0000;

/// What tells functions apart: points of one shape call the same function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::sweep) struct Shape {
    operation: usize,
    form: Form,
    offset: Offset,
    before: Before,
    /// Operand and length where they are constants.
    constant: Option<(u64, u64)>,
}

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

impl Shape {
    pub(in crate::sweep) fn of(point: &Point) -> Shape {
        let is_constant = matches!(point.form, Form::Constant | Form::Folded);
        let constant = is_constant.then(|| (operand_or_delta(point), length(point).unwrap_or(0)));
        Shape {
            operation: point.operation,
            form: point.form,
            offset: point.offset,
            before: point.before,
            constant,
        }
    }
}

/// The operand; of a growth the number of pages.
fn operand_or_delta(point: &Point) -> u64 {
    match point.operation().action {
        Action::Grow(delta) => delta.pages(point.kind, point.size).unwrap_or(0),
        _ => point.operand(),
    }
}

/// How many bytes a bulk operation is about.
fn length(point: &Point) -> Option<u64> {
    let (length, wide) = point.length()?;
    length.bytes(point.effective()?, wide)
}

/// What the function of a point is called with.
pub(super) fn arguments(point: &Point) -> Vec<Value> {
    let mut arguments = Vec::new();
    let operand = operand_or_delta(point);
    let bits = |value: u64, wide: bool| match wide {
        true => Value::I64(value),
        false => Value::I32(value as u32),
    };
    let wide = point.is_wide();
    match point.form {
        Form::Constant | Form::Folded | Form::None => {}
        Form::Parameter | Form::Loaded => arguments.push(bits(operand, wide)),
        Form::Sum => arguments.push(bits(operand.wrapping_sub(ADDEND), wide)),
        Form::Shifted if wide => arguments.push(Value::I64(operand >> 3 | 5 << 61)),
        Form::Shifted => arguments.push(Value::I32(operand as u32 >> 3 | 5 << 29)),
        Form::Masked if wide => arguments.push(Value::I64(operand | GARBAGE)),
        Form::Masked => arguments.push(Value::I32(operand as u32 | 1 << 31)),
        Form::Wrapped => arguments.push(Value::I64(operand | GARBAGE)),
        Form::Unsigned | Form::Signed => arguments.push(Value::I32(operand as u32)),
    }
    let takes = Takes::of(point);
    if takes.value {
        arguments.push(Value::I64(value(point)));
    }
    if let Some(variant) = takes.expected {
        let width = point.operation().width;
        let there = found(point);
        arguments.push(Value::I64(match variant {
            Variant::EqualLow => there | (0xa5a5_a5a5_a5a5_a5a5 << (8 * width)),
            Variant::Unequal => there ^ 1 << (8 * width - 1),
            _ => there,
        }));
    }
    if takes.length {
        let (length, wide) = (length(point), point.length());
        arguments.push(bits(length.unwrap_or(0), wide.is_some_and(|(_, wide)| wide)));
    }
    arguments
}

/// Which parameters a function has behind its address.
struct Takes {
    value: bool,
    expected: Option<Variant>,
    length: bool,
}

impl Takes {
    fn of(point: &Point) -> Takes {
        let action = point.operation().action;
        let value = match action {
            Action::Access(row, _) => matches!(
                row.kind,
                Access::Store
                    | Access::StoreLane
                    | Access::LoadLane
                    | Access::AtomicStore
                    | Access::AtomicRmw(_)
                    | Access::AtomicCmpxchg
            ),
            Action::Fill(_) => true,
            _ => false,
        };
        let expected = match action {
            Action::Access(row, variant)
                if matches!(row.kind, Access::AtomicCmpxchg | Access::Wait) =>
            {
                Some(variant)
            }
            _ => None,
        };
        let is_constant = matches!(point.form, Form::Constant | Form::Folded);
        Takes {
            value,
            expected,
            length: point.length().is_some() && !is_constant,
        }
    }
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

struct Writer<'a> {
    point: &'a Point,
    around: &'a Surroundings,
    params: Vec<ValType>,
    results: Vec<ValType>,
    locals: Vec<ValType>,
    code: Vec<I<'static>>,
    /// The local that holds the operand, where that was worked out.
    at: Option<u32>,
}

impl Writer<'_> {
    fn push(&mut self, instruction: I<'static>) {
        self.code.push(instruction);
    }

    fn local(&mut self, ty: ValType) -> u32 {
        self.locals.push(ty);
        (self.params.len() + self.locals.len() - 1) as u32
    }

    /// Pushes a number of 64 bits or of 32.
    fn constant(&mut self, value: u64, wide: bool) {
        self.push(match wide {
            true => I::I64Const(value as i64),
            false => I::I32Const(value as u32 as i32),
        });
    }

    fn memarg(&self, offset: u64, align: u32) -> MemArg {
        MemArg {
            offset,
            align,
            target: MemArgTarget::Memory(self.around.memory),
            ordering: None,
        }
    }

    fn offset(&self) -> u64 {
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
    fn operand(&mut self) {
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

    /// The operation itself; its results are those of the function, or dropped.
    fn action(&mut self, keep: bool) {
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
                self.results.push(if wide { ValType::I64 } else { ValType::I32 });
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
