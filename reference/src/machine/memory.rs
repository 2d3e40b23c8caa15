//! Memory instructions: operands off the stack, the rules asked, what was done
//! recorded.

use super::{Frame, Machine};
use crate::memory::{Bulk, Kind, MemoryId, Request, Site, Wait};
use crate::module::Access;
use crate::numeric::Slot;
use crate::store::{CodePlace, InstanceId, Store};
use crate::trap::{Error, Traps};
use crate::value::ValueType;

impl Machine {
    /// Executes an instruction of the table. When the thread is to be
    /// suspended, gives the timeout and the number of its waiter.
    // Long, as it has an arm for each kind of instruction.
    pub(super) fn access(
        &mut self,
        store: &mut Store,
        frame: &Frame,
        access: &Access,
    ) -> Result<Option<(i64, u64)>, Error> {
        let Access {
            instruction,
            memory,
            offset,
            lane,
            align_log2,
        } = *access;
        // Operands, the last one first.
        let (mut first, mut second) = (0, 0);
        match instruction.kind {
            Kind::Load(_) | Kind::LoadExtend(..) | Kind::LoadSplat | Kind::AtomicLoad => {}
            Kind::AtomicCmpxchg | Kind::Wait => {
                second = self.pop();
                first = self.pop();
            }
            Kind::LoadLane
            | Kind::Store
            | Kind::StoreLane
            | Kind::AtomicStore
            | Kind::AtomicRmw(_)
            | Kind::Notify => first = self.pop(),
        }
        let instance = &store.instances[frame.instance as usize];
        let id = instance.memories[memory as usize];
        let request = Request {
            site: instance.site(memory, frame.activation),
            instruction,
            offset,
            address: self.pop_address(),
            lane,
        };
        let rules = &*store.config.rules;
        let memory = &mut store.memories[id as usize];
        let waiters = &mut store.waiters;
        let mut suspend = None;
        let done: Result<Option<Slot>, Traps> = match instruction.kind {
            Kind::Load(_)
            | Kind::LoadExtend(..)
            | Kind::LoadSplat
            | Kind::LoadLane
            | Kind::AtomicLoad => rules.load(&request, memory, first).map(Some),
            Kind::Store | Kind::StoreLane | Kind::AtomicStore => {
                rules.store(&request, memory, first).map(|()| None)
            }
            Kind::AtomicRmw(op) => rules.atomic_rmw(&request, memory, op, first).map(Some),
            Kind::AtomicCmpxchg => rules
                .atomic_cmpxchg(&request, memory, first, second)
                .map(Some),
            Kind::Notify => {
                let at = rules.effective_address(&request, memory);
                let waiting = waiters.waiting(MemoryId(id), at);
                let woken = rules.notify(&request, memory, first as u32, waiting);
                woken.map(|count| {
                    waiters.wake(MemoryId(id), at, count);
                    Some(count.into())
                })
            }
            Kind::Wait => match rules.wait(&request, memory, first) {
                Ok(Wait::NotEqual) => Ok(Some(1)),
                Ok(Wait::Suspend(at)) => {
                    suspend = Some((second as u64 as i64, waiters.add(MemoryId(id), at)));
                    Ok(None)
                }
                Err(traps) => Err(traps),
            },
        };
        if store.config.trace {
            let writes = instruction.writes();
            let length = instruction.width.into();
            let at = u128::from(request.address) + u128::from(offset);
            let access = crate::Access {
                op: instruction.name,
                address: at,
                offset,
                length,
                writes,
                trapped: done.is_err(),
                align_log2,
                operands: [first, second],
                result: done.as_ref().copied().unwrap_or_default(),
                ..seen(store, frame, id, &request.site)
            };
            store.trace.push(access);
        }
        if let Some(value) = done? {
            self.push(value);
        }
        Ok(suspend)
    }

    pub(super) fn memory_size(&mut self, store: &mut Store, frame: &Frame, memory: u32) {
        let instance = &store.instances[frame.instance as usize];
        let id = instance.memories[memory as usize];
        let site = instance.site(memory, frame.activation);
        let memory = &store.memories[id as usize];
        let pages = store.config.rules.size(&site, memory);
        let address = memory.ty().address.value_type();
        self.push(narrow(pages, address));
        if store.config.trace {
            let end = memory.bytes();
            let access = crate::Access {
                op: "memory.size",
                address: end,
                result: Some(pages),
                ..seen(store, frame, id, &site)
            };
            store.trace.push(access);
        }
    }

    pub(super) fn memory_grow(&mut self, store: &mut Store, frame: &Frame, memory: u32) {
        let instance = &store.instances[frame.instance as usize];
        let id = instance.memories[memory as usize];
        let site = instance.site(memory, frame.activation);
        let delta = self.pop_address();
        let by = store.config.trace.then(|| place(store, frame));
        let result = store.grow_at("memory.grow", MemoryId(id), &site, by, delta);
        let address = store.memories[id as usize].ty().address.value_type();
        self.push(narrow(result as u128, address));
    }

    pub(super) fn memory_fill(
        &mut self,
        store: &mut Store,
        frame: &Frame,
        memory: u32,
    ) -> Result<(), Error> {
        let length = self.pop_address();
        let value = self.pop() as u8;
        let instance = &store.instances[frame.instance as usize];
        let id = instance.memories[memory as usize];
        let bulk = Bulk {
            site: instance.site(memory, frame.activation),
            source_site: None,
            destination: self.pop_address(),
            source: 0,
            length,
        };
        let memory = &store.memories[id as usize];
        if u128::from(length) <= memory.bytes() {
            self.burn(memory.fill_cost(bulk.destination.into(), value, length.into()))?;
        }
        let memory = &mut store.memories[id as usize];
        let done = store.config.rules.fill(&bulk, memory, value);
        let operand = value.into();
        record_bulk(
            store,
            frame,
            "memory.fill",
            id,
            &bulk,
            operand,
            done.is_err(),
        );
        Ok(done?)
    }

    pub(super) fn memory_copy(
        &mut self,
        store: &mut Store,
        frame: &Frame,
        to: u32,
        from: u32,
    ) -> Result<(), Error> {
        let length = self.pop_address();
        let source = self.pop_address();
        let instance = &store.instances[frame.instance as usize];
        let bulk = Bulk {
            site: instance.site(to, frame.activation),
            source_site: Some(instance.site(from, frame.activation)),
            destination: self.pop_address(),
            source,
            length,
        };
        let to = instance.memories[to as usize];
        let from = instance.memories[from as usize];
        let (read, written) = (&store.memories[from as usize], &store.memories[to as usize]);
        if u128::from(length) <= written.bytes() {
            let at = bulk.destination.into();
            self.burn(written.copy_cost(at, read, source.into(), length.into()))?;
        }
        let rules = &*store.config.rules;
        let size_read = store.memories[from as usize].bytes();
        // Two indices can be one memory, imported twice.
        let done = match store
            .memories
            .get_disjoint_mut([to as usize, from as usize])
        {
            Ok([to, from]) => rules.copy(&bulk, to, Some(from)),
            Err(_) => rules.copy(&bulk, &mut store.memories[to as usize], None),
        };
        if store.config.trace {
            let site = bulk.source_site.as_ref().unwrap_or(&bulk.site);
            let beyond = u128::from(source) + u128::from(length) > size_read;
            let access = crate::Access {
                op: "memory.copy",
                address: source.into(),
                length: length.into(),
                trapped: beyond,
                ..seen(store, frame, from, site)
            };
            store.trace.push(access);
        }
        let operand = source.into();
        record_bulk(
            store,
            frame,
            "memory.copy",
            to,
            &bulk,
            operand,
            done.is_err(),
        );
        Ok(done?)
    }

    pub(super) fn memory_init(
        &mut self,
        store: &mut Store,
        frame: &Frame,
        data: u32,
        memory: u32,
    ) -> Result<(), Error> {
        let length = self.pop_address();
        let source = self.pop_address();
        let instance = &store.instances[frame.instance as usize];
        let id = instance.memories[memory as usize];
        let bulk = Bulk {
            site: instance.site(memory, frame.activation),
            source_site: None,
            destination: self.pop_address(),
            source,
            length,
        };
        let memory = &mut store.memories[id as usize];
        let done = store
            .config
            .rules
            .init(&bulk, memory, &instance.data[data as usize]);
        let operand = source.into();
        record_bulk(
            store,
            frame,
            "memory.init",
            id,
            &bulk,
            operand,
            done.is_err(),
        );
        Ok(done?)
    }

    /// Charges for a bulk instruction that looks at `bytes` one by one.
    fn burn(&mut self, bytes: u128) -> Result<(), Error> {
        let cost = u64::try_from(bytes / 64).unwrap_or(u64::MAX);
        let all = self.fuel.saturating_add(self.reserve);
        let rest = all.checked_sub(cost).ok_or(Error::Interrupted)?;
        self.fuel = self.fuel.min(rest);
        self.reserve = rest - self.fuel;
        Ok(())
    }
}

/// A number of pages, or -1, as a value of the address type.
fn narrow(pages: u128, address: ValueType) -> Slot {
    match address {
        ValueType::I32 => Slot::from(pages as u32),
        _ => Slot::from(pages as u64),
    }
}

fn record_bulk(
    store: &mut Store,
    frame: &Frame,
    op: &'static str,
    id: u32,
    bulk: &Bulk,
    operand: u128,
    trapped: bool,
) {
    if store.config.trace {
        let access = crate::Access {
            op,
            address: bulk.destination.into(),
            length: bulk.length.into(),
            writes: true,
            trapped,
            operands: [operand, 0],
            ..seen(store, frame, id, &bulk.site)
        };
        store.trace.push(access);
    }
}

/// What every record of an instruction has: which memory, and where the
/// instruction stands.
fn seen(store: &Store, frame: &Frame, id: u32, site: &Site) -> crate::Access {
    let (instance, code) = place(store, frame);
    let memory = &store.memories[id as usize];
    crate::Access {
        code: Some(code),
        instance: Some(instance),
        ..crate::Access::of("", MemoryId(id), memory, site)
    }
}

/// Which instruction is executed, and in which instance.
fn place(store: &Store, frame: &Frame) -> (InstanceId, CodePlace) {
    let code = CodePlace {
        module: store.instances[frame.instance as usize].module,
        // Its program counter is already at the next instruction.
        offset: frame.code.offsets[frame.pc - 1],
    };
    (InstanceId(frame.instance), code)
}
