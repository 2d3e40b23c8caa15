//! Constant expressions.
//!
//! <https://webassembly.github.io/spec/core/valid/instructions.html#constant-expressions>

use wasmparser::{ConstExpr, Operator};

use super::Rejection;
use crate::numeric::{Numeric, Slot, numeric};
use crate::value::ValueType;

/// A constant expression, decoded.
pub(crate) struct Constant(Vec<Op>);

enum Op {
    Value(Slot),
    Global(u32),
    Func(u32),
    Binary(fn(Slot, Slot) -> Slot),
}

impl Constant {
    /// A reference to a function.
    pub(crate) fn func(index: u32) -> Constant {
        Constant(vec![Op::Func(index)])
    }

    /// Decodes an expression that is valid.
    pub(super) fn decode(expr: &ConstExpr<'_>) -> Result<Constant, Rejection> {
        let mut ops = Vec::new();
        let mut reader = expr.get_operators_reader();
        while !reader.eof() {
            ops.push(match reader.read()? {
                Operator::I32Const { value } => Op::Value(Slot::from(value as u32)),
                Operator::I64Const { value } => Op::Value(Slot::from(value as u64)),
                Operator::F32Const { value } => Op::Value(value.bits().into()),
                Operator::F64Const { value } => Op::Value(value.bits().into()),
                Operator::V128Const { value } => Op::Value(value.i128() as u128),
                Operator::RefNull { .. } => Op::Value(crate::value::NULL),
                Operator::RefFunc { function_index } => Op::Func(function_index),
                Operator::GlobalGet { global_index } => Op::Global(global_index),
                Operator::End => break,
                op => match numeric(&op) {
                    Some(Numeric::Binary(f)) => Op::Binary(f),
                    _ => return Err(Rejection::Unsupported("constant expression".to_owned())),
                },
            });
        }
        Ok(Constant(ops))
    }

    /// Its value, given those of globals and functions.
    pub(crate) fn evaluate(
        &self,
        global: impl Fn(u32) -> Slot,
        func: impl Fn(u32) -> Slot,
    ) -> Slot {
        let mut stack = Vec::with_capacity(2);
        for op in &self.0 {
            let value = match *op {
                Op::Value(value) => value,
                Op::Global(index) => global(index),
                Op::Func(index) => func(index),
                Op::Binary(f) => {
                    let right = stack.pop().expect("validated");
                    f(stack.pop().expect("validated"), right)
                }
            };
            stack.push(value);
        }
        stack.pop().expect("validated")
    }
}

/// The type of a constant expression that is an address, as far as its last
/// instruction tells; `global` gives the types of globals.
pub(super) fn address_type(
    expr: &ConstExpr<'_>,
    global: impl Fn(u32) -> Option<ValueType>,
) -> Result<Option<ValueType>, Rejection> {
    use Operator as O;
    let mut ty = None;
    let mut reader = expr.get_operators_reader();
    while !reader.eof() {
        ty = match reader.read()? {
            O::End => break,
            O::I32Const { .. } | O::I32Add | O::I32Sub | O::I32Mul => Some(ValueType::I32),
            O::I64Const { .. } | O::I64Add | O::I64Sub | O::I64Mul => Some(ValueType::I64),
            O::GlobalGet { global_index } => global(global_index),
            _ => None,
        };
    }
    Ok(ty)
}
