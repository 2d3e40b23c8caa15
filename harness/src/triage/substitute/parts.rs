//! A module in parts: what is added to it or replaced in it, and how it is put
//! together again.
//!
//! What is not touched keeps its bytes. Functions that are imported anew move
//! those that the module defines; every mention of them is renumbered.

mod assemble;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::Range;

use wasm_encoder::reencode::Error;
use wasm_encoder::{ConstExpr, ExportKind, GlobalType, ValType};
use wasmparser::{
    CompositeInnerType, Data, ExternalKind, FunctionBody, MemoryType, Parser, Payload, TypeRef,
};

/// Parameters and results.
pub(super) type Signature = (Vec<ValType>, Vec<ValType>);

/// A module, with what is to be changed in it.
pub(super) struct Parts<'m> {
    pub(super) wasm: &'m [u8],
    payloads: Vec<Payload<'m>>,
    /// The number of parameters of each function type; `None` of other types.
    types: Vec<Option<u32>>,
    /// The type of each function, imported ones first.
    funcs: Vec<u32>,
    imported_funcs: u32,
    /// What the imported functions are imported as.
    pub(super) imported_names: Vec<(&'m str, &'m str)>,
    /// The memories, imported ones first; edited in place.
    pub(super) memories: Vec<MemoryType>,
    /// Where the types of the memories stand in the binary.
    pub(super) memory_places: Vec<u32>,
    /// What the imported memories are imported as.
    pub(super) imported_memories: Vec<(&'m str, &'m str)>,
    globals: u32,
    /// The data segments; edited in place.
    pub(super) data: Vec<Data<'m>>,
    /// Name, kind and index.
    pub(super) exports: Vec<(&'m str, ExternalKind, u32)>,
    /// Whether data segments are counted before the code: instructions that name
    /// one need it.
    pub(super) counts_data: bool,
    /// The start function; edited in place.
    pub(super) start: Option<u32>,
    bodies: Vec<FunctionBody<'m>>,
    /// Imported functions whose place others have taken.
    replaced: BTreeMap<u32, u32>,
    new_types: Vec<Signature>,
    new_imports: Vec<(String, String, u32)>,
    /// Functions to be added, with their types.
    new_funcs: Vec<(u32, Vec<u8>)>,
    new_globals: Vec<(GlobalType, ConstExpr)>,
    new_exports: Vec<(String, ExportKind, u32)>,
    new_bodies: BTreeMap<usize, Vec<u8>>,
}

/// The module cannot be read, or not be written again.
pub(super) struct Unreadable;

impl From<wasmparser::Error> for Unreadable {
    fn from(_: wasmparser::Error) -> Unreadable {
        Unreadable
    }
}

impl From<Error<Infallible>> for Unreadable {
    fn from(_: Error<Infallible>) -> Unreadable {
        Unreadable
    }
}

impl<'m> Parts<'m> {
    /// Takes a module apart.
    pub(super) fn of(wasm: &'m [u8]) -> Result<Parts<'m>, Unreadable> {
        let mut parts = Parts {
            wasm,
            payloads: Vec::new(),
            types: Vec::new(),
            funcs: Vec::new(),
            imported_funcs: 0,
            imported_names: Vec::new(),
            memories: Vec::new(),
            memory_places: Vec::new(),
            imported_memories: Vec::new(),
            globals: 0,
            data: Vec::new(),
            exports: Vec::new(),
            counts_data: false,
            start: None,
            bodies: Vec::new(),
            replaced: BTreeMap::new(),
            new_types: Vec::new(),
            new_imports: Vec::new(),
            new_funcs: Vec::new(),
            new_globals: Vec::new(),
            new_exports: Vec::new(),
            new_bodies: BTreeMap::new(),
        };
        for payload in Parser::new(0).parse_all(wasm) {
            parts.read(payload?)?;
        }
        Ok(parts)
    }

    fn read(&mut self, payload: Payload<'m>) -> Result<(), Unreadable> {
        match &payload {
            Payload::TypeSection(section) => {
                for group in section.clone() {
                    for ty in group?.into_types() {
                        self.types.push(match ty.composite_type.inner {
                            CompositeInnerType::Func(ty) => Some(ty.params().len() as u32),
                            _ => None,
                        });
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.clone().into_imports_with_offsets() {
                    let (place, import) = import?;
                    match import.ty {
                        TypeRef::Func(ty) => {
                            self.funcs.push(ty);
                            self.imported_names.push((import.module, import.name));
                        }
                        TypeRef::Memory(ty) => {
                            self.memories.push(ty);
                            self.memory_places.push(place as u32);
                            self.imported_memories.push((import.module, import.name));
                        }
                        TypeRef::Global(_) => self.globals += 1,
                        _ => {}
                    }
                }
                self.imported_funcs = self.funcs.len() as u32;
            }
            Payload::FunctionSection(section) => {
                for ty in section.clone() {
                    self.funcs.push(ty?);
                }
            }
            Payload::MemorySection(section) => {
                for memory in section.clone().into_iter_with_offsets() {
                    let (place, memory) = memory?;
                    self.memories.push(memory);
                    self.memory_places.push(place as u32);
                }
            }
            Payload::GlobalSection(section) => self.globals += section.count(),
            Payload::ExportSection(section) => {
                for export in section.clone() {
                    let export = export?;
                    self.exports.push((export.name, export.kind, export.index));
                }
            }
            Payload::DataCountSection { .. } => self.counts_data = true,
            Payload::StartSection { func, .. } => self.start = Some(*func),
            Payload::DataSection(section) => {
                for data in section.clone() {
                    self.data.push(data?);
                }
            }
            Payload::CodeSectionEntry(body) => {
                self.bodies.push(body.clone());
                return Ok(());
            }
            _ => {}
        }
        self.payloads.push(payload);
        Ok(())
    }

    /// The bodies of the functions that the module defines, with how many
    /// parameters they take.
    pub(super) fn bodies(&self) -> impl Iterator<Item = (usize, u32, FunctionBody<'m>)> + '_ {
        let own = self.funcs.iter().skip(self.imported_funcs as usize);
        let params = own.map(|&ty| self.types.get(ty as usize).copied().flatten().unwrap_or(0));
        let bodies = self.bodies.iter().cloned();
        let numbered = params.zip(bodies).enumerate();
        numbered.map(|(index, (params, body))| (index, params, body))
    }

    /// Whether a memory has 64-bit addresses.
    pub(super) fn is_wide(&self, memory: u32) -> bool {
        self.memories
            .get(memory as usize)
            .is_some_and(|ty| ty.memory64)
    }

    /// The address type of a memory.
    pub(super) fn address(&self, memory: u32) -> ValType {
        if self.is_wide(memory) {
            ValType::I64
        } else {
            ValType::I32
        }
    }

    /// The binary logarithm of the page size of a memory.
    pub(super) fn page_size_log2(&self, memory: u32) -> u32 {
        let ty = self.memories.get(memory as usize);
        ty.and_then(|ty| ty.page_size_log2).unwrap_or(16)
    }

    /// The name under which a memory is exported, perhaps only from now on.
    pub(super) fn memory_export(&mut self, memory: u32) -> String {
        let mut exports = self.exports.iter();
        let is = |(_, kind, index): &&(_, ExternalKind, u32)| {
            *kind == ExternalKind::Memory && *index == memory
        };
        if let Some((name, ..)) = exports.find(is) {
            return (*name).to_owned();
        }
        self.export(&format!("memory {memory}"), ExportKind::Memory, memory)
    }

    /// Whether there are exports that the old module does not have.
    pub(super) fn exports_more(&self) -> bool {
        !self.new_exports.is_empty()
    }

    /// Exports something under a name like this one that is not used yet.
    pub(super) fn export(&mut self, like: &str, kind: ExportKind, index: u32) -> String {
        if let Some((name, ..)) = self
            .new_exports
            .iter()
            .find(|e| (e.1, e.2) == (kind, index))
        {
            return name.clone();
        }
        let mut name = like.to_owned();
        while self.exports.iter().any(|(used, ..)| *used == name) {
            name.push('\'');
        }
        self.new_exports.push((name.clone(), kind, index));
        name
    }

    /// The index of a function type, added to the module.
    fn ty(&mut self, signature: Signature) -> u32 {
        let known = self.new_types.iter().position(|ty| *ty == signature);
        let place = known.unwrap_or_else(|| {
            self.new_types.push(signature);
            self.new_types.len() - 1
        });
        (self.types.len() + place) as u32
    }

    /// Imports a function of the built-in instance; all of them before any
    /// function is added. Gives its index.
    pub(super) fn import(&mut self, module: &str, name: String, signature: Signature) -> u32 {
        assert!(
            self.new_funcs.is_empty(),
            "added functions have their numbers"
        );
        let ty = self.ty(signature);
        self.new_imports.push((module.to_owned(), name, ty));
        self.imported_funcs + self.new_imports.len() as u32 - 1
    }

    /// Adds a function: its index.
    pub(super) fn func(&mut self, signature: Signature, body: Vec<u8>) -> u32 {
        let ty = self.ty(signature);
        self.new_funcs.push((ty, body));
        (self.funcs.len() + self.new_imports.len() + self.new_funcs.len()) as u32 - 1
    }

    /// Puts an added function in the place of an imported one, wherever that is
    /// mentioned but in what is added itself.
    pub(super) fn replace_import(&mut self, func: u32, by: u32) {
        self.replaced.insert(func, by);
    }

    /// Adds a mutable global that begins as zero: its index.
    pub(super) fn global(&mut self) -> u32 {
        let ty = GlobalType {
            val_type: ValType::I32,
            mutable: true,
            shared: false,
        };
        self.new_globals.push((ty, ConstExpr::i32_const(0)));
        self.globals + self.new_globals.len() as u32 - 1
    }

    /// Replaces the body of a function.
    pub(super) fn replace_body(&mut self, index: usize, body: Vec<u8>) {
        self.new_bodies.insert(index, body);
    }

    /// Whether functions have to be renumbered.
    pub(super) fn renumbers(&self) -> bool {
        !self.new_imports.is_empty() || !self.replaced.is_empty()
    }

    /// What a function of the old module is called by in the new one.
    pub(super) fn renumbered(&self, func: u32) -> u32 {
        if func < self.imported_funcs {
            self.replaced.get(&func).copied().unwrap_or(func)
        } else {
            func + self.new_imports.len() as u32
        }
    }

    /// The bytes of a range of the binary.
    pub(super) fn bytes(&self, range: Range<u64>) -> &'m [u8] {
        &self.wasm[range.start as usize..range.end as usize]
    }
}
