//! Features: what a module needs and what a configuration declares.

mod scan;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use wasmparser::{ExternalKind, Parser, Payload, TypeRef};

use crate::script::Step;

/// A part of WebAssembly that not every configuration has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Feature {
    /// Memories and tables with 64-bit addresses.
    Memory64 = 1,
    /// More than one memory in a module.
    MultiMemory = 2,
    /// Shared memories that grow, and all that [`Feature::Atomics`] is.
    Threads = 4,
    /// Atomic instructions, on memories that are not shared.
    Atomics = 512,
    /// Memories with a page size of 1 byte.
    CustomPageSizes = 8,
    /// 128-bit vectors.
    Simd = 16,
    /// Tail calls.
    TailCall = 32,
    /// `externref`.
    ExternRef = 64,
    /// Arithmetic in constant expressions.
    ExtendedConst = 128,
    /// Garbage collection, exceptions, typed references, components: outside
    /// this project's scope, so that no configuration declares it.
    OutOfScope = 256,
}

impl Feature {
    /// Every feature.
    pub const ALL: [Feature; 10] = [
        Feature::Memory64,
        Feature::MultiMemory,
        Feature::Threads,
        Feature::Atomics,
        Feature::CustomPageSizes,
        Feature::Simd,
        Feature::TailCall,
        Feature::ExternRef,
        Feature::ExtendedConst,
        Feature::OutOfScope,
    ];

    /// The name shown to people.
    pub fn name(self) -> &'static str {
        match self {
            Feature::Memory64 => "memory64",
            Feature::MultiMemory => "multi-memory",
            Feature::Threads => "threads",
            Feature::Atomics => "atomics",
            Feature::CustomPageSizes => "custom-page-sizes",
            Feature::Simd => "simd",
            Feature::TailCall => "tail-call",
            Feature::ExternRef => "externref",
            Feature::ExtendedConst => "extended-const",
            Feature::OutOfScope => "out of scope",
        }
    }
}

/// A set of features.
///
/// Sent as one number: the sum of those of the [`Feature`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Features(u32);

impl Features {
    /// None of them.
    pub const NONE: Features = Features(0);

    /// These.
    pub const fn of(features: &[Feature]) -> Features {
        let mut bits = 0;
        let mut i = 0;
        while i < features.len() {
            bits |= features[i] as u32;
            i += 1;
        }
        Features(bits)
    }

    /// Whether `feature` is among them.
    pub const fn has(self, feature: Feature) -> bool {
        let covering = match feature {
            Feature::Atomics => Feature::Atomics as u32 | Feature::Threads as u32,
            feature => feature as u32,
        };
        self.0 & covering != 0
    }

    /// These and those.
    pub const fn and(self, those: Features) -> Features {
        Features(self.0 | those.0)
    }

    /// With one more.
    pub fn insert(&mut self, feature: Feature) {
        self.0 |= feature as u32;
    }

    /// These without those.
    pub const fn without(self, those: Features) -> Features {
        Features(self.0 & !those.0)
    }

    /// The first feature of `self` that `declared` lacks.
    pub fn first_beyond(self, declared: Features) -> Option<Feature> {
        Feature::ALL
            .into_iter()
            .find(|&f| self.has(f) && !declared.has(f))
    }

    /// The features in the set.
    pub fn iter(self) -> impl Iterator<Item = Feature> {
        Feature::ALL.into_iter().filter(move |&f| self.has(f))
    }
}

/// What a module needs, valid or not. What cannot be decoded needs nothing:
/// every engine has to reject it.
pub fn needed_by(wasm: &[u8]) -> Features {
    let mut needs = Features::NONE;
    // Malformed modules are scanned as far as they can be read.
    let _ = scan::module(wasm, &mut needs);
    needs
}

/// What the modules that these steps define need, together.
pub(super) fn needed_by_steps(steps: &[Step]) -> Features {
    steps.iter().fold(Features::NONE, |needs, step| match step {
        Step::Define { wasm, .. } => needs.and(needed_by(wasm)),
        _ => needs,
    })
}

/// Whether a module imports anything from `module`.
#[cfg(any(feature = "wasmer", feature = "wasmtime", not(worker)))]
pub(super) fn imports_from(wasm: &[u8], module: &str) -> bool {
    let payloads = Parser::new(0).parse_all(wasm);
    let mut payloads = payloads.take_while(|payload| payload.is_ok()).flatten();
    payloads.any(|payload| match payload {
        Payload::ImportSection(imports) => imports
            .into_imports()
            .flatten()
            .any(|import| import.module == module),
        _ => false,
    })
}

/// The exports that are memories defined by the module itself (an imported one
/// is looked at where it is defined), one name for each memory.
pub(super) fn own_memory_exports(wasm: &[u8]) -> Vec<String> {
    let mut imported = 0u32;
    let mut seen = Vec::new();
    let mut names = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload {
            Ok(Payload::ImportSection(imports)) => {
                imported += imports
                    .into_imports()
                    .flatten()
                    .filter(|i| matches!(i.ty, TypeRef::Memory(_)))
                    .count() as u32;
            }
            Ok(Payload::ExportSection(exports)) => {
                for export in exports.into_iter().flatten() {
                    if export.kind == ExternalKind::Memory
                        && export.index >= imported
                        && !seen.contains(&export.index)
                    {
                        seen.push(export.index);
                        names.push(export.name.to_owned());
                    }
                }
            }
            Ok(Payload::CodeSectionStart { .. }) | Err(_) => break,
            Ok(_) => {}
        }
    }
    names
}
