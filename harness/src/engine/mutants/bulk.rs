//! Faults in bulk operations and in data segments.

use std::sync::Arc;

use trapline_reference::{Bulk, Memory, Site, Specification as Spec, Traps};

use super::address::is_wide;
use super::plant;

plant! {
    "fill-late-check", "memory.fill writes up to the end before it traps": {
        fn fill(&self, bulk: &Bulk, memory: &mut Memory, value: u8) -> Result<(), Traps> {
            let done = Spec.fill(bulk, memory, value);
            if done.is_err() {
                let room = memory.bytes().saturating_sub(bulk.destination.into());
                memory.fill(bulk.destination.into(), value, room.min(1 << 16));
            }
            done
        }
    }
    "copy-late-check", "memory.copy writes up to the end before it traps": {
        fn copy(&self, bulk: &Bulk, memory: &mut Memory, source: Option<&Memory>) -> Result<(), Traps> {
            let done = Spec.copy(bulk, memory, source);
            if done.is_err() {
                let from = source.unwrap_or(memory).bytes().saturating_sub(bulk.source.into());
                let to = memory.bytes().saturating_sub(bulk.destination.into());
                let room = from.min(to).min(1 << 16);
                memory.copy(bulk.destination.into(), source, bulk.source.into(), room);
            }
            done
        }
    }
    "init-late-check", "memory.init writes up to the end before it traps": {
        fn init(&self, bulk: &Bulk, memory: &mut Memory, segment: &[u8]) -> Result<(), Traps> {
            let done = Spec.init(bulk, memory, segment);
            if done.is_err() {
                prefix(bulk, memory, segment);
            }
            done
        }
        fn init_active(&self, bulk: &Bulk, memory: &mut Memory, segment: &[u8]) -> Result<(), Traps> {
            Spec.init(bulk, memory, segment)
        }
    }
    "fill-short", "memory.fill leaves out the last byte of 16 or more": {
        fn fill(&self, bulk: &Bulk, memory: &mut Memory, value: u8) -> Result<(), Traps> {
            let last = bulk.destination.wrapping_add(bulk.length).wrapping_sub(1);
            let before = memory.byte(last.into());
            let done = Spec.fill(bulk, memory, value);
            if done.is_ok() && bulk.length >= 16 {
                memory.write(last.into(), &[before]);
            }
            done
        }
    }
    "copy-source-unchecked", "the source operand of memory.copy is not checked": {
        fn copy(&self, bulk: &Bulk, memory: &mut Memory, source: Option<&Memory>) -> Result<(), Traps> {
            let unchecked = u128::from(bulk.source) + u128::from(bulk.length)
                > source.unwrap_or(memory).bytes();
            if unchecked && bulk.length <= 1 << 16 {
                return Spec.fill(bulk, memory, 0);
            }
            Spec.copy(bulk, memory, source)
        }
    }
    "zero-length-unchecked", "a bulk operation on nothing is in bounds anywhere": {
        fn range_in_bounds(&self, site: &Site, memory: &Memory, start: u64, length: u64) -> bool {
            length == 0 || Spec.range_in_bounds(site, memory, start, length)
        }
    }
    "zero-length-at-end", "a bulk operation on nothing at the very end traps": {
        fn range_in_bounds(&self, _: &Site, memory: &Memory, start: u64, length: u64) -> bool {
            let at_least = length.max(1);
            memory.bytes() > 0 && u128::from(start) + u128::from(at_least) <= memory.bytes()
        }
    }
    "range-long", "a bulk operation may reach one byte beyond the end": {
        fn range_in_bounds(&self, _: &Site, memory: &Memory, start: u64, length: u64) -> bool {
            u128::from(start) + u128::from(length) <= memory.bytes() + 1
        }
    }
    "range-short", "a bulk operation may not reach the last byte": {
        fn range_in_bounds(&self, _: &Site, memory: &Memory, start: u64, length: u64) -> bool {
            let end = u128::from(start) + u128::from(length);
            if length == 0 { end <= memory.bytes() } else { end < memory.bytes() }
        }
    }
    "range-wraps-32", "start plus length of a fill wraps at 2^32": {
        fn fill(&self, bulk: &Bulk, memory: &mut Memory, value: u8) -> Result<(), Traps> {
            let end = u128::from(bulk.destination) + u128::from(bulk.length);
            let wraps = !is_wide(memory) && end >= 1 << 32 && end & 0xffff_ffff <= memory.bytes();
            // What it would write is left out: it can be nearly 4 GiB.
            if wraps { Ok(()) } else { Spec.fill(bulk, memory, value) }
        }
    }
    "range-wraps-64", "start plus length of a copy wraps at 2^64": {
        fn copy(&self, bulk: &Bulk, memory: &mut Memory, source: Option<&Memory>) -> Result<(), Traps> {
            let wraps = |start: u64, size: u128| {
                start.checked_add(bulk.length).is_none()
                    && u128::from(start.wrapping_add(bulk.length)) <= size
            };
            let to = wraps(bulk.destination, memory.bytes());
            let from = wraps(bulk.source, source.unwrap_or(memory).bytes());
            if to || from { Ok(()) } else { Spec.copy(bulk, memory, source) }
        }
    }
    "length-32", "a 64-bit length is cut to 32 bits": {
        fn fill(&self, bulk: &Bulk, memory: &mut Memory, value: u8) -> Result<(), Traps> {
            let length = u64::from(bulk.length as u32);
            Spec.fill(&Bulk { length, ..*bulk }, memory, value)
        }
    }
    "destination-32", "a 64-bit destination of a fill is cut to 32 bits": {
        fn fill(&self, bulk: &Bulk, memory: &mut Memory, value: u8) -> Result<(), Traps> {
            let destination = u64::from(bulk.destination as u32);
            Spec.fill(&Bulk { destination, ..*bulk }, memory, value)
        }
    }
    "copy-forward", "overlapping ranges are copied from the front": {
        fn copy(&self, bulk: &Bulk, memory: &mut Memory, source: Option<&Memory>) -> Result<(), Traps> {
            let before = memory.clone();
            Spec.copy(bulk, memory, source)?;
            if source.is_none() && overlaps(bulk) && bulk.source < bulk.destination {
                byte_by_byte(bulk, memory, &before, 0..bulk.length);
            }
            Ok(())
        }
    }
    "copy-backward", "overlapping ranges are copied from the back": {
        fn copy(&self, bulk: &Bulk, memory: &mut Memory, source: Option<&Memory>) -> Result<(), Traps> {
            let before = memory.clone();
            Spec.copy(bulk, memory, source)?;
            if source.is_none() && overlaps(bulk) && bulk.source > bulk.destination {
                byte_by_byte(bulk, memory, &before, (0..bulk.length).rev());
            }
            Ok(())
        }
    }
    "copy-same-memory", "memory.copy reads from the memory it writes to": {
        fn copy(&self, bulk: &Bulk, memory: &mut Memory, source: Option<&Memory>) -> Result<(), Traps> {
            match source {
                Some(_) => Spec.copy(bulk, memory, None),
                None => Spec.copy(bulk, memory, source),
            }
        }
    }
    "copy-bounds-swapped", "between two memories, each end is checked against the other": {
        fn copy(&self, bulk: &Bulk, memory: &mut Memory, source: Option<&Memory>) -> Result<(), Traps> {
            let Some(other) = source else {
                return Spec.copy(bulk, memory, source);
            };
            let end = |start: u64| u128::from(start) + u128::from(bulk.length);
            if end(bulk.destination) > other.bytes() || end(bulk.source) > memory.bytes() {
                return Err(trapline_reference::Trap::OutOfBoundsMemory.into());
            }
            memory.copy(bulk.destination.into(), source, bulk.source.into(), bulk.length.into());
            Ok(())
        }
    }
    "copy-small-lost", "a copy of 1 byte is left out": {
        fn copy(&self, bulk: &Bulk, memory: &mut Memory, source: Option<&Memory>) -> Result<(), Traps> {
            Spec.copy(bulk, &mut memory.clone(), source)?;
            if bulk.length == 1 { Ok(()) } else { Spec.copy(bulk, memory, source) }
        }
    }
    "init-source-unchecked", "memory.init reads zeros beyond the end of its segment": {
        fn init(&self, bulk: &Bulk, memory: &mut Memory, segment: &[u8]) -> Result<(), Traps> {
            let end = u128::from(bulk.source) + u128::from(bulk.length);
            let mut longer = segment.to_vec();
            if end <= 1 << 20 && end > longer.len() as u128 {
                longer.resize(end as usize, 0);
            }
            Spec.init(bulk, memory, &longer)
        }
    }
    "init-zero-length", "memory.init of nothing does not check the segment": {
        fn init(&self, bulk: &Bulk, memory: &mut Memory, segment: &[u8]) -> Result<(), Traps> {
            let source = if bulk.length == 0 { 0 } else { bulk.source };
            Spec.init(&Bulk { source, ..*bulk }, memory, segment)
        }
    }
    "init-whole", "memory.init begins at the start of the segment": {
        fn init(&self, bulk: &Bulk, memory: &mut Memory, segment: &[u8]) -> Result<(), Traps> {
            Spec.init(bulk, &mut memory.clone(), segment)?;
            Spec.init(&Bulk { source: 0, ..*bulk }, memory, segment)
        }
    }
    "data-not-dropped", "a dropped data segment keeps its bytes": {
        fn drop_data(&self, segment: &mut Arc<[u8]>) {
            let _ = segment;
        }
    }
    "data-partial", "an active segment beyond the end is written as far as it fits": {
        fn init_active(&self, bulk: &Bulk, memory: &mut Memory, segment: &[u8]) -> Result<(), Traps> {
            let done = Spec.init(bulk, memory, segment);
            if done.is_err() {
                prefix(bulk, memory, segment);
            }
            done
        }
    }
    "data-beyond", "an active segment beyond the end is left out": {
        fn init_active(&self, bulk: &Bulk, memory: &mut Memory, segment: &[u8]) -> Result<(), Traps> {
            let _ = Spec.init(bulk, memory, segment);
            Ok(())
        }
    }
    "data-empty-beyond", "an empty active segment is not checked": {
        fn init_active(&self, bulk: &Bulk, memory: &mut Memory, segment: &[u8]) -> Result<(), Traps> {
            if segment.is_empty() { Ok(()) } else { Spec.init(bulk, memory, segment) }
        }
    }
    "data-offset-signed", "the offset of an active segment is negative from 2^31 on": {
        fn init_active(&self, bulk: &Bulk, memory: &mut Memory, segment: &[u8]) -> Result<(), Traps> {
            let negative = !is_wide(memory) && bulk.destination >= 1 << 31;
            if negative { Ok(()) } else { Spec.init(bulk, memory, segment) }
        }
    }
}

/// Writes as much of a segment as there is, as far as there is room for it.
fn prefix(bulk: &Bulk, memory: &mut Memory, segment: &[u8]) {
    let room = memory.bytes().saturating_sub(bulk.destination.into());
    let rest = segment.get(bulk.source as usize..).unwrap_or_default();
    let length = room.min(rest.len() as u128).min(bulk.length.into());
    memory.write(bulk.destination.into(), &rest[..length as usize]);
}

fn overlaps(bulk: &Bulk) -> bool {
    // Longer ones would take too long byte by byte.
    bulk.length <= 1 << 16 && bulk.source.abs_diff(bulk.destination) < bulk.length
}

/// Copies within what `memory` was, one byte after the other.
fn byte_by_byte(
    bulk: &Bulk,
    memory: &mut Memory,
    before: &Memory,
    order: impl Iterator<Item = u64>,
) {
    *memory = before.clone();
    for i in order {
        let byte = memory.byte(u128::from(bulk.source) + u128::from(i));
        memory.write(u128::from(bulk.destination) + u128::from(i), &[byte]);
    }
}
