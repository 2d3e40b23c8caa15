//! A point of the space: what it is, what it comes to, and its name.

use std::fmt;
use std::str::FromStr;

use super::space::{
    Action, Before, Bounds, Form, Kind, Length, Offset, Operation, Position, SEGMENT, Size,
};

/// One operation on one memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point {
    /// Which of [`Operation::all`].
    pub operation: usize,
    /// The kind of memory.
    pub kind: Kind,
    /// Its size.
    pub size: Size,
    /// How the operand comes about.
    pub form: Form,
    /// The static offset.
    pub offset: Offset,
    /// Where the access stands.
    pub position: Position,
    /// What went before.
    pub before: Before,
}

impl Point {
    /// What is done.
    pub fn operation(&self) -> &'static Operation {
        &Operation::all()[self.operation]
    }

    /// The size of the memory when it is made, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.size.bytes(self.kind).unwrap_or(0)
    }

    /// The size of the memory when it is accessed, in bytes.
    pub(super) fn bytes_then(&self) -> u64 {
        let grown = match self.before.grows() {
            true => self.kind.growth() * self.kind.page(),
            false => 0,
        };
        self.bytes() + grown
    }

    /// Whether the operand has 64 bits.
    pub(super) fn is_wide(&self) -> bool {
        self.kind.wide && !matches!(self.operation().action, Action::InitFrom(_))
    }

    /// What the address is measured against.
    fn bounds(&self) -> Option<Bounds> {
        let operation = self.operation();
        let offset = self.offset.bytes(self.kind)?;
        let bounds = Bounds {
            width: operation.width,
            atomic: operation.is_atomic(),
            size: self.bytes_then(),
            old: self.before.grows().then(|| self.bytes()),
            kind: self.kind,
            offset,
        };
        Some(match operation.action {
            Action::InitFrom(_) => Bounds {
                size: SEGMENT,
                kind: Kind {
                    wide: false,
                    ..self.kind
                },
                ..bounds
            },
            _ => bounds,
        })
    }

    /// The effective address; `None` where there is none.
    pub fn effective(&self) -> Option<u128> {
        self.position.effective(&self.bounds()?)
    }

    /// The operand; 0 where there is none.
    pub(super) fn operand(&self) -> u64 {
        let offset = self.offset.bytes(self.kind).unwrap_or(0);
        let operand = self.effective().unwrap_or(0).wrapping_sub(offset.into());
        u64::try_from(operand).unwrap_or(0)
    }

    /// How long a bulk operation is, and whether that has 64 bits.
    pub(super) fn length(&self) -> Option<(Length, bool)> {
        match self.operation().action {
            Action::Fill(length) | Action::CopyTo(length) | Action::CopyFrom(length) => {
                Some((length, self.kind.wide))
            }
            // The shorter of two address types: memory 0 has 32 bits.
            Action::CopyIn(length) | Action::CopyOut(length) | Action::Init(length) => {
                Some((length, false))
            }
            _ => None,
        }
    }

    /// Whether the operand, and the length, can come about as the point says.
    pub(super) fn comes_about(&self) -> bool {
        let operand = self.operand();
        let half = 1 << 31;
        let form_fits = match self.form {
            Form::Shifted => operand.is_multiple_of(8),
            Form::Masked if self.kind.wide => operand < 1 << 32,
            Form::Masked => operand < half,
            Form::Unsigned => operand < 1 << 32,
            Form::Signed => operand < half || operand > u64::MAX - half,
            Form::None
            | Form::Parameter
            | Form::Constant
            | Form::Folded
            | Form::Wrapped
            | Form::Sum
            | Form::Loaded => true,
        };
        let action_fits = match (self.operation().action, self.length()) {
            (Action::CopyUp | Action::CopyDown, _) => operand >= 3,
            (_, Some((length, wide))) if length.is_huge() => {
                let places = [Position::First, Position::Last, Position::Beyond(1)];
                let start = self.effective().unwrap_or(0);
                // One that succeeds would write more than anybody has.
                let fails = |bytes: u64| start + u128::from(bytes) > self.bytes_then().into();
                places.contains(&self.position) && length.bytes(start, wide).is_some_and(fails)
            }
            _ => true,
        };
        form_fits && action_fits
    }

    /// Whether it changes what stays behind it, so that it needs instances of its own.
    pub(super) fn is_fresh(&self) -> bool {
        let makes = matches!(
            self.operation().action,
            Action::Grow(_) | Action::HostGrow(_) | Action::Segment(_) | Action::New
        );
        makes || self.before.grows()
    }
}

/// `i32.load8_u/memory64/page/parameter/offset-small/beyond-1/after-grow`.
impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Point {
            operation: _,
            kind,
            size,
            form,
            offset,
            position,
            before,
        } = self;
        write!(
            f,
            "{}/{}/{}/{}/{}/{}/{}",
            self.operation().name,
            kind.name(),
            size.name(),
            form.name(),
            offset.name(),
            position.name(),
            before.name()
        )
    }
}

impl FromStr for Point {
    type Err = String;

    fn from_str(text: &str) -> Result<Point, String> {
        let parts: Vec<&str> = text.split('/').collect();
        let [operation, kind, size, form, offset, position, before] = parts[..] else {
            return Err(format!(
                "'{text}' is not a point: OPERATION/MEMORY/SIZE/OPERAND/OFFSET/POSITION/BEFORE"
            ));
        };
        let unknown = |what: &str, name: &str| format!("'{text}': there is no {what} '{name}'");
        let all = Operation::all();
        let point = Point {
            operation: all
                .iter()
                .position(|one| one.name == operation)
                .ok_or_else(|| unknown("operation", operation))?,
            kind: Kind::named(kind).ok_or_else(|| unknown("memory", kind))?,
            size: Size::named(size).ok_or_else(|| unknown("size", size))?,
            form: Form::named(form).ok_or_else(|| unknown("operand", form))?,
            offset: Offset::named(offset).ok_or_else(|| unknown("offset", offset))?,
            position: Position::named(position).ok_or_else(|| unknown("position", position))?,
            before: Before::named(before).ok_or_else(|| unknown("history", before))?,
        };
        match super::space::contains(&point) {
            true => Ok(point),
            false => Err(format!("'{text}': is no point of the space")),
        }
    }
}
