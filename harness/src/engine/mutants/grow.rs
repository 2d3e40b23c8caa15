//! Faults in growing: its result, its limits, and who learns of it.

use trapline_reference::{Memory, MemoryType, Request, Site, Specification as Spec};

use super::plant;

plant! {
    "grow-new-size", "memory.grow gives the new size": {
        fn grow(&self, site: &Site, memory: &mut Memory, delta: u64, resources: bool) -> i128 {
            match Spec.grow(site, memory, delta, resources) {
                -1 => -1,
                _ => memory.pages() as i128,
            }
        }
    }
    "grow-failed-zero", "a grow that fails gives 0": {
        fn grow(&self, site: &Site, memory: &mut Memory, delta: u64, resources: bool) -> i128 {
            Spec.grow(site, memory, delta, resources).max(0)
        }
    }
    "grow-failed-size", "a grow that fails gives the size": {
        fn grow(&self, site: &Site, memory: &mut Memory, delta: u64, resources: bool) -> i128 {
            let old = memory.pages() as i128;
            Spec.grow(site, memory, delta, resources).max(old)
        }
    }
    "grow-failed-grows", "a grow beyond the maximum gives -1 and grows up to it": {
        fn grow(&self, site: &Site, memory: &mut Memory, delta: u64, resources: bool) -> i128 {
            let result = Spec.grow(site, memory, delta, resources);
            if let (-1, Some(most)) = (result, memory.ty().maximum) {
                let room = u128::from(most).saturating_sub(memory.pages());
                if room <= 4 {
                    Spec.grow(site, memory, room as u64, true);
                }
            }
            result
        }
    }
    "grow-maximum-ignored", "memory.grow goes beyond the declared maximum": {
        fn may_have(&self, ty: MemoryType, pages: u128) -> bool {
            Spec.may_have(MemoryType { maximum: None, ..ty }, pages)
        }
    }
    "grow-maximum-short", "memory.grow does not reach the declared maximum": {
        fn may_have(&self, ty: MemoryType, pages: u128) -> bool {
            let at_maximum = ty.maximum.is_some_and(|most| pages == u128::from(most) && pages > u128::from(ty.minimum));
            !at_maximum && Spec.may_have(ty, pages)
        }
    }
    "grow-maximum-rounded", "the declared maximum is rounded up to an even number of pages": {
        fn may_have(&self, ty: MemoryType, pages: u128) -> bool {
            let maximum = ty.maximum.map(|most| most.saturating_add(most & 1));
            Spec.may_have(MemoryType { maximum, ..ty }, pages)
        }
    }
    "grow-zero-fails", "a grow by nothing at the maximum fails": {
        fn grow(&self, site: &Site, memory: &mut Memory, delta: u64, resources: bool) -> i128 {
            let full = memory.ty().maximum.is_some_and(|most| memory.pages() == u128::from(most));
            if delta == 0 && full { -1 } else { Spec.grow(site, memory, delta, resources) }
        }
    }
    "grow-delta-32", "the number of pages to grow by is cut to 32 bits": {
        fn grow(&self, site: &Site, memory: &mut Memory, delta: u64, _: bool) -> i128 {
            let delta = u64::from(delta as u32);
            Spec.grow(site, memory, delta, delta <= 8)
        }
    }
    "grow-delta-16", "the number of pages to grow by is cut to 16 bits": {
        fn grow(&self, site: &Site, memory: &mut Memory, delta: u64, resources: bool) -> i128 {
            let cut = u64::from(delta as u16);
            Spec.grow(site, memory, cut, if cut == delta { resources } else { cut <= 8 })
        }
    }
    "grow-signed", "growing by a negative number of pages shrinks": {
        fn grow(&self, site: &Site, memory: &mut Memory, delta: u64, resources: bool) -> i128 {
            let old = memory.pages();
            let back = u128::from((delta as u32 as i32).unsigned_abs());
            if (delta as u32 as i32) < 0 && back <= old.min(4) {
                let growth = memory.growth().unwrap_or(trapline_reference::Growth {
                    from: memory.bytes(),
                    activation: site.activation,
                    by_host: site.by_host,
                });
                memory.resize(old - back, growth);
                return old as i128;
            }
            Spec.grow(site, memory, delta, resources)
        }
    }
    "grow-not-zeroed", "the last bytes of what a grow added are not zero": {
        fn grow(&self, site: &Site, memory: &mut Memory, delta: u64, resources: bool) -> i128 {
            let old = memory.bytes();
            let result = Spec.grow(site, memory, delta, resources);
            let new = memory.bytes();
            if new >= old + 16 {
                memory.write(new - 16, &[0xdd; 16]);
            }
            result
        }
    }
    "grow-copies-short", "what stood in the last bytes before a grow is lost": {
        fn grow(&self, site: &Site, memory: &mut Memory, delta: u64, resources: bool) -> i128 {
            let old = memory.bytes();
            let result = Spec.grow(site, memory, delta, resources);
            if memory.bytes() > old && old >= 16 {
                memory.fill(old - 16, 0, 16);
            }
            result
        }
    }
    "size-stale-own", "a function that grows goes on with the old bound": {
        fn bound(&self, site: &Site, memory: &Memory) -> u128 {
            stale(memory, |by, by_host| !by_host && by == site.activation)
        }
    }
    "size-stale-callee", "a bound is stale after a callee's grow": {
        fn bound(&self, site: &Site, memory: &Memory) -> u128 {
            stale(memory, |by, by_host| !by_host && by > site.activation)
        }
    }
    "size-stale-host", "a bound is stale after the embedder's grow, within the call": {
        fn bound(&self, site: &Site, memory: &Memory) -> u128 {
            stale(memory, |by, by_host| by_host && by >= site.activation)
        }
    }
    "size-stale-host-later", "a bound is stale for the calls after the embedder's grow": {
        fn bound(&self, _: &Site, memory: &Memory) -> u128 {
            stale(memory, |_, by_host| by_host)
        }
    }
    "size-stale-import", "an instance keeps the bound an imported memory began with": {
        fn bound(&self, site: &Site, memory: &Memory) -> u128 {
            if site.imported {
                u128::from(memory.ty().minimum) * memory.ty().page_size()
            } else {
                memory.bytes()
            }
        }
    }
    "base-stale-own", "a function that grows goes on writing to the old memory": {
        fn write(&self, request: &Request, memory: &mut Memory, at: u128, value: u128) {
            let growth = memory.growth();
            if growth.is_none_or(|g| g.by_host || g.activation != request.site.activation) {
                Spec.write(request, memory, at, value);
            }
        }
    }
    "base-stale-callee", "after a callee's grow, writes go to the old memory": {
        fn write(&self, request: &Request, memory: &mut Memory, at: u128, value: u128) {
            let growth = memory.growth();
            if growth.is_none_or(|g| g.by_host || g.activation <= request.site.activation) {
                Spec.write(request, memory, at, value);
            }
        }
    }
    "memory-size-stale", "memory.size is stale after the embedder's grow": {
        fn size(&self, _: &Site, memory: &Memory) -> u128 {
            match memory.growth() {
                Some(growth) if growth.by_host => growth.from / memory.ty().page_size(),
                _ => memory.pages(),
            }
        }
    }
    "memory-size-minimum", "memory.size of an imported memory is its minimum": {
        fn size(&self, site: &Site, memory: &Memory) -> u128 {
            if site.imported { memory.ty().minimum.into() } else { memory.pages() }
        }
    }
    "memory-size-small-page", "memory.size counts 64 KiB where pages have one byte": {
        fn size(&self, _: &Site, memory: &Memory) -> u128 {
            if memory.ty().page_size() == 1 { memory.bytes() >> 16 } else { memory.pages() }
        }
    }
}

/// The bound before the last grow, if that was one that goes unnoticed.
fn stale(memory: &Memory, unnoticed: impl Fn(u64, bool) -> bool) -> u128 {
    match memory.growth() {
        Some(growth) if unnoticed(growth.activation, growth.by_host) => growth.from,
        _ => memory.bytes(),
    }
}
