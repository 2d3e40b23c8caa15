//! The threads of a script on the reference: they take turns, a few
//! instructions each, always in the same order.

use std::collections::HashMap;

use trapline_reference::{Error, Extern, InstanceId, Module, Status, Store, Thread, Trap};

use super::embedding::NO_STEP;
use super::host::host_func;
use super::modules::decoded;
use super::outcome::outcome_of;
use crate::observation::Outcome;
use crate::script::{HOST, Step};

/// How many instructions a thread executes before it is another's turn. A
/// prime, so that the turns of equal loops do not stay in step.
const TURN: u64 = 7;

/// All threads of a script that have started.
#[derive(Default)]
pub(super) struct Threads(Vec<Running>);

/// A thread, with names of its own.
struct Running {
    name: String,
    steps: Vec<Step>,
    outcomes: Vec<Outcome>,
    modules: HashMap<String, Module>,
    instances: HashMap<String, InstanceId>,
    registered: HashMap<String, InstanceId>,
    /// The call of the current step.
    call: Option<Thread>,
    /// Where the call waits: after how many nanoseconds that ends.
    timeout: Option<u64>,
}

impl Threads {
    /// Starts a thread; it does nothing before somebody waits for one.
    pub(super) fn start(
        &mut self,
        name: &str,
        shared: Option<(String, InstanceId)>,
        steps: &[Step],
    ) {
        self.0.push(Running {
            name: name.to_owned(),
            steps: steps.to_vec(),
            outcomes: Vec::new(),
            modules: HashMap::new(),
            instances: shared.into_iter().collect(),
            registered: HashMap::new(),
            call: None,
            timeout: None,
        });
    }

    /// Lets all threads take turns until the one of this name has ended.
    pub(super) fn join(&mut self, name: &str, store: &mut Store) -> Outcome {
        let Some(joined) = self.0.iter().position(|thread| thread.name == name) else {
            return Outcome::Absent;
        };
        while !self.0[joined].has_ended() {
            for thread in &mut self.0 {
                thread.turn(store);
            }
            if self.0.iter().all(|t| t.has_ended() || t.is_stuck(store)) {
                // Nobody is left to notify anybody: time passes.
                let stuck = self.0.iter_mut().filter(|t| t.is_stuck(store));
                if let Some(first) = stuck.min_by_key(|t| t.timeout.unwrap_or(u64::MAX)) {
                    first.time_out(store);
                }
            }
        }
        Outcome::Joined(self.0.remove(joined).outcomes)
    }
}

impl Running {
    fn has_ended(&self) -> bool {
        self.outcomes.len() == self.steps.len()
    }

    /// Goes on with the current step, or does the next.
    fn turn(&mut self, store: &mut Store) {
        if self.has_ended() {
            return;
        }
        if self.call.is_none() {
            match self.step(store) {
                Ok(call) => self.call = Some(call),
                Err(outcome) => self.outcomes.push(outcome),
            }
            return;
        }
        let status = self.call.as_mut().map(|call| call.run(store, TURN));
        match status {
            Some(Status::Ended(result)) => {
                self.end(result.map_or_else(outcome_of, Outcome::Values));
            }
            Some(Status::Waiting(timeout)) => self.timeout = timeout,
            Some(Status::Running) | None => {}
        }
    }

    /// Whether only a notification or time can let it go on.
    fn is_stuck(&self, store: &Store) -> bool {
        self.call
            .as_ref()
            .is_some_and(|call| call.is_waiting(store))
    }

    fn end(&mut self, outcome: Outcome) {
        self.call = None;
        self.outcomes.push(outcome);
    }

    /// Ends its wait, as over; a wait without end is the end of the call.
    fn time_out(&mut self, store: &mut Store) {
        if let Some(call) = &mut self.call {
            call.time_out(store);
        }
        if self.timeout.is_none() {
            self.end(outcome_of(Error::from(Trap::WouldBlock)));
        }
    }

    /// Does the next step, or begins it, if it is a call.
    fn step(&mut self, store: &mut Store) -> Result<Thread, Outcome> {
        let done = || Outcome::Values(Vec::new());
        let instances = &self.instances;
        let find = |name: &String| instances.get(name).copied().ok_or(Outcome::Absent);
        match &self.steps[self.outcomes.len()] {
            Step::Define { module, wasm } => {
                self.modules
                    .insert(module.clone(), decoded(wasm)?.numbered(NO_STEP));
                Err(done())
            }
            Step::Instantiate { instance, module } => {
                let module = self.modules.get(module).ok_or(Outcome::Absent)?;
                let registered = &self.registered;
                let made = store.instantiate(module, |store, module, name| match module {
                    HOST => host_func(store, name),
                    _ => store.export(*registered.get(module)?, name),
                });
                let made = made.map_err(outcome_of)?;
                self.instances.insert(instance.clone(), made);
                Err(done())
            }
            Step::Register { instance, name } => {
                let instance = find(instance)?;
                self.registered.insert(name.clone(), instance);
                Err(done())
            }
            Step::Invoke {
                instance,
                func,
                args,
            } => match store.export(find(instance)?, func) {
                Some(Extern::Func(func)) => store.spawn(func, args).map_err(outcome_of),
                _ => Err(Outcome::Absent),
            },
            Step::Get { instance, global } => match store.export(find(instance)?, global) {
                Some(Extern::Global(global)) => Err(Outcome::Values(vec![store.global(global)])),
                _ => Err(Outcome::Absent),
            },
            Step::Thread { .. } | Step::Wait { .. } => {
                Err(Outcome::Unsupported("a thread of a thread".to_owned()))
            }
        }
    }
}
