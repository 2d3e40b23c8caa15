//! What becomes of a batch on each configuration, down to the single point.

use super::build::{Built, build};
use super::known::Known;
use super::space::BUDGET;
use super::tally::{Failure, Status, Tally};
use super::{Point, Target};
use crate::engine::reference::ReferenceRun;
use crate::engine::{Features, needed_by};
use crate::judge::{Class, Difference, Judged, Verdict};
use crate::script::{Script, Step};
use crate::trial::{Trial, try_script_keeping};
use crate::worker::Runner;

/// Into how many parts a batch is divided that diverges.
const PARTS: usize = 8;

/// Why a point is not run that an engine would take too much memory for.
pub const LARGE: &str = "a memory of 2 GiB and more, without --large";

/// Is told when the process of an engine dies: the script, the configuration and how.
pub(super) type Keep<'k> = dyn FnMut(&Script, &ReferenceRun, &Judged) -> Result<(), String> + 'k;

/// Judges points.
pub(super) struct Settler<'a> {
    /// The configurations.
    pub(super) targets: &'a [Target],
    /// Whether memories of 2 GiB and more run where an engine commits them.
    pub(super) large: bool,
    /// Runs scripts.
    pub(super) runner: &'a mut dyn Runner,
    /// What is known to fail.
    pub(super) known: &'a mut Known,
    /// What to do before a process is started anew.
    pub(super) keep: &'a mut Keep<'a>,
}

impl Settler<'_> {
    /// What became of the points of a batch, for each configuration.
    ///
    /// # Errors
    /// In words, where the runner cannot run.
    pub(super) fn batch(&mut self, points: &[Point]) -> Result<Vec<Tally>, String> {
        let mut tallies = vec![Tally::default(); self.targets.len()];
        // What belongs to one batch needs the same.
        let Some(one) = build(points.get(..1).unwrap_or_default(), false) else {
            return Ok(tallies);
        };
        let needs = needs(&one.script);
        let is_large = points.iter().any(|point| point.size.is_large());
        let mut asked = Vec::new();
        for (index, target) in self.targets.iter().enumerate() {
            let lacks = needs.first_beyond(target.features);
            let why = match lacks {
                Some(feature) => Some(format!("unsupported: {}", feature.name())),
                None if is_large && target.commits && !self.large => Some(LARGE.to_owned()),
                None => None,
            };
            match why {
                None => asked.push(index),
                Some(why) => {
                    for point in points {
                        tallies[index].add(point, Status::NotRun(why.clone()));
                    }
                }
            }
        }
        let Some(built) = build(points, points.len() > 1).filter(|_| !asked.is_empty()) else {
            return Ok(tallies);
        };
        let targets = self.targets;
        let names: Vec<&str> = asked.iter().map(|&index| &*targets[index].name).collect();
        let trial = self.tried(&built.script, &names)?;
        for (&index, judged) in asked.iter().zip(&trial.judged) {
            self.one(points, &built, &trial, judged, &mut tallies[index])?;
        }
        Ok(tallies)
    }

    fn tried(&mut self, script: &Script, names: &[&str]) -> Result<Trial, String> {
        let keep = &mut *self.keep;
        try_script_keeping(
            script,
            BUDGET,
            self.runner,
            names,
            &mut |reference, judged| keep(script, reference, judged),
        )
    }

    /// Counts what one configuration did in a script.
    fn one(
        &mut self,
        points: &[Point],
        built: &Built,
        trial: &Trial,
        judged: &Judged,
        tally: &mut Tally,
    ) -> Result<(), String> {
        if let Verdict::Conforms = judged.verdict {
            for point in points {
                tally.add(point, Status::Conforming);
            }
            return Ok(());
        }
        if let ([point], Verdict::Diverges(difference)) = (points, &judged.verdict) {
            if is_slow(difference) {
                return self.again(point, built, judged, tally);
            }
            let bugs = self
                .known
                .explain(point, &built.script, trial, judged, self.runner)?;
            let failure = failure(point, difference, bugs);
            tally.add(point, Status::Failing(Box::new(failure)));
            return Ok(());
        }
        if let Some(statuses) = lost(built, judged) {
            for (point, status) in points.iter().zip(statuses) {
                tally.add(point, status);
            }
            return Ok(());
        }
        if let ([point], Verdict::Limit(why)) = (points, &judged.verdict) {
            tally.add(point, Status::Limit(why.clone()));
            return Ok(());
        }
        self.apart(points, built, trial, judged, tally)
    }

    /// Judges a point once more that took too long: if it does so again, it fails.
    fn again(
        &mut self,
        point: &Point,
        built: &Built,
        judged: &Judged,
        tally: &mut Tally,
    ) -> Result<(), String> {
        let trial = self.tried(&built.script, &[&judged.configuration])?;
        let judged = trial.judged.first().unwrap_or(judged);
        if let Some(difference) = judged.divergence().filter(|d| is_slow(d)) {
            let failure = failure(point, difference, Vec::new());
            tally.add(point, Status::Failing(Box::new(failure)));
            return Ok(());
        }
        self.one(std::slice::from_ref(point), built, &trial, judged, tally)
    }

    /// Judges the parts of a batch that did not conform.
    fn apart(
        &mut self,
        points: &[Point],
        built: &Built,
        trial: &Trial,
        judged: &Judged,
        tally: &mut Tally,
    ) -> Result<(), String> {
        let mut of_parts = Tally::default();
        for part in points.chunks(points.len().div_ceil(PARTS)) {
            let Some(built) = build(part, part.len() > 1) else {
                continue;
            };
            let trial = self.tried(&built.script, &[&judged.configuration])?;
            if let Some(judged) = trial.judged.first() {
                self.one(part, &built, &trial, judged, &mut of_parts)?;
            }
        }
        let Verdict::Diverges(difference) = &judged.verdict else {
            tally.merge(of_parts);
            return Ok(());
        };
        // Who took too long for all of it, and not for any part, had too much to do.
        if !of_parts.failing.is_empty() || is_slow(difference) {
            tally.merge(of_parts);
            return Ok(());
        }
        // Only together: what another point left is what one of them fails at.
        let guilty = built
            .steps
            .iter()
            .position(|steps| steps.contains(&difference.step));
        let guilty = guilty.unwrap_or(0);
        let bugs =
            self.known
                .explain(&points[guilty], &built.script, trial, judged, self.runner)?;
        for (index, point) in points.iter().enumerate() {
            if index == guilty {
                let mut failure = failure(point, difference, bugs.clone());
                failure.company = points.iter().map(Point::to_string).collect();
                tally.add(point, Status::Failing(Box::new(failure)));
            } else {
                tally.add(point, Status::Conforming);
            }
        }
        Ok(())
    }
}

/// Whether what is told of may be a matter of a busy machine.
fn is_slow(difference: &Difference) -> bool {
    difference.class == Class::Hang
}

/// What the modules of a script need.
fn needs(script: &Script) -> Features {
    let wasm = script.steps.iter().filter_map(|step| match step {
        Step::Define { wasm, .. } => Some(needed_by(wasm)),
        _ => None,
    });
    wasm.fold(Features::NONE, Features::and)
}

fn failure(point: &Point, difference: &Difference, bugs: Vec<String>) -> Failure {
    let Difference {
        class,
        expected,
        got,
        ..
    } = difference;
    Failure {
        point: point.to_string(),
        class: *class,
        expected: expected.clone(),
        got: got.clone(),
        bugs,
        company: Vec::new(),
    }
}

/// What became of each point of a script of which some steps were not compared; `None`
/// if that cannot be told from the script as a whole.
fn lost(built: &Built, judged: &Judged) -> Option<Vec<Status>> {
    let (why, is_limit) = match &judged.verdict {
        Verdict::Limit(why) => (why, true),
        Verdict::Unsupported(why) | Verdict::Skipped(why) => (why, false),
        Verdict::Conforms | Verdict::Diverges(_) => return None,
    };
    // What was behind a growth that was free to fail was not compared at all.
    if why == crate::judge::GROW_MAY_FAIL {
        return None;
    }
    // Without a step that was lost, it is not the steps that say what was not judged.
    if judged.lost.is_empty() {
        return match is_limit {
            true => None,
            false => Some(vec![Status::NotRun(why.clone()); built.steps.len()]),
        };
    }
    let is_judged = |step: usize| step < judged.steps && judged.lost.binary_search(&step).is_err();
    let status = |steps: &std::ops::Range<usize>| match (steps.clone().all(is_judged), is_limit) {
        (true, _) => Status::Conforming,
        (false, true) => Status::Limit(why.clone()),
        (false, false) => Status::NotRun(why.clone()),
    };
    Some(built.steps.iter().map(status).collect())
}
