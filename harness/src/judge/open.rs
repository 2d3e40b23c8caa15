//! What the specification leaves open, and what that explains.

use std::collections::BTreeSet;

use trapline_reference::Grows;

use super::{BothBytes, Compared, Comparison, Nans, compare, compare_but_for};
use crate::engine::reference::{self, ReferenceRun};
use crate::engine::{Capture, Job};
use crate::observation::Observation;

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
        match compare(job.script, &other.observation, observation).comparison {
            Comparison::Same | Comparison::Stopped(..) => true,
            Comparison::Differs(later) => later.step >= steps,
        }
    })
}

/// Compares once more, with what depends on the bits of NaNs that the
/// specification leaves open left out. `capture` gives the bytes of a chunk of a
/// memory after a step, those of the reference and those of the engine.
/// <https://webassembly.github.io/spec/core/exec/numerics.html#nan-propagation>
pub(super) fn compare_but_for_nans(
    job: &Job<'_>,
    reference: &ReferenceRun,
    observation: &Observation,
    capture: &mut dyn FnMut(Capture) -> Option<BothBytes>,
) -> Compared {
    let options = reference::Options {
        taint: true,
        trace: false,
        ..Default::default()
    };
    let tainted = reference::observe(job, &options);
    let mut nans = Nans {
        taints: &tainted.taints,
        capture,
    };
    compare_but_for(
        job.script,
        &reference.observation,
        observation,
        Some(&mut nans),
    )
}
