//! A call on a thread of the system, with the shared memories that it meets.

use std::cell::Cell;
use std::sync::Arc;

use trapline_reference::{
    Error, FuncId, Kind, MemoryId, Request, Rules as _, SharedInstruction, Specification, Status,
    Store, Trap, Traps, Value,
};

use super::memory::SharedMemory;
use super::rules::{Access, Rules};

/// What a thread has of its own of a memory, for faults to use.
#[derive(Default)]
pub(super) struct Own {
    /// A length that it has seen.
    pub(super) length: Cell<Option<u64>>,
    /// A store that has not been made, by address and width.
    pub(super) late: Cell<Option<(u64, u32, u64)>>,
    /// The last load.
    pub(super) loaded: Cell<Option<(u64, u32, u128)>>,
}

/// A shared memory that a thread has met.
pub(super) struct Met {
    /// The stand-in in the store of the thread.
    pub(super) id: MemoryId,
    pub(super) memory: Arc<SharedMemory>,
    own: Own,
}

impl Met {
    pub(super) fn new(id: MemoryId, memory: Arc<SharedMemory>) -> Met {
        let own = Own::default();
        Met { id, memory, own }
    }
}

/// A thread's part of an engine.
pub(super) struct Parallel {
    pub(super) store: Store,
    pub(super) rules: &'static dyn Rules,
    /// The shared memories that were met.
    pub(super) met: Vec<Met>,
    /// The most bytes that a memory may have.
    pub(super) most: u64,
}

impl Parallel {
    /// The memory itself, of which the store has no more than its type.
    pub(super) fn shared(&mut self, id: MemoryId) -> &Met {
        let known = self.met.iter().position(|met| met.id == id);
        let place = known.unwrap_or_else(|| {
            let memory = SharedMemory::new(self.store.memory(id), self.most);
            self.met.push(Met::new(id, Arc::new(memory)));
            self.met.len() - 1
        });
        &self.met[place]
    }

    /// Calls a function.
    pub(super) fn call(&mut self, func: FuncId, args: &[Value]) -> Result<Vec<Value>, Error> {
        let mut thread = self.store.spawn(func, args)?;
        thread.stop_on_shared_memory();
        loop {
            let status = thread.run(&mut self.store, u64::MAX);
            let next = match status {
                Status::Ended(result) => {
                    self.settle();
                    return result;
                }
                Status::Running => thread.shared_instruction(&self.store),
                // A wait on a memory that is not shared traps.
                Status::Waiting(_) => None,
            };
            let Some(next) = next else {
                return Err(Error::Interrupted);
            };
            match self.execute(&next) {
                Ok(value) => thread.executed(value),
                Err(error) => {
                    self.settle();
                    return Err(error);
                }
            }
        }
    }

    fn settle(&self) {
        for Met { memory, own, .. } in &self.met {
            self.rules.settle(memory, own);
        }
    }

    fn execute(&mut self, next: &SharedInstruction) -> Result<Option<u128>, Error> {
        let rules = self.rules;
        match *next {
            SharedInstruction::Access {
                memory,
                ref request,
                operands,
            } => access(rules, self.shared(memory), request, operands),
            SharedInstruction::Size(memory) => {
                let Met { memory, own, .. } = self.shared(memory);
                let bytes = rules.size(memory, own);
                Ok(Some((bytes >> memory.ty().page_size_log2).into()))
            }
            SharedInstruction::Grow(memory, pages) => {
                let Met { memory, own, .. } = self.shared(memory);
                let ty = memory.ty();
                let bytes = u128::from(pages) << ty.page_size_log2;
                let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
                let old = rules.grow(memory, own, bytes);
                let failed = match ty.address {
                    trapline_reference::AddressType::I32 => u32::MAX.into(),
                    trapline_reference::AddressType::I64 => u64::MAX.into(),
                };
                let pages = |old: u64| u128::from(old >> ty.page_size_log2);
                Ok(Some(old.map_or(failed, pages)))
            }
            SharedInstruction::Fill {
                memory,
                at,
                value,
                length,
            } => {
                let met = self.shared(memory);
                range(rules, met, at, length)?;
                let bytes = vec![value; length as usize];
                rules.write(&met.memory, at, &bytes);
                Ok(None)
            }
            SharedInstruction::Copy {
                to,
                from,
                at,
                source,
                length,
            } => {
                let from = self.shared(from);
                range(rules, from, source, length)?;
                let from = from.memory.clone();
                let to = self.shared(to);
                range(rules, to, at, length)?;
                let mut bytes = vec![0; length as usize];
                from.read(source, &mut bytes);
                rules.write(&to.memory, at, &bytes);
                Ok(None)
            }
            SharedInstruction::Init {
                memory,
                at,
                ref data,
                source,
                length,
            } => {
                let met = self.shared(memory);
                let begin = usize::try_from(source).unwrap_or(usize::MAX);
                let end = begin.saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
                let bytes = data.get(begin..end).ok_or(Trap::OutOfBoundsMemory)?;
                range(rules, met, at, length)?;
                rules.write(&met.memory, at, bytes);
                Ok(None)
            }
        }
    }
}

/// Whether a range of bytes is in bounds.
fn range(rules: &dyn Rules, met: &Met, at: u64, length: u64) -> Result<(), Error> {
    let bound = rules.bound(&met.memory, &met.own);
    match u128::from(at) + u128::from(length) <= u128::from(bound) {
        true => Ok(()),
        false => Err(Trap::OutOfBoundsMemory.into()),
    }
}

fn access(
    rules: &dyn Rules,
    met: &Met,
    request: &Request,
    [first, second]: [u128; 2],
) -> Result<Option<u128>, Error> {
    let access = Access {
        request,
        memory: &met.memory,
        own: &met.own,
        at: u128::from(request.address) + u128::from(request.offset),
    };
    if access.kind() != Kind::AtomicLoad {
        rules.settle(&met.memory, &met.own);
    }
    rules
        .check(&access)
        .map_err(|traps: Traps| Error::from(traps))?;
    let (low, high) = (first as u64, second as u64);
    Ok(match access.kind() {
        Kind::Load(_)
        | Kind::LoadExtend(..)
        | Kind::LoadSplat
        | Kind::LoadLane
        | Kind::AtomicLoad => Some(Specification.loaded(request, rules.load(&access), first)),
        Kind::Store | Kind::StoreLane | Kind::AtomicStore => {
            rules.store(&access, Specification.stored(request, first));
            None
        }
        Kind::AtomicRmw(op) => Some(rules.rmw(&access, op, low).into()),
        Kind::AtomicCmpxchg => Some(rules.cmpxchg(&access, low, high).into()),
        Kind::Notify => Some(rules.notify(&access, first as u32).into()),
        Kind::Wait => match rules.wait(&access, low, high.cast_signed()) {
            Some(how) => Some(how.into()),
            None => return Err(Error::Interrupted),
        },
    })
}
