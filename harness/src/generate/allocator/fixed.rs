//! Programs of allocators with requests that are given, to measure how much memory
//! each kind takes for them.

use wasm_encoder::MemoryType;

use super::super::memory::Means;
use super::super::profile::Profile;
use super::code::Word;
use super::heap::{Grower, Heap, Kind, Mover};
use super::{define, instantiate, whole};
use crate::engine::Features;
use crate::observation::{Observation, Outcome};
use crate::script::{Script, Step};
use trapline_reference::Value;

/// A kind of allocator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allocator {
    /// Reuses nothing until it is reset.
    Bump,
    /// First fit; free neighbours stay apart.
    FirstFit,
    /// First fit; free neighbours become one block.
    Coalescing,
    /// A list of free blocks for each power of two.
    SizeClasses,
    /// Blocks of this size only, a multiple of 16, taken 16 at a time.
    Pool(u32),
}

impl Allocator {
    /// The name shown to people.
    pub fn name(self) -> &'static str {
        match self {
            Allocator::Bump => "bump",
            Allocator::FirstFit => "first fit",
            Allocator::Coalescing => "first fit, coalescing",
            Allocator::SizeClasses => "size classes",
            Allocator::Pool(_) => "pool",
        }
    }

    fn kind(self) -> Kind {
        match self {
            Allocator::Bump => Kind::Bump,
            Allocator::FirstFit => Kind::FirstFit,
            Allocator::Coalescing => Kind::Coalescing,
            Allocator::SizeClasses => Kind::SizeClasses,
            Allocator::Pool(block) => Kind::Pool {
                block: block.into(),
                at_once: 16,
            },
        }
    }
}

/// What is asked of an allocator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// A block of so many bytes for a handle that has none, below [`HANDLES`].
    Alloc(u32, u32),
    /// The block of a handle is given back, if it has one.
    Free(u32),
    /// All blocks are given back at once.
    Reset,
}

/// How many handles the programs have.
pub const HANDLES: u32 = 512;

/// What was seen after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Whether it succeeded: an allocation may not.
    pub succeeded: bool,
    /// How many bytes are live in all heaps.
    pub live: u64,
    /// How many bytes their memories have.
    pub size: u64,
}

/// A script with a heap for each of `allocators`, in instances of their own, whose
/// memories may have `maximum` pages. Each request is to the heap of this number. What
/// is live and how large the memories are is asked after each.
pub fn program(allocators: &[Allocator], maximum: u64, requests: &[(usize, Request)]) -> Script {
    let means = Means::of(u64::MAX, false);
    let profile = Profile {
        features: Features::NONE,
        focus: None,
        large: false,
        mixed: false,
    };
    let mut steps = Vec::new();
    for (index, allocator) in allocators.iter().enumerate() {
        let heap = Heap {
            word: Word {
                is_64: false,
                memory: 0,
            },
            ty: MemoryType {
                minimum: 1,
                maximum: Some(maximum),
                memory64: false,
                shared: false,
                page_size_log2: None,
            },
            kind: allocator.kind(),
            grower: Grower::Instruction,
            mover: Mover::Bulk,
            chunk: 1,
            handles: HANDLES.into(),
            room: 0,
            too_much: 0,
        };
        let module = format!("m{index}");
        define(&mut steps, &module, &whole(profile, means, &[heap], 0));
        instantiate(&mut steps, &instance(index), &module);
    }
    for &(heap, request) in requests {
        let (name, args) = match request {
            Request::Alloc(handle, size) => ("alloc0", vec![Value::I32(handle), Value::I32(size)]),
            Request::Free(handle) => ("free0", vec![Value::I32(handle)]),
            Request::Reset => ("reset0", vec![]),
        };
        steps.push(call(heap, name, args));
        for heap in 0..allocators.len() {
            steps.push(call(heap, "live0", vec![]));
            steps.push(call(heap, "size0", vec![]));
        }
    }
    Script { steps }
}

/// The readings of a run of [`program`] with these requests.
///
/// # Errors
/// In words, if a step gave something else than such a program does.
pub fn readings(
    run: &Observation,
    heaps: usize,
    requests: &[(usize, Request)],
) -> Result<Vec<Reading>, String> {
    let number = |index: usize| match run.steps.get(index).map(|step| &step.outcome) {
        Some(Outcome::Values(values)) => match values[..] {
            [Value::I32(bits)] => Ok(bits),
            _ => Err(format!("step {index} gave {values:?}")),
        },
        other => Err(format!("step {index} gave {other:?}")),
    };
    let mut at = 2 * heaps;
    let mut readings = Vec::with_capacity(requests.len());
    for (_, request) in requests {
        let result = number(at)?;
        let succeeded = match request {
            Request::Alloc(..) => result != 0 && result != u32::MAX,
            Request::Free(_) | Request::Reset => true,
        };
        at += 1;
        let (mut live, mut size) = (0, 0);
        for _ in 0..heaps {
            live += u64::from(number(at)?);
            size += u64::from(number(at + 1)?) << 16;
            at += 2;
        }
        readings.push(Reading {
            succeeded,
            live,
            size,
        });
    }
    Ok(readings)
}

fn instance(heap: usize) -> String {
    format!("i{heap}")
}

fn call(heap: usize, func: &str, args: Vec<Value>) -> Step {
    Step::Invoke {
        instance: instance(heap),
        func: func.to_owned(),
        args,
    }
}
