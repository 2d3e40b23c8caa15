//! More memories than `wasmparser` takes.
//!
//! What is valid about memories is decided by our own rules, so that the
//! validator need not know how many there are. It is shown a stand-in of the
//! module that has two, one of each address type: what exports a memory or has a
//! data segment for one names one of these instead. Functions are shown the
//! memories that there are.

use wasmparser::{
    DataKind, Error, ExternalKind, FuncType, GlobalType, HeapType, MemoryType, Parser, Payload,
    RefType, Result, SubType, TableType, TypeRef, ValType, ValidatorResources, WasmFeatures,
    WasmModuleResources, types::CoreTypeId,
};

/// The two memories of a stand-in: of none to any number of pages.
const MEMORIES: [[u8; 2]; 2] = [[0, 0], [4, 0]];

/// The stand-in of a module, section for section.
// Long, as it has an arm for each section.
pub(super) fn stand_in(wasm: &[u8], features: WasmFeatures) -> Result<Vec<u8>> {
    let mut parser = Parser::new(0);
    parser.set_features(features);
    let mut out = wasm[..8].to_vec();
    let mut is_64 = Vec::new();
    for payload in parser.parse_all(wasm) {
        let payload = payload?;
        let Some((id, range)) = payload.as_section() else {
            continue;
        };
        let whole = || wasm[range.start as usize..range.end as usize].to_vec();
        let body = match &payload {
            Payload::ImportSection(section) => {
                let (mut items, mut found) = (Vec::new(), 0);
                let mut imports = section.clone().into_imports_with_offsets().peekable();
                while let Some(import) = imports.next() {
                    let (start, import) = import?;
                    let end = match imports.peek() {
                        Some(Ok((next, _))) => *next,
                        _ => range.end,
                    };
                    match import.ty {
                        TypeRef::Memory(ty) => {
                            is_64.push(ty.memory64);
                            found += 1;
                        }
                        _ => items.push(wasm[start as usize..end as usize].to_vec()),
                    }
                }
                if found > 0 {
                    // Two empty names, and that it is a memory.
                    items.extend(MEMORIES.map(|ty| vec![0, 0, 2, ty[0], ty[1]]));
                }
                counted(&items)
            }
            Payload::MemorySection(section) => {
                let imported = !is_64.is_empty();
                for ty in section.clone() {
                    is_64.push(ty?.memory64);
                }
                match imported {
                    true => counted(&[]),
                    false => counted(&MEMORIES.map(Vec::from)),
                }
            }
            Payload::ExportSection(section) => {
                let mut items = Vec::new();
                let mut exports = section.clone().into_iter_with_offsets().peekable();
                while let Some(export) = exports.next() {
                    let (start, export) = export?;
                    let end = match exports.peek() {
                        Some(Ok((next, _))) => *next,
                        _ => range.end,
                    };
                    items.push(if export.kind == ExternalKind::Memory {
                        let mut item = leb(export.name.len());
                        item.extend(export.name.bytes());
                        item.extend([2, 0]);
                        item
                    } else {
                        wasm[start as usize..end as usize].to_vec()
                    });
                }
                counted(&items)
            }
            Payload::DataSection(section) => {
                let mut items = Vec::new();
                for segment in section.clone() {
                    let segment = segment?;
                    let mut item = Vec::new();
                    match segment.kind {
                        DataKind::Passive => item.push(1),
                        DataKind::Active {
                            memory_index,
                            offset_expr,
                        } => {
                            let is_64 = is_64.get(memory_index as usize).copied();
                            item.extend([2, u8::from(is_64.unwrap_or_default())]);
                            let range = offset_expr.get_binary_reader().range();
                            item.extend(&wasm[range.start as usize..range.end as usize]);
                        }
                    }
                    item.extend(leb(segment.data.len()));
                    item.extend(segment.data);
                    items.push(item);
                }
                counted(&items)
            }
            _ => whole(),
        };
        out.push(id);
        out.extend(leb(body.len()));
        out.extend(body);
    }
    Ok(out)
}

/// Takes note of the memories of a section.
pub(super) fn collect(payload: &Payload<'_>, memories: &mut Vec<MemoryType>) -> Result<()> {
    match payload {
        Payload::ImportSection(section) => {
            for import in section.clone().into_imports() {
                if let TypeRef::Memory(ty) = import?.ty {
                    memories.push(ty);
                }
            }
        }
        Payload::MemorySection(section) => {
            for ty in section.clone() {
                memories.push(ty?);
            }
        }
        _ => {}
    }
    Ok(())
}

/// A vector of items.
fn counted(items: &[Vec<u8>]) -> Vec<u8> {
    let mut body = leb(items.len());
    body.extend(items.concat());
    body
}

fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// What functions are validated against: what the validator knows, but with the
/// memories that there are where it was shown a stand-in.
pub(super) struct Resources<'a> {
    pub(super) inner: ValidatorResources,
    pub(super) memories: Option<&'a [MemoryType]>,
}

impl WasmModuleResources for Resources<'_> {
    fn memory_at(&self, at: u32) -> Option<MemoryType> {
        match self.memories {
            None => self.inner.memory_at(at),
            Some(memories) => memories.get(at as usize).copied(),
        }
    }
    fn table_at(&self, at: u32) -> Option<TableType> {
        self.inner.table_at(at)
    }
    fn tag_at(&self, at: u32) -> Option<&FuncType> {
        self.inner.tag_at(at)
    }
    fn global_at(&self, at: u32) -> Option<GlobalType> {
        self.inner.global_at(at)
    }
    fn sub_type_at(&self, at: u32) -> Option<&SubType> {
        self.inner.sub_type_at(at)
    }
    fn sub_type_at_id(&self, id: CoreTypeId) -> &SubType {
        self.inner.sub_type_at_id(id)
    }
    fn type_id_of_function(&self, func: u32) -> Option<CoreTypeId> {
        self.inner.type_id_of_function(func)
    }
    fn type_index_of_function(&self, func: u32) -> Option<u32> {
        self.inner.type_index_of_function(func)
    }
    fn element_type_at(&self, at: u32) -> Option<RefType> {
        self.inner.element_type_at(at)
    }
    fn is_subtype(&self, a: ValType, b: ValType) -> bool {
        self.inner.is_subtype(a, b)
    }
    fn is_shared(&self, ty: RefType) -> bool {
        self.inner.is_shared(ty)
    }
    fn check_heap_type(&self, ty: &mut HeapType, offset: u64) -> Result<(), Error> {
        self.inner.check_heap_type(ty, offset)
    }
    fn top_type(&self, ty: &HeapType) -> HeapType {
        self.inner.top_type(ty)
    }
    fn element_count(&self) -> u32 {
        self.inner.element_count()
    }
    fn data_count(&self) -> Option<u32> {
        self.inner.data_count()
    }
    fn is_function_referenced(&self, func: u32) -> bool {
        self.inner.is_function_referenced(func)
    }
    fn has_function_exact_type(&self, func: u32) -> bool {
        self.inner.has_function_exact_type(func)
    }
}
