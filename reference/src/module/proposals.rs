//! Which proposals a module may use.

use wasmparser::WasmFeatures;

/// The proposals after 2.0 that change what is valid. Older scripts expect that
/// what they did not know is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposals {
    /// Memories and tables with 64-bit addresses.
    pub memory64: bool,
    /// More than one memory in a module.
    pub multi_memory: bool,
    /// Shared memories and atomic instructions.
    pub threads: bool,
    /// Pages of one byte.
    pub custom_page_sizes: bool,
    /// More than one table in a module, and the rest of reference types.
    pub reference_types: bool,
    /// `return_call` and `return_call_indirect`.
    pub tail_call: bool,
    /// Arithmetic in constant expressions.
    pub extended_const: bool,
}

impl Proposals {
    /// All of them.
    pub const ALL: Proposals = Proposals {
        memory64: true,
        multi_memory: true,
        threads: true,
        custom_page_sizes: true,
        reference_types: true,
        tail_call: true,
        extended_const: true,
    };

    /// Core 2.0 and nothing later.
    pub const CORE_2: Proposals = Proposals {
        memory64: false,
        multi_memory: false,
        threads: false,
        custom_page_sizes: false,
        reference_types: true,
        tail_call: false,
        extended_const: false,
    };

    /// What the validator is to allow.
    pub(super) fn features(self) -> WasmFeatures {
        let Proposals {
            memory64,
            multi_memory,
            threads,
            custom_page_sizes,
            reference_types,
            tail_call,
            extended_const,
        } = self;
        let mut features = WasmFeatures::MUTABLE_GLOBAL
            | WasmFeatures::SATURATING_FLOAT_TO_INT
            | WasmFeatures::SIGN_EXTENSION
            | WasmFeatures::GC_TYPES
            | WasmFeatures::MULTI_VALUE
            | WasmFeatures::BULK_MEMORY
            | WasmFeatures::SIMD
            | WasmFeatures::FLOATS;
        features.set(WasmFeatures::MEMORY64, memory64);
        features.set(WasmFeatures::MULTI_MEMORY, multi_memory);
        features.set(WasmFeatures::THREADS, threads);
        features.set(WasmFeatures::CUSTOM_PAGE_SIZES, custom_page_sizes);
        features.set(WasmFeatures::REFERENCE_TYPES, reference_types);
        features.set(WasmFeatures::TAIL_CALL, tail_call);
        features.set(WasmFeatures::EXTENDED_CONST, extended_const);
        features
    }
}
