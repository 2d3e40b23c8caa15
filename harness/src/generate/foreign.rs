//! Foreign modules: those of `wasm-smith`, called with edge arguments.
//!
//! Another generator has other habits: control flow, tables, globals, many
//! types. Configured so that what it makes is deterministic and ends.

use arbitrary::Unstructured;
use wasm_encoder::{MemoryType, ValType};
use wasm_smith::{Config, MemoryOffsetChoices, Module};
use wasmparser::{CompositeInnerType, ExternalKind, Parser, Payload};

use super::dice::Dice;
use super::edge::{self, Place};
use super::memory::{Live, Means};
use super::profile::Profile;
use crate::engine::Feature;

/// A module, and how to call it.
pub(super) struct Foreign {
    pub(super) wasm: Vec<u8>,
    /// The exported functions whose parameters are all numbers or vectors.
    pub(super) functions: Vec<(String, Vec<ValType>)>,
    /// Its first memory, as declared.
    live: Option<Live>,
}

/// Makes a module of up to so many of the bytes that are left; `None` where
/// they do not suffice.
pub(super) fn module(dice: &mut Dice<'_, '_>, profile: &Profile, means: Means) -> Option<Foreign> {
    let bytes = dice.take(1500);
    let mut bytes = Unstructured::new(&bytes);
    let mut module = Module::new(config(profile, means), &mut bytes).ok()?;
    // Recursion ends with it too.
    module.ensure_termination(300).ok()?;
    let wasm = module.to_bytes();
    read(wasm, means)
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

fn read(wasm: Vec<u8>, means: Means) -> Option<Foreign> {
    let (mut types, mut of, mut functions) = (Vec::new(), Vec::new(), Vec::new());
    let mut live = None;
    for payload in Parser::new(0).parse_all(&wasm) {
        match payload.ok()? {
            Payload::TypeSection(section) => {
                for group in section {
                    for ty in group.ok()?.types() {
                        types.push(match &ty.composite_type.inner {
                            CompositeInnerType::Func(ty) => parameters(ty.params()),
                            _ => None,
                        });
                    }
                }
            }
            Payload::FunctionSection(section) => of = section.into_iter().flatten().collect(),
            Payload::MemorySection(section) => {
                let first = section.into_iter().flatten().next();
                live = first.map(|ty| {
                    let ty = MemoryType {
                        minimum: ty.initial,
                        maximum: ty.maximum,
                        memory64: ty.memory64,
                        shared: ty.shared,
                        page_size_log2: ty.page_size_log2,
                    };
                    Live::new(ty, means)
                });
            }
            Payload::ExportSection(section) => {
                for export in section.into_iter().flatten() {
                    if export.kind == ExternalKind::Func {
                        let ty: Option<&u32> = of.get(export.index as usize);
                        let params = ty.and_then(|&ty| types.get(ty as usize)?.clone());
                        functions.extend(params.map(|params| (export.name.to_owned(), params)));
                    }
                }
            }
            _ => {}
        }
    }
    Some(Foreign {
        wasm,
        functions,
        live,
    })
}

fn parameters(params: &[wasmparser::ValType]) -> Option<Vec<ValType>> {
    params
        .iter()
        .map(|ty| match ty {
            wasmparser::ValType::I32 => Some(ValType::I32),
            wasmparser::ValType::I64 => Some(ValType::I64),
            wasmparser::ValType::F32 => Some(ValType::F32),
            wasmparser::ValType::F64 => Some(ValType::F64),
            wasmparser::ValType::V128 => Some(ValType::V128),
            wasmparser::ValType::Ref(_) => None,
        })
        .collect()
}

impl Foreign {
    /// A number that may be an address at an edge of the first memory.
    pub(super) fn argument(&self, dice: &mut Dice<'_, '_>) -> u64 {
        match &self.live {
            Some(live) if dice.percent(60) => {
                let place = dice.pick(&[Place::Inside, Place::End, Place::Far]);
                let width = dice.pick(&[4, 1, 2, 8]);
                edge::effective(dice, live, width, place) as u64
            }
            _ => edge::value(dice),
        }
    }
}
