//! Faults in atomic instructions.

use trapline_reference::{Kind, Memory, Request, Rmw, Specification as Spec, Trap, Traps, Wait};

use super::{ones, plant};

plant! {
    "atomic-unaligned", "an unaligned atomic access does not trap": {
        fn aligned(&self, _: &Request, _: u128) -> bool {
            true
        }
    }
    "atomic-aligned-4", "an 8-byte atomic access need only be aligned to 4 bytes": {
        fn aligned(&self, request: &Request, at: u128) -> bool {
            let width = u128::from(request.instruction.width.min(4));
            !request.instruction.kind.is_atomic() || at.is_multiple_of(width)
        }
    }
    "atomic-operand-aligned", "only the operand of an atomic access is checked for alignment": {
        fn aligned(&self, request: &Request, _: u128) -> bool {
            Spec.aligned(request, request.address.into())
        }
    }
    "atomic-load-unaligned", "an unaligned atomic load does not trap": {
        fn aligned(&self, request: &Request, at: u128) -> bool {
            request.instruction.kind == Kind::AtomicLoad || Spec.aligned(request, at)
        }
    }
    "atomic-unchecked-end", "atomic accesses are checked for their first byte only": {
        fn in_bounds(&self, request: &Request, memory: &Memory, at: u128) -> bool {
            if request.instruction.kind.is_atomic() {
                at < memory.bytes()
            } else {
                Spec.in_bounds(request, memory, at)
            }
        }
    }
    "plain-aligned", "plain accesses of 8 bytes trap when they are unaligned": {
        fn aligned(&self, request: &Request, at: u128) -> bool {
            let width = u128::from(request.instruction.width);
            width != 8 || at.is_multiple_of(width)
        }
    }
    "notify-one", "memory.atomic.notify gives 1 where nobody waits": {
        fn notify(&self, request: &Request, memory: &Memory, count: u32, waiting: u32) -> Result<u32, Traps> {
            Spec.notify(request, memory, count, waiting)?;
            Ok(count.min(1))
        }
    }
    "notify-unchecked", "memory.atomic.notify does not check its address": {
        fn notify(&self, _: &Request, _: &Memory, count: u32, waiting: u32) -> Result<u32, Traps> {
            Ok(count.min(waiting))
        }
    }
    "notify-unshared", "memory.atomic.notify traps on memory that is not shared": {
        fn notify(&self, request: &Request, memory: &Memory, count: u32, waiting: u32) -> Result<u32, Traps> {
            if !memory.ty().shared {
                return Err(Trap::ExpectedSharedMemory.into());
            }
            Spec.notify(request, memory, count, waiting)
        }
    }
    "wait-unshared", "memory.atomic.wait does not trap on memory that is not shared": {
        fn wait(&self, request: &Request, memory: &Memory, _: u128) -> Result<Wait, Traps> {
            Spec.locate(request, memory)?;
            Ok(Wait::NotEqual)
        }
    }
    "wait-equal", "memory.atomic.wait finds every value different": {
        fn wait(&self, request: &Request, memory: &Memory, expected: u128) -> Result<Wait, Traps> {
            Spec.wait(request, memory, expected).map(|_| Wait::NotEqual)
        }
    }
    "wait-narrow", "memory.atomic.wait64 compares 32 bits": {
        fn wait(&self, request: &Request, memory: &Memory, expected: u128) -> Result<Wait, Traps> {
            let wait = Spec.wait(request, memory, expected)?;
            let at = Spec.locate(request, memory)?;
            let found = Spec.read(request, memory, at);
            let equal = (found ^ expected) & ones(32) == 0;
            Ok(if equal { Wait::Suspend(at) } else { wait })
        }
    }
    "cmpxchg-wide", "a narrow cmpxchg compares all of what it expects": {
        fn atomic_cmpxchg(&self, request: &Request, memory: &mut Memory, expected: u128, replacement: u128) -> Result<u128, Traps> {
            if expected > ones(request.instruction.width * 8) {
                // Never equal: reads only.
                let at = Spec.locate(request, memory)?;
                return Ok(Spec.read(request, memory, at));
            }
            Spec.atomic_cmpxchg(request, memory, expected, replacement)
        }
    }
    "cmpxchg-half", "an 8-byte cmpxchg compares 4 bytes": {
        fn atomic_cmpxchg(&self, request: &Request, memory: &mut Memory, expected: u128, replacement: u128) -> Result<u128, Traps> {
            let at = Spec.locate(request, memory)?;
            let found = Spec.read(request, memory, at);
            let half = request.instruction.width == 8 && (found ^ expected) & ones(32) == 0;
            let expected = if half { found } else { expected };
            Spec.atomic_cmpxchg(request, memory, expected, replacement)
        }
    }
    "cmpxchg-stores", "cmpxchg stores whatever it finds": {
        fn atomic_cmpxchg(&self, request: &Request, memory: &mut Memory, _: u128, replacement: u128) -> Result<u128, Traps> {
            Spec.atomic_rmw(request, memory, Rmw::Xchg, replacement)
        }
    }
    "cmpxchg-expected", "a cmpxchg that fails gives what it expected": {
        fn atomic_cmpxchg(&self, request: &Request, memory: &mut Memory, expected: u128, replacement: u128) -> Result<u128, Traps> {
            let low = expected & ones(request.instruction.width * 8);
            Spec.atomic_cmpxchg(request, memory, low, replacement)?;
            Ok(low)
        }
    }
    "rmw-new", "a read-modify-write gives the new value": {
        fn atomic_rmw(&self, request: &Request, memory: &mut Memory, op: Rmw, operand: u128) -> Result<u128, Traps> {
            let old = Spec.atomic_rmw(request, memory, op, operand)?;
            Ok(Spec.modified(request, op, old, operand))
        }
    }
    "rmw-sub-reversed", "atomic.rmw.sub subtracts what is there from its operand": {
        fn modified(&self, request: &Request, op: Rmw, old: u128, operand: u128) -> u128 {
            match op {
                Rmw::Sub => Spec.modified(request, op, operand, old),
                _ => Spec.modified(request, op, old, operand),
            }
        }
    }
    "rmw-carry", "a narrow atomic.rmw.add carries into the next byte": {
        fn atomic_rmw(&self, request: &Request, memory: &mut Memory, op: Rmw, operand: u128) -> Result<u128, Traps> {
            let old = Spec.atomic_rmw(request, memory, op, operand)?;
            let bits = request.instruction.width * 8;
            let at = Spec.effective_address(request, memory) + u128::from(request.instruction.width);
            if op == Rmw::Add && bits < 32 && (old + (operand & ones(bits))) > ones(bits) && at < memory.bytes() {
                let next = memory.byte(at);
                memory.write(at, &[next.wrapping_add(1)]);
            }
            Ok(old)
        }
    }
    "rmw-xor-or", "an 8-byte atomic.rmw.xor does or": {
        fn modified(&self, request: &Request, op: Rmw, old: u128, operand: u128) -> u128 {
            let wide = request.instruction.width == 8;
            let op = if op == Rmw::Xor && wide { Rmw::Or } else { op };
            Spec.modified(request, op, old, operand)
        }
    }
    "rmw-xchg-32", "an 8-byte atomic.rmw.xchg writes 4 bytes": {
        fn modified(&self, request: &Request, op: Rmw, old: u128, operand: u128) -> u128 {
            let new = Spec.modified(request, op, old, operand);
            if op == Rmw::Xchg && request.instruction.width == 8 {
                new & ones(32) | old & !ones(32)
            } else {
                new
            }
        }
    }
}
