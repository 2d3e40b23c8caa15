//! Substitutions of `memory.size`.

use std::collections::BTreeMap;

use wasm_encoder::{BlockType, ValType};

use super::{Found, substitute};
use crate::triage::substitute::code::Code;
use crate::triage::substitute::memory_op::MemoryOp;
use crate::triage::substitute::{Draft, NotSubstituted, Original, Site};

/// So many executions of a site may give different sizes.
const MOST: usize = 64;

/// `constant-size`: the size is a constant: the first, the second and so on
/// that the reference gave when it executed the site.
pub(in crate::triage::substitute) fn constant(
    original: &Original<'_>,
    sites: &dyn Fn(&Site) -> bool,
    draft: &mut Draft,
) -> Result<usize, NotSubstituted> {
    let seen = seen(original);
    substitute(original, sites, draft, |parts, code, found: &Found<'_>| {
        let MemoryOp::Size(memory) = found.op else {
            return false;
        };
        let Some((last, before)) = seen.get(&found.site).and_then(|all| all.split_last()) else {
            return false;
        };
        let ty = parts.address(memory);
        let push = |code: &mut Code, pages: u64| {
            match ty {
                ValType::I64 => code.ins().i64_const(pages as i64),
                _ => code.ins().i32_const(pages as i32),
            };
        };
        if before.is_empty() {
            push(code, *last);
            return true;
        }
        let times = parts.global();
        for (time, &pages) in (0..).zip(before) {
            code.ins().global_get(times).i32_const(time).i32_eq();
            code.ins().if_(BlockType::Result(ty));
            push(code, pages);
            code.ins().else_();
        }
        push(code, *last);
        for _ in before {
            code.ins().end();
        }
        code.ins().global_get(times).i32_const(1).i32_add();
        code.ins().global_set(times);
        true
    })
}

/// The sizes in pages that each site gave, in order; one where it is always the
/// same. Without those that gave different ones in different instances.
fn seen(original: &Original<'_>) -> BTreeMap<Site, Vec<u64>> {
    let mut seen = BTreeMap::<Site, BTreeMap<Option<usize>, Vec<u64>>>::new();
    let trace = original.reference.trace.iter().flatten();
    for event in trace.filter(|event| event.op == "memory.size") {
        let pages = u64::try_from(event.size >> event.ty.page_size_log2);
        if let (Some(code), Ok(pages)) = (event.code, pages) {
            let instance = event.instance.map(|instance| instance.number());
            let instances = seen.entry(Site::of(code)).or_default();
            instances.entry(instance).or_default().push(pages);
        }
    }
    let mut sizes = BTreeMap::new();
    for (site, instances) in seen {
        let Some(first) = instances.values().next() else {
            continue;
        };
        if instances.values().flatten().all(|size| *size == first[0]) {
            sizes.insert(site, first[..1].to_vec());
        } else if first.len() <= MOST && instances.values().all(|sizes| sizes == first) {
            sizes.insert(site, first.clone());
        }
    }
    sizes
}
