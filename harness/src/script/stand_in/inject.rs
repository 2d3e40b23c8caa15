//! Puts functions into a module in place of its imports.

use std::convert::Infallible;

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, ConstExpr, Function, FunctionSection, GlobalSection, GlobalType, ImportSection,
    Module, SectionId, ValType,
};
use wasmparser::{
    CodeSectionReader, FunctionSectionReader, GlobalSectionReader, ImportSectionReader, Parser,
    TypeRef,
};

use super::hosts::GLOBAL_VALUES;
use crate::script::binary::without_custom_sections;

/// The module with `bodies`, each with the place of its import among all imports, in
/// place of these, and with the globals that they use behind its own. Functions that
/// are imported come before others, so that those imports that stay change their
/// numbers. Custom sections are left out. `None` if the module cannot be read.
pub(super) fn inject(wasm: &[u8], bodies: Vec<(usize, Function)>) -> Option<Vec<u8>> {
    let plain = without_custom_sections(wasm, |_| true)?;
    let mut injector = Injector {
        bodies,
        types: Vec::new(),
        functions: Vec::new(),
        done: Vec::new(),
    };
    let mut module = Module::new();
    injector
        .parse_core_module(&mut module, Parser::new(0), &plain)
        .ok()?;
    Some(module.finish())
}

struct Injector {
    /// The functions, by the place of their import.
    bodies: Vec<(usize, Function)>,
    /// The types of these, in order.
    types: Vec<u32>,
    /// What the functions that were imported are called now.
    functions: Vec<u32>,
    /// The sections that have what is added.
    done: Vec<SectionId>,
}

/// The sections to which something is added, in their order.
const ADDED: [SectionId; 3] = [SectionId::Function, SectionId::Global, SectionId::Code];

/// Where a section stands among the others.
fn rank(section: SectionId) -> u8 {
    match section {
        SectionId::Custom => 0,
        SectionId::Type => 1,
        SectionId::Import => 2,
        SectionId::Function => 3,
        SectionId::Table => 4,
        SectionId::Memory => 5,
        SectionId::Tag => 6,
        SectionId::Global => 7,
        SectionId::Export => 8,
        SectionId::Start => 9,
        SectionId::Element => 10,
        SectionId::DataCount => 11,
        SectionId::Code => 12,
        SectionId::Data => 13,
    }
}

impl Injector {
    fn add_functions(&mut self, functions: &mut FunctionSection) {
        self.done.push(SectionId::Function);
        for &ty in &self.types {
            functions.function(ty);
        }
    }

    fn add_globals(&mut self, globals: &mut GlobalSection) {
        self.done.push(SectionId::Global);
        for value in GLOBAL_VALUES {
            let ty = GlobalType {
                val_type: ValType::I64,
                mutable: true,
                shared: false,
            };
            globals.global(ty, &ConstExpr::i64_const(value));
        }
    }

    fn add_code(&mut self, code: &mut CodeSection) {
        self.done.push(SectionId::Code);
        for (_, body) in &self.bodies {
            code.function(body);
        }
    }
}

impl Reencode for Injector {
    type Error = Infallible;

    fn function_index(&mut self, func: u32) -> Result<u32, Error> {
        let imported = self.functions.get(func as usize);
        Ok(imported.copied().unwrap_or(func))
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: ImportSectionReader<'_>,
    ) -> Result<(), Error> {
        let (mut kept, mut injected) = (Vec::new(), Vec::new());
        for (place, import) in section.into_imports().enumerate() {
            let import = import?;
            let replaced = self.bodies.iter().any(|(at, _)| *at == place);
            if let TypeRef::Func(ty) = import.ty {
                if replaced {
                    self.types.push(ty);
                }
                let list = if replaced { &mut injected } else { &mut kept };
                list.push(self.functions.len());
                self.functions.push(0);
            }
            if !replaced {
                self.parse_import(imports, import)?;
            }
        }
        for (index, &func) in kept.iter().chain(&injected).enumerate() {
            self.functions[func] = index as u32;
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error> {
        self.add_functions(functions);
        utils::parse_function_section(self, functions, section)
    }

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: GlobalSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_global_section(self, globals, section)?;
        self.add_globals(globals);
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error> {
        self.add_code(code);
        utils::parse_code_section(self, code, section)
    }

    /// A section that the module does not have is added where it belongs.
    fn intersperse_section_hook(
        &mut self,
        module: &mut Module,
        _after: Option<SectionId>,
        before: Option<SectionId>,
    ) -> Result<(), Error> {
        for added in ADDED {
            let missed = before.is_none_or(|before| rank(before) > rank(added));
            if !missed || self.done.contains(&added) {
                continue;
            }
            match added {
                SectionId::Function => {
                    let mut functions = FunctionSection::new();
                    self.add_functions(&mut functions);
                    module.section(&functions);
                }
                SectionId::Global => {
                    let mut globals = GlobalSection::new();
                    self.add_globals(&mut globals);
                    module.section(&globals);
                }
                _ => {
                    let mut code = CodeSection::new();
                    self.add_code(&mut code);
                    module.section(&code);
                }
            }
        }
        Ok(())
    }
}
