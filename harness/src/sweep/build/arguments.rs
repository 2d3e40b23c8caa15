//! What a point calls its function with, and which points call the same one.

use trapline_reference::{Kind as Access, Value};

use super::contents::{found, value};
use crate::sweep::Point;
use crate::sweep::space::{Action, Before, Form, Offset, Variant};

/// What is added to a parameter, or to another constant.
pub(super) const ADDEND: u64 = 0x1235;
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
pub(super) fn operand_or_delta(point: &Point) -> u64 {
    match point.operation().action {
        Action::Grow(delta) => delta.pages(point.kind, point.size).unwrap_or(0),
        _ => point.operand(),
    }
}

/// How many bytes a bulk operation is about.
pub(super) fn length(point: &Point) -> Option<u64> {
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
        arguments.push(bits(
            length.unwrap_or(0),
            wide.is_some_and(|(_, wide)| wide),
        ));
    }
    arguments
}

/// Which parameters a function has behind its address.
pub(super) struct Takes {
    pub(super) value: bool,
    pub(super) expected: Option<Variant>,
    pub(super) length: bool,
}

impl Takes {
    pub(super) fn of(point: &Point) -> Takes {
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
