//! Where an access stands: relative to the bound, and to the ends of number ranges.

use super::dimensions::Kind;

/// Where an access stands. Two positions of a point that are the same address are the
/// one that comes first in [`Position::all`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Position {
    /// Address 0.
    First,
    /// Address 1: unaligned, but for accesses of one byte.
    Unaligned,
    /// Across the end of the first 64 KiB, half of it on either side.
    Crossing,
    /// The last that is legal; of atomic accesses the last aligned one.
    Last,
    /// So many bytes of it are beyond the end: from one to all.
    Beyond(u8),
    /// The first aligned one that is illegal: of atomic accesses.
    Aligned,
    /// It begins a byte behind the end.
    Past,
    /// It begins 4096 bytes behind the end.
    PastSystemPage,
    /// It begins 64 KiB behind the end.
    PastPage,
    /// The last that was legal before the memory grew.
    OldLast,
    /// One byte of it was beyond the end before the memory grew.
    OldBeyond,
    /// It begins where the memory ended before it grew.
    OldEnd,
    /// At 2^31: the first that is negative in 32 bits.
    Sign,
    /// It ends so many bytes beyond 2^32.
    End32(u8),
    /// It begins so many bytes before the end of the memory, plus 2^32; or at 2^32.
    Wrap32(Wrap),
    /// It begins 32 MiB beyond 2^32: behind many a guard.
    BehindGuard,
    /// At 2^47: the first address that a processor does not have for programs.
    Canonical,
    /// Where it would be legal if addresses had 48 bits.
    Wrap48(Wrap),
    /// At 2^63: the first that is negative in 64 bits.
    Sign64,
    /// It ends so many bytes beyond 2^64.
    End64(u8),
    /// Where it would be legal if the sum of operand and offset wrapped at 2^64.
    Wrap64(Wrap),
    /// The largest operand, plus the offset.
    LargestOperand,
    /// None: the instruction takes no address.
    None,
}

/// What an address is that was cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wrap {
    /// 0.
    First,
    /// The last that is legal.
    Last,
}

/// What an address depends on.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How many bytes are accessed.
    pub width: u64,
    /// Whether the address has to be a multiple of that.
    pub atomic: bool,
    /// The size of the memory when it is accessed, in bytes.
    pub size: u64,
    /// The size before it grew, if it did.
    pub old: Option<u64>,
    /// The memory.
    pub kind: Kind,
    /// The static offset.
    pub offset: u64,
}

impl Position {
    /// All positions of an access of so many bytes, in the order in which they are
    /// enumerated.
    pub fn all(width: u64) -> Vec<Position> {
        use Position::*;
        let width = u8::try_from(width).unwrap_or(u8::MAX);
        let mut ends = vec![0, 1, width];
        ends.dedup();
        let mut all = vec![First, Unaligned, Crossing, Last];
        all.extend((1..=width.max(1)).map(Beyond));
        all.extend([
            Aligned,
            Past,
            PastSystemPage,
            PastPage,
            OldLast,
            OldBeyond,
            OldEnd,
            Sign,
        ]);
        all.extend(ends.iter().copied().map(End32));
        all.extend([Wrap32(Wrap::First), Wrap32(Wrap::Last)]);
        all.extend([BehindGuard, Canonical]);
        all.extend([Wrap48(Wrap::First), Wrap48(Wrap::Last), Sign64]);
        all.extend(ends.iter().copied().map(End64));
        all.extend([Wrap64(Wrap::First), Wrap64(Wrap::Last), LargestOperand]);
        all
    }

    /// The effective address, the sum of operand and offset, without wrapping; `None`
    /// where there is none: no legal access, no address of so many bits, or an operand
    /// that would be negative.
    pub fn effective(self, at: &Bounds) -> Option<u128> {
        let Bounds {
            width,
            atomic,
            size,
            old,
            kind,
            offset,
        } = *at;
        let last_in = |size: u64| {
            let last = size.checked_sub(width)?;
            Some(u128::from(match atomic {
                true => last - last % width,
                false => last,
            }))
        };
        let wrapped = |wrap: Wrap| match wrap {
            Wrap::First => (size >= width && width > 0).then_some(0),
            Wrap::Last => last_in(size).filter(|&last| last > 0),
        };
        let (width, size) = (u128::from(width), u128::from(size));
        let wide = |address: u128| kind.wide.then_some(address);
        let address = match self {
            Position::First => 0,
            Position::Unaligned => 1,
            Position::Crossing if width > 1 && size >= 65_536 + width => 65_536 - width / 2,
            Position::Crossing => return None,
            Position::Last => last_in(at.size)?,
            Position::Beyond(out) => (size + u128::from(out)).checked_sub(width)?,
            Position::Aligned if atomic => last_in(at.size).map_or(0, |last| last + width),
            Position::Aligned => return None,
            Position::Past => size + 1,
            Position::PastSystemPage => size + 4_096,
            Position::PastPage => size + 65_536,
            Position::OldLast => last_in(old?)?,
            Position::OldBeyond => (u128::from(old?) + 1).checked_sub(width)?,
            Position::OldEnd => u128::from(old?),
            Position::Sign => 1 << 31,
            Position::End32(out) => (1 << 32) + u128::from(out) - width,
            Position::Wrap32(wrap) => (1 << 32) + wrapped(wrap)?,
            Position::BehindGuard => (1 << 32) + (1 << 25),
            Position::Canonical => wide(1 << 47)?,
            Position::Wrap48(wrap) => wide((1 << 48) + wrapped(wrap)?)?,
            Position::Sign64 => wide(1 << 63)?,
            Position::End64(out) => wide((1 << 64) + u128::from(out) - width)?,
            Position::Wrap64(wrap) => wide((1 << 64) + wrapped(wrap)?)?,
            Position::LargestOperand => kind.range() - 1 + u128::from(offset),
            Position::None => return None,
        };
        let operand = address.checked_sub(offset.into())?;
        (operand < kind.range()).then_some(address)
    }

    /// Its name in that of a point.
    pub fn name(self) -> String {
        let wrap = |at: Wrap| match at {
            Wrap::First => "first",
            Wrap::Last => "last",
        };
        match self {
            Position::First => "first".to_owned(),
            Position::Unaligned => "unaligned".to_owned(),
            Position::Crossing => "crossing".to_owned(),
            Position::Last => "last-legal".to_owned(),
            Position::Beyond(out) => format!("beyond-{out}"),
            Position::Aligned => "first-illegal-aligned".to_owned(),
            Position::Past => "past".to_owned(),
            Position::PastSystemPage => "past-4096".to_owned(),
            Position::PastPage => "past-65536".to_owned(),
            Position::OldLast => "old-last".to_owned(),
            Position::OldBeyond => "old-beyond-1".to_owned(),
            Position::OldEnd => "old-end".to_owned(),
            Position::Sign => "sign-32".to_owned(),
            Position::End32(out) => format!("end-32-{out}"),
            Position::Wrap32(at) => format!("wrap-32-{}", wrap(at)),
            Position::BehindGuard => "behind-guard".to_owned(),
            Position::Canonical => "canonical".to_owned(),
            Position::Wrap48(at) => format!("wrap-48-{}", wrap(at)),
            Position::Sign64 => "sign-64".to_owned(),
            Position::End64(out) => format!("end-64-{out}"),
            Position::Wrap64(at) => format!("wrap-64-{}", wrap(at)),
            Position::LargestOperand => "largest".to_owned(),
            Position::None => "no-position".to_owned(),
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Position> {
        let mut all = Position::all(u8::MAX.into());
        for prefix in ["end-32-", "end-64-"] {
            let out = name.strip_prefix(prefix).and_then(|out| out.parse().ok());
            all.extend(out.map(|out| match prefix {
                "end-32-" => Position::End32(out),
                _ => Position::End64(out),
            }));
        }
        all.push(Position::None);
        all.into_iter().find(|position| position.name() == name)
    }

    /// A name without the number of bytes, for groups of like points.
    pub fn family(self) -> String {
        let name = self.name();
        match self {
            Position::Beyond(_) => "beyond".to_owned(),
            Position::End32(_) | Position::End64(_) => name
                .rsplit_once('-')
                .map_or(name.clone(), |(family, _)| family.to_owned()),
            _ => name,
        }
    }
}
