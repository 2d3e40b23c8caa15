//! Types of functions, memories, tables and globals.
//!
//! <https://webassembly.github.io/spec/core/syntax/types.html>

use std::fmt;

use crate::ValueType;

/// The type of a function: what it takes and what it gives.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FuncType {
    /// The parameters.
    pub params: Vec<ValueType>,
    /// The results.
    pub results: Vec<ValueType>,
}

/// The type of addresses, and of sizes, of a memory or a table.
/// <https://webassembly.github.io/spec/core/syntax/types.html#address-types>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AddressType {
    /// 32-bit addresses.
    I32,
    /// 64-bit addresses.
    I64,
}

impl AddressType {
    /// How many bits an address has.
    pub fn bits(self) -> u32 {
        match self {
            AddressType::I32 => 32,
            AddressType::I64 => 64,
        }
    }

    /// One more than the largest address.
    pub fn range(self) -> u128 {
        1 << self.bits()
    }

    /// The type of a value that is such an address.
    pub fn value_type(self) -> ValueType {
        match self {
            AddressType::I32 => ValueType::I32,
            AddressType::I64 => ValueType::I64,
        }
    }

    /// The smaller of two, by which the length of a copy between them is typed.
    /// <https://webassembly.github.io/spec/core/syntax/types.html#address-types>
    pub fn min(self, other: AddressType) -> AddressType {
        Ord::min(self, other)
    }
}

impl fmt::Display for AddressType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AddressType::I32 => "i32",
            AddressType::I64 => "i64",
        })
    }
}

/// The type of a linear memory.
/// <https://webassembly.github.io/spec/core/syntax/types.html#memory-types>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MemoryType {
    /// How it is addressed.
    pub address: AddressType,
    /// Whether threads share it.
    pub shared: bool,
    /// The logarithm to base 2 of the page size in bytes: 16, or 0.
    pub page_size_log2: u32,
    /// The smallest size, in pages.
    pub minimum: u64,
    /// The largest size, in pages, if it has one.
    pub maximum: Option<u64>,
}

impl MemoryType {
    /// The size of a page, in bytes.
    pub fn page_size(self) -> u128 {
        1 << self.page_size_log2
    }
}

/// The type of a table.
/// <https://webassembly.github.io/spec/core/syntax/types.html#table-types>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TableType {
    /// How it is indexed.
    pub address: AddressType,
    /// What its elements are: [`ValueType::FuncRef`] or [`ValueType::ExternRef`].
    pub element: ValueType,
    /// The smallest size, in elements.
    pub minimum: u64,
    /// The largest size, in elements, if it has one.
    pub maximum: Option<u64>,
}

/// The type of a global.
/// <https://webassembly.github.io/spec/core/syntax/types.html#global-types>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GlobalType {
    /// What it holds.
    pub value: ValueType,
    /// Whether it can be set.
    pub mutable: bool,
}

/// The type of an import or of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExternType {
    /// A function.
    Func(FuncType),
    /// A table.
    Table(TableType),
    /// A memory.
    Memory(MemoryType),
    /// A global.
    Global(GlobalType),
}

/// Whether limits `min`/`max` that are provided satisfy those that are required.
/// <https://webassembly.github.io/spec/core/valid/matching.html#limits>
pub(crate) fn limits_match(
    (min, max): (u64, Option<u64>),
    (required_min, required_max): (u64, Option<u64>),
) -> bool {
    min >= required_min
        && match (max, required_max) {
            (_, None) => true,
            (Some(max), Some(required)) => max <= required,
            (None, Some(_)) => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_pages_have_their_sizes() {
        for (address, name, bits) in [(AddressType::I32, "i32", 32), (AddressType::I64, "i64", 64)]
        {
            assert_eq!((address.to_string().as_str(), address.bits()), (name, bits));
            assert_eq!(address.range(), 1 << bits);
            assert_eq!(address.min(AddressType::I32), AddressType::I32);
            assert_eq!(AddressType::I64.min(address), address);
            for page_size_log2 in [0, 16] {
                let ty = MemoryType {
                    address,
                    shared: false,
                    page_size_log2,
                    minimum: 0,
                    maximum: None,
                };
                assert_eq!(ty.page_size(), 1 << page_size_log2);
            }
        }
    }
}
