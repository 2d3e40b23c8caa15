//! The storage of a memory: a sparse array of bytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::types::MemoryType;

/// Storage is allocated in chunks of this many bytes, when first written.
pub const CHUNK: usize = 65_536;

/// Which memory of a store: unique in it, and never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MemoryId(pub u32);

/// The last time a memory grew by at least a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth {
    /// The size before, in bytes.
    pub from: u128,
    /// The activation that executed `memory.grow`, or the last one begun when
    /// the host grew it. Activations are numbered in the order they begin, so
    /// that a number above one's own means: a callee's, direct or not.
    pub activation: u64,
    /// Whether the host grew it, not an instruction.
    pub by_host: bool,
}

/// A linear memory: so many bytes, all zero until written.
///
/// Storage is by [`CHUNK`], shared between clones until written, so that
/// memories of any size, and snapshots, cost what was written to them.
/// <https://webassembly.github.io/spec/core/exec/runtime.html#memory-instances>
#[derive(Clone, Debug)]
pub struct Memory {
    ty: MemoryType,
    pages: u128,
    growth: Option<Growth>,
    chunks: BTreeMap<u64, Stored>,
    /// How often something was written.
    writes: u64,
}

/// A chunk that was written.
#[derive(Clone, Debug)]
struct Stored {
    bytes: Arc<[u8; CHUNK]>,
    /// [`Memory::writes`] when it was last written.
    stamp: u64,
}

impl Memory {
    /// A memory of the minimum size, all zero.
    pub fn new(ty: MemoryType) -> Memory {
        Memory {
            ty,
            pages: ty.minimum.into(),
            growth: None,
            chunks: BTreeMap::new(),
            writes: 0,
        }
    }

    /// Its type, as declared: the minimum is the one it began with.
    pub fn ty(&self) -> MemoryType {
        self.ty
    }

    /// Its size in pages.
    pub fn pages(&self) -> u128 {
        self.pages
    }

    /// Its size in bytes.
    pub fn bytes(&self) -> u128 {
        self.pages << self.ty.page_size_log2
    }

    /// When it last grew.
    pub fn growth(&self) -> Option<Growth> {
        self.growth
    }

    /// Makes it `pages` large; what is new reads as zero.
    pub fn resize(&mut self, pages: u128, growth: Growth) {
        self.pages = pages;
        self.growth = Some(growth);
    }

    /// The byte at `address`; 0 where nothing was ever written.
    pub fn byte(&self, address: u128) -> u8 {
        let (index, offset) = split(address);
        self.chunks
            .get(&index)
            .map_or(0, |chunk| chunk.bytes[offset])
    }

    /// Fills `buffer` with the bytes from `address` on.
    pub fn read(&self, address: u128, buffer: &mut [u8]) {
        let mut at = address;
        let mut rest = buffer;
        while !rest.is_empty() {
            let (index, offset) = split(at);
            let length = rest.len().min(CHUNK - offset);
            let (now, later) = rest.split_at_mut(length);
            match self.chunks.get(&index) {
                Some(chunk) => now.copy_from_slice(&chunk.bytes[offset..offset + length]),
                None => now.fill(0),
            }
            at += length as u128;
            rest = later;
        }
    }

    /// Writes `bytes` from `address` on.
    pub fn write(&mut self, address: u128, bytes: &[u8]) {
        let mut at = address;
        let mut rest = bytes;
        while !rest.is_empty() {
            let (index, offset) = split(at);
            let length = rest.len().min(CHUNK - offset);
            let (now, later) = rest.split_at(length);
            self.chunk_mut(index)[offset..offset + length].copy_from_slice(now);
            at += length as u128;
            rest = later;
        }
    }

    /// Writes `length` times the byte `value` from `address` on. Zeros written
    /// where nothing is stored cost nothing.
    pub fn fill(&mut self, address: u128, value: u8, length: u128) {
        let end = address + length;
        let mut at = address;
        if value == 0 {
            // Only chunks that are stored can hold anything but zeros.
            let (first, _) = split(at);
            let stored: Vec<u64> = self.chunks.range(first..).map(|(&i, _)| i).collect();
            for index in stored {
                let start = (u128::from(index) * CHUNK as u128).max(address);
                let stop = ((u128::from(index) + 1) * CHUNK as u128).min(end);
                if start < stop {
                    let offset = split(start).1;
                    self.chunk_mut(index)[offset..offset + (stop - start) as usize].fill(0);
                }
            }
            return;
        }
        while at < end {
            let (index, offset) = split(at);
            let length = (end - at).min((CHUNK - offset) as u128) as usize;
            self.chunk_mut(index)[offset..offset + length].fill(value);
            at += length as u128;
        }
    }

    /// The chunks that are stored, ascending: index, and the bytes within the
    /// memory. All others are zero. The chunk with index `i` begins at byte
    /// `i * CHUNK`.
    pub fn chunks(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let bytes = self.bytes();
        self.chunks.iter().filter_map(move |(&index, chunk)| {
            let within = bytes.checked_sub(u128::from(index) * CHUNK as u128)?;
            let within = within.min(CHUNK as u128) as usize;
            (within > 0).then(|| (index, &chunk.bytes[..within]))
        })
    }

    /// The stored bytes of one chunk within the memory; `None` if they are all zero.
    pub fn chunk(&self, index: u64) -> Option<&[u8]> {
        let within = self
            .bytes()
            .checked_sub(u128::from(index) * CHUNK as u128)?
            .min(CHUNK as u128) as usize;
        self.chunks.get(&index).map(|chunk| &chunk.bytes[..within])
    }

    /// A number that is another one whenever the chunk has been written since;
    /// 0 if it is not stored.
    pub fn stamp(&self, index: u64) -> u64 {
        self.chunks.get(&index).map_or(0, |chunk| chunk.stamp)
    }

    /// How many chunks the memory has, stored or not; the last may be partial.
    pub fn chunk_count(&self) -> u128 {
        self.bytes().div_ceil(CHUNK as u128)
    }

    /// How many bytes of storage it takes.
    pub fn stored(&self) -> usize {
        self.chunks.len() * CHUNK
    }

    /// Copies `length` bytes from `from` in `source`, or in this memory itself
    /// (`None`), to `to`, as if through a buffer.
    pub fn copy(&mut self, to: u128, source: Option<&Memory>, from: u128, length: u128) {
        // Piece by piece in the direction in which no byte is read after it was
        // overwritten. What is not stored in the source is one piece, however
        // long, and stores nothing.
        let backward = source.is_none() && to > from;
        let mut buffer = [0; 4096];
        let mut rest = length;
        while rest > 0 {
            let read = source.unwrap_or(self);
            let done = length - rest;
            let (stored, piece) = if backward {
                read.run_before(from + rest)
            } else {
                read.run_after(from + done)
            };
            let mut piece = piece.min(rest);
            if stored {
                piece = piece.min(buffer.len() as u128);
            }
            let at = if backward { rest - piece } else { done };
            if stored {
                let buffer = &mut buffer[..piece as usize];
                read.read(from + at, buffer);
                self.write(to + at, buffer);
            } else {
                self.fill(to + at, 0, piece);
            }
            rest -= piece;
        }
    }

    /// Whether the byte at `address` is stored, and for how many bytes from
    /// there on that stays so.
    fn run_after(&self, address: u128) -> (bool, u128) {
        let (index, offset) = split(address);
        match self.chunks.range(index..).next() {
            Some((&next, _)) if next == index => (true, (CHUNK - offset) as u128),
            Some((&next, _)) => (false, u128::from(next) * CHUNK as u128 - address),
            None => (false, u128::MAX),
        }
    }

    /// Whether the byte before `end` is stored, and for how many bytes down
    /// from there that stays so.
    fn run_before(&self, end: u128) -> (bool, u128) {
        let (index, offset) = split(end - 1);
        match self.chunks.range(..=index).next_back() {
            Some((&last, _)) if last == index => (true, offset as u128 + 1),
            Some((&last, _)) => (false, end - (u128::from(last) + 1) * CHUNK as u128),
            None => (false, u128::MAX),
        }
    }

    fn chunk_mut(&mut self, index: u64) -> &mut [u8; CHUNK] {
        self.writes += 1;
        let chunk = self.chunks.entry(index).or_insert_with(|| Stored {
            bytes: Arc::new([0; CHUNK]),
            stamp: 0,
        });
        chunk.stamp = self.writes;
        Arc::make_mut(&mut chunk.bytes)
    }
}

/// The chunk an address is in, and where in it.
fn split(address: u128) -> (u64, usize) {
    let index = u64::try_from(address / CHUNK as u128).expect("an address is below 2^65");
    (index, (address % CHUNK as u128) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::AddressType;

    /// As large as a memory can be: 2^64 bytes.
    fn largest() -> Memory {
        Memory::new(MemoryType {
            address: AddressType::I64,
            shared: false,
            page_size_log2: 16,
            minimum: 1 << 48,
            maximum: None,
        })
    }

    #[test]
    fn a_memory_of_2_to_the_48_pages_costs_what_was_written() {
        let mut memory = largest();
        assert_eq!(memory.bytes(), 1 << 64);
        assert_eq!(memory.chunk_count(), 1 << 48);
        for address in [0, 1 << 47, (1 << 64) - 8] {
            memory.write(address, &[1, 2, 3, 4, 5, 6, 7, 8]);
        }
        let mut last = [0; 2];
        memory.read((1 << 64) - 2, &mut last);
        assert_eq!(last, [7, 8]);
        assert!(memory.stored() < 1 << 20, "{}", memory.stored());
        let indices: Vec<u64> = memory.chunks().map(|(index, _)| index).collect();
        assert_eq!(indices, [0, 1 << 31, (1 << 48) - 1]);
        // Zeros, wherever, and however many.
        memory.fill(0, 0, 1 << 64);
        assert_eq!(memory.byte(1 << 47), 0);
        assert_eq!(memory.stored(), 3 * CHUNK);
    }

    #[test]
    fn copying_most_of_a_sparse_memory_moves_what_is_stored() {
        let mut memory = largest();
        memory.write(5, &[42]);
        memory.write(1 << 40, &[43]);
        let length = (1 << 63) - 1;
        memory.copy(1 << 63, None, 0, length);
        assert_eq!(memory.byte((1 << 63) + 5), 42);
        assert_eq!(memory.byte((1 << 63) + (1 << 40)), 43);
        memory.copy(1, None, 0, length);
        assert_eq!((memory.byte(5), memory.byte(6)), (0, 42));
        memory.copy(0, None, 1, length);
        assert_eq!((memory.byte(5), memory.byte(6)), (42, 0));
        assert!(memory.stored() < 1 << 20, "{}", memory.stored());
    }

    #[test]
    fn a_clone_does_not_see_later_writes_and_stamps_tell_of_them() {
        let mut memory = largest();
        memory.write(0, &[1]);
        let clone = memory.clone();
        let stamp = memory.stamp(0);
        memory.write(0, &[2]);
        assert_eq!((clone.byte(0), memory.byte(0)), (1, 2));
        assert_eq!(clone.stamp(0), stamp);
        assert_ne!(memory.stamp(0), stamp);
        assert_eq!(memory.stamp(1), 0);
    }
}
