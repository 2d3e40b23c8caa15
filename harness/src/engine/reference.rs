//! The reference as an engine: what the specification allows, and a trace.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use trapline_reference::{
    Access, Config, Error, Extern, Grows, InstanceId, Memory, MemoryId, Module, Rules,
    Specification, Store, Trap, Value,
};

mod allowed;
mod host;
mod modules;
mod threads;

use super::{Embedding, driver};
use super::{Engine, Feature, Features, Job};
use crate::observation::{
    CHUNK, ChunkDigest, Observation, Outcome, Stage, StepObservation, TrapKind, Watch, digest,
};
use crate::script::{HOST, HostFunc, Step};
pub use allowed::{Allowed, NotSaid, allowed, has_threads};
use host::{call_host, host_func};
use modules::decoded;
use threads::Threads;

/// What the reference can run.
pub const FEATURES: Features = Features::of(&[
    Feature::Memory64,
    Feature::MultiMemory,
    Feature::Threads,
    Feature::CustomPageSizes,
    Feature::Simd,
    Feature::TailCall,
    Feature::ExternRef,
    Feature::ExtendedConst,
]);

/// [`Options::whole`], unless it is said otherwise.
const WATCH_FULL: u64 = 32;

/// The same after a step that trapped: reading 64 KiB takes as long as a call.
pub const WATCH_FULL_AFTER_TRAP: u64 = 2;

/// How the reference is to run.
#[derive(Clone)]
pub struct Options {
    /// The rules of linear memory: [`Specification`], or a planted fault.
    pub rules: Arc<dyn Rules>,
    /// Whether to record every access.
    pub trace: bool,
    /// How grows end that could end either way.
    pub grows: Grows,
    /// Whether to find out what depends on the bits of NaNs that the
    /// specification leaves open.
    pub taint: bool,
    /// Memories of up to this many chunks are looked at whole, after the last step.
    pub whole: u64,
    /// How many instructions a call may execute, if not as many as the budget
    /// of the run says.
    pub fuel: Option<u64>,
    /// How many calls may be nested.
    pub call_depth: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            rules: Arc::new(Specification),
            trace: true,
            grows: Grows::Budgeted,
            taint: false,
            whole: WATCH_FULL,
            fuel: None,
            call_depth: 1_000,
        }
    }
}

/// What the reference answered.
#[derive(Clone, Debug, Default)]
pub struct ReferenceRun {
    /// Its outcomes and memories. In memories of more than [`Watch::full`]
    /// chunks it lists all chunks that are not zero, whatever is watched: the
    /// digest of one that is not listed is 0.
    pub observation: Observation,
    /// Per step, the accesses to memories in order; empty unless
    /// [`Options::trace`]. Modules have the number of the step that defines
    /// them.
    pub trace: Vec<Vec<Access>>,
    /// For each instance, by its number, the step that made it; those included
    /// whose instantiation trapped, not those of threads.
    pub instances: Vec<usize>,
    /// Whether a NaN was made whose bits the specification leaves open.
    pub has_open_nans: bool,
    /// Per step, what depends on such bits; empty unless [`Options::taint`].
    pub taints: Vec<Taints>,
    /// The first step that no engine is to be asked for, if there is one.
    pub unsent: Option<Unsent>,
    /// All joint outcomes that are allowed: of a script with threads, where that was
    /// asked for.
    pub allowed: Option<Allowed>,
    /// The chunks worth looking at in large memories.
    interesting: BTreeSet<u64>,
}

impl ReferenceRun {
    /// The steps that trapped at a write that begins within the memory.
    fn half_done(&self) -> Vec<usize> {
        let traces = self.trace.iter().enumerate();
        traces
            .filter(|(_, trace)| {
                let last = trace.last();
                last.is_some_and(|a| a.trapped && a.writes && a.address < a.size)
            })
            .map(|(index, _)| index)
            .collect()
    }

    /// Drops what was seen of memories after steps that others do not look at.
    pub fn forget_unwatched(&mut self, watch: &Watch) {
        let steps = &mut self.observation.steps;
        let last = steps.len().saturating_sub(1);
        for (index, step) in steps.iter_mut().enumerate().take(last) {
            if !watch.after_trap(index) {
                step.memories.clear();
            }
        }
    }

    /// What the specification allows of each step: more than one outcome where threads
    /// have several.
    pub fn allowed_outcomes(&self) -> Vec<Vec<Outcome>> {
        match &self.allowed {
            Some(allowed) => allowed.outcomes(),
            None => self.outcomes().into_iter().map(|o| vec![o]).collect(),
        }
    }

    /// What the specification says to each step; of threads, one of the outcomes that
    /// are allowed.
    pub fn outcomes(&self) -> Vec<Outcome> {
        let steps = self.observation.steps.iter();
        steps.map(|step| step.outcome.clone()).collect()
    }
}

/// What of a step depends on the bits of NaNs that the specification leaves
/// open, see [`trapline_reference::Store::take_open`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taints {
    /// Whether what it did does: then nothing is said of it, nor of what it could
    /// reach.
    pub open: bool,
    /// Which bits of its values do, one mask for each.
    pub values: Vec<u128>,
    /// Which bytes do of the memories looked at after it.
    pub memories: Vec<TaintedMemory>,
}

/// What depends on such bits in a memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaintedMemory {
    /// The instance that defines it.
    pub instance: String,
    /// The export under which it was read.
    pub export: String,
    /// For each chunk that has some, where they stand in it, and which bits.
    pub chunks: BTreeMap<u64, Vec<(usize, u8)>>,
}

/// A step that no engine is asked for: nobody knows whether it would come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsent {
    /// The step.
    pub step: usize,
    /// Why, in words.
    pub why: String,
}

/// How long all waits of a script together may last on an engine, in
/// nanoseconds. The reference knows how long they do without a wait of its own.
const LONGEST_WAITS: u64 = 100_000_000;

/// Runs a job on the reference.
pub fn observe(job: &Job<'_>, options: &Options) -> ReferenceRun {
    let mut reference = Reference::new(job, options);
    reference.lists_all = true;
    let observation = driver::run(&mut reference, FEATURES, job);
    let interesting = reference.interesting();
    let has_open_nans = reference.store.has_open_nans();
    let unsent = reference.unsent(&observation, options.fuel.unwrap_or(job.budget.fuel));
    let mut taints = reference.taints;
    for (taints, step) in taints.iter_mut().zip(&observation.steps) {
        for (tainted, memory) in taints.memories.iter_mut().zip(&step.memories) {
            tainted.instance.clone_from(&memory.instance);
            tainted.export.clone_from(&memory.export);
        }
    }
    let instances = reference.instances;
    let mut trace = reference.trace;
    trace.resize(observation.steps.len(), Vec::new());
    ReferenceRun {
        observation,
        trace,
        instances,
        has_open_nans,
        taints,
        unsent,
        allowed: None,
        interesting,
    }
}

/// What is worth looking at in every engine's memories, given what the
/// reference did: small memories whole; in large ones the chunks that were
/// written, their neighbours, the first and the last, and where each of these
/// would land if its address were cut to 32 bits. After a trap only where a
/// write was refused that begins within the memory, and could have been left
/// half done; whatever else a trap has changed is found at the next look.
pub fn watch_for(run: &ReferenceRun, options: &Options) -> Watch {
    let mut chunks = BTreeSet::new();
    for &index in &run.interesting {
        for near in [index.saturating_sub(1), index, index.saturating_add(1)] {
            chunks.insert(near);
            chunks.insert(near % (1 << 16));
        }
    }
    Watch {
        full: options.whole,
        full_after_trap: WATCH_FULL_AFTER_TRAP,
        chunks: chunks.into_iter().collect(),
        traps: Some(run.half_done()),
    }
}

/// The reference under rules that `rules` makes anew for every script, as an
/// engine to be judged.
pub fn engine(rules: impl Fn() -> Arc<dyn Rules> + 'static) -> Box<dyn Engine> {
    engine_with(FEATURES, rules)
}

/// The same, with fewer features.
pub(crate) fn engine_with(
    features: Features,
    rules: impl Fn() -> Arc<dyn Rules> + 'static,
) -> Box<dyn Engine> {
    Box::new(Planted { features, rules })
}

struct Planted<F> {
    features: Features,
    rules: F,
}

impl<F: Fn() -> Arc<dyn Rules>> Engine for Planted<F> {
    fn observe(&mut self, job: &Job<'_>) -> Observation {
        let options = Options {
            rules: (self.rules)(),
            trace: false,
            ..Options::default()
        };
        driver::run_in(|| Reference::new(job, &options), self.features, job)
    }
}

/// The reference with one store.
struct Reference {
    store: Store,
    trace: Vec<Vec<Access>>,
    instances: Vec<usize>,
    /// Those of the steps before, and of the one in work.
    taints: Vec<Taints>,
    tainted: Taints,
    threads: Threads,
    /// The first step at the end of which calls had waited for too long.
    blocked: Option<usize>,
    /// Whether to list every chunk that is not zero, not those watched.
    lists_all: bool,
    /// Digests that hold for as long as the stamp of the chunk and its length
    /// are the same.
    digests: HashMap<(MemoryId, u64), (u64, usize, u64)>,
}

impl Reference {
    fn new(job: &Job<'_>, options: &Options) -> Reference {
        let Options {
            rules,
            trace,
            whole: _,
            grows,
            taint,
            fuel,
            call_depth,
        } = options.clone();
        Reference {
            store: Store::new(Config {
                memory_bytes: job.budget.memory_bytes.into(),
                table_elements: 100_000,
                fuel: fuel.unwrap_or(job.budget.fuel),
                call_depth,
                trace,
                grows,
                taint,
                rules,
            }),
            trace: Vec::new(),
            instances: Vec::new(),
            taints: Vec::new(),
            tainted: Taints::default(),
            threads: Threads::default(),
            blocked: None,
            lists_all: false,
            digests: HashMap::new(),
        }
    }

    /// The first step that is not to be sent, given what the reference observed
    /// with so much fuel.
    fn unsent(&self, observation: &Observation, fuel: u64) -> Option<Unsent> {
        let blocked = self.blocked.map(|step| Unsent {
            step,
            why: "would block".to_owned(),
        });
        let ran_out = |step: &StepObservation| step.outcome.is_interrupted();
        let spent = observation.steps.iter().position(ran_out);
        let spent = spent.map(|step| Unsent {
            step,
            why: format!("out of fuel: more than {fuel} instructions, see --fuel"),
        });
        blocked
            .into_iter()
            .chain(spent)
            .min_by_key(|unsent| unsent.step)
    }

    fn interesting(&self) -> BTreeSet<u64> {
        let mut chunks = BTreeSet::from([0]);
        for (_, memory) in self.store.memories() {
            chunks.extend(memory.chunks().map(|(index, _)| index));
            if let Some(last) = memory.chunk_count().checked_sub(1) {
                chunks.insert(u64::try_from(last).unwrap_or(u64::MAX));
            }
        }
        chunks
    }

    fn memory_export(&self, instance: InstanceId, export: &str) -> Option<MemoryId> {
        match self.store.export(instance, export)? {
            Extern::Memory(id) => Some(id),
            _ => None,
        }
    }
}

impl Embedding for Reference {
    type Module = Module;
    type Instance = InstanceId;

    fn compile(&mut self, wasm: &[u8]) -> Result<Module, Outcome> {
        // The trace has one entry for every step done.
        let step = u32::try_from(self.trace.len()).unwrap_or(NO_STEP);
        decoded(wasm).map(|module| module.numbered(step))
    }

    fn instantiate(&mut self, module: &Module) -> Result<InstanceId, Outcome> {
        let before = self.store.instance_count();
        let made = self
            .store
            .instantiate(module, |store, module, name| {
                if module == HOST {
                    host_func(store, name)
                } else {
                    let instance = store.registered(module)?;
                    store.export(instance, name)
                }
            })
            .map_err(outcome_of);
        if self.store.instance_count() > before {
            // Those in between are of threads.
            self.instances.resize(before, usize::MAX);
            self.instances.push(self.trace.len());
        }
        made
    }

    fn register(&mut self, name: &str, instance: &InstanceId) {
        self.store.register(name, *instance);
    }

    fn invoke(&mut self, instance: &InstanceId, func: &str, args: &[Value]) -> Outcome {
        match self.store.export(*instance, func) {
            Some(Extern::Func(func)) => {
                let result = self.store.invoke(func, args);
                self.tainted.values = self.store.take_result_taint();
                result.map_or_else(outcome_of, Outcome::Values)
            }
            _ => Outcome::Absent,
        }
    }

    fn invoke_host(&mut self, func: &HostFunc, args: &[Value]) -> Outcome {
        call_host(&mut self.store, func, args).map_or_else(outcome_of, Outcome::Values)
    }

    fn get(&mut self, instance: &InstanceId, global: &str) -> Outcome {
        match self.store.export(*instance, global) {
            Some(Extern::Global(global)) => {
                self.tainted.values = vec![self.store.global_taint(global)];
                Outcome::Values(vec![self.store.global(global)])
            }
            _ => Outcome::Absent,
        }
    }

    fn memory(
        &mut self,
        instance: &InstanceId,
        export: &str,
        watch: &Watch,
    ) -> Option<(u128, Vec<ChunkDigest>)> {
        let id = self.memory_export(*instance, export)?;
        let mut tainted = TaintedMemory::default();
        for (at, mask) in self.store.memory_taint(id) {
            let chunk = tainted.chunks.entry(at / CHUNK as u64).or_default();
            chunk.push(((at % CHUNK as u64) as usize, mask));
        }
        // Whose it is, the driver knows.
        self.tainted.memories.push(tainted);
        let memory = self.store.memory(id);
        let count = memory.chunk_count();
        let mut one = |index| ChunkDigest {
            index,
            digest: chunk_digest(&mut self.digests, id, memory, index),
        };
        let chunks = if count <= watch.full.into() {
            (0..count as u64).map(one).collect()
        } else if self.lists_all {
            let stored = memory.chunks().map(|(index, _)| one(index));
            stored.filter(|chunk| chunk.digest != 0).collect()
        } else {
            let within = |&&index: &&u64| u128::from(index) < count;
            watch
                .chunks
                .iter()
                .filter(within)
                .map(|&index| one(index))
                .collect()
        };
        Some((memory.bytes(), chunks))
    }

    fn read(&mut self, instance: &InstanceId, export: &str, start: u64, len: usize) -> Vec<u8> {
        let Some(id) = self.memory_export(*instance, export) else {
            return Vec::new();
        };
        let memory = self.store.memory(id);
        let rest = memory.bytes().saturating_sub(start.into());
        let mut bytes = vec![0; rest.min(len.min(CHUNK) as u128) as usize];
        memory.read(start.into(), &mut bytes);
        bytes
    }

    fn start_thread(
        &mut self,
        name: &str,
        shared: Option<(&str, &InstanceId)>,
        steps: &[Step],
    ) -> Outcome {
        let shared = shared.map(|(name, &instance)| (name.to_owned(), instance));
        self.threads.start(name, shared, steps);
        Outcome::Values(Vec::new())
    }

    fn join_thread(&mut self, name: &str) -> Outcome {
        self.threads.join(name, &mut self.store)
    }

    fn after_step(&mut self) {
        if self.store.waited() > LONGEST_WAITS {
            self.blocked.get_or_insert(self.trace.len());
        }
        self.tainted.open = self.store.take_open();
        self.taints.push(std::mem::take(&mut self.tainted));
        self.trace.push(self.store.take_trace());
    }
}

/// The number of a module that no step of the script itself defines.
const NO_STEP: u32 = u32::MAX;

/// The digest of a chunk; one that is not stored is zero, without a look.
fn chunk_digest(
    digests: &mut HashMap<(MemoryId, u64), (u64, usize, u64)>,
    id: MemoryId,
    memory: &Memory,
    index: u64,
) -> u64 {
    let Some(bytes) = memory.chunk(index) else {
        return 0;
    };
    let key = (memory.stamp(index), bytes.len());
    match digests.get(&(id, index)) {
        Some(&(stamp, length, digest)) if (stamp, length) == key => digest,
        _ => {
            let digest = digest(bytes);
            digests.insert((id, index), (key.0, key.1, digest));
            digest
        }
    }
}

fn outcome_of(error: Error) -> Outcome {
    match error {
        Error::Trap(kinds) => Outcome::Trap(kinds.iter().map(trap_kind).collect()),
        Error::Exhausted => Outcome::Exhausted,
        Error::Interrupted => Outcome::Interrupted,
        Error::Link(reason) => Outcome::Rejected {
            stage: Stage::Link,
            reason,
        },
        Error::Limit(why) => Outcome::Limit(why),
        Error::Absent(_) => Outcome::Absent,
    }
}

fn trap_kind(trap: Trap) -> TrapKind {
    match trap {
        Trap::Unreachable => TrapKind::Unreachable,
        Trap::OutOfBoundsMemory => TrapKind::OutOfBoundsMemory,
        Trap::OutOfBoundsTable => TrapKind::OutOfBoundsTable,
        Trap::UnalignedAtomic => TrapKind::UnalignedAtomic,
        Trap::ExpectedSharedMemory => TrapKind::ExpectedSharedMemory,
        Trap::WouldBlock => TrapKind::WouldBlock,
        Trap::DivisionByZero => TrapKind::DivisionByZero,
        Trap::IntegerOverflow => TrapKind::IntegerOverflow,
        Trap::InvalidConversion => TrapKind::InvalidConversion,
        Trap::NullElement => TrapKind::NullElement,
        Trap::UndefinedElement => TrapKind::UndefinedElement,
        Trap::IndirectCallType => TrapKind::IndirectCallType,
        Trap::Host => TrapKind::Host,
    }
}
