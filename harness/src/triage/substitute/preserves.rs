//! Whether a substitution preserved the meaning: two runs of the reference, compared.

use super::{Original, Substituted};
use crate::engine::Job;
use crate::engine::reference::{self, ReferenceRun};
use crate::observation::{MemoryState, Observation, Outcome, Watch};

/// Whether the reference says the same to both: the outcomes of the steps that
/// stand for one another, and the last state of the memories that the old
/// script shows. Both runs must have looked at whole memories.
pub fn preserves(original: &Original<'_>, substituted: &Substituted, run: &ReferenceRun) -> bool {
    let old = &original.reference.observation;
    let new = &run.observation;
    if new.steps.len() < substituted.steps.len() {
        // It ended early: where the old one did, and in the same way.
        let ended = new.steps.last().map(|step| &step.outcome);
        let at = substituted.steps.get(new.steps.len().saturating_sub(1));
        let there = at.copied().flatten();
        let expected = there.and_then(|at| old.steps.get(at)).map(|s| &s.outcome);
        return ended.is_some()
            && there.is_some_and(|at| at + 1 == old.steps.len())
            && expected.map(std::mem::discriminant) == ended.map(std::mem::discriminant)
            && same_outcomes(old, substituted, new);
    }
    same_outcomes(old, substituted, new) && same_memories(old, new)
}

/// The reference's run of the new script, with a trace, if it preserves the
/// meaning.
pub fn confirmed(original: &Original<'_>, substituted: &Substituted) -> Option<ReferenceRun> {
    let watch = Watch::whole(original.job.watch.full);
    let job = Job::new(&substituted.script, original.job.budget, &watch, &[]);
    let run = reference::observe(&job, &reference::Options::default());
    preserves(original, substituted, &run).then_some(run)
}

fn same_outcomes(old: &Observation, substituted: &Substituted, new: &Observation) -> bool {
    let mut pairs = std::iter::zip(&new.steps, &substituted.steps);
    pairs.all(|(new, stands)| {
        let Some(old) = stands.and_then(|step| old.steps.get(step)) else {
            return stands.is_none();
        };
        same_outcome(&old.outcome, &new.outcome, substituted.emulates_traps)
    })
}

fn same_outcome(old: &Outcome, new: &Outcome, any_trap: bool) -> bool {
    match (old, new) {
        (Outcome::Trap(_), Outcome::Trap(_)) if any_trap => true,
        (Outcome::Rejected { stage: a, .. }, Outcome::Rejected { stage: b, .. }) => a == b,
        (Outcome::Limit(_), Outcome::Limit(_))
        | (Outcome::Unsupported(_), Outcome::Unsupported(_)) => true,
        (old, new) => old == new,
    }
}

/// Whether the memories that the old script shows at its end are the same.
fn same_memories(old: &Observation, new: &Observation) -> bool {
    let (Some(old), Some(new)) = (old.steps.last(), new.steps.last()) else {
        return true;
    };
    old.memories.iter().all(|old| {
        let mut memories = new.memories.iter();
        let found = memories.find(|m| (&m.instance, &m.export) == (&old.instance, &old.export));
        found.is_some_and(|new| same_bytes(old, new))
    })
}

/// Chunks that are not listed are zero.
fn same_bytes(old: &MemoryState, new: &MemoryState) -> bool {
    let nonzero = |memory: &MemoryState| {
        let chunks = memory.chunks.iter();
        let stored = chunks.filter(|chunk| chunk.digest != 0);
        stored.copied().collect::<Vec<_>>()
    };
    old.bytes == new.bytes && nonzero(old) == nonzero(new)
}
