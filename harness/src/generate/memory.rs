//! Memories: the types that modules declare, and how large each one is by now.

use wasm_encoder::{MemoryType, ValType};

use super::dice::Dice;
use super::profile::Profile;
use crate::engine::{Feature, Features};

/// A memory as one module sees it.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    /// Its type.
    pub(super) ty: MemoryType,
    /// The module and the name it is imported by.
    pub(super) import: Option<(String, String)>,
    /// The name it is exported by. Every memory that a module defines has one:
    /// that is how it is looked at.
    pub(super) export: Option<String>,
}

impl Memory {
    /// The type of its addresses.
    pub(super) fn address(&self) -> ValType {
        address_type(&self.ty)
    }
}

/// The type of the addresses of a memory.
pub(super) fn address_type(ty: &MemoryType) -> ValType {
    if ty.memory64 {
        ValType::I64
    } else {
        ValType::I32
    }
}

/// Logarithm of the page size.
pub(super) fn page_log2(ty: &MemoryType) -> u32 {
    ty.page_size_log2.unwrap_or(16)
}

/// The most pages that a type may ask for.
/// <https://webassembly.github.io/spec/core/valid/types.html#memory-types>
pub(super) fn pages_at_most(ty: &MemoryType) -> u64 {
    let (bits, widest) = if ty.memory64 {
        (64, u64::MAX)
    } else {
        (32, u64::from(u32::MAX))
    };
    // With pages of one byte the whole address space does not fit the limits.
    u64::try_from((1u128 << bits) >> page_log2(ty)).map_or(widest, |pages| pages.min(widest))
}

/// Makes the type of an import one that the memory does not match, whatever its size: each
/// number a way of its own, as far as the features allow it.
/// <https://webassembly.github.io/spec/core/valid/matching.html#memory-types>
pub(super) fn mismatch(ty: &mut MemoryType, features: Features, means: Means, way: u64) {
    match way % 4 {
        0 if features.has(Feature::Threads) => ty.shared = !ty.shared,
        1 if features.has(Feature::Memory64) => ty.memory64 = !ty.memory64,
        2 if features.has(Feature::CustomPageSizes) => {
            ty.page_size_log2 = match page_log2(ty) {
                16 => Some(0),
                _ => None,
            };
        }
        // One page fewer than it can have, or a limit where it has none.
        _ => {
            let most = ty.maximum.unwrap_or(ty.minimum + 2);
            ty.maximum = Some(most.saturating_sub(1));
        }
    }
    let most = pages_at_most(ty);
    let most = match ty.shared {
        // All of it is reserved.
        true => most.min(means.economy >> page_log2(ty)),
        false => most,
    };
    ty.maximum = match (ty.maximum, ty.shared) {
        (None, true) => Some(most.min(ty.minimum + 2)),
        (maximum, _) => maximum.map(|maximum| maximum.min(most)),
    };
}

/// How large memories can be in a run, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Means {
    /// Beyond this, growing fails.
    budget: u64,
    /// Beyond this, they cost more than they show: most cases stay within it.
    pub(super) economy: u64,
}

impl Means {
    /// Within a budget of so many bytes; all of it is used by `large` cases only.
    pub(super) fn of(budget: u64, large: bool) -> Means {
        let economy = if large { budget } else { budget.min(4 << 20) };
        Means { budget, economy }
    }
}

/// A memory while a script runs, as far as the generator keeps account of it.
///
/// It is an estimate: a grow that the account misses makes edges less sharp,
/// nothing else.
#[derive(Clone, Debug)]
pub(super) struct Live {
    /// Its type.
    pub(super) ty: MemoryType,
    /// Its size in pages.
    pub(super) pages: u64,
    /// The most pages it can have: by its maximum and the budget.
    most: u64,
    /// The most pages it should have.
    economy: u64,
}

impl Live {
    /// A new memory.
    pub(super) fn new(ty: MemoryType, means: Means) -> Live {
        let most = ty
            .maximum
            .unwrap_or(pages_at_most(&ty))
            .min(means.budget >> page_log2(&ty));
        Live {
            ty,
            pages: ty.minimum,
            most,
            economy: means.economy >> page_log2(&ty),
        }
    }

    /// Its size in bytes.
    pub(super) fn bytes(&self) -> u128 {
        u128::from(self.pages) << page_log2(&self.ty)
    }

    /// How many pages it can still grow by.
    pub(super) fn room(&self) -> u64 {
        self.most.saturating_sub(self.pages)
    }

    /// The most pages it can have.
    pub(super) fn most(&self) -> u64 {
        self.most
    }

    /// Whether it may be asked to grow by so many pages: either it should, or
    /// it cannot, even if the account is wrong about its size.
    pub(super) fn is_economic(&self, delta: u64) -> bool {
        let pages = self.pages.saturating_add(delta);
        self.most <= self.economy || pages <= self.economy || delta > self.most
    }

    /// Grows it, where that can succeed.
    pub(super) fn grow(&mut self, delta: u64) {
        if delta <= self.room() {
            self.pages += delta;
        }
    }
}

/// Declares a memory. Its minimum is within the means.
pub(super) fn declare(dice: &mut Dice<'_, '_>, profile: &Profile, means: Means) -> MemoryType {
    let has = |feature| profile.features.has(feature);
    let otherwise = if profile.mixed { 50 } else { 15 };
    let small_pages = has(Feature::CustomPageSizes) && !dice.percent(otherwise);
    let mut ty = MemoryType {
        minimum: 0,
        maximum: None,
        memory64: has(Feature::Memory64) && !dice.percent(otherwise),
        shared: has(Feature::Threads) && !dice.percent(otherwise),
        page_size_log2: if small_pages {
            Some(0)
        } else {
            // Saying what is the default anyway is an encoding of its own.
            (has(Feature::CustomPageSizes) && dice.percent(30)).then_some(16)
        },
    };
    if profile.large {
        let most = means.economy >> page_log2(&ty);
        (ty.minimum, ty.maximum) = large(dice, &ty, most);
    } else {
        limit(dice, &mut ty, means);
    }
    ty
}

/// Gives a memory limits. Its minimum is within the means.
pub(super) fn limit(dice: &mut Dice<'_, '_>, ty: &mut MemoryType, means: Means) {
    let most = means.economy >> page_log2(ty);
    ty.minimum = minimum(dice, page_log2(ty) == 0).min(most);
    ty.maximum = maximum(dice, ty, most);
}

/// Limits around 4 GiB and up to the budget, of `most` pages.
fn large(dice: &mut Dice<'_, '_>, ty: &MemoryType, most: u64) -> (u64, Option<u64>) {
    let four_gib = (1u64 << 32) >> page_log2(ty);
    let highest = most.min(pages_at_most(ty));
    let less = dice.pick(&[0, 0, 1, 2]);
    let minimum = match dice.up_to(4) {
        // Only 64-bit addresses reach further.
        1 if ty.memory64 => four_gib + 1 + less,
        0 | 1 => four_gib - less,
        2 => four_gib + less,
        3 => highest - less,
        // So that it grows to where it is large.
        _ => four_gib / 2 + less,
    };
    let minimum = minimum.min(highest);
    let maximum = match dice.up_to(3) {
        0 => None,
        1 => Some(minimum),
        2 => Some(highest),
        _ => Some((minimum + 2).min(highest)),
    };
    (minimum, maximum)
}

fn minimum(dice: &mut Dice<'_, '_>, small_pages: bool) -> u64 {
    if small_pages {
        return match dice.index(4) {
            0 => dice.pick(&[65_536, 0, 1, 7, 15, 16, 17, 4095, 4096, 65_535, 65_537]),
            1 => dice.up_to(64),
            2 => dice.up_to(10_000),
            _ => dice.up_to(200_000),
        };
    }
    // Small ones: what a memory costs is its pages, after every trap.
    match dice.up_to(99) {
        0..=66 => 1,
        67..=74 => 0,
        75..=89 => 2,
        90..=97 => dice.up_to(4),
        _ => dice.up_to(64),
    }
}

fn maximum(dice: &mut Dice<'_, '_>, ty: &MemoryType, most: u64) -> Option<u64> {
    let small_pages = page_log2(ty) == 0;
    let choice = dice.up_to(99);
    if ty.shared {
        // Engines reserve what a shared memory may grow to, and do not limit
        // it otherwise: its maximum is never beyond the means.
        let more = match choice {
            0..=19 => 0,
            _ if small_pages => dice.up_to(100_000),
            20..=89 => 1 + dice.up_to(3),
            _ => dice.up_to(60),
        };
        return Some((ty.minimum + more).min(most));
    }
    match choice {
        0..=29 => None,
        30..=44 => Some(ty.minimum),
        45..=69 => Some(ty.minimum + 1 + dice.up_to(if small_pages { 70_000 } else { 2 })),
        70..=79 => Some(ty.minimum + dice.up_to(10)),
        80..=84 => Some(ty.minimum.max(most)),
        85..=89 => Some(ty.minimum.max(most + 1)),
        90 | 91 => Some(pages_at_most(ty)),
        92..=94 => Some(pages_at_most(ty) - 1),
        _ => Some(ty.minimum + dice.up_to(pages_at_most(ty) - ty.minimum)),
    }
}
