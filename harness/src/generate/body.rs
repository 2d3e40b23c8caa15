//! A function body being written, and what its calls have to know of it.

use wasm_encoder::{Ieee32, Ieee64, Instruction, MemArg, MemArgTarget, ValType};

use super::address::{Address, Operand};
use super::dice::Dice;
use super::edge;
use super::module::{Function, Plan};

/// What a parameter is for, where no [`Use`] says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A value to store or to compare with.
    Value,
    /// Nanoseconds to wait: few, never negative (which would be for ever).
    Timeout,
    /// A condition.
    Flag,
}

/// What a function does to memory: enough to choose arguments that hit edges.
#[derive(Clone, Debug)]
pub(super) enum Use {
    /// An access.
    Access {
        memory: u32,
        address: Address,
        width: u64,
        /// How many bytes further it goes, in a loop.
        reach: u64,
        /// Whether it has to be aligned.
        aligned: bool,
    },
    /// One end of a bulk operation.
    Range {
        area: Area,
        address: Address,
        length: Operand,
    },
    /// A grow.
    Grow { memory: u32, delta: Operand },
}

/// What a bulk operation reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Area {
    /// A memory.
    Memory(u32),
    /// A data segment.
    Segment(u32),
}

/// Local variables are numbered from here until the parameters are all known.
const LOCALS: u32 = 1 << 16;

/// A function body.
pub(super) struct Body<'p> {
    pub(super) plan: &'p Plan,
    params: Vec<(ValType, Role)>,
    locals: Vec<ValType>,
    code: Vec<Instruction<'static>>,
    uses: Vec<Use>,
    results: Vec<(ValType, u32)>,
    /// Results are folded into this local instead of being returned one by one.
    accumulator: Option<u32>,
    /// Whether no access is preceded by another one at the same address.
    straight: bool,
}

impl<'p> Body<'p> {
    pub(super) fn new(plan: &'p Plan) -> Self {
        Body {
            plan,
            params: Vec::new(),
            locals: Vec::new(),
            code: Vec::new(),
            uses: Vec::new(),
            results: Vec::new(),
            accumulator: None,
            straight: false,
        }
    }

    /// From now on, values to store and to compare with are not loaded from
    /// where they go: the load would trap first.
    pub(super) fn go_straight(&mut self) {
        self.straight = true;
    }

    /// Returns one number made of all results instead of the results.
    pub(super) fn accumulate(&mut self) {
        self.accumulator = Some(self.local(ValType::I64));
    }

    /// Whether [`Self::go_straight`] was asked for.
    pub(super) fn is_straight(&self) -> bool {
        self.straight
    }

    pub(super) fn emit(&mut self, instruction: Instruction<'static>) {
        self.code.push(instruction);
    }

    /// A new parameter whose argument is chosen by the [`Use`] it appears in.
    pub(super) fn param(&mut self, ty: ValType) -> u32 {
        self.param_for(ty, Role::Value)
    }

    pub(super) fn param_for(&mut self, ty: ValType, role: Role) -> u32 {
        self.params.push((ty, role));
        self.params.len() as u32 - 1
    }

    pub(super) fn local(&mut self, ty: ValType) -> u32 {
        self.locals.push(ty);
        LOCALS + self.locals.len() as u32 - 1
    }

    pub(super) fn push_const(&mut self, ty: ValType, value: u64) {
        self.emit(constant(ty, value));
    }

    pub(super) fn push_operand(&mut self, ty: ValType, operand: Operand) {
        match operand {
            Operand::Param(param) => self.emit(Instruction::LocalGet(param)),
            Operand::Const(value) => self.push_const(ty, value),
        }
    }

    /// Pushes a value to store: a parameter or a constant.
    pub(super) fn push_value(&mut self, dice: &mut Dice<'_, '_>, ty: ValType) {
        if dice.percent(60) {
            let param = self.param(ty);
            self.emit(Instruction::LocalGet(param));
        } else {
            let value = edge::value(dice);
            self.push_const(ty, value);
        }
    }

    pub(super) fn memarg(&self, memory: u32, offset: u64, align: u32) -> MemArg {
        MemArg {
            offset,
            align,
            target: MemArgTarget::Memory(memory),
            ordering: None,
        }
    }

    pub(super) fn uses(&mut self, what: Use) {
        self.uses.push(what);
    }

    /// Takes what is on top of the stack as a result of the function.
    pub(super) fn keep(&mut self, ty: ValType) {
        let Some(accumulator) = self.accumulator else {
            let local = self.local(ty);
            self.emit(Instruction::LocalSet(local));
            self.results.push((ty, local));
            return;
        };
        match ty {
            ValType::I32 => self.emit(Instruction::I64ExtendI32U),
            ValType::F32 => {
                self.emit(Instruction::I32ReinterpretF32);
                self.emit(Instruction::I64ExtendI32U);
            }
            ValType::F64 => self.emit(Instruction::I64ReinterpretF64),
            ValType::V128 => {
                let local = self.local(ty);
                self.emit(Instruction::LocalTee(local));
                self.emit(Instruction::I64x2ExtractLane(0));
                self.emit(Instruction::LocalGet(local));
                self.emit(Instruction::I64x2ExtractLane(1));
                self.push_const(ValType::I64, 3);
                self.emit(Instruction::I64Rotl);
                self.emit(Instruction::I64Add);
            }
            _ => {}
        }
        self.emit(Instruction::LocalGet(accumulator));
        self.push_const(ValType::I64, 7);
        self.emit(Instruction::I64Rotl);
        self.emit(Instruction::I64Xor);
        self.emit(Instruction::LocalSet(accumulator));
    }

    /// The finished function, exported as `name`.
    pub(super) fn finish(mut self, name: String) -> Function {
        let mut results = Vec::new();
        if let Some(accumulator) = self.accumulator {
            self.emit(Instruction::LocalGet(accumulator));
            results.push(ValType::I64);
        }
        for (ty, local) in std::mem::take(&mut self.results) {
            self.emit(Instruction::LocalGet(local));
            results.push(ty);
        }
        self.emit(Instruction::End);
        self.build(name, results)
    }

    /// The finished function, with results that its code already leaves.
    pub(super) fn build(mut self, name: String, results: Vec<ValType>) -> Function {
        let first = self.params.len() as u32;
        for instruction in &mut self.code {
            if let Instruction::LocalGet(index)
            | Instruction::LocalSet(index)
            | Instruction::LocalTee(index) = instruction
                && *index >= LOCALS
            {
                *index = *index - LOCALS + first;
            }
        }
        Function {
            name,
            params: self.params,
            results,
            locals: self.locals,
            code: self.code,
            uses: self.uses,
        }
    }
}

/// A constant made of the low bits of `value`.
pub(super) fn constant(ty: ValType, value: u64) -> Instruction<'static> {
    match ty {
        ValType::I32 => Instruction::I32Const(value as u32 as i32),
        ValType::F32 => Instruction::F32Const(Ieee32::new(value as u32)),
        ValType::F64 => Instruction::F64Const(Ieee64::new(value)),
        ValType::V128 => Instruction::V128Const(vector(value)),
        _ => Instruction::I64Const(value as i64),
    }
}

/// A vector whose halves differ, made of one number.
pub(super) fn vector(value: u64) -> i128 {
    (u128::from(value.rotate_left(24) ^ 0x1122_3344_5566_7788) << 64 | u128::from(value)) as i128
}
