//! A module being put together, and its binary.

use wasm_encoder::{
    CodeSection, ConstExpr, DataCountSection, DataSection, EntityType, ExportKind, ExportSection,
    Function, FunctionSection, ImportSection, Instruction, MemorySection, MemoryType, Module,
    TypeSection, ValType,
};

/// Parameters and results.
type Signature = (Vec<ValType>, Vec<ValType>);

/// A module.
#[derive(Default)]
pub(super) struct Draft {
    types: Vec<Signature>,
    /// Module, name and type; imported memories come in the order of their indices.
    imported_memories: Vec<(&'static str, &'static str, MemoryType)>,
    imported_functions: Vec<(&'static str, &'static str, u32)>,
    /// Memories of its own, and the name that each is exported by.
    memories: Vec<(MemoryType, &'static str)>,
    functions: Vec<(u32, Function)>,
    exports: Vec<(String, u32)>,
    segments: Vec<Segment>,
}

/// A data segment.
pub(super) enum Segment {
    /// Into a memory, at an address.
    Active(u32, ConstExpr, Vec<u8>),
    /// Nowhere by itself.
    Passive(Vec<u8>),
}

impl Draft {
    /// Imports a memory.
    pub(super) fn memory_of(&mut self, module: &'static str, ty: MemoryType, name: &'static str) {
        self.imported_memories.push((module, name, ty));
    }

    /// Declares a memory of its own, behind those that are imported.
    pub(super) fn memory(&mut self, ty: MemoryType, name: &'static str) {
        self.memories.push((ty, name));
    }

    /// The index of an imported function. All are imported before any is added.
    pub(super) fn import(
        &mut self,
        module: &'static str,
        name: &'static str,
        ty: Signature,
    ) -> u32 {
        debug_assert!(self.functions.is_empty(), "imports come first");
        let mut known = self.imported_functions.iter();
        let at = known.position(|import| (import.0, import.1) == (module, name));
        let at = at.unwrap_or_else(|| {
            let ty = self.ty(ty);
            self.imported_functions.push((module, name, ty));
            self.imported_functions.len() - 1
        });
        at as u32
    }

    /// Adds a function, and gives its index.
    pub(super) fn function(
        &mut self,
        ty: Signature,
        locals: &[ValType],
        code: &[Instruction<'_>],
    ) -> u32 {
        let mut function = Function::new_with_locals_types(locals.iter().copied());
        for instruction in code {
            function.instruction(instruction);
        }
        function.instruction(&Instruction::End);
        let ty = self.ty(ty);
        self.functions.push((ty, function));
        (self.imported_functions.len() + self.functions.len() - 1) as u32
    }

    /// Exports a function.
    pub(super) fn export(&mut self, name: &str, function: u32) {
        self.exports.push((name.to_owned(), function));
    }

    /// Adds a segment, and gives its index.
    pub(super) fn segment(&mut self, segment: Segment) -> u32 {
        self.segments.push(segment);
        (self.segments.len() - 1) as u32
    }

    fn ty(&mut self, ty: Signature) -> u32 {
        let known = self.types.iter().position(|known| *known == ty);
        let at = known.unwrap_or_else(|| {
            self.types.push(ty);
            self.types.len() - 1
        });
        at as u32
    }

    /// The binary.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut types = TypeSection::new();
        for (params, results) in &self.types {
            types
                .ty()
                .function(params.iter().copied(), results.iter().copied());
        }
        let mut imports = ImportSection::new();
        for (module, name, ty) in &self.imported_memories {
            imports.import(module, name, EntityType::Memory(*ty));
        }
        for (module, name, ty) in &self.imported_functions {
            imports.import(module, name, EntityType::Function(*ty));
        }
        let mut functions = FunctionSection::new();
        let mut code = CodeSection::new();
        for (ty, function) in &self.functions {
            functions.function(*ty);
            code.function(function);
        }
        let mut memories = MemorySection::new();
        let mut exports = ExportSection::new();
        let first = self.imported_memories.len();
        for (at, (ty, name)) in self.memories.iter().enumerate() {
            memories.memory(*ty);
            exports.export(name, ExportKind::Memory, (first + at) as u32);
        }
        for (name, function) in &self.exports {
            exports.export(name, ExportKind::Func, *function);
        }
        let mut data = DataSection::new();
        for segment in &self.segments {
            match segment {
                Segment::Active(memory, offset, bytes) => {
                    data.active(*memory, offset, bytes.iter().copied());
                }
                Segment::Passive(bytes) => {
                    data.passive(bytes.iter().copied());
                }
            }
        }
        // A section without anything in it would be left out by who prints it.
        let mut module = Module::new();
        if !self.types.is_empty() {
            module.section(&types);
        }
        if !imports.is_empty() {
            module.section(&imports);
        }
        if !self.functions.is_empty() {
            module.section(&functions);
        }
        if !self.memories.is_empty() {
            module.section(&memories);
        }
        if !exports.is_empty() {
            module.section(&exports);
        }
        let is_passive = |segment: &Segment| matches!(segment, Segment::Passive(_));
        if self.segments.iter().any(is_passive) {
            let count = self.segments.len() as u32;
            module.section(&DataCountSection { count });
        }
        if !self.functions.is_empty() {
            module.section(&code);
        }
        if !self.segments.is_empty() {
            module.section(&data);
        }
        module.finish()
    }
}
