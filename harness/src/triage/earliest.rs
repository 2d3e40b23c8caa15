//! Where a divergence begins.
//!
//! An engine whose state is wrong answers wrongly at some later step, in many
//! ways. So every memory is exported, where it can be looked at, and the script
//! is cut behind the first step after which something is wrong.

use super::substitute::exposed;
use crate::engine::Budget;
use crate::script::Script;
use crate::trial::{Trial, try_script};
use crate::worker::Runner;

/// The beginning of a script that diverges at `step`, if it diverges earlier
/// than there, as is seen where memories are looked at.
///
/// # Errors
/// In words, if the engine cannot be run.
pub(super) fn earliest(
    script: &Script,
    step: usize,
    configuration: &str,
    budget: Budget,
    runner: &mut dyn Runner,
) -> Result<Option<(Script, Trial)>, String> {
    let exposed = exposed(script);
    let mut found = None;
    // What is wrong after some steps is hardly right again after more.
    let (mut conforms, mut diverges) = (0, (step + 1).min(exposed.steps.len()));
    while conforms + 1 < diverges {
        let steps = conforms.midpoint(diverges);
        let shorter = exposed.cut(steps);
        let trial = try_script(&shorter, budget, runner, &[configuration])?;
        if trial.divergence(configuration).is_some() {
            diverges = steps;
            found = Some((shorter, trial));
        } else {
            conforms = steps;
        }
    }
    Ok(found)
}
