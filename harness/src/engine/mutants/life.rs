//! Faults in how memories come to be.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use trapline_reference::{Growth, Memory, MemoryType, Rules};

use super::configuration;
use crate::engine::{Configuration, reference};

/// What is wrong with a new memory.
#[derive(Clone, Copy)]
enum Fault {
    /// From the second one on, it holds what a memory before it held.
    Stale,
    /// From the second one on, it holds something at its end.
    StaleEnd,
    /// It has a page too many.
    PageMore,
    /// Where it would have none, it has a page.
    NeverEmpty,
    /// It has its maximum size, if that is small.
    Maximum,
}

/// The rules of one run: the order of its memories counts.
struct Life {
    fault: Fault,
    memories: AtomicU32,
}

impl Rules for Life {
    fn allocate(&self, ty: MemoryType) -> Memory {
        let before = self.memories.fetch_add(1, Ordering::Relaxed);
        let mut memory = Memory::new(ty);
        let pages = match self.fault {
            Fault::Stale | Fault::StaleEnd => {
                let at = match self.fault {
                    Fault::Stale => 0,
                    _ => memory.bytes().saturating_sub(8),
                };
                if before > 0 && memory.bytes() >= 8 {
                    memory.write(at, &[0x5a; 8]);
                }
                return memory;
            }
            Fault::PageMore => ty.minimum + 1,
            Fault::NeverEmpty => ty.minimum.max(1),
            Fault::Maximum => ty.maximum.filter(|&most| most <= 64).unwrap_or(ty.minimum),
        };
        if pages > ty.minimum {
            let growth = Growth {
                from: memory.bytes(),
                activation: 0,
                by_host: false,
            };
            memory.resize(pages.into(), growth);
        }
        memory
    }
}

/// The faults, by name, with their rules.
pub(super) fn faults() -> Vec<super::Fault> {
    fn rules(fault: Fault) -> Arc<dyn Rules> {
        Arc::new(Life {
            fault,
            memories: AtomicU32::new(0),
        })
    }
    type Make = fn() -> Arc<dyn Rules>;
    let all: [(&'static str, Make); 5] = [
        ("mutant/new-stale", || rules(Fault::Stale)),
        ("mutant/new-stale-end", || rules(Fault::StaleEnd)),
        ("mutant/new-page-more", || rules(Fault::PageMore)),
        ("mutant/new-never-empty", || rules(Fault::NeverEmpty)),
        ("mutant/new-maximum", || rules(Fault::Maximum)),
    ];
    let fault = |(name, rules)| super::Fault {
        name,
        replaces: vec!["allocate"],
        rules,
    };
    all.into_iter().map(fault).collect()
}

fn build(fault: Fault) -> Box<dyn crate::engine::Engine> {
    reference::engine(move || {
        Arc::new(Life {
            fault,
            memories: AtomicU32::new(0),
        })
    })
}

pub(super) fn mutants() -> Vec<Configuration> {
    vec![
        configuration(
            "mutant/new-stale",
            "a new memory shows what an instance before it wrote",
            || Ok(build(Fault::Stale)),
        ),
        configuration(
            "mutant/new-stale-end",
            "the last bytes of a new memory are not zero, but for the first one",
            || Ok(build(Fault::StaleEnd)),
        ),
        configuration(
            "mutant/new-page-more",
            "a new memory has a page too many",
            || Ok(build(Fault::PageMore)),
        ),
        configuration(
            "mutant/new-never-empty",
            "a new memory is never empty",
            || Ok(build(Fault::NeverEmpty)),
        ),
        configuration(
            "mutant/new-maximum",
            "a new memory has its maximum size from the start",
            || Ok(build(Fault::Maximum)),
        ),
    ]
}
