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
}

/// The combinations of features, with their weights. Not every engine has
/// every feature, and a module is run only where all of its features are: the
/// features come one by one as well as together, and most cases need none.
const PROFILES: &[(u32, &[Feature])] = &[
    (84, &[]),
    (36, &[Feature::Memory64]),
    (28, &[Feature::Threads]),
    (20, &[Feature::MultiMemory]),
    (20, &[Feature::Simd]),
    (16, &[Feature::CustomPageSizes]),
    (8, &[Feature::Memory64, Feature::Threads]),
    (8, &[Feature::Memory64, Feature::MultiMemory]),
    (6, &[Feature::Memory64, Feature::Simd]),
    (6, &[Feature::Memory64, Feature::CustomPageSizes]),
    (4, &[Feature::Threads, Feature::MultiMemory]),
    (4, &[Feature::MultiMemory, Feature::CustomPageSizes]),
    (4, &[Feature::MultiMemory, Feature::Simd]),
    (4, &[Feature::CustomPageSizes, Feature::Threads]),
    (
        6,
        &[
            Feature::Memory64,
            Feature::MultiMemory,
            Feature::Threads,
            Feature::CustomPageSizes,
            Feature::Simd,
        ],
    ),
];

impl Profile {
    /// Chooses one within the features that `options` allow.
    pub(super) fn choose(dice: &mut Dice<'_, '_>, options: &Options) -> Profile {
        let focus =
            (!options.focus.is_empty()).then(|| options.focus[dice.index(options.focus.len())]);
        let asked = match focus {
            Some(Focus::Memory64) => Some(Feature::Memory64),
            Some(Focus::Shared) => Some(Feature::Threads),
            Some(Focus::Grow | Focus::Oob) | None => None,
        }
        .filter(|&feature| options.features.has(feature));
        let possible: Vec<(u32, &[Feature])> = PROFILES
            .iter()
            .copied()
            .filter(|(_, features)| features.iter().all(|&f| options.features.has(f)))
            .filter(|(_, features)| asked.is_none_or(|feature| features.contains(&feature)))
            .collect();
        let mut features = Features::of(dice.weighted(&possible));
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
        Profile {
            features,
            focus,
            large,
        }
    }

    /// Whether it leans to `focus`.
    pub(super) fn leans_to(&self, focus: Focus) -> bool {
        self.focus == Some(focus)
    }
}
