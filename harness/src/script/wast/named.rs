//! Imports from a module by the name that the script gives it.
//!
//! The specification's scripts register what others import. The runners of engines
//! let a named module be imported by its name as well, and their own scripts count on
//! that; here such scripts are given the registrations that they lack.

use std::collections::{HashMap, HashSet};

use wasmparser::{Parser, Payload};

use super::{Source, StepSource};
use crate::script::expect::Expect;
use crate::script::slice::definition;
use crate::script::{HOST, Step, spectest};

/// Registers each instance of one of the names `given` that is imported from by that
/// name and that nobody has registered, before the instance that imports from it.
pub(super) fn register_named(source: &mut Source, given: &HashSet<String>) {
    let mut registered = HashSet::from([HOST, spectest::NAME]);
    // The instances so far, and whether each is registered by us.
    let mut instances: HashMap<&str, bool> = HashMap::new();
    let mut missing: Vec<(usize, String)> = Vec::new();
    for (index, step) in source.script.steps.iter().enumerate() {
        match step {
            Step::Register { name, .. } => {
                registered.insert(name);
            }
            Step::Instantiate { instance, module } => {
                let linked = !matches!(source.steps[index].expect, Expect::Unlinkable(_));
                let defined = definition(&source.script, index, module);
                for name in defined.map_or_else(Vec::new, |(_, wasm)| imported_from(wasm)) {
                    if !linked || registered.contains(name.as_str()) {
                        continue;
                    }
                    if let Some(ours @ false) = instances.get_mut(name.as_str()) {
                        *ours = true;
                        missing.push((index, name));
                    }
                }
                if given.contains(instance) {
                    instances.insert(instance, false);
                }
            }
            _ => {}
        }
    }
    for (index, name) in missing.into_iter().rev() {
        let step = Step::Register {
            instance: name.clone(),
            name,
        };
        let from = StepSource {
            line: 0,
            expect: Expect::Anything,
        };
        source.script.steps.insert(index, step);
        source.steps.insert(index, from);
    }
}

/// The names of the modules that a module imports from, each once.
fn imported_from(wasm: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload {
            Ok(Payload::ImportSection(section)) => {
                for import in section.into_imports().flatten() {
                    if names.iter().all(|name| name != import.module) {
                        names.push(import.module.to_owned());
                    }
                }
            }
            Ok(Payload::CodeSectionStart { .. }) | Err(_) => break,
            Ok(_) => {}
        }
    }
    names
}
