//! Puts a module together again.

use std::convert::Infallible;

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, DataCountSection, DataSection, ElementSection, EntityType, ExportKind,
    ExportSection, FunctionSection, GlobalSection, ImportSection, MemorySection, StartSection,
    TableSection, TagSection, TypeSection,
};
use wasmparser::{Payload, TypeRef};

use super::{Parts, Unreadable};

/// Sections in the making.
#[derive(Default)]
struct Sections {
    types: TypeSection,
    imports: ImportSection,
    funcs: FunctionSection,
    tables: TableSection,
    tags: TagSection,
    globals: GlobalSection,
    exports: ExportSection,
    elements: ElementSection,
}

impl Parts<'_> {
    /// Puts the module together again, without custom sections.
    pub(in crate::triage::substitute) fn assemble(&self) -> Result<Vec<u8>, Unreadable> {
        let mut new = Sections::default();
        self.reencode(&mut new)?;
        self.add(&mut new);
        let mut renumber = Renumber(self);
        let mut memories = MemorySection::new();
        for &memory in &self.memories[self.imported_memories.len()..] {
            memories.memory(renumber.memory_type(memory)?);
        }
        let mut data = DataSection::new();
        for segment in &self.data {
            utils::parse_data(&mut renumber, &mut data, segment.clone())?;
        }
        let code = self.code();
        let Sections {
            types,
            imports,
            funcs,
            tables,
            tags,
            globals,
            exports,
            elements,
        } = new;
        let mut module = wasm_encoder::Module::new();
        macro_rules! sections {
            ($($section:ident),*) => {$(
                if !$section.is_empty() {
                    module.section(&$section);
                }
            )*};
        }
        sections!(
            types, imports, funcs, tables, memories, tags, globals, exports
        );
        if let Some(start) = self.start {
            let function_index = self.renumbered(start);
            module.section(&StartSection { function_index });
        }
        sections!(elements);
        if self.counts_data {
            let count = data.len();
            module.section(&DataCountSection { count });
        }
        sections!(code, data);
        Ok(module.finish())
    }

    /// What the module has already.
    fn reencode(&self, new: &mut Sections) -> Result<(), Unreadable> {
        let mut renumber = Renumber(self);
        let mut imported = self.memories.iter();
        for payload in &self.payloads {
            match payload {
                Payload::TypeSection(s) => {
                    utils::parse_type_section(&mut renumber, &mut new.types, s.clone())?;
                }
                Payload::ImportSection(s) => {
                    for import in s.clone().into_imports() {
                        let import = import?;
                        let ty = match import.ty {
                            TypeRef::Memory(_) => {
                                let edited = imported.next().ok_or(Unreadable)?;
                                TypeRef::Memory(*edited)
                            }
                            ty => ty,
                        };
                        new.imports
                            .import(import.module, import.name, renumber.entity_type(ty)?);
                    }
                }
                Payload::FunctionSection(s) => {
                    utils::parse_function_section(&mut renumber, &mut new.funcs, s.clone())?;
                }
                Payload::TableSection(s) => {
                    utils::parse_table_section(&mut renumber, &mut new.tables, s.clone())?;
                }
                Payload::TagSection(s) => {
                    utils::parse_tag_section(&mut renumber, &mut new.tags, s.clone())?
                }
                Payload::GlobalSection(s) => {
                    utils::parse_global_section(&mut renumber, &mut new.globals, s.clone())?;
                }
                Payload::ExportSection(s) => {
                    utils::parse_export_section(&mut renumber, &mut new.exports, s.clone())?;
                }
                Payload::ElementSection(s) => {
                    utils::parse_element_section(&mut renumber, &mut new.elements, s.clone())?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What is added to it.
    fn add(&self, new: &mut Sections) {
        for (params, results) in &self.new_types {
            let results = results.iter().copied();
            new.types.ty().function(params.iter().copied(), results);
        }
        for (module, name, ty) in &self.new_imports {
            new.imports.import(module, name, EntityType::Function(*ty));
        }
        for (ty, _) in &self.new_funcs {
            new.funcs.function(*ty);
        }
        for (ty, value) in &self.new_globals {
            new.globals.global(*ty, value);
        }
        for (name, kind, index) in &self.new_exports {
            let index = match kind {
                ExportKind::Func => self.renumbered(*index),
                _ => *index,
            };
            new.exports.export(name, *kind, index);
        }
    }

    fn code(&self) -> CodeSection {
        let mut code = CodeSection::new();
        for (index, body) in self.bodies.iter().enumerate() {
            match self.new_bodies.get(&index) {
                Some(body) => code.raw(body),
                None => code.raw(body.as_bytes()),
            };
        }
        for (_, body) in &self.new_funcs {
            code.raw(body);
        }
        code
    }
}

/// Gives functions the numbers that they have in the new module.
struct Renumber<'p, 'm>(&'p Parts<'m>);

impl Reencode for Renumber<'_, '_> {
    type Error = Infallible;

    fn function_index(&mut self, func: u32) -> Result<u32, Error<Infallible>> {
        Ok(self.0.renumbered(func))
    }
}
