//! Substitutions of the types of memories, in all modules of a script.
//!
//! The site is the type, of any of them: they are imported and exported, so
//! that all have to change.

use wasmparser::MemoryType;

use super::code::rewritten;
use super::grow::{check_maximum, most};
use super::memory_op::MemoryOp;
use super::parts::{Parts, Unreadable};
use super::{Draft, NotSubstituted, Original, Site};
use crate::script::Step;

type Sites<'s> = &'s dyn Fn(&Site) -> bool;

/// `unshared`: memories are not shared. Preserves the meaning where one thread
/// runs that does not wait.
pub(super) fn unshared(
    original: &Original<'_>,
    sites: Sites<'_>,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    modules(original, sites, draft, |parts| {
        let shared = parts.memories.iter_mut().filter(|ty| ty.shared);
        Ok(shared.map(|ty| ty.shared = false).count())
    })
}

/// `no-unreachable-maximum`: memories have no maximum beyond the budget. No grow
/// gets that far. Preserves the meaning of what is valid: where one module keeps
/// its maximum, so does each that exports to it, since that one's is smaller.
pub(super) fn no_unreachable_maximum(
    original: &Original<'_>,
    sites: Sites<'_>,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    let budget = u128::from(original.job.budget.memory_bytes);
    modules(original, sites, draft, |parts| {
        let beyond = |ty: &MemoryType| {
            let bytes = |pages: u64| u128::from(pages) << ty.page_size_log2.unwrap_or(16);
            !ty.shared && ty.maximum.is_some_and(|pages| bytes(pages) > budget)
        };
        let beyond = parts.memories.iter_mut().filter(|ty| beyond(ty));
        Ok(beyond.map(|ty| ty.maximum = None).count())
    })
}

/// `no-maximum`: memories have no maximum, which instructions check before a
/// grow. Preserves the meaning where modules grow only memories whose maximum
/// they know, and the embedder none.
pub(super) fn no_maximum(
    original: &Original<'_>,
    sites: Sites<'_>,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    modules(original, sites, draft, |parts| {
        let bounded: Vec<Option<u64>> = (0..)
            .zip(&parts.memories)
            .map(|(memory, ty)| {
                let bounded = ty.maximum.is_some() && !ty.shared;
                bounded.then(|| most(parts, memory))
            })
            .collect();
        let count = bounded.iter().flatten().count();
        if count > 0 {
            check_grows(parts, &bounded)?;
        }
        for (ty, bounded) in parts.memories.iter_mut().zip(&bounded) {
            if bounded.is_some() {
                ty.maximum = None;
            }
        }
        Ok(count)
    })
}

fn check_grows(parts: &mut Parts<'_>, bounded: &[Option<u64>]) -> Result<(), Unreadable> {
    let bodies: Vec<_> = parts.bodies().collect();
    for (index, params, body) in bodies {
        let body = rewritten(parts, params, &body, |parts, code, op, _, raw| {
            let Some(MemoryOp::Grow(memory)) = MemoryOp::of(op) else {
                return false;
            };
            let Some(most) = bounded.get(memory as usize).copied().flatten() else {
                return false;
            };
            check_maximum(parts, code, memory, most, raw);
            true
        })?;
        parts.replace_body(index, body);
    }
    Ok(())
}

/// Edits all modules, if the type of a memory of any is a site.
fn modules(
    original: &Original<'_>,
    sites: Sites<'_>,
    draft: &mut Draft,
    edit: impl Fn(&mut Parts<'_>) -> Result<usize, Unreadable>,
) -> Result<usize, NotSubstituted> {
    let (mut chosen, mut replaced) = (false, 0);
    for (step, defined) in original.script().steps.iter().enumerate() {
        let Step::Define { wasm, .. } = defined else {
            continue;
        };
        let Ok(mut parts) = Parts::of(wasm) else {
            continue;
        };
        let mut places = parts.memory_places.iter();
        chosen |= places.any(|&offset| sites(&Site { step, offset }));
        let count = edit(&mut parts).unwrap_or(0);
        if count > 0 {
            if let Ok(wasm) = parts.assemble() {
                draft.redefine(step, wasm);
            }
            replaced += count;
        }
    }
    if !chosen || replaced == 0 {
        return Err(NotSubstituted::NoSite);
    }
    Ok(replaced)
}
