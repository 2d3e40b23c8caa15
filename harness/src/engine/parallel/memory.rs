//! A shared memory that several threads of the system access at once.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use trapline_reference::{Memory, MemoryType};

use super::queue::Queues;

/// How many words are made at a time, when the first of them is written.
const BLOCK: usize = 512;

/// A shared memory: its length, its bytes, and who waits there.
pub(super) struct SharedMemory {
    ty: MemoryType,
    /// The most bytes that it may grow to.
    most: u64,
    length: AtomicU64,
    /// Bytes in words, the lowest address least significant. Words that were never
    /// written are zero.
    blocks: Box<[OnceLock<Box<[AtomicU64]>>]>,
    pub(super) queues: Queues,
}

/// The ordering of all that is atomic.
pub(super) const ATOMIC: Ordering = Ordering::SeqCst;

/// The ordering of all that is not, and of bounds checks.
pub(super) const PLAIN: Ordering = Ordering::Relaxed;

impl SharedMemory {
    /// One with the length and the bytes of `memory`, that may grow to `most` bytes.
    pub(super) fn new(memory: &Memory, most: u64) -> SharedMemory {
        let ty = memory.ty();
        let declared = u128::from(ty.maximum.unwrap_or(u64::MAX)) << ty.page_size_log2;
        let most = u64::try_from(declared).unwrap_or(u64::MAX).min(most);
        let length = u64::try_from(memory.bytes()).unwrap_or(u64::MAX).min(most);
        let blocks = most.div_ceil(8).div_ceil(BLOCK as u64);
        let shared = SharedMemory {
            ty,
            most,
            length: AtomicU64::new(length),
            blocks: (0..blocks).map(|_| OnceLock::new()).collect(),
            queues: Queues::default(),
        };
        shared.take(memory);
        shared
    }

    /// Takes over the length and the bytes of `memory`.
    pub(super) fn take(&self, memory: &Memory) {
        let length = u64::try_from(memory.bytes()).unwrap_or(u64::MAX);
        self.length.store(length.min(self.most), ATOMIC);
        for (index, bytes) in memory.chunks() {
            self.write(index * trapline_reference::CHUNK as u64, bytes);
        }
    }

    /// Gives them to `memory`.
    pub(super) fn give(&self, memory: &mut Memory) {
        let length = self.length(ATOMIC);
        memory.set_pages(u128::from(length >> self.ty.page_size_log2));
        for (number, block) in self.blocks.iter().enumerate() {
            let Some(words) = block.get() else { continue };
            let words = words
                .iter()
                .flat_map(|word| word.load(ATOMIC).to_le_bytes());
            let bytes: Vec<u8> = words.collect();
            memory.write((number * BLOCK * 8) as u128, &bytes);
        }
    }

    pub(super) fn ty(&self) -> MemoryType {
        self.ty
    }

    /// How many bytes it has.
    pub(super) fn length(&self, ordering: Ordering) -> u64 {
        self.length.load(ordering)
    }

    /// How many bytes it may have.
    pub(super) fn most(&self) -> u64 {
        self.most
    }

    /// Where the length stands.
    pub(super) fn length_cell(&self) -> &AtomicU64 {
        &self.length
    }

    /// The word with this number, if it was ever written.
    fn written(&self, number: u64) -> Option<&AtomicU64> {
        let block = self.blocks.get(number as usize / BLOCK)?.get()?;
        block.get(number as usize % BLOCK)
    }

    /// The word with this number, unless it lies beyond all that there can be.
    fn word(&self, number: u64) -> Option<&AtomicU64> {
        let block = self.blocks.get(number as usize / BLOCK)?;
        let words = block.get_or_init(|| (0..BLOCK).map(|_| AtomicU64::new(0)).collect());
        words.get(number as usize % BLOCK)
    }

    /// `width` bytes of one word; 0 beyond all that there can be.
    pub(super) fn load(&self, at: u64, width: u32, ordering: Ordering) -> u64 {
        let word = self.written(at / 8);
        let word = word.map_or(0, |word| word.load(ordering));
        (word >> shift(at)) & ones(width)
    }

    /// Writes `width` bytes of one word.
    pub(super) fn store(&self, at: u64, width: u32, value: u64, ordering: Ordering) {
        match self.word(at / 8) {
            Some(word) if width == 8 => word.store(value, ordering),
            _ => drop(self.update(at, width, ordering, |_| Some(value))),
        }
    }

    /// Replaces `width` bytes of one word by what `new` makes of them, as one step;
    /// gives what was there.
    pub(super) fn update(
        &self,
        at: u64,
        width: u32,
        ordering: Ordering,
        mut new: impl FnMut(u64) -> Option<u64>,
    ) -> u64 {
        let Some(word) = self.word(at / 8) else {
            return 0;
        };
        let (shift, ones) = (shift(at), ones(width));
        // The orderings of a store are none of a load.
        let loads = match ordering {
            Ordering::Release => PLAIN,
            other => other,
        };
        let updated = word.fetch_update(ordering, loads, |old| {
            let new = new((old >> shift) & ones)?;
            Some(old & !(ones << shift) | (new & ones) << shift)
        });
        let (Ok(old) | Err(old)) = updated;
        (old >> shift) & ones
    }

    /// Reads bytes, one after the other.
    pub(super) fn read(&self, at: u64, bytes: &mut [u8]) {
        for (at, byte) in (at..).zip(bytes) {
            *byte = self.load(at, 1, PLAIN) as u8;
        }
    }

    /// Writes bytes, one after the other; zeros where nothing was ever written cost
    /// nothing.
    pub(super) fn write(&self, at: u64, bytes: &[u8]) {
        for (at, &byte) in (at..).zip(bytes) {
            if byte != 0 || self.written(at / 8).is_some() {
                self.store(at, 1, byte.into(), PLAIN);
            }
        }
    }
}

fn shift(at: u64) -> u32 {
    (at % 8) as u32 * 8
}

/// As many ones as `width` bytes have.
pub(super) fn ones(width: u32) -> u64 {
    u64::MAX >> (64 - 8 * width.clamp(1, 8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use trapline_reference::AddressType;

    fn memory() -> SharedMemory {
        let ty = MemoryType {
            address: AddressType::I32,
            minimum: 1,
            maximum: Some(2),
            shared: true,
            page_size_log2: 16,
        };
        SharedMemory::new(&Memory::new(ty), u64::MAX)
    }

    #[test]
    fn narrow_accesses_leave_their_neighbours() {
        let memory = memory();
        memory.store(8, 8, u64::MAX, ATOMIC);
        memory.store(10, 2, 0x1234, ATOMIC);
        assert_eq!(memory.load(8, 8, ATOMIC), 0xffff_ffff_1234_ffff);
        assert_eq!(memory.update(11, 1, ATOMIC, |old| Some(old + 1)), 0x12);
        assert_eq!(memory.load(10, 2, ATOMIC), 0x1334);
        let mut bytes = [0; 4];
        memory.read(9, &mut bytes);
        assert_eq!(bytes, [0xff, 0x34, 0x13, 0xff]);
    }

    #[test]
    fn what_was_written_comes_back_in_a_memory_of_the_reference() {
        let memory = memory();
        memory.write(4094, &[1, 2, 3, 4]);
        let mut copy = Memory::new(memory.ty());
        memory.give(&mut copy);
        let again = SharedMemory::new(&copy, u64::MAX);
        let mut bytes = [0; 6];
        again.read(4093, &mut bytes);
        assert_eq!(bytes, [0, 1, 2, 3, 4, 0]);
        assert_eq!(again.length(ATOMIC), 65_536);
    }
}
