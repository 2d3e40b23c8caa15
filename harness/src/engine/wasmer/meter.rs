//! A middleware of ours that counts: every function entered and every turn of a
//! loop takes one from a counter in the module, and traps when there is none left.

use std::sync::{Arc, Mutex};

use wasmer::sys::wasmparser::{BlockType, Operator};
use wasmer::sys::{FunctionMiddleware, MiddlewareError, MiddlewareReaderState, ModuleMiddleware};
use wasmer::{
    ExportIndex, Exports, GlobalInit, GlobalType, LocalFunctionIndex, ModuleInfo, Mutability,
    Store, Type,
};

use super::tunables::Budget;

/// The export that is the counter. No script exports anything by this name.
const COUNTER: &str = "\u{0}trapline counter";

/// How much an instance may do. Far beyond what any script needs; as many times
/// more as the fuel of the run is.
const TURNS: i64 = 100_000_000;

/// The middleware, shared by all modules of an engine.
#[derive(Debug)]
pub(super) struct Meter {
    budget: Budget,
    /// The counter of the module in work. Modules are compiled one at a time.
    counter: Arc<Mutex<Option<u32>>>,
}

impl Meter {
    pub(super) fn new(budget: &Budget) -> Meter {
        Meter {
            budget: budget.clone(),
            counter: Arc::default(),
        }
    }
}

/// Whether the counter of an instance has run out.
pub(super) fn has_run_out(instance: &Exports, store: &mut Store) -> bool {
    instance
        .get_global(COUNTER)
        .is_ok_and(|counter| matches!(counter.get(store), wasmer::Value::I64(left) if left < 0))
}

impl ModuleMiddleware for Meter {
    fn transform_module_info(&self, module: &mut ModuleInfo) -> Result<(), MiddlewareError> {
        let index = module
            .globals
            .push(GlobalType::new(Type::I64, Mutability::Var));
        let factor = i64::try_from(self.budget.limits().fuel_factor()).unwrap_or(i64::MAX);
        let turns = TURNS.saturating_mul(factor);
        module.global_initializers.push(GlobalInit::I64Const(turns));
        module
            .exports
            .insert(COUNTER.to_owned(), ExportIndex::Global(index));
        *self.counter.lock().expect("no panic while it is held") = Some(index.as_u32());
        Ok(())
    }

    fn generate_function_middleware<'a>(
        &self,
        _: LocalFunctionIndex,
    ) -> Box<dyn FunctionMiddleware<'a> + 'a> {
        let counter = *self.counter.lock().expect("no panic while it is held");
        Box::new(Counting {
            counter: counter.expect("the module was transformed before its functions"),
            entered: false,
        })
    }
}

/// The middleware at work on one function.
#[derive(Debug)]
struct Counting {
    counter: u32,
    entered: bool,
}

impl<'a> FunctionMiddleware<'a> for Counting {
    fn feed(
        &mut self,
        operator: Operator<'a>,
        state: &mut MiddlewareReaderState<'a>,
    ) -> Result<(), MiddlewareError> {
        let is_loop = matches!(operator, Operator::Loop { .. });
        if !self.entered && !is_loop {
            self.count(state);
        }
        self.entered = true;
        state.push_operator(operator);
        if is_loop {
            self.count(state);
        }
        Ok(())
    }
}

impl Counting {
    fn count(&self, state: &mut MiddlewareReaderState<'_>) {
        let global_index = self.counter;
        state.extend([
            Operator::GlobalGet { global_index },
            Operator::I64Const { value: 1 },
            Operator::I64Sub,
            Operator::GlobalSet { global_index },
            Operator::GlobalGet { global_index },
            Operator::I64Const { value: 0 },
            Operator::I64LtS,
            Operator::If {
                blockty: BlockType::Empty,
            },
            Operator::Unreachable,
            Operator::End,
        ]);
    }
}
