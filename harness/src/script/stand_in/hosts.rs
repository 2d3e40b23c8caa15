//! The functions of well-known hosts: WASI's, Emscripten's and AssemblyScript's.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::OnceLock;

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{Function, Instruction};
use wasmparser::{FuncType, FunctionBody, Parser, Payload, ValType};
use wast::Wat;
use wast::parser::ParseBuffer;

use super::Returns;
use super::drawn::{constant, drawn, trap, zero};
use super::outline::{Import, Outline};

/// A function that stands in for another.
pub(super) enum StandIn {
    /// In a module of its own.
    Apart(Function),
    /// In the module that imports it, for it needs its memory or its table.
    Within(Function),
}

/// How many globals a module is given with functions that stand within it.
pub(super) const GLOBALS: u32 = 2;

/// What they begin with: the clock, in nanoseconds, and the state of random numbers.
pub(super) const GLOBAL_VALUES: [i64; GLOBALS as usize] =
    [1_000_000_000_000_000_000, 0x2545_f491_4f6c_dd1d];

/// What stands in for an imported function; `None` where its type is out of scope.
pub(super) fn function(
    import: &Import<'_>,
    ty: &FuncType,
    module: &Outline<'_>,
    returns: Returns,
) -> Option<StandIn> {
    let Import {
        module: from, name, ..
    } = import;
    let known = match *from {
        "wasi_snapshot_preview1" | "wasi_unstable" => wasi(from, name, ty, module),
        "env" => env(name, ty, module),
        _ => None,
    };
    if known.is_some() {
        return known;
    }
    Some(StandIn::Apart(match returns {
        Returns::Drawn => drawn(from, name, ty)?,
        Returns::Zero => zero(ty)?,
    }))
}

/// <https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md>
fn wasi(from: &str, name: &str, ty: &FuncType, module: &Outline<'_>) -> Option<StandIn> {
    if name == "proc_exit" {
        return Some(StandIn::Apart(trap()));
    }
    // A file's status was shorter in the first version.
    let known = from != "wasi_unstable" || name != "fd_filestat_get";
    if let Some(within) = within(&format!("wasi.{name}"), ty, module).filter(|_| known) {
        return Some(within);
    }
    if ty.results() != [ValType::I32] {
        return None;
    }
    Some(StandIn::Apart(constant(match name {
        "sched_yield" | "fd_close" | "fd_sync" | "fd_datasync" | "fd_advise" => 0,
        "fd_fdstat_set_flags" | "fd_fdstat_set_rights" => 0,
        // spipe, badf, noent, notsock, nosys
        "fd_seek" | "fd_tell" => 70,
        name if name.starts_with("fd_") => 8,
        name if name.starts_with("path_") => 44,
        name if name.starts_with("sock_") => 57,
        _ => 52,
    })))
}

/// Functions that end the program: of C, C++, Emscripten and AssemblyScript.
const ENDS: [&str; 12] = [
    "abort",
    "_abort",
    "_abort_js",
    "abortOnCannotGrowMemory",
    "exit",
    "_exit",
    "__assert_fail",
    "__cxa_throw",
    "__cxa_rethrow",
    "__resumeException",
    "_emscripten_throw_longjmp",
    "emscripten_longjmp",
];

/// Emscripten's and AssemblyScript's.
fn env(name: &str, ty: &FuncType, module: &Outline<'_>) -> Option<StandIn> {
    if ENDS.contains(&name) {
        return Some(StandIn::Apart(trap()));
    }
    if name.starts_with("invoke_")
        && let Some(within) = invoke(ty, module)
    {
        return Some(within);
    }
    if let Some(within) = within(&format!("env.{name}"), ty, module) {
        return Some(within);
    }
    let by_result = format!("env.{name}.i32");
    if ty.results() == [ValType::I32]
        && let Some(within) = within(&by_result, ty, module)
    {
        return Some(within);
    }
    let is_system_call = name.starts_with("__syscall") || name.starts_with("___syscall");
    // ENOSYS, as Emscripten numbers it.
    (is_system_call && ty.results() == [ValType::I32]).then(|| StandIn::Apart(constant(-52)))
}

/// Emscripten's `invoke_*`: calls a function of the table, with what is thrown caught.
fn invoke(ty: &FuncType, module: &Outline<'_>) -> Option<StandIn> {
    let (&index, rest) = ty.params().split_first()?;
    if index != ValType::I32 || !module.has_functions_table {
        return None;
    }
    let called = |other: &Option<FuncType>| {
        let other = other.as_ref();
        other.is_some_and(|other| other.params() == rest && other.results() == ty.results())
    };
    let type_index = module.types.iter().position(called)? as u32;
    let mut f = Function::new([]);
    for param in 1..=rest.len() as u32 {
        f.instruction(&Instruction::LocalGet(param));
    }
    f.instruction(&Instruction::LocalGet(0))
        .instruction(&Instruction::CallIndirect {
            type_index,
            table_index: 0,
        })
        .instruction(&Instruction::End);
    Some(StandIn::Within(f))
}

/// The function of `hosts.wat` of that name, to stand within a module.
fn within(name: &str, ty: &FuncType, module: &Outline<'_>) -> Option<StandIn> {
    let (own, body) = helpers().get(name)?;
    if own != ty || !module.has_small_memory() {
        return None;
    }
    let mut splice = Splice {
        globals: module.globals,
    };
    let spliced = splice.function(body).expect("the text is ours");
    Some(StandIn::Within(spliced))
}

/// The functions of `hosts.wat`, by the names under which they are exported.
fn helpers() -> &'static HashMap<&'static str, (FuncType, FunctionBody<'static>)> {
    static HELPERS: OnceLock<HashMap<&str, (FuncType, FunctionBody<'static>)>> = OnceLock::new();
    static WASM: OnceLock<Vec<u8>> = OnceLock::new();
    HELPERS.get_or_init(|| {
        let wasm = WASM.get_or_init(|| {
            ParseBuffer::new(include_str!("hosts.wat"))
                .and_then(|buffer| wast::parser::parse::<Wat<'_>>(&buffer)?.encode())
                .expect("the text is ours")
        });
        read_helpers(wasm).expect("the module is ours")
    })
}

fn read_helpers(
    wasm: &'static [u8],
) -> wasmparser::Result<HashMap<&'static str, (FuncType, FunctionBody<'static>)>> {
    let (mut types, mut functions) = (Vec::new(), Vec::new());
    let (mut exports, mut bodies) = (Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::TypeSection(section) => {
                for ty in section.into_iter_err_on_gc_types() {
                    types.push(ty?);
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    functions.push(ty? as usize);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    exports.push(export?);
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body),
            _ => {}
        }
    }
    let function = |index: usize| (types[functions[index]].clone(), bodies[index].clone());
    let exports = exports.into_iter();
    Ok(exports
        .map(|export| (export.name, function(export.index as usize)))
        .collect())
}

/// Moves a function into a module that has so many globals of its own.
struct Splice {
    globals: u32,
}

impl Reencode for Splice {
    type Error = Infallible;

    fn global_index(&mut self, global: u32) -> Result<u32, Error> {
        Ok(self.globals + global)
    }
}

impl Splice {
    fn function(&mut self, body: &FunctionBody<'_>) -> Result<Function, Error> {
        let mut f = self.new_function_with_parsed_locals(body)?;
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            f.instruction(&self.parse_instruction(&mut reader)?);
        }
        Ok(f)
    }
}
