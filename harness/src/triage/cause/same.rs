//! Whether two causes are one bug, and what a bug is known by when they are.

use super::DATA;
use crate::corpus::{Cause, Ingredient};
use crate::judge::{Class, Place, same_words};
use crate::triage::extent;
use crate::triage::substitute::Substitution;

/// Whether two causes in one engine are the same bug: the same substitution
/// heals both, at accesses that have something in common; and where none does,
/// they look alike.
pub(crate) fn same(one: &Cause, other: &Cause) -> bool {
    if !same_words(&one.words, &other.words) {
        return false;
    }
    if !one.words.is_empty() {
        return same_panic(one, other);
    }
    let (a, b) = (&one.at, &other.at);
    let sides = |places: &[Place]| places.iter().map(|p| p.is_within()).collect::<Vec<_>>();
    let (a_sides, b_sides) = (sides(&a.places), sides(&b.places));
    let alike = meet_by_name(&a.instructions, &b.instructions) && meet(&a_sides, &b_sides);
    if one.is_weak() || other.is_weak() {
        // An active segment and a grow by the embedder have no instruction that
        // could be substituted, and some effects are too large to emulate.
        let about = !a.instructions.is_empty() && !b.instructions.is_empty();
        // What nothing heals of one instruction goes with what is known of it alone.
        let of_it = one.is_weak() != other.is_weak() && a.instructions == b.instructions;
        return match (one.looks(), other.looks()) {
            (Some(one), Some(other)) => {
                one == other || about && alike && (of_it || of_a_kind(one.0, other.0))
            }
            _ => false,
        };
    }
    // Only on shared memory: whatever the access.
    if healed(one, other, &|what| what == Substitution::Unshared) && meet(&a_sides, &b_sides) {
        return true;
    }
    if a.instructions == b.instructions && a.instructions.len() == 1 {
        // One instruction goes wrong in several ways.
        return healed(one, other, &|what| what < Substitution::Embedder)
            || alike && may_be_one(one, other);
    }
    if !may_be_one(one, other) || !may_be_one(other, one) || !one_heals_both(one, other) {
        return false;
    }
    // It depends on what stands around the instruction, and not on that.
    let around = one.substitution == other.substitution
        && one.substitution.as_deref() == Some(Substitution::Alone.name())
        && meet(&a_sides, &b_sides);
    alike || around || one.substitution == other.substitution && same_family(a, b)
}

/// Messages of the standard library that say nothing of what went wrong.
const OF_ANY_PANIC: &[&str] = &[
    "called `Option::",
    "called `Result::",
    "internal error: entered unreachable code",
    "index out of bounds",
    "range end index",
    "range start index",
    "attempt to ",
    "not implemented",
    "not yet implemented",
    "explicit panic",
    "assertion `left == right` failed",
    "assertion failed: false",
];

/// Whether two panics with the same words are one bug. Where the words are an engine's
/// own, nothing has to speak for it: only against it that what heals the one does not
/// heal the other, both ways. Where any panic says that, one thing heals both.
fn same_panic(one: &Cause, other: &Cause) -> bool {
    if OF_ANY_PANIC.iter().any(|of| one.words.starts_with(of)) {
        let same = one.substitution == other.substitution && !one.is_weak();
        return same || healed(one, other, &|what| what < Substitution::Embedder);
    }
    let not_healed = |one: &Cause, other: &Cause| {
        let what = one.substitution.as_ref();
        what.is_some_and(|name| other.stays.contains(name))
    };
    !(not_healed(one, other) && not_healed(other, one))
}

/// Whether a cause says nothing but that some access is wrong, whatever instruction
/// it is: it holds on its own configurations alone.
pub(crate) fn is_any_access(cause: &Cause) -> bool {
    let what = cause.substitution.as_deref().and_then(Substitution::named);
    cause.at.instructions.is_empty()
        && cause.words.is_empty()
        && what.is_none_or(|what| what >= Substitution::Embedder)
}

/// Whether such a substitution was seen to heal both.
fn healed(one: &Cause, other: &Cause, is_such: &dyn Fn(Substitution) -> bool) -> bool {
    let mut both = one.heals.iter().filter(|name| other.heals.contains(name));
    both.any(|name| Substitution::named(name).is_some_and(is_such))
}

/// Whether what two causes are about are widths of one operation, of those that
/// engines have one piece of code for.
fn same_family(a: &Ingredient, b: &Ingredient) -> bool {
    let mut names = a
        .instructions
        .iter()
        .flat_map(|one| b.instructions.iter().map(move |other| (one, other)));
    names.any(|(one, other)| extent::is_family(one, other))
}

/// Whether two lists of instructions have one in common. An active data segment
/// is a `memory.init`.
fn meet_by_name(a: &[String], b: &[String]) -> bool {
    let init = |list: &[String]| {
        list.iter()
            .any(|name| name == DATA || name == "memory.init")
    };
    meet(a, b) || init(a) && init(b)
}

/// Whether what heals the one may heal the other: it was seen to, or it could
/// not be made there.
fn may_be_one(one: &Cause, other: &Cause) -> bool {
    // No instruction can be exchanged where there is none.
    if other.at.instructions == [DATA] || one.at.instructions == [DATA] {
        return true;
    }
    let what = one.substitution.as_ref();
    what.is_some_and(|name| other.heals.contains(name) || !other.stays.contains(name))
}

/// Whether something was seen to heal both that says what they are about. Where
/// it could not be made for one of them, it says nothing of that.
fn one_heals_both(one: &Cause, other: &Cause) -> bool {
    let heals = |one: &Cause, other: &Cause| {
        let what = one.substitution.as_ref();
        what.is_some_and(|name| other.heals.contains(name))
    };
    let segments = one.at.instructions == [DATA] || other.at.instructions == [DATA];
    // A register need not say what else heals.
    segments
        || one.substitution == other.substitution
        || heals(one, other)
        || heals(other, one)
        || healed(one, other, &|what| what < Substitution::Embedder)
}

/// Whether divergences of these classes may come of one thing that nothing
/// finer than a call heals: both are about trapping, or both about values.
fn of_a_kind(one: &str, other: &str) -> bool {
    let of_values = |class: &str| {
        let classes = [
            Class::Value,
            Class::StaleData,
            Class::MemoryContents,
            Class::MemorySize,
            Class::GrowResult,
        ];
        classes.iter().any(|value| value.to_string() == class)
    };
    one == other || of_values(one) && of_values(other)
}

/// Whether two lists have something in common; one that is empty has all.
fn meet<T: PartialEq>(a: &[T], b: &[T]) -> bool {
    a.is_empty() || b.is_empty() || a.iter().any(|item| b.contains(item))
}

/// Widens what a bug is known to be about by what another sighting of it is
/// about. A list that says nothing adds nothing. Where the substitution could
/// not be made for the other, it becomes that of the other, if it heals both.
pub(crate) fn widen(known: &mut Cause, more: &Cause) {
    fn add<T: Clone + Ord>(list: &mut Vec<T>, more: &[T]) {
        if !list.is_empty() && !more.is_empty() {
            list.extend_from_slice(more);
            list.sort();
            list.dedup();
        }
    }
    // What heals both, if one of the two does.
    let both = |name: &&String| {
        known.heals.contains(name)
            && more.heals.contains(name)
            && **name != Substitution::Effects.name()
    };
    let either = [&known.substitution, &more.substitution];
    let common = either.into_iter().flatten().find(both).cloned();
    known.substitution = common.or(known.substitution.take());
    let (known, more) = (&mut known.at, &more.at);
    add(&mut known.instructions, &more.instructions);
    add(&mut known.places, &more.places);
    add(&mut known.memories, &more.memories);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cause of this substitution at these instructions, which others heal too.
    fn cause(what: &str, at: &[&str], heals: &[&str], stays: &[&str]) -> Cause {
        let owned = |names: &[&str]| {
            names
                .iter()
                .map(|&name| name.to_owned())
                .collect::<Vec<_>>()
        };
        Cause {
            substitution: (!what.is_empty()).then(|| what.to_owned()),
            at: Ingredient {
                instructions: owned(at),
                ..Ingredient::default()
            },
            heals: owned(heals),
            stays: owned(stays),
            ..Cause::default()
        }
    }

    fn weak(signature: &str, at: &[&str], places: &[Place]) -> Cause {
        let mut weak = cause("", at, &[], &[]);
        signature.clone_into(&mut weak.signature);
        weak.at.places = places.to_vec();
        weak
    }

    #[test]
    fn what_nothing_heals_both_of_is_not_the_same() {
        let wraps = cause(
            "offset-added",
            &["i32.load", "v128.load32_zero"],
            &["offset-added", "checked", "embedder"],
            &["alone"],
        );
        let lanes = cause(
            "scalar",
            &["v128.load32_zero"],
            &["scalar", "bytes", "embedder"],
            &["alone", "checked"],
        );
        assert!(!same(&wraps, &lanes) && !same(&lanes, &wraps));
        let narrower = cause("checked", &["i32.load"], &["checked", "embedder"], &[]);
        assert!(same(&wraps, &narrower) && same(&narrower, &wraps));
    }

    #[test]
    fn panics_with_words_of_their_own_are_one_bug() {
        let panic = |words: &str, what: &str, heals: &[&str], stays: &[&str]| Cause {
            words: words.to_owned(),
            ..cause(what, &["i32.load"], heals, stays)
        };
        let own = "assertion failed: fault.is_none()";
        let known = panic(own, "checked", &[], &[]);
        let found = panic(own, "unshared", &["unshared"], &["checked"]);
        assert!(same(&known, &found) && same(&found, &known));
        let against = panic(own, "checked", &["checked"], &["unshared"]);
        assert!(!same(&against, &found) && !same(&found, &against));
        let other = panic("assertion failed: other", "unshared", &["unshared"], &[]);
        assert!(!same(&other, &found));
        let any = "internal error: entered unreachable code";
        let alone = panic(any, "alone", &["alone"], &[]);
        let plain = panic(any, "plain", &["plain"], &[]);
        assert!(!same(&alone, &plain));
        let both = panic(any, "alone", &["alone", "plain"], &[]);
        assert!(same(&both, &plain) && same(&alone, &both));
    }

    #[test]
    fn widths_of_one_operation_are_the_same_and_of_plain_loads_not() {
        let at = |name: &str, what: &str| cause(what, &[name], &[what, "embedder"], &[]);
        let (narrow, wide) = ("v128.store8_lane", "v128.store64_lane");
        assert!(same(&at(narrow, "scalar"), &at(wide, "scalar")));
        let (narrow, wide) = ("i32.load8_s", "i64.load32_s");
        assert!(!same(&at(narrow, "bytes"), &at(wide, "bytes")));
    }

    #[test]
    fn what_nothing_heals_is_told_by_its_looks() {
        let fill = "spurious-trap_e_memory.fill_i32_inside";
        let one = weak(fill, &["memory.fill"], &[Place::Inside]);
        assert!(same(&one, &one.clone()));
        let value = weak(
            "value_e_memory.fill_i32_inside",
            &["memory.fill"],
            &[Place::Inside],
        );
        assert!(!same(&one, &value), "a trap and a value");
        let beyond = weak(
            "missing-trap_e_memory.fill_i32_beyond",
            &["memory.fill"],
            &[Place::Beyond],
        );
        assert!(!same(&one, &beyond), "two sides of the bound");
        let nothing = weak("", &[], &[]);
        assert!(
            !same(&nothing, &nothing.clone()),
            "nothing is known of either"
        );
    }
}
