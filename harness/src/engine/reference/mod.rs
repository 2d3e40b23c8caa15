//! The reference as an engine: what the specification allows, and a trace.

mod allowed;
mod embedding;
mod host;
mod modules;
mod outcome;
mod run;
mod threads;

use std::collections::BTreeSet;
use std::sync::Arc;

use trapline_reference::{Grows, Rules, Specification};

use super::driver;
use super::{Engine, Feature, Features, Job};
use crate::observation::{Observation, Watch};
pub(crate) use embedding::NO_STEP;
use embedding::Reference;
pub(super) use host::{call_host, host_func};
pub(super) use modules::decoded;
pub(super) use outcome::outcome_of;

pub use allowed::{Allowed, NotSaid, allowed, has_threads, may_grow};
pub use run::{ReferenceRun, TaintedMemory, Taints, Unsent};

/// What the reference can run.
pub const FEATURES: Features = Features::of(&[
    Feature::Memory64,
    Feature::MultiMemory,
    Feature::Threads,
    Feature::CustomPageSizes,
    Feature::Simd,
    Feature::TailCall,
    Feature::ExternRef,
    Feature::ExtendedConst,
]);

/// [`Options::whole`], unless it is said otherwise.
const WATCH_FULL: u64 = 32;

/// The same after a step that trapped: reading 64 KiB takes as long as a call.
pub const WATCH_FULL_AFTER_TRAP: u64 = 2;

/// How the reference is to run.
#[derive(Clone)]
pub struct Options {
    /// The rules of linear memory: [`Specification`], or a planted fault.
    pub rules: Arc<dyn Rules>,
    /// Whether to record every access.
    pub trace: bool,
    /// How grows end that could end either way.
    pub grows: Grows,
    /// Whether to find out what depends on the bits of NaNs that the
    /// specification leaves open.
    pub taint: bool,
    /// Memories of up to this many chunks are looked at whole, after the last step.
    pub whole: u64,
    /// How many instructions a call may execute, if not as many as the budget
    /// of the run says.
    pub fuel: Option<u64>,
    /// How many calls may be nested.
    pub call_depth: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            rules: Arc::new(Specification),
            trace: true,
            grows: Grows::Budgeted,
            taint: false,
            whole: WATCH_FULL,
            fuel: None,
            call_depth: 1_000,
        }
    }
}

/// Runs a job on the reference.
pub fn observe(job: &Job<'_>, options: &Options) -> ReferenceRun {
    let mut reference = Reference::new(job, options);
    reference.lists_all = true;
    let observation = driver::run(&mut reference, FEATURES, job);
    let interesting = reference.interesting();
    let has_open_nans = reference.store.has_open_nans();
    let unsent = reference.unsent(&observation, options.fuel.unwrap_or(job.budget.fuel));
    let mut taints = reference.taints;
    for (taints, step) in taints.iter_mut().zip(&observation.steps) {
        for (tainted, memory) in taints.memories.iter_mut().zip(&step.memories) {
            tainted.instance.clone_from(&memory.instance);
            tainted.export.clone_from(&memory.export);
        }
    }
    let instances = reference.instances;
    let mut trace = reference.trace;
    trace.resize(observation.steps.len(), Vec::new());
    ReferenceRun {
        observation,
        trace,
        instances,
        budget: job.budget,
        has_open_nans,
        taints,
        unsent,
        allowed: None,
        interesting,
    }
}

/// What is worth looking at in every engine's memories, given what the
/// reference did: small memories whole; in large ones the chunks that were
/// written, their neighbours, the first and the last, and where each of these
/// would land if its address were cut to 32 bits. After a trap only where a
/// write was refused that begins within the memory, and could have been left
/// half done; whatever else a trap has changed is found at the next look.
pub fn watch_for(run: &ReferenceRun, options: &Options) -> Watch {
    let mut chunks = BTreeSet::new();
    for &index in &run.interesting {
        for near in [index.saturating_sub(1), index, index.saturating_add(1)] {
            chunks.insert(near);
            chunks.insert(near % (1 << 16));
        }
    }
    Watch {
        full: options.whole,
        full_after_trap: WATCH_FULL_AFTER_TRAP,
        chunks: chunks.into_iter().collect(),
        traps: Some(run.half_done()),
    }
}

/// The reference under rules that `rules` makes anew for every script, as an
/// engine to be judged.
pub fn engine(rules: impl Fn() -> Arc<dyn Rules> + 'static) -> Box<dyn Engine> {
    engine_with(FEATURES, rules)
}

/// The same, with fewer features.
pub(crate) fn engine_with(
    features: Features,
    rules: impl Fn() -> Arc<dyn Rules> + 'static,
) -> Box<dyn Engine> {
    Box::new(Planted { features, rules })
}

struct Planted<F> {
    features: Features,
    rules: F,
}

impl<F: Fn() -> Arc<dyn Rules>> Engine for Planted<F> {
    fn observe(&mut self, job: &Job<'_>) -> Observation {
        let options = Options {
            rules: (self.rules)(),
            trace: false,
            ..Options::default()
        };
        driver::run_in(|| Reference::new(job, &options), self.features, job)
    }
}
