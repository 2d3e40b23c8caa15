//! Goes through the batches of a sweep, on several threads.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::known::Known;
use super::settle::Settler;
use super::state::State;
use super::tally::Tally;
use super::{Options, Plan, Point};
use crate::corpus::Register;
use crate::engine::reference::ReferenceRun;
use crate::judge::Judged;
use crate::script::{Script, print};
use crate::worker::Runner;

/// How often what was done is written to disk, at the most.
const SAVED: Duration = Duration::from_secs(2);
/// How many times longer than writing takes it is not written again.
const SPARING: u32 = 20;

/// What a running sweep shows to the outside, at any moment.
#[derive(Default)]
pub struct Progress {
    /// Points done, those done before it went on included.
    pub points: AtomicU64,
    /// How many there are in this shard.
    pub all: AtomicU64,
    /// Points done before it went on.
    pub before: AtomicU64,
    /// Points that left the specification, on whatever configuration.
    pub failing: AtomicU64,
    /// Set to end the sweep after the batches under way.
    pub cancel: AtomicBool,
}

/// Runs what is left of a sweep; `runner` makes one runner for each job. Whether all
/// of it is done then: not if it was cancelled.
///
/// # Errors
/// In words, if a runner fails or if the state cannot be written.
pub fn run(
    plan: &Plan,
    options: &Options,
    register: &Register,
    state: &mut State,
    runner: &(dyn Fn() -> Box<dyn Runner> + Sync),
    progress: &Progress,
) -> Result<bool, String> {
    let done = state.done();
    let mut mine = Vec::new();
    let (mut all, mut before) = (0, 0);
    for index in options.shard.of(0..plan.batches.len()) {
        let points = plan.batches[index].len() as u64;
        all += points;
        match done.contains(&index) {
            true => before += points,
            false => mine.push(index),
        }
    }
    progress.all.store(all, Ordering::Relaxed);
    progress.points.store(before, Ordering::Relaxed);
    progress.before.store(before, Ordering::Relaxed);
    let failing: usize = state.tallies.iter().map(|tally| tally.failing.len()).sum();
    progress.failing.store(failing as u64, Ordering::Relaxed);
    let shared = Shared {
        plan,
        options,
        mine: &mine,
        next: AtomicUsize::new(0),
        state: Mutex::new((state, Instant::now() + SAVED)),
        failure: Mutex::new(None),
        progress,
    };
    std::thread::scope(|scope| {
        for _ in 0..options.jobs.max(1) {
            scope.spawn(|| {
                if let Err(why) = shared.work(register, &mut *runner()) {
                    progress.cancel.store(true, Ordering::Relaxed);
                    if let Ok(mut failure) = shared.failure.lock() {
                        failure.get_or_insert(why);
                    }
                }
            });
        }
    });
    let Shared { state, failure, .. } = shared;
    let (state, _) = state.into_inner().map_err(|_| "a job panicked")?;
    state.sort();
    if let Some(folder) = &options.folder {
        state.save(folder)?;
    }
    match failure.into_inner() {
        Ok(None) => Ok(state.done().len() == done.len() + mine.len()),
        Ok(Some(why)) => Err(why),
        Err(_) => Err("a job panicked".to_owned()),
    }
}

/// What the jobs of a sweep share.
struct Shared<'a> {
    plan: &'a Plan,
    options: &'a Options,
    /// The batches to be done.
    mine: &'a [usize],
    next: AtomicUsize,
    /// With the moment from which on it is written again.
    state: Mutex<(&'a mut State, Instant)>,
    failure: Mutex<Option<String>>,
    progress: &'a Progress,
}

impl Shared<'_> {
    /// One batch after the other.
    fn work(&self, register: &Register, runner: &mut dyn Runner) -> Result<(), String> {
        let mut known = Known::new(register)?;
        let mut keep = keeping(self.options.folder.as_deref());
        while !self.progress.cancel.load(Ordering::Relaxed) {
            let next = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(&batch) = self.mine.get(next) else {
                return Ok(());
            };
            let points = &self.plan.batches[batch];
            let tallies = batch_of(points, self.options, &mut known, runner, &mut keep)
                .map_err(|why| format!("batch {batch}: {why}"))?;
            let failing: usize = tallies.iter().map(|tally| tally.failing.len()).sum();
            self.progress
                .failing
                .fetch_add(failing as u64, Ordering::Relaxed);
            self.progress
                .points
                .fetch_add(points.len() as u64, Ordering::Relaxed);
            self.add(batch, tallies)?;
        }
        Ok(())
    }

    fn add(&self, batch: usize, tallies: Vec<Tally>) -> Result<(), String> {
        let mut state = self.state.lock().map_err(|_| "a job panicked")?;
        let (state, due) = &mut *state;
        state.add(batch, tallies);
        let began = Instant::now();
        if let Some(folder) = &self.options.folder
            && began >= *due
        {
            state.save(folder)?;
            *due = Instant::now() + SAVED.max(began.elapsed() * SPARING);
        }
        Ok(())
    }
}

fn batch_of(
    points: &[Point],
    options: &Options,
    known: &mut Known,
    runner: &mut dyn Runner,
    keep: &mut dyn FnMut(&Script, &ReferenceRun, &Judged) -> Result<(), String>,
) -> Result<Vec<Tally>, String> {
    let mut keep = |script: &Script, reference: &ReferenceRun, judged: &Judged| {
        keep(script, reference, judged)
    };
    let mut settler = Settler {
        targets: &options.targets,
        budget: options.budget(),
        runner,
        known,
        keep: &mut keep,
    };
    settler.batch(points)
}

/// Writes a script that killed an engine's process, before another is started.
fn keeping(
    folder: Option<&Path>,
) -> impl FnMut(&Script, &ReferenceRun, &Judged) -> Result<(), String> + use<> {
    let file: Option<PathBuf> = folder.map(|folder| folder.join("last-death.wast"));
    move |script, reference, judged| {
        let Some(file) = &file else { return Ok(()) };
        let header = format!("Ended a process of {}.", judged.configuration);
        let text = print::to_wast_allowing(script, &reference.allowed_outcomes(), &header);
        crate::corpus::write_atomically(file, text.as_bytes())
    }
}
