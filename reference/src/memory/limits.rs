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

#[cfg(test)]
mod tests {
    use super::*;

    fn ty(address: AddressType, page_size_log2: u32, minimum: u64) -> MemoryType {
        MemoryType {
            address,
            shared: false,
            page_size_log2,
            minimum,
            maximum: None,
        }
    }

    #[test]
    fn the_largest_memory_of_each_kind_is_valid_and_one_page_more_is_not() {
        for (address, page_size_log2, most) in [
            (AddressType::I32, 16, 1 << 16),
            (AddressType::I64, 16, 1 << 48),
            (AddressType::I32, 0, u64::from(u32::MAX)),
        ] {
            let of = |minimum| ty(address, page_size_log2, minimum);
            assert_eq!(most_pages(of(0)), most.into());
            assert_eq!(check_type(of(most)), Ok(()));
            assert!(check_type(of(most + 1)).is_err());
            let with = |maximum| MemoryType {
                maximum: Some(maximum),
                ..of(0)
            };
            assert_eq!(check_type(with(most)), Ok(()));
            assert!(check_type(with(most + 1)).is_err());
        }
        assert_eq!(check_type(ty(AddressType::I64, 0, u64::MAX)), Ok(()));
    }

    #[test]
    fn page_sizes_are_1_and_65536() {
        for page_size_log2 in 0..64 {
            let valid = check_type(ty(AddressType::I64, page_size_log2, 0)).is_ok();
            assert_eq!(valid, matches!(page_size_log2, 0 | 16), "{page_size_log2}");
        }
    }

    #[test]
    fn limits_are_ordered_and_shared_memory_has_both() {
        let of = |minimum, maximum, shared| MemoryType {
            minimum,
            maximum,
            shared,
            ..ty(AddressType::I32, 16, 0)
        };
        assert_eq!(check_type(of(2, Some(2), false)), Ok(()));
        assert!(check_type(of(3, Some(2), false)).is_err());
        assert_eq!(check_type(of(1, Some(2), true)), Ok(()));
        assert!(check_type(of(1, None, true)).is_err());
    }

    #[test]
    fn alignment_offset_and_lane_have_their_limits() {
        use AddressType::{I32, I64};
        for row in Instruction::all() {
            let natural = row.width.ilog2() as u8;
            let check = |address, align, offset, lane| {
                check_access(row, address, align, offset, lane).is_ok()
            };
            for align in 0..8 {
                let valid = match row.kind.is_atomic() {
                    true => align == natural,
                    false => align <= natural,
                };
                assert_eq!(check(I32, align, 0, 0), valid, "{} {align}", row.name);
            }
            let most = u64::from(u32::MAX);
            assert!(check(I32, natural, most, 0), "{}", row.name);
            assert!(!check(I32, natural, most + 1, 0), "{}", row.name);
            assert!(check(I64, natural, u64::MAX, 0), "{}", row.name);
            let lanes = (16 / row.width) as u8;
            assert!(check(I32, natural, 0, lanes - 1), "{}", row.name);
            assert!(!check(I32, natural, 0, lanes), "{}", row.name);
        }
    }
}
