//! The cause of a reduced divergence, found by experiment.
//!
//! Every substitution that can be made is tried at the accesses of the step
//! that diverged. The finest of those that make the divergence go away is the
//! cause; the accesses it has to be made at are found next, and how far the bug
//! extends around them by [`extent`](super::extent).

use std::collections::BTreeSet;

use super::attribute::sites;
use super::extent::Extent;
use super::heal::{Experiment, Suspect, experiment};
use super::substitute::{Site, Substitution};
use crate::corpus::{Cause, Ingredient};
use crate::engine::Budget;
use crate::judge::{Signature, panic_words};
use crate::script::Step;
use crate::wasm;
use crate::worker::Runner;

/// Finds the cause of a divergence in a reduced script, which has `signature`.
///
/// # Errors
/// In words, if the engine cannot be run.
pub(crate) fn find(
    suspect: Suspect<'_>,
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
    let mut finest = None;
    for &what in Substitution::ALL {
        match experiment(suspect, what, &everywhere, budget, runner)? {
            Experiment::Healed(_) => {
                finest.get_or_insert(what);
                cause.heals.push(what.name().to_owned());
            }
            Experiment::Stays => cause.stays.push(what.name().to_owned()),
            Experiment::NotMade => {}
        }
    }
    let Some(what) = finest else {
        cause.at.instructions = grows(suspect);
        return Ok(cause);
    };
    cause.substitution = Some(what.name().to_owned());
    if what == Substitution::Effects {
        cause.at.instructions = grows(suspect);
        return Ok(cause);
    }
    // What heals without any instruction is about the types of memories.
    let nowhere = BTreeSet::new();
    let tried = experiment(suspect, what, &nowhere, budget, runner)?;
    if matches!(tried, Experiment::Healed(_)) {
        return Ok(cause);
    }
    let needed = needed(suspect, what, everywhere, budget, runner)?;
    cause.at = match needed.first() {
        Some(site) if needed.len() == 1 => {
            Extent::of(suspect, *site, budget, runner)?.into_ingredient()
        }
        _ => named(suspect, &needed),
    };
    Ok(cause)
}

/// What a divergence that no substitution heals is about, if all that its step
/// did to memories was to grow them.
fn grows(suspect: Suspect<'_>) -> Vec<String> {
    let step = suspect.reference.trace.get(suspect.difference.step);
    let accesses = step.map_or(&[][..], |trace| &trace[..]);
    let grows =
        |access: &trapline_reference::Access| access.grow.is_some() || access.op == "memory.size";
    match accesses.iter().any(|a| a.grow.is_some()) && accesses.iter().all(grows) {
        true => vec!["host.grow".to_owned(), "memory.grow".to_owned()],
        false => Vec::new(),
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
    if is_weak(one) || is_weak(other) {
        // A grow by the embedder has nothing that could be substituted.
        let (a, b) = (&one.at.instructions, &other.at.instructions);
        return one.signature == other.signature || !a.is_empty() && a == b;
    }
    if one.substitution != other.substitution {
        return false;
    }
    // What heals one and was seen not to heal the other tells them apart.
    let contradicts = |a: &Cause, b: &Cause| a.heals.iter().any(|name| b.stays.contains(name));
    if contradicts(one, other) || contradicts(other, one) {
        return false;
    }
    let (a, b) = (&one.at, &other.at);
    meet(&a.instructions, &b.instructions) && meet(&a.places, &b.places)
}

/// Whether nothing but taking the whole call away makes the bug go away, so
/// that the substitution says nothing about it.
fn is_weak(cause: &Cause) -> bool {
    let what = cause.substitution.as_deref();
    what.is_none_or(|name| name == Substitution::Effects.name())
}

/// Whether two lists have something in common; one that is empty has all.
fn meet<T: PartialEq>(a: &[T], b: &[T]) -> bool {
    a.is_empty() || b.is_empty() || a.iter().any(|item| b.contains(item))
}

/// Widens what a bug is known to be about by what another sighting of it is
/// about. A list that says nothing adds nothing.
pub(crate) fn widen(known: &mut Cause, more: &Cause) {
    fn add<T: Clone + Ord>(list: &mut Vec<T>, more: &[T]) {
        if !list.is_empty() && !more.is_empty() {
            list.extend_from_slice(more);
            list.sort();
            list.dedup();
        }
    }
    let (known, more) = (&mut known.at, &more.at);
    add(&mut known.instructions, &more.instructions);
    add(&mut known.places, &more.places);
    add(&mut known.memories, &more.memories);
}
