//! The rules of linear memory: what each instruction means, in one place.
//!
//! The default methods of [`Rules`] *are* the specification, and
//! [`Specification`] overrides none. Each rule is asked by the ones above it
//! and by the machine, so that another implementation of one method changes
//! one thing everywhere. What they are asked about stands in `operands`, what
//! is made of the bytes of one access in `values`.
//!
//! Addresses and sizes are `u128`: no sum or product of theirs can overflow.

mod operands;
#[cfg(test)]
mod tests;
mod values;

use std::sync::Arc;

use super::instruction::{Instruction, Rmw};
use super::limits;
use super::storage::{Growth, Memory};
use crate::trap::{Trap, Traps};
use crate::types::MemoryType;

pub use operands::{Bulk, Request, Site, Wait};

/// The rules, each a default method.
pub trait Rules: Send + Sync {
    /// The effective address: operand plus static offset, neither of them
    /// wrapping nor with a sign.
    ///
    /// <https://webassembly.github.io/spec/core/exec/instructions.html#memory-instructions>
    fn effective_address(&self, request: &Request, memory: &Memory) -> u128 {
        let _ = memory;
        u128::from(request.address) + u128::from(request.offset)
    }

    /// The size, in bytes, that an access at `site` is checked against: the
    /// current one, whoever changed it.
    ///
    /// <https://webassembly.github.io/spec/core/exec/instructions.html#memory-instructions>
    fn bound(&self, site: &Site, memory: &Memory) -> u128 {
        let _ = site;
        memory.bytes()
    }

    /// Whether the bytes `[at, at + width)` all lie in the memory.
    ///
    /// <https://webassembly.github.io/spec/core/exec/instructions.html#memory-instructions>
    fn in_bounds(&self, request: &Request, memory: &Memory, at: u128) -> bool {
        at + u128::from(request.instruction.width) <= self.bound(&request.site, memory)
    }

    /// Whether an access of this kind may stand at this address: atomic ones
    /// only at a multiple of their width.
    ///
    /// <https://webassembly.github.io/threads/core/exec/instructions.html#memory-instructions>
    fn aligned(&self, request: &Request, at: u128) -> bool {
        let Instruction { width, kind, .. } = request.instruction;
        !kind.is_atomic() || at.is_multiple_of(u128::from(*width))
    }

    /// The effective address, checked.
    ///
    /// # Errors
    ///
    /// Out of bounds, unaligned, or both: then either may be reported.
    fn locate(&self, request: &Request, memory: &Memory) -> Result<u128, Traps> {
        let at = self.effective_address(request, memory);
        match (
            self.in_bounds(request, memory, at),
            self.aligned(request, at),
        ) {
            (true, true) => Ok(at),
            (true, false) => Err(Trap::UnalignedAtomic.into()),
            (false, true) => Err(Trap::OutOfBoundsMemory.into()),
            (false, false) => Err(Traps::either(
                Trap::UnalignedAtomic,
                Trap::OutOfBoundsMemory,
            )),
        }
    }

    /// The bytes at `at` as a number: the lowest address is the least significant.
    ///
    /// <https://webassembly.github.io/spec/core/exec/numerics.html#storage>
    fn read(&self, request: &Request, memory: &Memory, at: u128) -> u128 {
        let mut bytes = [0; 16];
        memory.read(at, &mut bytes[..request.instruction.width as usize]);
        u128::from_le_bytes(bytes)
    }

    /// Writes the low bytes of `value` to `at`.
    ///
    /// <https://webassembly.github.io/spec/core/exec/numerics.html#storage>
    fn write(&self, request: &Request, memory: &mut Memory, at: u128, value: u128) {
        memory.write(
            at,
            &value.to_le_bytes()[..request.instruction.width as usize],
        );
    }

    /// What a load gives, of the bytes `raw` that it read; `vector` is the
    /// operand whose other lanes a lane load keeps.
    ///
    /// <https://webassembly.github.io/spec/core/exec/instructions.html#vector-memory-instructions>
    fn loaded(&self, request: &Request, raw: u128, vector: u128) -> u128 {
        values::loaded(request.instruction, request.lane, raw, vector)
    }

    /// What a store writes, of its operand: the low bytes, or one lane.
    ///
    /// <https://webassembly.github.io/spec/core/exec/instructions.html#vector-memory-instructions>
    fn stored(&self, request: &Request, value: u128) -> u128 {
        values::stored(request.instruction, request.lane, value)
    }

    /// A load of any kind.
    ///
    /// <https://webassembly.github.io/spec/core/exec/instructions.html#memory-instructions>
    ///
    /// # Errors
    ///
    /// Those of [`locate`](Rules::locate).
    fn load(&self, request: &Request, memory: &Memory, vector: u128) -> Result<u128, Traps> {
        let at = self.locate(request, memory)?;
        Ok(self.loaded(request, self.read(request, memory, at), vector))
    }

    /// A store of any kind. One that traps writes nothing.
    ///
    /// <https://webassembly.github.io/spec/core/exec/instructions.html#memory-instructions>
    ///
    /// # Errors
    ///
    /// Those of [`locate`](Rules::locate).
    fn store(&self, request: &Request, memory: &mut Memory, value: u128) -> Result<(), Traps> {
        let at = self.locate(request, memory)?;
        let value = self.stored(request, value);
        self.write(request, memory, at, value);
        Ok(())
    }

    /// What an atomic read-modify-write leaves in the place of `old`.
    ///
    /// <https://webassembly.github.io/threads/core/exec/instructions.html#memory-instructions>
    fn modified(&self, request: &Request, op: Rmw, old: u128, operand: u128) -> u128 {
        values::modified(request.instruction, op, old, operand)
    }

    /// `atomic.rmw`: gives what was there.
    ///
    /// <https://webassembly.github.io/threads/core/exec/instructions.html#memory-instructions>
    ///
    /// # Errors
    ///
    /// Those of [`locate`](Rules::locate).
    fn atomic_rmw(
        &self,
        request: &Request,
        memory: &mut Memory,
        op: Rmw,
        operand: u128,
    ) -> Result<u128, Traps> {
        let at = self.locate(request, memory)?;
        let old = self.read(request, memory, at);
        let new = self.modified(request, op, old, operand);
        self.write(request, memory, at, new);
        Ok(old)
    }

    /// `atomic.rmw.cmpxchg`: gives what was there. A narrow one compares what it
    /// read with the low bits of `expected`, whatever the high ones are: the
    /// proposal once said otherwise in places, and was settled.
    ///
    /// <https://webassembly.github.io/threads/core/exec/instructions.html#memory-instructions>
    /// and <https://github.com/WebAssembly/threads/issues/195>
    ///
    /// # Errors
    ///
    /// Those of [`locate`](Rules::locate).
    fn atomic_cmpxchg(
        &self,
        request: &Request,
        memory: &mut Memory,
        expected: u128,
        replacement: u128,
    ) -> Result<u128, Traps> {
        let at = self.locate(request, memory)?;
        let old = self.read(request, memory, at);
        let low = values::ones(request.instruction.width * 8);
        if old == expected & low {
            self.write(request, memory, at, replacement & low);
        }
        Ok(old)
    }

    /// `memory.atomic.wait`: traps on memory that is not shared, and compares.
    ///
    /// The specification's prose checks the alignment, then that the memory is
    /// shared, then the bound; but what it comes to is one `trap`, without a
    /// kind, in whatever order. Engines name any cause that is there.
    ///
    /// <https://webassembly.github.io/threads/core/exec/instructions.html#exec-memory-atomic-waitn>
    ///
    /// # Errors
    ///
    /// Those of [`locate`](Rules::locate), and that the memory is not shared;
    /// where several apply, any of them.
    fn wait(&self, request: &Request, memory: &Memory, expected: u128) -> Result<Wait, Traps> {
        let located = self.locate(request, memory);
        if !memory.ty().shared {
            let unshared = Traps::from(Trap::ExpectedSharedMemory);
            return Err(located.map_or_else(|traps| traps.or(unshared), |_| unshared));
        }
        let at = located?;
        if self.read(request, memory, at) == expected {
            Ok(Wait::Suspend(at))
        } else {
            Ok(Wait::NotEqual)
        }
    }

    /// `memory.atomic.notify`: how many of the `waiting` threads are woken up,
    /// when at most `count` are to be. Nobody waits on unshared memory.
    ///
    /// <https://webassembly.github.io/threads/core/exec/instructions.html#memory-instructions>
    ///
    /// # Errors
    ///
    /// Those of [`locate`](Rules::locate).
    fn notify(
        &self,
        request: &Request,
        memory: &Memory,
        count: u32,
        waiting: u32,
    ) -> Result<u32, Traps> {
        self.locate(request, memory)?;
        Ok(count.min(waiting))
    }

    /// `memory.size`, in pages.
    ///
    /// <https://webassembly.github.io/spec/core/exec/instructions.html#exec-memory-size>
    fn size(&self, site: &Site, memory: &Memory) -> u128 {
        let _ = site;
        memory.pages()
    }

    /// Whether a memory of this type may have `pages` pages, resources aside.
    ///
    /// <https://webassembly.github.io/spec/core/exec/modules.html#growing-memories>
    fn may_have(&self, ty: MemoryType, pages: u128) -> bool {
        pages <= limits::most_pages(ty) && ty.maximum.is_none_or(|most| pages <= most.into())
    }

    /// `memory.grow`: gives the size before, in pages, or -1 and changes
    /// nothing. `resources` says whether there is room for it: the
    /// specification allows a grow to fail at any time.
    ///
    /// <https://webassembly.github.io/spec/core/exec/instructions.html#exec-memory-grow>
    fn grow(&self, site: &Site, memory: &mut Memory, delta: u64, resources: bool) -> i128 {
        let old = memory.pages();
        let new = old + u128::from(delta);
        if !self.may_have(memory.ty(), new) || !resources {
            return -1;
        }
        if delta > 0 {
            let growth = Growth {
                from: memory.bytes(),
                activation: site.activation,
                by_host: site.by_host,
            };
            memory.resize(new, growth);
        }
        old as i128
    }

    /// Whether `length` bytes from `start` on all lie in the memory. None at
    /// all lie there up to its very end, and not beyond.
    ///
    /// <https://webassembly.github.io/spec/core/exec/instructions.html#exec-memory-fill>
    fn range_in_bounds(&self, site: &Site, memory: &Memory, start: u64, length: u64) -> bool {
        u128::from(start) + u128::from(length) <= self.bound(site, memory)
    }

    /// `memory.fill`. One that traps writes nothing.
    ///
    /// <https://webassembly.github.io/spec/core/exec/instructions.html#exec-memory-fill>
    ///
    /// # Errors
    ///
    /// The range is out of bounds.
    fn fill(&self, bulk: &Bulk, memory: &mut Memory, value: u8) -> Result<(), Traps> {
        if !self.range_in_bounds(&bulk.site, memory, bulk.destination, bulk.length) {
            return Err(Trap::OutOfBoundsMemory.into());
        }
        memory.fill(bulk.destination.into(), value, bulk.length.into());
        Ok(())
    }

    /// `memory.copy` from `source`, or within `memory` when that is `None`.
    /// Overlapping ranges are copied as if through a buffer; a copy that traps
    /// writes nothing.
    ///
    /// <https://webassembly.github.io/spec/core/exec/instructions.html#exec-memory-copy>
    ///
    /// # Errors
    ///
    /// One of the ranges is out of bounds.
    fn copy(&self, bulk: &Bulk, memory: &mut Memory, source: Option<&Memory>) -> Result<(), Traps> {
        let source_site = bulk.source_site.as_ref().unwrap_or(&bulk.site);
        if !self.range_in_bounds(
            source_site,
            source.unwrap_or(memory),
            bulk.source,
            bulk.length,
        ) || !self.range_in_bounds(&bulk.site, memory, bulk.destination, bulk.length)
        {
            return Err(Trap::OutOfBoundsMemory.into());
        }
        memory.copy(
            bulk.destination.into(),
            source,
            bulk.source.into(),
            bulk.length.into(),
        );
        Ok(())
    }

    /// `memory.init` from a data segment. One that traps writes nothing.
    ///
    /// <https://webassembly.github.io/spec/core/exec/instructions.html#exec-memory-init>
    ///
    /// # Errors
    ///
    /// The range is out of the bounds of the segment or of the memory.
    fn init(&self, bulk: &Bulk, memory: &mut Memory, segment: &[u8]) -> Result<(), Traps> {
        let end = u128::from(bulk.source) + u128::from(bulk.length);
        if end > segment.len() as u128
            || !self.range_in_bounds(&bulk.site, memory, bulk.destination, bulk.length)
        {
            return Err(Trap::OutOfBoundsMemory.into());
        }
        memory.write(
            bulk.destination.into(),
            &segment[bulk.source as usize..end as usize],
        );
        Ok(())
    }

    /// `data.drop`: the segment has no bytes any more.
    ///
    /// <https://webassembly.github.io/spec/core/exec/instructions.html#exec-data-drop>
    fn drop_data(&self, segment: &mut Arc<[u8]>) {
        *segment = Arc::new([]);
    }

    /// An active data segment at instantiation: `memory.init` of the whole
    /// segment. If it traps, the segments before it stay written.
    ///
    /// <https://webassembly.github.io/spec/core/exec/modules.html#instantiation>
    ///
    /// # Errors
    ///
    /// Those of [`init`](Rules::init).
    fn init_active(&self, bulk: &Bulk, memory: &mut Memory, segment: &[u8]) -> Result<(), Traps> {
        self.init(bulk, memory, segment)
    }

    /// A new memory: its minimum size, all zero.
    ///
    /// <https://webassembly.github.io/spec/core/exec/modules.html#memories>
    fn allocate(&self, ty: MemoryType) -> Memory {
        Memory::new(ty)
    }
}

/// The specification itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Specification;

impl Rules for Specification {}
