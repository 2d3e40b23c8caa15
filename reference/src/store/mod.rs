//! The store: everything that instances can reach, and the embedder's view of it.
//!
//! <https://webassembly.github.io/spec/core/exec/runtime.html#store>

mod config;
mod host;
mod instantiate;
mod taint;
mod thread;
mod trace;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::memory::{Memory, MemoryId, Site};
use crate::module::{Code, Definition, Item};
use crate::numeric::Slot;
use crate::trap::Error;
use crate::types::{ExternType, FuncType, GlobalType, TableType};
use crate::value::{NULL, Value};

pub use config::{Config, Grows};
pub use host::HostFunc;
pub(crate) use taint::Taint;
pub(crate) use thread::Waiters;
pub use thread::{Status, Thread};
pub(crate) use trace::Trace;
pub use trace::{Access, CodePlace, Grow, GrownBy};

/// A function of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FuncId(u32);

/// A table of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TableId(u32);

/// A global of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GlobalId(u32);

/// An instance of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InstanceId(pub(crate) u32);

impl InstanceId {
    /// Its number: how many instances were allocated in the store before it.
    pub fn number(self) -> usize {
        self.0 as usize
    }
}

/// What can be exported and imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extern {
    /// A function.
    Func(FuncId),
    /// A table.
    Table(TableId),
    /// A memory.
    Memory(MemoryId),
    /// A global.
    Global(GlobalId),
}

#[derive(Clone)]
pub(crate) struct Func {
    pub(crate) ty: Arc<FuncType>,
    pub(crate) kind: FuncKind,
}

#[derive(Clone)]
pub(crate) enum FuncKind {
    Wasm { instance: u32, code: Arc<Code> },
    Host(HostFunc),
}

#[derive(Clone)]
pub(crate) struct Table {
    pub(crate) ty: TableType,
    pub(crate) elements: Vec<Slot>,
}

#[derive(Clone, Copy)]
pub(crate) struct Global {
    pub(crate) ty: GlobalType,
    pub(crate) value: Slot,
}

#[derive(Clone)]
pub(crate) struct Instance {
    pub(crate) definition: Arc<Definition>,
    /// The number of its module, see [`Module::numbered`](crate::Module::numbered).
    pub(crate) module: u32,
    pub(crate) funcs: Vec<u32>,
    pub(crate) tables: Vec<u32>,
    pub(crate) memories: Vec<u32>,
    pub(crate) globals: Vec<u32>,
    pub(crate) elements: Vec<Arc<[Slot]>>,
    pub(crate) data: Vec<Arc<[u8]>>,
}

impl Instance {
    /// How the memory with this index looks from here.
    pub(crate) fn site(&self, memory: u32, activation: u64) -> Site {
        Site {
            memory,
            imported: memory < self.definition.imported_memories,
            activation,
            by_host: false,
        }
    }
}

/// A store. Clones share nothing but what neither has written since.
#[derive(Clone)]
pub struct Store {
    pub(crate) config: Config,
    pub(crate) funcs: Vec<Func>,
    pub(crate) tables: Vec<Table>,
    pub(crate) memories: Vec<Memory>,
    pub(crate) globals: Vec<Global>,
    pub(crate) instances: Vec<Instance>,
    /// Instances that others can import from.
    names: BTreeMap<String, InstanceId>,
    /// How many function activations have begun.
    pub(crate) activations: u64,
    /// How many grows could have ended otherwise.
    pub(crate) choices: u64,
    /// Whether there ever was a NaN whose bits the specification leaves open.
    pub(crate) has_open_nans: bool,
    pub(crate) trace: Trace,
    pub(crate) waiters: Waiters,
    /// What can depend on open bits, if that is asked for.
    pub(crate) taint: Option<Box<Taint>>,
    /// Nanoseconds of all waits that nobody ended.
    pub(crate) waited: u64,
}

impl Store {
    /// An empty store.
    pub fn new(config: Config) -> Store {
        Store {
            taint: config.taint.then(Box::default),
            config,
            funcs: Vec::new(),
            tables: Vec::new(),
            memories: Vec::new(),
            globals: Vec::new(),
            instances: Vec::new(),
            names: BTreeMap::new(),
            activations: 0,
            choices: 0,
            has_open_nans: false,
            trace: Trace::default(),
            waiters: Waiters::default(),
            waited: 0,
        }
    }

    /// Whether an instruction has given a NaN whose bits the specification
    /// leaves open, so that what was done since may depend on them, see [`Config::taint`].
    /// <https://webassembly.github.io/spec/core/exec/numerics.html#nan-propagation>
    pub fn has_open_nans(&self) -> bool {
        self.has_open_nans
    }

    /// How many nanoseconds calls would have waited for notifications that did
    /// not come, together; `u64::MAX` if one would have for ever.
    pub fn waited(&self) -> u64 {
        self.waited
    }

    /// Makes an instance known under a name, or the name that of another instance.
    pub fn register(&mut self, name: &str, instance: InstanceId) {
        self.names.insert(name.to_owned(), instance);
    }

    /// The instance known under a name.
    pub fn registered(&self, name: &str) -> Option<InstanceId> {
        self.names.get(name).copied()
    }

    /// An export of an instance.
    pub fn export(&self, instance: InstanceId, name: &str) -> Option<Extern> {
        let instance = &self.instances[instance.0 as usize];
        let (_, item) = instance
            .definition
            .exports
            .iter()
            .find(|(n, _)| n == name)?;
        Some(match *item {
            Item::Func(i) => Extern::Func(FuncId(instance.funcs[i as usize])),
            Item::Table(i) => Extern::Table(TableId(instance.tables[i as usize])),
            Item::Memory(i) => Extern::Memory(MemoryId(instance.memories[i as usize])),
            Item::Global(i) => Extern::Global(GlobalId(instance.globals[i as usize])),
        })
    }

    /// The type of something, with the size that a memory or a table has now
    /// as its minimum.
    /// <https://webassembly.github.io/spec/core/valid/matching.html>
    pub fn extern_type(&self, what: Extern) -> ExternType {
        match what {
            Extern::Func(id) => ExternType::Func((*self.funcs[id.0 as usize].ty).clone()),
            Extern::Table(id) => {
                let table = &self.tables[id.0 as usize];
                ExternType::Table(TableType {
                    minimum: table.elements.len() as u64,
                    ..table.ty
                })
            }
            Extern::Memory(id) => {
                let memory = &self.memories[id.0 as usize];
                let mut ty = memory.ty();
                ty.minimum = u64::try_from(memory.pages()).unwrap_or(u64::MAX);
                ExternType::Memory(ty)
            }
            Extern::Global(id) => ExternType::Global(self.globals[id.0 as usize].ty),
        }
    }

    /// Calls a function and runs it to its end. A wait with a timeout times out
    /// at once: there is no other thread.
    ///
    /// # Errors
    ///
    /// All that executing can end in.
    pub fn invoke(&mut self, func: FuncId, args: &[Value]) -> Result<Vec<Value>, Error> {
        self.spawn(func, args)?.finish(self)
    }

    /// The value of a global.
    pub fn global(&self, id: GlobalId) -> Value {
        let global = &self.globals[id.0 as usize];
        Value::of(global.value, global.ty.value)
    }

    /// How many instances were allocated, those included whose instantiation
    /// trapped afterwards.
    pub fn instance_count(&self) -> usize {
        self.instances.len()
    }

    /// A memory.
    pub fn memory(&self, id: MemoryId) -> &Memory {
        if let Some(taint) = &self.taint {
            taint.note_look(id);
        }
        &self.memories[id.0 as usize]
    }

    /// A memory, to be changed behind the back of all instances.
    pub fn memory_mut(&mut self, id: MemoryId) -> &mut Memory {
        &mut self.memories[id.0 as usize]
    }

    /// All memories, in the order they were made.
    pub fn memories(&self) -> impl Iterator<Item = (MemoryId, &Memory)> {
        (0..).map(MemoryId).zip(&self.memories)
    }

    /// Adds a memory of the embedder's own.
    ///
    /// # Errors
    ///
    /// It is larger than the budget.
    pub fn add_memory(&mut self, ty: crate::MemoryType) -> Result<MemoryId, Error> {
        if u128::from(ty.minimum) << ty.page_size_log2 > self.config.memory_bytes {
            return Err(Error::Limit(format!(
                "a memory of {} pages is beyond the budget",
                ty.minimum
            )));
        }
        self.memories.push(self.config.rules.allocate(ty));
        Ok(MemoryId(self.memories.len() as u32 - 1))
    }

    /// Adds a table of the embedder's own, of null references.
    ///
    /// # Errors
    ///
    /// It is larger than the run allows.
    pub fn add_table(&mut self, ty: TableType) -> Result<TableId, Error> {
        if ty.minimum > self.config.table_elements {
            return Err(Error::Limit(format!("a table of {} elements", ty.minimum)));
        }
        self.tables.push(Table {
            ty,
            elements: vec![NULL; ty.minimum as usize],
        });
        Ok(TableId(self.tables.len() as u32 - 1))
    }

    /// Adds a global of the embedder's own.
    pub fn add_global(&mut self, mutable: bool, value: Value) -> GlobalId {
        self.globals.push(Global {
            ty: GlobalType {
                value: value.ty(),
                mutable,
            },
            value: value.slot(),
        });
        GlobalId(self.globals.len() as u32 - 1)
    }
}
