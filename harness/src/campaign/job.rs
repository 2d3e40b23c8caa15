//! One case after the other, on one thread.

use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::{Options, Outcomes, Progress, Sighting};
use crate::coverage::{Shapes, is_at_edge};
use crate::engine::reference::{ReferenceRun, has_threads};
use crate::engine::{BEYOND_MEANS, Budget};
use crate::generate;
use crate::judge::{Judged, Verdict};
use crate::observation::Outcome;
use crate::script::Script;
use crate::triage::Attributor;
use crate::trial::{Trial, try_script_keeping};
use crate::worker::Runner;

/// One of so many cases may be run once more with larger limits, which takes some hundred
/// times longer than without.
const LARGER: u64 = 32;

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
        let script = generate::case(self.options.seed, case, &self.options.generating(case));
        let generated = began.elapsed();
        let drawn = drawn(self.options, case);
        let names: Vec<&str> = drawn
            .iter()
            .map(|&index| self.options.configurations[index].as_str())
            .collect();
        let trial = self.tried(case, &script, self.options.budget, &names)?;
        let larger = self.larger(case, &script, &trial)?;
        // Where there is a larger run of a configuration, it is that which counts.
        let judged: Vec<(&Trial, &Judged)> = trial
            .judged
            .iter()
            .map(|judged| {
                let larger = larger.as_ref();
                larger
                    .and_then(|trial| Some((trial, trial.judged(&judged.configuration)?)))
                    .unwrap_or((&trial, judged))
            })
            .collect();
        let began = Instant::now();
        let mut looked = Vec::with_capacity(judged.len());
        for &(trial, judged) in &judged {
            looked.push(self.look(case, &script, trial, judged)?);
        }
        let attributed = began.elapsed();
        for (_, judged) in &judged {
            self.show(judged);
        }
        self.progress.cases.fetch_add(1, Ordering::Relaxed);

        let shapes = Shapes::of(&script);
        let steps = trial.reference.trace.iter();
        let edges =
            steps.map(|step| step.iter().filter(|access| is_at_edge(access)).count() as u64);
        let edges: Vec<u64> = edges.collect();
        let mut outcomes = self.outcomes.lock().map_err(|_| "a job panicked")?;
        outcomes.cases += 1;
        outcomes.phases.generate += nanos(generated);
        outcomes.phases.attribute += nanos(attributed);
        for trial in std::iter::once(&trial).chain(&larger) {
            outcomes.phases.add(trial);
        }
        outcomes.larger += larger.as_ref().map_or(0, |trial| trial.judged.len() as u64);
        outcomes.coverage.add(&shapes, &trial.reference.trace);
        if has_threads(&script) {
            outcomes.threads.add(&trial);
        }
        if let Some(why) = reference_skip(&trial) {
            *outcomes.reference_skips.entry(why).or_default() += 1;
        }
        for ((index, (_, judged)), looked) in drawn.into_iter().zip(judged).zip(looked) {
            let Looked {
                bugs,
                sighting,
                ended,
            } = looked;
            let tally = &mut outcomes.tallies[index];
            tally.add(judged, trial.needs, ended);
            let steps = edges.iter().enumerate();
            let compared = steps.filter(|&(step, _)| judged.is_compared(step));
            tally.edges += compared.map(|(_, count)| count).sum::<u64>();
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
    fn tried(
        &mut self,
        case: u64,
        script: &Script,
        budget: Budget,
        names: &[&str],
    ) -> Result<Trial, String> {
        let unreduced = &self.options.unreduced;
        let keep = &mut |reference: &ReferenceRun, judged: &Judged| {
            let sighting = Sighting::of(case, script, reference, judged);
            sighting.map_or(Ok(()), |sighting| sighting.save(unreduced))
        };
        try_script_keeping(script, budget, &mut *self.runner, names, keep)
    }

    /// Tries the script once more on those configurations that could not grow a memory for
    /// lack of resources, with more of them.
    fn larger(
        &mut self,
        case: u64,
        script: &Script,
        trial: &Trial,
    ) -> Result<Option<Trial>, String> {
        let Some(budget) = self.options.larger.filter(|_| case.is_multiple_of(LARGER)) else {
            return Ok(None);
        };
        let lacking = |judged: &&Judged| matches!(&judged.verdict, Verdict::Limit(why) if why == BEYOND_MEANS);
        let names: Vec<&str> = trial
            .judged
            .iter()
            .filter(lacking)
            .map(|judged| &*judged.configuration)
            .collect();
        if names.is_empty() {
            return Ok(None);
        }
        self.tried(case, script, budget, &names).map(Some)
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
        let (reference, runner) = (&trial.reference, &mut *self.runner);
        let budget = reference.budget;
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
