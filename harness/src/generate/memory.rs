//! Memories: the types that modules declare, and how large each one is by now.

use wasm_encoder::{MemoryType, ValType};

use super::dice::Dice;
use super::profile::Profile;
use crate::engine::Feature;

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
}

impl Live {
    /// A new memory in a run with a budget of so many bytes.
    pub(super) fn new(ty: MemoryType, budget: u64) -> Live {
        let most = ty
            .maximum
            .unwrap_or(pages_at_most(&ty))
            .min(budget >> page_log2(&ty));
        Live {
            ty,
            pages: ty.minimum,
            most,
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

    /// Grows it, where that can succeed.
    pub(super) fn grow(&mut self, delta: u64) {
        if delta <= self.room() {
            self.pages += delta;
        }
    }
}

/// Declares a memory. The minimum is within the budget except on purpose.
pub(super) fn declare(dice: &mut Dice<'_, '_>, profile: &Profile, budget: u64) -> MemoryType {
    let has = |feature| profile.features.has(feature);
    let small_pages = has(Feature::CustomPageSizes) && !dice.percent(20);
    let mut ty = MemoryType {
        minimum: 0,
        maximum: None,
        memory64: has(Feature::Memory64) && !dice.percent(15),
        shared: has(Feature::Threads) && !dice.percent(15),
        page_size_log2: if small_pages {
            Some(0)
        } else {
            // Saying what is the default anyway is an encoding of its own.
            (has(Feature::CustomPageSizes) && dice.percent(30)).then_some(16)
        },
    };
    let budget = budget >> page_log2(&ty);
    ty.minimum = minimum(dice, small_pages).min(budget);
    ty.maximum = maximum(dice, &ty, budget);
    ty
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

fn maximum(dice: &mut Dice<'_, '_>, ty: &MemoryType, budget: u64) -> Option<u64> {
    let small_pages = page_log2(ty) == 0;
    let choice = dice.up_to(99);
    if ty.shared {
        // Engines reserve what a shared memory may grow to, and do not limit
        // it otherwise: its maximum is never beyond the budget.
        let more = match choice {
            0..=19 => 0,
            _ if small_pages => dice.up_to(100_000),
            20..=89 => 1 + dice.up_to(3),
            _ => dice.up_to(60),
        };
        return Some((ty.minimum + more).min(budget));
    }
    match choice {
        0..=29 => None,
        30..=44 => Some(ty.minimum),
        45..=69 => Some(ty.minimum + 1 + dice.up_to(if small_pages { 70_000 } else { 2 })),
        70..=79 => Some(ty.minimum + dice.up_to(10)),
        80..=84 => Some(ty.minimum.max(budget)),
        85..=89 => Some(ty.minimum.max(budget + 1)),
        90..=94 => Some(pages_at_most(ty)),
        95..=97 => Some(pages_at_most(ty) - 1),
        _ => Some(ty.minimum + dice.up_to(pages_at_most(ty) - ty.minimum)),
    }
}
