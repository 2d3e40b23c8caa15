//! Foreign modules, called with edge arguments: those of another generator and
//! those of the official suite.
//!
//! Others have other habits: control flow, tables, globals, many types.

mod expose;
pub(super) mod smith;
pub(super) mod suite;

use wasm_encoder::{MemoryType, ValType};
use wasmparser::{CompositeInnerType, ExternalKind, Parser, Payload, TypeRef};

use super::dice::Dice;
use super::edge::{self, Place};
use super::memory::{Live, Means};
use crate::script::Step;

/// A module, and how to call it.
pub(super) struct Foreign {
    /// What has to be there before it.
    pub(super) before: Vec<Step>,
    pub(super) wasm: Vec<u8>,
    /// The exported functions whose parameters are all numbers or vectors.
    pub(super) functions: Vec<(String, Vec<ValType>)>,
    /// The exported globals that can change and are numbers or vectors.
    pub(super) globals: Vec<String>,
    /// Its first memory, as declared.
    live: Option<Live>,
}

impl Foreign {
    /// Reads how a module can be called; `None` if it cannot be read.
    fn read(wasm: Vec<u8>, means: Means) -> Option<Foreign> {
        let (mut types, mut of, mut functions) = (Vec::new(), Vec::new(), Vec::new());
        let (mut changes, mut globals, mut live) = (Vec::new(), Vec::new(), None);
        let memory = |ty| Live::new(memory_type(ty), means);
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
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        match import.ok()?.ty {
                            TypeRef::Func(ty) => of.push(ty),
                            TypeRef::Memory(ty) => live = live.or_else(|| Some(memory(ty))),
                            TypeRef::Global(ty) => changes.push(is_variable(ty)),
                            _ => {}
                        }
                    }
                }
                Payload::FunctionSection(section) => of.extend(section.into_iter().flatten()),
                Payload::MemorySection(section) => {
                    let first = section.into_iter().flatten().next();
                    live = live.or_else(|| first.map(memory));
                }
                Payload::GlobalSection(section) => {
                    let own = section.into_iter().flatten();
                    changes.extend(own.map(|global| is_variable(global.ty)));
                }
                Payload::ExportSection(section) => {
                    for export in section.into_iter().flatten() {
                        let (name, index) = (export.name.to_owned(), export.index as usize);
                        match export.kind {
                            ExternalKind::Func => {
                                let ty: Option<&u32> = of.get(index);
                                let params = ty.and_then(|&ty| types.get(ty as usize)?.clone());
                                functions.extend(params.map(|params| (name, params)));
                            }
                            ExternalKind::Global if changes.get(index) == Some(&true) => {
                                globals.push(name);
                            }
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        Some(Foreign {
            before: Vec::new(),
            wasm,
            functions,
            globals,
            live,
        })
    }

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

pub(super) fn memory_type(ty: wasmparser::MemoryType) -> MemoryType {
    MemoryType {
        minimum: ty.initial,
        maximum: ty.maximum,
        memory64: ty.memory64,
        shared: ty.shared,
        page_size_log2: ty.page_size_log2,
    }
}

/// Whether a global can change and is a number or a vector.
fn is_variable(ty: wasmparser::GlobalType) -> bool {
    ty.mutable && !matches!(ty.content_type, wasmparser::ValType::Ref(_))
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
