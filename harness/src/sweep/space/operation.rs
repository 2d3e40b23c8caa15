//! What is done to a memory: the rows of the space.

use std::sync::OnceLock;

use trapline_reference::{Instruction, Kind as Access};

use super::amount::{Delta, Length};

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
