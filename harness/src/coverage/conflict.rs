//! Cells for threads: which conflicting operations of two threads were executed.
//!
//! Two operations *conflict* if they are of different threads and their order can be told:
//! they access the same bytes and one of them writes, one wakes up who waits at the other's
//! address, or one is a `memory.grow` that succeeds and the other depends on the length.
//! Whether something else orders them, as a flag does that is read in between, is not looked
//! at. What counts is what the reference executed in one schedule; the bytes an access would
//! have touched in another are not known.

use std::collections::BTreeSet;

use trapline_reference::{Access, InstanceId, Instruction, Kind};

use super::cell::Position;

/// An operation, as far as threads tell it from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// An atomic load.
    AtomicLoad,
    /// An atomic store.
    AtomicStore,
    /// An atomic read-modify-write.
    Rmw,
    /// An atomic compare-exchange.
    Cmpxchg,
    /// `memory.atomic.wait32` and `memory.atomic.wait64`.
    Wait,
    /// `memory.atomic.notify`.
    Notify,
    /// A plain load.
    Load,
    /// A plain store.
    Store,
    /// A bulk instruction.
    Bulk,
    /// `memory.size`.
    Size,
    /// `memory.grow`.
    Grow,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Operation; 11] = [
        Operation::AtomicLoad,
        Operation::AtomicStore,
        Operation::Rmw,
        Operation::Cmpxchg,
        Operation::Wait,
        Operation::Notify,
        Operation::Load,
        Operation::Store,
        Operation::Bulk,
        Operation::Size,
        Operation::Grow,
    ];

    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Operation::AtomicLoad => "atomic-load",
            Operation::AtomicStore => "atomic-store",
            Operation::Rmw => "atomic-rmw",
            Operation::Cmpxchg => "atomic-cmpxchg",
            Operation::Wait => "wait",
            Operation::Notify => "notify",
            Operation::Load => "load",
            Operation::Store => "store",
            Operation::Bulk => "bulk",
            Operation::Size => "memory.size",
            Operation::Grow => "memory.grow",
        }
    }

    fn of(access: &Access) -> Option<Operation> {
        match access.op {
            "memory.size" => return Some(Operation::Size),
            "memory.grow" => return Some(Operation::Grow),
            "memory.fill" | "memory.copy" | "memory.init" => return Some(Operation::Bulk),
            _ => {}
        }
        let kind = Instruction::all().find(|i| i.name == access.op)?.kind;
        Some(match kind {
            Kind::AtomicLoad => Operation::AtomicLoad,
            Kind::AtomicStore => Operation::AtomicStore,
            Kind::AtomicRmw(_) => Operation::Rmw,
            Kind::AtomicCmpxchg => Operation::Cmpxchg,
            Kind::Wait => Operation::Wait,
            Kind::Notify => Operation::Notify,
            Kind::Store | Kind::StoreLane => Operation::Store,
            Kind::Load(_) | Kind::LoadExtend(..) | Kind::LoadSplat | Kind::LoadLane => {
                Operation::Load
            }
        })
    }

    /// Whether it can change bytes.
    fn writes(self) -> bool {
        use Operation::{AtomicStore, Bulk, Cmpxchg, Rmw, Store};
        matches!(self, AtomicStore | Rmw | Cmpxchg | Store | Bulk)
    }

    /// Whether two operations can conflict.
    fn can_conflict(self, other: Operation) -> bool {
        use Operation::{Grow, Notify, Size, Wait};
        match (self, other) {
            (Grow, _) | (_, Grow) => true,
            (Size, _) | (_, Size) => false,
            (Notify, other) | (other, Notify) => other == Wait,
            (one, other) => one.writes() || other.writes(),
        }
    }
}

/// Where the first of two operations stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Edge {
    /// Inside, and not at the end; a grow to less than the maximum.
    Inside,
    /// At the last legal address; a grow to the maximum.
    LastLegal,
    /// Out of bounds; a grow beyond the maximum.
    Outside,
}

impl Edge {
    /// Every edge.
    pub const ALL: [Edge; 3] = [Edge::Inside, Edge::LastLegal, Edge::Outside];

    /// Its name in the table, that of a [`Position`] where there is one.
    pub fn name(self) -> &'static str {
        match self {
            Edge::Inside => Position::Inside.name(),
            Edge::LastLegal => Position::LastLegal.name(),
            Edge::Outside => "outside",
        }
    }

    fn of(access: &Access) -> Edge {
        match Position::of(access) {
            Position::Inside => Edge::Inside,
            Position::LastLegal => Edge::LastLegal,
            Position::FirstIllegal | Position::Beyond | Position::Wrapping => Edge::Outside,
        }
    }
}

/// What else the threads of the program do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Around {
    /// They neither grow a memory nor wait.
    Neither,
    /// One of them executes `memory.grow`.
    Grow,
    /// One of them waits.
    Wait,
}

impl Around {
    /// Each of them.
    pub const ALL: [Around; 3] = [Around::Neither, Around::Grow, Around::Wait];

    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Around::Neither => "neither",
            Around::Grow => "grow",
            Around::Wait => "wait",
        }
    }
}

/// An operation that conflicts with one of another thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Conflict {
    /// The operation.
    pub operation: Operation,
    /// The other.
    pub other: Operation,
    /// Where the first stood.
    pub edge: Edge,
    /// What else there is in the program. A program that grows and waits is counted under
    /// both.
    pub around: Around,
}

impl Conflict {
    /// Every conflict that there can be, in order. Excluded are:
    ///
    /// * operations whose order nothing tells;
    /// * accesses out of bounds, unless with a grow, which decides whether they are;
    /// * `memory.size` elsewhere than at the end, where it is recorded;
    /// * grows and waits in programs without them.
    pub fn all() -> impl Iterator<Item = Conflict> {
        let pairs = Operation::ALL
            .into_iter()
            .flat_map(|operation| Operation::ALL.map(|other| (operation, other)));
        let places = Edge::ALL
            .into_iter()
            .flat_map(|edge| Around::ALL.map(|around| (edge, around)));
        let places: Vec<(Edge, Around)> = places.collect();
        let all = pairs.flat_map(move |(operation, other)| {
            let with = |&(edge, around): &(Edge, Around)| Conflict {
                operation,
                other,
                edge,
                around,
            };
            places.iter().map(with).collect::<Vec<_>>()
        });
        all.filter(Conflict::can_be)
    }

    fn can_be(&self) -> bool {
        let Conflict {
            operation,
            other,
            edge,
            around,
        } = *self;
        let has = |wanted| operation == wanted || other == wanted;
        operation.can_conflict(other)
            && (edge != Edge::Outside || other == Operation::Grow)
            && (operation != Operation::Size || edge == Edge::LastLegal)
            && match around {
                Around::Neither => !has(Operation::Grow) && !has(Operation::Wait),
                Around::Grow | Around::Wait => true,
            }
    }
}

/// An access of a thread.
struct OfThread<'a> {
    access: &'a Access,
    /// Threads have instances of their own.
    instance: InstanceId,
    operation: Operation,
}

/// Most accesses of one program that are looked at; a loop may make many.
const LOOKED_AT: usize = 256;

/// The conflicts in what the reference executed of a program: the accesses that `is_of_thread`
/// says are of one of its threads.
pub(super) fn conflicts(
    trace: &[Vec<Access>],
    is_of_thread: impl Fn(&Access) -> bool,
) -> BTreeSet<Conflict> {
    let all: Vec<OfThread<'_>> = trace
        .iter()
        .flatten()
        .filter(|access| access.ty.shared && is_of_thread(access))
        .filter_map(|access| {
            Some(OfThread {
                access,
                instance: access.instance?,
                operation: Operation::of(access)?,
            })
        })
        .take(LOOKED_AT)
        .collect();
    let does = |operation| all.iter().any(|one| one.operation == operation);
    let (grows, waits) = (does(Operation::Grow), does(Operation::Wait));
    let around = |around: &Around| match around {
        Around::Neither => !grows && !waits,
        Around::Grow => grows,
        Around::Wait => waits,
    };
    let around: Vec<Around> = Around::ALL.into_iter().filter(around).collect();
    let mut found = BTreeSet::new();
    for one in &all {
        for other in all.iter().filter(|other| conflict(one, other)) {
            found.extend(around.iter().map(|&around| Conflict {
                operation: one.operation,
                other: other.operation,
                edge: Edge::of(one.access),
                around,
            }));
        }
    }
    found.retain(Conflict::can_be);
    found
}

fn conflict(one: &OfThread<'_>, other: &OfThread<'_>) -> bool {
    if one.instance == other.instance || one.access.memory != other.access.memory {
        return false;
    }
    if !one.operation.can_conflict(other.operation) {
        return false;
    }
    match (changes_length(one.access), changes_length(other.access)) {
        (true, true) => true,
        (true, false) => depends(other, one.access),
        (false, true) => depends(one, other.access),
        (false, false) => {
            let grow = |of: &OfThread<'_>| of.operation == Operation::Grow;
            let (one_, other_) = (one.access, other.access);
            !grow(one)
                && !grow(other)
                && !one_.trapped
                && !other_.trapped
                && one_.address < other_.address + other_.length
                && other_.address < one_.address + one_.length
        }
    }
}

/// Whether this is a grow that succeeds, and by more than nothing.
fn changes_length(access: &Access) -> bool {
    let grow = access.grow.filter(|grow| grow.delta > 0);
    grow.is_some_and(|grow| grow.result.is_some())
}

/// Whether an operation can do something else because of a grow.
fn depends(of: &OfThread<'_>, grow: &Access) -> bool {
    match of.operation {
        Operation::Grow | Operation::Size => true,
        _ => of.access.address + of.access.length > grow.size,
    }
}
