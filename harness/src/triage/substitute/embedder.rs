//! `embedder`: an instruction's effect is done through the engine's own API.
//!
//! At a site, a function of the module is called that does what the instruction
//! is specified to do, byte by byte, with the functions of the built-in
//! instance. So nothing remains of how the engine compiles or interprets the
//! access. For that the module exports its memory, and is registered as soon as
//! it is instantiated, each instance under a name of its own.
//!
//! It preserves the meaning where
//! * one thread runs (an access is many calls);
//! * the instance is registered when the site is executed: a start function
//!   that executes one is called after the instantiation instead;
//! * the kind of a trap does not matter: it is `unreachable`;
//! * long bulk operations and long segments are left as they are ([`bulk::LONGEST`],
//!   [`bulk::LONGEST_SEGMENT`]).

mod access;
mod bulk;

use std::collections::BTreeMap;

use wasm_encoder::{ExportKind, ValType};

use super::code::{Code, each, rewritten};
use super::instances::{Instance, instances};
use super::memory_op::MemoryOp;
use super::parts::{Parts, Unreadable};
use super::{Draft, NotSubstituted, Original, Site};
use crate::script::{HOST, Step};
use bulk::LONGEST;

/// How many bytes all sites together may access: each is a call of the host.
const MOST_BYTES: u128 = 1 << 18;

/// The functions of the built-in instance for one memory.
#[derive(Clone, Copy)]
struct Host {
    read: u32,
    write: u32,
    size: u32,
    grow: u32,
}

pub(super) fn substitute(
    original: &Original<'_>,
    sites: &dyn Fn(&Site) -> bool,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    substitute_only(original, sites, draft, |_| true)
}

/// `size-by-embedder`: as `embedder`, but of `memory.size` only.
pub(super) fn size(
    original: &Original<'_>,
    sites: &dyn Fn(&Site) -> bool,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    substitute_only(original, sites, draft, |op| matches!(op, MemoryOp::Size(_)))
}

/// `grow-by-embedder`: as `embedder`, but of `memory.grow` only.
pub(super) fn grow(
    original: &Original<'_>,
    sites: &dyn Fn(&Site) -> bool,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    substitute_only(original, sites, draft, |op| matches!(op, MemoryOp::Grow(_)))
}

fn substitute_only(
    original: &Original<'_>,
    sites: &dyn Fn(&Site) -> bool,
    draft: &mut Draft,
    only: fn(&MemoryOp) -> bool,
) -> Result<usize, NotSubstituted> {
    check_work(original, sites)?;
    let mut seen = BTreeMap::new();
    for instance in instances(original) {
        let Instance { define, made, .. } = instance;
        let Step::Define { wasm, .. } = &original.script().steps[define] else {
            continue;
        };
        let chosen = |offset| {
            sites(&Site {
                step: define,
                offset,
            })
        };
        let name = draft.fresh_name(&format!("instance{made}"));
        let starts = in_start(original, &instance, &chosen);
        let Ok(Some(embedded)) = embed(wasm, &name, &|at, op| only(op) && chosen(at), starts)
        else {
            continue;
        };
        seen.insert(define, embedded.sites);
        draft.use_module(&instance, embedded.wasm);
        draft.register(&instance, name);
        if let Some(func) = embedded.start {
            draft.call_start(original, &instance, func);
        }
    }
    match seen.values().sum() {
        0 => Err(NotSubstituted::NoSite),
        sites => Ok(sites),
    }
}

/// Whether the work is bounded, as far as the reference's run tells.
fn check_work(
    original: &Original<'_>,
    sites: &dyn Fn(&Site) -> bool,
) -> Result<(), NotSubstituted> {
    let accesses = original.reference.trace.iter().flatten();
    let chosen = accesses.filter(|access| {
        access.code.is_some_and(|code| sites(&Site::of(code)))
            && access.grow.is_none()
            && !access.trapped
            && access.length <= LONGEST.into()
    });
    let bytes: u128 = chosen.map(|access| access.length).sum();
    if bytes > MOST_BYTES {
        return Err(NotSubstituted::TooMuch { bytes });
    }
    Ok(())
}

/// Whether the instance executes a site while it is instantiated.
fn in_start(original: &Original<'_>, instance: &Instance, chosen: &dyn Fn(u32) -> bool) -> bool {
    let Some(trace) = original.reference.trace.get(instance.made) else {
        return false;
    };
    trace.iter().any(|access| {
        access.op != "data"
            && access
                .code
                .is_some_and(|code| code.module as usize == instance.define && chosen(code.offset))
    })
}

/// A module that does its accesses through the host.
struct Embedded {
    wasm: Vec<u8>,
    /// How many instructions were replaced.
    sites: usize,
    /// The export that is the start function from now on.
    start: Option<String>,
}

fn embed(
    wasm: &[u8],
    name: &str,
    chosen: &dyn Fn(u32, &MemoryOp) -> bool,
    starts: bool,
) -> Result<Option<Embedded>, Unreadable> {
    let mut parts = Parts::of(wasm)?;
    let Some(mut embedder) = Embedder::of(&mut parts, name, chosen)? else {
        return Ok(None);
    };
    let bodies: Vec<_> = parts.bodies().collect();
    let mut sites = 0;
    for (index, params, body) in bodies {
        let body = rewritten(&mut parts, params, &body, |parts, code, op, at, _| {
            let Some(op) = MemoryOp::of(op) else {
                return false;
            };
            let done = embedder.replace(parts, code, op, chosen(at, &op));
            sites += usize::from(done);
            done
        })?;
        parts.replace_body(index, body);
    }
    if sites == 0 {
        return Ok(None);
    }
    let start = parts.start.filter(|_| starts).map(|start| {
        parts.start = None;
        parts.export("start", ExportKind::Func, start)
    });
    Ok(Some(Embedded {
        wasm: parts.assemble()?,
        sites,
        start,
    }))
}

/// Replaces the instructions of one module.
struct Embedder {
    hosts: BTreeMap<u32, Host>,
    /// For data segments that instructions may drop: a global that says whether
    /// that happened.
    dropped: BTreeMap<u32, u32>,
    /// Functions that do what an instruction does, by the instruction.
    helpers: BTreeMap<String, u32>,
}

impl Embedder {
    /// Adds what is needed to the module; `None` if no site is in it.
    fn of(
        parts: &mut Parts<'_>,
        name: &str,
        chosen: &dyn Fn(u32, &MemoryOp) -> bool,
    ) -> Result<Option<Embedder>, Unreadable> {
        let mut ops = Vec::new();
        for (_, _, body) in parts.bodies() {
            each(parts, &body, |op, at, _| {
                ops.extend(MemoryOp::of(op).map(|op| (op, chosen(at, &op))));
            })?;
        }
        if !ops.iter().any(|(_, chosen)| *chosen) {
            return Ok(None);
        }
        let mut embedder = Embedder {
            hosts: BTreeMap::new(),
            dropped: BTreeMap::new(),
            helpers: BTreeMap::new(),
        };
        // What is dropped by a site, no instruction may copy from any more.
        let mut dropped = Vec::new();
        for (op, chosen) in &ops {
            match *op {
                MemoryOp::Drop(data) if *chosen => dropped.push(data),
                MemoryOp::Init { data, .. } if *chosen => dropped.push(data),
                _ => {}
            }
        }
        for &data in &dropped {
            if !embedder.dropped.contains_key(&data) && bulk::is_short(parts, data) {
                embedder.dropped.insert(data, parts.global());
            }
        }
        for (op, chosen) in ops {
            if chosen || matches!(op, MemoryOp::Init { data, .. } if dropped.contains(&data)) {
                for memory in op.memories() {
                    let entry = embedder.hosts.entry(memory);
                    entry.or_insert_with(|| host(parts, name, memory));
                }
            }
        }
        Ok(Some(embedder))
    }

    /// Replaces an instruction, if it is a site or has to do with one.
    fn replace(
        &mut self,
        parts: &mut Parts<'_>,
        code: &mut Code,
        op: MemoryOp,
        chosen: bool,
    ) -> bool {
        match op {
            MemoryOp::Drop(data) => {
                let Some(&dropped) = self.dropped.get(&data) else {
                    return false;
                };
                code.ins().i32_const(1).global_set(dropped);
                if !chosen {
                    code.ins().data_drop(data);
                }
                return true;
            }
            MemoryOp::Init { data, .. } if !self.dropped.contains_key(&data) => return false,
            MemoryOp::Init { .. } => {}
            _ if !chosen => return false,
            _ => {}
        }
        let helper = self.helper(parts, op);
        code.ins().call(helper);
        true
    }

    /// The function that does what the instruction is specified to do.
    fn helper(&mut self, parts: &mut Parts<'_>, op: MemoryOp) -> u32 {
        let key = format!("{op:?}");
        if let Some(&helper) = self.helpers.get(&key) {
            return helper;
        }
        let (params, results) = op.signature(parts);
        let mut code = Code::new(params.len());
        self.body(parts, &mut code, op);
        let helper = parts.func((params, results), code.finish(true));
        self.helpers.insert(key, helper);
        helper
    }

    fn body(&self, parts: &Parts<'_>, code: &mut Code, op: MemoryOp) {
        match op {
            MemoryOp::Access(op) => {
                let host = self.hosts[&op.memory];
                access::emulate(code, parts.is_wide(op.memory), &op, host, parts);
            }
            MemoryOp::Size(memory) => {
                code.ins().call(self.hosts[&memory].size);
                narrow(parts, code, memory);
            }
            MemoryOp::Grow(memory) => {
                code.get_wide(0, parts.is_wide(memory));
                code.ins().call(self.hosts[&memory].grow);
                narrow(parts, code, memory);
            }
            MemoryOp::Fill(memory) => bulk::fill(code, parts, memory, self.hosts[&memory]),
            MemoryOp::Copy { to, from } => {
                let hosts = (self.hosts[&to], self.hosts[&from]);
                bulk::copy(code, parts, (to, from), hosts);
            }
            MemoryOp::Init { data, memory } => {
                let dropped = self.dropped[&data];
                bulk::init(code, parts, (data, dropped), memory, self.hosts[&memory]);
            }
            MemoryOp::Drop(_) => {}
        }
    }
}

/// Imports what the built-in instance does to a memory, which is exported.
fn host(parts: &mut Parts<'_>, name: &str, memory: u32) -> Host {
    use ValType::{I32, I64};
    let export = parts.memory_export(memory);
    let mut import = |op: &str, params: &[ValType], result| {
        let signature = (params.to_vec(), vec![result]);
        parts.import(HOST, format!("{op} {name}.{export}"), signature)
    };
    Host {
        read: import("read", &[I64], I64),
        write: import("write", &[I64, I32], I32),
        size: import("size", &[], I64),
        grow: import("grow", &[I64], I64),
    }
}

/// Makes a number of pages, i64, one of the memory's address type.
fn narrow(parts: &Parts<'_>, code: &mut Code, memory: u32) {
    if !parts.is_wide(memory) {
        code.ins().i32_wrap_i64();
    }
}
