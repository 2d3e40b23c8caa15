//! Walks a script over an engine: the part all adapters share.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use trapline_reference::Value;

use super::{Features, features};
use crate::observation::{
    ChunkDigest, MemoryState, Observation, Outcome, StepObservation, Timing, Watch,
};
use crate::script::{HOST, HostFunc, Script, Step};

/// What a run may use: imposed on the reference and on every engine alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// The largest size of one memory, in bytes. Growing beyond it fails, and
    /// instantiating a memory beyond it is [`Outcome::Limit`].
    pub memory_bytes: u64,
}

/// A chunk to hand over byte by byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// After this step (index into the script).
    pub step: usize,
    /// The instance that exports the memory.
    pub instance: String,
    /// The export.
    pub export: String,
    /// Which chunk, see [`ChunkDigest::index`].
    pub chunk: u64,
}

/// A script, with what all engines need to know of it worked out once.
pub struct Job<'a> {
    /// The script.
    pub script: &'a Script,
    /// The limits of the run.
    pub budget: Budget,
    /// Which chunks of large memories to look at.
    pub watch: &'a Watch,
    /// Chunks to hand over in [`Observation::captured`].
    pub captures: &'a [Capture],
    /// Whether the script goes on after a call that exhausted the stack, as
    /// scripts that assert it do.
    pub past_exhaustion: bool,
    modules: Vec<Option<ModuleFacts>>,
}

impl Job<'_> {
    /// The same job, with other chunks of large memories looked at.
    pub fn watching<'b>(&'b self, watch: &'b Watch) -> Job<'b> {
        Job {
            watch,
            modules: self.modules.clone(),
            ..*self
        }
    }
}

/// What is known of a module before anybody compiles it.
#[derive(Clone)]
struct ModuleFacts {
    needs: Features,
    memories: Arc<[String]>,
}

impl<'a> Job<'a> {
    /// Scans the modules of `script`.
    pub fn new(
        script: &'a Script,
        budget: Budget,
        watch: &'a Watch,
        captures: &'a [Capture],
    ) -> Self {
        let modules = script
            .steps
            .iter()
            .map(|step| match step {
                Step::Define { wasm, .. } => Some(ModuleFacts {
                    needs: features::needed_by(wasm),
                    memories: features::own_memory_exports(wasm).into(),
                }),
                _ => None,
            })
            .collect();
        Job {
            script,
            budget,
            watch,
            captures,
            past_exhaustion: false,
            modules,
        }
    }
}

impl Job<'_> {
    /// The same job, but modules are sent to engines that do not declare what
    /// they need: to find out what happens.
    pub fn regardless_of_features(mut self) -> Self {
        for facts in self.modules.iter_mut().flatten() {
            facts.needs = Features::NONE;
        }
        self
    }
}

/// The operations of one engine with one store. Everything an adapter has to write.
pub trait Embedding {
    /// A compiled module.
    type Module;
    /// An instance in the store.
    type Instance;

    /// Decodes, validates and compiles. `Err` is [`Outcome::Rejected`] at
    /// [`Stage::Compile`](crate::observation::Stage::Compile), or a limit.
    fn compile(&mut self, wasm: &[u8]) -> Result<Self::Module, Outcome>;

    /// Instantiates with what is registered, and with [`HOST`]'s functions.
    fn instantiate(&mut self, module: &Self::Module) -> Result<Self::Instance, Outcome>;

    /// Makes the exports of `instance` importable under `name`.
    fn register(&mut self, name: &str, instance: &Self::Instance);

    /// Calls an exported function; [`Outcome::Absent`] if there is none.
    fn invoke(&mut self, instance: &Self::Instance, func: &str, args: &[Value]) -> Outcome;

    /// Calls a function of the built-in instance directly.
    fn invoke_host(&mut self, func: &HostFunc, args: &[Value]) -> Outcome;

    /// Reads an exported global; [`Outcome::Absent`] if there is none.
    fn get(&mut self, instance: &Self::Instance, global: &str) -> Outcome;

    /// Size in bytes and digests of an exported memory, through the engine's
    /// own API; `None` if there is no such export.
    fn memory(
        &mut self,
        instance: &Self::Instance,
        export: &str,
        watch: &Watch,
    ) -> Option<(u128, Vec<ChunkDigest>)>;

    /// The bytes `[start, start + len)` of an exported memory, fewer at its end.
    fn read(&mut self, instance: &Self::Instance, export: &str, start: u64, len: usize) -> Vec<u8>;

    /// Starts a thread, see [`Step::Thread`].
    fn start_thread(
        &mut self,
        name: &str,
        shared: Option<(&str, &Self::Instance)>,
        steps: &[Step],
    ) -> Outcome {
        let _ = (name, shared, steps);
        Outcome::Unsupported("threads of a script".to_owned())
    }

    /// Waits for a thread to end: [`Outcome::Joined`], or [`Outcome::Absent`]
    /// if none of that name was started.
    fn join_thread(&mut self, name: &str) -> Outcome {
        let _ = name;
        Outcome::Absent
    }

    /// Told after each step, once its outcome is known.
    fn after_step(&mut self) {}
}

/// Runs `job` in a store of its own that `make` makes, and drops it: the whole
/// of [`Engine::observe`](super::Engine::observe) for an engine with stores.
pub fn run_in<E: Embedding>(
    make: impl FnOnce() -> E,
    features: Features,
    job: &Job<'_>,
) -> Observation {
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
        }
    }

    /// Gives the script an instance that it has not made.
    #[cfg(any(feature = "wasmer", feature = "wasmtime"))]
    pub(super) fn share(&mut self, name: &'a str, instance: E::Instance) {
        self.instances.insert(name, instance);
    }

    pub(super) fn run(mut self) -> Observation {
        let last = self.job.script.steps.len().saturating_sub(1);
        let after_trap = Watch {
            full: self.job.watch.full_after_trap,
            ..self.job.watch.clone()
        };
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
                _ if index == last => Some(self.job.watch),
                Outcome::Trap(_) if after_trap.after_trap(index) => Some(&after_trap),
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

    fn step(&mut self, index: usize, step: &'a Step) -> Outcome {
        let began = Instant::now();
        match step {
            Step::Define { module, wasm } => {
                let facts = self.job.modules[index]
                    .as_ref()
                    .expect("a definition was scanned");
                if let Some(missing) = facts.needs.first_beyond(self.features) {
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
                    Err(outcome) => outcome,
                }
            }
            Step::Instantiate { instance, module } => {
                let Some((module, memories)) = self.modules.get(module.as_str()) else {
                    return Outcome::Absent;
                };
                let made = self.embedding.instantiate(module);
                self.observation.timing.instantiate += elapsed(began);
                match made {
                    Ok(made) => {
                        // A name used again names the new instance only.
                        self.observable
                            .retain(|(name, _)| *name != instance.as_str());
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
        let mut states = Vec::new();
        for (name, exports) in &self.observable {
            let Some(instance) = self.instances.get(name) else {
                continue;
            };
            for export in exports.iter() {
                if let Some((bytes, chunks)) = self.embedding.memory(instance, export, watch) {
                    states.push(MemoryState {
                        instance: (*name).to_owned(),
                        export: export.clone(),
                        bytes,
                        chunks,
                    });
                }
            }
        }
        self.observation.timing.read_back += elapsed(began);
        states
    }

    fn capture(&mut self, index: usize) {
        for capture in self.job.captures.iter().filter(|c| c.step == index) {
            let Some(instance) = self.instances.get(capture.instance.as_str()) else {
                continue;
            };
            let start = capture.chunk * crate::observation::CHUNK as u64;
            let bytes =
                self.embedding
                    .read(instance, &capture.export, start, crate::observation::CHUNK);
            self.observation.captured.push((capture.clone(), bytes));
        }
    }
}

fn elapsed(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

fn panic_message(payload: &(dyn std::any::Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}

/// Digests of a memory that an engine hands out as one slice.
pub fn digests_of(bytes: &[u8], watch: &Watch) -> Vec<ChunkDigest> {
    use crate::observation::{CHUNK, digest};
    let count = bytes.len().div_ceil(CHUNK) as u64;
    let one = |index: u64| {
        let start = index as usize * CHUNK;
        let end = bytes.len().min(start + CHUNK);
        ChunkDigest {
            index,
            digest: digest(&bytes[start..end]),
        }
    };
    if count <= watch.full {
        (0..count).map(one).collect()
    } else {
        watch
            .chunks
            .iter()
            .copied()
            .filter(|&index| index < count)
            .map(one)
            .collect()
    }
}

/// Adds up two timings.
impl std::ops::AddAssign for Timing {
    fn add_assign(&mut self, other: Timing) {
        let Timing {
            compile,
            instantiate,
            call,
            read_back,
            teardown,
        } = other;
        self.compile += compile;
        self.instantiate += instantiate;
        self.call += call;
        self.read_back += read_back;
        self.teardown += teardown;
    }
}
