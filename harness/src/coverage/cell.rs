//! Cells of the space: what can be told apart, and what can exist.

use trapline_reference::{Access, AddressType, Instruction};

use crate::engine::{Feature, Features};

/// A cell of the space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell {
    /// The instruction, or what else accessed memory, as in
    /// [`Access::op`](trapline_reference::Access::op).
    pub op: &'static str,
    /// Whether addresses have 64 bits.
    pub wide: bool,
    /// Whether the memory is shared.
    pub shared: bool,
    /// Whether its pages have one byte.
    pub small_pages: bool,
    /// Whether the module imports it.
    pub imported: bool,
    /// Where the access stood.
    pub position: Position,
}

/// Where an access stood: for memory, against its size; for a grow, against
/// the maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Position {
    /// Inside, and not at the end.
    Inside,
    /// At the last legal address; a grow to exactly the maximum.
    LastLegal,
    /// At the first illegal address (of those that are aligned, for atomic
    /// accesses); a grow to just beyond the maximum.
    FirstIllegal,
    /// Further beyond.
    Beyond,
    /// Beyond what the address type can hold, so that the sum wraps where it
    /// is made too narrow.
    Wrapping,
}

impl Position {
    /// Every position.
    pub const ALL: [Position; 5] = [
        Position::Inside,
        Position::LastLegal,
        Position::FirstIllegal,
        Position::Beyond,
        Position::Wrapping,
    ];

    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Position::Inside => "inside",
            Position::LastLegal => "last-legal",
            Position::FirstIllegal => "first-illegal",
            Position::Beyond => "beyond",
            Position::Wrapping => "wrapping",
        }
    }

    /// Where an access stood.
    pub(super) fn of(access: &Access) -> Position {
        let bits = match access.ty.address {
            AddressType::I32 => 32,
            AddressType::I64 => 64,
        };
        if let Some(grow) = access.grow {
            let page = access.ty.page_size();
            let space = (1u128 << bits) / page;
            let most = access.ty.maximum.map_or(space, u128::from);
            let new = access.size / page + u128::from(grow.delta);
            return match () {
                () if new >= 1 << bits => Position::Wrapping,
                () if new < most => Position::Inside,
                () if new == most => Position::LastLegal,
                () if new == most + 1 => Position::FirstIllegal,
                () => Position::Beyond,
            };
        }
        let end = access.address + access.length;
        let step = if access.op.contains("atomic") {
            access.length.max(1)
        } else {
            1
        };
        match () {
            () if end == access.size => Position::LastLegal,
            () if end < access.size => Position::Inside,
            () if access.address >= 1 << bits || end > 1 << bits => Position::Wrapping,
            () if end <= access.size + step => Position::FirstIllegal,
            () => Position::Beyond,
        }
    }
}

impl Cell {
    /// How many cells there are of one instruction, reachable or not.
    pub(super) const KINDS: usize = 2 * 2 * 2 * 2 * Position::ALL.len();

    /// The cell of an instruction with this number.
    pub(super) fn of(op: &'static str, kind: usize) -> Cell {
        let bits = kind / Position::ALL.len();
        Cell {
            op,
            wide: bits & 1 != 0,
            shared: bits & 2 != 0,
            small_pages: bits & 4 != 0,
            imported: bits & 8 != 0,
            position: Position::ALL[kind % Position::ALL.len()],
        }
    }

    /// Its number among those of its instruction.
    pub(super) fn kind(&self) -> usize {
        let bit = |set, value| if set { value } else { 0 };
        let bits = bit(self.wide, 1)
            | bit(self.shared, 2)
            | bit(self.small_pages, 4)
            | bit(self.imported, 8);
        bits * Position::ALL.len() + self.position as usize
    }

    /// Whether it can be visited with these features. Excluded are:
    ///
    /// * what needs a feature that is not there;
    /// * the embedder's accesses to imported memories: it has a memory of a
    ///   script by name, and imports none;
    /// * the embedder's reads and writes beyond 2^64: their address has 64 bits
    ///   and no static offset;
    /// * every position of `memory.size` but the end, where it is recorded.
    pub fn is_reachable(&self, features: Features) -> bool {
        let Cell {
            op,
            wide,
            shared,
            small_pages,
            imported,
            position,
        } = *self;
        let vector = Instruction::all()
            .find(|instruction| instruction.name == op)
            .is_some_and(|i| i.value == trapline_reference::ValueType::V128);
        let needs = [
            (wide, Feature::Memory64),
            (shared, Feature::Threads),
            (small_pages, Feature::CustomPageSizes),
            (op.contains("atomic"), Feature::Atomics),
            (vector, Feature::Simd),
        ];
        if needs.iter().any(|&(needed, f)| needed && !features.has(f)) {
            return false;
        }
        match op {
            "memory.size" => position == Position::LastLegal,
            "host.read" | "host.write" if wide && position == Position::Wrapping => false,
            _ if op.starts_with("host.") => !imported,
            _ => true,
        }
    }
}
