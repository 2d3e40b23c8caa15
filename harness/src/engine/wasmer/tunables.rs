//! The budget in wasmer: tunables that wrap every memory in one that refuses
//! to grow beyond it.
//!
//! Clamping the maximum in the type would be shorter, and wrong: the type of an
//! exported memory is what imports are matched against.

use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use wasmer::sys::vm::{
    ExpectedValue, LinearMemory, MemoryError, ThreadConditions, Trap, VMMemory, VMMemoryDefinition,
    VMSharedMemory, VMTable, VMTableDefinition, WaiterError,
};
use wasmer::sys::{BaseTunables, Tunables};
use wasmer::{MemoryStyle, MemoryType, Pages, TableStyle, TableType, WASM_PAGE_SIZE};

/// The budget of the current run: set by the engine, read when a memory is made.
#[derive(Clone, Debug, Default)]
pub(super) struct Budget(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// In bytes of one memory.
    bytes: AtomicU64,
    /// How many instructions a call may execute.
    fuel: AtomicU64,
    /// How many bytes of a memory may be copied.
    resident: AtomicU64,
    /// Whether a growth failed that the type and the budget allow.
    failed: AtomicBool,
}

impl Budget {
    pub(super) fn set(&self, budget: crate::engine::Budget) {
        let crate::engine::Budget {
            memory_bytes,
            fuel,
            resident_bytes,
        } = budget;
        self.0.bytes.store(memory_bytes, Ordering::Relaxed);
        self.0.fuel.store(fuel, Ordering::Relaxed);
        self.0.resident.store(resident_bytes, Ordering::Relaxed);
        self.0.failed.store(false, Ordering::Relaxed);
    }

    /// Whether, since this was last asked, a growth failed that the type of the
    /// memory and the budget allow.
    pub(super) fn take_failed(&self) -> bool {
        self.0.failed.swap(false, Ordering::Relaxed)
    }

    /// The budget, for another run like this one.
    pub(super) fn limits(&self) -> crate::engine::Budget {
        crate::engine::Budget {
            memory_bytes: self.0.bytes.load(Ordering::Relaxed),
            fuel: self.0.fuel.load(Ordering::Relaxed),
            resident_bytes: self.0.resident.load(Ordering::Relaxed),
        }
    }

    fn pages(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed) / WASM_PAGE_SIZE as u64
    }

    /// Makes a memory within the budget.
    fn limit(
        &self,
        ty: &MemoryType,
        make: impl FnOnce() -> Result<VMMemory, MemoryError>,
    ) -> Result<VMMemory, MemoryError> {
        let pages = self.pages();
        if u64::from(ty.minimum.0) > pages {
            return Err(MemoryError::Generic(format!(
                "a minimum of {} pages is beyond the budget",
                ty.minimum.0
            )));
        }
        let limited: Box<dyn LinearMemory + Send + Sync> = Box::new(Limited {
            memory: make()?,
            pages,
            budget: self.clone(),
        });
        Ok(VMMemory::from_custom(limited))
    }
}

/// Tunables that are those of `base` but for the budget.
pub(super) struct Limiting {
    pub(super) base: BaseTunables,
    /// How memories are laid out.
    pub(super) style: MemoryStyle,
    /// Whether an inaccessible page begins where a memory ends, whatever the code was
    /// compiled for.
    pub(super) fences: bool,
    pub(super) budget: Budget,
}

impl Limiting {
    /// How a memory is made that code takes for one of this style.
    fn made(&self, style: &MemoryStyle) -> MemoryStyle {
        match style {
            MemoryStyle::Dynamic { .. } if self.fences => MemoryStyle::Dynamic {
                offset_guard_size: WASM_PAGE_SIZE as u64,
            },
            style => *style,
        }
    }
}

impl Tunables for Limiting {
    fn memory_style(&self, _memory: &MemoryType) -> MemoryStyle {
        self.style
    }

    fn table_style(&self, table: &TableType) -> TableStyle {
        self.base.table_style(table)
    }

    fn create_host_memory(
        &self,
        ty: &MemoryType,
        style: &MemoryStyle,
    ) -> Result<VMMemory, MemoryError> {
        let style = self.made(style);
        self.budget
            .limit(ty, || self.base.create_host_memory(ty, &style))
    }

    #[expect(unsafe_code, reason = "the trait says so")]
    unsafe fn create_vm_memory(
        &self,
        ty: &MemoryType,
        style: &MemoryStyle,
        vm_definition_location: NonNull<VMMemoryDefinition>,
    ) -> Result<VMMemory, MemoryError> {
        let style = self.made(style);
        self.budget.limit(ty, || {
            // SAFETY: handed on as it came, under the same contract; a larger
            // guard is no less than what the code relies on.
            unsafe {
                self.base
                    .create_vm_memory(ty, &style, vm_definition_location)
            }
        })
    }

    fn create_host_table(&self, ty: &TableType, style: &TableStyle) -> Result<VMTable, String> {
        self.base.create_host_table(ty, style)
    }

    #[expect(unsafe_code, reason = "the trait says so")]
    unsafe fn create_vm_table(
        &self,
        ty: &TableType,
        style: &TableStyle,
        vm_definition_location: NonNull<VMTableDefinition>,
    ) -> Result<VMTable, String> {
        // SAFETY: handed on as it came, under the same contract.
        unsafe { self.base.create_vm_table(ty, style, vm_definition_location) }
    }
}

/// A memory of wasmer's own that does not grow beyond so many pages.
#[derive(Debug)]
struct Limited {
    memory: VMMemory,
    pages: u64,
    budget: Budget,
}

impl Limited {
    /// Grows by `delta` pages with `grow`, where the budget allows it.
    fn grow_with<R>(
        &mut self,
        delta: Pages,
        grow: impl FnOnce(&mut VMMemory) -> Result<R, MemoryError>,
    ) -> Result<R, MemoryError> {
        let ty = self.memory.ty();
        let current = self.memory.size();
        let desired = u64::from(current.0) + u64::from(delta.0);
        let refused = MemoryError::CouldNotGrow {
            current,
            attempted_delta: delta,
        };
        if desired > self.pages {
            return Err(refused);
        }
        let maximum = ty.maximum.unwrap_or(Pages::max_value());
        let copies = matches!(self.memory.style(), MemoryStyle::Dynamic { .. });
        let resident = self.budget.0.resident.load(Ordering::Relaxed);
        let result = if copies && current.bytes().0 as u64 > resident {
            Err(refused)
        } else {
            grow(&mut self.memory)
        };
        if result.is_err() && desired <= u64::from(maximum.0) {
            self.budget.0.failed.store(true, Ordering::Relaxed);
        }
        result
    }

    fn wrap(
        &self,
        memory: Box<dyn LinearMemory + Send + Sync>,
    ) -> Box<dyn LinearMemory + Send + Sync> {
        Box::new(Limited {
            memory: VMMemory(memory),
            pages: self.pages,
            budget: self.budget.clone(),
        })
    }
}

impl LinearMemory for Limited {
    fn ty(&self) -> MemoryType {
        self.memory.ty()
    }

    fn size(&self) -> Pages {
        self.memory.size()
    }

    fn style(&self) -> MemoryStyle {
        self.memory.style()
    }

    fn grow(&mut self, delta: Pages) -> Result<Pages, MemoryError> {
        self.grow_with(delta, |memory| memory.grow(delta))
    }

    fn grow_at_least(&mut self, min_size: u64) -> Result<(), MemoryError> {
        let pages = min_size.div_ceil(WASM_PAGE_SIZE as u64);
        let delta = pages.saturating_sub(self.memory.size().0.into());
        let delta = Pages(u32::try_from(delta).unwrap_or(u32::MAX));
        self.grow_with(delta, |memory| memory.grow_at_least(min_size))
    }

    fn reset(&mut self) -> Result<(), MemoryError> {
        self.memory.reset()
    }

    fn vmmemory(&self) -> NonNull<VMMemoryDefinition> {
        self.memory.vmmemory()
    }

    fn try_clone(&self) -> Result<Box<dyn LinearMemory + Send + Sync>, MemoryError> {
        Ok(self.wrap(LinearMemory::try_clone(&self.memory)?))
    }

    #[expect(unsafe_code, reason = "the trait says so")]
    unsafe fn initialize_with_data(&self, start: usize, data: &[u8]) -> Result<(), Trap> {
        // SAFETY: handed on as it came, under the same contract.
        unsafe { self.memory.initialize_with_data(start, data) }
    }

    fn copy(&self) -> Result<Box<dyn LinearMemory + Send + Sync>, MemoryError> {
        Ok(self.wrap(LinearMemory::copy(&self.memory)?))
    }

    fn as_shared(&self) -> Result<VMSharedMemory, MemoryError> {
        self.memory.as_shared()
    }

    #[expect(unsafe_code, reason = "the trait says so")]
    unsafe fn do_wait(
        &mut self,
        dst: u32,
        expected: ExpectedValue,
        timeout: Option<Duration>,
    ) -> Result<u32, WaiterError> {
        // SAFETY: handed on as it came, under the same contract.
        unsafe { self.memory.do_wait(dst, expected, timeout) }
    }

    fn do_notify(&mut self, dst: u32, count: u32) -> u32 {
        self.memory.do_notify(dst, count)
    }

    fn thread_conditions(&self) -> Option<&ThreadConditions> {
        self.memory.thread_conditions()
    }
}
