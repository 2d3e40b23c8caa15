//! The adapter for wasmtime.

mod configurations;
mod creator;
mod fence;
mod limits;
mod load;
mod memory;
mod settings;
mod soil;
mod values;

use std::cell::RefCell;
use std::collections::HashMap;

use trapline_reference::Value;
use wasmtime::{
    Extern, ExternType, Func, FuncType, Instance, Memory, MemoryType, Module, SharedMemory, Store,
    Trap, Val,
};

use super::embedding::Start;
use super::host::{self, HostTrap};
use super::outside::{self, OUTSIDE};
use super::threads::Threads;
use super::{Budget, Embedding, Engine, Features, Job, driver};
use crate::observation::{ChunkDigest, Observation, Outcome, Stage, TrapKind, Watch, digests_of};
use crate::script::{HOST, HostFunc, Step};

pub(super) use configurations::configurations;
use limits::Limits;
use memory::{AnyMemory, Exports, call_host};
use settings::{Metering, Settings};
use soil::Soil;
use values::{val_of, val_type, value_of};

/// Units of fuel, or seconds of wall clock, that a script may use in a
/// configuration that counts them. Far beyond what any script needs; as many
/// times more as [`Budget::fuel`] is.
const FUEL: u64 = 200_000_000;
const EPOCHS: u64 = 5;

/// One configuration of wasmtime.
struct Wasmtime {
    engine: wasmtime::Engine,
    features: Features,
    settings: &'static Settings,
    /// For an engine with a pool.
    soil: Option<Soil>,
}

impl Engine for Wasmtime {
    fn observe(&mut self, job: &Job<'_>) -> Observation {
        let neighbours = self.soil.as_ref().map(Soil::spread);
        let observation = driver::run_in(
            || Embedded::new(&self.engine, self.settings, job.budget),
            self.features,
            job,
        );
        drop(neighbours);
        observation
    }
}

/// What the store carries.
struct State {
    limits: Limits,
    registry: HashMap<String, Exports>,
}

/// One store.
struct Embedded {
    store: Store<State>,
    settings: &'static Settings,
    budget: Budget,
    threads: Threads,
    arguments: Vec<Val>,
    results: Vec<Val>,
}

/// An instance, with the functions that were called and their number of results.
struct Instantiated {
    exports: Exports,
    functions: RefCell<HashMap<String, (Func, usize)>>,
}

impl From<Exports> for Instantiated {
    fn from(exports: Exports) -> Instantiated {
        Instantiated {
            exports,
            functions: RefCell::default(),
        }
    }
}

impl Embedded {
    fn new(engine: &wasmtime::Engine, settings: &'static Settings, budget: Budget) -> Embedded {
        let limits = Limits::new(budget, settings.reserves());
        let mut store = Store::new(
            engine,
            State {
                limits,
                registry: HashMap::new(),
            },
        );
        store.limiter(|state| &mut state.limits);
        match settings.metering {
            Metering::None => {}
            Metering::Fuel => {
                let units = FUEL.saturating_mul(budget.fuel_factor());
                store.set_fuel(units).expect("fuel is on");
            }
            Metering::Epochs => {
                store.set_epoch_deadline(EPOCHS.saturating_mul(budget.fuel_factor()));
            }
        }
        Embedded {
            store,
            settings,
            budget,
            threads: Threads::default(),
            arguments: Vec::new(),
            results: Vec::new(),
        }
    }

    /// What makes the store of another thread.
    fn start(&mut self, shared: &[&Instantiated]) -> Start<Embedded> {
        let engine = self.store.engine().clone();
        let (settings, budget) = (self.settings, self.budget);
        let shared = shared.iter();
        let shared: Vec<Exports> = shared
            .map(|instance| instance.exports.shared(&mut self.store))
            .collect();
        Box::new(move || {
            let shared = shared.into_iter().map(Instantiated::from).collect();
            (Embedded::new(&engine, settings, budget), shared)
        })
    }

    /// What a call has to be answered with that lacked resources on its way,
    /// whatever it gave.
    fn fell_short(&mut self) -> Option<Outcome> {
        let failed = self.store.data_mut().limits.take_failed();
        failed.then(host::beyond_means)
    }

    fn import(&mut self, module: &str, name: &str) -> Option<Extern> {
        if module == HOST {
            return Some(self.host_function(HostFunc::parse(name)?).into());
        }
        let exports = self.store.data().registry.get(module)?.clone();
        exports.get(&mut self.store, name)
    }

    /// A memory that a module would have defined.
    fn memory_outside(&mut self, ty: MemoryType) -> Result<Extern, Outcome> {
        let made = match ty.is_shared() {
            true => SharedMemory::new(self.store.engine(), ty).map(Extern::from),
            false => Memory::new(&mut self.store, ty).map(Extern::from),
        };
        made.map_err(|error| Outcome::Limit(format!("{error:#}")))
    }

    fn host_function(&mut self, func: HostFunc) -> Func {
        let (params, results) = func.ty();
        let ty = FuncType::new(
            self.store.engine(),
            params.iter().copied().map(val_type),
            results.iter().copied().map(val_type),
        );
        Func::new(&mut self.store, ty, move |caller, args, results| {
            let args: Vec<Value> = args.iter().map(value_of).collect();
            let result = call_host(caller, &func, &args)?;
            results[0] = val_of(result).expect("a number");
            Ok(())
        })
    }
}

impl Embedding for Embedded {
    type Module = Module;
    type Instance = Instantiated;

    fn compile(&mut self, wasm: &[u8]) -> Result<Module, Outcome> {
        let engine = self.store.engine();
        let is_valid = || Module::validate(engine, wasm).is_ok();
        let wasm = outside::compiled(wasm, self.settings.outside, is_valid);
        let compiled = load::module(engine, &wasm, self.settings.load)?;
        compiled.map_err(|error| {
            let reason = format!("{error:#}");
            // The pooling allocator checks a module against its slots already
            // here: the size of its instance, how many memories and tables it
            // has, how large they are. It has another word for 2^64 bytes.
            let too_large = [
                "exceeds the limit of",
                "exceeds the per-instance limit of",
                "exceeds the total tables limit of",
                "exceeds the configured maximum of",
                "cannot be represented in a u64",
            ];
            if self.settings.is_pooling() && too_large.iter().any(|why| reason.contains(why)) {
                Outcome::Limit(reason)
            } else {
                Outcome::Rejected {
                    stage: Stage::Compile,
                    reason,
                }
            }
        })
    }

    fn instantiate(&mut self, module: &Module) -> Result<Instantiated, Outcome> {
        let mut imports = Vec::with_capacity(module.imports().len());
        for import in module.imports() {
            let item = match import.ty() {
                ExternType::Memory(ty) if import.module() == OUTSIDE => {
                    Some(self.memory_outside(ty)?)
                }
                _ => self.import(import.module(), import.name()),
            };
            match item {
                Some(item) => imports.push(item),
                None => return Err(host::unknown_import(import.module(), import.name())),
            }
        }
        let made = match Instance::new(&mut self.store, module, &imports) {
            Ok(instance) => Ok(Exports::Of(instance).into()),
            Err(error) => Err(trap_of(&error).unwrap_or_else(|| {
                let reason = format!("{error:#}");
                // There is no type for it; the imports are checked before
                // anything is allocated, so what else fails is allocation.
                if reason.starts_with("incompatible import type") {
                    Outcome::Rejected {
                        stage: Stage::Link,
                        reason,
                    }
                } else {
                    Outcome::Limit(reason)
                }
            })),
        };
        self.fell_short().map_or(made, Err)
    }

    fn register(&mut self, name: &str, instance: &Instantiated) {
        self.store
            .data_mut()
            .registry
            .insert(name.to_owned(), instance.exports.clone());
    }

    fn invoke(&mut self, instance: &Instantiated, func: &str, args: &[Value]) -> Outcome {
        let known = instance.functions.borrow().get(func).copied();
        let (function, results) = match known {
            Some(known) => known,
            None => {
                let export = instance.exports.get(&mut self.store, func);
                let Some(function) = export.and_then(Extern::into_func) else {
                    return Outcome::Absent;
                };
                let entry = (function, function.ty(&self.store).results().len());
                instance
                    .functions
                    .borrow_mut()
                    .insert(func.to_owned(), entry);
                entry
            }
        };
        self.arguments.clear();
        for &arg in args {
            match val_of(arg) {
                Some(val) => self.arguments.push(val),
                None => return host::reference_argument(),
            }
        }
        self.results.clear();
        self.results.resize(results, Val::I32(0));
        let outcome = match function.call(&mut self.store, &self.arguments, &mut self.results) {
            Ok(()) => Outcome::Values(self.results.iter().map(value_of).collect()),
            Err(error) => outcome_of(&error),
        };
        self.fell_short().unwrap_or(outcome)
    }

    fn invoke_host(&mut self, func: &HostFunc, args: &[Value]) -> Outcome {
        let outcome = match call_host(&mut self.store, func, args) {
            Ok(value) => Outcome::Values(vec![value]),
            Err(error) => outcome_of(&error),
        };
        self.fell_short().unwrap_or(outcome)
    }

    fn get(&mut self, instance: &Instantiated, global: &str) -> Outcome {
        let export = instance.exports.get(&mut self.store, global);
        match export.and_then(Extern::into_global) {
            Some(global) => Outcome::Values(vec![value_of(&global.get(&mut self.store))]),
            None => Outcome::Absent,
        }
    }

    fn memory(
        &mut self,
        instance: &Instantiated,
        export: &str,
        watch: &Watch,
    ) -> Option<(u128, Vec<ChunkDigest>)> {
        let memory = AnyMemory::of(&mut self.store, &instance.exports, export)?;
        let bytes = memory.bytes(&self.store);
        Some((bytes.len() as u128, digests_of(bytes, watch)))
    }

    fn read(&mut self, instance: &Instantiated, export: &str, start: u64, len: usize) -> Vec<u8> {
        AnyMemory::of(&mut self.store, &instance.exports, export).map_or_else(Vec::new, |memory| {
            host::window(memory.bytes(&self.store), start, len)
        })
    }

    fn thread(&mut self, shared: &[&Instantiated]) -> Option<Start<Embedded>> {
        Some(self.start(shared))
    }

    fn start_thread(
        &mut self,
        name: &str,
        shared: Option<(&str, &Instantiated)>,
        steps: &[Step],
    ) -> Outcome {
        let instance = shared.map(|(_, instance)| instance);
        let start = self.start(instance.as_slice());
        let (shared, features) = (shared.map(|(name, _)| name), self.settings.features());
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

/// How a call ended that did not return.
fn outcome_of(error: &wasmtime::Error) -> Outcome {
    // The one other reason is a call with arguments of another type.
    trap_of(error).unwrap_or_else(|| Outcome::Unsupported(format!("{error:#}")))
}

fn trap_of(error: &wasmtime::Error) -> Option<Outcome> {
    if error.is::<HostTrap>() {
        return Some(Outcome::Trap(vec![TrapKind::Host]));
    }
    let kinds: &[TrapKind] = match *error.downcast_ref::<Trap>()? {
        Trap::StackOverflow => return Some(Outcome::Exhausted),
        Trap::Interrupt => return Some(Outcome::Interrupted),
        // A bulk operation pays for its length before its bounds are checked:
        // the last fuel may go where there should have been a trap.
        Trap::OutOfFuel => return Some(Outcome::Limit("out of fuel".to_owned())),
        Trap::MemoryOutOfBounds => &[TrapKind::OutOfBoundsMemory],
        Trap::HeapMisaligned => &[TrapKind::UnalignedAtomic],
        // One code for `table.get` and for `call_indirect`.
        Trap::TableOutOfBounds => &[TrapKind::OutOfBoundsTable, TrapKind::UndefinedElement],
        Trap::IndirectCallToNull => &[TrapKind::NullElement],
        Trap::BadSignature => &[TrapKind::IndirectCallType],
        Trap::IntegerOverflow => &[TrapKind::IntegerOverflow],
        Trap::IntegerDivisionByZero => &[TrapKind::DivisionByZero],
        Trap::BadConversionToInteger => &[TrapKind::InvalidConversion],
        Trap::UnreachableCodeReached => &[TrapKind::Unreachable],
        Trap::AtomicWaitNonSharedMemory => &[TrapKind::ExpectedSharedMemory],
        Trap::NullReference => &[TrapKind::NullReference],
        #[cfg(wasmtime_cannot_block)]
        Trap::CannotBlockSyncTask => &[TrapKind::WouldBlock],
        _ => &[TrapKind::Other],
    };
    Some(Outcome::Trap(kinds.to_vec()))
}
