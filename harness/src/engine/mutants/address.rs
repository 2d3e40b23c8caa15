//! Faults in effective addresses and in the bounds they are checked against.

use trapline_reference::{AddressType, Memory, Request, Rules, Site, Specification as Spec};

use super::plant;

plant! {
    "bound-short", "the last byte of a memory is out of bounds": {
        fn in_bounds(&self, request: &Request, memory: &Memory, at: u128) -> bool {
            at + u128::from(request.instruction.width) < self.bound(&request.site, memory)
        }
    }
    "bound-short-8", "the last byte is out of bounds for accesses of 8 bytes": {
        fn in_bounds(&self, request: &Request, memory: &Memory, at: u128) -> bool {
            let short = u128::from(request.instruction.width == 8);
            at + u128::from(request.instruction.width) + short <= memory.bytes()
        }
    }
    "bound-long-1", "an access of one byte may stand just beyond the end": {
        fn in_bounds(&self, request: &Request, memory: &Memory, at: u128) -> bool {
            let long = u128::from(request.instruction.width == 1);
            at + u128::from(request.instruction.width) <= memory.bytes() + long
        }
    }
    "bound-first-byte-2", "only the first byte of a 2-byte access is checked": {
        fn in_bounds(&self, request: &Request, memory: &Memory, at: u128) -> bool {
            first_byte(request, memory, at, 2)
        }
    }
    "bound-first-byte-4", "only the first byte of a 4-byte access is checked": {
        fn in_bounds(&self, request: &Request, memory: &Memory, at: u128) -> bool {
            first_byte(request, memory, at, 4)
        }
    }
    "bound-first-byte-8", "only the first byte of an 8-byte access is checked": {
        fn in_bounds(&self, request: &Request, memory: &Memory, at: u128) -> bool {
            first_byte(request, memory, at, 8)
        }
    }
    "bound-first-byte-16", "only the first byte of a 16-byte access is checked": {
        fn in_bounds(&self, request: &Request, memory: &Memory, at: u128) -> bool {
            first_byte(request, memory, at, 16)
        }
    }
    "bound-narrow", "16-byte accesses are checked as if they had 8": {
        fn in_bounds(&self, request: &Request, memory: &Memory, at: u128) -> bool {
            at + u128::from(request.instruction.width.min(8)) <= memory.bytes()
        }
    }
    "bound-zero-size", "address 0 of an empty memory is in bounds": {
        fn in_bounds(&self, request: &Request, memory: &Memory, at: u128) -> bool {
            (at == 0 && memory.bytes() == 0) || Spec.in_bounds(request, memory, at)
        }
    }
    "bound-second-memory", "the last byte of all memories but the first is out of bounds": {
        fn in_bounds(&self, request: &Request, memory: &Memory, at: u128) -> bool {
            let short = u128::from(request.site.memory > 0);
            at + u128::from(request.instruction.width) + short <= memory.bytes()
        }
    }
    "bound-second-as-first", "other memories are checked only for the first page": {
        fn bound(&self, site: &Site, memory: &Memory) -> u128 {
            if site.memory > 0 { memory.bytes().min(65_536) } else { memory.bytes() }
        }
    }
    "bound-imported", "an imported memory is one byte larger": {
        fn bound(&self, site: &Site, memory: &Memory) -> u128 {
            memory.bytes() + u128::from(site.imported)
        }
    }
    "bound-maximum", "addresses up to the declared maximum are in bounds": {
        fn bound(&self, _: &Site, memory: &Memory) -> u128 {
            let ty = memory.ty();
            let most = u128::from(ty.maximum.unwrap_or(0)) * ty.page_size();
            // Engines reserve as much as this, not the whole address space.
            if most <= 1 << 32 { memory.bytes().max(most) } else { memory.bytes() }
        }
    }
    "bound-small-page-rounded", "with pages of one byte the bound is rounded up to 4 KiB": {
        fn bound(&self, _: &Site, memory: &Memory) -> u128 {
            if memory.ty().page_size() == 1 {
                memory.bytes().next_multiple_of(4096)
            } else {
                memory.bytes()
            }
        }
    }
    "bound-small-page-short", "with pages of one byte the last byte is out of bounds": {
        fn bound(&self, _: &Site, memory: &Memory) -> u128 {
            let short = u128::from(memory.ty().page_size() == 1);
            memory.bytes().saturating_sub(short)
        }
    }
    "bound-shared-short", "the last byte of a shared memory is out of bounds": {
        fn bound(&self, _: &Site, memory: &Memory) -> u128 {
            memory.bytes().saturating_sub(u128::from(memory.ty().shared))
        }
    }
    "offset-32", "a static offset is cut to 32 bits": {
        fn effective_address(&self, request: &Request, _: &Memory) -> u128 {
            u128::from(request.address) + u128::from(request.offset as u32)
        }
    }
    "offset-signed", "a static offset of 2^31 or more is negative": {
        fn effective_address(&self, request: &Request, memory: &Memory) -> u128 {
            let offset = request.offset as u32 as i32 as u64;
            u128::from(wrap(memory, request.address.wrapping_add(offset)))
        }
    }
    "offset-guarded", "a static offset of 32 MiB or more is left to a guard that is smaller": {
        fn effective_address(&self, request: &Request, _: &Memory) -> u128 {
            let offset = if request.offset >= 0x200_0000 { 0 } else { request.offset };
            u128::from(request.address) + u128::from(offset)
        }
    }
    "offset-unaligned", "an odd static offset loses its lowest bit": {
        fn effective_address(&self, request: &Request, _: &Memory) -> u128 {
            u128::from(request.address) + u128::from(request.offset & !1)
        }
    }
    "add-wraps-32", "operand plus offset wraps at 2^32": {
        fn effective_address(&self, request: &Request, memory: &Memory) -> u128 {
            let sum = Spec.effective_address(request, memory);
            if is_wide(memory) { sum } else { sum & 0xffff_ffff }
        }
    }
    "add-wraps-64", "operand plus offset wraps at 2^64": {
        fn effective_address(&self, request: &Request, _: &Memory) -> u128 {
            u128::from(request.address.wrapping_add(request.offset))
        }
    }
    "end-wraps-32", "the end of an access wraps at 2^32": {
        fn in_bounds(&self, request: &Request, memory: &Memory, at: u128) -> bool {
            let end = at + u128::from(request.instruction.width);
            if is_wide(memory) || at >= 1 << 32 {
                Spec.in_bounds(request, memory, at)
            } else {
                end & 0xffff_ffff <= memory.bytes()
            }
        }
    }
    "end-wraps-64", "the end of an access wraps at 2^64": {
        fn in_bounds(&self, request: &Request, memory: &Memory, at: u128) -> bool {
            let end = at + u128::from(request.instruction.width);
            if at >= 1 << 64 { false } else { u128::from(end as u64) <= memory.bytes() }
        }
    }
    "address-signed", "an operand of 2^31 or more is negative": {
        fn effective_address(&self, request: &Request, memory: &Memory) -> u128 {
            if is_wide(memory) {
                return Spec.effective_address(request, memory);
            }
            let operand = request.address as u32 as i32 as u64;
            u128::from(operand.wrapping_add(request.offset))
        }
    }
    "address-32", "a 64-bit operand is cut to 32 bits": {
        fn effective_address(&self, request: &Request, _: &Memory) -> u128 {
            u128::from(request.address as u32) + u128::from(request.offset)
        }
    }
    "address-48", "a 64-bit operand is cut to 48 bits": {
        fn effective_address(&self, request: &Request, _: &Memory) -> u128 {
            u128::from(request.address & ((1 << 48) - 1)) + u128::from(request.offset)
        }
    }
    "guard-too-small", "beyond 4 GiB and 32 MiB a 32-bit access meets no guard": {
        fn in_bounds(&self, request: &Request, memory: &Memory, at: u128) -> bool {
            let beyond = !is_wide(memory) && at >= (1 << 32) + (1 << 25);
            beyond || Spec.in_bounds(request, memory, at)
        }
    }
    "beyond-4-gib", "an address beyond 4 GiB, in bounds, is cut to 32 bits": {
        fn effective_address(&self, request: &Request, memory: &Memory) -> u128 {
            let at = Spec.effective_address(request, memory);
            let inside = at + u128::from(request.instruction.width) <= memory.bytes();
            if inside { at & 0xffff_ffff } else { at }
        }
    }
}

fn first_byte(request: &Request, memory: &Memory, at: u128, width: u32) -> bool {
    if request.instruction.width == width {
        at < memory.bytes()
    } else {
        Spec.in_bounds(request, memory, at)
    }
}

pub(super) fn is_wide(memory: &Memory) -> bool {
    memory.ty().address == AddressType::I64
}

fn wrap(memory: &Memory, address: u64) -> u64 {
    if is_wide(memory) {
        address
    } else {
        address & 0xffff_ffff
    }
}
