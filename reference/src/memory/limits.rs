//! Which memory types are valid, and which instructions on them.
//!
//! Written from the specification alone: engines validate with `wasmparser`,
//! and so a mistake there would be everybody's.

use crate::types::{AddressType, MemoryType};

use super::instruction::Instruction;

/// The most pages any memory of this type may have: its size in bytes has to
/// fit its address space; with pages of one byte it has to fit an address, as
/// otherwise `memory.size` could not give it.
///
/// <https://webassembly.github.io/spec/core/valid/types.html#memory-types>
pub fn most_pages(ty: MemoryType) -> u128 {
    let whole = ty.address.range() >> ty.page_size_log2;
    whole.min(ty.address.range() - 1)
}

/// Whether a memory type is valid.
///
/// <https://webassembly.github.io/spec/core/valid/types.html#memory-types>
///
/// # Errors
///
/// What is wrong with it, in words.
pub fn check_type(ty: MemoryType) -> Result<(), String> {
    if ty.page_size_log2 != 0 && ty.page_size_log2 != 16 {
        return Err(format!(
            "invalid custom page size: 2^{} bytes, neither 1 nor 65536",
            ty.page_size_log2
        ));
    }
    let most = most_pages(ty);
    for (what, pages) in [("minimum", Some(ty.minimum)), ("maximum", ty.maximum)] {
        if let Some(pages) = pages.filter(|&pages| u128::from(pages) > most) {
            return Err(format!(
                "memory size must be at most {most:#x} pages of {} bytes, the {what} is {pages:#x}",
                ty.page_size()
            ));
        }
    }
    if ty.maximum.is_some_and(|maximum| maximum < ty.minimum) {
        return Err("size minimum must not be greater than maximum".to_owned());
    }
    if ty.shared && ty.maximum.is_none() {
        return Err("shared memory must have maximum".to_owned());
    }
    Ok(())
}

/// Whether an instruction with these immediates is valid on such a memory.
///
/// <https://webassembly.github.io/spec/core/valid/instructions.html#memory-instructions>
///
/// # Errors
///
/// What is wrong with it, in words.
pub(crate) fn check_access(
    instruction: &Instruction,
    address: AddressType,
    align_log2: u8,
    offset: u64,
    lane: u8,
) -> Result<(), String> {
    let natural = instruction.width.ilog2();
    if instruction.kind.is_atomic() && u32::from(align_log2) != natural {
        return Err(format!(
            "atomic alignment must be natural: 2^{natural}, not 2^{align_log2}"
        ));
    }
    if u32::from(align_log2) > natural {
        return Err(format!(
            "alignment must not be larger than natural: 2^{natural}, not 2^{align_log2}"
        ));
    }
    if u128::from(offset) >= address.range() {
        return Err(format!(
            "offset out of range: {offset:#x} for {address} addresses"
        ));
    }
    if u32::from(lane) >= 16 / instruction.width {
        return Err(format!("invalid lane index {lane}"));
    }
    Ok(())
}
