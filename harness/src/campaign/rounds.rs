//! A campaign in rounds: cases, then what they have shown and nobody knew.
//!
//! A round is twice as many cases as the one before it, so that what shows in
//! most cases is known after a few. Rounds end at numbers of cases, and what
//! is reduced between them is chosen by what was seen: jobs make no difference.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::job::Job;
use super::{Found, Options, Outcomes, Progress, Sighting};
use crate::judge::Class;
use crate::triage::{Attributor, Filed, Filer, farthest_first};
use crate::worker::Runner;

/// How many cases the first round has.
const FIRST: u64 = 16;

/// How many sightings are filed after a round, but for the last.
const FILED: usize = 12;

/// How what is seen is filed.
pub struct Filing<'a, 'c> {
    /// Files it.
    pub filer: &'a mut Filer<'c>,
    /// After so much time nothing more is reduced once the cases are done.
    /// What is known is recognised all the same.
    pub patience: Duration,
    /// Set to end it: nothing more is reduced.
    pub cancel: &'a AtomicBool,
    /// Whether new bugs are looked into at all.
    pub reduce: bool,
    /// Is told, in words, what is being reduced and what is new.
    pub tell: &'a mut dyn FnMut(&str),
}

/// Runs a campaign; `runner` makes one runner for each job. Gives what was
/// counted, and what was found, the new and the severe first.
///
/// # Errors
/// In words, if a runner fails or if a file cannot be written.
pub fn run(
    options: &Options,
    filing: &mut Filing<'_, '_>,
    runner: &(dyn Fn() -> Box<dyn Runner> + Sync),
    progress: &Progress,
) -> Result<(Outcomes, Vec<Found>), String> {
    let mut outcomes = Outcomes::new(options);
    let mut found: Vec<Found> = Vec::new();
    let next = AtomicU64::new(0);
    let mut size = FIRST;
    loop {
        let end = next.load(Ordering::Relaxed).saturating_add(size);
        let left = options
            .time
            .map(|time| time.saturating_sub(outcomes.elapsed));
        let round = Round {
            options,
            attributor: filing.filer.attributor(),
            progress,
            end,
            left,
        };
        round.run(&mut outcomes, &next, runner)?;
        size = size.saturating_mul(2);
        let done = progress.cancel.load(Ordering::Relaxed)
            || options.time.is_some_and(|time| outcomes.elapsed >= time)
            || options
                .cases
                .is_some_and(|cases| options.shard.nth(next.load(Ordering::Relaxed)) >= cases);
        if done {
            break;
        }
        filing.some(options, &mut outcomes, &mut found)?;
    }
    filing.rest(options, &mut outcomes, &mut found)?;
    for (gone, stays) in filing.filer.fold()? {
        if let Some(met) = outcomes.met.remove(&gone) {
            outcomes.met.entry(stays.clone()).or_default().merge(met);
        }
        let at = found
            .iter()
            .position(|row| row.bug.as_deref() == Some(&gone));
        if let Some(at) = at {
            let gone = found.remove(at);
            let new = gone.new;
            let row = row(&mut found, filing.filer, &stays, new);
            row.add(gone.cases, gone.first_case, gone.configurations);
        }
    }
    for (id, met) in &outcomes.met {
        let row = row(&mut found, filing.filer, id, false);
        row.add(
            met.cases,
            met.first_case,
            met.configurations.keys().cloned(),
        );
    }
    found.sort_by_cached_key(Found::rank);
    Ok((outcomes, found))
}

/// Cases up to a number.
struct Round<'a> {
    options: &'a Options,
    attributor: &'a Attributor,
    progress: &'a Progress,
    /// The number, in this shard's own count, of the first case not to run.
    end: u64,
    /// How long the round may take.
    left: Option<Duration>,
}

impl Round<'_> {
    /// Runs the round.
    fn run(
        &self,
        outcomes: &mut Outcomes,
        next: &AtomicU64,
        runner: &(dyn Fn() -> Box<dyn Runner> + Sync),
    ) -> Result<(), String> {
        let began = Instant::now();
        let shared = Mutex::new(std::mem::replace(outcomes, Outcomes::new(self.options)));
        let failure: Mutex<Option<String>> = Mutex::new(None);
        std::thread::scope(|scope| {
            for _ in 0..self.options.jobs.max(1) {
                scope.spawn(|| {
                    let mut job = Job {
                        options: self.options,
                        attributor: self.attributor,
                        runner: runner(),
                        outcomes: &shared,
                        progress: self.progress,
                    };
                    self.cases(&mut job, next, began, &failure);
                });
            }
        });
        if let Some(why) = inner(failure) {
            return Err(why);
        }
        *outcomes = inner(shared);
        outcomes.elapsed += began.elapsed();
        Ok(())
    }

    fn cases(
        &self,
        job: &mut Job<'_>,
        next: &AtomicU64,
        began: Instant,
        failure: &Mutex<Option<String>>,
    ) {
        loop {
            let over = self.left.is_some_and(|left| began.elapsed() >= left);
            if over || self.progress.cancel.load(Ordering::Relaxed) {
                return;
            }
            let taken = next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |number| {
                let case = self.options.shard.nth(number);
                let is_one = number < self.end && self.options.cases.is_none_or(|all| case < all);
                is_one.then_some(number + 1)
            });
            let Ok(number) = taken else {
                return;
            };
            let case = self.options.shard.nth(number);
            if let Err(why) = job.case(case) {
                self.progress.cancel.store(true, Ordering::Relaxed);
                if let Ok(mut failure) = failure.lock() {
                    failure.get_or_insert(format!("case {case}: {why}"));
                }
                return;
            }
        }
    }
}

fn inner<T>(mutex: Mutex<T>) -> T {
    mutex
        .into_inner()
        .unwrap_or_else(|broken| broken.into_inner())
}

impl Filing<'_, '_> {
    /// Files at most [`FILED`] of what was seen, the least alike first. What is
    /// left is looked at again when more is known.
    fn some(
        &mut self,
        options: &Options,
        outcomes: &mut Outcomes,
        found: &mut Vec<Found>,
    ) -> Result<(), String> {
        if !self.reduce {
            return Ok(());
        }
        let sightings: Vec<&Sighting> = outcomes.sightings.values().collect();
        let order = farthest_first(&sightings);
        let chosen: Vec<Sighting> = order
            .into_iter()
            .take(FILED)
            .map(|i| sightings[i].clone())
            .collect();
        for sighting in chosen {
            if self.cancel.load(Ordering::Relaxed) {
                break;
            }
            if self.one(options, &sighting, found)? {
                outcomes.sightings.remove(&sighting.key());
            }
        }
        Ok(())
    }

    /// Files all that is left, for as long as there is patience.
    fn rest(
        &mut self,
        options: &Options,
        outcomes: &mut Outcomes,
        found: &mut Vec<Found>,
    ) -> Result<(), String> {
        let began = Instant::now();
        let sightings: Vec<&Sighting> = outcomes.sightings.values().collect();
        for index in farthest_first(&sightings) {
            let sighting = sightings[index];
            let over = began.elapsed() >= self.patience || self.cancel.load(Ordering::Relaxed);
            let filed = match over || !self.reduce {
                true => self.known(sighting, found)?,
                false => self.one(options, sighting, found)?,
            };
            if !filed {
                let file = sighting.path(&options.unreduced);
                found.push(Found::of_sighting(sighting, "unreduced".to_owned(), file));
            }
        }
        Ok(())
    }

    /// Counts a sighting to known bugs, if they explain it.
    fn known(&mut self, sighting: &Sighting, found: &mut Vec<Found>) -> Result<bool, String> {
        let Some(bugs) = self.filer.known(sighting)? else {
            return Ok(false);
        };
        for id in bugs {
            count(row(found, self.filer, &id, false), sighting);
        }
        Ok(true)
    }

    /// Files a sighting; whether it is done with.
    fn one(
        &mut self,
        options: &Options,
        sighting: &Sighting,
        found: &mut Vec<Found>,
    ) -> Result<bool, String> {
        if self.known(sighting, found)? {
            return Ok(true);
        }
        (self.tell)(&format!(
            "reducing {} (case {})",
            sighting.signature(),
            sighting.case
        ));
        for filed in self.filer.file(sighting, self.cancel)? {
            match filed {
                Filed::New { bug, file } => {
                    (self.tell)(&format!("new: {}: {}", bug.title, file.display()));
                    let row = row(found, self.filer, &bug.id, true);
                    row.script = Some(sighting.script.clone());
                    row.class = Some(sighting.difference.class);
                    count(row, sighting);
                }
                Filed::Known { bug, .. } => count(row(found, self.filer, &bug.id, false), sighting),
                Filed::Nondeterministic(answers) => {
                    let file = sighting.path(&options.unreduced);
                    let row = Found::of_sighting(sighting, answers.to_string(), file);
                    found.push(Found {
                        class: Some(Class::Nondeterministic),
                        ..row
                    });
                }
            }
        }
        Ok(!self.cancel.load(Ordering::Relaxed))
    }
}

fn count(row: &mut Found, sighting: &Sighting) {
    let configurations = [sighting.configuration.clone()];
    row.add(sighting.count, sighting.case, configurations);
}

/// The row of a bug among what was found, made if it is not there.
fn row<'f>(found: &'f mut Vec<Found>, filer: &Filer<'_>, id: &str, new: bool) -> &'f mut Found {
    let at = found.iter().position(|row| row.bug.as_deref() == Some(id));
    let at = at.unwrap_or_else(|| {
        let bug = filer
            .register()
            .get(id)
            .cloned()
            .unwrap_or_else(crate::corpus::Bug::example);
        let file: Option<PathBuf> = filer.witness(&bug);
        found.push(Found::of_bug(&bug, new, file));
        found.len() - 1
    });
    &mut found[at]
}
