//! The budget of a run, as a limiter of wasmi.

use wasmi::ResourceLimiter;
use wasmi::errors::MemoryError;
use wasmi_core::LimiterError;

use crate::engine::{Budget, host};

/// The budget.
pub(super) struct Limits {
    bytes: u64,
    /// Whether a growth failed that the type and the budget allow.
    failed: bool,
}

impl Limits {
    pub(super) fn new(budget: Budget) -> Limits {
        Limits {
            bytes: budget.memory_bytes,
            failed: false,
        }
    }

    /// Whether, since this was last asked, a growth failed that the type of the
    /// memory and the budget allow.
    pub(super) fn take_failed(&mut self) -> bool {
        std::mem::take(&mut self.failed)
    }
}

impl ResourceLimiter for Limits {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        let allowed = desired as u64 <= self.bytes;
        // Wasmi writes zeros over what it allocates, which makes it resident.
        let affordable = desired <= host::COPIED_AT_MOST;
        self.failed |= allowed && !affordable;
        Ok(allowed && affordable)
    }

    fn memory_grow_failed(&mut self, _error: &MemoryError) -> Result<(), LimiterError> {
        // Asked about only what the type allows, and called only when the
        // answer was yes.
        self.failed = true;
        Ok(())
    }

    fn table_growing(
        &mut self,
        _current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
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
