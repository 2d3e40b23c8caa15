//! What the specification allows of a script with threads: all joint outcomes.

mod body;

use std::collections::BTreeMap;
use std::sync::Arc;

use trapline_reference::concurrent::{self, Dropped, Limits, Statistics};
use trapline_reference::{Config, Extern, Store};

use super::Options;
use super::modules::decoded;
use crate::engine::{Job, ModuleFacts};
use crate::observation::{
    CHUNK, ChunkDigest, MemoryState, Observation, Outcome, StepObservation, digest,
};
use crate::script::{Script, Step};
use body::Thread;

/// All that is allowed of a script with threads.
#[derive(Clone, Debug, Default)]
pub struct Allowed {
    /// The joint outcomes, each another: an engine's has to be one of these. Memories are
    /// looked at after the last step only.
    pub observations: Vec<Observation>,
    /// What was visited to find them.
    pub statistics: Statistics,
}

/// Why the set of what is allowed is not said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotSaid {
    /// The threads that may never end, by name; the script itself is nameless.
    NeverEnds(Vec<String>),
    /// Anything else.
    Dropped(Dropped),
}

/// Both sides count chunks alike.
const _: () = assert!(CHUNK == trapline_reference::CHUNK);

/// How many executions are visited of one script.
const EXECUTIONS: u64 = 20_000;

/// Whether a script starts threads.
pub fn has_threads(script: &Script) -> bool {
    let mut steps = script.steps.iter();
    steps.any(|step| matches!(step, Step::Thread { .. }))
}

/// All joint outcomes of the threads of `job`.
///
/// # Errors
///
/// Why they are not said.
pub fn allowed(job: &Job<'_>, options: &Options) -> Result<Allowed, NotSaid> {
    let store = Store::new(Config {
        memory_bytes: job.budget.memory_bytes.into(),
        table_elements: 100_000,
        fuel: options.fuel.unwrap_or(job.budget.fuel),
        call_depth: options.call_depth,
        rules: options.rules.clone(),
        ..Config::default()
    });
    let limits = Limits {
        executions: EXECUTIONS,
        may_grow: may_grow(&job.script.steps),
    };
    let first = Thread::first(Arc::from(job.script.steps.as_slice()));
    let mut found: BTreeMap<Vec<u8>, Observation> = BTreeMap::new();
    let visit = |store: &Store, first: &Thread, _: &[concurrent::Choice]| {
        let observation = observation(job, store, first);
        let key = postcard::to_allocvec(&observation.steps).unwrap_or_default();
        found.entry(key).or_insert(observation);
    };
    match concurrent::explore(&store, &first, limits, visit) {
        Ok(statistics) => Ok(Allowed {
            observations: found.into_values().collect(),
            statistics,
        }),
        Err(Dropped::NeverEnds { threads }) => {
            let names = threads.iter().map(|&number| name_of(job.script, number));
            Err(NotSaid::NeverEnds(names.collect()))
        }
        Err(why) => Err(NotSaid::Dropped(why)),
    }
}

/// The name of the thread that is started as the so many-th; that of the script is empty.
fn name_of(script: &Script, number: usize) -> String {
    let names = script.steps.iter().filter_map(|step| match step {
        Step::Thread { name, .. } => Some(name.clone()),
        _ => None,
    });
    let mut all = std::iter::once(String::new()).chain(names);
    all.nth(number).unwrap_or_default()
}

/// Whether a script, or a thread of it, has a module that can grow a memory.
pub fn may_grow(steps: &[Step]) -> bool {
    steps.iter().any(|step| match step {
        Step::Define { wasm, .. } => decoded(wasm).is_ok_and(|module| module.may_grow()),
        Step::Thread { steps, .. } => may_grow(steps),
        _ => false,
    })
}

/// What the script has observed when all has ended.
fn observation(job: &Job<'_>, store: &Store, first: &Thread) -> Observation {
    let outcomes = first.outcomes().iter().cloned();
    let mut steps: Vec<StepObservation> = outcomes
        .map(|outcome| StepObservation {
            outcome,
            memories: Vec::new(),
        })
        .collect();
    // While a thread runs nobody looks.
    if let (false, Some(last)) = (first.has_left_threads(), steps.last_mut()) {
        last.memories = memories(job, store, first);
    }
    Observation {
        steps,
        ..Observation::default()
    }
}

/// The memories that the instances of the script define.
fn memories(job: &Job<'_>, store: &Store, first: &Thread) -> Vec<MemoryState> {
    let mut states = Vec::new();
    let facts = |module: &str| {
        let steps = job.script.steps.iter().zip(job.modules()).rev();
        let mut defined = steps.filter_map(|(step, facts)| match step {
            Step::Define { module: name, .. } if name == module => facts.as_ref(),
            _ => None,
        });
        defined.next()
    };
    for step in &job.script.steps {
        let Step::Instantiate { instance, module } = step else {
            continue;
        };
        let exports = facts(module).map(|facts: &ModuleFacts| facts.memories.clone());
        let (Some(id), Some(exports)) = (first.instance(instance), exports) else {
            continue;
        };
        for export in exports.iter() {
            let Some(Extern::Memory(memory)) = store.export(id, export) else {
                continue;
            };
            let memory = store.memory(memory);
            let count = memory.chunk_count();
            let one = |index: u64| ChunkDigest {
                index,
                digest: memory.chunk(index).map_or(0, digest),
            };
            let chunks = if count <= job.watch.full.into() {
                (0..count as u64).map(one).collect()
            } else {
                let stored = memory.chunks().map(|(index, _)| one(index));
                stored.filter(|chunk| chunk.digest != 0).collect()
            };
            states.push(MemoryState {
                instance: instance.clone(),
                export: export.clone(),
                bytes: memory.bytes(),
                chunks,
            });
        }
    }
    states
}

impl Allowed {
    /// What is allowed of each step, every outcome once.
    pub fn outcomes(&self) -> Vec<Vec<Outcome>> {
        let mut all: Vec<Vec<Outcome>> = Vec::new();
        for observation in &self.observations {
            all.resize_with(all.len().max(observation.steps.len()), Vec::new);
            for (allowed, step) in all.iter_mut().zip(&observation.steps) {
                if !allowed.contains(&step.outcome) {
                    allowed.push(step.outcome.clone());
                }
            }
        }
        all
    }
}

impl NotSaid {
    /// Why, in words.
    pub fn words(&self) -> String {
        match self {
            NotSaid::NeverEnds(threads) => {
                let names = threads.iter().filter(|name| !name.is_empty());
                let names: Vec<String> = names.map(|name| format!("${name}")).collect();
                format!("threads may wait for ever: {}", names.join(", "))
            }
            NotSaid::Dropped(why) => format!("threads: {why}"),
        }
    }
}
