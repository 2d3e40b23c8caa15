//! The verdict on one configuration: what the comparison found, unless the
//! specification leaves it open.

use super::{BothBytes, Class, Comparison, Difference, Stop, compare, compare_joint, open};
use crate::engine::reference::{self, ReferenceRun};
use crate::engine::{Capture, Job};
use crate::observation::{Observation, Timing};
use crate::script::Script;
use crate::worker::{Answer, Death, Runner};

/// What became of one script on one configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything it did is allowed.
    Conforms,
    /// It lacks a feature, as it declares.
    Unsupported(String),
    /// Resources did not suffice: allowed.
    Limit(String),
    /// Not compared (to the end), for a named reason.
    Skipped(String),
    /// It left the specification.
    Diverges(Difference),
}

/// The limit of an engine that goes its own way behind a growth that was free to fail:
/// nothing behind that growth was compared.
pub const GROW_MAY_FAIL: &str = "memory.grow may fail";

/// A verdict with what belongs to it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The name of the configuration.
    pub configuration: String,
    /// The verdict.
    pub verdict: Verdict,
    /// How many steps there are up to the last that was compared, which is that of
    /// a divergence.
    pub steps: usize,
    /// Those among them that were not, ascending.
    pub lost: Vec<usize>,
    /// How many calls were judged.
    pub calls: u64,
    /// Where the engine's time went.
    pub timing: Timing,
    /// What it observed; none if its process died.
    pub observation: Option<Observation>,
}

impl Judged {
    /// Whether this step of the script was compared.
    pub fn is_compared(&self, step: usize) -> bool {
        step < self.steps && self.lost.binary_search(&step).is_err()
    }

    /// How the configuration diverged, if it did.
    pub fn divergence(&self) -> Option<&Difference> {
        match &self.verdict {
            Verdict::Diverges(difference) => Some(difference),
            _ => None,
        }
    }
}

/// Judges what the configuration of this name answered to `job`. It is asked
/// once more, on `runner`, for bytes of its memories where some of them depend on
/// what is open.
///
/// # Errors
/// In words, where the runner cannot run.
pub(crate) fn judge(
    job: &Job<'_>,
    reference: &ReferenceRun,
    configuration: &str,
    answer: Answer,
    runner: &mut dyn Runner,
) -> Result<Judged, String> {
    let configuration = configuration.to_owned();
    let observation = match answer {
        Answer::Observed(observation) => observation,
        // Memory that the script may ask for is no fault of the engine's.
        Answer::Died(Death::OutOfMemory(held)) if job.budget.memory_bytes > held / 2 => {
            return Ok(Judged {
                configuration,
                verdict: Verdict::Limit("more memory than a worker may hold".to_owned()),
                steps: 0,
                lost: Vec::new(),
                calls: 0,
                timing: Timing::default(),
                observation: None,
            });
        }
        Answer::Died(death) => {
            let verdict = Verdict::Diverges(died(job.script, reference, death));
            let timing = Timing::default();
            return Ok(Judged {
                configuration,
                verdict,
                steps: 0,
                lost: Vec::new(),
                calls: 0,
                timing,
                observation: None,
            });
        }
    };
    let mut compared = match &reference.allowed {
        None => compare(job.script, &reference.observation, &observation),
        Some(allowed) => compare_joint(job.script, allowed, &observation),
    };
    if reference.has_open_nans && matches!(compared.comparison, Comparison::Differs(_)) {
        let mut failure = None;
        let mut capture = |capture| match captured(job, capture, &configuration, runner) {
            Ok(bytes) => bytes,
            Err(why) => {
                failure = Some(why);
                None
            }
        };
        compared = open::compare_but_for_nans(job, reference, &observation, &mut capture);
        if let Some(why) = failure {
            return Err(why);
        }
    }
    let steps = compared.steps;
    let verdict = match compared.comparison {
        Comparison::Same => Verdict::Conforms,
        Comparison::Stopped(_, stop) => match stop {
            Stop::Unsupported(feature) => Verdict::Unsupported(feature),
            Stop::Limit(why) => Verdict::Limit(why),
            Stop::Skipped(why) => Verdict::Skipped(why),
        },
        Comparison::Differs(difference) => {
            if open::a_grow_may_have_failed(job, reference, &observation, steps) {
                Verdict::Limit(GROW_MAY_FAIL.to_owned())
            } else {
                Verdict::Diverges(refine(difference, reference))
            }
        }
    };
    Ok(Judged {
        configuration,
        verdict,
        steps,
        lost: compared.lost,
        calls: compared.calls,
        timing: observation.timing,
        observation: Some(observation),
    })
}

/// The bytes of a chunk, those of the reference and those of an engine; `None`
/// where the engine does not show them.
fn captured(
    job: &Job<'_>,
    capture: Capture,
    configuration: &str,
    runner: &mut dyn Runner,
) -> Result<Option<BothBytes>, String> {
    let captures = [capture];
    let job = Job::new(job.script, job.budget, job.watch, &captures);
    let bytes = |observation: Observation| observation.captured.into_iter().next();
    let right = reference::observe(&job, &reference::Options::default());
    let wrong = match runner.run(&job, &[configuration])?.pop() {
        Some(Answer::Observed(observation)) => bytes(observation),
        _ => None,
    };
    let both = bytes(right.observation).zip(wrong);
    Ok(both.map(|((_, right), (_, wrong))| (right, wrong)))
}

/// A dead worker does not tell the step; the last one stands in for it until
/// the script is reduced.
fn died(script: &Script, reference: &ReferenceRun, death: Death) -> Difference {
    let step = script.steps.len().saturating_sub(1);
    let (class, got) = match death {
        Death::Crash(how) | Death::Killed(how) => {
            (Class::Crash, format!("its process died: {how}"))
        }
        Death::Hang(ms) => (Class::Hang, format!("no answer after {ms} ms")),
        Death::OutOfMemory(bytes) => (
            Class::OutOfMemory,
            format!("killed when it held {} MiB", bytes >> 20),
        ),
        Death::Garbage(what) => (Class::Crash, format!("its process sent garbage: {what}")),
    };
    let expected = reference
        .observation
        .steps
        .get(step)
        .map_or_else(String::new, |s| super::describe(&s.outcome));
    Difference {
        class,
        step,
        memory: None,
        expected,
        got,
    }
}

/// Names the class by what the step did, where that says more than "value".
fn refine(mut difference: Difference, reference: &ReferenceRun) -> Difference {
    if difference.class == Class::Value {
        let accesses = reference
            .trace
            .get(difference.step)
            .map_or(&[][..], |t| &t[..]);
        // Only where nothing else was done can nothing else be wrong.
        let only = |op: &str| !accesses.is_empty() && accesses.iter().all(|access| access.op == op);
        if only("memory.grow") || only("host.grow") {
            difference.class = Class::GrowResult;
        } else if only("memory.size") {
            difference.class = Class::MemorySize;
        }
    }
    difference
}

/// The captures that show the bytes of a difference in a memory.
pub fn captures(difference: &Difference) -> Vec<Capture> {
    difference
        .memory
        .iter()
        .filter_map(|m| {
            Some(Capture {
                step: difference.step,
                instance: m.instance.clone(),
                export: m.export.clone(),
                chunk: m.chunk?,
            })
        })
        .collect()
}
