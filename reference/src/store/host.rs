//! The host: its functions, and what it does to memories.

use std::sync::Arc;

use super::{Access, CodePlace, Func, FuncId, FuncKind, Grow, InstanceId, Store};
use crate::memory::{MemoryId, Site};
use crate::trap::Error;
use crate::types::FuncType;
use crate::value::Value;

/// A function of the host: given the store and arguments of its type, it gives
/// results of its type.
pub type HostFunc = Arc<dyn Fn(&mut Store, &[Value]) -> Result<Vec<Value>, Error> + Send + Sync>;

impl Store {
    /// Whether a function is one of the host.
    pub(crate) fn is_host(&self, func: FuncId) -> bool {
        matches!(self.funcs[func.0 as usize].kind, FuncKind::Host(_))
    }

    /// Adds a function of the host.
    pub fn add_func(&mut self, ty: FuncType, func: HostFunc) -> FuncId {
        self.funcs.push(Func {
            ty: Arc::new(ty),
            kind: FuncKind::Host(func),
        });
        FuncId(self.funcs.len() as u32 - 1)
    }

    /// Grows a memory by so many pages, as `memory.grow` would; gives its size
    /// before, in pages, or `None`.
    pub fn grow(&mut self, memory: MemoryId, delta: u64) -> Option<u64> {
        let site = self.host_site();
        let result = self.grow_at("host.grow", memory, &site, None, delta);
        u64::try_from(result).ok()
    }

    /// The size of a memory in pages.
    pub fn size(&mut self, memory: MemoryId) -> u128 {
        let site = self.host_site();
        self.config
            .rules
            .size(&site, &self.memories[memory.0 as usize])
    }

    /// The byte at an address; `None` out of bounds.
    pub fn read(&mut self, memory: MemoryId, address: u64) -> Option<u8> {
        let bytes = &self.memories[memory.0 as usize];
        let within = u128::from(address) < bytes.bytes();
        let found = within.then(|| bytes.byte(address.into()));
        if let Some(taint) = &mut self.taint {
            taint.open |= taint.read(memory, address, 1) != 0;
        }
        self.record_host("host.read", memory, address, false, found.is_none());
        found
    }

    /// Writes the byte at an address; whether it is in bounds.
    pub fn write(&mut self, memory: MemoryId, address: u64, byte: u8) -> bool {
        let within = u128::from(address) < self.memories[memory.0 as usize].bytes();
        self.record_host("host.write", memory, address, true, !within);
        if within {
            self.memories[memory.0 as usize].write(address.into(), &[byte]);
            if let Some(taint) = &mut self.taint {
                taint.write(memory, address, 1, 0);
            }
        }
        within
    }

    fn host_site(&self) -> Site {
        Site {
            memory: 0,
            imported: false,
            activation: self.activations,
            by_host: true,
        }
    }

    /// Grows a memory for an instruction (`by`) or for the host; -1 when it fails.
    pub(crate) fn grow_at(
        &mut self,
        op: &'static str,
        id: MemoryId,
        site: &Site,
        by: Option<(InstanceId, CodePlace)>,
        delta: u64,
    ) -> i128 {
        let (instance, code) = by.unzip();
        let memory = &mut self.memories[id.0 as usize];
        let rules = &*self.config.rules;
        let record = (self.config.trace).then(|| Access::of(op, id, memory, site));
        let pages = memory.pages() + u128::from(delta);
        let choice = rules.may_have(memory.ty(), pages).then_some(self.choices);
        self.choices += u64::from(choice.is_some());
        let bytes = pages << memory.ty().page_size_log2;
        let resources = self.config.grows(&memory.ty(), bytes, choice);
        let result = rules.grow(site, memory, delta, resources);
        if let Some(before) = record {
            let grow = Grow {
                delta,
                result: u128::try_from(result).ok(),
                choice,
            };
            self.trace.push(Access {
                address: before.size,
                length: u128::from(delta) << before.ty.page_size_log2,
                grow: Some(grow),
                code,
                instance,
                ..before
            });
        }
        result
    }

    fn record_host(
        &mut self,
        op: &'static str,
        id: MemoryId,
        address: u64,
        writes: bool,
        failed: bool,
    ) {
        if self.config.trace {
            let site = self.host_site();
            let memory = &self.memories[id.0 as usize];
            self.trace.push(Access {
                address: address.into(),
                length: 1,
                writes,
                trapped: failed,
                ..Access::of(op, id, memory, &site)
            });
        }
    }
}
