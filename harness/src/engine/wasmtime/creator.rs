//! A memory creator of ours: linear memories on the heap, as an embedder
//! without virtual memory would make them.

use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

/// Makes memories that are allocated anew, exactly as large as asked for, each
/// time they grow. For a configuration that reserves and guards nothing.
pub(super) struct Heap;

// SAFETY: a memory is given zeroed bytes of its own, of the size it reports,
// that stay where they are until it grows or goes; with nothing reserved and
// nothing guarded, wasmtime expects no more.
#[expect(unsafe_code, reason = "the trait says so")]
unsafe impl MemoryCreator for Heap {
    fn new_memory(
        &self,
        _ty: MemoryType,
        minimum: usize,
        _maximum: Option<usize>,
        reserved_size_in_bytes: Option<usize>,
        guard_size_in_bytes: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        if reserved_size_in_bytes.is_some_and(|bytes| bytes > minimum) || guard_size_in_bytes > 0 {
            return Err("the heap neither reserves nor guards".to_owned());
        }
        Ok(Box::new(Allocation::new(minimum)?))
    }
}

/// Bytes on the heap, in units that keep every access of WebAssembly aligned.
struct Allocation {
    units: Vec<u128>,
    bytes: usize,
}

const UNIT: usize = size_of::<u128>();

impl Allocation {
    fn new(bytes: usize) -> Result<Allocation, String> {
        let units = bytes.div_ceil(UNIT);
        // Memory beyond what there is has to be an error, not an abort; what is
        // there is taken zeroed from the system, untouched.
        Vec::<u128>::new()
            .try_reserve_exact(units)
            .map_err(|e| e.to_string())?;
        Ok(Allocation {
            units: vec![0; units],
            bytes,
        })
    }
}

// SAFETY: `as_ptr` points to `byte_size` bytes that no one else uses, and does
// not change but in `grow_to`.
#[expect(unsafe_code, reason = "the trait says so")]
unsafe impl LinearMemory for Allocation {
    fn byte_size(&self) -> usize {
        self.bytes
    }

    #[cfg(wasmtime_memory_layout)]
    fn byte_capacity(&self) -> usize {
        self.bytes
    }

    #[cfg(not(wasmtime_memory_layout))]
    fn maximum_byte_size(&self) -> Option<usize> {
        None
    }

    #[cfg(not(wasmtime_memory_layout))]
    fn wasm_accessible(&self) -> std::ops::Range<usize> {
        let start = self.units.as_ptr() as usize;
        start..start + self.bytes
    }

    fn grow_to(&mut self, new_size: usize) -> wasmtime::Result<()> {
        let mut grown = Allocation::new(new_size).map_err(wasmtime::Error::msg)?;
        grown.units[..self.units.len()].copy_from_slice(&self.units);
        *self = grown;
        Ok(())
    }

    fn as_ptr(&self) -> *mut u8 {
        self.units.as_ptr().cast_mut().cast()
    }
}
