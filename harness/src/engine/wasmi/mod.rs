//! The adapter for wasmi.

mod configurations;
mod limits;
mod memory;

use std::cell::RefCell;
use std::collections::HashMap;

use trapline_reference::Value;
use wasmi::errors::{ErrorKind, InstantiationError, MemoryError, TableError};
use wasmi::{Error, Extern, ExternType, Func, FuncType, Instance, Memory, Module, Store, Val};
use wasmi_core::{F32, F64, HostError, TrapCode, ValType};

use super::host::{self, HostTrap};
use super::outside::{self, OUTSIDE};
use super::{Budget, Embedding, Engine, Features, Job, driver};
use crate::observation::{ChunkDigest, Observation, Outcome, Stage, TrapKind, Watch, digests_of};
use crate::script::{HOST, HostFunc, ValueType};

use configurations::Settings;
pub(super) use configurations::configurations;
use limits::Limits;
use memory::call_host;

/// Units of fuel that a script may use where fuel is counted; as many times
/// more as [`Budget::fuel`] is.
const FUEL: u64 = 200_000_000;

/// One configuration of wasmi.
struct Wasmi {
    engine: wasmi::Engine,
    /// How many scripts the engine has run.
    used: u32,
    features: Features,
    settings: &'static Settings,
}

/// An engine keeps the code of every module it ever translated, so that it has
/// to be replaced now and then.
const SCRIPTS_PER_ENGINE: u32 = 1000;

impl Engine for Wasmi {
    fn observe(&mut self, job: &Job<'_>) -> Observation {
        if self.used == SCRIPTS_PER_ENGINE {
            self.engine = self.settings.engine();
            self.used = 0;
        }
        self.used += 1;
        driver::run_in(
            || Embedded::new(&self.engine, self.settings, job.budget),
            self.features,
            job,
        )
    }
}

/// What the store carries.
struct State {
    limits: Limits,
    registry: HashMap<String, Instance>,
}

impl HostError for HostTrap {}

/// One store.
struct Embedded {
    store: Store<State>,
    settings: &'static Settings,
    arguments: Vec<Val>,
    results: Vec<Val>,
}

/// An instance, with the functions that were called and their number of results.
struct Instantiated {
    instance: Instance,
    functions: RefCell<HashMap<String, (Func, usize)>>,
}

impl Embedded {
    fn new(engine: &wasmi::Engine, settings: &'static Settings, budget: Budget) -> Embedded {
        let limits = Limits::new(budget);
        let mut store = Store::new(
            engine,
            State {
                limits,
                registry: HashMap::new(),
            },
        );
        store.limiter(|state| &mut state.limits);
        if settings.fuel {
            let units = FUEL.saturating_mul(budget.fuel_factor());
            store.set_fuel(units).expect("fuel is on");
        }
        Embedded {
            store,
            settings,
            arguments: Vec::new(),
            results: Vec::new(),
        }
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
        let instance = self.store.data().registry.get(module)?;
        instance.get_export(&self.store, name)
    }

    fn host_function(&mut self, func: HostFunc) -> Func {
        let (params, results) = func.ty();
        let ty = FuncType::new(
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
        let rejected = |error: Error| Outcome::Rejected {
            stage: Stage::Compile,
            reason: error.to_string(),
        };
        if self.settings.validates_apart() {
            Module::validate(engine, wasm).map_err(rejected)?;
        }
        let is_valid = || Module::validate(engine, wasm).is_ok();
        let wasm = &*outside::compiled(wasm, self.settings.outside, is_valid);
        if self.settings.unchecked {
            // SAFETY: it has just been found to be valid.
            #[expect(
                unsafe_code,
                reason = "translation without validation is what is tested"
            )]
            let module = unsafe { Module::new_unchecked(engine, wasm) };
            module.map_err(rejected)
        } else {
            Module::new(engine, wasm).map_err(rejected)
        }
    }

    fn instantiate(&mut self, module: &Module) -> Result<Instantiated, Outcome> {
        let mut imports = Vec::with_capacity(module.imports().len());
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
        let made = match Instance::new(&mut self.store, module, &imports) {
            Ok(instance) => Ok(Instantiated {
                instance,
                functions: RefCell::default(),
            }),
            Err(error) => Err(outcome_of(&error)),
        };
        self.fell_short().map_or(made, Err)
    }

    fn register(&mut self, name: &str, instance: &Instantiated) {
        self.store
            .data_mut()
            .registry
            .insert(name.to_owned(), instance.instance);
    }

    fn invoke(&mut self, instance: &Instantiated, func: &str, args: &[Value]) -> Outcome {
        let known = instance.functions.borrow().get(func).copied();
        let (function, results) = match known {
            Some(known) => known,
            None => {
                let Some(function) = instance.instance.get_func(&self.store, func) else {
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
        match instance.instance.get_global(&self.store, global) {
            Some(global) => Outcome::Values(vec![value_of(&global.get(&self.store))]),
            None => Outcome::Absent,
        }
    }

    fn memory(
        &mut self,
        instance: &Instantiated,
        export: &str,
        watch: &Watch,
    ) -> Option<(u128, Vec<ChunkDigest>)> {
        let memory = instance.instance.get_memory(&self.store, export)?;
        let bytes = memory.data(&self.store);
        Some((bytes.len() as u128, digests_of(bytes, watch)))
    }

    fn read(&mut self, instance: &Instantiated, export: &str, start: u64, len: usize) -> Vec<u8> {
        instance
            .instance
            .get_memory(&self.store, export)
            .map_or_else(Vec::new, |memory| {
                host::window(memory.data(&self.store), start, len)
            })
    }
}

/// How an instantiation or a call ended that failed.
fn outcome_of(error: &Error) -> Outcome {
    if let Some(code) = error.as_trap_code() {
        return trap_of(code);
    }
    match error.kind() {
        ErrorKind::Host(_) => Outcome::Trap(vec![TrapKind::Host]),
        // An active segment beyond the end is no trap code, but is a trap.
        ErrorKind::Memory(MemoryError::OutOfBoundsAccess) => {
            Outcome::Trap(vec![TrapKind::OutOfBoundsMemory])
        }
        #[cfg(wasmi_limits_in_core)]
        ErrorKind::Table(TableError::InitOutOfBounds) => {
            Outcome::Trap(vec![TrapKind::OutOfBoundsTable])
        }
        ErrorKind::Table(TableError::CopyOutOfBounds)
        | ErrorKind::Instantiation(InstantiationError::ElementSegmentDoesNotFit { .. }) => {
            Outcome::Trap(vec![TrapKind::OutOfBoundsTable])
        }
        #[cfg(wasmi_limits_in_core)]
        ErrorKind::Instantiation(
            InstantiationError::TooManyInstances
            | InstantiationError::TooManyTables
            | InstantiationError::TooManyMemories
            | InstantiationError::FailedToInstantiateMemory(_)
            | InstantiationError::FailedToInstantiateTable(_),
        ) => Outcome::Limit(error.to_string()),
        ErrorKind::Memory(_) | ErrorKind::Table(_) => Outcome::Limit(error.to_string()),
        ErrorKind::Instantiation(_) => Outcome::Rejected {
            stage: Stage::Link,
            reason: error.to_string(),
        },
        // Where functions are validated or translated when they are first called.
        ErrorKind::Wasm(_) | ErrorKind::Translation(_) => Outcome::Rejected {
            stage: Stage::Compile,
            reason: error.to_string(),
        },
        #[cfg(wasmi_user_limits)]
        ErrorKind::UserLimits(_) | ErrorKind::ImplementationLimits(_) => Outcome::Rejected {
            stage: Stage::Compile,
            reason: error.to_string(),
        },
        #[cfg(not(wasmi_user_limits))]
        ErrorKind::Limits(_) => Outcome::Rejected {
            stage: Stage::Compile,
            reason: error.to_string(),
        },
        // Arguments of another type, for one.
        _ => Outcome::Unsupported(error.to_string()),
    }
}

fn trap_of(code: TrapCode) -> Outcome {
    let kinds: &[TrapKind] = match code {
        TrapCode::StackOverflow => return Outcome::Exhausted,
        TrapCode::OutOfFuel => return Outcome::Interrupted,
        TrapCode::GrowthOperationLimited => return Outcome::Limit(code.to_string()),
        #[cfg(wasmi_out_of_system_memory)]
        TrapCode::OutOfSystemMemory => return Outcome::Limit(code.to_string()),
        TrapCode::UnreachableCodeReached => &[TrapKind::Unreachable],
        TrapCode::MemoryOutOfBounds => &[TrapKind::OutOfBoundsMemory],
        // One code for `table.get` and for `call_indirect`.
        TrapCode::TableOutOfBounds => &[TrapKind::OutOfBoundsTable, TrapKind::UndefinedElement],
        TrapCode::IndirectCallToNull => &[TrapKind::NullElement],
        TrapCode::IntegerDivisionByZero => &[TrapKind::DivisionByZero],
        TrapCode::IntegerOverflow => &[TrapKind::IntegerOverflow],
        TrapCode::BadConversionToInteger => &[TrapKind::InvalidConversion],
        TrapCode::BadSignature => &[TrapKind::IndirectCallType],
    };
    Outcome::Trap(kinds.to_vec())
}

fn val_type(ty: ValueType) -> ValType {
    match ty {
        ValueType::I32 => ValType::I32,
        ValueType::I64 => ValType::I64,
        ValueType::F32 => ValType::F32,
        ValueType::F64 => ValType::F64,
        ValueType::V128 => ValType::V128,
        ValueType::FuncRef => ValType::FuncRef,
        ValueType::ExternRef => ValType::ExternRef,
    }
}

/// `None` for a reference that is not null.
fn val_of(value: Value) -> Option<Val> {
    Some(match value {
        Value::I32(v) => Val::I32(v.cast_signed()),
        Value::I64(v) => Val::I64(v.cast_signed()),
        Value::F32(v) => Val::F32(F32::from_bits(v)),
        Value::F64(v) => Val::F64(F64::from_bits(v)),
        Value::V128(v) => Val::V128(v.into()),
        Value::FuncRef(None) => null(ValType::FuncRef),
        Value::ExternRef(None) => null(ValType::ExternRef),
        Value::FuncRef(Some(_)) | Value::ExternRef(Some(_)) => return None,
    })
}

/// The null reference of a type.
fn null(ty: ValType) -> Val {
    #[cfg(wasmi_default_for_ty)]
    {
        Val::default_for_ty(ty)
    }
    #[cfg(not(wasmi_default_for_ty))]
    {
        Val::default(ty)
    }
}

/// References keep only whether they are null: their identity means nothing
/// to another engine.
fn value_of(val: &Val) -> Value {
    match val {
        Val::I32(v) => Value::I32(v.cast_unsigned()),
        Val::I64(v) => Value::I64(v.cast_unsigned()),
        Val::F32(v) => Value::F32(v.to_bits()),
        Val::F64(v) => Value::F64(v.to_bits()),
        Val::V128(v) => Value::V128(v.as_u128()),
        Val::FuncRef(r) => Value::FuncRef((!r.is_null()).then_some(0)),
        Val::ExternRef(r) => Value::ExternRef((!r.is_null()).then_some(0)),
    }
}
