//! Where a script grows memories: instructions, calls of the built-in instance
//! in code, and steps that call it.

use trapline_reference::{Access, Value};
use wasm_encoder::ValType;
use wasmparser::Operator;

use super::most_of;
use super::one::{self, CLEARED_BY_HOST, Grow, How, SAVED};
use crate::engine::Capture;
use crate::observation::CHUNK;
use crate::script::{HOST, HostFunc, HostOp, Step};
use crate::triage::substitute::code::{Code, each, rewritten};
use crate::triage::substitute::effects::captured;
use crate::triage::substitute::parts::{Parts, Unreadable};
use crate::triage::substitute::{Draft, NotSubstituted, Original, Site};

/// Writes the code that takes the place of a grow.
type InCode<'f> = &'f dyn Fn(&Grow<'_, '_>, &mut Code);

/// Edits the draft where a step grows; whether it did.
type AsStep<'f> = &'f dyn Fn(&Host<'_>, &mut Draft) -> bool;

/// Replaces the grows at the sites, and the calls of the built-in instance that
/// grow, in code and as steps.
pub(super) fn grows(
    original: &Original<'_>,
    sites: &dyn Fn(&Site) -> bool,
    draft: &mut Draft,
    in_code: InCode<'_>,
    as_step: AsStep<'_>,
) -> Result<usize, NotSubstituted> {
    let mut replaced = 0;
    for (step, which) in original.script().steps.iter().enumerate() {
        match which {
            Step::Define { wasm, .. } => {
                let chosen = |offset| sites(&Site { step, offset });
                let module = Module {
                    original,
                    step,
                    chosen: &chosen,
                };
                let Ok((wasm, count)) = module.rewritten(wasm, in_code) else {
                    continue;
                };
                if count > 0 {
                    replaced += count;
                    draft.redefine(step, wasm);
                }
            }
            Step::Invoke { .. } if sites(&Site { step, offset: 0 }) => {
                if let Some(host) = Host::at(original, step) {
                    replaced += usize::from(as_step(&host, draft));
                }
            }
            _ => {}
        }
    }
    match replaced {
        0 => Err(NotSubstituted::NoSite),
        sites => Ok(sites),
    }
}

/// A step that grows a memory through the built-in instance.
pub(super) struct Host<'a> {
    pub(super) step: usize,
    func: HostFunc,
    /// What the reference says of it.
    pub(super) access: &'a Access,
}

impl<'a> Host<'a> {
    fn at(original: &Original<'a>, step: usize) -> Option<Host<'a>> {
        let Step::Invoke { instance, func, .. } = &original.script().steps[step] else {
            return None;
        };
        let func = HostFunc::parse(func).filter(|func| func.op == HostOp::Grow)?;
        let mut trace = original.reference.trace.get(step)?.iter();
        Some(Host {
            step,
            access: trace.find(|access| instance == HOST && access.grow.is_some())?,
            func,
        })
    }

    fn call(&self, op: &str, args: Vec<Value>) -> Step {
        let HostFunc {
            instance, memory, ..
        } = &self.func;
        Step::Invoke {
            instance: HOST.to_owned(),
            func: format!("{op} {instance}.{memory}"),
            args,
        }
    }

    /// The step that grows by so many pages.
    pub(super) fn grow(&self, delta: u64) -> Step {
        self.call("grow", vec![Value::I64(delta)])
    }

    /// Steps that write what the memory is specified to contain around the place
    /// to which it grew, and at its new end.
    pub(super) fn contents(&self, original: &Original<'_>) -> Option<Vec<Step>> {
        let grow = self.access.grow.filter(|g| g.result.is_some())?;
        let page = 1_u64 << self.access.ty.page_size_log2;
        let old = u64::try_from(self.access.size).ok()?;
        let new = old.checked_add(grow.delta.checked_mul(page)?)?;
        if new == old {
            return None;
        }
        let length = (CLEARED_BY_HOST as u64).min(new - old);
        let (before, after) = (old.saturating_sub(SAVED as u64), old + length);
        let around = bytes(original, self, before..after)?;
        let around = (before..after).zip(around);
        let at_end = (after.max(new - length)..new).map(|address| (address, 0));
        let write = |(address, byte): (u64, u8)| {
            let args = vec![Value::I64(address), Value::I32(byte.into())];
            self.call("write", args)
        };
        Some(around.chain(at_end).map(write).collect())
    }
}

/// What the memory that a step grows is specified to contain after it.
fn bytes(original: &Original<'_>, host: &Host<'_>, range: std::ops::Range<u64>) -> Option<Vec<u8>> {
    let script = original.script();
    let mut before = script.steps[..host.step].iter().rev();
    let instance = before.find_map(|step| match step {
        Step::Register { instance, name } if *name == host.func.instance => Some(instance),
        _ => None,
    })?;
    let chunks: Vec<u64> = (range.start / CHUNK as u64..=(range.end - 1) / CHUNK as u64).collect();
    let captures: Vec<Capture> = chunks
        .iter()
        .map(|&chunk| Capture {
            step: host.step,
            instance: instance.clone(),
            export: host.func.memory.clone(),
            chunk,
        })
        .collect();
    let captured = captured(script, original, &captures);
    if captured.len() != chunks.len() {
        return None;
    }
    let byte = |address: u64| {
        let chunk = chunks.iter().position(|&c| c == address / CHUNK as u64)?;
        Some(
            captured[chunk]
                .get(address as usize % CHUNK)
                .copied()
                .unwrap_or(0),
        )
    };
    range.map(byte).collect()
}

/// A module whose grows are replaced.
struct Module<'a> {
    original: &'a Original<'a>,
    /// The step that defines it.
    step: usize,
    /// Whether the instruction at an offset is to be replaced.
    chosen: &'a dyn Fn(u32) -> bool,
}

impl Module<'_> {
    /// The module with its grows replaced, and how many there were.
    fn rewritten(&self, wasm: &[u8], in_code: InCode<'_>) -> Result<(Vec<u8>, usize), Unreadable> {
        let mut parts = Parts::of(wasm)?;
        let bodies: Vec<_> = parts.bodies().collect();
        let mut any = false;
        for (_, _, body) in &bodies {
            each(&parts, body, |op, offset, _| {
                any |= matches!(op, Operator::MemoryGrow { .. }) && (self.chosen)(offset);
            })?;
        }
        let hosts = self.hosts(&mut parts);
        if !any && hosts.is_empty() {
            return Ok((Vec::new(), 0));
        }
        let mut count = hosts.len();
        let most = self.by_host().most;
        for (func, host) in hosts {
            let mut raw = Code::new(0);
            raw.ins().call(func);
            let mut code = Code::new(1);
            code.ins().local_get(0);
            let grow = Grow {
                parts: &parts,
                how: How::Host(host),
                raw: raw.bytes(),
                most,
            };
            in_code(&grow, &mut code);
            let signature = (vec![ValType::I64], vec![ValType::I64]);
            let by = parts.func(signature, code.finish(true));
            parts.replace_import(func, by);
        }
        for (index, params, body) in bodies {
            let body = rewritten(&mut parts, params, &body, |parts, code, op, offset, raw| {
                let Operator::MemoryGrow { mem } = *op else {
                    return false;
                };
                if !(self.chosen)(offset) {
                    return false;
                }
                let grow = Grow {
                    parts,
                    how: How::Instruction(mem),
                    raw,
                    most: self.most(parts, mem, offset),
                };
                in_code(&grow, code);
                count += 1;
                true
            })?;
            parts.replace_body(index, body);
        }
        Ok((parts.assemble()?, count))
    }

    /// The imported functions that grow through the built-in instance, with
    /// what else it does to their memories, imported as well.
    fn hosts(&self, parts: &mut Parts<'_>) -> Vec<(u32, one::Host)> {
        let named: Vec<(u32, HostFunc)> = (0..)
            .zip(&parts.imported_names)
            .filter(|(_, (module, _))| *module == HOST)
            .filter_map(|(func, (_, name))| Some((func, HostFunc::parse(name)?)))
            .filter(|(_, func)| func.op == HostOp::Grow)
            .collect();
        let page = self.by_host().page;
        let named = named.into_iter();
        named
            .map(|(func, grow)| (func, host(parts, &grow, page)))
            .collect()
    }

    /// The most pages that the memory which an instruction grows can have: what
    /// is known of all that it grew, or what the module declares.
    fn most(&self, parts: &Parts<'_>, memory: u32, offset: u32) -> u64 {
        let site = Site {
            step: self.step,
            offset,
        };
        let here = |access: &&Access| access.code.map(Site::of) == Some(site);
        let most = common(self.grown(here).map(|access| self.most_of(access)));
        most.unwrap_or_else(|| super::most(parts, memory))
    }

    /// What is known of all memories that the embedder grows.
    fn by_host(&self) -> ByHost {
        let grown = || self.grown(|access| access.code.is_none());
        // What is beyond the largest is beyond each of them.
        let most = grown().map(|access| self.most_of(access)).max();
        let page = common(grown().map(|access| access.ty.page_size_log2));
        ByHost {
            most: most.unwrap_or(u64::MAX),
            page: page.unwrap_or(16),
        }
    }

    fn grown<'t>(
        &'t self,
        which: impl Fn(&&Access) -> bool + 't,
    ) -> impl Iterator<Item = &'t Access> {
        let trace = self.original.reference.trace.iter().flatten();
        trace.filter(|access| access.grow.is_some()).filter(which)
    }

    fn most_of(&self, access: &Access) -> u64 {
        let budget = self.original.job.budget.memory_bytes >> access.ty.page_size_log2;
        most_of(access.ty).min(budget)
    }
}

/// The memories that calls of the built-in instance grow: which one a call does
/// is not known before it runs.
struct ByHost {
    most: u64,
    page: u32,
}

/// What all have in common; `None` if they differ or if there are none.
fn common<T: PartialEq>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

/// Imports what else the built-in instance does to the memory.
fn host(parts: &mut Parts<'_>, grow: &HostFunc, page: u32) -> one::Host {
    use ValType::{I32, I64};
    let HostFunc {
        instance, memory, ..
    } = grow;
    let mut import = |op: &str, params: &[ValType], result| {
        let signature = (params.to_vec(), vec![result]);
        parts.import(HOST, format!("{op} {instance}.{memory}"), signature)
    };
    one::Host {
        size: import("size", &[], I64),
        read: import("read", &[I64], I64),
        write: import("write", &[I64, I32], I32),
        page,
    }
}
