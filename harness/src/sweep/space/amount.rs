//! How much: the lengths of bulk operations, and by how many pages memories are grown.

use super::dimensions::{Kind, Size};

/// The length of a bulk operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// So many bytes.
    Of(u64),
    /// 2^31.
    Half,
    /// 2^32 - 1.
    Most32,
    /// 2^32 + 17.
    Cut32,
    /// 2^64 - 1.
    Most64,
    /// So long that the end is 4 bytes beyond 2^32.
    Wrap32,
    /// So long that the end is 4 bytes beyond 2^64.
    Wrap64,
}

impl Length {
    pub(super) const HUGE: [Length; 6] = [
        Length::Half,
        Length::Most32,
        Length::Cut32,
        Length::Most64,
        Length::Wrap32,
        Length::Wrap64,
    ];

    /// Its name in that of an operation.
    pub(super) fn name(self) -> String {
        match self {
            Length::Of(bytes) => bytes.to_string(),
            Length::Half => "half".to_owned(),
            Length::Most32 => "most-32".to_owned(),
            Length::Cut32 => "cut-32".to_owned(),
            Length::Most64 => "most-64".to_owned(),
            Length::Wrap32 => "wrap-32".to_owned(),
            Length::Wrap64 => "wrap-64".to_owned(),
        }
    }

    /// Whether what would be written is more than anybody has.
    pub fn is_huge(self) -> bool {
        !matches!(self, Length::Of(_))
    }

    /// How many bytes from this address on; `None` where a length of 32 bits (64 if
    /// `wide`) cannot be so large.
    pub fn bytes(self, start: u128, wide: bool) -> Option<u64> {
        let bytes = match self {
            Length::Of(bytes) => u128::from(bytes),
            Length::Half => 1 << 31,
            Length::Most32 => (1 << 32) - 1,
            Length::Cut32 => (1 << 32) + 17,
            Length::Most64 => (1 << 64) - 1,
            Length::Wrap32 => ((1u128 << 32) + 4).checked_sub(start)?,
            Length::Wrap64 => ((1u128 << 64) + 4).checked_sub(start)?,
        };
        let range = if wide { 1 << 64 } else { 1u128 << 32 };
        u64::try_from(bytes).ok().filter(|_| bytes < range)
    }
}

/// By how many pages a memory is grown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delta {
    /// None.
    Zero,
    /// One.
    One,
    /// To its maximum.
    ToMaximum,
    /// One more than that.
    BeyondMaximum,
    /// 2^16 + 1.
    Cut16,
    /// 2^31.
    Sign,
    /// 2^32 - 1.
    Most32,
    /// 2^32 + 1.
    Cut32,
    /// 2^64 - 1.
    Most64,
}

impl Delta {
    pub(super) const ALL: [Delta; 9] = [
        Delta::Zero,
        Delta::One,
        Delta::ToMaximum,
        Delta::BeyondMaximum,
        Delta::Cut16,
        Delta::Sign,
        Delta::Most32,
        Delta::Cut32,
        Delta::Most64,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Delta::Zero => "0",
            Delta::One => "1",
            Delta::ToMaximum => "to-maximum",
            Delta::BeyondMaximum => "beyond-maximum",
            Delta::Cut16 => "cut-16",
            Delta::Sign => "sign",
            Delta::Most32 => "most-32",
            Delta::Cut32 => "cut-32",
            Delta::Most64 => "most-64",
        }
    }

    /// How many pages; `None` where there is no such number for this memory, where it
    /// is that of a delta before it, or where it succeeds and is large.
    pub fn pages(self, kind: Kind, size: Size) -> Option<u64> {
        let before = Delta::ALL.iter().take_while(|&&before| before != self);
        let pages = self.number(kind, size)?;
        let mut before = before.filter_map(|delta| delta.number(kind, size));
        (!before.any(|other| other == pages)).then_some(pages)
    }

    fn number(self, kind: Kind, size: Size) -> Option<u64> {
        let has = size.bytes(kind)? / kind.page();
        let most = maximum(kind, size);
        let pages = match self {
            Delta::Zero => 0,
            Delta::One => 1,
            Delta::ToMaximum => most? - has,
            Delta::BeyondMaximum => (most? - has).checked_add(1)?,
            Delta::Cut16 => (1 << 16) + 1,
            Delta::Sign => 1 << 31,
            Delta::Most32 => (1 << 32) - 1,
            Delta::Cut32 => (1 << 32) + 1,
            Delta::Most64 => u64::MAX,
        };
        let new = (u128::from(has) + u128::from(pages)) * u128::from(kind.page());
        let legal = u128::from(has) + u128::from(pages)
            <= u128::from(most.unwrap_or_else(|| kind.most_pages()));
        let added = u128::from(pages) * u128::from(kind.page());
        let is_heavy = legal && added > 1 << 20 && new <= u128::from(super::BUDGET.memory_bytes);
        (u128::from(pages) < kind.range() && !is_heavy).then_some(pages)
    }
}

/// The maximum of a memory in pages, if it has one.
pub fn maximum(kind: Kind, size: Size) -> Option<u64> {
    let pages = size.bytes(kind)? / kind.page();
    let most = (pages + 2 * kind.growth()).min(kind.most_pages());
    kind.is_bounded().then_some(most)
}
