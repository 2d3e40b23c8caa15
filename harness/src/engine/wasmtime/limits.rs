//! The budget of a run, as a limiter of wasmtime.

use std::collections::HashMap;

use wasmtime::ResourceLimiter;

use crate::engine::Budget;

/// Limits the size of each memory.
///
/// Wasmtime does not ask a limiter about shared memories: their size is
/// reserved up to the maximum when they are made. A script that is compared
/// keeps the maximum of its shared memories within the budget.
pub(super) struct Limits {
    bytes: u64,
    /// See [`Budget::resident_bytes`].
    resident: u64,
    reserves: Reserves,
    /// How large the memories of a size may become where they are: the size
    /// and the least of their capacities, since a limiter is not told which
    /// memory it is asked about. Only of memories too large to be copied.
    capacities: HashMap<usize, usize>,
    /// Whether the growth that was asked about last may succeed.
    allowed: bool,
    /// Whether a growth failed that was allowed.
    failed: bool,
}

/// How much address space is reserved for a memory, in bytes.
#[derive(Clone, Copy)]
pub(super) struct Reserves {
    /// When it is made.
    pub(super) at_first: u64,
    /// Behind one that is larger, or that outgrew what was reserved for it.
    pub(super) for_growth: u64,
    /// Zeros are written over all of a memory, when it is made and when it grows.
    pub(super) written: bool,
}

impl Reserves {
    /// The capacity of a memory that is allocated with a size of so many bytes.
    fn capacity(self, bytes: usize) -> usize {
        let Reserves {
            at_first,
            for_growth,
            ..
        } = self;
        let capacity = match bytes as u64 {
            bytes if bytes <= at_first => at_first,
            bytes => bytes.saturating_add(for_growth),
        };
        usize::try_from(capacity).unwrap_or(usize::MAX)
    }
}

impl Limits {
    pub(super) fn new(budget: Budget, reserves: Reserves) -> Limits {
        Limits {
            bytes: budget.memory_bytes,
            resident: budget.resident_bytes,
            reserves,
            capacities: HashMap::new(),
            allowed: false,
            failed: false,
        }
    }

    /// Whether a memory can become so large without being written or copied, or can be.
    fn affords(&mut self, current: usize, desired: usize) -> bool {
        if self.reserves.written && desired as u64 > self.resident {
            return false;
        }
        let capacity = match self.capacities.get(&current) {
            Some(&capacity) if desired <= capacity => capacity,
            Some(_) => return false,
            None => self.reserves.capacity(desired),
        };
        if desired as u64 > self.resident {
            let entry = self.capacities.entry(desired).or_insert(capacity);
            *entry = capacity.min(*entry);
        }
        true
    }

    /// Whether, since this was last asked, a growth failed that the type of the
    /// memory and the budget allow.
    pub(super) fn take_failed(&mut self) -> bool {
        std::mem::take(&mut self.failed)
    }
}

/// What numbers of elements of a table are given in.
#[cfg(wasmtime_tables64)]
type Elements = usize;
#[cfg(not(wasmtime_tables64))]
type Elements = u32;

impl ResourceLimiter for Limits {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.allowed =
            desired as u64 <= self.bytes && maximum.is_none_or(|maximum| desired <= maximum);
        if self.allowed && !self.affords(current, desired) {
            self.failed = true;
            return Ok(false);
        }
        Ok(self.allowed)
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        // Also called, without having asked, where the type of the memory does
        // not allow it; only the words tell.
        let by_type = error.to_string().contains("exceeds memory type's limits");
        self.failed |= self.allowed && !by_type;
        Ok(())
    }

    fn table_growing(
        &mut self,
        _current: Elements,
        _desired: Elements,
        _maximum: Option<Elements>,
    ) -> wasmtime::Result<bool> {
        Ok(true)
    }

    fn instances(&self) -> usize {
        usize::MAX
    }

    fn tables(&self) -> usize {
        usize::MAX
    }

    fn memories(&self) -> usize {
        usize::MAX
    }
}
