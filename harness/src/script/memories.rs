//! The memories that a module speaks of.

use wasmparser::{ExternalKind, MemoryType, Parser, Payload, TypeRef};

/// The types of a module's memories by index, imported ones first, as far as it
/// can be read.
pub(crate) fn memory_types(wasm: &[u8]) -> Vec<MemoryType> {
    let mut types = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload {
            Ok(Payload::ImportSection(section)) => {
                let imports = section.into_imports().flatten();
                types.extend(imports.filter_map(|import| match import.ty {
                    TypeRef::Memory(ty) => Some(ty),
                    _ => None,
                }));
            }
            Ok(Payload::MemorySection(section)) => types.extend(section.into_iter().flatten()),
            Ok(Payload::CodeSectionStart { .. }) | Err(_) => break,
            Ok(_) => {}
        }
    }
    types
}

/// The memories that a module imports, module name and name, as far as it can be read.
pub(crate) fn imported_memories(wasm: &[u8]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
        if let Payload::ImportSection(section) = payload {
            let imports = section.into_imports().flatten();
            let memories = imports.filter(|import| matches!(import.ty, TypeRef::Memory(_)));
            found.extend(memories.map(|i| (i.module.to_owned(), i.name.to_owned())));
        }
    }
    found
}

/// The exports of a module that are memories which are not shared.
pub(crate) fn unshared_exports(wasm: &[u8]) -> Vec<String> {
    let types = memory_types(wasm);
    let unshared = |index: u32| types.get(index as usize).is_some_and(|ty| !ty.shared);
    let mut found = Vec::new();
    for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
        if let Payload::ExportSection(section) = payload {
            let exports = section.into_iter().flatten();
            let memories = exports.filter(|export| export.kind == ExternalKind::Memory);
            let memories = memories.filter(|export| unshared(export.index));
            found.extend(memories.map(|export| export.name.to_owned()));
        }
    }
    found
}
