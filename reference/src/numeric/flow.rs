//! Which bits of a result can depend on which bits of the operands.
//!
//! A *taint* is a set of bits of a value, a mask, that may be others than they
//! are. Given operands with their taints, [`Flow::of`] gives a taint of the
//! result that covers every value that the instruction can give when tainted
//! bits of operands are others. It may cover more.

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

#[cfg(test)]
mod tests {
    use super::super::numeric;
    use super::*;

    /// Every instruction of one or two operands that is a total function, on
    /// operands with random taints: whatever the tainted bits are, the result
    /// differs in no bit that is not tainted.
    #[test]
    fn no_result_differs_where_it_is_not_tainted() {
        let seed = std::cell::Cell::new(1_u128);
        let random = || {
            let next = seed
                .get()
                .wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645)
                .wrapping_add(0x5851_f42d_4c95_7f2d_1405_7b7e_f767_814f);
            seed.set(next);
            next.rotate_right((next >> 122) as u32)
        };
        let mut tried = 0;
        for bytes in all_numeric() {
            let op = read(&bytes).expect("it was read before");
            let numeric = numeric(&op).expect("it is numeric");
            let flow = Flow::by(&op);
            let width = match name(&op) {
                name if name.contains("F64") || name.contains("I64") => 64,
                _ => 32,
            };
            let is_vector = name(&op).contains('x') || name(&op).starts_with("V128");
            let within = if is_vector { Slot::MAX } else { ones(width) };
            for round in 0..300 {
                // Few bits, many, NaNs, and everything.
                let operand = || {
                    let taint = match round % 4 {
                        0 => random() & random() & random() & random() & random(),
                        1 => random(),
                        2 => 0,
                        _ => 0x803f_ffff_803f_ffff_8007_ffff_ffff_ffff,
                    };
                    let bits = match round % 3 {
                        0 => random(),
                        1 => 0x7fc0_0001_7fc0_0000_7ff8_0000_0000_0000,
                        _ => random() & 0x1f,
                    };
                    Tainted {
                        bits: bits & within,
                        taint: taint & within,
                    }
                };
                let (mut a, b, c) = (operand(), operand(), operand());
                if round % 4 == 2 {
                    a.taint = random() & within;
                }
                let operands = [a, b, c];
                let apply = |a: Slot, b: Slot, c: Slot| match numeric {
                    Numeric::Unary(f) => Some((1, f(a))),
                    Numeric::Binary(f) => Some((2, f(a, b))),
                    Numeric::Ternary(f) => Some((3, f(a, b, c))),
                    Numeric::UnaryLane(f, lane) => Some((1, f(a, lane))),
                    Numeric::BinaryLane(f, lane) => Some((2, f(a, b, lane))),
                    Numeric::Shuffle(_) => Some((2, numeric.shuffled(a, b))),
                    Numeric::TryUnary(_) | Numeric::TryBinary(_) => None,
                };
                let Some((count, first)) = apply(a.bits, b.bits, c.bits) else {
                    continue;
                };
                let taint = flow.of(&numeric, &operands[..count]);
                // Which NaN it is comes on top, where that is open.
                let open = super::super::opens(&op).map_or(0, |floats| floats.open_bits(first));
                for _ in 0..8 {
                    let other = |operand: Tainted| operand.bits ^ operand.taint & random();
                    let (_, second) = apply(other(a), other(b), other(c)).expect("it is the same");
                    let differs = (first ^ second) & !taint & !open;
                    assert_eq!(differs, 0, "{} {operands:x?} {taint:x}", name(&op));
                    tried += 1;
                }
            }
        }
        assert!(tried > 100_000, "{tried}");
    }

    fn read(bytes: &[u8]) -> Option<Operator<'_>> {
        let reader = wasmparser::BinaryReader::new(bytes, 0);
        wasmparser::OperatorsReader::new(reader).read().ok()
    }

    /// The encodings of all numeric instructions, lanes as they come.
    fn all_numeric() -> Vec<Vec<u8>> {
        let plain = (0..=0xff).map(|code| vec![code]);
        let saturating = (0..=0x20).map(|code| vec![0xfc, code]);
        let vectors = (0..=0x1ff_u32).map(|code| {
            let mut bytes = vec![0xfd, code as u8 | 0x80, (code >> 7) as u8];
            bytes.extend([1, 0, 17, 30, 4, 9, 2, 3, 8, 7, 6, 31, 12, 13, 14, 15]);
            bytes
        });
        let all = plain.chain(saturating).chain(vectors);
        let all: Vec<_> = all
            .filter(|bytes| read(bytes).is_some_and(|op| numeric(&op).is_some()))
            .collect();
        assert!(all.len() > 300, "{}", all.len());
        all
    }

    #[test]
    fn a_nan_is_as_good_as_another_where_only_that_matters() {
        let nan = Tainted {
            bits: 0x7fc0_0000,
            taint: 0x803f_ffff,
        };
        let one = Tainted {
            bits: 0x3f80_0000,
            taint: 0,
        };
        for (op, expected) in [
            (Operator::F32Eq, 0),
            (Operator::F32Lt, 0),
            (Operator::F32Add, 0),
            (Operator::F32Min, 0),
            (Operator::F32Neg, 0x803f_ffff),
            (Operator::F32Abs, 0x3f_ffff),
            (Operator::I32ReinterpretF32, 0x803f_ffff),
            (Operator::I32Eqz, 1),
        ] {
            let numeric = numeric(&op).expect("it is numeric");
            let operands = [nan, one];
            let count = if matches!(numeric, Numeric::Unary(_)) {
                1
            } else {
                2
            };
            let taint = Flow::by(&op).of(&numeric, &operands[..count]);
            assert_eq!(taint, expected, "{op:?}");
        }
    }
}
