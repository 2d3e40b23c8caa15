//! Cells of the space: what can be told apart, and what can exist.

use trapline_reference::{Access, AddressType, Instruction};

use super::shape::Aspect;
use crate::engine::{Feature, Features};

/// A cell of the space.
///
/// Crossing shapes with everything else would give more cells than can be
/// visited, and the same code is compiled for many of them. So there are two
/// kinds: where the access stood in which kind of memory, and the aspects of
/// its shape, each crossed only with what changes the code that is compiled
/// for it (instruction and address type) and with whether it trapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell {
    /// The instruction, or what else accessed memory, as in
    /// [`Access::op`](trapline_reference::Access::op).
    pub op: &'static str,
    /// Whether addresses have 64 bits.
    pub wide: bool,
    /// What else it says.
    pub what: What,
}

/// What a cell says besides instruction and address type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum What {
    /// Where the access stood, in which kind of memory.
    Place {
        /// Whether the memory is shared.
        shared: bool,
        /// Whether its pages have one byte.
        small_pages: bool,
        /// Whether the module imports it.
        imported: bool,
        /// Where the access stood.
        position: Position,
    },
    /// What is around it in the code.
    Shape {
        /// One aspect of that.
        aspect: Aspect,
        /// Whether the access was out of bounds.
        outside: bool,
    },
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

    /// Whether this is out of bounds; for a grow, beyond the maximum.
    pub fn is_outside(self) -> bool {
        !matches!(self, Position::Inside | Position::LastLegal)
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
    /// How many cells that say [`What::Place`] there are of one instruction,
    /// reachable or not.
    const PLACES: usize = 2 * 2 * 2 * 2 * Position::ALL.len();

    /// How many cells there are of one instruction, reachable or not.
    pub(super) const KINDS: usize = Cell::PLACES + 2 * 2 * Aspect::ALL.len();

    /// The cell of an instruction with this number.
    pub(super) fn of(op: &'static str, kind: usize) -> Cell {
        let (bits, what) = match kind.checked_sub(Cell::PLACES) {
            None => {
                let bits = kind / Position::ALL.len();
                let what = What::Place {
                    shared: bits & 2 != 0,
                    small_pages: bits & 4 != 0,
                    imported: bits & 8 != 0,
                    position: Position::ALL[kind % Position::ALL.len()],
                };
                (bits, what)
            }
            Some(kind) => {
                let bits = kind / Aspect::ALL.len();
                let what = What::Shape {
                    aspect: Aspect::ALL[kind % Aspect::ALL.len()],
                    outside: bits & 2 != 0,
                };
                (bits, what)
            }
        };
        Cell {
            op,
            wide: bits & 1 != 0,
            what,
        }
    }

    /// Its number among those of its instruction.
    pub(super) fn kind(&self) -> usize {
        let bit = |set, value| if set { value } else { 0 };
        let wide = bit(self.wide, 1);
        match self.what {
            What::Place {
                shared,
                small_pages,
                imported,
                position,
            } => {
                let bits = wide | bit(shared, 2) | bit(small_pages, 4) | bit(imported, 8);
                bits * Position::ALL.len() + position as usize
            }
            What::Shape { aspect, outside } => {
                let bits = wide | bit(outside, 2);
                Cell::PLACES + bits * Aspect::ALL.len() + aspect.number()
            }
        }
    }

    /// Whether it can be visited with these features. Excluded are:
    ///
    /// * what needs a feature that is not there;
    /// * the embedder's accesses to imported memories: it has a memory of a
    ///   script by name, and imports none;
    /// * the embedder's reads and writes beyond 2^64: their address has 64 bits
    ///   and no static offset;
    /// * every position of `memory.size` but the end, where it is recorded;
    /// * aspects that the instruction cannot have: an address and a setting
    ///   where it has no address of its own, a value where nothing is loaded
    ///   or stored.
    pub fn is_reachable(&self, features: Features) -> bool {
        let Cell { op, wide, what } = *self;
        let vector = Instruction::all()
            .find(|instruction| instruction.name == op)
            .is_some_and(|i| i.value == trapline_reference::ValueType::V128);
        let needs = [
            (wide, Feature::Memory64),
            (op.contains("atomic"), Feature::Atomics),
            (vector, Feature::Simd),
        ];
        let lacks = |&(needed, feature): &(bool, Feature)| needed && !features.has(feature);
        if needs.iter().any(lacks) {
            return false;
        }
        match what {
            What::Shape { aspect, outside: _ } => aspect.applies_to(op),
            What::Place {
                shared,
                small_pages,
                imported,
                position,
            } => {
                let needs = [
                    (shared, Feature::Threads),
                    (small_pages, Feature::CustomPageSizes),
                ];
                !needs.iter().any(lacks)
                    && match op {
                        "memory.size" => position == Position::LastLegal,
                        "host.read" | "host.write" if wide && position == Position::Wrapping => {
                            false
                        }
                        _ if op.starts_with("host.") => !imported,
                        _ => true,
                    }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_have_numbers_and_numbers_cells() {
        for kind in 0..Cell::KINDS {
            assert_eq!(Cell::of("i32.load", kind).kind(), kind);
        }
    }
}
