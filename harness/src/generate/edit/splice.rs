//! Two scripts become one.

use std::collections::BTreeSet;

use arbitrary::Unstructured;

use super::super::dice::Dice;
use crate::script::{HOST, Script, Step, spectest};

/// The beginning of `first`, and then `second` without some of its first
/// calls. What has a name in both keeps it in the first, and gets another one in
/// the second; what either registers, the other may import.
pub fn splice(first: &Script, second: &Script, bytes: &mut Unstructured<'_>) -> Script {
    let mut dice = Dice::new(bytes);
    let kept = 1 + dice.index(first.steps.len());
    let mut steps: Vec<Step> = first.steps.iter().take(kept).cloned().collect();
    let taken: BTreeSet<String> = steps.iter().flat_map(names).cloned().collect();
    let registered: BTreeSet<String> = steps.iter().filter_map(registers).cloned().collect();
    // The same for all: what had different names has them still.
    let mut suffix = String::new();
    let is_taken = |name: &String, suffix: &str| taken.contains(&format!("{name}{suffix}"));
    while second
        .steps
        .iter()
        .flat_map(names)
        .any(|name| is_taken(name, &suffix))
    {
        suffix.push('x');
    }
    let (mut left_out, share) = (dice.index(1 + calls(second)), dice.percent(50));
    for step in &second.steps {
        let is_call = matches!(step, Step::Invoke { .. } | Step::Get { .. });
        if is_call && left_out > 0 {
            left_out -= 1;
            continue;
        }
        let theirs = taken.contains(spectest::NAME) && names(step).any(|n| n == spectest::NAME);
        // The second then imports from the first.
        let shared = share && registers(step).is_some_and(|name| registered.contains(name));
        if !theirs && !shared {
            steps.push(renamed(step, &suffix));
        }
    }
    Script { steps }
}

fn calls(script: &Script) -> usize {
    let is_call = |step: &&Step| matches!(step, Step::Invoke { .. } | Step::Get { .. });
    script.steps.iter().filter(is_call).count()
}

/// The name that a step registers an instance under.
fn registers(step: &Step) -> Option<&String> {
    match step {
        Step::Register { name, .. } => Some(name),
        _ => None,
    }
}

/// The modules, instances and threads that a step speaks of, but for the
/// built-in instance.
fn names(step: &Step) -> impl Iterator<Item = &String> {
    let (one, other) = match step {
        Step::Define { module, .. } => (Some(module), None),
        Step::Instantiate { instance, module } => (Some(instance), Some(module)),
        Step::Register { instance, .. }
        | Step::Invoke { instance, .. }
        | Step::Get { instance, .. } => (Some(instance), None),
        Step::Thread { name, shared, .. } => (Some(name), shared.as_ref()),
        Step::Wait { thread } => (Some(thread), None),
    };
    one.into_iter().chain(other).filter(|&name| name != HOST)
}

/// A step with a suffix to every name of a module, an instance or a thread.
fn renamed(step: &Step, suffix: &str) -> Step {
    let new = |name: &String| match name.as_str() {
        HOST => name.clone(),
        name => format!("{name}{suffix}"),
    };
    match step.clone() {
        Step::Define { module, wasm } => Step::Define {
            module: new(&module),
            wasm,
        },
        Step::Instantiate { instance, module } => Step::Instantiate {
            instance: new(&instance),
            module: new(&module),
        },
        Step::Register { instance, name } => Step::Register {
            instance: new(&instance),
            name,
        },
        Step::Invoke {
            instance,
            func,
            args,
        } => Step::Invoke {
            instance: new(&instance),
            func,
            args,
        },
        Step::Get { instance, global } => Step::Get {
            instance: new(&instance),
            global,
        },
        Step::Thread {
            name,
            shared,
            steps,
        } => Step::Thread {
            name: new(&name),
            shared: shared.as_ref().map(new),
            steps: steps.iter().map(|step| renamed(step, suffix)).collect(),
        },
        Step::Wait { thread } => Step::Wait {
            thread: new(&thread),
        },
    }
}
