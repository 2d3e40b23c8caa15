//! How far a bug extends: which siblings of a minimized case show it as well.
//!
//! The instruction that the bug is about is exchanged for each other one that
//! can stand in its place, and its address is put at each place relative to the
//! bound. What diverges in the same way belongs to the bug.

mod class;
mod swap;
mod sweep;

use std::collections::{BTreeMap, BTreeSet};

use trapline_reference::Access;

use super::heal::Suspect;
use super::substitute::Site;
use crate::corpus::Ingredient;
use crate::engine::Budget;
use crate::judge::{Class, Difference, Place, Verdict};
use crate::script::Script;
use crate::trial::try_script;
use crate::wasm;
use crate::worker::Runner;
pub(super) use class::is_family;
use class::{Shown, Sibling, widest};

pub use sweep::{Row, Sweep, sweep};

/// What siblings of one access show the same.
pub(crate) struct Extent {
    /// The instructions that show the bug in its place.
    pub(crate) instructions: Vec<String>,
    /// The places at which it shows.
    pub(crate) places: Vec<Place>,
}

impl Extent {
    /// Finds how far the bug extends around the access at `site`.
    ///
    /// # Errors
    /// In words, if the engine cannot be run.
    pub(crate) fn of(
        suspect: Suspect<'_>,
        site: Site,
        budget: Budget,
        runner: &mut dyn Runner,
    ) -> Result<Extent, String> {
        let access = suspect
            .reference
            .trace
            .iter()
            .flatten()
            .rfind(|access| access.code.map(Site::of) == Some(site));
        let Some(access) = access else {
            // It was never executed: the module was turned away.
            let all = wasm::memory_sites(suspect.script).into_iter();
            let name = all.filter(|(other, _)| *other == site).map(|(_, n)| n);
            return Ok(Extent {
                instructions: name.collect(),
                places: Vec::new(),
            });
        };
        let mut extent = Extent {
            instructions: vec![access.op.to_owned()],
            places: Vec::new(),
        };
        // What a value is depends on what stands at the other place as well.
        let of_traps = matches!(
            suspect.difference.class,
            Class::MissingTrap
                | Class::SpuriousTrap
                | Class::TrapKind
                | Class::Crash
                | Class::Panic
        );
        // A copy has two accesses.
        let has_place = !matches!(access.op, "memory.size" | "memory.copy");
        if of_traps && access.grow.is_none() && has_place {
            extent.places = places(suspect, site, access, budget, runner)?;
        }
        if let Some(own) = Sibling::named(access.op) {
            let mut shown = BTreeMap::new();
            let mut beside = BTreeSet::new();
            for sibling in Sibling::all() {
                let mut all = Shown::Untried;
                for address in [swap::Address::Own, swap::Address::Placed] {
                    let script = swap::instruction(suspect.script, site, sibling, access, address);
                    let one = shows(suspect, script, budget, runner)?;
                    if one != Shown::Untried {
                        all = one;
                    }
                    if one == Shown::Same {
                        // Another width at the same address stands elsewhere.
                        let width = sibling.row.map_or(access.length, |row| row.width.into());
                        let place = Place::of(access.address, width, access.size);
                        if address == swap::Address::Own && !extent.places.is_empty() {
                            beside.insert(place);
                        }
                        break;
                    }
                }
                shown.insert(sibling.name, all);
            }
            let widest = widest(own, &|sibling| {
                shown.get(sibling.name).copied().unwrap_or(Shown::Untried)
            });
            if widest.len() > 1 {
                extent.places.extend(beside);
                extent.places.sort_unstable();
                extent.places.dedup();
            }
            extent.instructions = widest.into_iter().map(str::to_owned).collect();
        } else if access.grow.is_some() {
            extent.instructions = super::cause::grows();
        }
        Ok(extent)
    }

    /// As what a cause says of it.
    pub(crate) fn into_ingredient(self) -> Ingredient {
        let Extent {
            mut instructions,
            places,
        } = self;
        instructions.sort();
        Ingredient {
            instructions,
            places,
            ..Ingredient::default()
        }
    }
}

/// The places at which the access shows the bug, its own among them.
fn places(
    suspect: Suspect<'_>,
    site: Site,
    access: &Access,
    budget: Budget,
    runner: &mut dyn Runner,
) -> Result<Vec<Place>, String> {
    let own = Place::of(access.address, access.length, access.size);
    let mut places = vec![own];
    for place in Place::ALL {
        if place == own {
            continue;
        }
        let script = swap::place(suspect.script, site, access, place);
        let same = |d: &Difference| d.class == suspect.difference.class;
        if shows_as(suspect, script, budget, runner, &same)? == Shown::Same {
            places.push(place);
        }
    }
    places.sort_unstable();
    Ok(places)
}

/// Whether a variant of the script diverges, in whatever class, at the same step.
fn shows(
    suspect: Suspect<'_>,
    variant: Option<Script>,
    budget: Budget,
    runner: &mut dyn Runner,
) -> Result<Shown, String> {
    shows_as(suspect, variant, budget, runner, &|_| true)
}

/// Whether a variant of the script diverges at the same step, and `same`.
fn shows_as(
    suspect: Suspect<'_>,
    variant: Option<Script>,
    budget: Budget,
    runner: &mut dyn Runner,
    same: &dyn Fn(&Difference) -> bool,
) -> Result<Shown, String> {
    let Some(script) = variant else {
        return Ok(Shown::Untried);
    };
    let name = suspect.configuration;
    let trial = try_script(&script, budget, runner, &[name])?;
    Ok(match trial.judged(name).map(|judged| &judged.verdict) {
        Some(Verdict::Diverges(difference)) => {
            let as_before = difference.step == suspect.difference.step && same(difference);
            if as_before { Shown::Same } else { Shown::Not }
        }
        Some(Verdict::Conforms) => Shown::Not,
        _ => Shown::Untried,
    })
}
