//! Compares what an engine answered to a script with threads with all that is allowed.
//!
//! An engine's joint outcome is allowed if it is, in every step and every memory, one of
//! the reference's. Where none is, the reference's that agrees with it for longest is
//! shown; if it first differs where others differ too, all that these say is shown.

use super::compare::{Compared, Comparison, Stop, compare};
use crate::engine::reference::Allowed;
use crate::observation::Observation;
use crate::script::Script;

/// Compares `got` with each of the joint outcomes that are allowed.
pub fn compare_joint(script: &Script, allowed: &Allowed, got: &Observation) -> Compared {
    let mut nearest: Vec<Compared> = Vec::new();
    for observation in &allowed.observations {
        let compared = compare(script, observation, got);
        let Comparison::Differs(difference) = &compared.comparison else {
            return compared;
        };
        let step = difference.step;
        let others = nearest.first().and_then(|other| match &other.comparison {
            Comparison::Differs(other) => Some(other.step),
            _ => None,
        });
        if others.is_none_or(|other| step > other) {
            nearest.clear();
        }
        if others.is_none_or(|other| step >= other) {
            nearest.push(compared);
        }
    }
    merged(nearest)
}

/// Which of the joint outcomes that are allowed an engine's is.
pub fn which_joint(script: &Script, allowed: &Allowed, got: &Observation) -> Option<usize> {
    let is = |observation: &Observation| {
        let compared = compare(script, observation, got);
        compared.comparison == Comparison::Same
    };
    allowed.observations.iter().position(is)
}

/// One difference of several at the same step.
fn merged(all: Vec<Compared>) -> Compared {
    let mut all = all.into_iter();
    let Some(mut first) = all.next() else {
        return stopped("no joint outcome is allowed".to_owned());
    };
    let Comparison::Differs(difference) = &mut first.comparison else {
        return first;
    };
    let mut said = vec![difference.expected.clone()];
    for other in all {
        if let Comparison::Differs(other) = other.comparison
            && !said.contains(&other.expected)
        {
            said.push(other.expected);
        }
    }
    if said.len() > 1 {
        difference.expected = format!("one of: {}", said.join(", or "));
    }
    first
}

fn stopped(why: String) -> Compared {
    Compared {
        comparison: Comparison::Stopped(0, Stop::Skipped(why)),
        calls: 0,
        steps: 0,
        lost: Vec::new(),
    }
}
