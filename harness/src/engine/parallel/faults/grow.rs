//! Faults in growing and in the size.

use super::plant;
use crate::engine::parallel::memory::{ATOMIC, PLAIN, SharedMemory};
use crate::engine::parallel::rules::{Right, Rules};
use crate::engine::parallel::thread::Own;

/// What stands in pages that nobody has cleared.
const DIRT: u8 = 0xaa;

/// How many bytes of new pages are dirty where any are.
const DIRTY: usize = 16;

plant! {
    "grow-not-atomic", "memory.grow reads the length, and then writes it": {
        fn grow(&self, memory: &SharedMemory, _: &Own, bytes: u64) -> Option<u64> {
            let old = memory.length(ATOMIC);
            let new = old.checked_add(bytes).filter(|&new| new <= memory.most())?;
            memory.length_cell().store(new, ATOMIC);
            Some(old)
        }
    }
    "grow-dirty", "the first bytes of new pages are not zero": {
        fn grow(&self, memory: &SharedMemory, own: &Own, bytes: u64) -> Option<u64> {
            let old = Right.grow(memory, own, bytes)?;
            if bytes > 0 {
                memory.write(old, &[DIRT; DIRTY]);
            }
            Some(old)
        }
    }
    "grow-cleared-late", "the length is seen before new pages are cleared": {
        fn grow(&self, memory: &SharedMemory, own: &Own, bytes: u64) -> Option<u64> {
            let old = memory.length(ATOMIC);
            let grows = bytes > 0 && old.checked_add(bytes).is_some_and(|new| new <= memory.most());
            if grows {
                memory.write(old, &[DIRT; DIRTY]);
            }
            let before = Right.grow(memory, own, bytes);
            if grows {
                memory.write(old, &[0; DIRTY]);
            }
            before
        }
    }
    "grow-moves", "memory.grow moves the memory, and what is written meanwhile is lost": {
        fn grow(&self, memory: &SharedMemory, own: &Own, bytes: u64) -> Option<u64> {
            let mut copy = [0; 64];
            memory.read(0, &mut copy);
            let old = Right.grow(memory, own, bytes)?;
            if bytes > 0 {
                memory.write(0, &copy);
            }
            Some(old)
        }
    }
    "grow-new", "memory.grow gives the new size": {
        fn grow(&self, memory: &SharedMemory, own: &Own, bytes: u64) -> Option<u64> {
            Right.grow(memory, own, bytes).map(|old| old + bytes)
        }
    }
    "grow-beyond", "memory.grow goes one step beyond the maximum": {
        fn grow(&self, memory: &SharedMemory, own: &Own, bytes: u64) -> Option<u64> {
            let old = memory.length(ATOMIC);
            if old == memory.most() && bytes > 0 {
                return memory.length_cell().fetch_update(ATOMIC, ATOMIC, |old| Some(old + bytes)).ok();
            }
            Right.grow(memory, own, bytes)
        }
    }
    "grow-fails-changed", "a memory.grow that fails makes the memory as large as it may be": {
        fn grow(&self, memory: &SharedMemory, own: &Own, bytes: u64) -> Option<u64> {
            let old = Right.grow(memory, own, bytes);
            if old.is_none() {
                memory.length_cell().store(memory.most(), ATOMIC);
            }
            old
        }
    }
    "grow-fails-smaller", "a memory.grow that fails makes the memory smaller": {
        fn grow(&self, memory: &SharedMemory, own: &Own, bytes: u64) -> Option<u64> {
            let old = Right.grow(memory, own, bytes);
            if old.is_none() {
                let page = 1 << memory.ty().page_size_log2;
                memory.length_cell().fetch_sub(page, ATOMIC);
            }
            old
        }
    }
    "grow-fails-early", "memory.grow fails where the maximum is just reached": {
        fn grow(&self, memory: &SharedMemory, own: &Own, bytes: u64) -> Option<u64> {
            let reached = memory.length(ATOMIC).checked_add(bytes) == Some(memory.most());
            (bytes == 0 || !reached).then(|| Right.grow(memory, own, bytes))?
        }
    }
    "grow-zero-writes", "a memory.grow by 0 writes back the length that it has read": {
        fn grow(&self, memory: &SharedMemory, own: &Own, bytes: u64) -> Option<u64> {
            if bytes > 0 {
                return Right.grow(memory, own, bytes);
            }
            let old = memory.length(ATOMIC);
            memory.length_cell().store(old, ATOMIC);
            Some(old)
        }
    }
    "grow-in-steps", "the length grows in two steps": {
        fn grow(&self, memory: &SharedMemory, own: &Own, bytes: u64) -> Option<u64> {
            let half = (bytes / 2) >> memory.ty().page_size_log2 << memory.ty().page_size_log2;
            let old = Right.grow(memory, own, half)?;
            Right.grow(memory, own, bytes - half)?;
            Some(old)
        }
    }
    "size-first", "memory.size gives what it gave first": {
        fn size(&self, memory: &SharedMemory, own: &Own) -> u64 {
            let length = own.length.get().unwrap_or(memory.length(ATOMIC));
            own.length.set(Some(length));
            length
        }
    }
    "size-goes-back", "memory.size writes back the length that it has read": {
        fn size(&self, memory: &SharedMemory, _: &Own) -> u64 {
            let old = memory.length(ATOMIC);
            memory.length_cell().store(old, ATOMIC);
            old
        }
    }
    "bound-behind", "bounds checks of a thread see its own memory.grow one access late": {
        fn bound(&self, memory: &SharedMemory, own: &Own) -> u64 {
            let length = memory.length(PLAIN);
            own.length.replace(Some(length)).unwrap_or(length)
        }
    }
}
