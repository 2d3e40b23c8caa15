//! Classes of instructions that one fault is likely to have in common.
//!
//! A class fixes some attributes of an instruction (what it does, the type of
//! its value, its width) and leaves the others open, as the code of an engine
//! does: one path for all loads, one for all accesses of 8 bytes, one for each
//! instruction.

use trapline_reference::{Instruction, Kind, ValueType};

/// An instruction that can stand in the place of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sibling {
    pub(super) name: &'static str,
    /// Its row in the table of those that access memory at an effective
    /// address; none for bulk instructions.
    pub(super) row: Option<&'static Instruction>,
}

impl Sibling {
    /// All there are.
    pub(super) fn all() -> impl Iterator<Item = Sibling> {
        let rows = Instruction::all().map(|row| Sibling {
            name: row.name,
            row: Some(row),
        });
        let bulk = ["memory.fill", "memory.copy", "memory.init"];
        rows.chain(bulk.into_iter().map(|name| Sibling { name, row: None }))
    }

    /// The one of this name.
    pub(super) fn named(name: &str) -> Option<Sibling> {
        Sibling::all().find(|sibling| sibling.name == name)
    }
}

/// The attributes of an instruction by which engines tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Attributes {
    form: Form,
    direction: Direction,
    /// What exactly is done with the bytes, however many there are.
    kind: Option<Kind>,
    value: Option<ValueType>,
    width: u32,
    /// Whether the value has more bytes than are accessed.
    narrow: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Scalar,
    Vector,
    Atomic,
    Bulk,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Load,
    Store,
    Update,
    Synchronise,
}

impl Attributes {
    fn of(sibling: Sibling) -> Attributes {
        let Some(&Instruction {
            name: _,
            width,
            kind,
            value,
        }) = sibling.row
        else {
            return Attributes {
                form: Form::Bulk,
                direction: Direction::Store,
                kind: None,
                value: None,
                width: 0,
                narrow: false,
            };
        };
        let vector = value == ValueType::V128;
        let bytes = match value {
            ValueType::I32 | ValueType::F32 => 4,
            ValueType::I64 | ValueType::F64 => 8,
            ValueType::V128 | ValueType::FuncRef | ValueType::ExternRef => 16,
        };
        let (form, direction) = match kind {
            Kind::Load(_) if vector => (Form::Vector, Direction::Load),
            Kind::Load(_) => (Form::Scalar, Direction::Load),
            Kind::Store if vector => (Form::Vector, Direction::Store),
            Kind::Store => (Form::Scalar, Direction::Store),
            Kind::LoadExtend(..) | Kind::LoadSplat | Kind::LoadLane => {
                (Form::Vector, Direction::Load)
            }
            Kind::StoreLane => (Form::Vector, Direction::Store),
            Kind::AtomicLoad => (Form::Atomic, Direction::Load),
            Kind::AtomicStore => (Form::Atomic, Direction::Store),
            Kind::AtomicRmw(_) | Kind::AtomicCmpxchg => (Form::Atomic, Direction::Update),
            Kind::Notify | Kind::Wait => (Form::Atomic, Direction::Synchronise),
        };
        Attributes {
            form,
            direction,
            kind: Some(match kind {
                Kind::LoadExtend(extension, _) => Kind::LoadExtend(extension, 0),
                kind => kind,
            }),
            value: Some(value),
            width,
            narrow: width < bytes,
        }
    }

    /// Whether the attributes in `fixed` are the same; a bit for each, in
    /// the order of the fields.
    fn agree(&self, other: &Attributes, fixed: u32) -> bool {
        let same = [
            self.form == other.form,
            self.direction == other.direction,
            self.kind == other.kind,
            self.value == other.value,
            self.width == other.width,
            self.narrow == other.narrow,
        ];
        (0..)
            .zip(same)
            .all(|(bit, same)| same || fixed & 1 << bit == 0)
    }
}

/// Whether two instructions differ in nothing but their width, or in what
/// exactly an atomic one does with the value, and are of those of which most
/// engines have all in one place: lanes, and atomic updates.
pub(in crate::triage) fn is_family(one: &str, other: &str) -> bool {
    let attributes = |name| Sibling::named(name).map(Attributes::of);
    let (Some(one), Some(other)) = (attributes(one), attributes(other)) else {
        return false;
    };
    let one_place = match one.kind {
        Some(Kind::StoreLane | Kind::LoadLane | Kind::LoadSplat | Kind::LoadExtend(..)) => {
            one.kind == other.kind
        }
        Some(Kind::AtomicCmpxchg | Kind::AtomicRmw(_)) => one.form == other.form,
        _ => false,
    };
    one_place && one.direction == other.direction
}

const ATTRIBUTES: u32 = 6;

/// What a sibling of the instruction did in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// It diverged as well.
    Same,
    /// It did not.
    Not,
    /// It could not be tried.
    Untried,
}

/// The largest class of instructions around `own` of which most diverge, as
/// `shown` tells; names, `own` among them. Of forms of which none diverges none
/// belongs to it.
pub(super) fn widest(own: Sibling, shown: &dyn Fn(Sibling) -> Shown) -> Vec<&'static str> {
    let own_attributes = Attributes::of(own);
    let form = |sibling: Sibling| {
        let Attributes {
            form, direction, ..
        } = Attributes::of(sibling);
        (form, direction)
    };
    let mut best = vec![own.name];
    let mut most = 1;
    for fixed in 0..1 << ATTRIBUTES {
        let members: Vec<Sibling> = Sibling::all()
            .filter(|&s| Attributes::of(s).agree(&own_attributes, fixed))
            .collect();
        let tried = members
            .iter()
            .filter(|&&s| shown(s) != Shown::Untried)
            .count();
        let same: Vec<Sibling> = members
            .iter()
            .copied()
            .filter(|&s| shown(s) == Shown::Same)
            .collect();
        // An operand that happens to make no difference must not split a class.
        if tried > most && same.len() * 3 >= tried * 2 {
            most = tried;
            let is_one = |s: &&Sibling| same.iter().any(|&other| form(other) == form(**s));
            best = members.iter().filter(is_one).map(|s| s.name).collect();
        }
    }
    if !best.contains(&own.name) {
        best.push(own.name);
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widest_of(own: &str, same: impl Fn(&Instruction) -> bool) -> Vec<&'static str> {
        widest(
            Sibling::named(own).unwrap(),
            &|s| match s.row.is_some_and(&same) {
                true => Shown::Same,
                false => Shown::Not,
            },
        )
    }

    #[test]
    fn a_class_is_as_wide_as_the_fault() {
        let all = Instruction::all().count();
        assert_eq!(widest_of("i32.load", |_| true).len(), all);
        let eight = widest_of("i64.load", |i| i.width == 8);
        assert!(eight.contains(&"f64.store") && !eight.contains(&"i32.load"));
        let signed = widest_of("i64.load8_s", |i| i.name.ends_with("_s"));
        assert!(signed.contains(&"i32.load16_s"), "{signed:?}");
        assert!(!signed.contains(&"i32.load16_u"), "{signed:?}");
    }

    #[test]
    fn two_faults_in_one_engine_make_no_class() {
        let two = |i: &Instruction| ["i64.load8_s", "i32.load16_s"].contains(&i.name);
        assert_eq!(widest_of("i64.load8_s", two), ["i64.load8_s"]);
    }

    #[test]
    fn one_member_that_shows_nothing_splits_no_class() {
        let updates = |i: &Instruction| matches!(i.kind, Kind::AtomicRmw(op) if op != trapline_reference::Rmw::And);
        let found = widest_of("i32.atomic.rmw.add", updates);
        assert!(found.contains(&"i64.atomic.rmw8.xor_u"), "{found:?}");
        assert!(!found.contains(&"i32.atomic.load"), "{found:?}");
    }
}
