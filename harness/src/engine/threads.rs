//! The threads of a script, on threads of the system.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::Embedding;
use super::driver::Run;
use super::embedding::Start;
use super::{Budget, Features, Job};
use crate::observation::{Outcome, Watch};
use crate::script::{Script, Step};

/// The threads of a script that nobody has waited for.
#[derive(Default)]
pub(super) struct Threads {
    handles: HashMap<String, JoinHandle<Vec<Outcome>>>,
    /// Before which those stand that were started since it was opened last.
    gate: Arc<Gate>,
}

/// Where threads wait before their first call until all have come that far: what they
/// do before it takes much longer than a call.
#[derive(Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
    /// How many are awake behind it.
    awake: AtomicUsize,
}

#[derive(Default)]
struct State {
    started: usize,
    /// Those that stand before it, or will never come.
    arrived: usize,
    /// Those that stand before it.
    waiting: usize,
    open: bool,
}

/// How often a thread that is awake looks whether the others are: nobody
/// waits for long for one that is not let run.
const LOOKS: u32 = 20_000;

/// The most that a thread is late by after that, in turns of a loop.
const LATE: usize = 512;

impl Gate {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self) {
        self.state().started += 1;
    }

    fn has_started(&self) -> bool {
        self.state().started > 0
    }

    /// A thread has come here, and waits until the gate is open.
    fn pass(&self) {
        let mut state = self.state();
        let number = state.waiting;
        state.arrived += 1;
        state.waiting += 1;
        self.changed.notify_all();
        while !state.open {
            let woken = self.changed.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
        let all = state.waiting;
        drop(state);
        // They are woken one after the other, and go on together.
        self.awake.fetch_add(1, Ordering::AcqRel);
        for _ in 0..LOOKS {
            if self.awake.load(Ordering::Acquire) >= all {
                break;
            }
            std::hint::spin_loop();
        }
        // Not always the same one first.
        for _ in 0..delay(number) {
            std::hint::spin_loop();
        }
    }

    /// A thread has ended without a call.
    fn miss(&self) {
        self.state().arrived += 1;
        self.changed.notify_all();
    }

    /// Opens it once all that were started are there.
    fn open(&self) {
        let mut state = self.state();
        while state.arrived < state.started {
            let woken = self.changed.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
        state.open = true;
        self.changed.notify_all();
    }
}

/// How late a thread is: another number each time, and often none.
fn delay(number: usize) -> usize {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    let mixed = (call.wrapping_mul(31) + number).wrapping_mul(0x9e37_79b9);
    (mixed >> 16) % LATE * usize::from(call.is_multiple_of(2))
}

impl Threads {
    /// Starts one that does `steps` in the embedding that `start` makes. `shared` is the
    /// name of the instance that the thread shares with the script.
    pub(super) fn start<E: Embedding + 'static>(
        &mut self,
        name: &str,
        start: Start<E>,
        shared: Option<&str>,
        features: Features,
        steps: &[Step],
        budget: Budget,
    ) -> Outcome {
        let script = Script {
            steps: steps.to_vec(),
        };
        let shared = shared.map(str::to_owned);
        self.gate.start();
        let arrival = Arrival(Some(self.gate.clone()));
        let body = move || {
            let (mut embedding, instances) = start();
            let watch = Watch::default();
            let job = Job::new(&script, budget, &watch, &[]);
            let mut run = Run::new(&mut embedding, features, &job);
            for (name, instance) in shared.iter().zip(instances) {
                run.share(name, instance);
            }
            run.before_first_call(arrival);
            let observation = run.run();
            let outcomes = observation.steps.into_iter().map(|step| step.outcome);
            outcomes.collect::<Vec<_>>()
        };
        match std::thread::Builder::new().spawn(body) {
            Ok(handle) => {
                self.handles.insert(name.to_owned(), handle);
                Outcome::Values(Vec::new())
            }
            // Its body is dropped, and has missed the gate.
            Err(error) => Outcome::Limit(format!("no thread: {error}")),
        }
    }

    /// Lets those go on that stand before their first call, once all do.
    pub(super) fn release(&mut self) {
        if self.gate.has_started() {
            std::mem::take(&mut self.gate).open();
        }
    }

    /// Waits for one to end.
    pub(super) fn join(&mut self, name: &str) -> Outcome {
        match self.handles.remove(name).map(JoinHandle::join) {
            None => Outcome::Absent,
            Some(Ok(outcomes)) => Outcome::Joined(outcomes),
            Some(Err(_)) => Outcome::Panic("a thread of the script panicked".to_owned()),
        }
    }

    /// Waits for all of them.
    #[cfg(feature = "wasmer")]
    pub(super) fn join_all(&mut self) {
        self.release();
        for (_, handle) in self.handles.drain() {
            // What it did is of no interest any more.
            let _ = handle.join();
        }
    }
}

impl Drop for Threads {
    /// Nobody waits for those that are left, and they go on.
    fn drop(&mut self) {
        self.release();
    }
}

/// That a thread comes to the gate: it passes it, or misses it when this is dropped.
pub(super) struct Arrival(Option<Arc<Gate>>);

impl Arrival {
    /// Passes the gate.
    pub(super) fn pass(mut self) {
        if let Some(gate) = self.0.take() {
            gate.pass();
        }
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        if let Some(gate) = self.0.take() {
            gate.miss();
        }
    }
}
