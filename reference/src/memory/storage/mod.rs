//! The storage of a memory: a sparse array of bytes.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::types::MemoryType;

/// Storage is allocated in chunks of this many bytes, when first written.
pub const CHUNK: usize = 65_536;

/// What sharing a chunk costs, as if so many bytes were looked at.
const SHARED: u128 = 1024;

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

    /// Makes it `pages` large, without a growth: what somebody else has made of it, or
    /// what a bounds check is to read.
    pub fn set_pages(&mut self, pages: u128) {
        self.pages = pages;
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
    /// where nothing is stored cost nothing, and chunks that come to be all the
    /// same share their bytes.
    pub fn fill(&mut self, address: u128, value: u8, length: u128) {
        let end = address + length;
        let mut same = None;
        let mut at = address;
        while at < end {
            let (index, offset) = split(at);
            let (stored, run) = self.run_after(at);
            let changes = stored || value != 0;
            let piece = if changes {
                (CHUNK - offset) as u128
            } else {
                run
            };
            let piece = piece.min(end - at);
            if changes && piece == CHUNK as u128 {
                let same = same.get_or_insert_with(|| Arc::new([value; CHUNK]));
                self.replace_chunk(index, same.clone());
            } else if changes {
                self.chunk_mut(index)[offset..offset + piece as usize].fill(value);
            }
            at += piece;
        }
    }

    /// The chunks that are stored, ascending: index, and the bytes within the
    /// memory. All others are zero. The chunk with index `i` begins at byte
    /// `i * CHUNK`.
    pub fn chunks(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let chunks = self.chunks.iter();
        chunks.filter_map(|(&index, chunk)| Some((index, self.within(index, chunk)?)))
    }

    /// The stored bytes of one chunk within the memory; `None` if they are all zero.
    pub fn chunk(&self, index: u64) -> Option<&[u8]> {
        self.within(index, self.chunks.get(&index)?)
    }

    /// Those bytes of a chunk that lie within the memory, if any.
    fn within<'a>(&self, index: u64, chunk: &'a Stored) -> Option<&'a [u8]> {
        let start = u128::from(index) * CHUNK as u128;
        let within = self.bytes().checked_sub(start)?.min(CHUNK as u128);
        (within > 0).then(|| &chunk.bytes[..within as usize])
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
            let whole = stored.then(|| read.whole_chunk(to, from, done, rest, backward));
            if let Some(Some((index, bytes))) = whole {
                self.replace_chunk(index, bytes);
                rest -= CHUNK as u128;
                continue;
            }
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

    /// The next whole chunk of a copy, where source and destination lie alike
    /// in their chunks: where it goes, and its bytes, to be shared.
    fn whole_chunk(
        &self,
        to: u128,
        from: u128,
        done: u128,
        rest: u128,
        backward: bool,
    ) -> Option<(u64, Arc<[u8; CHUNK]>)> {
        let size = CHUNK as u128;
        let at = match backward {
            true => rest.checked_sub(size)?,
            false => done,
        };
        let fits = rest >= size && to % size == from % size;
        if !fits || !(to + at).is_multiple_of(size) {
            return None;
        }
        let stored = self.chunks.get(&split(from + at).0)?;
        Some((split(to + at).0, stored.bytes.clone()))
    }

    /// How many bytes [`fill`](Self::fill) looks at one by one, at most; a chunk
    /// that is shared counts as [`SHARED`].
    pub(crate) fn fill_cost(&self, to: u128, value: u8, length: u128) -> u128 {
        let stored = self.stored_in(to, length);
        let whole = length / CHUNK as u128;
        match value {
            0 => length.min(2 * CHUNK as u128 * stored.min(1)) + SHARED * whole.min(stored),
            _ => length.min(2 * CHUNK as u128) + SHARED * whole,
        }
    }

    /// The same of a [`copy`](Self::copy) from `from` in `source`.
    pub(crate) fn copy_cost(&self, to: u128, source: &Memory, from: u128, length: u128) -> u128 {
        let size = CHUNK as u128;
        let read = source.stored_in(from, length);
        let stored = read + self.stored_in(to, length);
        let one_by_one = match to % size == from % size {
            true => 2.min(stored),
            false => stored,
        };
        length.min(size * one_by_one) + SHARED * stored.min(length / size)
    }

    /// How many chunks are stored in a range.
    fn stored_in(&self, start: u128, length: u128) -> u128 {
        match length.checked_sub(1) {
            None => 0,
            Some(more) => {
                let (first, last) = (split(start).0, split(start + more).0);
                self.chunks.range(first..=last).count() as u128
            }
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

    fn replace_chunk(&mut self, index: u64, bytes: Arc<[u8; CHUNK]>) {
        self.writes += 1;
        let stamp = self.writes;
        self.chunks.insert(index, Stored { bytes, stamp });
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
