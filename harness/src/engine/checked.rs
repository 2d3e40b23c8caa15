//! The reference against a plain array of bytes: each instruction is executed
//! by both, and a difference is a panic. It finds faults in the reference.

use std::sync::Arc;

use trapline_reference::plain::Plain;
use trapline_reference::{
    Bulk, Kind, Memory, Request, Rmw, Rules, Site, Specification, Traps, Wait,
};

use super::{Configuration, reference};

/// The configuration that does so.
pub fn checked() -> Configuration {
    Configuration::linked(
        "reference/checked",
        env!("CARGO_PKG_VERSION"),
        "each instruction checked against a plain array of bytes",
        reference::FEATURES,
        || Ok(reference::engine(|| Arc::new(Checked))),
    )
}

struct Checked;

/// Larger memories are not checked: each instruction costs a copy of them.
const LARGEST: u128 = 1 << 17;

fn plain(memory: &Memory) -> Option<Plain> {
    (memory.bytes() <= LARGEST).then(|| Plain::of(memory))
}

/// Ends the step if `found` is not `right`, or if the memory is not `plain`.
fn same<T: PartialEq + std::fmt::Debug>(
    what: &str,
    found: &T,
    right: &T,
    plain: &Plain,
    memory: &Memory,
) {
    assert!(found == right, "{what}: {found:?}, not {right:?}");
    if let Err(why) = plain.same(memory) {
        panic!("{what}: {why}");
    }
}

/// Checks an access that came to `found`.
fn access(
    request: &Request,
    before: Option<Plain>,
    memory: &Memory,
    operands: [u128; 2],
    found: Result<Option<u128>, Traps>,
) {
    if let Some(mut plain) = before {
        let right = plain.access(request, operands);
        same(request.instruction.name, &found, &right, &plain, memory);
    }
}

impl Rules for Checked {
    fn load(&self, request: &Request, memory: &Memory, vector: u128) -> Result<u128, Traps> {
        let found = Specification.load(request, memory, vector);
        access(request, plain(memory), memory, [vector, 0], found.map(Some));
        found
    }

    fn store(&self, request: &Request, memory: &mut Memory, value: u128) -> Result<(), Traps> {
        let before = plain(memory);
        let found = Specification.store(request, memory, value);
        access(request, before, memory, [value, 0], found.map(|()| None));
        found
    }

    fn atomic_rmw(
        &self,
        request: &Request,
        memory: &mut Memory,
        op: Rmw,
        operand: u128,
    ) -> Result<u128, Traps> {
        assert_eq!(request.instruction.kind, Kind::AtomicRmw(op));
        let before = plain(memory);
        let found = Specification.atomic_rmw(request, memory, op, operand);
        access(request, before, memory, [operand, 0], found.map(Some));
        found
    }

    fn atomic_cmpxchg(
        &self,
        request: &Request,
        memory: &mut Memory,
        expected: u128,
        replacement: u128,
    ) -> Result<u128, Traps> {
        let before = plain(memory);
        let found = Specification.atomic_cmpxchg(request, memory, expected, replacement);
        let operands = [expected, replacement];
        access(request, before, memory, operands, found.map(Some));
        found
    }

    fn wait(&self, request: &Request, memory: &Memory, expected: u128) -> Result<Wait, Traps> {
        let found = Specification.wait(request, memory, expected);
        let told = found.map(|wait| match wait {
            Wait::NotEqual => Some(1),
            Wait::Suspend(at) => Some(at << 8),
        });
        access(request, plain(memory), memory, [expected, 0], told);
        found
    }

    fn notify(
        &self,
        request: &Request,
        memory: &Memory,
        count: u32,
        waiting: u32,
    ) -> Result<u32, Traps> {
        let found = Specification.notify(request, memory, count, waiting);
        let operands = [count.into(), waiting.into()];
        let told = found.map(|woken| Some(woken.into()));
        access(request, plain(memory), memory, operands, told);
        found
    }

    fn grow(&self, site: &Site, memory: &mut Memory, delta: u64, resources: bool) -> i128 {
        let page = 1 << memory.ty().page_size_log2;
        let after = memory.bytes() + u128::from(delta) * page;
        let before = plain(memory).filter(|_| after <= LARGEST || !resources);
        let found = Specification.grow(site, memory, delta, resources);
        if let Some(mut plain) = before {
            let right = plain.grow(delta, resources);
            same("memory.grow", &found, &right, &plain, memory);
        }
        found
    }

    fn fill(&self, bulk: &Bulk, memory: &mut Memory, value: u8) -> Result<(), Traps> {
        let before = plain(memory);
        let found = Specification.fill(bulk, memory, value);
        if let Some(mut plain) = before {
            let right = plain.fill(bulk, value);
            same("memory.fill", &found.is_ok(), &right, &plain, memory);
        }
        found
    }

    fn copy(&self, bulk: &Bulk, memory: &mut Memory, source: Option<&Memory>) -> Result<(), Traps> {
        let before = plain(memory).zip(plain(source.unwrap_or(memory)));
        let found = Specification.copy(bulk, memory, source);
        if let Some((mut plain, from)) = before {
            let right = plain.copy(bulk, &from);
            same("memory.copy", &found.is_ok(), &right, &plain, memory);
        }
        found
    }

    fn init(&self, bulk: &Bulk, memory: &mut Memory, segment: &[u8]) -> Result<(), Traps> {
        let before = plain(memory);
        let found = Specification.init(bulk, memory, segment);
        if let Some(mut plain) = before {
            let right = plain.init(bulk, segment);
            same("memory.init", &found.is_ok(), &right, &plain, memory);
        }
        found
    }
}
