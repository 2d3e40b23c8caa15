//! Scripts that can be run many times side by side.

use std::collections::HashMap;
use std::sync::Arc;

use crate::engine::{Embedding, Features, Job, features};
use crate::observation::Outcome;
use crate::script::{HOST, Script, Step};

/// A script that makes instances, starts threads that make instances and call
/// them, and waits for all of them: what a run of it does does not depend on others in the
/// same store.
pub(super) struct Program<'a> {
    /// What makes the instances.
    pub(super) before: &'a [Step],
    /// The threads, in the order in which they are started.
    pub(super) threads: Vec<Part<'a>>,
    /// Which thread is waited for, one wait after the other.
    pub(super) waits: Vec<usize>,
}

/// What a thread of such a script does.
pub(super) struct Part<'a> {
    name: &'a str,
    /// The instance that it shares with the script.
    pub(super) shared: Option<&'a str>,
    /// All of its steps.
    pub(super) script: Script,
    /// How many of them make instances.
    pub(super) before: usize,
}

impl<'a> Program<'a> {
    /// `None` if the script is another.
    pub(super) fn of(script: &'a Script) -> Option<Program<'a>> {
        let steps = script.steps.as_slice();
        let (before, rest) = steps.split_at(leading(steps, makes));
        let (starts, rest) =
            rest.split_at(leading(rest, |step| matches!(step, Step::Thread { .. })));
        let mut threads: Vec<Part<'a>> = Vec::new();
        for start in starts {
            let Step::Thread {
                name,
                shared,
                steps,
            } = start
            else {
                return None;
            };
            let makes = leading(steps, makes);
            let others = steps.iter().skip(makes);
            let calls =
                |step: &Step| matches!(step, Step::Invoke { instance, .. } if instance != HOST);
            if makes == steps.len() || !others.into_iter().all(calls) {
                return None;
            }
            threads.push(Part {
                name,
                shared: shared.as_deref(),
                script: Script {
                    steps: steps.clone(),
                },
                before: makes,
            });
        }
        let mut waits = Vec::new();
        for step in rest {
            let Step::Wait { thread } = step else {
                return None;
            };
            let number = threads.iter().position(|part| part.name == thread)?;
            if waits.contains(&number) {
                return None;
            }
            waits.push(number);
        }
        let whole = threads.len() > 1 && waits.len() == threads.len();
        let all = before
            .iter()
            .chain(threads.iter().flat_map(|part| &part.script.steps));
        // A function of the host finds an instance by its name when it is called.
        let alone = all.into_iter().all(|step| match step {
            Step::Define { wasm, .. } => !features::imports_from(wasm, HOST),
            _ => true,
        });
        (whole && alone).then_some(Program {
            before,
            threads,
            waits,
        })
    }
}

/// Whether a step makes instances, or is needed for that.
fn makes(step: &Step) -> bool {
    matches!(
        step,
        Step::Define { .. } | Step::Instantiate { .. } | Step::Register { .. }
    )
}

/// How many steps there are before the first that is not such a one.
fn leading(steps: &[Step], is: impl Fn(&Step) -> bool) -> usize {
    steps.iter().take_while(|step| is(step)).count()
}

/// The modules of a script, by step, each with the exports that show its memories.
pub(super) type Modules<M> = Vec<Option<(M, Arc<[String]>)>>;

/// Compiles all modules that a job defines; `None` if one of them is not compiled.
pub(super) fn compiled<E: Embedding>(
    embedding: &mut E,
    features: Features,
    job: &Job<'_>,
) -> Option<Modules<E::Module>> {
    let steps = job.script.steps.iter().enumerate();
    let compile = |(index, step): (usize, &Step)| {
        let Step::Define { wasm, .. } = step else {
            return Some(None);
        };
        let facts = job.module(index);
        if facts.needs.first_beyond(features).is_some() {
            return None;
        }
        let compiled = embedding.compile(wasm).ok()?;
        Some(Some((compiled, facts.memories.clone())))
    };
    steps.map(compile).collect()
}

/// The instances of one run, and which memories can be looked at.
pub(super) struct Made<'a, I> {
    pub(super) instances: HashMap<&'a str, I>,
    pub(super) observable: Vec<(&'a str, Arc<[String]>)>,
}

/// Does steps that make instances; `None` if one of them fails.
pub(super) fn make<'a, E: Embedding>(
    embedding: &mut E,
    steps: &'a [Step],
    modules: &Modules<E::Module>,
    shared: Option<(&'a str, E::Instance)>,
) -> Option<Made<'a, E::Instance>> {
    let mut made = Made {
        instances: shared.into_iter().collect(),
        observable: Vec::new(),
    };
    let mut defined = HashMap::new();
    for (step, compiled) in steps.iter().zip(modules) {
        match step {
            Step::Define { module, .. } => {
                defined.insert(module.as_str(), compiled.as_ref()?);
            }
            Step::Instantiate { instance, module } => {
                let (module, memories) = defined.get(module.as_str())?;
                let name = instance.as_str();
                let instance: Result<E::Instance, Outcome> = embedding.instantiate(module);
                made.observable.retain(|(other, _)| *other != name);
                made.observable.push((name, memories.clone()));
                made.instances.insert(name, instance.ok()?);
            }
            Step::Register { instance, name } => {
                embedding.register(name, made.instances.get(instance.as_str())?);
            }
            _ => return None,
        }
    }
    Some(made)
}
