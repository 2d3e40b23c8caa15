//! The space: which points there are, by a written rule.
//!
//! A point is one operation on one memory, with all that its outcome may depend on
//! ([`Point`]): the operation, the kind of memory, its size, how the operand comes
//! about, the static offset, the position against the bound, and what went before.
//!
//! # What is covered
//!
//! The whole product of these dimensions has thousands of millions of members. The space
//! is the union of these products ([`admits`]); what is in several is in it once:
//!
//! * **Everywhere**: every operation × all 32 kinds × every size × the operand as a
//!   parameter × offset 0 × every position × nothing before.
//! * **Offsets and constants**: the same with a small offset, and with a constant operand
//!   and offset 0, on the 16 kinds that are imported exactly if they are memory 1.
//! * **Operands**: the representatives (21 operations, one at least for each width of
//!   loads, stores, vectors, atomics and for each bulk instruction) × the 8 kinds that are the
//!   module's own memory 0 × every size × every form of operand × every offset × every position
//!   × nothing before.
//! * **Before**: the representatives × all that can go before × kinds of pages of 64 KiB
//!   that are imported exactly if they are memory 1, and the module's own of 1 byte × every
//!   size (2 GiB and more only on the module's own unshared memory 0 of 64 KiB pages) ×
//!   the operand as a parameter with offset 0 and small, and as a constant × every position.
//! * What takes no address: `memory.size` × every kind × every size × all that can go
//!   before; growths × every kind × every size × every delta, by a constant, by a
//!   parameter and by the embedder; active segments × every kind × every size × every
//!   position, at a constant and at a folded one; a new memory × every kind × every size.
//!
//! # What means the same, and is there once
//!
//! * Two positions at the same effective address: the first of them.
//! * Two sizes, offsets or deltas that are the same number for a kind: the first.
//! * A wrapped, folded or shifted operand where the number cannot come about so.
//!
//! # What cannot be combined, and is no point
//!
//! * A position that the offset makes unreachable: the operand would be negative, or have
//!   more bits than an address.
//! * A size or an offset beyond the address type, a legal position in a memory that is
//!   too small for the access.
//! * A growth of a memory that has its largest size; a growth by another instance's
//!   function, called, where nothing is imported.
//! * An operand that comes from a memory too small to hold it; one that is known only
//!   after the access that went before would need it.
//! * A bulk operation, or a growth, of more than a megabyte that would succeed.
//!
//! # What is not covered
//!
//! Alignment hints other than the natural one (at offset 0) and 1 (at a small
//! offset); lanes but the first and the last; more than two memories; loops; operands that flow
//! through locals or merges; two writes behind each other but of the same operation; threads that race;
//! invalid modules; 64-bit tables. Those are a campaign's.

mod amount;
mod dimensions;
mod operation;
mod position;

use std::collections::BTreeSet;

pub use amount::{Delta, Length, maximum};
pub use dimensions::{Before, Form, Kind, Offset, Size};
pub use operation::{Action, Operation, SEGMENT, Variant};
pub use position::{Bounds, Position, Wrap};

use super::Point;
use crate::engine::{Budget, MEMORY_BYTES};

/// Raised whenever points are added, removed or mean something else.
pub const VERSION: u32 = 1;

/// The limits of every run: a growth beyond fails, everywhere.
pub const BUDGET: Budget = Budget::of(MEMORY_BYTES);

/// Whether points of this operation, kind, size, form, offset and history are in the
/// space, at whatever positions can be.
pub fn admits(point: &Point) -> bool {
    let Point {
        operation: _,
        kind,
        size,
        form,
        offset,
        before,
        position: _,
    } = *point;
    let operation = point.operation();
    let action = operation.action;
    if !can_be(point) {
        return false;
    }
    if !operation.has_address() {
        return match action {
            Action::Size => form == Form::None,
            Action::New | Action::HostGrow(_) => form == Form::None && before == Before::Nothing,
            _ => {
                let often = [Before::Nothing, Before::GrowHere, Before::GrowHostEarlier];
                [Form::Parameter, Form::Constant].contains(&form) && often.contains(&before)
            }
        };
    }
    if let Action::Segment(_) = action {
        return [Form::Constant, Form::Folded].contains(&form) && before == Before::Nothing;
    }
    let alike = kind.imported == kind.second;
    let usual = matches!(offset, Offset::Zero | Offset::Small);
    let own = !kind.imported && !kind.second;
    let none = offset == Offset::Zero;
    let everywhere =
        before == Before::Nothing && form == Form::Parameter && (none || usual && alike);
    let constants = before == Before::Nothing && form == Form::Constant && none && alike;
    let stands = operation.stands;
    let operands = stands && own && before == Before::Nothing;
    let large_too = own && !kind.shared && !kind.small_pages;
    let history = stands
        && alike
        && (!kind.small_pages || own)
        && (!size.is_large() || large_too)
        && (form == Form::Parameter && usual || form == Form::Constant && none);
    everywhere || constants || operands || history
}

/// Whether the dimensions of a point can be combined, its position aside.
fn can_be(point: &Point) -> bool {
    let Point {
        kind,
        size,
        form,
        offset,
        before,
        ..
    } = *point;
    let operation = point.operation();
    let Some(bytes) = size.bytes(kind) else {
        return false;
    };
    let takes = match operation.action {
        Action::CopyIn(_) | Action::CopyOut(_) => kind.second,
        Action::InitFrom(length) => bytes >= length && (bytes > 0) && size == Size::Page,
        Action::Grow(delta) | Action::HostGrow(delta) => delta.pages(kind, size).is_some(),
        _ => true,
    };
    let form_fits = match form {
        Form::None => !operation.has_address() && !matches!(operation.action, Action::Grow(_)),
        Form::Wrapped => !kind.wide,
        Form::Unsigned | Form::Signed => kind.wide,
        Form::Loaded => bytes >= 4_096,
        _ => operation.has_address() || matches!(operation.action, Action::Grow(_)),
    };
    let offset_fits = match operation.has_offset() {
        true => offset.bytes(kind).is_some(),
        false => offset == Offset::Zero,
    };
    let before_fits = match before {
        Before::GrowForeign => kind.imported,
        Before::Ahead => offset.bytes(kind).is_some_and(|offset| {
            let ahead = offset.checked_add(8);
            ahead.is_some_and(|ahead| u128::from(ahead) < kind.range())
        }),
        // Nothing to begin with may grow to all that there is.
        Before::GrowFails => bytes > 0,
        _ => true,
    };
    let room = bytes / kind.page() + kind.growth() <= kind.most_pages();
    let is_access = before.is_access();
    takes
        && form_fits
        && offset_fits
        && before_fits
        && (!before.grows() || room)
        && (!is_access || operation.has_address())
}

/// Whether there is such a point.
pub fn contains(point: &Point) -> bool {
    let mut alike = Vec::new();
    if admits(point) {
        add_positions(*point, &mut alike);
    }
    alike.contains(point)
}

/// A number for the names of all points in their order.
pub fn digest(points: &[Point]) -> u64 {
    let mut digest = xxhash_rust::xxh3::Xxh3::new();
    let mut name = String::new();
    for point in points {
        use std::fmt::Write as _;
        name.clear();
        let _ = writeln!(name, "{point}");
        digest.update(name.as_bytes());
    }
    digest.digest()
}

/// All points, in their order: those of the same module stand together.
pub fn points() -> Vec<Point> {
    let mut points = Vec::new();
    for kind in Kind::all() {
        for &size in Size::ALL {
            for operation in 0..Operation::all().len() {
                add_points(operation, kind, size, &mut points);
            }
        }
    }
    points
}

/// The points of one operation on one memory.
fn add_points(operation: usize, kind: Kind, size: Size, points: &mut Vec<Point>) {
    // Most of the product is ruled out before anything is looked at closely.
    let of = &Operation::all()[operation];
    let all_before = match of.stands || !of.has_address() {
        true => Before::ALL,
        false => &[Before::Nothing],
    };
    let forms = match of.stands {
        true => Form::ALL,
        false => &[Form::Parameter, Form::Constant, Form::Folded, Form::None],
    };
    let offsets = match of.has_offset() {
        true => Offset::ALL,
        false => &[Offset::Zero],
    };
    for &before in all_before {
        for &form in forms {
            for &offset in offsets {
                let point = Point {
                    operation,
                    kind,
                    size,
                    form,
                    offset,
                    before,
                    position: Position::None,
                };
                if admits(&point) {
                    add_positions(point, points);
                }
            }
        }
    }
}

/// The points that differ in their positions alone.
fn add_positions(point: Point, points: &mut Vec<Point>) {
    let operation = point.operation();
    if !operation.has_address() {
        points.push(point);
        return;
    }
    let mut seen = BTreeSet::new();
    for position in Position::all(operation.width) {
        let point = Point { position, ..point };
        if let Some(effective) = point.effective()
            && point.comes_about()
            && seen.insert(effective)
        {
            points.push(point);
        }
    }
}
