//! What a module imports, and as much of the rest as a stand-in has to know.

use wasmparser::{
    CompositeInnerType, FuncType, GlobalType, MemoryType, Parser, Payload, RefType, TableType,
    TypeRef,
};

/// A module, as far as stand-ins are concerned.
#[derive(Default)]
pub(super) struct Outline<'a> {
    /// What it imports, in order.
    pub(super) imports: Vec<Import<'a>>,
    /// Its types; `None` where one is no function type.
    pub(super) types: Vec<Option<FuncType>>,
    /// The type of its memory 0, imported or not.
    pub(super) memory: Option<MemoryType>,
    /// Whether table 0 holds functions, and has 32-bit indices.
    pub(super) has_functions_table: bool,
    /// How many globals it has, imported ones included.
    pub(super) globals: u32,
}

/// Something that is imported.
pub(super) struct Import<'a> {
    /// From which module.
    pub(super) module: &'a str,
    /// Under which name.
    pub(super) name: &'a str,
    /// The type that is declared for it; `None` for what is out of scope.
    pub(super) ty: Option<ImportType>,
}

/// The type of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ImportType {
    /// A function.
    Func(FuncType),
    /// A table.
    Table(TableType),
    /// A memory.
    Memory(MemoryType),
    /// A global.
    Global(GlobalType),
}

impl<'a> Outline<'a> {
    /// Reads a module up to its code; `None` if it cannot be read.
    pub(super) fn of(wasm: &'a [u8]) -> Option<Outline<'a>> {
        let mut outline = Outline::default();
        let mut tables: Vec<TableType> = Vec::new();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.ok()? {
                Payload::TypeSection(section) => {
                    for group in section {
                        let types = group.ok()?.into_types();
                        outline
                            .types
                            .extend(types.map(|ty| match ty.composite_type.inner {
                                CompositeInnerType::Func(ty) => Some(ty),
                                _ => None,
                            }));
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        outline.import(import.ok()?, &mut tables);
                    }
                }
                Payload::TableSection(section) => {
                    for table in section {
                        tables.push(table.ok()?.ty);
                    }
                }
                Payload::MemorySection(section) => {
                    for memory in section {
                        outline.memory.get_or_insert(memory.ok()?);
                    }
                }
                Payload::GlobalSection(section) => outline.globals += section.count(),
                Payload::CodeSectionStart { .. } => break,
                _ => {}
            }
        }
        outline.has_functions_table = tables
            .first()
            .is_some_and(|table| table.element_type == RefType::FUNCREF && !table.table64);
        Some(outline)
    }

    fn import(&mut self, import: wasmparser::Import<'a>, tables: &mut Vec<TableType>) {
        let ty = match import.ty {
            TypeRef::Func(index) => {
                let ty = self.types.get(index as usize).cloned();
                ty.flatten().map(ImportType::Func)
            }
            TypeRef::Table(ty) => {
                tables.push(ty);
                Some(ImportType::Table(ty))
            }
            TypeRef::Memory(ty) => {
                self.memory.get_or_insert(ty);
                Some(ImportType::Memory(ty))
            }
            TypeRef::Global(ty) => {
                self.globals += 1;
                Some(ImportType::Global(ty))
            }
            _ => None,
        };
        self.imports.push(Import {
            module: import.module,
            name: import.name,
            ty,
        });
    }

    /// Whether memory 0 is there and has 32-bit addresses.
    pub(super) fn has_small_memory(&self) -> bool {
        self.memory.is_some_and(|ty| !ty.memory64)
    }
}
