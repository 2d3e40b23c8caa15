//! The engine behind the interface that every engine has.

use trapline_reference::{Config, Extern, InstanceId, MemoryId, Module, Store, Value};

use super::rules::Rules;
use super::thread::{Met, Parallel};
use crate::engine::embedding::Start;
use crate::engine::reference::{call_host, decoded, host_func, outcome_of};
use crate::engine::threads::Threads;
use crate::engine::{Budget, Embedding, reference};
use crate::observation::{ChunkDigest, Outcome, Watch, digests_of};
use crate::script::{HOST, HostFunc, Step};

/// A store of one thread: that of the script, or of one that it starts.
pub(super) struct Embedded {
    parallel: Parallel,
    threads: Threads,
    budget: Budget,
}

impl Embedded {
    /// The store of a script.
    pub(super) fn new(rules: &'static dyn Rules, budget: Budget) -> Embedded {
        let store = Store::new(Config {
            memory_bytes: budget.memory_bytes.into(),
            table_elements: 100_000,
            fuel: budget.fuel,
            trace: false,
            ..Config::default()
        });
        Embedded {
            parallel: Parallel {
                store,
                rules,
                met: Vec::new(),
                most: budget.memory_bytes,
            },
            threads: Threads::default(),
            budget,
        }
    }

    /// Gives what shared memories are like to the store, which does something to
    /// them: right while no other thread does.
    fn alone<R>(&mut self, act: impl FnOnce(&mut Self) -> R) -> R {
        for met in &self.parallel.met {
            met.memory.give(self.parallel.store.memory_mut(met.id));
        }
        let result = act(self);
        for met in &self.parallel.met {
            met.memory.take(self.parallel.store.memory(met.id));
        }
        result
    }

    fn made(&mut self, module: &Module) -> Result<InstanceId, Outcome> {
        let find = |store: &mut Store, module: &str, name: &str| match module {
            HOST => host_func(store, name),
            _ => store.export(store.registered(module)?, name),
        };
        let made = self.parallel.store.instantiate(module, find);
        made.map_err(outcome_of)
    }

    fn memory_export(&self, instance: InstanceId, export: &str) -> Option<MemoryId> {
        match self.parallel.store.export(instance, export)? {
            Extern::Memory(id) => Some(id),
            _ => None,
        }
    }

    /// The bytes `[start, start + len)` of a memory, as far as it has them.
    fn bytes(&self, id: MemoryId, start: u64, len: u64) -> Vec<u8> {
        let shared = self.parallel.met.iter().find(|met| met.id == id);
        let shared = shared.map(|met| &met.memory);
        let memory = self.parallel.store.memory(id);
        let end = match shared {
            Some(shared) => shared.length(super::memory::ATOMIC),
            None => u64::try_from(memory.bytes()).unwrap_or(u64::MAX),
        };
        let mut bytes = vec![0; len.min(end.saturating_sub(start)) as usize];
        match shared {
            Some(shared) => shared.read(start, &mut bytes),
            None => memory.read(start.into(), &mut bytes),
        }
        bytes
    }
}

impl Embedding for Embedded {
    type Module = Module;
    type Instance = InstanceId;

    fn compile(&mut self, wasm: &[u8]) -> Result<Module, Outcome> {
        decoded(wasm)
    }

    fn instantiate(&mut self, module: &Module) -> Result<InstanceId, Outcome> {
        if !module.acts_at_instantiation() {
            // Others may run: no more than the length is looked at.
            for Met { id, memory, .. } in &self.parallel.met {
                let pages = memory.length(super::memory::ATOMIC) >> memory.ty().page_size_log2;
                self.parallel.store.memory_mut(*id).set_pages(pages.into());
            }
            return self.made(module);
        }
        self.alone(|embedded| embedded.made(module))
    }

    fn register(&mut self, name: &str, instance: &InstanceId) {
        self.parallel.store.register(name, *instance);
    }

    fn invoke(&mut self, instance: &InstanceId, func: &str, args: &[Value]) -> Outcome {
        match self.parallel.store.export(*instance, func) {
            Some(Extern::Func(func)) => {
                let result = self.parallel.call(func, args);
                result.map_or_else(outcome_of, Outcome::Values)
            }
            _ => Outcome::Absent,
        }
    }

    fn invoke_host(&mut self, func: &HostFunc, args: &[Value]) -> Outcome {
        let called = self.alone(|embedded| call_host(&mut embedded.parallel.store, func, args));
        called.map_or_else(outcome_of, Outcome::Values)
    }

    fn get(&mut self, instance: &InstanceId, global: &str) -> Outcome {
        match self.parallel.store.export(*instance, global) {
            Some(Extern::Global(global)) => {
                Outcome::Values(vec![self.parallel.store.global(global)])
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
        let bytes = self.bytes(id, 0, u64::MAX);
        Some((bytes.len() as u128, digests_of(&bytes, watch)))
    }

    fn read(&mut self, instance: &InstanceId, export: &str, start: u64, len: usize) -> Vec<u8> {
        match self.memory_export(*instance, export) {
            Some(id) => self.bytes(id, start, len as u64),
            None => Vec::new(),
        }
    }

    fn thread(&mut self, shared: &[&InstanceId]) -> Option<Start<Embedded>> {
        Some(self.start(shared))
    }

    fn start_thread(
        &mut self,
        name: &str,
        shared: Option<(&str, &InstanceId)>,
        steps: &[Step],
    ) -> Outcome {
        let instance = shared.map(|(_, instance)| instance);
        let start = self.start(instance.as_slice());
        let (shared, features) = (shared.map(|(name, _)| name), reference::FEATURES);
        self.threads
            .start(name, start, shared, features, steps, self.budget)
    }

    fn release_threads(&mut self) {
        self.threads.release();
    }

    fn join_thread(&mut self, name: &str) -> Outcome {
        self.threads.join(name)
    }
}

impl Embedded {
    /// Makes what a thread runs in, on that thread.
    fn start(&mut self, shared: &[&InstanceId]) -> Start<Embedded> {
        let ids: Vec<MemoryId> = self.parallel.store.memories().map(|(id, _)| id).collect();
        for id in ids {
            if self.parallel.store.memory(id).ty().shared {
                self.parallel.shared(id);
            }
        }
        // It has stand-ins of the memories under the same numbers.
        let store = self.parallel.store.clone();
        let met = self.parallel.met.iter();
        let met: Vec<_> = met.map(|met| (met.id, met.memory.clone())).collect();
        let (rules, budget) = (self.parallel.rules, self.budget);
        let shared = shared.iter().map(|&&instance| instance).collect();
        Box::new(move || {
            let mut embedded = Embedded::new(rules, budget);
            embedded.parallel.store = store;
            let met = met.into_iter().map(|(id, memory)| Met::new(id, memory));
            embedded.parallel.met = met.collect();
            (embedded, shared)
        })
    }
}
