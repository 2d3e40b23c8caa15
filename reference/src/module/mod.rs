//! Modules: decoded, validated, and made ready to run.

mod check;
mod code;
mod compile;
mod constant;
mod decode;
mod limits;
mod many;
mod proposals;
mod read_type;

use std::fmt;
use std::sync::Arc;

use crate::types::{ExternType, FuncType, GlobalType, MemoryType, TableType};

pub(crate) use code::{Access, Code, Instr, Target};
pub(crate) use constant::Constant;
pub use proposals::Proposals;

/// A module that is valid and that this crate can run. Cheap to clone.
#[derive(Clone)]
pub struct Module {
    pub(crate) definition: Arc<Definition>,
    /// See [`Module::numbered`].
    pub(crate) number: u32,
}

/// What a module says, by index space; imports come first in each.
#[derive(Default)]
pub(crate) struct Definition {
    pub(crate) types: Vec<Arc<FuncType>>,
    pub(crate) imports: Vec<Import>,
    /// The type of every function.
    pub(crate) funcs: Vec<Arc<FuncType>>,
    pub(crate) tables: Vec<TableType>,
    pub(crate) memories: Vec<MemoryType>,
    pub(crate) globals: Vec<GlobalType>,
    /// How many memories are imported.
    pub(crate) imported_memories: u32,
    /// How many functions are imported.
    pub(crate) imported_funcs: u32,
    pub(crate) imported_tables: u32,
    pub(crate) imported_globals: u32,
    /// The initial values of the globals that are not imported.
    pub(crate) global_values: Vec<Constant>,
    pub(crate) exports: Vec<(String, Item)>,
    pub(crate) start: Option<u32>,
    pub(crate) elements: Vec<Element>,
    pub(crate) data: Vec<Data>,
    /// The functions that are not imported.
    pub(crate) code: Vec<Arc<Code>>,
    /// The binary.
    pub(crate) wasm: Arc<[u8]>,
}

/// One import.
pub(crate) struct Import {
    pub(crate) module: String,
    pub(crate) name: String,
    pub(crate) ty: ExternType,
}

/// One thing of an index space.
#[derive(Clone, Copy)]
pub(crate) enum Item {
    Func(u32),
    Table(u32),
    Memory(u32),
    Global(u32),
}

/// An element segment.
pub(crate) struct Element {
    pub(crate) items: Vec<Constant>,
    pub(crate) mode: ElementMode,
}

/// What becomes of an element segment at instantiation.
pub(crate) enum ElementMode {
    Passive,
    Declared,
    Active { table: u32, offset: Constant },
}

/// A data segment: passive, or written to a memory at instantiation.
pub(crate) struct Data {
    pub(crate) bytes: Arc<[u8]>,
    pub(crate) active: Option<(u32, Constant)>,
    /// Where it stands in the binary: its first byte.
    pub(crate) place: u32,
}

/// Why a module cannot be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// It is malformed or invalid.
    Invalid(Invalid),
    /// It needs something this crate does not know, and may well be valid.
    Unsupported(String),
}

/// What is wrong with a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Who found it.
    pub by: Validator,
    /// Where: a byte offset in the binary.
    pub offset: u64,
    /// What, in words.
    pub message: String,
}

/// Who decides what is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validator {
    /// This crate's own rules for memories.
    OwnRules,
    /// The decoder and the validator of `wasmparser`, for everything else.
    Wasmparser,
}

impl Module {
    /// Decodes and validates a binary.
    ///
    /// What is valid about memories (limits, alignment, page sizes, sharing,
    /// offsets, segments, operand types) is decided by this crate's own rules
    /// first, everything else by `wasmparser`'s validator.
    /// <https://webassembly.github.io/spec/core/valid/modules.html>
    ///
    /// # Errors
    ///
    /// The module is malformed, invalid, or needs what is not supported.
    pub fn new(wasm: &[u8]) -> Result<Module, Rejection> {
        Module::with(wasm, Proposals::ALL)
    }

    /// As [`new`](Module::new), with some proposals only: what needs another
    /// is invalid.
    ///
    /// # Errors
    ///
    /// The module is malformed, invalid, or needs what is not supported.
    pub fn with(wasm: &[u8], proposals: Proposals) -> Result<Module, Rejection> {
        decode::decode(wasm, proposals).map(|definition| Module {
            definition: Arc::new(definition),
            number: 0,
        })
    }

    /// The same module under a number of the embedder's choice, by which
    /// [`Access::code`](crate::Access::code) tells modules apart. It is 0
    /// otherwise.
    #[must_use]
    pub fn numbered(self, number: u32) -> Module {
        Module { number, ..self }
    }

    /// The imports: module name, name, type.
    pub fn imports(&self) -> impl Iterator<Item = (&str, &str, &ExternType)> {
        self.definition
            .imports
            .iter()
            .map(|import| (import.module.as_str(), import.name.as_str(), &import.ty))
    }

    /// Whether instantiating it runs a start function or writes to a memory.
    pub fn acts_at_instantiation(&self) -> bool {
        let active = |data: &Data| data.active.is_some();
        self.definition.start.is_some() || self.definition.data.iter().any(active)
    }

    /// Whether it has a `memory.grow`.
    pub fn may_grow(&self) -> bool {
        let grows = |instr: &code::Instr| matches!(instr, code::Instr::MemoryGrow(_));
        let mut code = self.definition.code.iter();
        code.any(|code| code.instrs.iter().any(grows))
    }

    /// The exports: name and type.
    pub fn exports(&self) -> impl Iterator<Item = (&str, ExternType)> {
        let def = &self.definition;
        def.exports.iter().map(|(name, item)| {
            let ty = match *item {
                Item::Func(i) => ExternType::Func((*def.funcs[i as usize]).clone()),
                Item::Table(i) => ExternType::Table(def.tables[i as usize]),
                Item::Memory(i) => ExternType::Memory(def.memories[i as usize]),
                Item::Global(i) => ExternType::Global(def.globals[i as usize]),
            };
            (name.as_str(), ty)
        })
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module")
            .field("imports", &self.definition.imports.len())
            .field("funcs", &self.definition.funcs.len())
            .field("memories", &self.definition.memories)
            .finish_non_exhaustive()
    }
}

impl Invalid {
    fn own(offset: u64, message: impl Into<String>) -> Rejection {
        Rejection::Invalid(Invalid {
            by: Validator::OwnRules,
            offset,
            message: message.into(),
        })
    }
}

impl From<wasmparser::Error> for Rejection {
    fn from(error: wasmparser::Error) -> Rejection {
        Rejection::Invalid(Invalid {
            by: Validator::Wasmparser,
            offset: error.offset(),
            message: error.message().to_owned(),
        })
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rejection::Invalid(invalid) => invalid.fmt(f),
            Rejection::Unsupported(what) => write!(f, "not supported: {what}"),
        }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {:#x})", self.message, self.offset)
    }
}

impl std::error::Error for Rejection {}
