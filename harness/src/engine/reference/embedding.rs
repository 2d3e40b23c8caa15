//! The reference behind the interface that every engine has.

use std::collections::{BTreeSet, HashMap};

use trapline_reference::{
    Access, Config, Extern, InstanceId, Memory, MemoryId, Module, Store, Value,
};

use super::host::{call_host, host_func};
use super::modules::decoded;
use super::outcome::outcome_of;
use super::threads::Threads;
use super::{Options, TaintedMemory, Taints, Unsent};
use crate::engine::{Embedding, Job};
use crate::observation::{
    CHUNK, ChunkDigest, Observation, Outcome, StepObservation, Watch, digest,
};
use crate::script::{HOST, HostFunc, Step};

/// How long all waits of a script together may last on an engine, in
/// nanoseconds. The reference knows how long they do without a wait of its own.
const LONGEST_WAITS: u64 = 100_000_000;

/// The reference with one store.
pub(super) struct Reference {
    pub(super) store: Store,
    pub(super) trace: Vec<Vec<Access>>,
    pub(super) instances: Vec<usize>,
    /// Those of the steps before, and of the one in work.
    pub(super) taints: Vec<Taints>,
    tainted: Taints,
    threads: Threads,
    /// The first step at the end of which calls had waited for too long.
    blocked: Option<usize>,
    /// Whether to list every chunk that is not zero, not those watched.
    pub(super) lists_all: bool,
    /// Digests that hold for as long as the stamp of the chunk and its length
    /// are the same.
    digests: HashMap<(MemoryId, u64), (u64, usize, u64)>,
}

impl Reference {
    pub(super) fn new(job: &Job<'_>, options: &Options) -> Reference {
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
    pub(super) fn unsent(&self, observation: &Observation, fuel: u64) -> Option<Unsent> {
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

    pub(super) fn interesting(&self) -> BTreeSet<u64> {
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
pub(crate) const NO_STEP: u32 = u32::MAX;

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
