//! What the specification leaves open, and what that explains.

use std::collections::BTreeSet;

use trapline_reference::{Grows, Nans};

use super::{Class, Comparison, Difference, MemoryDifference, compare};
use crate::engine::Job;
use crate::engine::reference::{self, ReferenceRun};
use crate::observation::{Observation, Outcome, StepObservation};

/// How many `memory.grow` before a difference are turned round one by one, the
/// last ones, and how many limits are tried, the highest ones, to explain it by
/// a resource failure.
const CHOICES: usize = 16;

/// Whether the difference vanishes when a `memory.grow` that was free to fail
/// (or to succeed) in the first `steps` goes the other way, or when all fail
/// that come to as many bytes: an engine may have a limit of its own.
/// <https://webassembly.github.io/spec/core/exec/instructions.html#exec-memory-grow>
pub(super) fn a_grow_may_have_failed(
    job: &Job<'_>,
    reference: &ReferenceRun,
    observation: &Observation,
    steps: usize,
) -> bool {
    let traces = reference.trace.iter().take(steps).flatten();
    let free = traces.filter_map(|access| Some((access, access.grow?.choice?)));
    let free: Vec<_> = free.collect();
    let limits: BTreeSet<(u128, u32)> = free
        .iter()
        .map(|(access, _)| (access.size + access.length, access.ty.page_size_log2))
        .collect();
    let limited = limits
        .iter()
        .rev()
        .take(CHOICES)
        .map(|&(bytes, page_size_log2)| Grows::FailFrom {
            bytes,
            page_size_log2,
        });
    let last = free.iter().rev().take(CHOICES);
    let turned = last.map(|&(_, choice)| Grows::Turned(choice));
    let mut otherwise = turned.chain(limited);
    otherwise.any(|grows| {
        let options = reference::Options {
            grows,
            ..Default::default()
        };
        let other = reference::observe(job, &options);
        // The difference has to vanish, not only to move back.
        match compare(&other.observation, observation) {
            Comparison::Same | Comparison::Stopped(..) => true,
            Comparison::Differs(later) => later.step >= steps,
        }
    })
}

/// Whether what differs is made of the bits of a NaN that the specification
/// leaves open: whether it is another one when these bits are others.
/// <https://webassembly.github.io/spec/core/exec/numerics.html#nan-propagation>
pub(super) fn is_of_a_nan(
    job: &Job<'_>,
    reference: &ReferenceRun,
    observation: &Observation,
    difference: &Difference,
) -> bool {
    if !reference.has_open_nans || difference.class == Class::Panic {
        return false;
    }
    let options = reference::Options {
        nans: Nans::Filled,
        trace: false,
        ..Default::default()
    };
    let filled = reference::observe(job, &options).observation;
    let step = |of: &Observation| of.steps.get(difference.step).cloned();
    let (Some(specified), Some(got)) = (step(&reference.observation), step(observation)) else {
        return false;
    };
    let Some(filled) = step(&filled) else {
        return true;
    };
    match &difference.memory {
        Some(place) => state(&specified, place) != state(&filled, place),
        None => match (&specified.outcome, &filled.outcome, &got.outcome) {
            (Outcome::Values(specified), Outcome::Values(filled), Outcome::Values(got)) => {
                // Each value that differs has to be one of those that depend on it.
                let mut values = specified.iter().zip(filled).zip(got);
                specified.len() == got.len()
                    && values
                        .all(|((specified, filled), got)| specified == got || specified != filled)
            }
            (specified, filled, _) => specified != filled,
        },
    }
}

/// The digest of a chunk of a memory, 0 for one that is not listed, or the size.
fn state(step: &StepObservation, place: &MemoryDifference) -> Option<u128> {
    let mut memories = step.memories.iter();
    let memory = memories.find(|m| m.instance == place.instance && m.export == place.export)?;
    let Some(chunk) = place.chunk else {
        return Some(memory.bytes);
    };
    let found = memory.chunks.iter().find(|c| c.index == chunk);
    Some(found.map_or(0, |c| c.digest.into()))
}
