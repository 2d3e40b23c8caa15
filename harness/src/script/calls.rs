//! Calls to add to a lone module, so that it does something when it is run.

use std::collections::{BTreeMap, BTreeSet};

use trapline_reference::{Value, ValueType};
use wasmparser::{CompositeInnerType, ExternalKind, HeapType, Parser, Payload, TypeRef, ValType};

use super::expect::Expect;
use super::slice::definition;
use super::wast::{Source, StepSource};
use super::{HOST, HostFunc, Script, Step};

/// The arguments are drawn from these, by their place: 0, 1, the ends of the
/// first pages and of the address space, where bounds checks go wrong.
const EDGES: [u64; 10] = [
    0,
    1,
    65_528,
    65_535,
    65_536,
    131_071,
    0x7fff_ffff,
    0xffff_fff8,
    0xffff_ffff,
    u64::MAX,
];

/// The most functions that are named where it is said what was called.
const NAMED: usize = 8;

/// What is called before anything else, and once, whatever the order of the exports:
/// the rest counts on it.
const FIRST: [&str; 3] = ["_initialize", "__wasm_call_ctors", "_start"];

/// A module with very many functions gets so many calls in all: a call of which an
/// engine makes a trap takes up to 30 µs, on each of its configurations.
const CALLS: usize = 5_000;

/// A function with parameters is called so many times at least.
const CALLS_AT_LEAST: usize = 2;

/// A function to be called: the instance, its name there, its parameters.
type Callee = (String, String, Vec<ValueType>);

impl Source {
    /// Appends calls of every function that the script's modules export, if
    /// the script itself calls none: once for each of ten edge values if there
    /// are parameters (for some of them, another choice for each function, where there are
    /// very many functions), once if there are none. The same module always gets the
    /// same calls. Functions with parameters outside scope are left out. What was
    /// called, in words, if anything was.
    pub fn call_exports(&mut self) -> Option<String> {
        if calls_something(&self.script) {
            return None;
        }
        let callees = self.callees();
        let times = CALLS / callees.len().max(1);
        let times = times.clamp(CALLS_AT_LEAST, EDGES.len());
        let mut calls = Vec::new();
        let mut said = Vec::new();
        for (number, (instance, func, params)) in callees.into_iter().enumerate() {
            let variants = if params.is_empty() { 1 } else { times };
            said.push(match variants {
                1 => format!("{func:?} once"),
                times => format!("{func:?} {times} times"),
            });
            for variant in 0..variants {
                let variant = (number * times + variant) % EDGES.len();
                let args = params
                    .iter()
                    .enumerate()
                    .map(|(i, &ty)| edge(ty, variant * (i + 1) % EDGES.len()))
                    .collect();
                calls.push(Step::Invoke {
                    instance: instance.clone(),
                    func: func.clone(),
                    args,
                });
            }
        }
        let source = StepSource {
            line: 0,
            expect: Expect::Anything,
        };
        self.steps.extend(std::iter::repeat_n(source, calls.len()));
        self.script.steps.extend(calls);
        let more = said.len().saturating_sub(NAMED);
        said.truncate(NAMED);
        if more > 0 {
            said.push(format!("and {more} more functions"));
        }
        let called = said.join(", ");
        (!said.is_empty()).then(|| format!("called, for the file calls nothing: {called}"))
    }

    /// The functions that the script's instances export, in the order in which they are called.
    fn callees(&self) -> Vec<Callee> {
        let mut callees = Vec::new();
        for (index, (step, from)) in self.script.steps.iter().zip(&self.steps).enumerate() {
            let Step::Instantiate { instance, module } = step else {
                continue;
            };
            // What provides imports is not what the file is about, and what is to
            // fail exports nothing.
            if from.expect != Expect::Success || instance == super::spectest::NAME {
                continue;
            }
            let Some((_, wasm)) = definition(&self.script, index, module) else {
                continue;
            };
            // What cannot be decoded exports nothing.
            let mut functions = exported_functions(wasm).unwrap_or_default();
            functions.sort_by_key(|(name, _)| {
                let first = FIRST.iter().position(|first| first == name);
                first.unwrap_or(FIRST.len())
            });
            let named = functions.into_iter();
            callees.extend(named.map(|(func, params)| (instance.clone(), func, params)));
        }
        callees
    }
}

fn calls_something(script: &Script) -> bool {
    let call = |step: &Step| {
        matches!(
            step,
            Step::Invoke { .. } | Step::Get { .. } | Step::Thread { .. }
        )
    };
    script.steps.iter().any(call)
}

fn edge(ty: ValueType, which: usize) -> Value {
    let bits = EDGES[which];
    match ty {
        ValueType::I32 => Value::I32(bits as u32),
        ValueType::I64 => Value::I64(bits),
        ValueType::F32 => Value::F32(bits as u32),
        ValueType::F64 => Value::F64(bits),
        ValueType::V128 => Value::V128(u128::from(bits) << 64 | u128::from(bits)),
        ValueType::FuncRef | ValueType::ExternRef => Value::default_of(ty),
    }
}

/// What the instances of a script export, as it is read step by step.
#[derive(Default)]
pub(crate) struct Callable<'s> {
    modules: BTreeMap<&'s str, Vec<(String, Vec<ValueType>)>>,
    instances: BTreeMap<&'s str, &'s str>,
}

impl<'s> Callable<'s> {
    /// Takes note of a step. Whether it passes what the function that it calls
    /// takes, as far as that can be told, if it is a call: what engines do to a
    /// wrong one is nothing the specification speaks of.
    pub(crate) fn accepts(&mut self, step: &'s Step) -> bool {
        match step {
            Step::Define { module, wasm } => {
                let exports = exported_functions(wasm).unwrap_or_default();
                self.modules.insert(module, exports);
                true
            }
            Step::Instantiate { instance, module } => {
                self.instances.insert(instance, module);
                true
            }
            Step::Invoke {
                instance,
                func,
                args,
            } => {
                let passed = args.iter().map(|arg| arg.ty());
                if instance == HOST {
                    let func = HostFunc::parse(func);
                    return func.is_none_or(|func| passed.eq(func.ty().0.iter().copied()));
                }
                let module = self.instances.get(instance.as_str());
                let exports = module.and_then(|module| self.modules.get(module));
                let export = exports.and_then(|e| e.iter().find(|(name, _)| name == func));
                export.is_none_or(|(_, params)| passed.eq(params.iter().copied()))
            }
            // A thread has calls of its own, which are made elsewhere.
            Step::Register { .. } | Step::Get { .. } | Step::Thread { .. } | Step::Wait { .. } => {
                true
            }
        }
    }
}

/// What a module exports that can be called or read.
#[derive(Default)]
pub(super) struct Exports {
    /// The functions, with the types of their parameters; `None` where one of these is
    /// outside scope.
    pub(super) functions: BTreeMap<String, Option<Vec<ValueType>>>,
    /// The globals.
    pub(super) globals: BTreeSet<String>,
}

/// What a module exports.
pub(super) fn exports_of(wasm: &[u8]) -> wasmparser::Result<Exports> {
    let (functions, globals) = read_exports(wasm)?;
    Ok(Exports {
        functions: functions.into_iter().collect(),
        globals: globals.into_iter().collect(),
    })
}

/// The exported functions with the types of their parameters, in the order of
/// the export section; those with parameters outside scope left out.
pub(crate) fn exported_functions(wasm: &[u8]) -> wasmparser::Result<Vec<(String, Vec<ValueType>)>> {
    let (functions, _) = read_exports(wasm)?;
    let functions = functions.into_iter();
    Ok(functions
        .filter_map(|(name, params)| Some((name, params?)))
        .collect())
}

/// Exported functions, each with its parameters as far as they are in scope.
type Functions = Vec<(String, Option<Vec<ValueType>>)>;

/// The exported functions and the names of the exported globals.
fn read_exports(wasm: &[u8]) -> wasmparser::Result<(Functions, Vec<String>)> {
    let mut globals = Vec::new();
    let mut types = Vec::new();
    let mut funcs = Vec::new();
    let mut exports = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::TypeSection(section) => {
                for group in section {
                    for ty in group?.into_types() {
                        types.push(match ty.composite_type.inner {
                            CompositeInnerType::Func(ty) => parameters(ty.params()),
                            _ => None,
                        });
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    if let TypeRef::Func(ty) = import?.ty {
                        funcs.push(ty);
                    }
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    funcs.push(ty?);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    match export.kind {
                        ExternalKind::Func => exports.push((export.name.to_owned(), export.index)),
                        ExternalKind::Global => globals.push(export.name.to_owned()),
                        _ => {}
                    }
                }
            }
            // What comes from here on says nothing of them.
            Payload::CodeSectionStart { .. } => break,
            _ => {}
        }
    }
    let params = |index: u32| {
        let ty = *funcs.get(index as usize)?;
        types.get(ty as usize)?.clone()
    };
    let functions = exports.into_iter();
    let functions = functions.map(|(name, index)| (name, params(index)));
    Ok((functions.collect(), globals))
}

/// `None` if one of them is outside scope.
fn parameters(types: &[ValType]) -> Option<Vec<ValueType>> {
    types
        .iter()
        .map(|ty| match ty {
            ValType::I32 => Some(ValueType::I32),
            ValType::I64 => Some(ValueType::I64),
            ValType::F32 => Some(ValueType::F32),
            ValType::F64 => Some(ValueType::F64),
            ValType::V128 => Some(ValueType::V128),
            ValType::Ref(ty) if ty.heap_type() == HeapType::FUNC => Some(ValueType::FuncRef),
            ValType::Ref(ty) if ty.heap_type() == HeapType::EXTERN => Some(ValueType::ExternRef),
            ValType::Ref(_) => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::wast::parse;

    #[test]
    fn every_export_of_a_lone_module_is_called_at_the_edges() {
        let text = r#"(module
            (func (export "f") (param i32 i64)) (func (export "g")) (memory (export "m") 1))"#;
        let mut source = parse("a.wat", text.as_bytes()).expect("it reads");
        source.call_exports();
        let calls = |name: &str| {
            let named = |step: &&Step| matches!(step, Step::Invoke { func, .. } if func == name);
            source.script.steps.iter().filter(named).count()
        };
        assert_eq!((calls("f"), calls("g"), calls("m")), (EDGES.len(), 1, 0));
        assert_eq!(source.steps.len(), source.script.steps.len());
    }

    #[test]
    fn very_many_functions_are_called_less_often_and_at_every_edge() {
        let functions = 2_000;
        let exports = (0..functions).map(|n| format!("(func (export \"{n}\") (param i64))"));
        let text = format!("(module {})", exports.collect::<String>());
        let mut source = parse("a.wat", text.as_bytes()).expect("it reads");
        let said = source.call_exports().unwrap();
        assert!(said.contains("\"0\" 2 times"), "{said}");
        let calls = source.script.steps.iter().filter_map(|step| match step {
            Step::Invoke { args, .. } => Some(args[0]),
            _ => None,
        });
        let calls: Vec<Value> = calls.collect();
        assert_eq!(calls.len(), functions * CALLS_AT_LEAST);
        for bits in EDGES {
            assert!(calls.contains(&Value::I64(bits)), "{bits:#x}");
        }
    }

    #[test]
    fn a_script_that_calls_is_left_alone() {
        let text = br#"(module (func (export "f"))) (invoke "f")"#;
        let mut source = parse("a.wast", text).expect("it reads");
        let before = source.clone();
        source.call_exports();
        assert_eq!(source, before);
    }
}
