//! Which bits of a result can depend on which bits of the operands.
//!
//! A *taint* is a set of bits of a value, a mask, that may be others than they
//! are. Given operands with their taints, [`Flow::of`] gives a taint of the
//! result that covers every value that the instruction can give when tainted
//! bits of operands are others. It may cover more.

#[cfg(test)]
mod tests;

use wasmparser::Operator;

use super::nan::Floats;
use super::{Numeric, Slot};

/// An operand: its bits, and which of them may be others.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tainted {
    pub(crate) bits: Slot,
    pub(crate) taint: Slot,
}

/// How taint goes through an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// Each bit of the result is one of the first operand's, or constant:
    /// the taint is moved as the value is. A shift by a tainted count, or a
    /// swizzle by tainted indices, can give anything.
    Move,
    /// The same, the bits turned round on the way.
    Not,
    And,
    AndNot,
    Or,
    Xor,
    Bitselect,
    /// The sign of the second operand.
    CopySign,
    /// Sums and products of so many bits: a bit depends on those below it.
    Carry(u32),
    /// A lane of so many bits depends on the lanes at its place; a scalar is a
    /// lane. Results are floats or integers.
    Lanes(u32),
    /// The same for operands that are floats, where a NaN is as good as
    /// another.
    Floats {
        /// Those of the operands.
        operands: Floats,
        /// The width of a lane of the result.
        result: u32,
    },
    /// The first operand's lane or the second's, whichever is less or greater.
    Pick(Floats),
    /// The result is one of these bits, each of which depends on everything.
    Whole(Slot),
}

/// The widths of lanes, by the first word of an instruction's name.
fn lane(shape: &str) -> u32 {
    match shape {
        "I8x16" => 8,
        "I16x8" => 16,
        "I32x4" | "F32x4" | "I32" | "F32" => 32,
        "I64x2" | "F64x2" | "I64" | "F64" => 64,
        _ => 128,
    }
}

fn floats(shape: &str) -> Option<Floats> {
    Some(match shape {
        "F32" => Floats::F32,
        "F64" => Floats::F64,
        "F32x4" => Floats::F32x4,
        "F64x2" => Floats::F64x2,
        _ => return None,
    })
}

const SHAPES: [&str; 11] = [
    "I8x16", "I16x8", "I32x4", "I64x2", "F32x4", "F64x2", "V128", "I32", "I64", "F32", "F64",
];

/// Instructions on vectors of integers of which each lane of the result is made
/// of the lanes at its place.
const LANEWISE: &[&str] = &[
    "Add",
    "Sub",
    "Mul",
    "Neg",
    "Abs",
    "Popcnt",
    "MinS",
    "MinU",
    "MaxS",
    "MaxU",
    "AvgrU",
    "AddSatS",
    "AddSatU",
    "SubSatS",
    "SubSatU",
    "Q15MulrSatS",
    "Eq",
    "Ne",
    "LtS",
    "LtU",
    "GtS",
    "GtU",
    "LeS",
    "LeU",
    "GeS",
    "GeU",
    "Eqz",
];

impl Flow {
    /// The flow of a numeric instruction.
    pub(crate) fn by(op: &Operator<'_>) -> Flow {
        let name = name(op);
        let shape = SHAPES.iter().find(|shape| name.starts_with(**shape));
        let shape = shape.copied().unwrap_or_default();
        let rest = &name[shape.len()..];
        let is_vector = shape.contains('x') || shape == "V128";
        let width = lane(shape);
        match (shape, rest) {
            ("V128", "Not") => return Flow::Not,
            ("V128", "AnyTrue") => return Flow::Whole(1),
            ("V128" | "I32" | "I64", "And") => return Flow::And,
            ("V128" | "I32" | "I64", "Or") => return Flow::Or,
            ("V128" | "I32" | "I64", "Xor") => return Flow::Xor,
            ("V128", "AndNot") => return Flow::AndNot,
            ("V128", "Bitselect") => return Flow::Bitselect,
            _ => {}
        }
        let moves = [
            "Reinterpret",
            "ExtractLane",
            "ReplaceLane",
            "Splat",
            "Shuffle",
            "Swizzle",
        ];
        let shifts = ["Shl", "ShrS", "ShrU", "Rotl", "Rotr"];
        if moves.iter().any(|word| rest.starts_with(word)) || shifts.contains(&rest) {
            return Flow::Move;
        }
        if let Some(operands) = floats(shape) {
            match rest {
                "Neg" => return Flow::Not,
                "Abs" => return Flow::Move,
                "Copysign" => return Flow::CopySign,
                "PMin" | "PMax" => return Flow::Pick(operands),
                "DemoteF64" => return Flow::floats(Floats::F64, 32),
                "PromoteF32" => return Flow::floats(Floats::F32, 64),
                "DemoteF64x2Zero" => return Flow::floats(Floats::F64x2, 32),
                "PromoteLowF32x4" => return Flow::floats(Floats::F32x4, 64),
                "ConvertLowI32x4S" | "ConvertLowI32x4U" => return Flow::Whole(Slot::MAX),
                _ if rest.starts_with("Convert") && is_vector => return Flow::Lanes(width),
                _ if rest.starts_with("Convert") => return Flow::Whole(ones(width)),
                _ => {}
            }
            let is_comparison = matches!(rest, "Eq" | "Ne" | "Lt" | "Gt" | "Le" | "Ge");
            let result = if is_comparison && !is_vector {
                1
            } else {
                width
            };
            return Flow::floats(operands, result);
        }
        if let Some(of) = rest.strip_prefix("TruncSat").or(rest.strip_prefix("Trunc")) {
            // Two floats become the two low lanes.
            let operands = SHAPES.iter().find(|shape| of.starts_with(**shape));
            if let Some(operands) = operands.and_then(|shape| floats(shape)) {
                return Flow::floats(operands, width);
            }
        }
        match (is_vector, rest) {
            (true, "AllTrue") => Flow::Whole(1),
            (true, "Bitmask") => Flow::Whole(0xffff),
            (true, rest) if LANEWISE.contains(&rest) => Flow::Lanes(width),
            (true, _) => Flow::Whole(Slot::MAX),
            (false, "Add" | "Sub" | "Mul") => Flow::Carry(width),
            (
                false,
                "Eqz" | "Eq" | "Ne" | "LtS" | "LtU" | "GtS" | "GtU" | "LeS" | "LeU" | "GeS" | "GeU",
            ) => Flow::Whole(1),
            (false, rest) if rest.starts_with("Extend") || rest == "WrapI64" => Flow::Move,
            (false, _) => Flow::Whole(ones(width)),
        }
    }

    fn floats(operands: Floats, result: u32) -> Flow {
        Flow::Floats { operands, result }
    }

    /// The taint of what `numeric` gives of these operands, the first one first.
    pub(crate) fn of(self, numeric: &Numeric, operands: &[Tainted]) -> Slot {
        if operands.iter().all(|operand| operand.taint == 0) {
            return 0;
        }
        let (a, b) = (operands[0], operands.get(1).copied().unwrap_or_default());
        let all = a.taint | b.taint;
        match self {
            Flow::Move => moved(numeric, a, b),
            Flow::Not => a.taint,
            Flow::And => a.taint & (b.bits | b.taint) | b.taint & (a.bits | a.taint),
            Flow::AndNot => a.taint & (!b.bits | b.taint) | b.taint & (a.bits | a.taint),
            Flow::Or => a.taint & (!b.bits | b.taint) | b.taint & (!a.bits | a.taint),
            Flow::Xor => all,
            Flow::Bitselect => {
                let mask = operands[2];
                let (kept, left) = (mask.bits | mask.taint, !mask.bits | mask.taint);
                a.taint & kept | b.taint & left | mask.taint & (a.bits ^ b.bits | all)
            }
            Flow::CopySign => match numeric {
                Numeric::Binary(f) => f(a.taint, b.taint),
                _ => Slot::MAX,
            },
            Flow::Carry(width) => ones(width) & Slot::MAX << all.trailing_zeros(),
            Flow::Lanes(width) => spread(all, width),
            Flow::Floats {
                operands: floats,
                result,
            } => {
                let lanes = (0..floats.lanes().min(128 / result)).filter(|&lane| {
                    let open = |operand: &Tainted| !floats.is_known(lane, *operand);
                    operands.iter().any(open)
                });
                lanes.fold(0, |taint, lane| taint | ones(result) << (lane * result))
            }
            Flow::Pick(floats) => (0..floats.lanes()).fold(0, |taint, lane| {
                let known = [a, b].iter().all(|&operand| floats.is_known(lane, operand));
                let nan = [a, b].iter().any(|&operand| floats.is_nan(lane, operand));
                let lane = ones(floats.width()) << (lane * floats.width());
                // With a NaN both comparisons fail, which picks the first.
                match (known, nan) {
                    (true, true) => taint | a.taint & lane,
                    (true, false) if all & lane == 0 => taint,
                    _ => taint | lane,
                }
            }),
            Flow::Whole(bits) => bits,
        }
    }
}

/// The taint of an operand that is moved, as `numeric` moves it.
fn moved(numeric: &Numeric, a: Tainted, b: Tainted) -> Slot {
    match *numeric {
        Numeric::Unary(f) => f(a.taint),
        Numeric::UnaryLane(f, lane) => f(a.taint, lane),
        Numeric::BinaryLane(f, lane) => f(a.taint, b.taint, lane),
        Numeric::Binary(f) if b.taint == 0 => f(a.taint, b.bits),
        Numeric::Shuffle(_) => numeric.shuffled(a.taint, b.taint),
        _ => Slot::MAX,
    }
}

/// So many ones, from the least significant bit.
pub(crate) fn ones(bits: u32) -> Slot {
    match bits {
        128.. => Slot::MAX,
        bits => (1 << bits) - 1,
    }
}

/// Every lane that has a tainted bit, wholly tainted.
fn spread(taint: Slot, width: u32) -> Slot {
    (0..128 / width)
        .map(|lane| ones(width) << (lane * width))
        .filter(|lane| taint & lane != 0)
        .fold(0, |all, lane| all | lane)
}

/// The name of an instruction, as wasmparser has it.
fn name(op: &Operator<'_>) -> &'static str {
    macro_rules! names {
        ($( @$proposal:ident $op:ident $({ $($payload:tt)* })? => $visit:ident ($($ann:tt)*) )*) => {
            match op {
                $( Operator::$op { .. } => stringify!($op), )*
                _ => "",
            }
        };
    }
    wasmparser::for_each_operator!(names)
}
