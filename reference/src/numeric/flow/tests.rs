//! Tests of these.

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
