//! Tests of single rules, where random sequences of operations would seldom come.

use super::*;
use crate::types::AddressType;

const SITE: Site = Site {
    memory: 0,
    imported: false,
    activation: 1,
    by_host: false,
};

/// One page of 64 KiB.
fn memory(shared: bool) -> Memory {
    Memory::new(MemoryType {
        address: AddressType::I32,
        shared,
        page_size_log2: 16,
        minimum: 1,
        maximum: Some(1),
    })
}

fn request(name: &str, address: u64) -> Request {
    let instruction = Instruction::all().find(|row| row.name == name);
    Request {
        site: SITE,
        instruction: instruction.expect("there is one"),
        offset: 0,
        address,
        lane: 0,
    }
}

#[test]
fn a_wait_traps_for_any_reason_that_it_has() {
    use Trap::{ExpectedSharedMemory, OutOfBoundsMemory, UnalignedAtomic};
    for (name, width) in [("memory.atomic.wait32", 4), ("memory.atomic.wait64", 8)] {
        for (address, reasons) in [
            (0x1_0000 - width, vec![]),
            (0x1_0000 - 2 * width + 1, vec![UnalignedAtomic]),
            (0x1_0000, vec![OutOfBoundsMemory]),
            (
                0x1_0000 - width + 1,
                vec![OutOfBoundsMemory, UnalignedAtomic],
            ),
        ] {
            for shared in [false, true] {
                let mut reasons = reasons.clone();
                if !shared {
                    reasons.push(ExpectedSharedMemory);
                }
                let found = Specification.wait(&request(name, address), &memory(shared), 0);
                let kinds: Vec<Trap> = found.err().into_iter().flat_map(Traps::iter).collect();
                assert_eq!(kinds, reasons, "{name} {address:#x} shared: {shared}");
            }
        }
    }
}

#[test]
fn a_grow_is_remembered_with_its_cause_and_none_by_nothing() {
    let mut memory = Memory::new(MemoryType {
        maximum: Some(5),
        ..memory(false).ty()
    });
    let by = |activation, by_host| Site {
        activation,
        by_host,
        ..SITE
    };
    for (site, delta, resources, result, growth) in [
        (by(1, false), 0, true, 1, None),
        (by(2, false), 2, false, -1, None),
        (by(3, true), 2, true, 1, Some((1, 3, true))),
        (by(4, false), 0, true, 3, Some((1, 3, true))),
        (by(5, false), 3, true, -1, Some((1, 3, true))),
        (by(6, false), 2, true, 3, Some((3, 6, false))),
        (by(7, false), 0, false, -1, Some((3, 6, false))),
    ] {
        let found = Specification.grow(&site, &mut memory, delta, resources);
        assert_eq!(found, result, "{site:?}");
        let growth = growth.map(|(pages, activation, by_host)| Growth {
            from: pages << 16,
            activation,
            by_host,
        });
        assert_eq!(memory.growth(), growth, "{site:?}");
    }
    assert_eq!(Specification.size(&SITE, &memory), 5);
}

#[test]
fn an_active_segment_is_written_whole_or_not_at_all() {
    for (destination, fits) in [(0xfffd, true), (0xfffe, false)] {
        let mut memory = memory(false);
        let bulk = Bulk {
            site: SITE,
            source_site: None,
            destination,
            source: 0,
            length: 3,
        };
        let done = Specification.init_active(&bulk, &mut memory, b"abc");
        let expected = if fits { b'a' } else { 0 };
        assert_eq!(done.is_ok(), fits);
        assert_eq!(memory.byte(destination.into()), expected);
    }
}
