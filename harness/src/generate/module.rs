//! A module being planned, and its binary.

use wasm_encoder::{
    CodeSection, ConstExpr, DataCountSection, DataSection, ElementSection, Elements, EntityType,
    ExportKind, ExportSection, FunctionSection, GlobalType, ImportSection, Instruction,
    MemorySection, RefType, StartSection, TableSection, TableType, TypeSection, ValType,
};

use super::body::{Role, Use};
use super::memory::{Means, Memory};
use super::profile::Profile;
use super::segments::{Mode, Segment};

/// A module: memories first, since everything else is about them.
pub(super) struct Plan {
    pub(super) profile: Profile,
    /// How large memories can be, and should.
    pub(super) means: Means,
    /// Imported ones first.
    pub(super) memories: Vec<Memory>,
    pub(super) imports: Vec<Import>,
    /// Immutable globals, all imported: their module, name and type.
    pub(super) globals: Vec<(String, String, ValType)>,
    /// Immutable globals that it exports.
    pub(super) constants: Vec<(String, ValType, u64)>,
    /// Functions that bodies can call; also what the table holds.
    pub(super) callables: Vec<Callable>,
    pub(super) functions: Vec<Function>,
    pub(super) segments: Vec<Segment>,
    /// The function that runs when the module is instantiated, by its place
    /// among [`Self::functions`].
    pub(super) start: Option<usize>,
}

/// An imported function.
pub(super) struct Import {
    pub(super) module: String,
    pub(super) name: String,
    pub(super) params: Vec<ValType>,
    pub(super) results: Vec<ValType>,
}

/// A function of the module.
pub(super) struct Function {
    /// The name it is exported by.
    pub(super) name: String,
    pub(super) params: Vec<(ValType, Role)>,
    pub(super) results: Vec<ValType>,
    pub(super) locals: Vec<ValType>,
    pub(super) code: Vec<Instruction<'static>>,
    pub(super) uses: Vec<Use>,
}

/// A function that bodies can call.
#[derive(Clone, Debug)]
pub(super) struct Callable {
    /// Its function index.
    pub(super) function: u32,
    /// The name it is exported by; empty when it is imported.
    pub(super) name: String,
    pub(super) params: Vec<ValType>,
    pub(super) results: Vec<ValType>,
    pub(super) effect: Effect,
}

/// What a callee does, to which memory of the caller's module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// `[delta] -> [pages before]`.
    Grow(u32),
    /// `[] -> [pages]`.
    Size,
    /// `[address] -> [byte]`, at a static offset.
    Read(u32, u64),
    /// `[address byte] -> [0 or -1]`, through the embedder.
    Write(u32),
}

impl Plan {
    pub(super) fn new(profile: Profile, means: Means) -> Plan {
        Plan {
            profile,
            means,
            memories: Vec::new(),
            imports: Vec::new(),
            globals: Vec::new(),
            constants: Vec::new(),
            callables: Vec::new(),
            functions: Vec::new(),
            segments: Vec::new(),
            start: None,
        }
    }

    /// The index that the next function will have.
    pub(super) fn next_function(&self) -> u32 {
        (self.imports.len() + self.functions.len()) as u32
    }

    /// The binary.
    // Long, as it has a few lines for each section, in the order of the binary format.
    pub(super) fn encode(&self) -> Vec<u8> {
        let Plan {
            profile: _,
            means: _,
            memories,
            imports,
            globals,
            constants,
            callables,
            functions,
            segments,
            start,
        } = self;

        // Type number n is that of function number n.
        let mut types = TypeSection::new();
        let mut import_section = ImportSection::new();
        for (index, import) in imports.iter().enumerate() {
            types.ty().function(
                import.params.iter().copied(),
                import.results.iter().copied(),
            );
            import_section.import(
                &import.module,
                &import.name,
                EntityType::Function(index as u32),
            );
        }
        let mut exports = ExportSection::new();
        let mut memory_section = MemorySection::new();
        for (index, memory) in memories.iter().enumerate() {
            match &memory.import {
                Some((module, name)) => {
                    import_section.import(module, name, EntityType::Memory(memory.ty));
                }
                None => {
                    memory_section.memory(memory.ty);
                }
            }
            if let Some(name) = &memory.export {
                exports.export(name, ExportKind::Memory, index as u32);
            }
        }
        for (module, name, ty) in globals {
            import_section.import(module, name, EntityType::Global(global(*ty)));
        }
        let mut global_section = wasm_encoder::GlobalSection::new();
        for (index, (name, ty, value)) in constants.iter().enumerate() {
            global_section.global(global(*ty), &const_expr(*ty, *value));
            let index = (globals.len() + index) as u32;
            exports.export(name, ExportKind::Global, index);
        }
        let mut function_section = FunctionSection::new();
        let mut code = CodeSection::new();
        for (index, function) in functions.iter().enumerate() {
            let number = (imports.len() + index) as u32;
            let params = function.params.iter().map(|&(ty, _)| ty);
            types
                .ty()
                .function(params, function.results.iter().copied());
            function_section.function(number);
            exports.export(&function.name, ExportKind::Func, number);
            let mut body =
                wasm_encoder::Function::new_with_locals_types(function.locals.iter().copied());
            for instruction in &function.code {
                body.instruction(instruction);
            }
            code.function(&body);
        }
        let mut tables = TableSection::new();
        let mut elements = ElementSection::new();
        if !callables.is_empty() {
            let size = callables.len() as u64;
            tables.table(TableType {
                element_type: RefType::FUNCREF,
                table64: false,
                minimum: size,
                maximum: Some(size),
                shared: false,
            });
            let indices: Vec<u32> = callables.iter().map(|c| c.function).collect();
            elements.active(
                None,
                &ConstExpr::i32_const(0),
                Elements::Functions(indices.into()),
            );
        }
        let mut data = DataSection::new();
        for segment in segments {
            let bytes = segment.bytes.iter().copied();
            match &segment.mode {
                Mode::Passive => data.passive(bytes),
                Mode::Active { memory, offset } => data.active(*memory, &offset.encode(), bytes),
            };
        }

        let mut module = wasm_encoder::Module::new();
        module.section(&types);
        if !import_section.is_empty() {
            module.section(&import_section);
        }
        module.section(&function_section);
        if !tables.is_empty() {
            module.section(&tables);
        }
        if !memory_section.is_empty() {
            module.section(&memory_section);
        }
        if !global_section.is_empty() {
            module.section(&global_section);
        }
        module.section(&exports);
        if let Some(start) = start {
            module.section(&StartSection {
                function_index: (imports.len() + start) as u32,
            });
        }
        if !elements.is_empty() {
            module.section(&elements);
        }
        if !segments.is_empty() {
            module.section(&DataCountSection {
                count: segments.len() as u32,
            });
        }
        module.section(&code);
        if !data.is_empty() {
            module.section(&data);
        }
        module.finish()
    }
}

fn global(ty: ValType) -> GlobalType {
    GlobalType {
        val_type: ty,
        mutable: false,
        shared: false,
    }
}

/// A constant expression that is one constant.
pub(super) fn const_expr(ty: ValType, value: u64) -> ConstExpr {
    match ty {
        ValType::I32 => ConstExpr::i32_const(value as u32 as i32),
        _ => ConstExpr::i64_const(value as i64),
    }
}
