//! Features: what a module needs and what a configuration declares.

use wasmparser::{ExternalKind, MemoryType, Parser, Payload, TypeRef, ValType};

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
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
    let _ = scan(wasm, &mut needs);
    needs
}

/// What the modules that these steps define need, together.
pub(super) fn needed_by_steps(steps: &[Step]) -> Features {
    steps.iter().fold(Features::NONE, |needs, step| match step {
        Step::Define { wasm, .. } => needs.and(needed_by(wasm)),
        _ => needs,
    })
}

fn scan(wasm: &[u8], needs: &mut Features) -> wasmparser::Result<()> {
    let mut memories = 0u32;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::Version {
                encoding: wasmparser::Encoding::Component,
                ..
            } => {
                needs.insert(Feature::OutOfScope);
                return Ok(());
            }
            Payload::TypeSection(groups) => {
                for group in groups {
                    let group = group?;
                    for ty in group.types() {
                        match &ty.composite_type.inner {
                            wasmparser::CompositeInnerType::Func(f)
                                if !group.is_explicit_rec_group() =>
                            {
                                for &t in f.params().iter().chain(f.results()) {
                                    value_type(t, needs);
                                }
                            }
                            _ => needs.insert(Feature::OutOfScope),
                        }
                    }
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    match import?.ty {
                        TypeRef::Memory(ty) => {
                            memories += 1;
                            memory_type(&ty, needs);
                        }
                        TypeRef::Global(ty) => value_type(ty.content_type, needs),
                        TypeRef::Table(ty) => table_type(&ty, needs),
                        TypeRef::Tag(_) | TypeRef::FuncExact(_) => {
                            needs.insert(Feature::OutOfScope)
                        }
                        TypeRef::Func(_) => {}
                    }
                }
            }
            Payload::TableSection(tables) => {
                for table in tables {
                    table_type(&table?.ty, needs);
                }
            }
            Payload::MemorySection(section) => {
                for ty in section {
                    memories += 1;
                    memory_type(&ty?, needs);
                }
            }
            Payload::TagSection(_) => needs.insert(Feature::OutOfScope),
            Payload::GlobalSection(globals) => {
                for global in globals {
                    let global = global?;
                    value_type(global.ty.content_type, needs);
                    const_expr(&global.init_expr, needs)?;
                }
            }
            Payload::DataSection(segments) => {
                for segment in segments {
                    if let wasmparser::DataKind::Active { offset_expr, .. } = segment?.kind {
                        const_expr(&offset_expr, needs)?;
                    }
                }
            }
            Payload::ElementSection(segments) => {
                for segment in segments {
                    if let wasmparser::ElementKind::Active { offset_expr, .. } = segment?.kind {
                        const_expr(&offset_expr, needs)?;
                    }
                }
            }
            Payload::CodeSectionEntry(body) => {
                for local in body.get_locals_reader()? {
                    value_type(local?.1, needs);
                }
                let mut ops = body.get_operators_reader()?;
                while !ops.eof() {
                    operator(&ops.read()?, needs);
                }
            }
            _ => {}
        }
    }
    if memories > 1 {
        needs.insert(Feature::MultiMemory);
    }
    Ok(())
}

fn memory_type(ty: &MemoryType, needs: &mut Features) {
    if ty.memory64 {
        needs.insert(Feature::Memory64);
    }
    if ty.shared {
        needs.insert(Feature::Threads);
    }
    if ty.page_size_log2.is_some() {
        needs.insert(Feature::CustomPageSizes);
    }
}

fn table_type(ty: &wasmparser::TableType, needs: &mut Features) {
    if ty.table64 {
        needs.insert(Feature::Memory64);
    }
    if ty.shared {
        needs.insert(Feature::OutOfScope);
    }
    value_type(ValType::Ref(ty.element_type), needs);
}

fn value_type(ty: ValType, needs: &mut Features) {
    match ty {
        ValType::V128 => needs.insert(Feature::Simd),
        ValType::Ref(r) if r == wasmparser::RefType::EXTERNREF => needs.insert(Feature::ExternRef),
        ValType::Ref(r) if r != wasmparser::RefType::FUNCREF => needs.insert(Feature::OutOfScope),
        _ => {}
    }
}

fn const_expr(expr: &wasmparser::ConstExpr<'_>, needs: &mut Features) -> wasmparser::Result<()> {
    let mut ops = expr.get_operators_reader();
    while !ops.eof() {
        use wasmparser::Operator as O;
        match ops.read()? {
            O::I32Add | O::I32Sub | O::I32Mul | O::I64Add | O::I64Sub | O::I64Mul => {
                needs.insert(Feature::ExtendedConst);
            }
            op => operator(&op, needs),
        }
    }
    Ok(())
}

/// The proposal an instruction belongs to, by wasmparser's own table.
fn operator(op: &wasmparser::Operator<'_>, needs: &mut Features) {
    macro_rules! proposal {
        ($( @$proposal:ident $op:ident $({ $($payload:tt)* })? => $visit:ident ($($ann:tt)*) )*) => {
            match op {
                $( wasmparser::Operator::$op { .. } => stringify!($proposal), )*
                _ => "other",
            }
        };
    }
    match wasmparser::for_each_operator!(proposal) {
        "mvp" | "sign_extension" | "saturating_float_to_int" | "bulk_memory" => {}
        "reference_types" => {
            if let wasmparser::Operator::RefNull { hty } = op
                && *hty == wasmparser::HeapType::EXTERN
            {
                needs.insert(Feature::ExternRef);
            }
        }
        "simd" => needs.insert(Feature::Simd),
        "threads" => needs.insert(Feature::Atomics),
        "tail_call" => needs.insert(Feature::TailCall),
        _ => needs.insert(Feature::OutOfScope),
    }
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
