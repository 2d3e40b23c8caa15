//! One case after the other, on one thread.

use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::{Options, Outcomes, Progress, Sighting};
use crate::coverage::Shapes;
use crate::engine::reference::ReferenceRun;
use crate::generate;
use crate::judge::{Judged, Verdict};
use crate::observation::Outcome;
use crate::script::Script;
use crate::triage::Attributor;
use crate::trial::{Trial, try_script_keeping};
use crate::worker::Runner;

/// One thread of a campaign.
pub(super) struct Job<'a> {
    pub(super) options: &'a Options,
    pub(super) attributor: &'a Attributor,
    pub(super) runner: Box<dyn Runner>,
    pub(super) outcomes: &'a Mutex<Outcomes>,
    pub(super) progress: &'a Progress,
}

/// What a configuration did in a case, looked into.
struct Looked {
    /// The known bugs that it met.
    bugs: Vec<String>,
    /// What no known bug explains.
    sighting: Option<Sighting>,
    /// Whether it was judged to the end of the case, behind what it met.
    ended: bool,
}

impl Job<'_> {
    pub(super) fn case(&mut self, case: u64) -> Result<(), String> {
        let began = Instant::now();
        let script = generate::case(self.options.seed, case, &self.options.generate);
        let generated = began.elapsed();
        let drawn = drawn(self.options, case);
        let names: Vec<&str> = drawn
            .iter()
            .map(|&index| self.options.configurations[index].as_str())
            .collect();
        let trial = self.tried(case, &script, &names)?;
        let began = Instant::now();
        let mut looked = Vec::with_capacity(trial.judged.len());
        for judged in &trial.judged {
            looked.push(self.look(case, &script, &trial, judged)?);
        }
        let attributed = began.elapsed();
        for judged in &trial.judged {
            self.show(judged);
        }
        self.progress.cases.fetch_add(1, Ordering::Relaxed);

        let shapes = Shapes::of(&script);
        let mut outcomes = self.outcomes.lock().map_err(|_| "a job panicked")?;
        outcomes.cases += 1;
        outcomes.phases.generate += nanos(generated);
        outcomes.phases.attribute += nanos(attributed);
        outcomes.phases.add(&trial);
        outcomes.coverage.add(&shapes, &trial.reference.trace);
        if let Some(why) = reference_skip(&trial) {
            *outcomes.reference_skips.entry(why).or_default() += 1;
        }
        for ((index, judged), looked) in drawn.into_iter().zip(&trial.judged).zip(looked) {
            let Looked {
                bugs,
                sighting,
                ended,
            } = looked;
            outcomes.tallies[index].add(judged, trial.needs, ended);
            for bug in bugs {
                let met = outcomes.met.entry(bug).or_default();
                met.add(case, &judged.configuration);
            }
            if let Some(sighting) = sighting {
                self.keep(&mut outcomes, sighting)?;
            }
        }
        Ok(())
    }

    /// Tries the script of a case; what kills an engine's process is on disk
    /// before another is started.
    fn tried(&mut self, case: u64, script: &Script, names: &[&str]) -> Result<Trial, String> {
        let unreduced = &self.options.unreduced;
        let keep = &mut |reference: &ReferenceRun, judged: &Judged| {
            let sighting = Sighting::of(case, script, reference, judged);
            sighting.map_or(Ok(()), |sighting| sighting.save(unreduced))
        };
        try_script_keeping(script, self.options.budget, &mut *self.runner, names, keep)
    }

    /// Finds out what a configuration met in a case.
    fn look(
        &mut self,
        case: u64,
        script: &Script,
        trial: &Trial,
        judged: &Judged,
    ) -> Result<Looked, String> {
        if judged.divergence().is_none() {
            return Ok(Looked {
                bugs: Vec::new(),
                sighting: None,
                ended: matches!(judged.verdict, Verdict::Conforms),
            });
        }
        let (budget, runner) = (self.options.budget, &mut *self.runner);
        let reference = &trial.reference;
        let known = self
            .attributor
            .attribute(script, reference, judged, budget, runner)?;
        let sighting = known.unexplained.and_then(|left| match left.behind {
            Some((script, trial)) => Sighting::of(case, &script, &trial.reference, &known.judged),
            None => Sighting::of(case, script, reference, &known.judged),
        });
        Ok(Looked {
            ended: matches!(known.judged.verdict, Verdict::Conforms),
            bugs: known.bugs,
            sighting,
        })
    }

    /// Keeps a sighting, on disk first.
    fn keep(&self, outcomes: &mut Outcomes, sighting: Sighting) -> Result<(), String> {
        let folder = &self.options.unreduced;
        match outcomes.sightings.get_mut(&sighting.key()) {
            Some(seen) => seen.merge(sighting, folder)?,
            None => {
                sighting.save(folder)?;
                outcomes.sightings.insert(sighting.key(), sighting);
            }
        }
        Ok(())
    }

    fn show(&self, judged: &Judged) {
        let counter = match judged.verdict {
            Verdict::Conforms => &self.progress.conforming,
            Verdict::Diverges(_) => &self.progress.diverging,
            _ => &self.progress.other,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        self.progress
            .calls
            .fetch_add(judged.calls, Ordering::Relaxed);
    }
}

/// The indices of the configurations that a case is run on, in their order.
fn drawn(options: &Options, case: u64) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..options.configurations.len()).collect();
    let count = options.swarm.unwrap_or(indices.len()).min(indices.len());
    let mut random = fastrand::Rng::with_seed(options.seed ^ case.rotate_left(32));
    for place in 0..count {
        let other = random.usize(place..indices.len());
        indices.swap(place, other);
    }
    indices.truncate(count);
    indices.sort_unstable();
    indices
}

/// Why the reference did not run the whole script, if it did not.
fn reference_skip(trial: &Trial) -> Option<String> {
    let mut steps = trial.reference.observation.steps.iter();
    let why = steps.find_map(|step| match &step.outcome {
        Outcome::Unsupported(what) => Some(format!("reference: {what}")),
        Outcome::Exhausted => Some("call stack exhausted".to_owned()),
        Outcome::Panic(message) => Some(format!("the reference panicked: {message}")),
        _ => None,
    });
    why.or_else(|| Some(trial.unsent.as_ref()?.why.clone()))
}

fn nanos(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
