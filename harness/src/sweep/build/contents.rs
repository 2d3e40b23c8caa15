//! What stands in a memory before a point, and what a point writes.
//!
//! The first and the last bytes of a memory, and those around the ends of number ranges, are
//! known and not zero, so that what is read from elsewhere, or written there, shows.

use trapline_reference::{Kind as Access, ValueType};

use crate::sweep::Point;
use crate::sweep::space::{Action, Position};

/// How many bytes of a window are known.
pub(super) const WINDOW: u64 = 32;

/// Some bytes of a memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// Where they begin.
    pub(super) at: u64,
    /// What they are.
    pub(super) bytes: [u8; WINDOW as usize],
}

/// From the start of a memory: an `f64` that is a signalling NaN comes first, and an
/// `f32` that is a denormal.
const START: [u8; 32] = [
    0x81, 0x92, 0x23, 0x00, 0xc5, 0xd6, 0xf4, 0x7f, 0x89, 0x9a, 0xab, 0xbc, 0xcd, 0xde, 0xef, 0x8f,
    0x90, 0xa2, 0xb3, 0xc4, 0xd5, 0xe6, 0xf7, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0x80, 0x91,
];

/// To its end: an `f32` that is a signalling NaN comes last, and all widths are negative.
const END: [u8; 32] = [
    0x9f, 0xae, 0xbd, 0xcc, 0xdb, 0xea, 0xf9, 0x98, 0xa7, 0xb6, 0xc5, 0xd4, 0xe3, 0xf2, 0x81, 0x90,
    0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6, 0x87, 0x98, 0xa9, 0xba, 0xcb, 0xdc, 0xed, 0x8e, 0xa1, 0xff,
];

/// Around the ends of number ranges.
const MIDDLE: [u8; 32] = [
    0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xe0,
    0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xeb, 0xec, 0xed, 0xee, 0xef, 0xf0,
];

/// The windows of a memory of so many bytes, from the first to the last; none of a
/// very small one.
pub(super) fn windows(size: u64) -> Vec<Window> {
    let mut windows = Vec::new();
    if size < 4 * WINDOW {
        return windows;
    }
    windows.push(Window {
        at: 0,
        bytes: START,
    });
    for edge in [1 << 16, 1 << 31, 1 << 32] {
        if size >= edge + 2 * WINDOW {
            let at = edge - WINDOW / 2;
            windows.push(Window { at, bytes: MIDDLE });
        }
    }
    windows.push(Window {
        at: size - WINDOW,
        bytes: END,
    });
    windows
}

/// What is looked at after a point: the windows of the memory, and where it ended before
/// it grew.
pub(super) fn looked_at(old: u64, size: u64) -> Vec<Window> {
    let mut all = windows(size);
    if old != size {
        all.extend(windows(old));
        let at = old.saturating_sub(WINDOW / 2);
        all.push(Window { at, bytes: MIDDLE });
    }
    all
}

/// The byte at an address of a memory of so many bytes, when it is new.
fn byte(size: u64, address: u128) -> u8 {
    let within = |window: &Window| {
        let at = address.checked_sub(window.at.into())?;
        window.bytes.get(usize::try_from(at).ok()?).copied()
    };
    windows(size).iter().find_map(within).unwrap_or(0)
}

/// What stands where a point accesses memory, as a number.
pub(super) fn found(point: &Point) -> u64 {
    let size = point.bytes();
    let address = point.effective().unwrap_or(0);
    let width = point.operation().width.min(8);
    (0..width).rev().fold(0, |value, at| {
        value << 8 | u64::from(byte(size, address + u128::from(at)))
    })
}

/// What a point stores: another number for each. Floats are what is easily lost: a negative
/// zero at the start of the memory, a denormal behind it, and signalling NaNs elsewhere.
pub(super) fn value(point: &Point) -> u64 {
    let parts = [
        point.operation as u64,
        point.form as u64 * 11 + point.offset as u64,
        point.before as u64 * 6 + point.size as u64,
        point.effective().unwrap_or(0) as u64,
    ];
    // The finalizer of splitmix64, over all parts.
    let value = parts.into_iter().fold(0u64, |state, part| {
        let mut z = (state ^ part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    });
    let Action::Access(row, _) = point.operation().action else {
        return value;
    };
    match (row.kind, row.value) {
        (Access::Store, ValueType::F32) if point.position == Position::First => 1 << 31,
        (Access::Store, ValueType::F64) if point.position == Position::First => 1 << 63,
        (Access::Store, ValueType::F32 | ValueType::F64)
            if point.position == Position::Unaligned =>
        {
            value & 0x7f_ffff | 1
        }
        (Access::Store, ValueType::F32) => value & 0x803f_ffff | 0x7f80_0001,
        (Access::Store, ValueType::F64) => value & 0x8007_ffff_ffff_ffff | 0x7ff0_0000_0000_0001,
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_lie_within_the_memory() {
        for size in [0, 100, 4_097, 65_536, 3 << 16, (1 << 31) + 1, (1 << 32) + 3] {
            let windows = windows(size);
            assert!(windows.iter().all(|window| window.at + WINDOW <= size));
            assert_eq!(windows.is_empty(), size < 128);
        }
        assert_eq!(byte(65_536, 65_535), 0xff);
        assert_eq!(byte(65_536, 100), 0);
        assert_eq!(byte(65_536, 1 << 32), 0);
    }
}
