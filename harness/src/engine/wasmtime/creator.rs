//! Memory creators of ours: linear memories that wasmtime did not make itself, as an
//! embedder may have them.

use std::marker::PhantomData;

use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

use super::fence::Fenced;

/// Zeroed bytes that a memory can consist of.
pub(super) trait Bytes: Sized + Send + Sync + 'static {
    /// So many of them.
    fn new(len: usize) -> Result<Self, String>;
    /// The same bytes, and zeros up to a new length, somewhere else.
    fn grown(&self, len: usize) -> Result<Self, String>;
    fn len(&self) -> usize;
    /// The first of them.
    fn as_ptr(&self) -> *mut u8;
}

/// Makes memories of such bytes, exactly as many as asked for, anew each time they
/// grow. For a configuration that reserves and guards nothing.
pub(super) struct Creator<B>(PhantomData<B>);

impl<B> Creator<B> {
    pub(super) const fn new() -> Creator<B> {
        Creator(PhantomData)
    }
}

// SAFETY: a memory is given zeroed bytes of its own, of the size it reports,
// that stay where they are until it grows or goes; with nothing reserved and
// nothing guarded, wasmtime expects no more.
#[expect(unsafe_code, reason = "the trait says so")]
unsafe impl<B: Bytes> MemoryCreator for Creator<B> {
    fn new_memory(
        &self,
        _ty: MemoryType,
        minimum: usize,
        _maximum: Option<usize>,
        reserved_size_in_bytes: Option<usize>,
        guard_size_in_bytes: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        if reserved_size_in_bytes.is_some_and(|bytes| bytes > minimum) || guard_size_in_bytes > 0 {
            return Err("nothing is reserved or guarded here".to_owned());
        }
        Ok(Box::new(Made(B::new(minimum)?)))
    }
}

/// A memory of such bytes.
struct Made<B>(B);

// SAFETY: `as_ptr` points to `byte_size` bytes that no one else uses, and does
// not change but in `grow_to`.
#[expect(unsafe_code, reason = "the trait says so")]
unsafe impl<B: Bytes> LinearMemory for Made<B> {
    fn byte_size(&self) -> usize {
        self.0.len()
    }

    #[cfg(wasmtime_memory_layout)]
    fn byte_capacity(&self) -> usize {
        self.0.len()
    }

    #[cfg(not(wasmtime_memory_layout))]
    fn maximum_byte_size(&self) -> Option<usize> {
        None
    }

    #[cfg(not(wasmtime_memory_layout))]
    fn wasm_accessible(&self) -> std::ops::Range<usize> {
        let start = self.0.as_ptr() as usize;
        start..start + self.0.len()
    }

    fn grow_to(&mut self, new_size: usize) -> wasmtime::Result<()> {
        self.0 = self.0.grown(new_size).map_err(wasmtime::Error::msg)?;
        Ok(())
    }

    fn as_ptr(&self) -> *mut u8 {
        self.0.as_ptr()
    }
}

impl Bytes for Fenced {
    fn new(len: usize) -> Result<Fenced, String> {
        Fenced::new(len).map_err(|e| e.to_string())
    }

    fn grown(&self, len: usize) -> Result<Fenced, String> {
        Fenced::grown(self, len).map_err(|e| e.to_string())
    }

    fn len(&self) -> usize {
        Fenced::len(self)
    }

    fn as_ptr(&self) -> *mut u8 {
        Fenced::as_ptr(self)
    }
}

/// Bytes on the heap, in units that keep every access of WebAssembly aligned.
pub(super) struct Heap {
    units: Vec<u128>,
    bytes: usize,
}

const UNIT: usize = size_of::<u128>();

impl Bytes for Heap {
    fn new(bytes: usize) -> Result<Heap, String> {
        let units = bytes.div_ceil(UNIT);
        // Memory beyond what there is has to be an error, not an abort; what is
        // there is taken zeroed from the system, untouched.
        Vec::<u128>::new()
            .try_reserve_exact(units)
            .map_err(|e| e.to_string())?;
        Ok(Heap {
            units: vec![0; units],
            bytes,
        })
    }

    fn grown(&self, len: usize) -> Result<Heap, String> {
        let mut grown = Heap::new(len)?;
        grown.units[..self.units.len()].copy_from_slice(&self.units);
        Ok(grown)
    }

    fn len(&self) -> usize {
        self.bytes
    }

    fn as_ptr(&self) -> *mut u8 {
        self.units.as_ptr().cast_mut().cast()
    }
}
