//! Taint: what can depend on the bits of NaNs that the specification leaves open.
//!
//! An instruction that gives a NaN may give any of several
//! (<https://webassembly.github.io/spec/core/exec/numerics.html#nan-propagation>),
//! and a correct engine may give others than the reference. What such bits can
//! change cannot be found out by trying a NaN or two: code can ask for any bit,
//! and any function of bits. So it is followed bit by bit. With
//! [`Config::taint`] every value has a *taint*, a mask of the bits that may be
//! others, beside it: operands and locals, globals, bytes of memories, results.
//!
//! **What is found is complete**: where an execution that gives other NaNs
//! differs from this one, there is taint. By induction over the instructions
//! executed, as long as both executions have executed the same ones:
//!
//! * The open bits of a NaN are tainted where it is made. Nothing else makes a
//!   difference.
//! * A result is tainted in every bit that tainted operands can change:
//!   `numeric/flow.rs` has a rule for each instruction, which a test holds
//!   against the instruction itself.
//! * What is stored, loaded, copied, or set takes its taint with it, byte by
//!   byte; a value picked by a tainted condition has the taint of both and the
//!   bits in which they differ; a compare-exchange that may or may not write
//!   likewise.
//! * Which instruction comes next, whether one traps, which address, index,
//!   length or function it means, how much grows, whether it waits, and what
//!   the host does, are decided by operands. Where one that decides is tainted,
//!   so that it could be decided otherwise, the executions may part: the call
//!   is *open* from there. It ends here, nothing is said of its result, and of
//!   the state of all that it could have reached nothing is said any more.
//!
//! What is found may be more than there is: taint is a mask, not the set of
//! values, and an open call may end the same however it is decided.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Store;
use crate::memory::MemoryId;
use crate::numeric::Slot;

/// The taint of everything in a store but operands and locals.
#[derive(Default)]
pub(crate) struct Taint {
    /// Of each global, by its place in the store.
    globals: BTreeMap<u32, Slot>,
    /// Of the bytes of each memory that have some.
    memories: BTreeMap<MemoryId, BTreeMap<u64, u8>>,
    /// Of the results of the last call.
    pub(crate) results: Vec<Slot>,
    /// Whether a call has become open since this was last asked.
    pub(crate) open: bool,
    /// Whether the embedder has looked at a memory that has tainted bytes.
    looked: AtomicBool,
}

impl Clone for Taint {
    fn clone(&self) -> Taint {
        Taint {
            globals: self.globals.clone(),
            memories: self.memories.clone(),
            results: self.results.clone(),
            open: self.open,
            looked: AtomicBool::new(self.looked.load(Ordering::Relaxed)),
        }
    }
}

/// More tainted bytes than this are not kept of one instruction.
const MOST_BYTES: u64 = 1 << 20;

impl Taint {
    pub(crate) fn global(&self, global: u32) -> Slot {
        self.globals.get(&global).copied().unwrap_or(0)
    }

    pub(crate) fn set_global(&mut self, global: u32, taint: Slot) {
        if taint == 0 {
            self.globals.remove(&global);
        } else {
            self.globals.insert(global, taint);
        }
    }

    /// Of `width` bytes from `at` on, as they are read.
    pub(crate) fn read(&self, memory: MemoryId, at: u64, width: u32) -> Slot {
        let Some(bytes) = self.memories.get(&memory) else {
            return 0;
        };
        let last = at.saturating_add(u64::from(width) - 1);
        let found = bytes.range(at..=last);
        found.fold(0, |all, (&byte, &taint)| {
            all | Slot::from(taint) << ((byte - at) * 8)
        })
    }

    /// Of `width` bytes from `at` on, that are written.
    pub(crate) fn write(&mut self, memory: MemoryId, at: u64, width: u32, taint: Slot) {
        for (address, byte) in (at..).zip(taint.to_le_bytes()).take(width as usize) {
            self.set_byte(memory, address, byte);
        }
    }

    fn set_byte(&mut self, memory: MemoryId, address: u64, taint: u8) {
        if taint == 0 {
            if let Some(bytes) = self.memories.get_mut(&memory) {
                bytes.remove(&address);
            }
        } else {
            let bytes = self.memories.entry(memory).or_default();
            bytes.insert(address, taint);
        }
    }

    /// Of `length` bytes from `to` on that are all set alike; whether it could
    /// be kept.
    pub(crate) fn fill(&mut self, memory: MemoryId, to: u64, length: u64, taint: u8) -> bool {
        self.clear(memory, to, length);
        if taint == 0 || length == 0 {
            return true;
        }
        if length > MOST_BYTES {
            return false;
        }
        let bytes = self.memories.entry(memory).or_default();
        bytes.extend((to..).take(length as usize).map(|at| (at, taint)));
        true
    }

    /// Of bytes that are copied from one range to another.
    pub(crate) fn copy(&mut self, to: (MemoryId, u64), from: (MemoryId, u64), length: u64) {
        let Some(last) = length.checked_sub(1) else {
            return;
        };
        let moved: Vec<(u64, u8)> = match self.memories.get(&from.0) {
            Some(bytes) => bytes
                .range(from.1..=from.1.saturating_add(last))
                .map(|(&at, &taint)| (at - from.1 + to.1, taint))
                .collect(),
            None => Vec::new(),
        };
        self.clear(to.0, to.1, length);
        if !moved.is_empty() {
            self.memories.entry(to.0).or_default().extend(moved);
        }
    }

    fn clear(&mut self, memory: MemoryId, start: u64, length: u64) {
        let (Some(bytes), Some(last)) = (self.memories.get_mut(&memory), length.checked_sub(1))
        else {
            return;
        };
        let last = start.saturating_add(last);
        let mut behind = bytes.split_off(&start);
        if let Some(after) = last.checked_add(1) {
            bytes.append(&mut behind.split_off(&after));
        }
    }

    /// The embedder looks at a memory, or writes a byte of it.
    pub(crate) fn note_look(&self, memory: MemoryId) {
        let tainted = self.memories.get(&memory).is_some_and(|m| !m.is_empty());
        self.looked.fetch_or(tainted, Ordering::Relaxed);
    }

    pub(crate) fn take_looked(&self) -> bool {
        self.looked.swap(false, Ordering::Relaxed)
    }
}

impl Store {
    /// The taint of the results of the last call, one for each, given that
    /// [`Config::taint`](crate::Config::taint) is set: the bits that can depend
    /// on those of NaNs that the specification leaves open.
    pub fn take_result_taint(&mut self) -> Vec<u128> {
        let taint = self.taint.as_mut();
        taint.map_or_else(Vec::new, |taint| std::mem::take(&mut taint.results))
    }

    /// Whether a call has become open since this was last asked: what it did
    /// from there on depends on such bits, and so does whatever it could reach.
    /// It has ended with [`Error::Absent`](crate::Error::Absent).
    pub fn take_open(&mut self) -> bool {
        let taint = self.taint.as_mut();
        taint.is_some_and(|taint| std::mem::take(&mut taint.open))
    }

    /// The taint of a global.
    pub fn global_taint(&self, id: super::GlobalId) -> u128 {
        self.taint.as_ref().map_or(0, |taint| taint.global(id.0))
    }

    /// The tainted bytes of a memory, ascending: address and mask.
    pub fn memory_taint(&self, id: MemoryId) -> impl Iterator<Item = (u64, u8)> {
        let taint = self.taint.as_ref();
        let bytes = taint.and_then(|taint| taint.memories.get(&id));
        bytes.into_iter().flatten().map(|(&at, &mask)| (at, mask))
    }
}
