//! Programs that are shaped as allocators are: blocks of memory that come and go.
//!
//! A heap (`heap`) is a memory with one kind of allocator (`kinds`): bump, first fit
//! with and without putting free blocks together, size classes, or a pool. What a
//! program does with it (`client`, `contents`) is exported: it allocates, frees, resizes, fills and
//! checks blocks, which it knows by handles, and gives all of them back at once. A trace
//! (`trace`) of calls fragments the memory, fills it up to the limit, has a grow fail, and
//! goes on. So every address that an allocator gives is a result that is compared, and so
//! are the contents of blocks.
//!
//! There are one or two heaps: in one module, with what uses them in a module of its
//! own, or in two instances.

mod client;
mod code;
mod contents;
mod fixed;
mod heap;
mod kinds;
#[cfg(test)]
mod tests;
mod trace;

use wasm_encoder::ValType;

use super::dice::Dice;
use super::memory::{Means, Memory};
use super::module::{Import, Plan};
use super::profile::Profile;
use super::segments::{Mode, Offset, Segment};
use crate::engine::Feature;
use crate::script::{HOST, Script, Step};
pub use fixed::{Allocator, HANDLES, Reading, Request, program, readings};
use heap::{Grower, Heap};
use kinds::Functions;
use trace::{Callable, Trace};

/// How a program is divided into modules.
#[derive(Clone, Copy)]
enum Layout {
    /// One module, one instance.
    Whole,
    /// One module, two instances, each with a memory of its own.
    Twice,
    /// The allocator with its memory, and two clients that import both.
    Split,
    /// One module with two memories, for blocks that last and blocks that do not.
    HotAndCold,
}

/// A script: an allocator, and a trace of calls.
pub(super) fn script(dice: &mut Dice<'_, '_>, profile: Profile, means: Means) -> Script {
    let layout = match profile.features.has(Feature::MultiMemory) {
        true if !dice.percent(20) => Layout::HotAndCold,
        _ => dice.weighted(&[
            (45, Layout::Whole),
            (20, Layout::Twice),
            (35, Layout::Split),
        ]),
    };
    let count = if matches!(layout, Layout::HotAndCold) {
        2
    } else {
        1
    };
    let mut heaps = Vec::new();
    for index in 0..count {
        let mut heap = Heap::choose(dice, &profile, means, index);
        // The embedder finds a memory by the name of one instance.
        if !matches!(layout, Layout::Twice) && dice.percent(20) {
            heap.grower = Grower::Host;
        }
        heaps.push(heap);
    }
    // What a loop within one call asks for, at most.
    let sizes = dice.pick(&[0xff, 0x3f, 0x7ff, 0xfff]);
    let mut steps = Vec::new();
    let callables = match layout {
        Layout::Whole | Layout::HotAndCold => {
            define(&mut steps, "m0", &whole(profile, means, &heaps, sizes));
            instantiate(&mut steps, "i0", "m0");
            register(&mut steps, "i0", "m0");
            heaps.iter().map(|heap| callable("i0", heap)).collect()
        }
        Layout::Twice => {
            define(&mut steps, "m0", &whole(profile, means, &heaps, sizes));
            ["i0", "i1"]
                .map(|name| {
                    instantiate(&mut steps, name, "m0");
                    callable(name, &heaps[0])
                })
                .into()
        }
        Layout::Split => {
            define(&mut steps, "m0", &allocator(profile, means, &heaps[0]));
            instantiate(&mut steps, "i0", "m0");
            register(&mut steps, "i0", "m0");
            define(&mut steps, "m1", &client(profile, means, &heaps[0], sizes));
            ["i1", "i2"]
                .map(|name| {
                    instantiate(&mut steps, name, "m1");
                    callable(name, &heaps[0])
                })
                .into()
        }
    };
    let trace = Trace {
        dice,
        heaps: callables,
        promotes: matches!(layout, Layout::HotAndCold),
        steps,
    };
    Script {
        steps: trace.write(),
    }
}

fn callable(instance: &str, heap: &Heap) -> Callable {
    Callable {
        instance: instance.to_owned(),
        suffix: suffix(heap),
        heap: heap.clone(),
    }
}

/// What the functions of a heap are exported with.
fn suffix(heap: &Heap) -> String {
    heap.word.memory.to_string()
}

fn define(steps: &mut Vec<Step>, module: &str, plan: &Plan) {
    steps.push(Step::Define {
        module: module.to_owned(),
        wasm: plan.encode(),
    });
}

fn instantiate(steps: &mut Vec<Step>, instance: &str, module: &str) {
    steps.push(Step::Instantiate {
        instance: instance.to_owned(),
        module: module.to_owned(),
    });
}

fn register(steps: &mut Vec<Step>, instance: &str, name: &str) {
    steps.push(Step::Register {
        instance: instance.to_owned(),
        name: name.to_owned(),
    });
}

/// A module with these heaps and what uses them.
fn whole(profile: Profile, means: Means, heaps: &[Heap], sizes: u64) -> Plan {
    let mut plan = Plan::new(profile, means);
    let hosts: Vec<_> = heaps.iter().map(|heap| own(&mut plan, heap)).collect();
    let mut functions = Vec::new();
    for (heap, host) in heaps.iter().zip(hosts) {
        let inner = kinds::add(&mut plan, heap, &suffix(heap), host);
        functions.push(client::add(&mut plan, heap, &suffix(heap), inner, sizes));
    }
    if let ([from, to], [first, second]) = (heaps, &functions[..]) {
        let body = client::promote(from, to, first.free, second.alloc);
        plan.functions
            .push(body.finish("promote0".to_owned(), &[to.word.ty()]));
    }
    plan
}

/// A module with a heap that others use.
fn allocator(profile: Profile, means: Means, heap: &Heap) -> Plan {
    let mut plan = Plan::new(profile, means);
    let host = own(&mut plan, heap);
    kinds::add(&mut plan, heap, &suffix(heap), host);
    plan
}

/// A module that uses the heap of another.
fn client(profile: Profile, means: Means, heap: &Heap, sizes: u64) -> Plan {
    let mut plan = Plan::new(profile, means);
    let (word, suffix) = (heap.word.ty(), suffix(heap));
    plan.memories.push(Memory {
        ty: heap.ty,
        import: Some(("m0".to_owned(), format!("mem{suffix}"))),
        export: None,
    });
    for (name, results) in [("take", vec![word]), ("give", vec![])] {
        plan.imports.push(Import {
            module: "m0".to_owned(),
            name: format!("{name}{suffix}"),
            params: vec![word],
            results,
        });
    }
    let inner = Functions { take: 0, give: 1 };
    client::add(&mut plan, heap, &suffix, inner, sizes);
    plan
}

/// Adds the memory of a heap to a module that owns it, with where it begins to be used,
/// and the function of the embedder that grows it, if that is what does.
fn own(plan: &mut Plan, heap: &Heap) -> Option<u32> {
    let name = format!("mem{}", suffix(heap));
    plan.memories.push(Memory {
        ty: heap.ty,
        import: None,
        export: Some(name.clone()),
    });
    let bytes = heap.word.bytes() as usize;
    plan.segments.push(Segment {
        mode: Mode::Active {
            memory: heap.word.memory,
            offset: Offset::Const(heap.word.ty(), heap.top()),
        },
        bytes: heap.start().to_le_bytes()[..bytes].to_vec(),
    });
    let host = (heap.grower == Grower::Host).then_some(plan.imports.len() as u32);
    if host.is_some() {
        plan.imports.push(Import {
            module: HOST.to_owned(),
            name: format!("grow m0.{name}"),
            params: vec![ValType::I64],
            results: vec![ValType::I64],
        });
    }
    host
}
