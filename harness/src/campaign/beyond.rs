//! What else an engine does wrong in a case, beyond the first divergence.
//!
//! A divergence may be known, and must not hide another one. So the step at
//! which an engine diverged is left out, and the rest tried again.

use crate::judge::Class;
use crate::script::{Script, Step};
use crate::trial::{Judged, Verdict};

/// So many steps are left out of a case, at the most.
pub(super) const STEPS: usize = 3;

/// `script` without the step at which it was `judged` to diverge, if it was
/// and if the step can be named and left out.
pub(super) fn without_divergence(script: &Script, judged: &Judged) -> Option<Script> {
    let Verdict::Diverges(difference) = &judged.verdict else {
        return None;
    };
    // Who died does not say at which step.
    if judged.observation.is_none() || difference.class == Class::Nondeterministic {
        return None;
    }
    let left_out = matches!(
        script.steps.get(difference.step)?,
        Step::Define { .. } | Step::Instantiate { .. } | Step::Invoke { .. } | Step::Get { .. }
    );
    left_out.then(|| {
        let mut rest = script.clone();
        rest.steps.remove(difference.step);
        rest
    })
}
