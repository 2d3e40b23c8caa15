//! Leaves out steps, and whole modules with all that is done to them.

use super::Run;
use super::case::Case;
use crate::script::Step;

pub(super) fn drop_steps(run: &mut Run<'_>) {
    run.drop_runs(
        |case| case.steps.len(),
        |case, range| {
            let mut case = case.clone();
            case.steps.drain(range);
            Some(case)
        },
    );
    let names: Vec<String> = run
        .case
        .steps
        .iter()
        .filter_map(|i| made(&i.step))
        .collect();
    for name in names {
        let candidate = without(&run.case, &name);
        run.attempt(candidate);
    }
    // A definition that two instances share, split, lets one of them go.
    merge_instances(run);
}

fn made(step: &Step) -> Option<String> {
    match step {
        Step::Define { module: name, .. } | Step::Instantiate { instance: name, .. } => {
            Some(name.clone())
        }
        _ => None,
    }
}

/// Without everything that is about `name`.
fn without(case: &Case, name: &str) -> Option<Case> {
    let mut case = case.clone();
    let before = case.steps.len();
    case.steps.retain(|item| {
        let about = match &item.step {
            Step::Define { module, .. } => module == name,
            Step::Instantiate { instance, module } => instance == name || module == name,
            Step::Register { instance, .. }
            | Step::Invoke { instance, .. }
            | Step::Get { instance, .. } => instance == name,
            Step::Thread { shared, .. } => shared.as_deref() == Some(name),
            Step::Wait { .. } => false,
        };
        !about
    });
    (case.steps.len() < before).then_some(case)
}

/// Does to one instance what is done to two of the same module.
fn merge_instances(run: &mut Run<'_>) {
    let instances: Vec<(String, String)> = run
        .case
        .steps
        .iter()
        .filter_map(|item| match &item.step {
            Step::Instantiate { instance, module } => Some((instance.clone(), module.clone())),
            _ => None,
        })
        .collect();
    for (i, (kept, module)) in instances.iter().enumerate() {
        for (other, its_module) in &instances[i + 1..] {
            if its_module != module || other == kept {
                continue;
            }
            let mut case = run.case.clone();
            case.steps.retain(
                |item| !matches!(&item.step, Step::Instantiate { instance, .. } if instance == other),
            );
            for item in &mut case.steps {
                if let Step::Register { instance, .. }
                | Step::Invoke { instance, .. }
                | Step::Get { instance, .. } = &mut item.step
                    && instance == other
                {
                    instance.clone_from(kept);
                }
            }
            run.attempt(Some(case));
        }
    }
}
