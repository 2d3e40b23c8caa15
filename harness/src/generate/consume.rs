//! What becomes of a loaded value: operations that compilers fuse with a load.
//!
//! All of them are exact or made so: where the specification leaves the bits
//! of a NaN open, the result is replaced by a constant if it is a NaN.
//! <https://webassembly.github.io/spec/core/exec/numerics.html#nan-propagation>

use wasm_encoder::{Instruction as I, ValType};

use super::body::Body;
use super::dice::Dice;
use super::edge;

impl Body<'_> {
    /// Keeps what a load left on the stack, mostly as it is.
    pub(super) fn consume(&mut self, dice: &mut Dice<'_, '_>, ty: ValType) {
        let (operated, selected) = if self.is_straight() {
            (75, 25)
        } else {
            (35, 10)
        };
        if !dice.percent(operated) {
            return self.keep(ty);
        }
        if dice.percent(selected) {
            self.push_value(dice, ty);
            self.push_flag(dice);
            self.emit(I::Select);
            return self.keep(ty);
        }
        let kept = match ty {
            ValType::I32 => self.consume_i32(dice),
            ValType::I64 => self.consume_i64(dice),
            ValType::F32 => self.consume_f32(dice),
            ValType::F64 => self.consume_f64(dice),
            _ => self.consume_v128(dice),
        };
        self.keep(kept);
    }

    fn consume_i32(&mut self, dice: &mut Dice<'_, '_>) -> ValType {
        let (instruction, result) = dice.pick(&[
            (I::I64ExtendI32U, ValType::I64),
            (I::I64ExtendI32S, ValType::I64),
            (I::I32Extend8S, ValType::I32),
            (I::I32Extend16S, ValType::I32),
            (I::I32Eqz, ValType::I32),
            (I::I32Clz, ValType::I32),
            (I::I32Popcnt, ValType::I32),
            (I::F32ReinterpretI32, ValType::F32),
            (I::F64ConvertI32U, ValType::F64),
            (I::F32ConvertI32S, ValType::F32),
            (I::I32Add, ValType::I32),
            (I::I32And, ValType::I32),
            (I::I32LtU, ValType::I32),
            (I::I32Mul, ValType::I32),
        ]);
        self.operate(dice, ValType::I32, instruction);
        result
    }

    fn consume_i64(&mut self, dice: &mut Dice<'_, '_>) -> ValType {
        let (instruction, result) = dice.pick(&[
            (I::I32WrapI64, ValType::I32),
            (I::I64Extend8S, ValType::I64),
            (I::I64Extend16S, ValType::I64),
            (I::I64Extend32S, ValType::I64),
            (I::I64Eqz, ValType::I32),
            (I::I64Ctz, ValType::I64),
            (I::F64ReinterpretI64, ValType::F64),
            (I::F64ConvertI64S, ValType::F64),
            (I::F32ConvertI64U, ValType::F32),
            (I::I64Add, ValType::I64),
            (I::I64And, ValType::I64),
            (I::I64LtS, ValType::I32),
            (I::I64Sub, ValType::I64),
        ]);
        self.operate(dice, ValType::I64, instruction);
        result
    }

    /// One more operand, where the operation has two, and the operation.
    fn operate(&mut self, dice: &mut Dice<'_, '_>, ty: ValType, instruction: I<'static>) {
        match instruction {
            I::I32Add
            | I::I32And
            | I::I32LtU
            | I::I32Mul
            | I::I64Add
            | I::I64And
            | I::I64LtS
            | I::I64Sub => self.push_value(dice, ty),
            _ => {}
        }
        self.emit(instruction);
    }

    fn consume_f32(&mut self, dice: &mut Dice<'_, '_>) -> ValType {
        match dice.up_to(8) {
            0 => self.emit(I::F32Neg),
            1 => self.emit(I::F32Abs),
            2 => {
                self.push_value(dice, ValType::F32);
                self.emit(I::F32Copysign);
            }
            3 => {
                self.emit(I::I32ReinterpretF32);
                return ValType::I32;
            }
            4 => {
                self.emit(I::I32TruncSatF32S);
                return ValType::I32;
            }
            5 => {
                self.push_value(dice, ValType::F32);
                self.emit(I::F32Lt);
                return ValType::I32;
            }
            6 => {
                self.emit(I::F64PromoteF32);
                self.canonical(ValType::F64);
                return ValType::F64;
            }
            7 => {
                self.emit(dice.pick(&[I::F32Nearest, I::F32Ceil, I::F32Floor, I::F32Trunc]));
                self.canonical(ValType::F32);
            }
            _ => {
                self.push_value(dice, ValType::F32);
                self.emit(dice.pick(&[I::F32Add, I::F32Min, I::F32Mul]));
                self.canonical(ValType::F32);
            }
        }
        ValType::F32
    }

    fn consume_f64(&mut self, dice: &mut Dice<'_, '_>) -> ValType {
        match dice.up_to(7) {
            0 => self.emit(I::F64Neg),
            1 => self.emit(I::F64Abs),
            2 => {
                self.push_value(dice, ValType::F64);
                self.emit(I::F64Copysign);
            }
            3 => {
                self.emit(I::I64ReinterpretF64);
                return ValType::I64;
            }
            4 => {
                self.emit(I::I64TruncSatF64U);
                return ValType::I64;
            }
            5 => {
                self.emit(I::F32DemoteF64);
                self.canonical(ValType::F32);
                return ValType::F32;
            }
            6 => {
                self.emit(dice.pick(&[I::F64Nearest, I::F64Ceil, I::F64Floor, I::F64Sqrt]));
                self.canonical(ValType::F64);
            }
            _ => {
                self.push_value(dice, ValType::F64);
                self.emit(dice.pick(&[I::F64Add, I::F64Max, I::F64Sub]));
                self.canonical(ValType::F64);
            }
        }
        ValType::F64
    }

    fn consume_v128(&mut self, dice: &mut Dice<'_, '_>) -> ValType {
        match dice.up_to(9) {
            0 => self.emit(I::V128Not),
            1 => {
                self.push_value(dice, ValType::V128);
                self.emit(dice.pick(&[I::V128Xor, I::I32x4Add, I::I8x16AddSatU, I::I16x8Mul]));
            }
            2 => {
                self.emit(I::I64x2ExtractLane(dice.up_to(1) as u8));
                return ValType::I64;
            }
            3 => {
                self.emit(I::I8x16ExtractLaneS(dice.up_to(15) as u8));
                return ValType::I32;
            }
            4 => {
                self.emit(I::V128AnyTrue);
                return ValType::I32;
            }
            5 => {
                self.emit(I::I8x16Bitmask);
                return ValType::I32;
            }
            6 => self.emit(dice.pick(&[
                I::I16x8ExtendLowI8x16U,
                I::I32x4ExtendHighI16x8S,
                I::I64x2ExtendLowI32x4S,
            ])),
            7 => {
                self.push_value(dice, ValType::V128);
                let first = dice.up_to(31) as u8;
                let lanes = std::array::from_fn(|lane| (first + 3 * lane as u8) % 32);
                self.emit(I::I8x16Shuffle(lanes));
            }
            8 => {
                self.push_value(dice, ValType::I64);
                self.emit(I::I64x2ReplaceLane(dice.up_to(1) as u8));
            }
            _ => {
                self.emit(I::F32x4ExtractLane(dice.up_to(3) as u8));
                return ValType::F32;
            }
        }
        ValType::V128
    }

    /// Replaces a NaN on the stack by the one constant.
    fn canonical(&mut self, ty: ValType) {
        let local = self.local(ty);
        let (nan, ne) = if ty == ValType::F32 {
            (0x7fc0_0000, I::F32Ne)
        } else {
            (0x7ff8_0000_0000_0000, I::F64Ne)
        };
        self.emit(I::LocalSet(local));
        self.push_const(ty, nan);
        self.emit(I::LocalGet(local));
        self.emit(I::LocalGet(local));
        self.emit(I::LocalGet(local));
        self.emit(ne);
        self.emit(I::Select);
    }

    /// Pushes a condition.
    pub(super) fn push_flag(&mut self, dice: &mut Dice<'_, '_>) {
        if dice.percent(70) {
            let flag = self.param_for(ValType::I32, super::body::Role::Flag);
            self.emit(I::LocalGet(flag));
        } else {
            let value = edge::value(dice) & 1;
            self.push_const(ValType::I32, value);
        }
    }
}
