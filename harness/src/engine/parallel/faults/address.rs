//! Faults in the checks of an address.

use trapline_reference::Kind;

use super::plant;
use crate::engine::parallel::memory::{PLAIN, SharedMemory};
use crate::engine::parallel::rules::{Access, Right, Rules};
use crate::engine::parallel::thread::Own;

plant! {
    "load-unaligned", "an unaligned atomic load does not trap": {
        fn aligned(&self, access: &Access<'_>) -> bool {
            access.kind() == Kind::AtomicLoad || Right.aligned(access)
        }
    }
    "store-unaligned", "an unaligned atomic store does not trap": {
        fn aligned(&self, access: &Access<'_>) -> bool {
            access.kind() == Kind::AtomicStore || Right.aligned(access)
        }
    }
    "rmw-unaligned", "an unaligned read-modify-write does not trap": {
        fn aligned(&self, access: &Access<'_>) -> bool {
            matches!(access.kind(), Kind::AtomicRmw(_)) || Right.aligned(access)
        }
    }
    "cmpxchg-unaligned", "an unaligned compare-exchange does not trap": {
        fn aligned(&self, access: &Access<'_>) -> bool {
            access.kind() == Kind::AtomicCmpxchg || Right.aligned(access)
        }
    }
    "wait-unaligned", "an unaligned wait does not trap": {
        fn aligned(&self, access: &Access<'_>) -> bool {
            access.kind() == Kind::Wait || Right.aligned(access)
        }
    }
    "notify-unaligned", "an unaligned notify does not trap": {
        fn aligned(&self, access: &Access<'_>) -> bool {
            access.kind() == Kind::Notify || Right.aligned(access)
        }
    }
    "aligned-4", "an atomic access of 8 bytes need only be aligned to 4": {
        fn aligned(&self, access: &Access<'_>) -> bool {
            access.kind().is_atomic() && access.width() == 8 && access.at.is_multiple_of(4)
                || Right.aligned(access)
        }
    }
    "load-unchecked", "an atomic load out of bounds gives 0": {
        fn in_bounds(&self, access: &Access<'_>) -> bool {
            access.kind() == Kind::AtomicLoad || Right.in_bounds(access)
        }
    }
    "store-unchecked", "an atomic store out of bounds does nothing": {
        fn in_bounds(&self, access: &Access<'_>) -> bool {
            access.kind() == Kind::AtomicStore || Right.in_bounds(access)
        }
    }
    "rmw-unchecked", "a read-modify-write out of bounds gives 0": {
        fn in_bounds(&self, access: &Access<'_>) -> bool {
            matches!(access.kind(), Kind::AtomicRmw(_)) || Right.in_bounds(access)
        }
    }
    "notify-unchecked", "a notify out of bounds gives 0": {
        fn in_bounds(&self, access: &Access<'_>) -> bool {
            access.kind() == Kind::Notify || Right.in_bounds(access)
        }
    }
    "wait-unchecked", "a wait out of bounds finds 0": {
        fn in_bounds(&self, access: &Access<'_>) -> bool {
            access.kind() == Kind::Wait || Right.in_bounds(access)
        }
    }
    "last-cell", "an atomic access to the last bytes of a memory traps": {
        fn in_bounds(&self, access: &Access<'_>) -> bool {
            let end = access.at + u128::from(access.width());
            let last = end == u128::from(access.memory.length(PLAIN));
            Right.in_bounds(access) && !(last && access.kind().is_atomic())
        }
    }
    "own-bound", "bounds are those that a thread has seen first, or has grown the memory to": {
        fn bound(&self, memory: &SharedMemory, own: &Own) -> u64 {
            own.length.get().unwrap_or_else(|| {
                own.length.set(Some(memory.length(PLAIN)));
                memory.length(PLAIN)
            })
        }
        fn grow(&self, memory: &SharedMemory, own: &Own, bytes: u64) -> Option<u64> {
            let old = Right.grow(memory, own, bytes)?;
            own.length.set(Some(old + bytes));
            Some(old)
        }
    }
}
