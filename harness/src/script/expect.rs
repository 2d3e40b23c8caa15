//! What a script asserts of a step, and whether an outcome satisfies it.

#[cfg(test)]
mod tests;

use std::fmt;

use trapline_reference::Value;

use crate::observation::{Outcome, Stage, TrapKind};

/// What a script says a step should do.
/// <https://github.com/WebAssembly/spec/tree/main/interpreter#scripts>
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Nothing: whatever happens is right.
    Anything,
    /// The step succeeds; its values, if any, are not looked at.
    Success,
    /// The call or global read gives these values.
    Values(Vec<Pattern>),
    /// The call or the instantiation traps, in the official suite's words.
    Trap(String),
    /// The call exhausts the stack.
    Exhaustion,
    /// The module cannot be decoded.
    Malformed(String),
    /// The module can be decoded but is not valid.
    Invalid(String),
    /// The module is valid but what it imports is not provided.
    Unlinkable(String),
    /// The thread does what is asserted of its steps, each with its line.
    Joined(Vec<(usize, Expect)>),
}

/// One expected value, or a set of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// This value, bit for bit.
    Exact(Value),
    /// An `f32` that is a NaN.
    F32Nan(Nan),
    /// An `f64` that is a NaN.
    F64Nan(Nan),
    /// A `v128` given as four `f32` lanes, lane 0 first.
    F32x4([F32Lane; 4]),
    /// A `v128` given as two `f64` lanes, lane 0 first.
    F64x2([F64Lane; 2]),
    /// A null reference of any type.
    NullRef,
    /// A function reference that is not null.
    SomeFunc,
    /// A host reference that is not null.
    SomeExtern,
    /// Any of these.
    Either(Vec<Pattern>),
}

/// Which NaNs are meant.
/// <https://webassembly.github.io/spec/core/syntax/values.html#floating-point>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nan {
    /// The payload is the canonical one; either sign.
    Canonical,
    /// The most significant bit of the payload is set; either sign.
    Arithmetic,
}

/// One `f32` lane of an expected vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum F32Lane {
    /// These bits.
    Bits(u32),
    /// A NaN.
    Nan(Nan),
}

/// One `f64` lane of an expected vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum F64Lane {
    /// These bits.
    Bits(u64),
    /// A NaN.
    Nan(Nan),
}

impl Nan {
    fn matches_f32(self, bits: u32) -> bool {
        match self {
            Nan::Canonical => bits & 0x7fff_ffff == 0x7fc0_0000,
            Nan::Arithmetic => bits & 0x7fc0_0000 == 0x7fc0_0000,
        }
    }

    fn matches_f64(self, bits: u64) -> bool {
        match self {
            Nan::Canonical => bits & 0x7fff_ffff_ffff_ffff == 0x7ff8_0000_0000_0000,
            Nan::Arithmetic => bits & 0x7ff8_0000_0000_0000 == 0x7ff8_0000_0000_0000,
        }
    }
}

impl F32Lane {
    fn matches(self, bits: u32) -> bool {
        match self {
            F32Lane::Bits(expected) => expected == bits,
            F32Lane::Nan(nan) => nan.matches_f32(bits),
        }
    }
}

impl F64Lane {
    fn matches(self, bits: u64) -> bool {
        match self {
            F64Lane::Bits(expected) => expected == bits,
            F64Lane::Nan(nan) => nan.matches_f64(bits),
        }
    }
}

impl Pattern {
    /// Whether `value` is one of those meant.
    pub fn matches(&self, value: Value) -> bool {
        match (self, value) {
            (Pattern::Exact(expected), _) => *expected == value,
            (Pattern::F32Nan(nan), Value::F32(bits)) => nan.matches_f32(bits),
            (Pattern::F64Nan(nan), Value::F64(bits)) => nan.matches_f64(bits),
            (Pattern::F32x4(lanes), Value::V128(bits)) => lanes
                .iter()
                .enumerate()
                .all(|(i, lane)| lane.matches((bits >> (32 * i)) as u32)),
            (Pattern::F64x2(lanes), Value::V128(bits)) => lanes
                .iter()
                .enumerate()
                .all(|(i, lane)| lane.matches((bits >> (64 * i)) as u64)),
            (Pattern::NullRef, Value::FuncRef(None) | Value::ExternRef(None)) => true,
            (Pattern::SomeFunc, Value::FuncRef(Some(_))) => true,
            (Pattern::SomeExtern, Value::ExternRef(Some(_))) => true,
            (Pattern::Either(patterns), _) => patterns.iter().any(|p| p.matches(value)),
            _ => false,
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Exact(value) => value.fmt(f),
            Pattern::F32Nan(nan) => write!(f, "f32:{nan}"),
            Pattern::F64Nan(nan) => write!(f, "f64:{nan}"),
            Pattern::F32x4(lanes) => {
                f.write_str("f32x4")?;
                lanes.iter().try_for_each(|lane| match lane {
                    F32Lane::Bits(bits) => write!(f, " {bits:#010x}"),
                    F32Lane::Nan(nan) => write!(f, " {nan}"),
                })
            }
            Pattern::F64x2(lanes) => {
                f.write_str("f64x2")?;
                lanes.iter().try_for_each(|lane| match lane {
                    F64Lane::Bits(bits) => write!(f, " {bits:#018x}"),
                    F64Lane::Nan(nan) => write!(f, " {nan}"),
                })
            }
            Pattern::NullRef => f.write_str("ref.null"),
            Pattern::SomeFunc => f.write_str("ref.func"),
            Pattern::SomeExtern => f.write_str("ref.extern"),
            Pattern::Either(patterns) => {
                f.write_str("either")?;
                patterns.iter().try_for_each(|p| write!(f, " ({p})"))
            }
        }
    }
}

impl fmt::Display for Nan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Nan::Canonical => "nan:canonical",
            Nan::Arithmetic => "nan:arithmetic",
        })
    }
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expect::Anything => f.write_str("anything"),
            Expect::Success => f.write_str("success"),
            Expect::Values(patterns) => list(f, patterns),
            Expect::Trap(message) => write!(f, "trap: {message}"),
            Expect::Exhaustion => f.write_str("exhaustion"),
            Expect::Malformed(message) => write!(f, "malformed: {message}"),
            Expect::Invalid(message) => write!(f, "invalid: {message}"),
            Expect::Unlinkable(message) => write!(f, "unlinkable: {message}"),
            Expect::Joined(steps) => write!(f, "a thread of {} steps", steps.len()),
        }
    }
}

fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: &[T]) -> fmt::Result {
    if items.is_empty() {
        return f.write_str("no values");
    }
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        item.fmt(f)?;
    }
    Ok(())
}

/// Whether `outcome` is what `expect` asks for.
///
/// # Errors
///
/// One line saying what was expected and what was got. [`Outcome::Limit`],
/// [`Outcome::Unsupported`] and [`Outcome::Absent`] satisfy nothing but
/// [`Expect::Anything`]; a caller for whom they are no failure looks at them first.
pub fn matches(expect: &Expect, outcome: &Outcome) -> Result<(), String> {
    if let (Expect::Joined(expects), Outcome::Joined(outcomes)) = (expect, outcome)
        && expects.len() == outcomes.len()
    {
        let mut steps = expects.iter().zip(outcomes);
        return steps.try_for_each(|((line, expect), outcome)| {
            matches(expect, outcome).map_err(|why| format!("in the thread, line {line}: {why}"))
        });
    }
    let satisfied = match (expect, outcome) {
        (Expect::Anything, _) => true,
        (Expect::Success, Outcome::Values(_)) => true,
        (Expect::Values(patterns), Outcome::Values(values)) => {
            patterns.len() == values.len()
                && patterns.iter().zip(values).all(|(p, &v)| p.matches(v))
        }
        (Expect::Trap(message), Outcome::Trap(kinds)) => {
            kinds.iter().any(|&kind| trap_matches(message, kind))
        }
        (Expect::Exhaustion, Outcome::Exhausted) => true,
        (
            Expect::Malformed(_) | Expect::Invalid(_),
            Outcome::Rejected {
                stage: Stage::Compile,
                ..
            },
        ) => true,
        (
            Expect::Unlinkable(_),
            Outcome::Rejected {
                stage: Stage::Link, ..
            },
        ) => true,
        _ => false,
    };
    if satisfied {
        Ok(())
    } else {
        Err(format!("expected {expect}, got {}", Shown(outcome)))
    }
}

/// The official suite's words for a trap.
///
/// `None` for the kinds the suite has no words for.
pub fn trap_message(kind: TrapKind) -> Option<&'static str> {
    Some(match kind {
        TrapKind::Unreachable => "unreachable",
        TrapKind::OutOfBoundsMemory => "out of bounds memory access",
        TrapKind::OutOfBoundsTable => "out of bounds table access",
        TrapKind::UnalignedAtomic => "unaligned atomic",
        TrapKind::ExpectedSharedMemory => "expected shared memory",
        TrapKind::DivisionByZero => "integer divide by zero",
        TrapKind::IntegerOverflow => "integer overflow",
        TrapKind::InvalidConversion => "invalid conversion to integer",
        TrapKind::NullElement => "uninitialized element",
        TrapKind::UndefinedElement => "undefined element",
        TrapKind::IndirectCallType => "indirect call type mismatch",
        TrapKind::NullReference => "null reference",
        TrapKind::WouldBlock | TrapKind::Host | TrapKind::Other => return None,
    })
}

/// Whether a trap of this kind is the one a script describes as `message`.
///
/// One is a prefix of the other: the suite shortens ("uninitialized",
/// "indirect call") and lengthens ("uninitialized element 7").
pub fn trap_matches(message: &str, kind: TrapKind) -> bool {
    let prefix = |kind| {
        trap_message(kind)
            .is_some_and(|ours| ours.starts_with(message) || message.starts_with(ours))
    };
    match kind {
        // No words: any trap will do.
        _ if message.is_empty() => true,
        // An index beyond the table is one condition; engines that have one
        // trap for it, whichever instruction met it, are not wrong.
        TrapKind::OutOfBoundsTable | TrapKind::UndefinedElement => {
            prefix(TrapKind::OutOfBoundsTable) || prefix(TrapKind::UndefinedElement)
        }
        TrapKind::NullReference => {
            prefix(kind) || (message.starts_with("null ") && message.ends_with(" reference"))
        }
        _ => prefix(kind),
    }
}

/// An outcome in the words of a report: one line.
struct Shown<'a>(&'a Outcome);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Outcome::Values(values) => list(f, values),
            Outcome::Trap(kinds) => {
                f.write_str("trap: ")?;
                for (i, &kind) in kinds.iter().enumerate() {
                    if i > 0 {
                        f.write_str(" or ")?;
                    }
                    match trap_message(kind) {
                        Some(message) => f.write_str(message)?,
                        None => write!(f, "{kind:?}")?,
                    }
                }
                Ok(())
            }
            Outcome::Exhausted => f.write_str("exhaustion"),
            Outcome::Interrupted => f.write_str("an interruption"),
            Outcome::Rejected { stage, reason } => {
                let stage = match stage {
                    Stage::Compile => "rejected",
                    Stage::Link => "unlinkable",
                };
                write!(f, "{stage}: {}", first_line(reason))
            }
            Outcome::Limit(reason) => write!(f, "resource limit: {}", first_line(reason)),
            Outcome::Absent => f.write_str("nothing: an earlier step failed"),
            Outcome::Panic(message) => write!(f, "panic: {}", first_line(message)),
            Outcome::Unsupported(reason) => write!(f, "unsupported: {}", first_line(reason)),
            Outcome::Joined(outcomes) => write!(f, "a thread of {} steps", outcomes.len()),
        }
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
