//! Stand-ins for what a script imports and nobody provides.
//!
//! They are WebAssembly like the rest of the script, so that they are the same on
//! every engine and on the reference, in reports and while a script is reduced:
//!
//! * modules of our own, registered under the name that is imported from, with
//!   functions that answer with values [`drawn`] from name, type and arguments, and
//!   with memories, tables and globals of the types that are declared;
//! * of well-known [`hosts`], functions that behave sensibly. Those that reach into
//!   the memory of their caller are put into the caller itself ([`inject`]), whose
//!   memory stays its own.
//!
//! What a script says cannot be linked is left alone, and so is what is missing from
//! an instance that it registers itself.

mod drawn;
mod generated;
mod hosts;
mod inject;
mod outline;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};

use super::expect::Expect;
use super::slice::definition;
use super::wast::{Source, StepSource};
use super::{HOST, Script, Step, spectest};
use generated::generated;
use hosts::StandIn;
use inject::inject;
use outline::{ImportType, Outline};

/// What functions answer that stand in for others and are not well known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Returns {
    /// Values drawn from name, type and arguments.
    #[default]
    Drawn,
    /// Zeros.
    Zero,
}

/// The most names of a kind that are said.
const NAMED: usize = 8;

/// Provides what the script imports and does not provide. What was stood in, in
/// words, a line for each module that is imported from.
pub(super) fn provide(source: &mut Source, returns: Returns) -> Vec<String> {
    let mut said = Said::default();
    inject_hosts(source, returns, &mut said);
    provide_apart(source, returns, &mut said);
    said.lines()
}

/// What was stood in: by module that is imported from, the names of each kind.
#[derive(Default)]
struct Said(BTreeMap<String, BTreeMap<&'static str, Vec<String>>>);

impl Said {
    fn add(&mut self, module: &str, kind: &'static str, name: &str) {
        let names = self.0.entry(module.to_owned()).or_default();
        let names = names.entry(kind).or_default();
        if names.iter().all(|known| known != name) {
            names.push(name.to_owned());
        }
    }

    fn lines(self) -> Vec<String> {
        let kind = |(kind, names): (&str, Vec<String>)| {
            let more = match names.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let kind = match (kind, names.len()) {
                (kind, 1) => kind.to_owned(),
                ("memory", _) => "memories".to_owned(),
                (kind, _) => format!("{kind}s"),
            };
            let names = names[..names.len().min(NAMED)].join(", ");
            format!("{kind} {names}{more}")
        };
        let line = |(module, kinds): (String, BTreeMap<&str, Vec<String>>)| {
            let kinds: Vec<String> = kinds.into_iter().map(kind).collect();
            format!("{module}: {}", kinds.join("; "))
        };
        self.0.into_iter().map(line).collect()
    }
}

/// The names that the script registers, wherever in it.
fn registered(script: &Script) -> HashSet<String> {
    let names = script.steps.iter().filter_map(|step| match step {
        Step::Register { name, .. } => Some(name.clone()),
        _ => None,
    });
    names
        .chain([HOST.to_owned(), spectest::NAME.to_owned()])
        .collect()
}

/// Puts functions of well-known hosts into the modules that import them.
fn inject_hosts(source: &mut Source, returns: Returns, said: &mut Said) {
    let own = registered(&source.script);
    for (step, from) in source.script.steps.iter_mut().zip(&source.steps) {
        let Step::Define { wasm, .. } = step else {
            continue;
        };
        if matches!(from.expect, Expect::Malformed(_) | Expect::Invalid(_)) {
            continue;
        }
        let Some(outline) = Outline::of(wasm) else {
            continue;
        };
        let mut bodies = Vec::new();
        for (place, import) in outline.imports.iter().enumerate() {
            if own.contains(import.module) {
                continue;
            }
            let Some(ImportType::Func(ty)) = &import.ty else {
                continue;
            };
            if let Some(StandIn::Within(body)) = hosts::function(import, ty, &outline, returns) {
                said.add(import.module, "function", import.name);
                bodies.push((place, body));
            }
        }
        if bodies.is_empty() {
            continue;
        }
        if let Some(injected) = inject(wasm, bodies) {
            *wasm = injected;
        }
    }
}

/// What a stand-in has, by name.
type Provided = Vec<(String, ImportType)>;

/// Inserts modules that provide what is imported, before the instance that needs them.
fn provide_apart(source: &mut Source, returns: Returns, said: &mut Said) {
    let mut registered = HashSet::from([HOST.to_owned(), spectest::NAME.to_owned()]);
    let mut standing: BTreeMap<String, Provided> = BTreeMap::new();
    let mut names: HashSet<String> = named(&source.script);
    let mut inserted = 0;
    let original = source.script.clone();
    for (index, step) in original.steps.iter().enumerate() {
        let module = match step {
            Step::Register { name, .. } => {
                registered.insert(name.clone());
                standing.remove(name);
                continue;
            }
            Step::Instantiate { module, .. } => module,
            _ => continue,
        };
        let at = index + inserted;
        if matches!(source.steps[at].expect, Expect::Unlinkable(_)) {
            continue;
        }
        let defined = definition(&original, index, module);
        let Some(outline) = defined.and_then(|(_, wasm)| Outline::of(wasm)) else {
            continue;
        };
        for (from, wanted) in wanted(&outline, &registered) {
            let there = standing.get(from);
            if there.is_some_and(|there| wanted.iter().all(|one| there.contains(one))) {
                continue;
            }
            let Some(wasm) = generated(from, &wanted, &outline, returns) else {
                continue;
            };
            for (name, ty) in &wanted {
                said.add(from, ty.kind(), name);
            }
            let steps = steps(fresh(from, &mut names), from, wasm);
            let at = index + inserted;
            inserted += steps.len();
            let source_of = |_| StepSource {
                line: 0,
                expect: Expect::Anything,
            };
            source.steps.splice(at..at, steps.iter().map(source_of));
            source.script.steps.splice(at..at, steps);
            standing.insert(from.to_owned(), wanted);
        }
    }
}

/// What a module imports that nobody has registered, by the module it imports from, in
/// order; of two imports of one name the first.
fn wanted<'a>(outline: &Outline<'a>, registered: &HashSet<String>) -> BTreeMap<&'a str, Provided> {
    let mut wanted: BTreeMap<&str, Provided> = BTreeMap::new();
    for import in &outline.imports {
        let Some(ty) = &import.ty else { continue };
        if registered.contains(import.module) {
            continue;
        }
        let provided = wanted.entry(import.module).or_default();
        if provided.iter().all(|(name, _)| name != import.name) {
            provided.push((import.name.to_owned(), ty.clone()));
        }
    }
    wanted
}

/// The names of modules and instances.
fn named(script: &Script) -> HashSet<String> {
    let names = script.steps.iter().filter_map(|step| match step {
        Step::Define { module: name, .. } | Step::Instantiate { instance: name, .. } => {
            Some(name.clone())
        }
        _ => None,
    });
    names.collect()
}

/// A name for a stand-in that nothing else has.
fn fresh(from: &str, names: &mut HashSet<String>) -> String {
    let mut name = format!("stand-in-{from}");
    while !names.insert(name.clone()) {
        name.push('\'');
    }
    name
}

/// A module, its instance, and the name it is imported under.
fn steps(name: String, from: &str, wasm: Vec<u8>) -> [Step; 3] {
    [
        Step::Define {
            module: name.clone(),
            wasm,
        },
        Step::Instantiate {
            instance: name.clone(),
            module: name.clone(),
        },
        Step::Register {
            instance: name,
            name: from.to_owned(),
        },
    ]
}
