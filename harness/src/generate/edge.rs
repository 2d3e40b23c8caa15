//! Edges: the effective addresses, offsets, lengths and values that matter.

use wasm_encoder::MemoryType;

use super::dice::Dice;
use super::memory::{Live, page_log2, pages_at_most};
use crate::coverage::Position;

/// Where an effective address is to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// All bytes within the memory.
    Inside,
    /// The last legal address, the first illegal one, or one beside them.
    End,
    /// Around a bound of some other kind.
    Far,
}

/// Bounds at which a width ends, an engine's reservation or its guard region.
const ANCHORS: &[u128] = &[
    0,
    1 << 16,
    1 << 31,
    1 << 32,
    (1 << 32) + (1 << 16),
    // 4 GiB and a guard region of 32 MiB; of 2 GiB; 8 GiB.
    (1 << 32) + (1 << 25),
    (1 << 32) + (1 << 31),
    1 << 33,
    1 << 47,
    1 << 48,
    1 << 63,
    1 << 64,
];

/// An effective address for an access of `width` bytes.
pub(super) fn effective(dice: &mut Dice<'_, '_>, live: &Live, width: u64, place: Place) -> u128 {
    let size = live.bytes();
    let width = u128::from(width);
    // The last address at which all bytes are inside.
    let last = size.checked_sub(width);
    match (place, last) {
        (Place::Inside, Some(last)) => inside(dice, live, width, last),
        (Place::Far, _) => {
            let anchor = match dice.up_to(9) {
                0 => u128::from(pages_at_most(&live.ty)) << page_log2(&live.ty),
                1 => u128::from(live.ty.maximum.unwrap_or(live.pages)) << page_log2(&live.ty),
                2 => size + (1 << 16),
                _ => {
                    // 32-bit memories have nothing to show beyond 8 GiB.
                    let reachable = if live.ty.memory64 { ANCHORS.len() } else { 8 };
                    ANCHORS[dice.index(reachable)]
                }
            };
            around(dice, anchor, width)
        }
        (_, None) => u128::from(dice.up_to(2)),
        (Place::End, Some(last)) => match dice.up_to(9) {
            0..=2 => last,
            3..=5 => last + 1,
            6 => size,
            7 => size.saturating_sub(1),
            _ => around(dice, size, width),
        },
    }
}

/// An effective address at exactly this position, for an access of so many
/// bytes that comes in steps (its alignment, or 1), with a static offset. The
/// memory has room for 160 bytes at least.
pub(super) fn at(
    dice: &mut Dice<'_, '_>,
    live: &Live,
    (width, step): (u64, u64),
    offset: u64,
    position: Position,
) -> u128 {
    let (width, step) = (u128::from(width), u128::from(step));
    let space = 1u128 << if live.ty.memory64 { 64 } else { 32 };
    let last = live.bytes().saturating_sub(width);
    match position {
        Position::Inside => u128::from(offset).next_multiple_of(step) + step * more(dice, 3),
        Position::LastLegal => last,
        Position::FirstIllegal => last + step,
        Position::Beyond => match dice.up_to(2) {
            0 => last + step * (2 + more(dice, 20)),
            1 => space / 2,
            _ => space - width,
        },
        Position::Wrapping => space - width + step * (1 + more(dice, 1)),
    }
}

fn more(dice: &mut Dice<'_, '_>, most: u64) -> u128 {
    dice.up_to(most).into()
}

/// A number of pages to grow by, to exactly this position against the maximum.
pub(super) fn delta_to(dice: &mut Dice<'_, '_>, live: &Live, position: Position) -> u64 {
    let most = live.ty.maximum.unwrap_or(pages_at_most(&live.ty));
    let room = most.saturating_sub(live.pages);
    let widest = if live.ty.memory64 {
        u64::MAX
    } else {
        0xffff_ffff
    };
    match position {
        Position::Inside => room.min(1),
        Position::LastLegal => room,
        Position::FirstIllegal => room + 1,
        Position::Beyond => room + 2 + dice.up_to(70_000),
        Position::Wrapping => widest - dice.up_to(live.pages.saturating_sub(1)),
    }
}

fn inside(dice: &mut Dice<'_, '_>, live: &Live, width: u128, last: u128) -> u128 {
    let within = |address: u128| address.min(last);
    match dice.up_to(7) {
        0 | 1 => within(u128::from(dice.up_to(31))),
        2 => 0,
        3 | 4 => last - u128::from(dice.up_to(9)).min(last),
        5 => {
            let page = 1u128 << page_log2(&live.ty).max(12);
            let pages = (last / page).min(64) as u64;
            let boundary = u128::from(dice.up_to(pages)) * page;
            within(boundary.saturating_sub(u128::from(dice.up_to(width as u64))))
        }
        _ => u128::from(dice.up_to(u64::try_from(last).unwrap_or(u64::MAX))),
    }
}

/// Within a few bytes of `anchor`, from where an access ends before it on.
fn around(dice: &mut Dice<'_, '_>, anchor: u128, width: u128) -> u128 {
    // A bulk operation can be as wide as the address space.
    let width = width.min(1 << 16);
    (anchor + u128::from(dice.up_to(width as u64 + 4))).saturating_sub(width + 2)
}

/// A static offset that the address type can hold.
pub(super) fn offset(dice: &mut Dice<'_, '_>, ty: &MemoryType, width: u64) -> u64 {
    let size = u128::from(ty.minimum) << page_log2(ty);
    let size = u64::try_from(size).unwrap_or(u64::MAX);
    let offset = match dice.up_to(39) {
        0..=19 => 0,
        20..=23 => dice.pick(&[1, 2, 3, 4, 8, 16]),
        24 => width - 1,
        25..=28 => size.saturating_sub(dice.up_to(width + 2)),
        29 | 30 => dice.up_to(size),
        31 => dice.pick(&[0xffff, 0x1_0000, 0xfff, 0x1000]),
        32 => 0x200_0000 - dice.up_to(width),
        33 => 0x8000_0000 - dice.up_to(width),
        34 => 0xffff_ffff - dice.up_to(width),
        35..=38 if ty.memory64 => {
            let anchor = dice.pick(&[1u64 << 32, 1 << 33, 1 << 47, 1 << 48, 1 << 63, 0]);
            anchor.wrapping_sub(dice.up_to(width + 1))
        }
        35 => dice.pick(&[0x7fff_ffff, 0x7fff_0000]),
        36 => dice.up_to(0xffff_ffff),
        _ => dice.up_to(64),
    };
    if ty.memory64 {
        offset
    } else {
        offset.min(0xffff_ffff)
    }
}

/// A number of pages to grow by.
pub(super) fn delta(dice: &mut Dice<'_, '_>, live: &Live) -> u64 {
    let room = live.room();
    let small_pages = page_log2(&live.ty) == 0;
    // What cannot cost much: growing is undone by nothing.
    let affordable = room.min(if small_pages { 100_000 } else { 2 });
    let delta = match dice.up_to(19) {
        0..=7 => affordable.min(1),
        8..=10 => dice.up_to(affordable),
        11 | 12 => 0,
        13 => room + 1,
        14 if room <= if small_pages { 200_000 } else { 16 } => room,
        14 => room + 1,
        15 => pages_at_most(&live.ty).saturating_sub(live.pages),
        16 => pages_at_most(&live.ty)
            .saturating_sub(live.pages)
            .saturating_add(1),
        17 => dice.pick(&[0xffff_ffff, 0xffff, 0x1_0000, 0x8000_0000, 0x7fff_ffff]),
        18 => dice.pick(&[u64::MAX, 1 << 63, 1 << 32, 1 << 48, (1 << 32) + 1]),
        _ => (u64::MAX - live.pages).saturating_add(dice.up_to(1)),
    };
    let widest = if live.ty.memory64 {
        u64::MAX
    } else {
        0xffff_ffff
    };
    // Cut as the parameter will cut it.
    let delta = delta & widest;
    if live.is_economic(delta) {
        delta
    } else {
        // It has to fail, even if the account is wrong about the size.
        live.most().saturating_add(1).min(widest)
    }
}

/// A length for a bulk operation that starts `left` bytes before the end
/// (`None` when it starts beyond it).
pub(super) fn length(dice: &mut Dice<'_, '_>, left: Option<u128>, place: Place) -> u64 {
    let Some(left) = left else {
        return dice.pick(&[0, 0, 1, 2, 16, 0xffff_ffff]);
    };
    let left = u64::try_from(left).unwrap_or(u64::MAX);
    match place {
        Place::Inside => match dice.up_to(7) {
            0 | 1 => dice.up_to(16).min(left),
            2 => 0,
            3 => left.min(0x1_0000),
            4 => left.min(dice.up_to(70_000)),
            5 => dice.up_to(left.min(300)),
            _ => dice.up_to(40).min(left),
        },
        Place::End => match dice.up_to(4) {
            0 | 1 => left,
            2 | 3 => left.saturating_add(1),
            _ => left.saturating_add(dice.up_to(16)),
        },
        Place::Far => dice.pick(&[
            0xffff_ffff,
            0x8000_0000,
            0xffff_0000,
            0x1_0000,
            u64::MAX,
            1 << 63,
            1 << 32,
            u64::MAX - left.min(1 << 40),
        ]),
    }
}

/// A value to store or to compare with: mostly all bytes different, so that
/// a byte in the wrong place shows.
pub(super) fn value(dice: &mut Dice<'_, '_>) -> u64 {
    match dice.up_to(8) {
        0 => dice.pick(&[0, 1, u64::MAX, 1 << 31, 1 << 63, 0x7fff_ffff]),
        1 => dice.pick(&[0x80, 0xff, 0x8000, 0xffff, 0x8000_0000, 0xffff_ffff]),
        2 | 8 => dice.pick(&[
            // Floats: infinity, signalling and quiet NaNs with a payload.
            0x7ff0_0000_7f80_0000,
            0x7ff0_0123_7f81_2345,
            0xfff1_2345_ffa0_0001,
            0xfff8_0123_ffc1_2345,
            0x8000_0000_8000_0000,
        ]),
        3 => 0x0807_0605_0403_0201,
        _ => dice.bits() | 0x0101_0101_0101_0101,
    }
}

#[cfg(test)]
mod tests {
    use super::super::dice::expand;
    use super::super::memory::Means;
    use super::*;

    fn live(minimum: u64, memory64: bool) -> Live {
        let ty = MemoryType {
            minimum,
            maximum: None,
            memory64,
            shared: false,
            page_size_log2: None,
        };
        Live::new(ty, Means::of(64 << 16, false))
    }

    #[test]
    fn inside_is_inside_and_the_end_is_met_exactly() {
        let bytes = expand(3, 4, 100_000);
        let mut u = arbitrary::Unstructured::new(&bytes);
        let mut dice = Dice::new(&mut u);
        let live = live(2, false);
        let (mut last, mut first) = (false, false);
        for _ in 0..500 {
            assert!(effective(&mut dice, &live, 8, Place::Inside) + 8 <= live.bytes());
            let end = effective(&mut dice, &live, 8, Place::End);
            last |= end == live.bytes() - 8;
            first |= end == live.bytes() - 7;
        }
        assert!(last && first);
    }

    #[test]
    fn far_reaches_the_end_of_the_address_space() {
        let bytes = expand(5, 6, 100_000);
        let mut u = arbitrary::Unstructured::new(&bytes);
        let mut dice = Dice::new(&mut u);
        let live = live(0, true);
        let (mut below, mut beyond) = (false, false);
        for _ in 0..2000 {
            let far = effective(&mut dice, &live, 8, Place::Far);
            below |= far > (1 << 64) - 8 && far < 1 << 64;
            beyond |= far >= 1 << 64;
        }
        assert!(below && beyond);
    }

    #[test]
    fn offsets_fit_the_address_type() {
        let bytes = expand(7, 8, 100_000);
        let mut u = arbitrary::Unstructured::new(&bytes);
        let mut dice = Dice::new(&mut u);
        let (narrow, wide) = (live(1, false).ty, live(1, true).ty);
        let mut beyond = false;
        for _ in 0..1000 {
            assert!(offset(&mut dice, &narrow, 8) <= 0xffff_ffff);
            beyond |= offset(&mut dice, &wide, 8) > 0xffff_ffff;
        }
        assert!(beyond);
    }
}
