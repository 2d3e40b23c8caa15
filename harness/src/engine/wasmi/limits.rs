//! The budget of a run, as a limiter of wasmi.

#[cfg(any(wasmi_grow_may_err, not(wasmi_limits_in_core)))]
use wasmi::errors::MemoryError;
#[cfg(not(wasmi_limits_in_core))]
use wasmi::{ResourceLimiter, errors::TableError};
#[cfg(wasmi_limits_in_core)]
use wasmi_core::{LimiterError, ResourceLimiter};

/// What is told when a growth failed that was allowed.
#[cfg(any(wasmi_grow_may_err, not(wasmi_limits_in_core)))]
type GrowError = MemoryError;
#[cfg(all(wasmi_limits_in_core, not(wasmi_grow_may_err)))]
type GrowError = LimiterError;
/// What a limiter refuses with.
#[cfg(wasmi_limits_in_core)]
type Refusal = LimiterError;
#[cfg(not(wasmi_limits_in_core))]
type Refusal = MemoryError;
#[cfg(wasmi_limits_in_core)]
type TableRefusal = LimiterError;
#[cfg(not(wasmi_limits_in_core))]
type TableRefusal = TableError;
/// What it answers to that.
#[cfg(wasmi_grow_may_err)]
type Told = Result<(), LimiterError>;
#[cfg(not(wasmi_grow_may_err))]
type Told = ();

use crate::engine::Budget;

/// The budget.
pub(super) struct Limits {
    bytes: u64,
    /// See [`Budget::resident_bytes`].
    resident: u64,
    /// Whether a growth failed that the type and the budget allow.
    failed: bool,
}

impl Limits {
    pub(super) fn new(budget: Budget) -> Limits {
        Limits {
            bytes: budget.memory_bytes,
            resident: budget.resident_bytes,
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
    ) -> Result<bool, Refusal> {
        let allowed = desired as u64 <= self.bytes;
        // Wasmi writes zeros over what it allocates, which makes it resident.
        let affordable = desired as u64 <= self.resident;
        self.failed |= allowed && !affordable;
        Ok(allowed && affordable)
    }

    fn memory_grow_failed(&mut self, _error: &GrowError) -> Told {
        // Asked about only what the type allows, and called only when the
        // answer was yes.
        self.failed = true;
        #[cfg(wasmi_grow_may_err)]
        Ok(())
    }

    fn table_growing(
        &mut self,
        _current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool, TableRefusal> {
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
