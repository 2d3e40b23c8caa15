//! Reduces what is to be filed, and keeps to what no known bug explains.

use std::sync::atomic::{AtomicBool, Ordering};

use super::Filer;
use crate::judge::Class;
use crate::reduce::{self, alone, reduce};
use crate::script::Script;

impl Filer<'_> {
    /// Reduces a script that diverges on the configuration in this class, and
    /// keeps to what no known bug explains.
    ///
    /// # Errors
    /// In words, if an engine cannot be run.
    pub(super) fn reduce(
        &mut self,
        script: &Script,
        name: &str,
        class: Class,
        shows: Shows,
        cancel: &AtomicBool,
    ) -> Result<Script, String> {
        let trial = self.tried(script, &[name])?;
        let step = trial.divergence(name).map_or(0, |found| found.step);
        let trace = trial.reference.trace.iter().take(step + 1);
        let starts = alone(script, trace.flatten());
        let mut failure = None;
        let mut check = |candidate: &Script| {
            if failure.is_some() || cancel.load(Ordering::Relaxed) {
                return false;
            }
            let shown = match shows {
                Shows::Once => self.shows_unknown(candidate, name, class),
                Shows::Anew => self.shows_anew(candidate, name, class),
            };
            shown.unwrap_or_else(|why| {
                failure = Some(why);
                false
            })
        };
        let options = reduce::Options {
            cancelled: &|| cancel.load(Ordering::Relaxed),
            starts: &starts,
            ..Default::default()
        };
        let reduced = reduce(script, &mut check, &options);
        match failure {
            Some(why) => Err(why),
            None => Ok(reduced.script),
        }
    }

    /// The same in a new process, and once more in that.
    pub(super) fn shows_anew(
        &mut self,
        script: &Script,
        name: &str,
        class: Class,
    ) -> Result<bool, String> {
        self.runner.renew();
        Ok(self.shows_unknown(script, name, class)? && self.shows_unknown(script, name, class)?)
    }

    /// Whether a script diverges on the configuration in a class like this, and
    /// no known bug explains it.
    pub(super) fn shows_unknown(
        &mut self,
        script: &Script,
        name: &str,
        class: Class,
    ) -> Result<bool, String> {
        let trial = self.tried(script, &[name])?;
        let Some(judged) = trial.judged(name) else {
            return Ok(false);
        };
        if judged.divergence().is_none_or(|d| !alike(d.class, class)) {
            return Ok(false);
        }
        let runner = &mut *self.runner;
        let known = &self.attributor;
        let attribution =
            known.attribute_as_seen(script, &trial.reference, judged, self.budget, runner)?;
        // The difference itself has to be unexplained, not one behind it.
        Ok(attribution.bugs.is_empty() && attribution.unexplained.is_some())
    }
}

/// How a candidate of a reduction has to show what the whole script does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shows {
    /// Once, in a process in which others ran before.
    Once,
    /// In a new process, twice: what an engine does may depend on what earlier scripts
    /// have left in its memory, and a smaller script then shows it by chance.
    Anew,
}

/// Whether a reduced script may diverge in the one class where the whole one
/// did in the other: what a value was of is said by what else is in its step.
fn alike(one: Class, other: Class) -> bool {
    let of_values = |class| matches!(class, Class::Value | Class::GrowResult | Class::MemorySize);
    one == other || of_values(one) && of_values(other)
}
