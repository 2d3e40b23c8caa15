//! A module that exports what another imports.

use wasm_encoder::{
    CodeSection, ConstExpr, ExportKind, ExportSection, FunctionSection, GlobalSection,
    MemorySection, Module, TableSection, TypeSection,
};
use wasmparser::ValType;

use super::drawn::zero_of;
use super::hosts::{self, StandIn};
use super::outline::{Import, ImportType, Outline};
use super::{Provided, Returns};

/// A module that exports `wanted`, which `importer` imports from `from`. `None` if
/// something in it is out of scope.
pub(super) fn generated(
    from: &str,
    wanted: &Provided,
    importer: &Outline<'_>,
    returns: Returns,
) -> Option<Vec<u8>> {
    let (mut types, mut functions, mut code) = (
        TypeSection::new(),
        FunctionSection::new(),
        CodeSection::new(),
    );
    let (mut tables, mut memories, mut globals) = (
        TableSection::new(),
        MemorySection::new(),
        GlobalSection::new(),
    );
    let mut exports = ExportSection::new();
    for (name, ty) in wanted {
        let (kind, index) = match ty {
            ImportType::Func(ty) => {
                let import = Import {
                    module: from,
                    name,
                    ty: None,
                };
                let body = match hosts::function(&import, ty, importer, returns)? {
                    StandIn::Apart(body) => body,
                    // It stands there already.
                    StandIn::Within(_) => continue,
                };
                types.ty().func_type(&ty.clone().try_into().ok()?);
                functions.function(types.len() - 1);
                code.function(&body);
                (ExportKind::Func, functions.len() - 1)
            }
            ImportType::Table(ty) => {
                tables.table((*ty).try_into().ok()?);
                (ExportKind::Table, tables.len() - 1)
            }
            ImportType::Memory(ty) => {
                memories.memory((*ty).into());
                (ExportKind::Memory, memories.len() - 1)
            }
            ImportType::Global(ty) => {
                let value = match stack(name, importer) {
                    Some(end) if ty.content_type == ValType::I32 => ConstExpr::i32_const(end),
                    _ => ConstExpr::extended([zero_of(ty.content_type)?]),
                };
                globals.global((*ty).try_into().ok()?, &value);
                (ExportKind::Global, globals.len() - 1)
            }
        };
        exports.export(name, kind, index);
    }
    let mut module = Module::new();
    module
        .section(&types)
        .section(&functions)
        .section(&tables)
        .section(&memories)
        .section(&globals)
        .section(&exports)
        .section(&code);
    Some(module.finish())
}

/// Where a stack begins that grows downwards: at the end of the memory as it is
/// declared. Other globals are 0, which fits as the offset of a segment.
fn stack(name: &str, importer: &Outline<'_>) -> Option<i32> {
    let is_stack = name == "__stack_pointer" || name == "STACKTOP" || name == "__stack_high";
    let memory = importer.memory.filter(|_| is_stack)?;
    let end = memory.initial.checked_mul(65_536)?.min(1 << 31);
    Some(end as u32 as i32)
}

impl ImportType {
    /// Its kind, in words.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            ImportType::Func(_) => "function",
            ImportType::Table(_) => "table",
            ImportType::Memory(_) => "memory",
            ImportType::Global(_) => "global",
        }
    }
}
