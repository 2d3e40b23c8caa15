//! One experiment: a script is run again with an ingredient exchanged.

use std::collections::BTreeSet;

use trapline_reference::Access;

use super::substitute::{Original, Site, Substituted, Substitution, preserves, substitute};
use crate::engine::reference::ReferenceRun;
use crate::engine::{BEYOND_MEANS, Budget, Job};
use crate::judge::{Class, Difference, Judged, Verdict};
use crate::observation::Watch;
use crate::script::{HOST, Script, Step};
use crate::trial::{Trial, try_script};
use crate::wasm;
use crate::worker::Runner;

/// A divergence in a script that was tried.
#[derive(Clone, Copy)]
pub(crate) struct Suspect<'a> {
    /// The script.
    pub(crate) script: &'a Script,
    /// The reference's run of it.
    pub(crate) reference: &'a ReferenceRun,
    /// The configuration that diverged.
    pub(crate) configuration: &'a str,
    /// How.
    pub(crate) difference: &'a Difference,
}

/// A script in which a divergence is gone.
pub(crate) struct Healed {
    /// The script, and which of its steps stand for which.
    pub(crate) substituted: Substituted,
    /// Its trial, on the one configuration.
    pub(crate) trial: Trial,
}

/// What became of an experiment.
pub(crate) enum Experiment {
    /// The divergence is gone.
    Healed(Box<Healed>),
    /// It is still there.
    Stays,
    /// The substitution cannot be made there.
    NotMade,
}

/// Applies a substitution at `sites` of a script that diverges, and runs it
/// again on the configuration that did. What is no instruction, the type of a
/// memory for one or a call of the built-in instance, is always among the sites;
/// of other calls only the one that diverged.
///
/// # Errors
/// In words, if the engine cannot be run.
pub(crate) fn experiment(
    suspect: Suspect<'_>,
    what: Substitution,
    sites: &BTreeSet<Site>,
    budget: Budget,
    runner: &mut dyn Runner,
) -> Result<Experiment, String> {
    let Suspect {
        script,
        reference,
        configuration,
        difference,
    } = suspect;
    let watch = Watch::default();
    let job = Job::new(script, budget, &watch, &[]);
    let original = Original {
        job: &job,
        reference,
    };
    let is_site = |site: &Site| {
        let declares = |site: &Site| match script.steps.get(site.step) {
            Some(Step::Define { wasm, .. }) => site.offset < wasm::code_start(wasm),
            Some(Step::Invoke { instance, .. }) if instance == HOST => true,
            _ => site.step == difference.step,
        };
        sites.contains(site) || declares(site)
    };
    let Ok(substituted) = substitute(&original, what, &is_site) else {
        return Ok(Experiment::NotMade);
    };
    let trial = try_script(&substituted.script, budget, runner, &[configuration])?;
    if !preserves(&original, &substituted, &trial.reference) {
        return Ok(Experiment::NotMade);
    }
    let judged = trial.judged(configuration);
    let gone = |judged: &Judged| {
        is_gone(difference, judged, &substituted)
            || matches!(&judged.verdict, Verdict::Limit(why) if why == BEYOND_MEANS)
                && judged.steps == substituted.step(difference.step)
                && nothing_grew_before(sites, suspect)
    };
    let mut healed = judged.is_some_and(&gone);
    if judged.is_some_and(|judged| judged.divergence().is_some_and(died)) && !died(difference) {
        // Something behind it ends the process: is it gone from what comes before?
        let mut before = substituted.script.clone();
        before.steps.truncate(substituted.step(difference.step) + 1);
        let trial = try_script(&before, budget, runner, &[configuration])?;
        healed = trial.judged(configuration).is_some_and(gone);
    }
    Ok(match healed {
        true => Experiment::Healed(Box::new(Healed { substituted, trial })),
        false => Experiment::Stays,
    })
}

/// Whether the step that diverged comes to one of the sites before a memory grows in
/// it: then a growth that fails there fails behind what was substituted.
fn nothing_grew_before(sites: &BTreeSet<Site>, suspect: Suspect<'_>) -> bool {
    let trace = suspect.reference.trace.get(suspect.difference.step);
    let is_site = |access: &Access| {
        let site = access.code.map(Site::of);
        site.is_some_and(|site| sites.contains(&site))
    };
    let mut accesses = trace.into_iter().flatten();
    let first = accesses.find(|access| access.grow.is_some() || is_site(access));
    first.is_some_and(is_site)
}

/// Whether the process died of it, which leaves open at which step.
fn died(difference: &Difference) -> bool {
    matches!(
        difference.class,
        Class::Crash | Class::Hang | Class::OutOfMemory
    )
}

/// Whether `difference` of the original script is gone from the substituted
/// one: that was compared beyond the step, and does not diverge up to it.
fn is_gone(difference: &Difference, judged: &Judged, substituted: &Substituted) -> bool {
    let step = substituted.step(difference.step);
    let compared = judged.is_compared(step);
    match &judged.verdict {
        Verdict::Conforms => true,
        Verdict::Unsupported(_) => compared,
        // A process that died does not say at which step.
        Verdict::Limit(_) | Verdict::Skipped(_) => compared || died(difference),
        // It may have died at that step or before it.
        Verdict::Diverges(left) if died(left) => false,
        Verdict::Diverges(left) => left.step > step || died(difference),
    }
}
