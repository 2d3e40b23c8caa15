//! Walks a script over an engine: the part all adapters share.

use std::cell::LazyCell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use super::{Embedding, Features, Job};
use crate::observation::{CHUNK, MemoryState, Observation, Outcome, StepObservation, Watch};
use crate::script::{HOST, HostFunc, Step};

/// Runs `job` in a store of its own that `make` makes, and drops it: the whole
/// of [`Engine::observe`](super::Engine::observe) for an engine with stores.
pub fn run_in<E: Embedding>(
    make: impl Fn() -> E,
    features: Features,
    job: &Job<'_>,
) -> Observation {
    #[cfg(any(feature = "wasmer", feature = "wasmtime", not(worker)))]
    if job.runs > 1
        && let Some(observation) = super::repeat::run(&make, features, job)
    {
        return observation;
    }
    let began = Instant::now();
    let mut embedding = match catch_unwind(AssertUnwindSafe(make)) {
        Ok(embedding) => embedding,
        Err(payload) => return panicked(&*payload),
    };
    let made = elapsed(began);
    let mut observation = run(&mut embedding, features, job);
    let began = Instant::now();
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(embedding)));
    observation.timing.teardown += made + elapsed(began);
    // After a panic, another one while cleaning up says nothing new.
    if let (Err(payload), Some(last)) = (dropped, observation.steps.last_mut())
        && !matches!(last.outcome, Outcome::Panic(_))
    {
        last.outcome = Outcome::Panic(panic_message(&*payload));
    }
    observation
}

/// The observation of a run that panicked before its first step.
fn panicked(payload: &(dyn std::any::Any + Send)) -> Observation {
    Observation {
        steps: vec![StepObservation {
            outcome: Outcome::Panic(panic_message(payload)),
            memories: Vec::new(),
        }],
        ..Observation::default()
    }
}

/// Runs `job` on `embedding`, which declares `features`.
pub fn run<E: Embedding>(embedding: &mut E, features: Features, job: &Job<'_>) -> Observation {
    Run::new(embedding, features, job).run()
}

/// A walk over a script.
pub(super) struct Run<'a, 'j, E: Embedding> {
    embedding: &'a mut E,
    features: Features,
    job: &'a Job<'j>,
    modules: HashMap<&'a str, (E::Module, Arc<[String]>)>,
    instances: HashMap<&'a str, E::Instance>,
    /// The memories that can be looked at, in order of instantiation.
    observable: Vec<(&'a str, Arc<[String]>)>,
    /// How many threads were started and not waited for: as long as there are
    /// any, nobody else may look at a memory.
    threads: usize,
    observation: Observation,
    /// Of a thread that has not called anything.
    #[cfg(any(feature = "wasmer", feature = "wasmtime", not(worker)))]
    arrival: Option<super::threads::Arrival>,
}

impl<'a, 'j, E: Embedding> Run<'a, 'j, E> {
    pub(super) fn new(embedding: &'a mut E, features: Features, job: &'a Job<'j>) -> Self {
        Run {
            embedding,
            features,
            job,
            modules: HashMap::new(),
            instances: HashMap::new(),
            observable: Vec::new(),
            threads: 0,
            observation: Observation::default(),
            #[cfg(any(feature = "wasmer", feature = "wasmtime", not(worker)))]
            arrival: None,
        }
    }

    /// Makes it pass the gate before its first call.
    #[cfg(any(feature = "wasmer", feature = "wasmtime", not(worker)))]
    pub(super) fn before_first_call(&mut self, arrival: super::threads::Arrival) {
        self.arrival = Some(arrival);
    }

    /// Gives the script an instance that it has not made.
    #[cfg(any(feature = "wasmer", feature = "wasmtime", not(worker)))]
    pub(super) fn share(&mut self, name: &'a str, instance: E::Instance) {
        self.instances.insert(name, instance);
    }

    pub(super) fn run(mut self) -> Observation {
        let last = self.job.script.steps.len().saturating_sub(1);
        let watch = self.job.watch;
        let after_trap = LazyCell::new(|| Watch {
            full: watch.full_after_trap,
            ..watch.clone()
        });
        for (index, step) in self.job.script.steps.iter().enumerate() {
            let outcome = catch_unwind(AssertUnwindSafe(|| self.step(index, step)))
                .unwrap_or_else(|payload| Outcome::Panic(panic_message(&*payload)));
            let stop = match outcome {
                Outcome::Exhausted => !self.job.past_exhaustion,
                Outcome::Interrupted | Outcome::Panic(_) => true,
                _ => false,
            };
            match (step, &outcome) {
                (Step::Thread { .. }, Outcome::Values(_)) => self.threads += 1,
                (Step::Wait { .. }, Outcome::Joined(_)) => self.threads -= 1,
                _ => {}
            }
            let watch = match outcome {
                _ if stop || self.threads > 0 => None,
                _ if index == last => Some(watch),
                Outcome::Trap(_) if watch.after_trap(index) => Some(&*after_trap),
                _ => None,
            };
            let memories = watch
                .and_then(|watch| catch_unwind(AssertUnwindSafe(|| self.look(watch))).ok())
                .unwrap_or_default();
            self.embedding.after_step();
            if self.threads == 0 {
                self.capture(index);
            }
            self.observation
                .steps
                .push(StepObservation { outcome, memories });
            if stop {
                break;
            }
        }
        let Run {
            modules,
            instances,
            mut observation,
            ..
        } = self;
        let began = Instant::now();
        let _ = catch_unwind(AssertUnwindSafe(|| drop((modules, instances))));
        observation.timing.teardown += elapsed(began);
        observation
    }

    // Long, as it has an arm for each kind of step.
    fn step(&mut self, index: usize, step: &'a Step) -> Outcome {
        if !matches!(step, Step::Thread { .. }) {
            self.embedding.release_threads();
        }
        #[cfg(any(feature = "wasmer", feature = "wasmtime", not(worker)))]
        if let Step::Invoke { .. } = step
            && let Some(arrival) = self.arrival.take()
        {
            arrival.pass();
        }
        let began = Instant::now();
        match step {
            Step::Define { module, wasm } => {
                let facts = self.job.module(index);
                if let Some(missing) = facts.needs.first_beyond(self.features) {
                    // What is asked of this name now must not go to another module.
                    self.modules.remove(module.as_str());
                    return Outcome::Unsupported(missing.name().to_owned());
                }
                let compiled = self.embedding.compile(wasm);
                self.observation.timing.compile += elapsed(began);
                match compiled {
                    Ok(compiled) => {
                        self.modules
                            .insert(module, (compiled, facts.memories.clone()));
                        Outcome::Values(Vec::new())
                    }
                    Err(outcome) => {
                        self.modules.remove(module.as_str());
                        outcome
                    }
                }
            }
            Step::Instantiate { instance, module } => {
                // Whether one is made or not, the name is not another's any more.
                self.instances.remove(instance.as_str());
                self.observable.retain(|(name, _)| name != instance);
                let Some((module, memories)) = self.modules.get(module.as_str()) else {
                    return Outcome::Absent;
                };
                let made = self.embedding.instantiate(module);
                self.observation.timing.instantiate += elapsed(began);
                match made {
                    Ok(made) => {
                        self.observable.push((instance, memories.clone()));
                        self.instances.insert(instance, made);
                        Outcome::Values(Vec::new())
                    }
                    Err(outcome) => outcome,
                }
            }
            Step::Register { instance, name } => match self.instances.get(instance.as_str()) {
                Some(instance) => {
                    self.embedding.register(name, instance);
                    Outcome::Values(Vec::new())
                }
                None => Outcome::Absent,
            },
            Step::Invoke {
                instance,
                func,
                args,
            } => {
                let outcome = if instance == HOST {
                    match HostFunc::parse(func) {
                        Some(func) => self.embedding.invoke_host(&func, args),
                        None => Outcome::Absent,
                    }
                } else {
                    match self.instances.get(instance.as_str()) {
                        Some(instance) => self.embedding.invoke(instance, func, args),
                        None => Outcome::Absent,
                    }
                };
                self.observation.timing.call += elapsed(began);
                outcome
            }
            Step::Get { instance, global } => match self.instances.get(instance.as_str()) {
                Some(instance) => self.embedding.get(instance, global),
                None => Outcome::Absent,
            },
            Step::Thread {
                name,
                shared,
                steps,
            } => {
                let shared = match shared {
                    None => None,
                    Some(name) => match self.instances.get(name.as_str()) {
                        None => return Outcome::Absent,
                        Some(instance) => Some((name.as_str(), instance)),
                    },
                };
                self.embedding.start_thread(name, shared, steps)
            }
            Step::Wait { thread } => self.embedding.join_thread(thread),
        }
    }

    /// The state of every observable memory.
    fn look(&mut self, watch: &Watch) -> Vec<MemoryState> {
        let began = Instant::now();
        let states = look(self.embedding, &self.observable, &self.instances, watch);
        self.observation.timing.read_back += elapsed(began);
        states
    }

    fn capture(&mut self, index: usize) {
        for capture in self.job.captures.iter().filter(|c| c.step == index) {
            let Some(instance) = self.instances.get(capture.instance.as_str()) else {
                continue;
            };
            let start = capture.chunk * CHUNK as u64;
            let bytes = self.embedding.read(instance, &capture.export, start, CHUNK);
            self.observation.captured.push((capture.clone(), bytes));
        }
    }
}

/// The state of the memories that some instances show.
pub(super) fn look<E: Embedding>(
    embedding: &mut E,
    observable: &[(&str, Arc<[String]>)],
    instances: &HashMap<&str, E::Instance>,
    watch: &Watch,
) -> Vec<MemoryState> {
    let mut states = Vec::new();
    for (name, exports) in observable {
        let Some(instance) = instances.get(name) else {
            continue;
        };
        for export in exports.iter() {
            if let Some((bytes, chunks)) = embedding.memory(instance, export, watch) {
                states.push(MemoryState {
                    instance: (*name).to_owned(),
                    export: export.clone(),
                    bytes,
                    chunks,
                });
            }
        }
    }
    states
}

pub(super) fn elapsed(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

pub(super) fn panic_message(payload: &(dyn std::any::Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}
