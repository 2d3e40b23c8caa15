//! The cause of a reduced divergence, found by experiment.
//!
//! Every substitution that can be made is tried at the accesses of the step
//! that diverged. The finest of those that make the divergence go away is the
//! cause; the accesses it has to be made at are found next, and how far the bug
//! extends around them by [`extent`](super::extent).

use std::collections::BTreeSet;

use trapline_reference::Access;

use super::attribute::sites;
use super::extent::{self, Extent};
use super::heal::{Experiment, Suspect, experiment};
use super::substitute::{Site, Substitution};
use crate::corpus::{Cause, Ingredient};
use crate::engine::Budget;

use crate::judge::{Class, Place, Signature, panic_words};
use crate::script::{HOST, HostFunc, HostOp, Step};
use crate::wasm;
use crate::worker::Runner;

/// Finds the cause of a divergence in a reduced script, which has `signature`.
/// Of what heals that, it is the finest that heals `whole`, too, which it came
/// from: a small script has few meanings to preserve.
///
/// # Errors
/// In words, if the engine cannot be run.
pub(crate) fn find(
    suspect: Suspect<'_>,
    whole: Option<Suspect<'_>>,
    signature: &Signature,
    budget: Budget,
    runner: &mut dyn Runner,
) -> Result<Cause, String> {
    let mut cause = Cause {
        words: panic_words(suspect.difference)
            .unwrap_or_default()
            .to_owned(),
        signature: signature.to_string(),
        ..Cause::default()
    };
    let everywhere = sites(suspect, &Ingredient::default());
    let mut healing = Vec::new();
    for &what in Substitution::ALL {
        match experiment(suspect, what, &everywhere, budget, runner)? {
            Experiment::Healed(_) => {
                healing.push(what);
                cause.heals.push(what.name().to_owned());
            }
            Experiment::Stays => cause.stays.push(what.name().to_owned()),
            Experiment::NotMade => {}
        }
    }
    let mut finest = healing.first().copied();
    // What is left when a call is left out says nothing.
    let says = |what: &&Substitution| **what != Substitution::Effects;
    for &what in healing.iter().filter(says) {
        let Some(whole) = whole else { break };
        let everywhere = sites(whole, &Ingredient::default());
        let tried = experiment(whole, what, &everywhere, budget, runner)?;
        if matches!(tried, Experiment::Healed(_)) {
            finest = Some(what);
            break;
        }
    }
    let Some(what) = finest else {
        cause.at = without_substitution(suspect, signature);
        return Ok(cause);
    };
    cause.substitution = Some(what.name().to_owned());
    if what == Substitution::Effects {
        cause.at = without_substitution(suspect, signature);
        return Ok(cause);
    }
    if let Some(names) = what.is_made_at() {
        cause.at.instructions = owned(names);
        return Ok(cause);
    }
    cause.at = ingredient(suspect, &healing, everywhere, budget, runner)?;
    if what == Substitution::OffsetAdded {
        // The sum may stand anywhere.
        cause.at.places.clear();
    }
    Ok(cause)
}

/// The accesses that a divergence is about, found by the finest of what heals
/// that has to be made at an instruction. Empty where only the types of
/// memories have to be others.
fn ingredient(
    suspect: Suspect<'_>,
    healing: &[Substitution],
    everywhere: BTreeSet<Site>,
    budget: Budget,
    runner: &mut dyn Runner,
) -> Result<Ingredient, String> {
    for &what in healing {
        let nowhere = experiment(suspect, what, &BTreeSet::new(), budget, runner)?;
        if matches!(nowhere, Experiment::Healed(_)) {
            continue;
        }
        let needed = needed(suspect, what, everywhere, budget, runner)?;
        return match (needed.first(), needed.len()) {
            (Some(site), 1) => {
                let extent = Extent::of(suspect, *site, budget, runner)?;
                Ok(extent.into_ingredient())
            }
            _ => Ok(named(suspect, &needed)),
        };
    }
    Ok(without_instructions(suspect))
}

/// The one instruction that a divergence is about, if there is one: exchanged
/// alone, by the finest substitution that heals, it makes the divergence go away.
///
/// # Errors
/// In words, if the engine cannot be run.
pub(super) fn site(
    suspect: Suspect<'_>,
    budget: Budget,
    runner: &mut dyn Runner,
) -> Result<Option<Site>, String> {
    let everywhere = sites(suspect, &Ingredient::default());
    for &what in Substitution::ALL {
        let tried = experiment(suspect, what, &everywhere, budget, runner)?;
        if !matches!(tried, Experiment::Healed(_)) {
            continue;
        }
        let needed = needed(suspect, what, everywhere.clone(), budget, runner)?;
        if let (Some(site), 1) = (needed.first(), needed.len()) {
            return Ok(Some(*site));
        }
    }
    Ok(None)
}

/// The name of an active data segment, where instructions are named.
const DATA: &str = "data";

/// What a divergence is about that nothing finer than the call heals: as much as
/// is sure, or else the access that it was described by.
fn without_substitution(suspect: Suspect<'_>, signature: &Signature) -> Ingredient {
    let sure = without_instructions(suspect);
    let subject = &signature.subject;
    match sure.instructions.is_empty() && subject.place.is_some() {
        true => Ingredient {
            instructions: vec![subject.operation.clone()],
            places: subject.place.into_iter().collect(),
            ..Ingredient::default()
        },
        false => sure,
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// The instruction that grows, and what the embedder does: engines grow in one
/// place, whoever asks.
pub(super) fn grows() -> Vec<String> {
    owned(Substitution::GrowChecked.is_made_at().unwrap_or_default())
}

/// Whether the step that diverged asks for the size through the engine's API.
fn asks_size(suspect: Suspect<'_>) -> bool {
    let step = suspect.script.steps.get(suspect.difference.step);
    let asks = |func: &HostFunc| func.op == HostOp::Size;
    match step {
        Some(Step::Invoke { instance, func, .. }) if instance == HOST => {
            HostFunc::parse(func).is_some_and(|func| asks(&func))
        }
        _ => false,
    }
}

/// What a divergence that no substitution heals is about: growing, if all that
/// its step did to memories was to grow them; a data segment, if it ended at
/// one; an instruction, if there is no other in its step.
fn without_instructions(suspect: Suspect<'_>) -> Ingredient {
    let step = suspect.difference.step;
    let traces = suspect.reference.trace.iter().take(step + 1);
    // A memory may have been wrong for a while.
    let first = match suspect.difference.memory {
        Some(_) => 0,
        None => step,
    };
    let accesses: Vec<&Access> = traces.skip(first).flatten().collect();
    let is_one = |access: &Access| access.grow.is_some() || access.op == "memory.size";
    let last = accesses.last();
    if asks_size(suspect) {
        let names = Substitution::ConstantSize.is_made_at();
        return Ingredient {
            instructions: owned(names.unwrap_or_default()),
            ..Ingredient::default()
        };
    }
    if let Some(segment) = last.filter(|access| access.op == DATA) {
        let place = Place::of(segment.address, segment.length, segment.size);
        return Ingredient {
            instructions: vec![DATA.to_owned()],
            places: vec![place],
            ..Ingredient::default()
        };
    }
    if let Some(one) = last.filter(|last| accesses.iter().all(|a| a.op == last.op && !is_one(a))) {
        return Ingredient {
            instructions: vec![one.op.to_owned()],
            places: vec![Place::of(one.address, one.length, one.size)],
            ..Ingredient::default()
        };
    }
    let is_grow = accesses.iter().any(|a| a.grow.is_some()) && accesses.iter().all(|a| is_one(a));
    Ingredient {
        instructions: match is_grow {
            true => grows(),
            false => Vec::new(),
        },
        ..Ingredient::default()
    }
}

/// As few of the sites as it takes: one, if one alone heals, and otherwise what
/// is left when each that is not needed is left out.
fn needed(
    suspect: Suspect<'_>,
    what: Substitution,
    all: BTreeSet<Site>,
    budget: Budget,
    runner: &mut dyn Runner,
) -> Result<BTreeSet<Site>, String> {
    let mut heals = |sites: &BTreeSet<Site>| {
        let tried = experiment(suspect, what, sites, budget, runner)?;
        Ok::<_, String>(matches!(tried, Experiment::Healed(_)))
    };
    for site in all.iter().rev() {
        let one = BTreeSet::from([*site]);
        if heals(&one)? {
            return Ok(one);
        }
    }
    let mut needed = all.clone();
    for site in &all {
        let mut without = needed.clone();
        without.remove(site);
        if !without.is_empty() && heals(&without)? {
            needed = without;
        }
    }
    Ok(needed)
}

/// The names of the instructions at these sites.
pub(super) fn named(suspect: Suspect<'_>, at: &BTreeSet<Site>) -> Ingredient {
    let mut names = BTreeSet::new();
    for access in suspect.reference.trace.iter().flatten() {
        if access.code.is_some_and(|code| at.contains(&Site::of(code))) {
            names.insert(access.op.to_owned());
        }
    }
    let step = suspect.script.steps.get(suspect.difference.step);
    if names.is_empty() || matches!(step, Some(Step::Define { .. })) {
        let all = wasm::memory_sites(suspect.script).into_iter();
        names.extend(
            all.filter(|(site, _)| at.contains(site))
                .map(|(_, name)| name),
        );
    }
    Ingredient {
        instructions: names.into_iter().collect(),
        ..Ingredient::default()
    }
}

/// Whether two causes in one engine are the same bug: the same substitution
/// heals both, at accesses that have something in common; and where none does,
/// they look alike.
pub(crate) fn same(one: &Cause, other: &Cause) -> bool {
    if one.words != other.words {
        return false;
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
