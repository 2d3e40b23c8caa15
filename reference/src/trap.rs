//! Traps, and why a call or an instantiation did not end well.

use std::fmt;

/// Why execution was aborted.
/// <https://webassembly.github.io/spec/core/exec/runtime.html#syntax-result>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Trap {
    /// `unreachable` was executed.
    Unreachable,
    /// Beyond the end of a linear memory, or of a data segment.
    OutOfBoundsMemory,
    /// Beyond the end of a table, or of an element segment.
    OutOfBoundsTable,
    /// An atomic access whose effective address is not a multiple of its width.
    UnalignedAtomic,
    /// `memory.atomic.wait` on a memory that is not shared.
    ExpectedSharedMemory,
    /// A wait that nothing can end: there is no other thread, and no timeout.
    WouldBlock,
    /// Integer division by zero.
    DivisionByZero,
    /// Integer overflow, in division or in a conversion.
    IntegerOverflow,
    /// A NaN was converted to an integer.
    InvalidConversion,
    /// An indirect call through a null element.
    NullElement,
    /// An indirect call through an index beyond the table.
    UndefinedElement,
    /// An indirect call of a function with another type.
    IndirectCallType,
    /// The embedder's own, from a host function.
    Host,
}

impl Trap {
    /// Every kind of trap.
    pub const ALL: [Trap; 13] = [
        Trap::Unreachable,
        Trap::OutOfBoundsMemory,
        Trap::OutOfBoundsTable,
        Trap::UnalignedAtomic,
        Trap::ExpectedSharedMemory,
        Trap::WouldBlock,
        Trap::DivisionByZero,
        Trap::IntegerOverflow,
        Trap::InvalidConversion,
        Trap::NullElement,
        Trap::UndefinedElement,
        Trap::IndirectCallType,
        Trap::Host,
    ];

    /// The words the official test suite has for it.
    pub fn message(self) -> &'static str {
        match self {
            Trap::Unreachable => "unreachable",
            Trap::OutOfBoundsMemory => "out of bounds memory access",
            Trap::OutOfBoundsTable => "out of bounds table access",
            Trap::UnalignedAtomic => "unaligned atomic",
            Trap::ExpectedSharedMemory => "expected shared memory",
            Trap::WouldBlock => "wait would block",
            Trap::DivisionByZero => "integer divide by zero",
            Trap::IntegerOverflow => "integer overflow",
            Trap::InvalidConversion => "invalid conversion to integer",
            Trap::NullElement => "uninitialized element",
            Trap::UndefinedElement => "undefined element",
            Trap::IndirectCallType => "indirect call type mismatch",
            Trap::Host => "host trap",
        }
    }
}

/// The kinds of trap that the specification allows in one place: more than one
/// where it leaves the order of checks open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Traps(u16);

impl Traps {
    /// Either of two kinds.
    pub fn either(one: Trap, other: Trap) -> Traps {
        Traps::from(one).or(other.into())
    }

    /// What is allowed here or there.
    #[must_use]
    pub fn or(self, other: Traps) -> Traps {
        Traps(self.0 | other.0)
    }

    /// Whether `kind` is allowed.
    pub fn contains(self, kind: Trap) -> bool {
        self.0 & 1 << kind as u16 != 0
    }

    /// The kinds allowed.
    pub fn iter(self) -> impl Iterator<Item = Trap> {
        Trap::ALL.into_iter().filter(move |&t| self.contains(t))
    }
}

impl From<Trap> for Traps {
    fn from(kind: Trap) -> Traps {
        Traps(1 << kind as u16)
    }
}

impl fmt::Display for Traps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, kind) in self.iter().enumerate() {
            if i > 0 {
                f.write_str(" or ")?;
            }
            f.write_str(kind.message())?;
        }
        Ok(())
    }
}

/// Why a call or an instantiation did not end well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// It trapped, in one of these ways.
    Trap(Traps),
    /// More calls were nested than [`Config::call_depth`](crate::Config::call_depth).
    Exhausted,
    /// More instructions ran than [`Config::fuel`](crate::Config::fuel).
    Interrupted,
    /// An import is missing or has another type.
    Link(String),
    /// A memory or a table is larger than the run allows.
    Limit(String),
    /// There is no such export, or the arguments do not fit its type.
    Absent(String),
}

impl From<Trap> for Error {
    fn from(kind: Trap) -> Error {
        Error::Trap(kind.into())
    }
}

impl From<Traps> for Error {
    fn from(kinds: Traps) -> Error {
        Error::Trap(kinds)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Trap(kinds) => write!(f, "trap: {kinds}"),
            Error::Exhausted => f.write_str("call stack exhausted"),
            Error::Interrupted => f.write_str("out of fuel"),
            Error::Link(why) | Error::Limit(why) | Error::Absent(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_traps_has_what_was_put_in() {
        for one in Trap::ALL {
            for other in Trap::ALL {
                let either = Traps::either(one, other);
                let kinds: Vec<Trap> = either.iter().collect();
                let mut expected = vec![one, other];
                expected.sort();
                expected.dedup();
                assert_eq!(kinds, expected);
                assert_eq!(either.or(either), either);
                assert!(
                    Trap::ALL
                        .iter()
                        .all(|kind| { either.contains(*kind) == (*kind == one || *kind == other) })
                );
            }
        }
    }

    #[test]
    fn traps_and_errors_are_told_in_words() {
        let either = Traps::either(Trap::UnalignedAtomic, Trap::OutOfBoundsMemory);
        for (error, words) in [
            (
                Error::from(either),
                "trap: out of bounds memory access or unaligned atomic",
            ),
            (Error::from(Trap::Unreachable), "trap: unreachable"),
            (Error::Exhausted, "call stack exhausted"),
            (Error::Interrupted, "out of fuel"),
            (Error::Link("no".to_owned()), "no"),
        ] {
            assert_eq!(error.to_string(), words);
        }
    }
}
