//! What is done to a memory: the rows of the space.

use std::sync::OnceLock;

use trapline_reference::{Instruction, Kind as Access};

use super::dimensions::{Kind, Size};

/// One thing that is done to a memory.
#[derive(Debug)]
pub struct Operation {
    /// Its name: that of the instruction, with what tells it from others of it behind
    /// a `+`.
    pub name: String,
    /// What it is.
    pub action: Action,
    /// How many bytes its address is about.
    pub width: u64,
    /// Whether it stands for others of its width and way, where the space is not the
    /// whole product.
    pub stands: bool,
}

/// What an operation is.
#[derive(Clone, Copy, Debug)]
pub enum Action {
    /// An instruction with an effective address.
    Access(&'static Instruction, Variant),
    /// `memory.fill`.
    Fill(Length),
    /// `memory.copy` to the position, from the start of the memory.
    CopyTo(Length),
    /// `memory.copy` from the position, to the start of the memory.
    CopyFrom(Length),
    /// `memory.copy` of 17 bytes to the position, from 3 bytes before it.
    CopyUp,
    /// `memory.copy` of 17 bytes from the position, to 3 bytes before it.
    CopyDown,
    /// `memory.copy` from memory 0 to the position in memory 1.
    CopyIn(Length),
    /// `memory.copy` from the position in memory 1 to memory 0.
    CopyOut(Length),
    /// `memory.init` to the position.
    Init(Length),
    /// `memory.init` of so many bytes from the position in a segment of
    /// [`SEGMENT`] bytes.
    InitFrom(u64),
    /// `data.drop`, then `memory.init` of so many bytes to the position.
    Dropped(u64),
    /// `memory.init` of so many bytes from an active segment, to the position.
    InitActive(u64),
    /// An active segment of so many bytes at the position.
    Segment(u64),
    /// `memory.size`.
    Size,
    /// `memory.grow`.
    Grow(Delta),
    /// A growth by the embedder.
    HostGrow(Delta),
    /// Nothing: the memory is looked at, behind another that was written to.
    New,
}

/// How many bytes the passive segments have.
pub const SEGMENT: u64 = 33;

/// What tells the uses of one instruction apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// There is one.
    Plain,
    /// The first lane.
    FirstLane,
    /// The last lane.
    LastLane,
    /// What is expected is there.
    Equal,
    /// What is expected is there, but for bits beyond the width of the access.
    EqualLow,
    /// What is expected is there but for the highest bit.
    Unequal,
}

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
    const HUGE: [Length; 6] = [
        Length::Half,
        Length::Most32,
        Length::Cut32,
        Length::Most64,
        Length::Wrap32,
        Length::Wrap64,
    ];

    /// Its name in that of an operation.
    fn name(self) -> String {
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
    const ALL: [Delta; 9] = [
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

    fn name(self) -> &'static str {
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

/// The operations that stand for all of their width and way where the space is not
/// the whole product.
const REPRESENTATIVES: [&str; 21] = [
    "i32.load8_u",
    "i64.load16_s",
    "i32.load",
    "i64.load",
    "v128.load",
    "v128.load32_splat",
    "v128.load64_lane+last",
    "i32.store8",
    "i32.store16",
    "f32.store",
    "i64.store",
    "v128.store",
    "i32.atomic.load",
    "i64.atomic.store",
    "i64.atomic.rmw.add",
    "i32.atomic.rmw8.cmpxchg_u+equal",
    "memory.atomic.wait32+equal",
    "memory.fill+17",
    "memory.copy-to+17",
    "memory.copy-from+17",
    "memory.init+17",
];

impl Operation {
    /// All operations, in the order in which they are enumerated.
    pub fn all() -> &'static [Operation] {
        static ALL: OnceLock<Vec<Operation>> = OnceLock::new();
        let stands = |operation: Operation| Operation {
            stands: REPRESENTATIVES.contains(&operation.name.as_str()),
            ..operation
        };
        ALL.get_or_init(|| {
            let all = accesses().chain(bulk()).chain(others());
            all.map(stands).collect()
        })
    }

    /// Whether its address has to be a multiple of its width.
    pub fn is_atomic(&self) -> bool {
        matches!(self.action, Action::Access(row, _) if row.kind.is_atomic())
    }

    /// Whether it can change a memory.
    pub fn writes(&self) -> bool {
        match self.action {
            Action::Access(row, _) => row.writes(),
            Action::Size | Action::New => false,
            _ => true,
        }
    }

    /// Whether it has a static offset.
    pub fn has_offset(&self) -> bool {
        matches!(self.action, Action::Access(..))
    }

    /// Whether it takes an address.
    pub fn has_address(&self) -> bool {
        !matches!(
            self.action,
            Action::Size | Action::Grow(_) | Action::HostGrow(_) | Action::New
        )
    }

    /// The row of the certificate that it is counted in.
    pub fn family(&self) -> &'static str {
        let is_vector = self.name.starts_with("v128");
        match self.action {
            Action::Access(row, _) => match row.kind {
                Access::LoadLane | Access::StoreLane => "vector lanes",
                Access::Store if is_vector => "vector stores",
                Access::Store => "stores",
                Access::AtomicLoad => "atomic loads",
                Access::AtomicStore => "atomic stores",
                Access::AtomicRmw(_) => "atomic read-modify-writes",
                Access::AtomicCmpxchg => "atomic exchanges",
                Access::Notify | Access::Wait => "waits and notifies",
                _ if is_vector => "vector loads",
                _ => "loads",
            },
            Action::Fill(_) => "fills",
            Action::CopyTo(_) | Action::CopyFrom(_) | Action::CopyUp | Action::CopyDown => "copies",
            Action::CopyIn(_) | Action::CopyOut(_) => "copies between memories",
            Action::Init(_) | Action::InitFrom(_) | Action::Dropped(_) | Action::InitActive(_) => {
                "passive segments"
            }
            Action::Segment(_) => "active segments",
            Action::Size => "sizes",
            Action::Grow(_) | Action::HostGrow(_) => "growths",
            Action::New => "new memories",
        }
    }
}

fn accesses() -> impl Iterator<Item = Operation> {
    Instruction::all().flat_map(|row| {
        let variants: &[(Variant, &str)] = match row.kind {
            Access::LoadLane | Access::StoreLane => {
                &[(Variant::FirstLane, "+first"), (Variant::LastLane, "+last")]
            }
            Access::AtomicCmpxchg => &[
                (Variant::Equal, "+equal"),
                (Variant::EqualLow, "+equal-low"),
                (Variant::Unequal, "+unequal"),
            ],
            Access::Wait => &[(Variant::Equal, "+equal"), (Variant::Unequal, "+unequal")],
            _ => &[(Variant::Plain, "")],
        };
        let value = match row.value {
            trapline_reference::ValueType::I64 => 8,
            _ => 4,
        };
        let fits = move |variant: Variant| variant != Variant::EqualLow || row.width < value;
        let variants = variants.iter().filter(move |(variant, _)| fits(*variant));
        variants.map(move |(variant, suffix)| Operation {
            name: format!("{}{suffix}", row.name),
            action: Action::Access(row, *variant),
            width: row.width.into(),
            stands: false,
        })
    })
}

fn bulk() -> impl Iterator<Item = Operation> {
    type Make = fn(Length) -> Action;
    let plain = [0, 1, 17].map(Length::Of);
    let all: Vec<Length> = plain.into_iter().chain(Length::HUGE).collect();
    let rows: [(&str, Make, &[Length]); 6] = [
        ("memory.fill", Action::Fill, &all),
        ("memory.copy-to", Action::CopyTo, &all),
        ("memory.copy-from", Action::CopyFrom, &all),
        ("memory.copy-in", Action::CopyIn, &all),
        ("memory.copy-out", Action::CopyOut, &all),
        ("memory.init", Action::Init, &plain),
    ];
    let mut operations = Vec::new();
    for (name, make, lengths) in rows {
        operations.extend(lengths.iter().map(|&length| Operation {
            name: format!("{name}+{}", length.name()),
            action: make(length),
            width: match length {
                Length::Of(bytes) => bytes,
                _ => 1,
            },
            stands: false,
        }));
    }
    operations.into_iter()
}

fn others() -> impl Iterator<Item = Operation> {
    let mut operations = Vec::new();
    let mut add = |name: String, action, width| {
        operations.push(Operation {
            name,
            action,
            width,
            stands: false,
        });
    };
    add("memory.copy-up".to_owned(), Action::CopyUp, 17);
    add("memory.copy-down".to_owned(), Action::CopyDown, 17);
    for length in [0, 1, 17] {
        let of = |name| format!("{name}+{length}");
        add(of("memory.init-from"), Action::InitFrom(length), length);
        add(of("memory.init-dropped"), Action::Dropped(length), length);
        add(of("memory.init-active"), Action::InitActive(length), length);
        add(of("data"), Action::Segment(length), length);
    }
    add("memory.size".to_owned(), Action::Size, 0);
    for delta in Delta::ALL {
        let of = |name| format!("{name}+{}", delta.name());
        add(of("memory.grow"), Action::Grow(delta), 0);
        add(of("host.grow"), Action::HostGrow(delta), 0);
    }
    add("memory.new".to_owned(), Action::New, 0);
    operations.into_iter()
}
