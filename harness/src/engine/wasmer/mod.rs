//! The adapter for wasmer.

mod configurations;
mod meter;
mod tunables;
mod values;

use std::collections::HashMap;

use trapline_reference::Value;
use wasmer::sys::vm::TrapCode;
use wasmer::{
    AsStoreMut, CompileError, DeserializeError, Exports, Extern, ExternType, Function, FunctionEnv,
    FunctionEnvMut, FunctionType, Instance, InstantiationError, LinkError, Memory, Module, Pages,
    RuntimeError, SharedMemory, Store,
};

use super::embedding::Start;
use super::host::{self, HostMemory, HostTrap};
use super::outside::{self, OUTSIDE};
use super::threads::Threads;
use super::{Embedding, Engine, Features, Job, driver};
use crate::observation::{ChunkDigest, Observation, Outcome, Stage, TrapKind, Watch, digests_of};
use crate::script::{HOST, HostFunc, Step};

use configurations::Settings;
pub(super) use configurations::configurations;
use tunables::Budget;
use values::{type_of, value_of, wasmer_value};

/// One configuration of wasmer.
struct Wasmer {
    engine: wasmer::Engine,
    budget: Budget,
    /// How many scripts the engine has run.
    used: u32,
    features: Features,
    settings: &'static Settings,
}

/// An engine keeps the code of every module it ever compiled, so that it has
/// to be replaced now and then.
const SCRIPTS_PER_ENGINE: u32 = 64;

impl Engine for Wasmer {
    fn observe(&mut self, job: &Job<'_>) -> Observation {
        if self.used == SCRIPTS_PER_ENGINE {
            self.engine = self.settings.engine(&self.budget);
            self.used = 0;
        }
        self.used += 1;
        self.budget.set(job.budget);
        driver::run_in(
            || Embedded::new(&self.engine, self.settings, self.budget.clone()),
            self.features,
            job,
        )
    }
}

/// What host functions see: the exports of instances registered by name.
type Registry = HashMap<String, Exports>;

/// One store.
struct Embedded {
    store: Store,
    settings: &'static Settings,
    budget: Budget,
    threads: Threads,
    registry: FunctionEnv<Registry>,
    arguments: Vec<wasmer::Value>,
}

impl Embedded {
    fn new(engine: &wasmer::Engine, settings: &'static Settings, budget: Budget) -> Embedded {
        let mut store = Store::new(engine.clone());
        let registry = FunctionEnv::new(&mut store, Registry::new());
        Embedded {
            store,
            settings,
            budget,
            threads: Threads::default(),
            registry,
            arguments: Vec::new(),
        }
    }

    /// What makes the store of another thread.
    fn start(&mut self, shared: &[&Exports]) -> Start<Embedded> {
        let engine = self.store.engine().clone();
        let (settings, budget) = (self.settings, self.budget.clone());
        let store = &self.store;
        let memories = |exports: &&Exports| -> Vec<(String, SharedMemory)> {
            let memories = exports.iter().memories();
            memories
                .filter_map(|(name, memory)| Some((name.clone(), memory.as_shared(store)?)))
                .collect()
        };
        let shared: Vec<_> = shared.iter().map(memories).collect();
        Box::new(move || {
            let mut embedded = Embedded::new(&engine, settings, budget);
            let attached = |memories: Vec<(String, SharedMemory)>| {
                let mut exports = Exports::new();
                for (name, memory) in memories {
                    exports.insert(name, memory.attach(&mut embedded.store));
                }
                exports
            };
            let shared = shared.into_iter().map(attached).collect();
            (embedded, shared)
        })
    }

    /// What a call has to be answered with that lacked resources on its way,
    /// whatever it gave.
    fn fell_short(&self) -> Option<Outcome> {
        self.budget.take_failed().then(host::beyond_means)
    }

    fn import(&mut self, module: &str, name: &str) -> Option<Extern> {
        if module == HOST {
            return Some(self.host_function(HostFunc::parse(name)?).into());
        }
        let exports = self.registry.as_ref(&self.store).get(module)?;
        exports.get_extern(name).cloned()
    }

    fn host_function(&mut self, func: HostFunc) -> Function {
        let (params, results) = func.ty();
        let ty = FunctionType::new(
            params.iter().copied().map(type_of).collect::<Vec<_>>(),
            results.iter().copied().map(type_of).collect::<Vec<_>>(),
        );
        Function::new_with_env(
            &mut self.store,
            &self.registry,
            ty,
            move |env: FunctionEnvMut<'_, Registry>, args: &[wasmer::Value]| {
                let args: Vec<Value> = args.iter().map(value_of).collect();
                let result = call_host(env, &func, &args)?;
                Ok(vec![wasmer_value(result).expect("a number")])
            },
        )
    }
}

impl Embedding for Embedded {
    type Module = Module;
    type Instance = Exports;

    fn compile(&mut self, wasm: &[u8]) -> Result<Module, Outcome> {
        let is_valid = || Module::validate(&self.store, wasm).is_ok();
        let wasm = outside::compiled(wasm, self.settings.outside, is_valid);
        let module = Module::from_binary(&self.store, &wasm).map_err(rejected)?;
        if !self.settings.serialize {
            return Ok(module);
        }
        let unsupported = |what: &dyn std::fmt::Display| Outcome::Rejected {
            stage: Stage::Compile,
            reason: format!("a serialized module: {what}"),
        };
        let bytes = module.serialize().map_err(|e| unsupported(&e))?;
        // SAFETY: `bytes` come straight from this engine, unaltered.
        #[expect(unsafe_code, reason = "the round trip is what is tested")]
        let module: Result<_, DeserializeError> =
            unsafe { Module::deserialize(&self.store, bytes) };
        module.map_err(|e| unsupported(&e))
    }

    fn instantiate(&mut self, module: &Module) -> Result<Exports, Outcome> {
        let mut imports = Vec::new();
        for import in module.imports() {
            let item = match import.ty() {
                ExternType::Memory(ty) if import.module() == OUTSIDE => {
                    let made = Memory::new(&mut self.store, *ty);
                    Some(
                        made.map_err(|error| Outcome::Limit(error.to_string()))?
                            .into(),
                    )
                }
                _ => self.import(import.module(), import.name()),
            };
            match item {
                Some(item) => imports.push(item),
                None => return Err(host::unknown_import(import.module(), import.name())),
            }
        }
        let made = Instance::new_by_index(&mut self.store, module, &imports);
        let made = made.map(|instance| instance.exports);
        let made = made.map_err(|error| match error {
            InstantiationError::Link(LinkError::Trap(error)) | InstantiationError::Start(error) => {
                outcome_of(&error)
            }
            InstantiationError::Link(LinkError::Resource(reason)) => Outcome::Limit(reason),
            error => Outcome::Rejected {
                stage: Stage::Link,
                reason: error.to_string(),
            },
        });
        self.fell_short().map_or(made, Err)
    }

    fn register(&mut self, name: &str, instance: &Exports) {
        self.registry
            .as_mut(&mut self.store)
            .insert(name.to_owned(), instance.clone());
    }

    fn invoke(&mut self, instance: &Exports, func: &str, args: &[Value]) -> Outcome {
        let Ok(function) = instance.get_function(func) else {
            return Outcome::Absent;
        };
        self.arguments.clear();
        for &arg in args {
            match wasmer_value(arg) {
                Some(value) => self.arguments.push(value),
                None => return host::reference_argument(),
            }
        }
        let outcome = match function.call(&mut self.store, &self.arguments) {
            Ok(values) => Outcome::Values(values.iter().map(value_of).collect()),
            Err(_) if meter::has_run_out(instance, &mut self.store) => Outcome::Interrupted,
            Err(error) => outcome_of(&error),
        };
        self.fell_short().unwrap_or(outcome)
    }

    fn invoke_host(&mut self, func: &HostFunc, args: &[Value]) -> Outcome {
        let env = self.registry.clone().into_mut(&mut self.store);
        let outcome = match call_host(env, func, args) {
            Ok(value) => Outcome::Values(vec![value]),
            Err(error) => outcome_of(&error),
        };
        self.fell_short().unwrap_or(outcome)
    }

    fn get(&mut self, instance: &Exports, global: &str) -> Outcome {
        match instance.get_global(global) {
            Ok(global) => Outcome::Values(vec![value_of(&global.get(&mut self.store))]),
            Err(_) => Outcome::Absent,
        }
    }

    fn memory(
        &mut self,
        instance: &Exports,
        export: &str,
        watch: &Watch,
    ) -> Option<(u128, Vec<ChunkDigest>)> {
        let memory = instance.get_memory(export).ok()?;
        Some(with_bytes(&self.store, memory, |bytes| {
            (bytes.len() as u128, digests_of(bytes, watch))
        }))
    }

    fn read(&mut self, instance: &Exports, export: &str, start: u64, len: usize) -> Vec<u8> {
        instance.get_memory(export).map_or_else(
            |_| Vec::new(),
            |memory| with_bytes(&self.store, memory, |bytes| host::window(bytes, start, len)),
        )
    }

    fn thread(&mut self, shared: &[&Exports]) -> Option<Start<Embedded>> {
        Some(self.start(shared))
    }

    fn start_thread(
        &mut self,
        name: &str,
        shared: Option<(&str, &Exports)>,
        steps: &[Step],
    ) -> Outcome {
        let instance = shared.map(|(_, instance)| instance);
        let start = self.start(instance.as_slice());
        let (shared, features) = (shared.map(|(name, _)| name), self.settings.features());
        let limits = self.budget.limits();
        self.threads
            .start(name, start, shared, features, steps, limits)
    }

    fn release_threads(&mut self) {
        self.threads.release();
    }

    fn join_thread(&mut self, name: &str) -> Outcome {
        self.threads.join(name)
    }
}

impl Drop for Embedded {
    /// Where a memory is, its instance knows: it has to outlive the threads that
    /// share it.
    fn drop(&mut self) {
        self.threads.join_all();
    }
}

/// Looks at the bytes of a memory without copying them.
fn with_bytes<R>(store: &Store, memory: &Memory, look: impl FnOnce(&[u8]) -> R) -> R {
    let view = memory.view(store);
    // SAFETY: the view borrows the store, so that no code runs on it, and the
    // steps of a script do not overlap, so that none runs elsewhere either.
    #[expect(unsafe_code, reason = "wasmer gives no safe view without a copy")]
    look(unsafe { view.data_unchecked() })
}

/// A memory together with its store, for the built-in instance.
struct InStore<S> {
    store: S,
    memory: Memory,
}

impl<S: AsStoreMut> HostMemory for InStore<S> {
    fn grow(&mut self, pages: u64) -> Option<u64> {
        // No memory of wasmer's has more than 65,536 pages.
        let pages = Pages(u32::try_from(pages).ok()?);
        let before = self.memory.grow(&mut self.store, pages).ok()?;
        Some(before.0.into())
    }

    fn pages(&mut self) -> u64 {
        self.memory.size(&self.store).0.into()
    }

    fn read(&mut self, address: u64) -> Option<u8> {
        self.memory.view(&self.store).read_u8(address).ok()
    }

    fn write(&mut self, address: u64, byte: u8) -> bool {
        self.memory
            .view(&self.store)
            .write_u8(address, byte)
            .is_ok()
    }
}

fn call_host(
    mut env: FunctionEnvMut<'_, Registry>,
    func: &HostFunc,
    args: &[Value],
) -> Result<Value, RuntimeError> {
    let (registry, store) = env.data_and_store_mut();
    let memory = registry
        .get(&func.instance)
        .and_then(|instance| instance.get_memory(&func.memory).ok())
        .cloned()
        .ok_or_else(|| RuntimeError::user(Box::new(HostTrap::no_memory(func))))?;
    host::perform(func.op, &mut InStore { store, memory }, args)
        .ok_or_else(|| RuntimeError::new("arguments of another type"))
}

fn rejected(error: CompileError) -> Outcome {
    match error {
        CompileError::Resource(reason) => Outcome::Limit(reason),
        error => Outcome::Rejected {
            stage: Stage::Compile,
            reason: error.to_string(),
        },
    }
}

/// How a call ended that did not return.
fn outcome_of(error: &RuntimeError) -> Outcome {
    if error.is::<HostTrap>() {
        return Outcome::Trap(vec![TrapKind::Host]);
    }
    let Some(code) = error.clone().to_trap() else {
        // The one reason is a call with arguments of another type.
        return Outcome::Unsupported(error.message());
    };
    let kinds: &[TrapKind] = match code {
        TrapCode::StackOverflow => return Outcome::Exhausted,
        TrapCode::HeapAccessOutOfBounds => &[TrapKind::OutOfBoundsMemory],
        TrapCode::HeapMisaligned | TrapCode::UnalignedAtomic => &[TrapKind::UnalignedAtomic],
        // One code for `table.get` and for `call_indirect`.
        TrapCode::TableAccessOutOfBounds => {
            &[TrapKind::OutOfBoundsTable, TrapKind::UndefinedElement]
        }
        TrapCode::IndirectCallToNull => &[TrapKind::NullElement],
        TrapCode::BadSignature => &[TrapKind::IndirectCallType],
        TrapCode::IntegerOverflow => &[TrapKind::IntegerOverflow],
        TrapCode::IntegerDivisionByZero => &[TrapKind::DivisionByZero],
        TrapCode::BadConversionToInteger => &[TrapKind::InvalidConversion],
        TrapCode::UnreachableCodeReached => &[TrapKind::Unreachable],
        // Nobody interrupts a script from outside; it is what wasmer says when
        // a memory that is not shared is asked to wait.
        TrapCode::HostInterrupt => &[TrapKind::ExpectedSharedMemory],
        TrapCode::UncaughtException
        | TrapCode::UninitializedExnRef
        | TrapCode::YieldOutsideAsyncContext
        | TrapCode::ReadonlyTableModified => &[TrapKind::Other],
    };
    Outcome::Trap(kinds.to_vec())
}
