//! Modules of `wasm-smith`, configured so that what they do is deterministic
//! and ends.

use arbitrary::Unstructured;
use wasm_smith::{Config, InstructionKind, InstructionKinds, MemoryOffsetChoices, Module};

use super::Foreign;
use super::expose::expose;
use crate::engine::Feature;
use crate::generate::dice::Dice;
use crate::generate::memory::Means;
use crate::generate::profile::Profile;

/// Makes a module of up to so many of the bytes that are left; `None` where
/// they do not suffice.
pub(in crate::generate) fn module(
    dice: &mut Dice<'_, '_>,
    profile: &Profile,
    means: Means,
) -> Option<Foreign> {
    let mut config = config(profile, means);
    // Among all there are, those that access memory are few.
    if dice.percent(50) {
        let mut kinds = vec![
            InstructionKind::Memory,
            InstructionKind::Variable,
            InstructionKind::Control,
        ];
        kinds.extend(dice.percent(50).then_some(InstructionKind::VectorInt));
        config.allowed_instructions = InstructionKinds::new(&kinds);
    }
    let bytes = dice.take(1500);
    let mut bytes = Unstructured::new(&bytes);
    let mut module = Module::new(config, &mut bytes).ok()?;
    // Recursion ends with it too.
    module.ensure_termination(300).ok()?;
    let made = module.to_bytes();
    let seed = dice.percent(80).then(|| dice.bits());
    let simd = profile.features.has(Feature::Simd);
    let exposed = seed.and_then(|seed| expose(&made, simd, means, seed));
    Foreign::read(exposed.unwrap_or(made), means)
}

fn config(profile: &Profile, means: Means) -> Config {
    let has = |feature| profile.features.has(feature);
    Config {
        export_everything: true,
        max_imports: 0,
        min_funcs: 2,
        max_funcs: 6,
        min_memories: 1,
        max_memories: if has(Feature::MultiMemory) { 3 } else { 1 },
        max_memory32_bytes: means.economy.min(1 << 20),
        max_memory64_bytes: means.economy.min(1 << 20).into(),
        memory_max_size_required: true,
        table_max_size_required: true,
        max_table_elements: 100,
        max_instructions: 60,
        // There is a section then, for more of them.
        min_data_segments: 1,
        max_data_segments: 4,
        memory_offset_choices: MemoryOffsetChoices(60, 30, 10),
        canonicalize_nans: true,
        bulk_memory_enabled: true,
        memory64_enabled: has(Feature::Memory64),
        custom_page_sizes_enabled: has(Feature::CustomPageSizes),
        simd_enabled: has(Feature::Simd),
        tail_call_enabled: has(Feature::TailCall),
        extended_const_enabled: has(Feature::ExtendedConst),
        // A wait of its making might never end.
        threads_enabled: false,
        relaxed_simd_enabled: false,
        reference_types_enabled: false,
        gc_enabled: false,
        exceptions_enabled: false,
        compact_imports_enabled: false,
        wide_arithmetic_enabled: false,
        allow_start_export: false,
        ..Config::default()
    }
}
