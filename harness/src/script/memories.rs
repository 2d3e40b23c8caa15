//! The memories that a module speaks of.

use wasmparser::{MemoryType, Parser, Payload, TypeRef};

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
