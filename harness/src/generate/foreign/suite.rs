//! Modules of the official suite about memory, with what they import from.
//!
//! What they assert is checked elsewhere (`spec`). Here they are called with
//! other arguments, so only modules are taken that end and whose results the
//! specification determines, whatever the arguments.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use trapline_reference::may_open_nan;
use wasmparser::{FunctionBody, Operator, Parser, Payload, TypeRef};

use super::{Foreign, memory_type};
use crate::engine::{Feature, Features, needed_by};
use crate::generate::dice::Dice;
use crate::generate::memory::{Live, Means};
use crate::script::slice::{definition, imports_from};
use crate::script::wast::parse;
use crate::script::{Script, Step};
use crate::spec;

/// A file of the suite.
struct File {
    name: String,
    text: Cow<'static, [u8]>,
    /// Its modules, once somebody asked for them.
    modules: OnceLock<Modules>,
}

/// The modules of a file.
#[derive(Default)]
struct Modules {
    taken: Vec<Module>,
    /// How many are not, by reason.
    left_out: BTreeMap<&'static str, usize>,
}

/// A module that can be called with anything.
struct Module {
    before: Vec<Step>,
    wasm: Vec<u8>,
    needs: Features,
}

/// A module of the suite within these features; `None` where the file that was
/// drawn has none.
pub(in crate::generate) fn module(
    dice: &mut Dice<'_, '_>,
    features: Features,
    means: Means,
) -> Option<Foreign> {
    static FILES: OnceLock<Vec<File>> = OnceLock::new();
    let files = FILES.get_or_init(files);
    // Most files have some.
    for _ in 0..4 {
        let file = &files[dice.index(files.len())];
        let modules = file.modules.get_or_init(|| modules(file));
        let possible: Vec<&Module> = modules
            .taken
            .iter()
            .filter(|module| module.needs.first_beyond(features).is_none())
            .collect();
        if !possible.is_empty() {
            let chosen = possible[dice.index(possible.len())];
            let foreign = Foreign::read(chosen.wasm.clone(), means)?;
            return Some(Foreign {
                before: chosen.before.clone(),
                ..foreign
            });
        }
    }
    None
}

fn files() -> Vec<File> {
    let files = spec::about_memory().into_iter().map(|file| File {
        name: file.name,
        text: file.text,
        modules: OnceLock::new(),
    });
    files.collect()
}

fn modules(file: &File) -> Modules {
    let mut modules = Modules::default();
    let Ok(source) = parse(&file.name, &file.text) else {
        return modules;
    };
    let script = source.script;
    for (index, step) in script.steps.iter().enumerate() {
        let Step::Instantiate { module, .. } = step else {
            continue;
        };
        match take(&script, index, module) {
            Ok(module) if modules.taken.iter().any(|m| m.wasm == module.wasm) => {}
            Ok(module) => modules.taken.push(module),
            Err(why) => *modules.left_out.entry(why).or_default() += 1,
        }
    }
    modules
}

/// The module of this name as it is at a step, or why it is left out.
fn take(script: &Script, index: usize, name: &str) -> Result<Module, &'static str> {
    let (defined, wasm) = definition(script, index, name).ok_or("not defined")?;
    let mut wanted = BTreeSet::new();
    imports_from(script, defined, wasm, &mut wanted).ok_or("imports from nowhere")?;
    let before: Vec<Step> = wanted.iter().map(|&i| script.steps[i].clone()).collect();
    let mut needs = Features::NONE;
    for wasm in before.iter().filter_map(binary).chain([wasm]) {
        tame(wasm)?;
        needs = needs.and(needed_by(wasm));
    }
    if needs.has(Feature::OutOfScope) {
        return Err("out of scope");
    }
    Ok(Module {
        before,
        wasm: wasm.to_vec(),
        needs,
    })
}

fn binary(step: &Step) -> Option<&[u8]> {
    match step {
        Step::Define { wasm, .. } => Some(wasm),
        _ => None,
    }
}

/// Whether a module has a memory, ends, gives results that the specification
/// determines, and does not grow beyond what most cases use, whatever it is
/// called with; otherwise why not.
fn tame(wasm: &[u8]) -> Result<(), &'static str> {
    let (mut grows, mut bounded, mut has_memory) = (false, true, false);
    let mut imported = 0;
    let mut calls: Vec<Vec<u32>> = Vec::new();
    let mut small = |ty: wasmparser::MemoryType| {
        has_memory = true;
        // The same for every run: a case depends on nothing but its bytes.
        let live = Live::new(memory_type(ty), Means::of(u64::MAX, false));
        bounded &= live.is_economic(live.most());
        if live.is_economic(0) {
            Ok(())
        } else {
            Err("a large memory")
        }
    };
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(|_| "malformed")? {
            Payload::ImportSection(section) => {
                for import in section.into_imports().flatten() {
                    match import.ty {
                        TypeRef::Memory(ty) => small(ty)?,
                        TypeRef::Func(_) => imported += 1,
                        _ => {}
                    }
                }
            }
            Payload::MemorySection(section) => {
                section.into_iter().flatten().try_for_each(&mut small)?;
            }
            Payload::CodeSectionEntry(body) => calls.push(callees(&body, &mut grows)?),
            _ => {}
        }
    }
    match () {
        () if !has_memory => Err("no memory"),
        () if grows && !bounded => Err("it may grow without end"),
        () if is_recursive(&calls, imported) => Err("it may call itself"),
        () => Ok(()),
    }
}

/// The functions that a tame function calls.
fn callees(body: &FunctionBody<'_>, grows: &mut bool) -> Result<Vec<u32>, &'static str> {
    let mut callees = Vec::new();
    let mut ops = body.get_operators_reader().map_err(|_| "malformed")?;
    while !ops.eof() {
        match ops.read().map_err(|_| "malformed")? {
            Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                callees.push(function_index);
            }
            Operator::CallIndirect { .. } | Operator::ReturnCallIndirect { .. } => {
                return Err("a call that may go anywhere");
            }
            Operator::Loop { .. } => return Err("a loop"),
            Operator::MemoryAtomicWait32 { .. } | Operator::MemoryAtomicWait64 { .. } => {
                return Err("a wait");
            }
            Operator::MemoryGrow { .. } => *grows = true,
            op if may_open_nan(&op) => return Err("a NaN whose bits are open"),
            _ => {}
        }
    }
    Ok(callees)
}

/// Whether a function may call itself.
fn is_recursive(calls: &[Vec<u32>], imported: u32) -> bool {
    // Functions that only call such as are done are done.
    let mut done = vec![false; calls.len()];
    loop {
        let mut more = false;
        for (index, callees) in calls.iter().enumerate() {
            let is_done = |&callee: &u32| match callee.checked_sub(imported) {
                None => true,
                Some(own) => done.get(own as usize).copied().unwrap_or(false),
            };
            if !done[index] && callees.iter().all(is_done) {
                done[index] = true;
                more = true;
            }
        }
        if !more {
            return done.contains(&false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_modules_about_memory_are_taken_and_the_others_have_a_reason() {
        let (mut taken, mut left_out) = (0, BTreeMap::<&str, usize>::new());
        for file in files() {
            let modules = modules(&file);
            taken += modules.taken.len();
            for (why, count) in modules.left_out {
                *left_out.entry(why).or_default() += count;
            }
        }
        // Not about memory, though their file is.
        let others = left_out.remove("no memory").unwrap_or(0);
        let left_out_here: usize = left_out.values().sum();
        assert!(
            taken > 500 && taken > 2 * left_out_here,
            "{taken} taken, {others} have no memory, left out: {left_out:?}"
        );
    }

    #[test]
    fn recursion_is_seen_through_others() {
        assert!(!is_recursive(&[vec![1], vec![]], 0));
        assert!(is_recursive(&[vec![1], vec![0]], 0));
        // The only import, and itself.
        assert!(!is_recursive(&[vec![0]], 1));
        assert!(is_recursive(&[vec![1]], 1));
    }
}
