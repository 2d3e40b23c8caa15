//! A script with threads, run many times.
//!
//! Modules are compiled once. Runs are made in batches: a batch has one store for the
//! script and one for each thread, with the instances of all of its runs in them, and one
//! thread of the system for each thread of the script. These meet before each run, are
//! late by a few turns of a loop, and make the calls of the run. The memories are looked
//! at when the batch is over. So a run costs what its instances and its calls do.
//!
//! Once in [`TOGETHER`] runs they meet at a barrier that nobody passes alone; between
//! them they wait for each other for a moment only. On a machine that is busy with other
//! things a thread may have lost its processor: to wait for it each time would take
//! nearly all of the time. A run whose threads do not meet is a run all the same, of which
//! fewer outcomes can be expected.
//!
//! What an engine does in a run of a batch is what it does in a run by itself, as far
//! as the script can tell: each has instances and memories of its own. Scripts of
//! another form than [`Program`] run once.

mod barrier;
mod program;
#[cfg(all(test, not(worker)))]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::driver::{elapsed, look, panic_message};
use super::embedding::Start;
use super::{Embedding, Features, Job};
use crate::observation::{MemoryState, Observation, Outcome, Repeat, StepObservation, Watch};
use crate::script::{Script, Step};
use barrier::{Barrier, Closing, Lateness};
use program::{Made, Modules, Part, Program, compiled, make};

/// How many runs a batch has at most: each has a memory of its own for that long.
const BATCH: usize = 32;

/// How many runs of a batch there are from one barrier to the next.
const TOGETHER: usize = 8;

/// How many runs there are at least. There are more only as long as the latter half
/// of them had an outcome that was new: what any run shows is found by many programs, not
/// by many runs.
const FEWEST: u32 = 64;

/// How long all runs of a job may take; those that are left then are not made.
const LONGEST: Duration = Duration::from_millis(100);

/// Runs the script of `job` as often as it is worth, and no more often than it says, in
/// stores that `store` makes; `None` if that cannot be done in batches, or if anything
/// happened that is none of the threads' doing: a run by itself tells what.
pub(super) fn run<E: Embedding>(
    store: impl Fn() -> E,
    features: Features,
    job: &Job<'_>,
) -> Option<Observation> {
    let all = AssertUnwindSafe(|| run_all(store, features, job));
    catch_unwind(all).ok()?
}

fn run_all<E: Embedding>(
    store: impl Fn() -> E,
    features: Features,
    job: &Job<'_>,
) -> Option<Observation> {
    let began = Instant::now();
    let program = Program::of(job.script)?;
    let watch = Watch::default();
    let scripts = program.threads.iter().map(|part| &part.script);
    let jobs: Vec<Job<'_>> = scripts
        .map(|script| Job::new(script, job.budget, &watch, &[]))
        .collect();
    let mut first = store();
    let modules = compiled(&mut first, features, job)?;
    let parts: Option<Vec<_>> = std::iter::zip(&program.threads, &jobs)
        .map(|(part, job)| Some((part, compiled(&mut first, features, job)?)))
        .collect();
    let mut all = Repeated {
        job,
        program: &program,
        modules,
        parts: parts?,
        began,
        runs: 0,
        new: 0,
        observation: Observation::default(),
    };
    all.observation.timing.compile += elapsed(began);
    drop(first);
    while all.runs < job.runs.min(FEWEST.max(2 * all.new)) && began.elapsed() < LONGEST {
        let left = job.runs - all.runs;
        if all.batch(&store, left.min(BATCH as u32))? == 0 {
            break;
        }
    }
    let first = all.observation.repeats.first()?;
    all.observation.steps.clone_from(&first.steps);
    Some(all.observation)
}

/// A script that runs many times.
struct Repeated<'a, 'j, E: Embedding> {
    job: &'a Job<'j>,
    program: &'a Program<'a>,
    modules: Modules<E::Module>,
    /// Its threads, with their modules.
    parts: Vec<(&'a Part<'a>, Modules<E::Module>)>,
    began: Instant,
    /// How many runs were made.
    runs: u32,
    /// Which of them was the last to have an outcome that was new, from 1.
    new: u32,
    observation: Observation,
}

/// What one thread did: for each run, what its steps came to.
type Done = Vec<Vec<Outcome>>;

impl<'a, E: Embedding> Repeated<'a, '_, E> {
    /// Makes up to so many runs: gives how many it were.
    fn batch(&mut self, store: &impl Fn() -> E, runs: u32) -> Option<u32> {
        let began = Instant::now();
        let mut script = store();
        let made = self.made(&mut script, runs)?;
        let starts = self.starts(&mut script, &made)?;
        self.observation.timing.instantiate += elapsed(began);
        let began = Instant::now();
        let done = self.call(starts, runs as usize)?;
        self.observation.timing.call += elapsed(began);
        let runs = done.iter().map(Vec::len).min()?;
        let mut done: Vec<_> = done.into_iter().map(Vec::into_iter).collect();
        for made in made.iter().take(runs) {
            let outcomes: Option<Vec<_>> = done.iter_mut().map(Iterator::next).collect();
            let memories = look(
                &mut script,
                &made.observable,
                &made.instances,
                self.job.watch,
            );
            self.count(&outcomes?, memories);
        }
        let began = Instant::now();
        drop((made, script));
        self.observation.timing.teardown += elapsed(began);
        u32::try_from(runs).ok()
    }

    /// The instances of the script, for each run.
    fn made(&self, script: &mut E, runs: u32) -> Option<Vec<Made<'a, E::Instance>>> {
        let program = self.program;
        (0..runs)
            .map(|_| make(script, program.before, &self.modules, None))
            .collect()
    }

    /// What makes the stores of the threads.
    fn starts(&self, script: &mut E, made: &[Made<'_, E::Instance>]) -> Option<Vec<Start<E>>> {
        let of_part = |(part, _): &(&Part<'_>, _)| {
            let shared: Option<Vec<&E::Instance>> = match part.shared {
                None => Some(Vec::new()),
                Some(name) => made.iter().map(|made| made.instances.get(name)).collect(),
            };
            script.thread(&shared?)
        };
        self.parts.iter().map(of_part).collect()
    }

    /// Lets the threads make the calls of so many runs.
    fn call(&self, starts: Vec<Start<E>>, runs: usize) -> Option<Vec<Done>> {
        let barrier = Barrier::new(starts.len(), self.began + LONGEST);
        let seed = self.began.elapsed().as_nanos() as u64;
        std::thread::scope(|scope| {
            let mut threads = Vec::new();
            for (number, (start, (part, modules))) in
                starts.into_iter().zip(&self.parts).enumerate()
            {
                let barrier = &barrier;
                let lateness = Lateness::new(seed + number as u64);
                let body = move || thread(start, part, modules, runs, barrier, lateness);
                let spawned = std::thread::Builder::new().spawn_scoped(scope, body);
                if spawned.is_err() {
                    barrier.close_from(0);
                }
                threads.push(spawned.ok());
            }
            let joined = threads.into_iter().map(|thread| thread?.join().ok()?);
            joined.collect()
        })
    }

    /// Counts what a run came to.
    fn count(&mut self, outcomes: &[Vec<Outcome>], memories: Vec<MemoryState>) {
        let after = elapsed(self.began);
        let steps = self.steps(outcomes, memories);
        self.runs += 1;
        let mut seen = self.observation.repeats.iter_mut();
        match seen.find(|repeat| repeat.steps == steps) {
            Some(repeat) => repeat.times += 1,
            None => {
                self.new = self.runs;
                self.observation.repeats.push(Repeat {
                    steps,
                    times: 1,
                    after,
                });
            }
        }
    }

    /// What the steps of the script came to, given that of its threads and the memories at
    /// the end.
    fn steps(&self, outcomes: &[Vec<Outcome>], memories: Vec<MemoryState>) -> Vec<StepObservation> {
        let Script { steps } = self.job.script;
        let mut waits = self.program.waits.iter();
        let mut observations: Vec<StepObservation> = steps
            .iter()
            .map(|step| StepObservation {
                outcome: match step {
                    Step::Wait { .. } => {
                        let joined = waits.next().map(|&thread| outcomes[thread].clone());
                        Outcome::Joined(joined.unwrap_or_default())
                    }
                    _ => Outcome::Values(Vec::new()),
                },
                memories: Vec::new(),
            })
            .collect();
        if let Some(last) = observations.last_mut() {
            last.memories = memories;
        }
        observations
    }
}

/// What a thread of the system does: `None` if it did not come to its first call.
fn thread<E: Embedding>(
    start: Start<E>,
    part: &Part<'_>,
    modules: &Modules<E::Module>,
    runs: usize,
    barrier: &Barrier,
    mut lateness: Lateness,
) -> Option<Done> {
    let mut closing = Closing { barrier, begun: 0 };
    let (before, calls) = part.script.steps.split_at(part.before);
    let (mut embedding, shared) = start();
    let mut shared = shared.into_iter();
    let made: Option<Vec<_>> = (0..runs)
        .map(|_| {
            let shared = part.shared.and_then(|name| Some((name, shared.next()?)));
            make(&mut embedding, before, modules, shared)
        })
        .collect();
    let made = made?;
    let mut done = Vec::with_capacity(runs);
    let mut met = 0;
    for (run, made) in made.iter().enumerate() {
        let goes_on = if run.is_multiple_of(TOGETHER) {
            barrier.pass(run)
        } else {
            met += 1;
            barrier.meet(run, met)
        };
        if !goes_on {
            break;
        }
        closing.begun = run + 1;
        lateness.spend();
        let mut outcomes = vec![Outcome::Values(Vec::new()); before.len()];
        let goes_on = call(&mut embedding, calls, made, &mut outcomes);
        done.push(outcomes);
        if !goes_on {
            break;
        }
    }
    Some(done)
}

/// Makes the calls of a thread: gives whether it can make others after them.
fn call<E: Embedding>(
    embedding: &mut E,
    calls: &[Step],
    made: &Made<'_, E::Instance>,
    outcomes: &mut Vec<Outcome>,
) -> bool {
    for step in calls {
        let Step::Invoke {
            instance,
            func,
            args,
        } = step
        else {
            return false;
        };
        let call = AssertUnwindSafe(|| match made.instances.get(instance.as_str()) {
            Some(instance) => embedding.invoke(instance, func, args),
            None => Outcome::Absent,
        });
        let outcome =
            catch_unwind(call).unwrap_or_else(|payload| Outcome::Panic(panic_message(&*payload)));
        embedding.after_step();
        let ends = matches!(outcome, Outcome::Interrupted | Outcome::Panic(_));
        let exhausted = outcome == Outcome::Exhausted;
        outcomes.push(outcome);
        if ends {
            return false;
        }
        if exhausted {
            break;
        }
    }
    true
}
