//! Faults in what accesses read and write.

use trapline_reference::{Kind, Rmw};

use super::plant;
use crate::engine::parallel::memory::{ATOMIC, PLAIN, SharedMemory, ones};
use crate::engine::parallel::rules::{Access, Right, Rules};
use crate::engine::parallel::thread::Own;

/// The low half of 8 bytes.
const LOW: u64 = 0xffff_ffff;

plant! {
    "rmw-not-atomic", "a read-modify-write is a load and a store": {
        fn rmw(&self, access: &Access<'_>, op: Rmw, operand: u64) -> u64 {
            let (at, width) = (access.address(), access.width());
            let old = access.memory.load(at, width, ATOMIC);
            let new = Right.modified(access, op, old, operand);
            access.memory.store(at, width, new, ATOMIC);
            old
        }
    }
    "cmpxchg-not-atomic", "a compare-exchange is a load and a store": {
        fn cmpxchg(&self, access: &Access<'_>, expected: u64, new: u64) -> u64 {
            let (at, width) = (access.address(), access.width());
            let old = access.memory.load(at, width, ATOMIC);
            if old == Right.expected(access, expected) {
                access.memory.store(at, width, new, ATOMIC);
            }
            old
        }
    }
    "xchg-not-atomic", "an exchange is a load and a store": {
        fn rmw(&self, access: &Access<'_>, op: Rmw, operand: u64) -> u64 {
            if op != Rmw::Xchg {
                return Right.rmw(access, op, operand);
            }
            let (at, width) = (access.address(), access.width());
            let old = access.memory.load(at, width, ATOMIC);
            access.memory.store(at, width, operand, ATOMIC);
            old
        }
    }
    "load-torn", "an atomic load of 8 bytes is two loads of 4": {
        fn load(&self, access: &Access<'_>) -> u128 {
            if access.kind() != Kind::AtomicLoad || access.width() != 8 {
                return Right.load(access);
            }
            let at = access.address();
            let low = access.memory.load(at, 4, ATOMIC);
            (low | access.memory.load(at + 4, 4, ATOMIC) << 32).into()
        }
    }
    "store-torn", "an atomic store of 8 bytes is two stores of 4": {
        fn store(&self, access: &Access<'_>, value: u128) {
            if access.kind() != Kind::AtomicStore || access.width() != 8 {
                return Right.store(access, value);
            }
            let at = access.address();
            access.memory.store(at, 4, value as u64 & LOW, ATOMIC);
            access.memory.store(at + 4, 4, value as u64 >> 32, ATOMIC);
        }
    }
    "rmw-neighbours", "a narrow read-modify-write writes back its neighbours as they were": {
        fn rmw(&self, access: &Access<'_>, op: Rmw, operand: u64) -> u64 {
            let (at, width) = (access.address(), access.width());
            if width == 8 {
                return Right.rmw(access, op, operand);
            }
            let word = access.memory.load(at & !7, 8, ATOMIC);
            let shift = (at % 8) as u32 * 8;
            let old = word >> shift & ones(width);
            let new = Right.modified(access, op, old, operand) & ones(width);
            access.memory.store(at & !7, 8, word & !(ones(width) << shift) | new << shift, ATOMIC);
            old
        }
    }
    "store-neighbours", "a narrow atomic store writes back its neighbours as they were": {
        fn store(&self, access: &Access<'_>, value: u128) {
            let (at, width) = (access.address(), access.width());
            if access.kind() != Kind::AtomicStore || width == 8 {
                return Right.store(access, value);
            }
            let word = access.memory.load(at & !7, 8, ATOMIC);
            let (shift, value) = ((at % 8) as u32 * 8, value as u64 & ones(width));
            access.memory.store(at & !7, 8, word & !(ones(width) << shift) | value << shift, ATOMIC);
        }
    }
    "rmw-new", "a read-modify-write gives the new value": {
        fn rmw(&self, access: &Access<'_>, op: Rmw, operand: u64) -> u64 {
            let old = Right.rmw(access, op, operand);
            Right.modified(access, op, old, operand)
        }
    }
    "rmw-sub-reversed", "sub subtracts what is there from its operand": {
        fn modified(&self, access: &Access<'_>, op: Rmw, old: u64, operand: u64) -> u64 {
            match op {
                Rmw::Sub => Right.modified(access, op, operand, old),
                _ => Right.modified(access, op, old, operand),
            }
        }
    }
    "rmw-carries", "a narrow add carries into the next byte": {
        fn rmw(&self, access: &Access<'_>, op: Rmw, operand: u64) -> u64 {
            let (at, width) = (access.address(), access.width());
            let old = Right.rmw(access, op, operand);
            let carries = old + (operand & ones(width).min(LOW)) > ones(width).min(LOW);
            if op == Rmw::Add && width < 8 && carries {
                let next = at + u64::from(width);
                access.memory.update(next, 1, ATOMIC, |old| Some(old.wrapping_add(1)));
            }
            old
        }
    }
    "xchg-32", "an exchange of 8 bytes writes 4": {
        fn modified(&self, access: &Access<'_>, op: Rmw, old: u64, operand: u64) -> u64 {
            let new = Right.modified(access, op, old, operand);
            match op == Rmw::Xchg && access.width() == 8 {
                true => new & LOW | old & !LOW,
                false => new,
            }
        }
    }
    "cmpxchg-low", "a compare-exchange of 8 bytes compares 4": {
        fn cmpxchg(&self, access: &Access<'_>, expected: u64, new: u64) -> u64 {
            let (at, width) = (access.address(), access.width());
            let mask = if width == 8 { LOW } else { ones(width) };
            access.memory.update(at, width, ATOMIC, |old| {
                (old & mask == expected & mask).then_some(new)
            })
        }
    }
    "cmpxchg-wide", "a narrow compare-exchange compares all of what it expects": {
        fn expected(&self, _: &Access<'_>, expected: u64) -> u64 {
            expected
        }
    }
    "cmpxchg-stores", "a compare-exchange stores whatever it finds": {
        fn cmpxchg(&self, access: &Access<'_>, _: u64, new: u64) -> u64 {
            access.memory.update(access.address(), access.width(), ATOMIC, |_| Some(new))
        }
    }
    "store-released", "an atomic store is no more than released": {
        fn store(&self, access: &Access<'_>, value: u128) {
            if access.kind() != Kind::AtomicStore {
                return Right.store(access, value);
            }
            let released = std::sync::atomic::Ordering::Release;
            access.memory.store(access.address(), access.width(), value as u64, released);
        }
    }
    "store-late", "an atomic store is seen after the loads that follow it": {
        fn store(&self, access: &Access<'_>, value: u128) {
            if access.kind() != Kind::AtomicStore {
                return Right.store(access, value);
            }
            access.own.late.set(Some((access.address(), access.width(), value as u64)));
        }
        fn load(&self, access: &Access<'_>) -> u128 {
            // A thread sees its own store.
            if let Some((at, _, _)) = access.own.late.get() && at / 8 == access.address() / 8 {
                self.settle(access.memory, access.own);
            }
            Right.load(access)
        }
        fn settle(&self, memory: &SharedMemory, own: &Own) {
            if let Some((at, width, value)) = own.late.take() {
                memory.store(at, width, value, ATOMIC);
            }
        }
    }
    "load-again", "an atomic load of what was loaded last gives the same": {
        fn load(&self, access: &Access<'_>) -> u128 {
            let (at, width) = (access.address(), access.width());
            let last = access.own.loaded.get();
            if let Some((_, _, value)) = last.filter(|&(a, w, _)| (a, w) == (at, width))
                && access.kind() == Kind::AtomicLoad
            {
                return value;
            }
            let value = Right.load(access);
            if last.is_none() {
                access.own.loaded.set(Some((at, width, value)));
            }
            value
        }
    }
    "write-beyond", "a bulk instruction writes a byte more": {
        fn write(&self, memory: &SharedMemory, at: u64, bytes: &[u8]) {
            memory.write(at, bytes);
            let next = at + bytes.len() as u64;
            if next < memory.length(PLAIN) && !bytes.is_empty() {
                memory.store(next, 1, bytes[0].into(), PLAIN);
            }
        }
    }
    "write-words", "a bulk instruction writes back the rest of its words as they were": {
        fn write(&self, memory: &SharedMemory, at: u64, bytes: &[u8]) {
            let (first, last) = (at & !7, (at + bytes.len() as u64).next_multiple_of(8));
            let mut words = vec![0; (last - first) as usize];
            memory.read(first, &mut words);
            words[(at - first) as usize..][..bytes.len()].copy_from_slice(bytes);
            memory.write(first, &words);
        }
    }
}
