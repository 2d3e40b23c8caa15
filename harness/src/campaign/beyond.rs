//! What else an engine does wrong in a case, beyond the first divergence.
//!
//! A divergence may be known, and must not hide another one. So the step at
//! which an engine diverged is left out, and the rest tried again.

use std::borrow::Cow;

use super::{Options, Phases, Sighting};
use crate::engine::reference::ReferenceRun;
use crate::generate;
use crate::judge::Class;
use crate::script::{Script, Step};
use crate::trial::{Judged, Trial, Verdict, try_script_keeping};
use crate::worker::Runner;

/// So many steps are left out of a case, at the most.
const STEPS: usize = 3;

/// Tries the script of a case; what kills an engine's process is on disk
/// before another is started.
pub(super) fn try_case(
    options: &Options,
    runner: &mut dyn Runner,
    case: u64,
    script: &Script,
    names: &[&str],
) -> Result<Trial, String> {
    let keep = &mut |reference: &ReferenceRun, judged: &Judged| {
        let sighting = Sighting::of(case, script, reference, judged);
        sighting.map_or(Ok(()), |sighting| sighting.save(&options.unreduced))
    };
    try_script_keeping(script, options.budget, runner, names, keep)
}

/// Everything that engines do wrong in a case, tried as `trial`, and the time
/// that more than this trial took.
pub(super) fn sightings(
    options: &Options,
    runner: &mut dyn Runner,
    case: u64,
    script: &Script,
    trial: &Trial,
) -> Result<(Vec<Sighting>, Phases), String> {
    let mut sightings = Vec::new();
    let mut phases = Phases::default();
    for judged in &trial.judged {
        if let Some(sighting) = Sighting::of(case, script, &trial.reference, judged) {
            sightings.push(sighting);
            let more = look_beyond(options, runner, case, script, judged, &mut sightings)?;
            phases += more;
        }
    }
    Ok((sightings, phases))
}

/// Everything that one configuration does wrong in a case: what a campaign
/// with these options sees there.
///
/// # Errors
/// In words, if the runner fails or if a sighting cannot be written to disk.
pub fn see_again(
    options: &Options,
    runner: &mut dyn Runner,
    case: u64,
    configuration: &str,
) -> Result<Vec<Sighting>, String> {
    let script = generate::case(options.seed, case, &options.generate);
    let trial = try_case(options, runner, case, &script, &[configuration])?;
    let (sightings, _) = sightings(options, runner, case, &script, &trial)?;
    Ok(sightings)
}

/// Adds what else the engine that was `judged` does wrong in a case.
fn look_beyond(
    options: &Options,
    runner: &mut dyn Runner,
    case: u64,
    script: &Script,
    judged: &Judged,
    sightings: &mut Vec<Sighting>,
) -> Result<Phases, String> {
    let mut phases = Phases::default();
    let mut script = Cow::Borrowed(script);
    let mut judged = Cow::Borrowed(judged);
    for _ in 0..STEPS {
        let Some(rest) = without_divergence(&script, &judged) else {
            break;
        };
        let mut trial = try_case(options, runner, case, &rest, &[&judged.configuration])?;
        phases.add(&trial);
        let Some(again) = trial.judged.pop() else {
            break;
        };
        if let Some(other) = Sighting::of(case, &rest, &trial.reference, &again)
            && sightings.iter().all(|seen| seen.key() != other.key())
        {
            sightings.push(other);
        }
        script = Cow::Owned(rest);
        judged = Cow::Owned(again);
    }
    Ok(phases)
}

/// `script` without the step at which it was `judged` to diverge, if it was
/// and if the step can be named and left out.
fn without_divergence(script: &Script, judged: &Judged) -> Option<Script> {
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
