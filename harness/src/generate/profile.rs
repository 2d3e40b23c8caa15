//! The profile of a case: which features its modules use, and what it leans to.

use super::dice::Dice;
use super::{Focus, Options};
use crate::engine::{Feature, Features};

/// What kind of case is to be made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Profile {
    /// The features its modules may use.
    pub(super) features: Features,
    /// What it leans to.
    pub(super) focus: Option<Focus>,
    /// Whether its memories are as large as the budget allows.
    pub(super) large: bool,
    /// Whether memories with and without its features come in equal shares.
    pub(super) mixed: bool,
}

/// The combinations of features, with their weights. Not every engine has
/// every feature, and a module is run only where all of its features are: the
/// features come one by one as well as together, and many cases need none.
const PROFILES: &[(u32, &[Feature])] = &[
    (70, &[]),
    (30, &[Feature::Memory64]),
    (22, &[Feature::Threads]),
    (6, &[Feature::Atomics]),
    (18, &[Feature::MultiMemory]),
    (18, &[Feature::Simd]),
    (10, &[Feature::CustomPageSizes]),
    (8, &[Feature::Memory64, Feature::Threads]),
    (5, &[Feature::Memory64, Feature::MultiMemory]),
    (5, &[Feature::Memory64, Feature::Simd]),
    (5, &[Feature::Memory64, Feature::CustomPageSizes]),
];

/// How often any combination of [`MIXED`] is taken, in the weights of [`PROFILES`].
const MIXTURES: u32 = 58;

/// The features that mixtures are made of.
const MIXED: [Feature; 5] = [
    Feature::Memory64,
    Feature::Threads,
    Feature::CustomPageSizes,
    Feature::Simd,
    Feature::MultiMemory,
];

impl Profile {
    /// Chooses one within the features that `options` allow.
    pub(super) fn choose(dice: &mut Dice<'_, '_>, options: &Options) -> Profile {
        let focus =
            (!options.focus.is_empty()).then(|| options.focus[dice.index(options.focus.len())]);
        let asked = focus
            .and_then(Focus::needs)
            .filter(|&feature| options.features.has(feature));
        let mut possible: Vec<(u32, Option<&[Feature]>)> = PROFILES
            .iter()
            .filter(|(_, features)| features.iter().all(|&f| options.features.has(f)))
            .filter(|(_, features)| asked.is_none_or(|feature| features.contains(&feature)))
            .map(|&(weight, features)| (weight, Some(features)))
            .collect();
        possible.push((MIXTURES, None));
        let chosen = dice.weighted(&possible);
        let mut features = match chosen {
            Some(features) => Features::of(features),
            None => mixture(dice, options.features, asked),
        };
        for extra in [Feature::TailCall, Feature::ExtendedConst] {
            if options.features.has(extra) && dice.percent(6) {
                features.insert(extra);
            }
        }
        // Few: an engine has to find the address space each time. Shared
        // memories are never large, since engines do not limit them.
        let large = options.budget.memory_bytes > 1 << 32
            && !features.has(Feature::Threads)
            && dice.up_to(255) >= 254;
        if large && options.features.has(Feature::Memory64) && dice.percent(60) {
            features.insert(Feature::Memory64);
        }
        Profile {
            features,
            focus,
            large,
            mixed: chosen.is_none(),
        }
    }

    /// Whether it leans to `focus`.
    pub(super) fn leans_to(&self, focus: Focus) -> bool {
        self.focus == Some(focus)
    }
}

/// Each of the features that there are in half of the cases.
fn mixture(dice: &mut Dice<'_, '_>, all: Features, asked: Option<Feature>) -> Features {
    let mut features = Features::NONE;
    for feature in MIXED {
        if all.has(feature) && (asked == Some(feature) || dice.percent(50)) {
            features.insert(feature);
        }
    }
    // Without shared memories there are still atomic instructions.
    if !features.has(Feature::Threads) && all.has(Feature::Atomics) && dice.percent(50) {
        features.insert(Feature::Atomics);
    }
    features
}
