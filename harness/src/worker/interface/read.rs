//! Reading an interface off a module.

use wasmparser::{
    CompositeInnerType, ExternalKind, FuncType, GlobalType, MemoryType, Operator, Parser, Payload,
    RefType, TypeRef, ValType,
};

use super::Interface;
use crate::script::{Script, Step};

impl Interface {
    /// The interfaces of the modules that a script defines: one for each step that
    /// defines one.
    pub(crate) fn of_modules(script: &Script) -> Vec<Option<Interface>> {
        let interface = |step: &Step| match step {
            Step::Define { wasm, .. } => Some(Interface::of(wasm)),
            _ => None,
        };
        script.steps.iter().map(interface).collect()
    }

    /// A memory may become as large as this.
    fn reaches(&mut self, bytes: u64) {
        self.largest_memory = self.largest_memory.max(bytes);
    }

    /// That of one module, as far as it can be read: nobody asks for more of one
    /// that is malformed.
    fn of(wasm: &[u8]) -> Interface {
        let mut spaces = Spaces::default();
        let mut interface = Interface::default();
        for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
            if spaces.read(payload, &mut interface).is_none() {
                break;
            }
        }
        interface
    }
}

/// The index spaces of a module.
#[derive(Default)]
struct Spaces {
    /// `None` for what is no function's.
    types: Vec<Option<FuncType>>,
    /// The index of each function's type.
    functions: Vec<u32>,
    globals: Vec<GlobalType>,
    memories: Vec<MemoryType>,
}

impl Spaces {
    /// Takes in a section; `None` if it is malformed.
    fn read(&mut self, payload: Payload<'_>, interface: &mut Interface) -> Option<()> {
        match payload {
            Payload::TypeSection(section) => {
                for group in section {
                    for ty in group.ok()?.into_types() {
                        self.types.push(match ty.composite_type.inner {
                            CompositeInnerType::Func(ty) => Some(ty),
                            _ => None,
                        });
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    match import.ok()?.ty {
                        TypeRef::Func(ty) | TypeRef::FuncExact(ty) => self.functions.push(ty),
                        TypeRef::Global(ty) => self.globals.push(ty),
                        TypeRef::Memory(ty) => self.memories.push(ty),
                        TypeRef::Table(_) | TypeRef::Tag(_) => {}
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    self.functions.push(ty.ok()?);
                }
            }
            Payload::MemorySection(section) => {
                for ty in section {
                    let ty = ty.ok()?;
                    interface.reaches(bytes(&ty, ty.initial));
                    self.memories.push(ty);
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    self.globals.push(global.ok()?.ty);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.ok()?;
                    self.export(export.name, export.kind, export.index as usize, interface);
                }
            }
            Payload::CodeSectionEntry(body) => {
                for operator in body.get_operators_reader().ok()? {
                    if let Operator::MemoryGrow { mem } = operator.ok()? {
                        let ty = self.memories.get(mem as usize)?;
                        interface.reaches(bytes(ty, ty.maximum.unwrap_or(u64::MAX)));
                    }
                }
            }
            _ => {}
        }
        Some(())
    }

    fn export(&self, name: &str, kind: ExternalKind, index: usize, interface: &mut Interface) {
        let name = name.to_owned();
        match kind {
            ExternalKind::Func | ExternalKind::FuncExact => {
                let ty = self.functions.get(index);
                let ty = ty.and_then(|&ty| self.types.get(ty as usize)?.as_ref());
                if let Some(ty) = ty {
                    let letters = |types: &[ValType]| types.iter().map(letter).collect::<String>();
                    let signature = format!("{}>{}", letters(ty.params()), letters(ty.results()));
                    interface.functions.insert(name, signature);
                }
            }
            ExternalKind::Global => {
                if let Some(ty) = self.globals.get(index) {
                    let mutability = if ty.mutable { '~' } else { '=' };
                    let ty = format!("{mutability}{}", letter(&ty.content_type));
                    interface.globals.insert(name, ty);
                }
            }
            ExternalKind::Memory => {
                if let Some(ty) = self.memories.get(index) {
                    let bits = if ty.memory64 { 64 } else { 32 };
                    interface.memories.insert(name, bits);
                }
            }
            ExternalKind::Table | ExternalKind::Tag => {}
        }
    }
}

/// How many bytes so many pages of a memory are, as many as there can be at most.
fn bytes(ty: &MemoryType, pages: u64) -> u64 {
    let page = 1u128 << ty.page_size_log2.unwrap_or(16).min(16);
    let index_bits = if ty.memory64 { 64 } else { 32 };
    let bytes = (u128::from(pages) * page).min(1 << index_bits);
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

fn letter(ty: &ValType) -> char {
    match ty {
        ValType::I32 => 'i',
        ValType::I64 => 'I',
        ValType::F32 => 'f',
        ValType::F64 => 'F',
        ValType::V128 => 'v',
        &ValType::Ref(RefType::FUNCREF) => 'r',
        &ValType::Ref(RefType::EXTERNREF) => 'e',
        ValType::Ref(_) => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_module_exports_is_read_off_it() {
        let text = r#"(module
            (import "m" "f" (func $f (param f32 v128) (result i64 funcref)))
            (import "m" "g" (global $g (mut f64)))
            (import "m" "m" (memory 1))
            (memory $own i64 1 2)
            (global $h externref (ref.null extern))
            (func $own_f (param i32) (result f64 externref)
              (drop (memory.grow $own (i64.const 1)))
              (unreachable))
            (export "f" (func $f))
            (export "own" (func $own_f))
            (export "g" (global $g))
            (export "h" (global $h))
            (export "m" (memory 0))
            (export "own_m" (memory $own)))"#;
        let wasm = ::wast::parser::ParseBuffer::new(text)
            .and_then(|buffer| ::wast::parser::parse::<::wast::Wat<'_>>(&buffer)?.encode())
            .expect("it is right");
        let interface = Interface::of(&wasm);
        let listed = |map: &std::collections::BTreeMap<String, String>| {
            map.iter()
                .map(|(name, ty)| format!("{name} {ty}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(listed(&interface.functions), ["f fv>Ir", "own i>Fe"]);
        assert_eq!(listed(&interface.globals), ["g ~F", "h =e"]);
        assert_eq!(
            interface.memories.into_iter().collect::<Vec<_>>(),
            [("m".to_owned(), 32), ("own_m".to_owned(), 64)]
        );
        // Nothing grows the one that is imported, nor its own beyond two pages.
        assert_eq!(interface.largest_memory, 2 << 16);
        assert_eq!(Interface::of(&wasm[..9]), Interface::default());
    }
}
