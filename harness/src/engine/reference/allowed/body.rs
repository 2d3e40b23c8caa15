//! The steps of a script, or of one of its threads, as the exploration does them.

use std::collections::HashMap;
use std::sync::Arc;

use trapline_reference::concurrent::{Body, Next};
use trapline_reference::{Error, Extern, ExternType, InstanceId, MemoryId, Module, Store, Value};

use super::super::embedding::NO_STEP;
use super::super::host::{call_host, host_func};
use super::super::modules::decoded;
use super::super::outcome::outcome_of;
use crate::observation::Outcome;
use crate::script::{HOST, HostFunc, Step};

/// The script, or one of its threads, as far as it has come.
#[derive(Clone)]
pub(super) struct Thread {
    steps: Arc<[Step]>,
    outcomes: Vec<Outcome>,
    modules: HashMap<String, Module>,
    instances: HashMap<String, InstanceId>,
    /// The instance of which it has nothing but the shared memories.
    shared: Option<InstanceId>,
    registered: HashMap<String, InstanceId>,
    /// The threads that were started and not waited for.
    threads: HashMap<String, usize>,
    /// The thread about to be started.
    starting: String,
    is_first: bool,
    /// Whether the current step has asked for what comes before it.
    has_asked: bool,
}

impl Thread {
    /// The script itself.
    pub(super) fn first(steps: Arc<[Step]>) -> Thread {
        Thread {
            steps,
            outcomes: Vec::new(),
            modules: HashMap::new(),
            instances: HashMap::new(),
            shared: None,
            registered: HashMap::new(),
            threads: HashMap::new(),
            starting: String::new(),
            is_first: true,
            has_asked: false,
        }
    }

    /// What the steps have come to.
    pub(super) fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// Whether there are threads that it has not waited for.
    pub(super) fn has_left_threads(&self) -> bool {
        !self.threads.is_empty()
    }

    pub(super) fn instance(&self, name: &str) -> Option<InstanceId> {
        self.instances.get(name).copied()
    }

    fn find(&self, instance: &str) -> Result<InstanceId, Outcome> {
        self.instance(instance).ok_or(Outcome::Absent)
    }

    /// An export as it can be seen from here.
    fn export(&self, store: &Store, instance: InstanceId, name: &str) -> Option<Extern> {
        let found = store.export(instance, name)?;
        if self.shared != Some(instance) {
            return Some(found);
        }
        is_shared(store, found).then_some(found)
    }

    fn import(&self, store: &mut Store, module: &str, name: &str) -> Option<Extern> {
        match module {
            HOST => host_func(store, name),
            _ => self.export(store, *self.registered.get(module)?, name),
        }
    }

    /// What instantiating a module does to what it imports, before it is done.
    fn before_instantiation(&self, store: &mut Store, module: &Module) -> Next<Thread> {
        if module.acts_at_instantiation() {
            return Next::Alone;
        }
        let imports = module.imports();
        let memories = imports.filter(|(_, _, ty)| matches!(ty, ExternType::Memory(_)));
        let found =
            memories.filter_map(
                |(module, name, _)| match self.import(store, module, name)? {
                    found @ Extern::Memory(id) => is_shared(store, found).then_some(id),
                    _ => None,
                },
            );
        let memories: Vec<MemoryId> = found.collect();
        Next::Lengths(memories)
    }

    /// Does a step that is no call, or says what comes next.
    // Long, as it has an arm for each kind of step.
    fn step(&mut self, store: &mut Store, step: &Step) -> Result<Next<Thread>, Outcome> {
        let done = || Outcome::Values(Vec::new());
        match step {
            Step::Define { module, wasm } => {
                self.modules.remove(module);
                let decoded = decoded(wasm)?.numbered(NO_STEP);
                self.modules.insert(module.clone(), decoded);
                Err(done())
            }
            Step::Instantiate { instance, module } => {
                let module = self.modules.get(module).ok_or(Outcome::Absent)?.clone();
                if !std::mem::replace(&mut self.has_asked, true) {
                    return Ok(self.before_instantiation(store, &module));
                }
                self.instances.remove(instance);
                let made = store.instantiate(&module, |store, module, name| {
                    self.import(store, module, name)
                });
                self.instances
                    .insert(instance.clone(), made.map_err(outcome_of)?);
                Err(done())
            }
            Step::Register { instance, name } => {
                let instance = self.find(instance)?;
                self.registered.insert(name.clone(), instance);
                if self.is_first {
                    store.register(name, instance);
                }
                Err(done())
            }
            Step::Invoke {
                instance,
                func,
                args,
            } if instance == HOST => {
                if !std::mem::replace(&mut self.has_asked, true) {
                    return Ok(Next::Alone);
                }
                let func = HostFunc::parse(func).ok_or(Outcome::Absent)?;
                let called = call_host(store, &func, args);
                Err(called.map_or_else(outcome_of, Outcome::Values))
            }
            Step::Invoke {
                instance,
                func,
                args,
            } => {
                let instance = self.find(instance)?;
                match self.export(store, instance, func) {
                    Some(Extern::Func(func)) => Ok(Next::Call(func, args.clone())),
                    _ => Err(Outcome::Absent),
                }
            }
            Step::Get { instance, global } => {
                let instance = self.find(instance)?;
                match self.export(store, instance, global) {
                    Some(Extern::Global(global)) => {
                        Err(Outcome::Values(vec![store.global(global)]))
                    }
                    _ => Err(Outcome::Absent),
                }
            }
            Step::Thread {
                name,
                shared,
                steps,
            } => {
                let mut thread = Thread::first(Arc::from(steps.as_slice()));
                thread.is_first = false;
                if let Some(shared) = shared {
                    let instance = self.find(shared)?;
                    thread.instances.insert(shared.clone(), instance);
                    thread.shared = Some(instance);
                }
                self.starting.clone_from(name);
                Ok(Next::Start(thread))
            }
            Step::Wait { thread } => {
                let number = self.threads.get(thread).ok_or(Outcome::Absent)?;
                Ok(Next::Join(*number))
            }
        }
    }

    fn end(&mut self, outcome: Outcome) {
        self.has_asked = false;
        self.outcomes.push(outcome);
    }
}

impl Body for Thread {
    fn next(&mut self, store: &mut Store) -> Next<Thread> {
        let steps = self.steps.clone();
        while let Some(step) = steps.get(self.outcomes.len()) {
            match self.step(store, step) {
                Ok(next) => return next,
                Err(outcome) => self.end(outcome),
            }
        }
        Next::End
    }

    fn returned(&mut self, result: Result<Vec<Value>, Error>) {
        self.end(result.map_or_else(outcome_of, Outcome::Values));
    }

    fn started(&mut self, number: usize) {
        self.threads.insert(self.starting.clone(), number);
        self.end(Outcome::Values(Vec::new()));
    }

    fn joined(&mut self, other: &Thread) {
        if let Some(Step::Wait { thread }) = self.steps.get(self.outcomes.len()) {
            let thread = thread.clone();
            self.threads.remove(&thread);
        }
        self.end(Outcome::Joined(other.outcomes.clone()));
    }
}

fn is_shared(store: &Store, found: Extern) -> bool {
    match found {
        Extern::Memory(id) => store.memory(id).ty().shared,
        _ => false,
    }
}
