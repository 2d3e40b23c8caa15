//! NaNs whose bits the specification leaves open.
//!
//! <https://webassembly.github.io/spec/core/exec/numerics.html#nan-propagation>

use wasmparser::Operator as O;

use super::Slot;
use super::flow::{Tainted, ones};

/// The floats that an instruction takes or gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Floats {
    F32,
    F64,
    F32x4,
    F64x2,
}

impl Floats {
    /// The width of each in bits.
    pub(crate) fn width(self) -> u32 {
        match self {
            Floats::F32 | Floats::F32x4 => 32,
            Floats::F64 | Floats::F64x2 => 64,
        }
    }

    /// How many there are.
    pub(crate) fn lanes(self) -> u32 {
        match self {
            Floats::F32 | Floats::F64 => 1,
            Floats::F32x4 => 4,
            Floats::F64x2 => 2,
        }
    }

    /// One of them, its taint, and the bits of its exponent, and of its payload.
    fn lane(self, lane: u32, operand: Tainted) -> (Tainted, Slot, Slot) {
        let (width, fraction) = match self.width() {
            32 => (32, 23),
            _ => (64, 52),
        };
        let at = |slot: Slot| slot >> (lane * width) & ones(width);
        let exponent = ones(width - 1 - fraction) << fraction;
        let lane = Tainted {
            bits: at(operand.bits),
            taint: at(operand.taint),
        };
        (lane, exponent, ones(fraction))
    }

    /// Whether a lane is a NaN, whatever its tainted bits are.
    pub(crate) fn is_nan(self, lane: u32, operand: Tainted) -> bool {
        let (Tainted { bits, taint }, exponent, payload) = self.lane(lane, operand);
        let known = bits & !taint;
        known & exponent == exponent && known & payload != 0
    }

    /// Whether all that matters of a lane is known: it has no tainted bits, or
    /// is a NaN with any.
    pub(crate) fn is_known(self, lane: u32, operand: Tainted) -> bool {
        self.lane(lane, operand).0.taint == 0 || self.is_nan(lane, operand)
    }

    /// Whether a lane is a NaN, or may be, whose payload is not the canonical
    /// one, or may be another.
    fn may_have_payload(self, lane: u32, operand: Tainted) -> bool {
        let (Tainted { bits, taint }, exponent, payload) = self.lane(lane, operand);
        let may_be_nan = (bits | taint) & exponent == exponent && (bits | taint) & payload != 0;
        let canonical = (payload >> 1) + 1;
        may_be_nan && (bits & payload != canonical || taint & payload != 0)
    }

    /// The bits that are open of NaNs in `result`, which an instruction gave of
    /// `operands`: the sign; and the payload but for its highest bit, unless the
    /// operands that are NaNs are canonical ones, and there may be none.
    /// <https://webassembly.github.io/spec/core/exec/numerics.html#nan-propagation>
    pub(crate) fn opened(self, result: Slot, of: Floats, operands: &[Tainted]) -> Slot {
        let width = self.width();
        let lanes = (0..self.lanes()).map(|lane| {
            let open = self.open_bits(result) >> (lane * width) & ones(width);
            let sign = 1 << (width - 1);
            let any = lane < of.lanes()
                && operands
                    .iter()
                    .any(|&operand| of.may_have_payload(lane, operand));
            (if any { open } else { open & sign }) << (lane * width)
        });
        lanes.fold(0, |all, open| all | open)
    }

    /// The bits in which NaNs differ, in every lane that holds one.
    pub(crate) fn open_bits(self, slot: Slot) -> Slot {
        let lanes = |lanes: u32, is_nan: fn(Slot) -> bool, open: Slot| {
            let width = 128 / lanes;
            (0..lanes)
                .map(|lane| lane * width)
                .filter(|&at| is_nan(slot >> at))
                .fold(0, |bits, at| bits | open << at)
        };
        let (narrow, wide) = (0x803f_ffff, 0x8007_ffff_ffff_ffff);
        let is_narrow_nan = |bits: Slot| f32::from_bits(bits as u32).is_nan();
        let is_wide_nan = |bits: Slot| f64::from_bits(bits as u64).is_nan();
        match self {
            Floats::F32 if is_narrow_nan(slot) => narrow,
            Floats::F64 if is_wide_nan(slot) => wide,
            Floats::F32 | Floats::F64 => 0,
            Floats::F32x4 => lanes(4, is_narrow_nan, narrow),
            Floats::F64x2 => lanes(2, is_wide_nan, wide),
        }
    }
}

/// Whether an instruction may give a NaN whose bits are open.
pub fn may_open_nan(op: &O<'_>) -> bool {
    opens(op).is_some()
}

/// What an instruction gives, if its NaNs may have any payload. Those that are
/// defined on bits (`abs`, `neg`, `copysign`, `pmin`, `pmax`) keep it.
pub(crate) fn opens(op: &O<'_>) -> Option<Floats> {
    Some(match op {
        O::F32Ceil
        | O::F32Floor
        | O::F32Trunc
        | O::F32Nearest
        | O::F32Sqrt
        | O::F32Add
        | O::F32Sub
        | O::F32Mul
        | O::F32Div
        | O::F32Min
        | O::F32Max
        | O::F32DemoteF64 => Floats::F32,
        O::F64Ceil
        | O::F64Floor
        | O::F64Trunc
        | O::F64Nearest
        | O::F64Sqrt
        | O::F64Add
        | O::F64Sub
        | O::F64Mul
        | O::F64Div
        | O::F64Min
        | O::F64Max
        | O::F64PromoteF32 => Floats::F64,
        O::F32x4Ceil
        | O::F32x4Floor
        | O::F32x4Trunc
        | O::F32x4Nearest
        | O::F32x4Sqrt
        | O::F32x4Add
        | O::F32x4Sub
        | O::F32x4Mul
        | O::F32x4Div
        | O::F32x4Min
        | O::F32x4Max
        | O::F32x4DemoteF64x2Zero => Floats::F32x4,
        O::F64x2Ceil
        | O::F64x2Floor
        | O::F64x2Trunc
        | O::F64x2Nearest
        | O::F64x2Sqrt
        | O::F64x2Add
        | O::F64x2Sub
        | O::F64x2Mul
        | O::F64x2Div
        | O::F64x2Min
        | O::F64x2Max
        | O::F64x2PromoteLowF32x4 => Floats::F64x2,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_bits_are_those_of_lanes_that_hold_a_nan() {
        let (one, nan) = (0x3f80_0000, 0x7fc0_0000);
        assert_eq!(Floats::F32.open_bits(one), 0);
        assert_eq!(Floats::F32.open_bits(nan) ^ nan, 0xffff_ffff);
        assert_eq!(Floats::F64.open_bits(nan), 0);
        let wide: Slot = 0x7ff8_0000_0000_0000;
        assert_eq!(Floats::F64.open_bits(wide) ^ wide, u64::MAX.into());
        let vector = one | nan << 32 | nan << 96;
        assert_eq!(
            Floats::F32x4.open_bits(vector) ^ vector,
            one | 0xffff_ffff << 32 | 0xffff_ffff << 96
        );
        assert_eq!(
            Floats::F64x2.open_bits(wide << 64),
            0x8007_ffff_ffff_ffff << 64
        );
    }
}
