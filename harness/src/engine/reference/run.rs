//! What the reference answers to a script.

use std::collections::{BTreeMap, BTreeSet};

use trapline_reference::Access;

use super::Allowed;
#[cfg(doc)]
use super::Options;
use crate::engine::Budget;
use crate::observation::{Observation, Outcome, Watch};

/// What the reference answered.
#[derive(Clone, Debug)]
pub struct ReferenceRun {
    /// Its outcomes and memories. In memories of more than [`Watch::full`]
    /// chunks it lists all chunks that are not zero, whatever is watched: the
    /// digest of one that is not listed is 0.
    pub observation: Observation,
    /// Per step, the accesses to memories in order; empty unless
    /// [`Options::trace`]. Modules have the number of the step that defines
    /// them.
    pub trace: Vec<Vec<Access>>,
    /// For each instance, by its number, the step that made it; those included
    /// whose instantiation trapped, not those of threads.
    pub instances: Vec<usize>,
    /// The limits that it was run with.
    pub budget: Budget,
    /// Whether a NaN was made whose bits the specification leaves open.
    pub has_open_nans: bool,
    /// Per step, what depends on such bits; empty unless [`Options::taint`].
    pub taints: Vec<Taints>,
    /// The first step that no engine is to be asked for, if there is one.
    pub unsent: Option<Unsent>,
    /// All joint outcomes that are allowed: of a script with threads, where that was
    /// asked for.
    pub allowed: Option<Allowed>,
    /// The chunks worth looking at in large memories.
    pub(super) interesting: BTreeSet<u64>,
}

impl ReferenceRun {
    /// The steps that trapped at a write that begins within the memory.
    pub(super) fn half_done(&self) -> Vec<usize> {
        let traces = self.trace.iter().enumerate();
        traces
            .filter(|(_, trace)| {
                let last = trace.last();
                last.is_some_and(|a| a.trapped && a.writes && a.address < a.size)
            })
            .map(|(index, _)| index)
            .collect()
    }

    /// Drops what was seen of memories after steps that others do not look at.
    pub fn forget_unwatched(&mut self, watch: &Watch) {
        let steps = &mut self.observation.steps;
        let last = steps.len().saturating_sub(1);
        for (index, step) in steps.iter_mut().enumerate().take(last) {
            if !watch.after_trap(index) {
                step.memories.clear();
            }
        }
    }

    /// What the specification allows of each step: more than one outcome where threads
    /// have several.
    pub fn allowed_outcomes(&self) -> Vec<Vec<Outcome>> {
        match &self.allowed {
            Some(allowed) => allowed.outcomes(),
            None => self.outcomes().into_iter().map(|o| vec![o]).collect(),
        }
    }

    /// What the specification says to each step; of threads, one of the outcomes that
    /// are allowed.
    pub fn outcomes(&self) -> Vec<Outcome> {
        let steps = self.observation.steps.iter();
        steps.map(|step| step.outcome.clone()).collect()
    }
}

/// What of a step depends on the bits of NaNs that the specification leaves
/// open, see [`trapline_reference::Store::take_open`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taints {
    /// Whether what it did does: then nothing is said of it, nor of what it could
    /// reach.
    pub open: bool,
    /// Which bits of its values do, one mask for each.
    pub values: Vec<u128>,
    /// Which bytes do of the memories looked at after it.
    pub memories: Vec<TaintedMemory>,
}

/// What depends on such bits in a memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaintedMemory {
    /// The instance that defines it.
    pub instance: String,
    /// The export under which it was read.
    pub export: String,
    /// For each chunk that has some, where they stand in it, and which bits.
    pub chunks: BTreeMap<u64, Vec<(usize, u8)>>,
}

/// A step that no engine is asked for: nobody knows whether it would come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsent {
    /// The step.
    pub step: usize,
    /// Why, in words.
    pub why: String,
}
