//! Memories of wasmtime, shared or not, as the embedder sees them.

use trapline_reference::Value;
use wasmtime::{AsContext, AsContextMut, Extern, Instance, Memory, SharedMemory};

use super::State;
use crate::engine::host::{self, HostMemory, HostTrap};
use crate::script::HostFunc;

/// What can be imported from, called and looked at under one name.
#[derive(Clone)]
pub(super) enum Exports {
    /// Those of an instance in this store.
    Of(Instance),
    /// The shared memories of an instance in another: what a thread starts with.
    Shared(Vec<(String, SharedMemory)>),
}

impl Exports {
    pub(super) fn get(&self, store: impl AsContextMut, name: &str) -> Option<Extern> {
        match self {
            Exports::Of(instance) => instance.get_export(store, name),
            Exports::Shared(memories) => {
                let (_, memory) = memories.iter().find(|(export, _)| export == name)?;
                Some(memory.clone().into())
            }
        }
    }

    /// What of this another thread may have.
    pub(super) fn shared(&self, mut store: impl AsContextMut) -> Exports {
        Exports::Shared(match self {
            Exports::Of(instance) => instance
                .exports(&mut store)
                .filter_map(|export| {
                    let name = export.name().to_owned();
                    Some((name, export.into_extern().into_shared_memory()?))
                })
                .collect(),
            Exports::Shared(memories) => memories.clone(),
        })
    }
}

/// A memory of either kind.
pub(super) enum AnyMemory {
    Own(Memory),
    Shared(SharedMemory),
}

impl AnyMemory {
    pub(super) fn of(
        store: impl AsContextMut,
        exports: &Exports,
        export: &str,
    ) -> Option<AnyMemory> {
        match exports.get(store, export)? {
            Extern::Memory(memory) => Some(AnyMemory::Own(memory)),
            Extern::SharedMemory(memory) => Some(AnyMemory::Shared(memory)),
            _ => None,
        }
    }

    /// The bytes, where they are.
    pub(super) fn bytes<'a>(&'a self, store: &'a impl AsContext<Data = State>) -> &'a [u8] {
        match self {
            AnyMemory::Own(memory) => memory.data(store.as_context()),
            AnyMemory::Shared(memory) => {
                let cells = memory.data();
                // SAFETY: the cells are readable for as long as `self` lives,
                // and no code that could write to them runs while the harness
                // looks at a memory: the steps of a script do not overlap.
                #[expect(unsafe_code, reason = "wasmtime gives no safe view of a shared memory")]
                unsafe {
                    std::slice::from_raw_parts(cells.as_ptr().cast::<u8>(), cells.len())
                }
            }
        }
    }
}

/// A memory together with its store, for the built-in instance.
struct InStore<C> {
    store: C,
    memory: AnyMemory,
}

impl<C: AsContextMut<Data = State>> HostMemory for InStore<C> {
    fn grow(&mut self, pages: u64) -> Option<u64> {
        match &self.memory {
            AnyMemory::Own(memory) => memory.grow(&mut self.store, pages).ok(),
            AnyMemory::Shared(memory) => memory.grow(pages).ok(),
        }
    }

    fn pages(&mut self) -> u64 {
        match &self.memory {
            AnyMemory::Own(memory) => memory.size(&self.store),
            AnyMemory::Shared(memory) => memory.size(),
        }
    }

    fn read(&mut self, address: u64) -> Option<u8> {
        let address = usize::try_from(address).ok()?;
        match &self.memory {
            AnyMemory::Own(memory) => {
                let mut byte = [0];
                memory.read(&self.store, address, &mut byte).ok()?;
                Some(byte[0])
            }
            AnyMemory::Shared(_) => self.memory.bytes(&self.store).get(address).copied(),
        }
    }

    fn write(&mut self, address: u64, byte: u8) -> bool {
        let Ok(address) = usize::try_from(address) else {
            return false;
        };
        match &self.memory {
            AnyMemory::Own(memory) => memory.write(&mut self.store, address, &[byte]).is_ok(),
            AnyMemory::Shared(memory) => match memory.data().get(address) {
                Some(cell) => {
                    // SAFETY: the cell lives as long as the memory; an atomic
                    // store, because other threads may run on this memory.
                    #[expect(unsafe_code, reason = "the API asks for atomics made by hand")]
                    unsafe {
                        std::sync::atomic::AtomicU8::from_ptr(cell.get())
                            .store(byte, std::sync::atomic::Ordering::SeqCst);
                    }
                    true
                }
                None => false,
            },
        }
    }
}

/// Does what a function of the built-in instance does.
pub(super) fn call_host(
    mut store: impl AsContextMut<Data = State>,
    func: &HostFunc,
    args: &[Value],
) -> wasmtime::Result<Value> {
    let registry = &store.as_context().data().registry;
    let exports = registry.get(&func.instance).cloned();
    let memory = exports
        .and_then(|exports| AnyMemory::of(&mut store, &exports, &func.memory))
        .ok_or_else(|| wasmtime::Error::new(HostTrap::no_memory(func)))?;
    host::perform(func.op, &mut InStore { store, memory }, args)
        .ok_or_else(|| wasmtime::Error::msg("arguments of another type"))
}
