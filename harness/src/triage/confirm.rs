//! Whether a divergence shows every time.

use crate::engine::Budget;
use crate::judge::Class;
use crate::script::Script;
use crate::trial::try_script;
use crate::worker::Runner;

/// How often a divergence must show again before it is reduced.
const CONFIRMATIONS: u32 = 3;

/// How many runs tell the rate of one that does not show every time.
const RATE_RUNS: u32 = 10;

/// How often a divergence showed, of how many runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    /// Runs in which it showed.
    pub(super) shown: u32,
    /// Runs.
    pub(super) of: u32,
}

/// Runs a script a few times on the configuration on which it diverged in this
/// class. `None` if it did so each time; the rate, over more runs, if it did not.
///
/// # Errors
/// In words, if the engine cannot be run.
pub(super) fn confirm(
    script: &Script,
    configuration: &str,
    class: Class,
    budget: Budget,
    runner: &mut dyn Runner,
) -> Result<Option<Rate>, String> {
    let mut rate = Rate { shown: 0, of: 0 };
    let mut run = |rate: &mut Rate| {
        let trial = try_script(script, budget, runner, &[configuration])?;
        let shows = trial.divergence(configuration);
        rate.shown += u32::from(shows.is_some_and(|d| d.class == class));
        rate.of += 1;
        Ok::<(), String>(())
    };
    while rate.of < CONFIRMATIONS {
        run(&mut rate)?;
    }
    if rate.shown == rate.of {
        return Ok(None);
    }
    while rate.of < RATE_RUNS {
        run(&mut rate)?;
    }
    // All the runs are counted, so that one that failed is among them.
    Ok(Some(rate))
}
