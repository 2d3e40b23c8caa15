//! Memories of wasmi, as the embedder sees them.

use trapline_reference::Value;
use wasmi::{AsContextMut, Error, Memory};

use super::State;
use crate::engine::host::{self, HostMemory, HostTrap};
use crate::script::HostFunc;

/// A memory together with its store, for the built-in instance.
struct InStore<C> {
    store: C,
    memory: Memory,
}

impl<C: AsContextMut<Data = State>> HostMemory for InStore<C> {
    fn grow(&mut self, pages: u64) -> Option<u64> {
        self.memory.grow(&mut self.store, pages).ok()
    }

    fn pages(&mut self) -> u64 {
        self.memory.size(&self.store)
    }

    fn read(&mut self, address: u64) -> Option<u8> {
        let address = usize::try_from(address).ok()?;
        let mut byte = [0];
        self.memory.read(&self.store, address, &mut byte).ok()?;
        Some(byte[0])
    }

    fn write(&mut self, address: u64, byte: u8) -> bool {
        usize::try_from(address)
            .is_ok_and(|address| self.memory.write(&mut self.store, address, &[byte]).is_ok())
    }
}

/// Does what a function of the built-in instance does.
pub(super) fn call_host(
    store: impl AsContextMut<Data = State>,
    func: &HostFunc,
    args: &[Value],
) -> Result<Value, Error> {
    let memory = store
        .as_context()
        .data()
        .registry
        .get(&func.instance)
        .and_then(|instance| instance.get_memory(&store, &func.memory))
        .ok_or_else(|| Error::host(HostTrap::no_memory(func)))?;
    host::perform(func.op, &mut InStore { store, memory }, args)
        .ok_or_else(|| Error::new("arguments of another type"))
}
