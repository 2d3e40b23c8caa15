//! What becomes of a batch on each configuration, down to the single point.

use super::build::{Built, build};
use super::known::Known;
use super::tally::{Failure, Status, Tally};
use super::{Point, Target};
use crate::engine::reference::ReferenceRun;
use crate::engine::{Budget, Features, needed_by};
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
    /// The limits of every run.
    pub(super) budget: Budget,
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
                None if is_large && target.commits && !self.budget.is_large() => {
                    Some(LARGE.to_owned())
                }
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
            let statuses = self.one(points, &built, &trial, judged)?;
            for (point, status) in points.iter().zip(statuses) {
                tallies[index].add(point, status);
            }
        }
        Ok(tallies)
    }

    fn tried(&mut self, script: &Script, names: &[&str]) -> Result<Trial, String> {
        let keep = &mut *self.keep;
        try_script_keeping(
            script,
            self.budget,
            self.runner,
            names,
            &mut |reference, judged| keep(script, reference, judged),
        )
    }

    /// What one configuration did at each point of a script.
    fn one(
        &mut self,
        points: &[Point],
        built: &Built,
        trial: &Trial,
        judged: &Judged,
    ) -> Result<Vec<Status>, String> {
        if let Verdict::Conforms = judged.verdict {
            return Ok(vec![Status::Conforming; points.len()]);
        }
        if let ([point], Verdict::Diverges(difference)) = (points, &judged.verdict) {
            if is_slow(difference) {
                return self.again(point, built, judged);
            }
            let bugs = self
                .known
                .explain(point, &built.script, trial, judged, self.runner)?;
            return Ok(vec![failing(point, difference, bugs, &[])]);
        }
        if let Some(statuses) = lost(built, judged) {
            return Ok(statuses);
        }
        if let ([_], Verdict::Limit(why)) = (points, &judged.verdict) {
            return Ok(vec![Status::Limit(why.clone())]);
        }
        self.apart(points, built, trial, judged)
    }

    /// Judges a point once more that took too long: if it does so again, it fails.
    fn again(
        &mut self,
        point: &Point,
        built: &Built,
        judged: &Judged,
    ) -> Result<Vec<Status>, String> {
        let trial = self.tried(&built.script, &[&judged.configuration])?;
        let judged = trial.judged.first().unwrap_or(judged);
        match judged.divergence().filter(|d| is_slow(d)) {
            Some(difference) => Ok(vec![failing(point, difference, Vec::new(), &[])]),
            None => self.one(std::slice::from_ref(point), built, &trial, judged),
        }
    }

    /// Judges the parts of a batch that did not conform.
    fn apart(
        &mut self,
        points: &[Point],
        built: &Built,
        trial: &Trial,
        judged: &Judged,
    ) -> Result<Vec<Status>, String> {
        let mut statuses = Vec::with_capacity(points.len());
        for part in points.chunks(points.len().div_ceil(PARTS)) {
            let built = build(part, part.len() > 1).ok_or("points without a script")?;
            let trial = self.tried(&built.script, &[&judged.configuration])?;
            let judged = trial.judged.first().ok_or("a script without a verdict")?;
            statuses.extend(self.one(part, &built, &trial, judged)?);
        }
        let fails = |status: &Status| matches!(status, Status::Failing(_));
        let Verdict::Diverges(difference) = &judged.verdict else {
            return Ok(statuses);
        };
        // Who took too long for all of it, and not for any part, had too much to do.
        if statuses.iter().any(fails) || is_slow(difference) {
            return Ok(statuses);
        }
        // Only together: what another point left is what one of them fails at.
        let mut steps = built.steps.iter();
        let guilty = steps.position(|steps| steps.contains(&difference.step));
        let guilty = guilty.unwrap_or(0);
        let point = &points[guilty];
        let bugs = self
            .known
            .explain(point, &built.script, trial, judged, self.runner)?;
        statuses[guilty] = failing(point, difference, bugs, points);
        Ok(statuses)
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

/// A point at which a configuration fails, alone or only in the company of others.
fn failing(point: &Point, difference: &Difference, bugs: Vec<String>, company: &[Point]) -> Status {
    let Difference {
        class,
        expected,
        got,
        ..
    } = difference;
    Status::Failing(Box::new(Failure {
        point: point.to_string(),
        class: *class,
        expected: expected.clone(),
        got: got.clone(),
        bugs,
        company: company.iter().map(Point::to_string).collect(),
    }))
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
    let status = |steps: &std::ops::Range<usize>| match (
        steps.clone().all(|step| judged.is_compared(step)),
        is_limit,
    ) {
        (true, _) => Status::Conforming,
        (false, true) => Status::Limit(why.clone()),
        (false, false) => Status::NotRun(why.clone()),
    };
    Some(built.steps.iter().map(status).collect())
}
