//! Names and encodings: what changes nothing, but makes the result readable.

use super::Run;
use super::case::{Case, Item};
use crate::script::sexp::{Kind, Node};
use crate::script::{HOST, Script, Step, print, spectest};

/// Encodes modules anew, so that text can say them byte for byte.
pub(super) fn readable_modules(run: &mut Run<'_>) {
    for step in run.case.modules() {
        let tree = run.case.tree(step).expect("it is edited");
        let candidate = run.case.with_tree(step, Node::clone(tree));
        run.attempt(candidate);
    }
}

/// Brings every module into the form that prints shortest.
pub(super) fn canonical_modules(run: &mut Run<'_>) {
    for step in 0..run.case.steps.len() {
        let Step::Define { module, wasm } = &run.case.steps[step].step else {
            continue;
        };
        let shortest = print::canonical(wasm).filter(|shortest| shortest != wasm);
        if let (Some(wasm), true) = (shortest, module != spectest::NAME) {
            let mut case = run.case.clone();
            let module = module.clone();
            case.steps[step] = Item {
                step: Step::Define { module, wasm },
                module: None,
            };
            run.attempt(Some(case));
        }
    }
}

/// Gives modules and instances the names `m0`, `m1`, …, one for both where
/// they go together, and exported functions short ones.
pub(super) fn canonical_names(run: &mut Run<'_>) {
    let candidate = renamed(&run.case);
    run.attempt(candidate);
    let candidate = short_exports(&run.case);
    run.attempt(candidate);
}

fn renamed(case: &Case) -> Option<Case> {
    let mut case = case.clone();
    let before = case.script();
    // Old and new names, in order of appearance.
    let mut modules: Vec<(String, String)> = Vec::new();
    let mut instances: Vec<(String, String)> = Vec::new();
    let keep = |name: &String| name == spectest::NAME || name == HOST;
    for item in &mut case.steps {
        match &mut item.step {
            Step::Define { module, .. } if !keep(module) => {
                let new = format!("m{}", modules.len());
                modules.push((std::mem::replace(module, new.clone()), new));
            }
            Step::Instantiate { instance, module } if !keep(instance) => {
                let renamed = latest(&modules, module)?.to_owned();
                let once = count_instances(&before, module) == 1;
                let new = match once {
                    true => renamed.clone(),
                    false => format!("i{}", instances.len()),
                };
                *module = renamed;
                instances.push((std::mem::replace(instance, new.clone()), new));
            }
            Step::Register { instance, .. }
            | Step::Invoke { instance, .. }
            | Step::Get { instance, .. }
                if !keep(instance) =>
            {
                if let Some(new) = latest(&instances, instance) {
                    *instance = new.to_owned();
                }
            }
            _ => {}
        }
    }
    Some(case)
}

fn latest<'a>(renamed: &'a [(String, String)], old: &str) -> Option<&'a str> {
    let found = renamed.iter().rev().find(|(name, _)| name == old);
    found.map(|(_, new)| new.as_str())
}

fn count_instances(script: &Script, name: &str) -> usize {
    let of = |step: &&Step| matches!(step, Step::Instantiate { module, .. } if module == name);
    script.steps.iter().filter(of).count()
}

/// Calls exported functions `f`, `g`, … where the script has one module.
fn short_exports(case: &Case) -> Option<Case> {
    let [step] = case.modules()[..] else {
        return None;
    };
    let mut case = case.clone();
    let mut tree = Node::clone(case.tree(step)?);
    let mut renamed: Vec<(String, String)> = Vec::new();
    let Kind::List(fields) = &mut tree.kind else {
        return None;
    };
    for field in fields
        .iter_mut()
        .filter(|field| field.head() == Some("func"))
    {
        let Kind::List(children) = &mut field.kind else {
            continue;
        };
        for child in children {
            if let Some(literal) = child.sole_argument("export") {
                let letter = b'f'.checked_add(u8::try_from(renamed.len()).ok()?)?;
                let new = char::from(letter).to_string();
                renamed.push((literal.trim_matches('"').to_owned(), new.clone()));
                let literal = format!("\"{new}\"");
                child.kind = Node::list(vec![Node::atom("export"), Node::atom(&literal)]).kind;
            }
        }
    }
    for item in &mut case.steps {
        if let Step::Invoke { instance, func, .. } = &mut item.step
            && instance != HOST
        {
            *func = latest(&renamed, func)?.to_owned();
        }
    }
    (renamed.len() <= 20 && case.set_tree(step, tree)).then_some(case)
}
