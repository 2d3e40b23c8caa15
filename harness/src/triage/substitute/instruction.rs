//! Substitutions of single instructions, within the functions that they stand in.

pub(super) mod access;
pub(super) mod address;
pub(super) mod alone;
pub(super) mod bulk;
mod pieces;
pub(super) mod size;

use super::code::{Code, each, rewritten};
use super::memory_op::MemoryOp;
use super::parts::{Parts, Unreadable};
use super::{Draft, NotSubstituted, Original, Site};
use crate::script::Step;

/// An instruction to be replaced.
pub(super) struct Found<'m> {
    /// What it is.
    pub(super) op: MemoryOp,
    /// Its bytes.
    pub(super) raw: &'m [u8],
    /// Where it stands.
    pub(super) site: Site,
}

/// Replaces the memory instructions at the sites: `replace` is asked for each,
/// and says by true that it did.
pub(super) fn substitute(
    original: &Original<'_>,
    sites: &dyn Fn(&Site) -> bool,
    draft: &mut Draft,
    mut replace: impl FnMut(&mut Parts<'_>, &mut Code, &Found<'_>) -> bool,
) -> Result<usize, NotSubstituted> {
    let mut replaced = 0;
    for (step, defined) in original.script().steps.iter().enumerate() {
        let Step::Define { wasm, .. } = defined else {
            continue;
        };
        let chosen = |offset| sites(&Site { step, offset });
        let Ok((wasm, count)) = in_module(wasm, step, &chosen, &mut replace) else {
            continue;
        };
        if count > 0 {
            replaced += count;
            draft.redefine(step, wasm);
        }
    }
    match replaced {
        0 => Err(NotSubstituted::NoSite),
        sites => Ok(sites),
    }
}

/// The module with the sites replaced, and how many there were.
fn in_module(
    wasm: &[u8],
    step: usize,
    chosen: &dyn Fn(u32) -> bool,
    replace: &mut dyn FnMut(&mut Parts<'_>, &mut Code, &Found<'_>) -> bool,
) -> Result<(Vec<u8>, usize), Unreadable> {
    let mut parts = Parts::of(wasm)?;
    let bodies: Vec<_> = parts.bodies().collect();
    let mut count = 0;
    for (index, params, body) in bodies {
        let mut any = false;
        each(&parts, &body, |op, offset, _| {
            any |= chosen(offset) && MemoryOp::of(op).is_some();
        })?;
        if !any {
            continue;
        }
        let before = count;
        let body = rewritten(&mut parts, params, &body, |parts, code, op, offset, raw| {
            let Some(op) = MemoryOp::of(op).filter(|_| chosen(offset)) else {
                return false;
            };
            let site = Site { step, offset };
            let done = replace(parts, code, &Found { op, raw, site });
            count += usize::from(done);
            done
        })?;
        if count > before {
            parts.replace_body(index, body);
        }
    }
    if count == 0 {
        return Ok((Vec::new(), 0));
    }
    Ok((parts.assemble()?, count))
}
