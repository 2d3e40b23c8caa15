//! The cause of a reduced divergence, found by experiment.
//!
//! Every substitution that can be made is tried at the accesses of the step
//! that diverged. The finest of those that make the divergence go away is the
//! cause; the accesses it has to be made at are found next, and how far the bug
//! extends around them by [`extent`](super::extent).

mod same;

use std::collections::BTreeSet;

use trapline_reference::Access;

use super::attribute::sites;
use super::extent::Extent;
use super::heal::{Experiment, Suspect, experiment};
use super::substitute::{Site, Substitution};
use crate::corpus::{Cause, Ingredient};
use crate::engine::Budget;
use crate::judge::{Place, Signature, panic_words};
use crate::script::{HOST, HostFunc, HostOp, Step};
use crate::wasm;
use crate::worker::Runner;
pub(crate) use same::{is_any_access, same, widen};

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
