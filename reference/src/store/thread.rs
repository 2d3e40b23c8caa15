//! Threads: calls in progress, several in one store, one of which runs at a time.

use super::{FuncId, Store};
use crate::machine::{Machine, Pending, Progress, SharedInstruction};
use crate::memory::MemoryId;
use crate::trap::{Error, Trap};
use crate::value::{Value, ValueType};

/// A call in progress. Several can take turns in one store; what one does to
/// a memory the others see at once.
/// <https://webassembly.github.io/threads/core/exec/runtime.html>
#[derive(Clone)]
pub struct Thread {
    machine: Machine,
    results: Vec<ValueType>,
    /// The number of its waiter, and the timeout in nanoseconds.
    waiting: Option<(u64, i64)>,
}

/// How far a thread has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It can go on.
    Running,
    /// It waits to be notified, at most for so many nanoseconds.
    Waiting(Option<u64>),
    /// It has ended.
    Ended(Result<Vec<Value>, Error>),
}

impl Store {
    /// A thread about to call a function.
    ///
    /// # Errors
    ///
    /// The arguments do not fit, or a function of the host failed.
    pub fn spawn(&mut self, func: FuncId, args: &[Value]) -> Result<Thread, Error> {
        let ty = self.funcs[func.0 as usize].ty.clone();
        if !ty.params.iter().copied().eq(args.iter().map(|v| v.ty())) {
            return Err(Error::Absent(
                "the arguments do not fit the function".to_owned(),
            ));
        }
        Ok(Thread {
            machine: Machine::call(self, func.0, args)?,
            results: ty.results.clone(),
            waiting: None,
        })
    }
}

impl Thread {
    /// Executes at most so many instructions; none while it waits.
    pub fn run(&mut self, store: &mut Store, instructions: u64) -> Status {
        if let Some((waiter, timeout)) = self.waiting {
            if !store.waiters.take_woken(waiter) {
                return Status::Waiting(u64::try_from(timeout).ok());
            }
            self.waiting = None;
            self.machine.resume(0);
        }
        self.machine.refuel(instructions);
        match self.machine.run(store) {
            Ok(Progress::Done) => {
                if let Some(taint) = &mut store.taint {
                    taint.results = self.machine.result_taint(self.results.len());
                }
                Status::Ended(Ok(self.machine.results(&self.results)))
            }
            Ok(Progress::Paused) => Status::Running,
            Ok(Progress::Waiting { timeout, waiter }) => {
                self.waiting = Some((waiter, timeout));
                Status::Waiting(u64::try_from(timeout).ok())
            }
            Err(error) => Status::Ended(Err(error)),
        }
    }

    /// Makes it stop before every instruction on shared memory, for somebody else to
    /// execute it.
    ///
    /// ```
    /// # use trapline_reference::{Config, Extern, Module, SharedInstruction, Status, Store, Value};
    /// // (module (memory 1 1 shared) (func (export "f") (result i32) memory.size))
    /// let wasm = b"\0asm\x01\0\0\0\x01\x05\x01\x60\0\x01\x7f\x03\x02\x01\0\x05\x04\x01\x03\x01\x01\
    ///              \x07\x05\x01\x01f\0\0\x0a\x06\x01\x04\0\x3f\0\x0b";
    /// let module = Module::new(wasm).unwrap();
    /// let mut store = Store::new(Config::default());
    /// let instance = store.instantiate(&module, |_, _, _| None).unwrap();
    /// let Some(Extern::Func(f)) = store.export(instance, "f") else { panic!() };
    /// let mut thread = store.spawn(f, &[]).unwrap();
    /// thread.stop_on_shared_memory();
    /// assert_eq!(thread.run(&mut store, u64::MAX), Status::Running);
    /// let next = thread.shared_instruction(&store);
    /// assert!(matches!(next, Some(SharedInstruction::Size(_))));
    /// thread.executed(Some(7));
    /// let end = thread.run(&mut store, u64::MAX);
    /// assert_eq!(end, Status::Ended(Ok(vec![Value::I32(7)])));
    /// ```
    pub fn stop_on_shared_memory(&mut self) {
        self.machine.step_on_shared_memory();
    }

    /// The instruction on shared memory before which it has stopped.
    pub fn shared_instruction(&self, store: &Store) -> Option<SharedInstruction> {
        self.machine.shared_instruction(store)
    }

    /// The instruction before which it has stopped was executed, and gave this value,
    /// or none.
    pub fn executed(&mut self, result: Option<u128>) {
        self.machine.executed(result);
    }

    /// Makes it stop before every instruction on shared memory.
    pub(crate) fn step_on_shared_memory(&mut self) {
        self.machine.step_on_shared_memory();
    }

    /// Lets it execute the next of them.
    pub(crate) fn grant(&mut self) {
        self.machine.grant();
    }

    /// The instruction on shared memory before which it stands.
    pub(crate) fn pending(&self, store: &Store) -> Option<Pending> {
        self.machine.pending(store)
    }

    /// Whether it stands where `other` does, with the same operands and locals.
    pub(crate) fn is_where(&self, other: &Thread) -> bool {
        self.machine.is_where(&other.machine)
    }

    /// Whether it has called a function of the host since it was asked last.
    pub(crate) fn take_hosted(&mut self) -> bool {
        self.machine.take_hosted()
    }

    /// Whether it waits, and nobody has notified it.
    pub fn is_waiting(&self, store: &Store) -> bool {
        self.waiting
            .is_some_and(|(waiter, _)| !store.waiters.is_woken(waiter))
    }

    /// Ends its wait, if it waits, as if the time were over.
    pub fn time_out(&mut self, store: &mut Store) {
        if let Some((waiter, timeout)) = self.waiting.take() {
            let timeout = u64::try_from(timeout).unwrap_or(u64::MAX);
            store.waited = store.waited.saturating_add(timeout);
            store.waiters.remove(waiter);
            self.machine.resume(2);
        }
    }

    /// Runs it to its end, alone.
    pub(super) fn finish(mut self, store: &mut Store) -> Result<Vec<Value>, Error> {
        loop {
            match self.run(store, u64::MAX) {
                Status::Ended(result) => return result,
                Status::Waiting(timeout) => {
                    // There is nobody to notify it, then or later.
                    self.time_out(store);
                    if timeout.is_none() {
                        return Err(Trap::WouldBlock.into());
                    }
                }
                Status::Running => {}
            }
        }
    }
}

/// The threads that wait, in the order in which they began to.
#[derive(Clone, Default)]
pub(crate) struct Waiters {
    list: Vec<Waiter>,
    next: u64,
}

/// A thread that waits at an address.
#[derive(Clone)]
pub(crate) struct Waiter {
    number: u64,
    memory: MemoryId,
    address: u128,
    woken: bool,
}

impl Waiters {
    /// One more; its number.
    pub(crate) fn add(&mut self, memory: MemoryId, address: u128) -> u64 {
        self.next += 1;
        self.list.push(Waiter {
            number: self.next,
            memory,
            address,
            woken: false,
        });
        self.next
    }

    /// How many wait at an address.
    pub(crate) fn waiting(&self, memory: MemoryId, address: u128) -> u32 {
        let here = |w: &&Waiter| !w.woken && (w.memory, w.address) == (memory, address);
        self.list.iter().filter(here).count() as u32
    }

    /// Wakes up those that have waited longest at an address.
    pub(crate) fn wake(&mut self, memory: MemoryId, address: u128, count: u32) {
        let here = |w: &&mut Waiter| !w.woken && (w.memory, w.address) == (memory, address);
        let woken = self.list.iter_mut().filter(here).take(count as usize);
        woken.for_each(|waiter| waiter.woken = true);
    }

    /// Whether one was woken up, and if so it is gone.
    fn take_woken(&mut self, number: u64) -> bool {
        let woken = self.is_woken(number);
        if woken {
            self.remove(number);
        }
        woken
    }

    fn is_woken(&self, number: u64) -> bool {
        self.list.iter().any(|w| w.number == number && w.woken)
    }

    fn remove(&mut self, number: u64) {
        self.list.retain(|waiter| waiter.number != number);
    }
}
