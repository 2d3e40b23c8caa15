//! Substitutions that leave the instruction as it is and change what stands around it.
//!
//! They preserve the meaning everywhere.

use wasm_encoder::ValType;

use super::{Found, substitute};
use crate::triage::substitute::code::Code;
use crate::triage::substitute::{Draft, NotSubstituted, Original, Site};

/// `alone`: the instruction stands in a function of its own, its operands are
/// parameters. What the engine knows of the code before it is gone.
pub(in crate::triage::substitute) fn alone(
    original: &Original<'_>,
    sites: &dyn Fn(&Site) -> bool,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    substitute(original, sites, draft, |parts, code, found: &Found<'_>| {
        let (params, results) = found.op.signature(parts);
        let mut helper = Code::new(params.len());
        for param in 0..params.len() as u32 {
            helper.ins().local_get(param);
        }
        helper.raw(found.raw);
        let helper = parts.func((params, results), helper.finish(true));
        code.ins().call(helper);
        true
    })
}

/// `in-local`: what the instruction gives is put in a local before it is used.
pub(in crate::triage::substitute) fn in_local(
    original: &Original<'_>,
    sites: &dyn Fn(&Site) -> bool,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    substitute(original, sites, draft, |parts, code, found: &Found<'_>| {
        let (_, results) = found.op.signature(parts);
        let [result]: [ValType; 1] = results[..].try_into().unwrap_or([ValType::FUNCREF]);
        if results.is_empty() {
            return false;
        }
        let local = code.local(result);
        code.raw(found.raw);
        code.ins().local_set(local).local_get(local);
        true
    })
}
