//! Reads a binary section by section, checks it, and keeps what it says.

use std::sync::Arc;

use wasmparser::{
    CompositeInnerType, ConstExpr, DataKind, ElementItems, ElementKind, Encoding, ExternalKind,
    FuncToValidate, FuncValidatorAllocations, Parser, Payload, TableInit, TypeRef, ValidPayload,
    WasmFeatures,
};

use super::check::Memories;
use super::compile::compile;
use super::constant::{Constant, address_type};
use super::many::{self, Resources};
use super::read_type::{global_type, memory_type, table_type, value_types};
use super::{
    Data, Definition, Element, ElementMode, Import, Invalid, Item, Proposals, Rejection, limits,
};
use crate::types::{AddressType, ExternType, FuncType};

/// Decodes, validates and compiles a module.
pub(super) fn decode(wasm: &[u8], proposals: Proposals) -> Result<Definition, Rejection> {
    let features = proposals.features();
    let mut result = Decoder::default().run(wasm, None, features);
    if matches!(&result, Err(Rejection::Invalid(why)) if limits::is_of_memories(why)) {
        let stand_in = many::stand_in(wasm, features)?;
        result = Decoder::default().run(wasm, Some(&stand_in), features);
    }
    match result {
        Err(Rejection::Invalid(invalid)) if invalid.by == super::Validator::Wasmparser => {
            if limits::is_beyond(&invalid, wasm.len()) {
                let what = format!("beyond the reference: {}", invalid.message);
                Err(Rejection::Unsupported(what))
            } else if proposals == Proposals::ALL && valid_beyond_scope(wasm) {
                // What is only out of scope is not invalid.
                Err(Rejection::Unsupported(invalid.message))
            } else {
                Err(Rejection::Invalid(invalid))
            }
        }
        result => result,
    }
}

/// Whether a module is valid with all proposals that have been standardized.
fn valid_beyond_scope(wasm: &[u8]) -> bool {
    let features = WasmFeatures::default() | Proposals::ALL.features();
    wasmparser::Validator::new_with_features(features)
        .validate_all(wasm)
        .is_ok()
}

#[derive(Default)]
struct Decoder {
    definition: Definition,
    memories: Memories,
    next_code: u32,
}

impl Decoder {
    /// Decodes `wasm`; the validator is shown `stand_in` instead, if there is
    /// one, see `many.rs`.
    fn run(
        mut self,
        wasm: &[u8],
        stand_in: Option<&[u8]>,
        features: WasmFeatures,
    ) -> Result<Definition, Rejection> {
        let mut validator = wasmparser::Validator::new_with_features(features);
        let mut allocations = FuncValidatorAllocations::default();
        let payloads = |wasm| {
            let mut parser = Parser::new(0);
            parser.set_features(features);
            parser.parse_all(wasm)
        };
        let mut shown = stand_in.map(payloads);
        let mut memories = Vec::new();
        for payload in payloads(wasm) {
            let payload = payload?;
            if let Payload::Version {
                encoding: Encoding::Component,
                ..
            } = payload
            {
                return Err(Rejection::Unsupported("component".to_owned()));
            }
            self.check_memories(&payload)?;
            let shown = match &mut shown {
                None => None,
                Some(shown) => {
                    many::collect(&payload, &mut memories)?;
                    shown.next().transpose()?
                }
            };
            let valid = validator.payload(shown.as_ref().unwrap_or(&payload))?;
            if let (ValidPayload::Func(func, _), Payload::CodeSectionEntry(body)) =
                (valid, &payload)
            {
                let func = FuncToValidate {
                    resources: Resources {
                        inner: func.resources,
                        memories: shown.is_some().then_some(&memories[..]),
                    },
                    index: func.index,
                    ty: func.ty,
                    features: func.features,
                };
                let mut func_validator = func.into_validator(allocations);
                let index = self.definition.imported_funcs + self.next_code;
                self.next_code += 1;
                let code = compile(
                    &self.definition,
                    &self.memories,
                    &mut func_validator,
                    body,
                    index,
                )?;
                self.definition.code.push(Arc::new(code));
                allocations = func_validator.into_allocations();
            }
            self.keep(&payload)?;
        }
        self.definition.wasm = wasm.into();
        Ok(self.definition)
    }

    /// Our own rules for sections that have to do with memories.
    fn check_memories(&mut self, payload: &Payload<'_>) -> Result<(), Rejection> {
        match payload {
            Payload::ImportSection(section) => {
                for import in section.clone().into_imports_with_offsets() {
                    let (offset, import) = import?;
                    if let TypeRef::Memory(ty) = import.ty {
                        self.memories
                            .add(memory_type(ty))
                            .map_err(|why| Invalid::own(offset, why))?;
                    }
                }
            }
            Payload::MemorySection(section) => {
                for memory in section.clone().into_iter_with_offsets() {
                    let (offset, ty) = memory?;
                    self.memories
                        .add(memory_type(ty))
                        .map_err(|why| Invalid::own(offset, why))?;
                }
            }
            Payload::ExportSection(section) => {
                for export in section.clone().into_iter_with_offsets() {
                    let (offset, export) = export?;
                    if export.kind == ExternalKind::Memory {
                        self.memories
                            .address(export.index)
                            .map_err(|why| Invalid::own(offset, why))?;
                    }
                }
            }
            Payload::DataCountSection { count, .. } => self.memories.data_count = Some(*count),
            Payload::DataSection(section) => {
                for segment in section.clone().into_iter_with_offsets() {
                    let (offset, segment) = segment?;
                    if let DataKind::Active {
                        memory_index,
                        offset_expr,
                    } = segment.kind
                    {
                        let address = self
                            .memories
                            .address(memory_index)
                            .map_err(|why| Invalid::own(offset, why))?;
                        self.check_offset(&offset_expr, address, offset)?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The offset of an active data segment is an address of its memory.
    /// <https://webassembly.github.io/spec/core/valid/modules.html#data-segments>
    fn check_offset(
        &self,
        expr: &ConstExpr<'_>,
        address: AddressType,
        offset: u64,
    ) -> Result<(), Rejection> {
        let globals = &self.definition.globals;
        let found = address_type(expr, |i| globals.get(i as usize).map(|g| g.value))?;
        match found {
            Some(found) if found != address.value_type() => Err(Invalid::own(
                offset,
                format!(
                    "type mismatch: the offset of a data segment is {found:?}, its memory has {address} addresses"
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Keeps what a valid section says.
    // Long, as it has an arm for each section.
    fn keep(&mut self, payload: &Payload<'_>) -> Result<(), Rejection> {
        let def = &mut self.definition;
        match payload {
            Payload::TypeSection(section) => {
                for group in section.clone() {
                    for ty in group?.types() {
                        let CompositeInnerType::Func(func) = &ty.composite_type.inner else {
                            return Err(Rejection::Unsupported("garbage collection".to_owned()));
                        };
                        def.types.push(Arc::new(FuncType {
                            params: value_types(func.params())?,
                            results: value_types(func.results())?,
                        }));
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.clone().into_imports() {
                    let import = import?;
                    let ty = match import.ty {
                        TypeRef::Func(index) => {
                            let ty = def.types[index as usize].clone();
                            def.imported_funcs += 1;
                            def.funcs.push(ty.clone());
                            ExternType::Func((*ty).clone())
                        }
                        TypeRef::Table(ty) => {
                            let ty = table_type(ty)?;
                            def.imported_tables += 1;
                            def.tables.push(ty);
                            ExternType::Table(ty)
                        }
                        TypeRef::Memory(ty) => {
                            let ty = memory_type(ty);
                            def.imported_memories += 1;
                            def.memories.push(ty);
                            ExternType::Memory(ty)
                        }
                        TypeRef::Global(ty) => {
                            let ty = global_type(ty)?;
                            def.imported_globals += 1;
                            def.globals.push(ty);
                            ExternType::Global(ty)
                        }
                        TypeRef::Tag(_) | TypeRef::FuncExact(_) => {
                            return Err(Rejection::Unsupported("exceptions".to_owned()));
                        }
                    };
                    def.imports.push(Import {
                        module: import.module.to_owned(),
                        name: import.name.to_owned(),
                        ty,
                    });
                }
            }
            Payload::FunctionSection(section) => {
                for index in section.clone() {
                    let ty = def.types[index? as usize].clone();
                    def.funcs.push(ty);
                }
            }
            Payload::TableSection(section) => {
                for table in section.clone() {
                    let table = table?;
                    if matches!(table.init, TableInit::Expr(_)) {
                        return Err(Rejection::Unsupported(
                            "table with an initial value".to_owned(),
                        ));
                    }
                    def.tables.push(table_type(table.ty)?);
                }
            }
            Payload::MemorySection(section) => {
                for ty in section.clone() {
                    def.memories.push(memory_type(ty?));
                }
            }
            Payload::GlobalSection(section) => {
                for global in section.clone() {
                    let global = global?;
                    def.globals.push(global_type(global.ty)?);
                    def.global_values.push(Constant::decode(&global.init_expr)?);
                }
            }
            Payload::ExportSection(section) => {
                for export in section.clone() {
                    let export = export?;
                    let item = match export.kind {
                        ExternalKind::Func => Item::Func(export.index),
                        ExternalKind::Table => Item::Table(export.index),
                        ExternalKind::Memory => Item::Memory(export.index),
                        ExternalKind::Global => Item::Global(export.index),
                        ExternalKind::Tag | ExternalKind::FuncExact => {
                            return Err(Rejection::Unsupported("exceptions".to_owned()));
                        }
                    };
                    def.exports.push((export.name.to_owned(), item));
                }
            }
            Payload::StartSection { func, .. } => def.start = Some(*func),
            Payload::ElementSection(section) => {
                for segment in section.clone() {
                    let segment = segment?;
                    let mut items = Vec::new();
                    match segment.items {
                        ElementItems::Functions(funcs) => {
                            for func in funcs {
                                items.push(Constant::func(func?));
                            }
                        }
                        ElementItems::Expressions(_, exprs) => {
                            for expr in exprs {
                                items.push(Constant::decode(&expr?)?);
                            }
                        }
                    }
                    let mode = match segment.kind {
                        ElementKind::Passive => ElementMode::Passive,
                        ElementKind::Declared => ElementMode::Declared,
                        ElementKind::Active {
                            table_index,
                            offset_expr,
                        } => ElementMode::Active {
                            table: table_index.unwrap_or(0),
                            offset: Constant::decode(&offset_expr)?,
                        },
                    };
                    def.elements.push(Element { items, mode });
                }
            }
            Payload::DataSection(section) => {
                for segment in section.clone() {
                    let segment = segment?;
                    let active = match segment.kind {
                        DataKind::Passive => None,
                        DataKind::Active {
                            memory_index,
                            offset_expr,
                        } => Some((memory_index, Constant::decode(&offset_expr)?)),
                    };
                    def.data.push(Data {
                        bytes: segment.data.into(),
                        active,
                        place: u32::try_from(segment.range.start).unwrap_or(u32::MAX),
                    });
                }
            }
            _ => {}
        }
        Ok(())
    }
}
