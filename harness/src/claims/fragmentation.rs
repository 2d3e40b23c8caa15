//! Fragmentation, measured: how much memory allocators take for what is live.
//!
//! The claims about allocators (22 to 26) as traces of requests, each put to several
//! kinds of allocator. A trace is a script like any other: the numbers are those of the
//! reference's run, and an engine that gives others diverges.

use serde::{Deserialize, Serialize};

use super::Surroundings;
use super::plot::{Line, plot};
use crate::engine::reference::{self, ReferenceRun};
use crate::engine::{Budget, Job};
use crate::generate::allocator::{Allocator, HANDLES, Reading, Request, program, readings};
use crate::judge::Verdict;
use crate::observation::Watch;
use crate::trial::try_script;

/// A trace of requests, put to several allocators.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The claim that it is about.
    pub claim: usize,
    /// The name of its drawing, without the extension.
    pub stem: &'static str,
    /// What happens in it, in a sentence.
    pub about: &'static str,
    /// The most pages of a memory.
    maximum: u64,
    setups: Vec<Setup>,
}

/// Allocators that work together, and what is asked of them: of each request, which.
#[derive(Clone, Debug)]
struct Setup {
    name: &'static str,
    allocators: Vec<Allocator>,
    requests: Vec<(usize, Request)>,
}

/// What a trace came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// The claim that it is about.
    pub claim: usize,
    /// The name of its drawing, without the extension.
    pub stem: String,
    /// What happens in it.
    pub about: String,
    /// One for each setup.
    pub rows: Vec<Row>,
    /// Live bytes and memory size over the trace, as SVG that needs nothing else.
    pub svg: String,
    /// The configurations that gave other numbers than the reference.
    pub differing: Vec<String>,
}

/// What one setup came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The allocators.
    pub name: String,
    /// The most bytes that were live.
    pub most_live: u64,
    /// How many bytes the memories have at the end.
    pub size: u64,
    /// How many allocations failed.
    pub refused: usize,
}

/// Puts every trace to the reference, and to `place` if there are engines.
///
/// # Errors
/// In words, where an engine cannot be run at all, or the reference gives no numbers.
pub fn measure(mut place: Option<&mut Surroundings<'_>>) -> Result<Vec<Measured>, String> {
    let mut all = Vec::new();
    for trace in traces() {
        let (mut rows, mut lines, mut differing) = (Vec::new(), Vec::new(), Vec::new());
        for setup in &trace.setups {
            let readings = read(setup, trace.maximum, &mut place, &mut differing)?;
            rows.push(row(setup, &readings));
            lines.push(Line {
                name: setup.name,
                readings,
            });
        }
        differing.sort();
        differing.dedup();
        all.push(Measured {
            claim: trace.claim,
            stem: trace.stem.to_owned(),
            about: trace.about.to_owned(),
            rows,
            svg: plot(trace.about, &lines),
            differing,
        });
    }
    Ok(all)
}

/// The readings of a setup on the reference. The configurations that do not agree are
/// added to `differing`.
fn read(
    setup: &Setup,
    maximum: u64,
    place: &mut Option<&mut Surroundings<'_>>,
    differing: &mut Vec<String>,
) -> Result<Vec<Reading>, String> {
    let script = program(&setup.allocators, maximum, &setup.requests);
    let run: ReferenceRun = match place {
        None => {
            let watch = Watch::default();
            let job = Job::new(&script, Budget::of(BUDGET), &watch, &[]);
            let options = reference::Options {
                trace: false,
                ..Default::default()
            };
            reference::observe(&job, &options)
        }
        Some(place) => {
            let names: Vec<&str> = place.configurations.iter().map(|c| c.name()).collect();
            let trial = try_script(&script, Budget::of(BUDGET), place.runner, &names)?;
            let diverging = trial.judged.iter();
            let diverging = diverging.filter(|j| matches!(j.verdict, Verdict::Diverges(_)));
            differing.extend(diverging.map(|judged| judged.configuration.clone()));
            trial.reference
        }
    };
    readings(&run.observation, setup.allocators.len(), &setup.requests)
}

/// More than any of the memories may have.
const BUDGET: u64 = 64 << 20;

fn row(setup: &Setup, readings: &[Reading]) -> Row {
    Row {
        name: setup.name.to_owned(),
        most_live: readings.iter().map(|r| r.live).max().unwrap_or(0),
        size: readings.last().map_or(0, |reading| reading.size),
        refused: readings.iter().filter(|r| !r.succeeded).count(),
    }
}

/// The traces, in the order of their claims.
pub fn traces() -> Vec<Trace> {
    let of = |claim, stem, about, maximum, setups| Trace {
        claim,
        stem,
        about,
        maximum,
        setups,
    };
    vec![
        of(
            22,
            "22-anchors",
            "100 lasting blocks of 1 KiB, each behind a temporary one of 20 KiB; the temporary ones are \
             freed, and 100 of 24 KiB follow",
            1024,
            each_kind(&anchors(0, 0, 24 << 10)),
        ),
        of(
            23,
            "23-rounds",
            "eight rounds of 50 blocks, of 1 KiB in the first to 8 KiB in the last, each freed before the next",
            1024,
            each_kind(&rounds(End::Freed)),
        ),
        of(
            24,
            "24-reset",
            "the same rounds, with what starts afresh",
            1024,
            afresh(),
        ),
        of(
            25,
            "25-two-memories",
            "the trace of claim 22 with one block of 1.5 MiB at its end, in one memory and in two",
            1024,
            apart(),
        ),
        of(
            26,
            "26-no-gap",
            "at most 32 pages, filled with blocks of 8 KiB and of 256 bytes; those of 8 KiB are freed, \
             and blocks of 64 KiB and of 8 KiB asked for",
            32,
            each_kind(&no_gap()),
        ),
    ]
}

/// The same requests for each kind of allocator.
fn each_kind(requests: &[(usize, Request)]) -> Vec<Setup> {
    [
        Allocator::Bump,
        Allocator::FirstFit,
        Allocator::SizeClasses,
        Allocator::Coalescing,
    ]
    .map(|allocator| Setup {
        name: allocator.name(),
        allocators: vec![allocator],
        requests: requests.to_vec(),
    })
    .into()
}

/// How many blocks a trace has of each kind.
const ANCHORS: u32 = 100;

/// Lasting and temporary blocks in turn, each kind in a heap of this number; the
/// temporary ones are freed, and as many follow of `later` bytes.
fn anchors(lasting: usize, temporary: usize, later: u32) -> Vec<(usize, Request)> {
    let mut requests = Vec::new();
    for anchor in 0..ANCHORS {
        requests.push((temporary, Request::Alloc(ANCHORS + anchor, 20 << 10)));
        requests.push((lasting, Request::Alloc(anchor, 1 << 10)));
    }
    let temporaries = ANCHORS..2 * ANCHORS;
    requests.extend(
        temporaries
            .clone()
            .map(|handle| (temporary, Request::Free(handle))),
    );
    requests.extend(temporaries.map(|handle| (temporary, Request::Alloc(handle, later))));
    requests
}

/// What is behind each round.
#[derive(Clone, Copy)]
enum End {
    Freed,
    Reset,
}

fn rounds(end: End) -> Vec<(usize, Request)> {
    let mut requests = Vec::new();
    for kib in 1..=8 {
        requests.extend((0..50).map(|handle| Request::Alloc(handle, kib << 10)));
        match end {
            End::Freed => requests.extend((0..50).map(Request::Free)),
            End::Reset => requests.push(Request::Reset),
        }
    }
    requests.into_iter().map(|request| (0, request)).collect()
}

fn afresh() -> Vec<Setup> {
    let of = |name, allocator, end| Setup {
        name,
        allocators: vec![allocator],
        requests: rounds(end),
    };
    vec![
        of("bump, never reset", Allocator::Bump, End::Freed),
        of("bump, reset", Allocator::Bump, End::Reset),
        of("pool of 8 KiB", Allocator::Pool(8 << 10), End::Freed),
        of("first fit, reset", Allocator::FirstFit, End::Reset),
    ]
}

fn apart() -> Vec<Setup> {
    let large = Request::Alloc(HANDLES - 1, 3 << 19);
    let of = |name, heaps: usize, temporary: usize| {
        let mut requests = anchors(0, temporary, 0);
        // The temporary ones do not come back.
        requests.truncate(3 * ANCHORS as usize);
        requests.push((temporary, large));
        Setup {
            name,
            allocators: vec![Allocator::Coalescing; heaps],
            requests,
        }
    };
    vec![of("one memory", 1, 0), of("two memories", 2, 1)]
}

fn no_gap() -> Vec<(usize, Request)> {
    let mut requests = Vec::new();
    let blocks = 240;
    for block in 0..blocks {
        requests.push(Request::Alloc(blocks + block, 8 << 10));
        requests.push(Request::Alloc(block, 256));
    }
    requests.extend((blocks..2 * blocks).map(Request::Free));
    requests.extend((480..485).map(|handle| Request::Alloc(handle, 64 << 10)));
    requests.extend((485..505).map(|handle| Request::Alloc(handle, 8 << 10)));
    requests.into_iter().map(|request| (0, request)).collect()
}
