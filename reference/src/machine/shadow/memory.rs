//! Taint through the instructions that access memory.

use super::super::{Frame, Machine};
use super::{decided, open};
use crate::memory::{Instruction, Kind, MemoryId, Request, Rmw, Rules, Specification};
use crate::module::Access;
use crate::numeric::{Slot, Tainted, ones};
use crate::store::{Store, Taint};
use crate::trap::Error;

impl Machine {
    // Long, as it has an arm for each kind of instruction.
    pub(super) fn shadow_access(
        &mut self,
        store: &mut Store,
        frame: &Frame,
        access: &Access,
    ) -> Result<(), Error> {
        let Instruction { kind, width, .. } = *access.instruction;
        let operands = match kind {
            Kind::Load(_) | Kind::LoadExtend(..) | Kind::LoadSplat | Kind::AtomicLoad => 0,
            Kind::AtomicCmpxchg | Kind::Wait => 2,
            _ => 1,
        };
        let mut values = [Tainted::default(); 2];
        for place in (0..operands).rev() {
            values[place] = self.popped();
        }
        let [first, second] = values;
        let address = self.popped();
        decided(store, address.taint)?;
        let id = memory_of(store, frame, access.memory);
        let at = u128::from(address.bits as u64) + u128::from(access.offset);
        let memory = &store.memories[id.0 as usize];
        let request = Request {
            site: store.instances[frame.instance as usize].site(access.memory, frame.activation),
            instruction: access.instruction,
            offset: access.offset,
            address: address.bits as u64,
            lane: access.lane,
        };
        if Specification.locate(&request, memory).is_err() {
            // It traps, whatever is tainted.
            return Ok(());
        }
        let value = Specification.read(&request, memory, at);
        let at = at as u64;
        let raw = taints(store).read(id, at, width);
        let low = ones(width * 8);
        match kind {
            Kind::Load(_)
            | Kind::LoadExtend(..)
            | Kind::LoadSplat
            | Kind::LoadLane
            | Kind::AtomicLoad => {
                let loaded = Specification.loaded(&request, raw, first.taint);
                self.shadow.push(loaded);
            }
            Kind::Store | Kind::StoreLane | Kind::AtomicStore => {
                let stored = Specification.stored(&request, first.taint);
                taints(store).write(id, at, width, stored);
            }
            Kind::AtomicRmw(op) => {
                let old = Tainted {
                    bits: value,
                    taint: raw,
                };
                let new = modified(op, old, first) & low;
                taints(store).write(id, at, width, new);
                self.shadow.push(raw);
            }
            Kind::AtomicCmpxchg => {
                let (wanted, new) = (first, second);
                let open = (raw | wanted.taint) & low;
                // Where bits differ that are not open it is decided.
                let differs = (value ^ wanted.bits) & low & !open != 0;
                let written = match (open, differs) {
                    (_, true) => raw,
                    (0, false) if (value ^ wanted.bits) & low == 0 => new.taint & low,
                    (0, false) => raw,
                    _ => (raw | new.taint | (value ^ new.bits)) & low,
                };
                taints(store).write(id, at, width, written);
                self.shadow.push(raw);
            }
            Kind::Notify => {
                decided(store, first.taint)?;
                self.shadow.push(0);
            }
            // The result comes when the wait is over.
            Kind::Wait => decided(store, raw | first.taint | second.taint)?,
        }
        Ok(())
    }

    pub(super) fn shadow_fill(
        &mut self,
        store: &mut Store,
        frame: &Frame,
        memory: u32,
    ) -> Result<(), Error> {
        let (length, value, to) = (self.popped(), self.popped(), self.popped());
        decided(store, length.taint | to.taint)?;
        let id = memory_of(store, frame, memory);
        let (to, length) = (to.bits as u64, length.bits as u64);
        if fits(store, id, to, length) && !taints(store).fill(id, to, length, value.taint as u8) {
            return Err(open(store));
        }
        Ok(())
    }

    pub(super) fn shadow_copy(
        &mut self,
        store: &mut Store,
        frame: &Frame,
        to: u32,
        from: u32,
    ) -> Result<(), Error> {
        let (length, source, start) = (self.popped(), self.popped(), self.popped());
        decided(store, length.taint | source.taint | start.taint)?;
        let (to, from) = (memory_of(store, frame, to), memory_of(store, frame, from));
        let (start, source) = (start.bits as u64, source.bits as u64);
        let length = length.bits as u64;
        if fits(store, to, start, length) && fits(store, from, source, length) {
            taints(store).copy((to, start), (from, source), length);
        }
        Ok(())
    }
}

/// The taint of what a read-modify-write leaves behind.
fn modified(op: Rmw, old: Tainted, operand: Tainted) -> Slot {
    let all = old.taint | operand.taint;
    match op {
        Rmw::Add | Rmw::Sub if all == 0 => 0,
        Rmw::Add | Rmw::Sub => Slot::MAX << all.trailing_zeros(),
        Rmw::And | Rmw::Or | Rmw::Xor => all,
        Rmw::Xchg => operand.taint,
    }
}

pub(super) fn taints(store: &mut Store) -> &mut Taint {
    store.taint.as_mut().expect("a shadow has one")
}

pub(super) fn memory_of(store: &Store, frame: &Frame, memory: u32) -> MemoryId {
    MemoryId(store.instances[frame.instance as usize].memories[memory as usize])
}

/// Whether a range lies in a memory: otherwise the instruction traps.
pub(super) fn fits(store: &Store, id: MemoryId, start: u64, length: u64) -> bool {
    u128::from(start) + u128::from(length) <= store.memories[id.0 as usize].bytes()
}
