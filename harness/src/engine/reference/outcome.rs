//! Errors of the reference as outcomes of steps.

use trapline_reference::{Error, Trap};

use crate::observation::{Outcome, Stage, TrapKind};

pub(in crate::engine) fn outcome_of(error: Error) -> Outcome {
    match error {
        Error::Trap(kinds) => Outcome::Trap(kinds.iter().map(trap_kind).collect()),
        Error::Exhausted => Outcome::Exhausted,
        Error::Interrupted => Outcome::Interrupted,
        Error::Link(reason) => Outcome::Rejected {
            stage: Stage::Link,
            reason,
        },
        Error::Limit(why) => Outcome::Limit(why),
        Error::Absent(_) => Outcome::Absent,
    }
}

pub(super) fn trap_kind(trap: Trap) -> TrapKind {
    match trap {
        Trap::Unreachable => TrapKind::Unreachable,
        Trap::OutOfBoundsMemory => TrapKind::OutOfBoundsMemory,
        Trap::OutOfBoundsTable => TrapKind::OutOfBoundsTable,
        Trap::UnalignedAtomic => TrapKind::UnalignedAtomic,
        Trap::ExpectedSharedMemory => TrapKind::ExpectedSharedMemory,
        Trap::WouldBlock => TrapKind::WouldBlock,
        Trap::DivisionByZero => TrapKind::DivisionByZero,
        Trap::IntegerOverflow => TrapKind::IntegerOverflow,
        Trap::InvalidConversion => TrapKind::InvalidConversion,
        Trap::NullElement => TrapKind::NullElement,
        Trap::UndefinedElement => TrapKind::UndefinedElement,
        Trap::IndirectCallType => TrapKind::IndirectCallType,
        Trap::Host => TrapKind::Host,
    }
}
