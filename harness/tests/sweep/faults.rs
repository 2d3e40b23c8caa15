//! Twenty-two faults of kinds that the space was not made for, written after it.
//!
//! Of three of them a reading said that no point could show them as the space first was, and
//! it was changed before they were run:
//! `f32-denormal` and `f64-negative-zero`, since no such number was read or stored anywhere; and
//! `wait-twice`, since nothing but the representatives is done twice in a function, and no wait was
//! one of them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use trapline_harness::engine::{Configuration, mutants, reference};
use trapline_reference::{
    AddressType, Bulk, Kind, Memory, MemoryType, Request, Rmw, Rules, Site, Specification as Spec,
    Traps, ValueType, Wait,
};

/// The configurations: for each fault its name, what is wrong, and the rules that it
/// replaces.
macro_rules! plant {
    ($( $name:literal, $about:literal: $state:ty { $($rule:item)* } )*) => {
        /// One configuration for each fault.
        pub(crate) fn faults() -> Vec<Configuration> {
            let features = mutants()[0].features;
            vec![ $( {
                #[derive(Default)]
                struct Fault(#[allow(dead_code, reason = "few remember anything")] $state);
                impl Rules for Fault { $($rule)* }
                Configuration::linked(concat!("mutant/", $name), "0", $about, features, || {
                    Ok(reference::engine(|| Arc::new(Fault::default())))
                })
            }, )* ]
        }
    };
}

plant! {
    "page-load-split", "a load over a page boundary reads zeros behind it": () {
        fn read(&self, request: &Request, memory: &Memory, at: u128) -> u128 {
            let value = Spec.read(request, memory, at);
            let left = 65_536 - at % 65_536;
            if left < u128::from(request.instruction.width) { value & low(left as u32 * 8) } else { value }
        }
    }
    "odd-swap", "a 2-byte load at an odd address swaps its bytes": () {
        fn read(&self, request: &Request, memory: &Memory, at: u128) -> u128 {
            let value = Spec.read(request, memory, at);
            if request.instruction.width == 2 && at % 2 == 1 {
                u128::from((value as u16).swap_bytes())
            } else {
                value
            }
        }
    }
    "vector-store-rounds", "an unaligned v128.store goes to the multiple of 16 before it": () {
        fn write(&self, request: &Request, memory: &mut Memory, at: u128, value: u128) {
            let at = if request.instruction.width == 16 { at & !15 } else { at };
            Spec.write(request, memory, at, value);
        }
    }
    "store32-wide", "i64.store32 writes 8 bytes where there is room": () {
        fn write(&self, request: &Request, memory: &mut Memory, at: u128, value: u128) {
            Spec.write(request, memory, at, value);
            let row = request.instruction;
            if (row.width, row.value) == (4, ValueType::I64) && row.kind == Kind::Store && at + 8 <= memory.bytes() {
                memory.write(at + 4, &[0; 4]);
            }
        }
    }
    "f32-denormal", "an f32 that is a denormal is loaded as zero": () {
        fn loaded(&self, request: &Request, raw: u128, vector: u128) -> u128 {
            let loaded = Spec.loaded(request, raw, vector);
            let is_denormal = loaded & 0x7f80_0000 == 0 && loaded & 0x7f_ffff != 0;
            if request.instruction.value == ValueType::F32 && is_denormal { loaded & 0x8000_0000 } else { loaded }
        }
    }
    "f64-negative-zero", "a negative zero is stored as a positive one": () {
        fn stored(&self, request: &Request, value: u128) -> u128 {
            let is_zero = request.instruction.value == ValueType::F64 && value == 1 << 63;
            Spec.stored(request, if is_zero { 0 } else { value })
        }
    }
    "rmw-and-signed", "a narrow atomic.rmw.and gives what was there with its sign": () {
        fn atomic_rmw(&self, request: &Request, memory: &mut Memory, op: Rmw, operand: u128) -> Result<u128, Traps> {
            let old = Spec.atomic_rmw(request, memory, op, operand)?;
            let is_narrow = request.instruction.width == 1 && request.instruction.value == ValueType::I32;
            Ok(if op == Rmw::And && is_narrow { u128::from(old as u8 as i8 as u32) } else { old })
        }
    }
    "cmpxchg-new", "a cmpxchg that succeeds gives what it stored": () {
        fn atomic_cmpxchg(&self, request: &Request, memory: &mut Memory, expected: u128, replacement: u128) -> Result<u128, Traps> {
            let old = Spec.atomic_cmpxchg(request, memory, expected, replacement)?;
            let mask = low(request.instruction.width * 8);
            Ok(if old == expected & mask { replacement & mask } else { old })
        }
    }
    "wait-twice", "a second wait at one place finds another value": AtomicU64 {
        fn wait(&self, request: &Request, memory: &Memory, expected: u128) -> Result<Wait, Traps> {
            let wait = Spec.wait(request, memory, expected)?;
            let before = self.0.swap(request.address, Ordering::Relaxed);
            Ok(if before == request.address && before != 0 { Wait::NotEqual } else { wait })
        }
    }
    "after-narrower", "an access behind a narrower one at the same address is not checked": Mutex<(u64, u64, u64)> {
        fn in_bounds(&self, request: &Request, memory: &Memory, at: u128) -> bool {
            let here = (request.site.activation, request.address, request.offset);
            let mut last = self.0.lock().expect("nobody panics");
            let is_known = *last == here && at < memory.bytes();
            *last = here;
            is_known || Spec.in_bounds(request, memory, at)
        }
    }
    "after-failed-grow", "behind a grow that failed the bound is a page further": AtomicU64 {
        fn grow(&self, site: &Site, memory: &mut Memory, delta: u64, resources: bool) -> i128 {
            let result = Spec.grow(site, memory, delta, resources);
            if result < 0 {
                self.0.store(site.activation, Ordering::Relaxed);
            }
            result
        }
        fn bound(&self, site: &Site, memory: &Memory) -> u128 {
            let is_wrong = self.0.load(Ordering::Relaxed) == site.activation && site.activation > 0;
            memory.bytes() + if is_wrong { memory.ty().page_size() } else { 0 }
        }
    }
    "grow-loses-start", "a grow of a shared memory loses its first byte": () {
        fn grow(&self, site: &Site, memory: &mut Memory, delta: u64, resources: bool) -> i128 {
            let old = memory.bytes();
            let result = Spec.grow(site, memory, delta, resources);
            if memory.ty().shared && memory.bytes() > old && old > 0 {
                memory.write(0, &[0]);
            }
            result
        }
    }
    "grow-small-pages", "by the host, a memory of small pages grows a byte less": () {
        fn grow(&self, site: &Site, memory: &mut Memory, delta: u64, resources: bool) -> i128 {
            let less = u64::from(site.by_host && memory.ty().page_size() == 1 && delta > 1);
            Spec.grow(site, memory, delta - less, resources)
        }
    }
    "exactly-4-gib", "an access that ends exactly at 4 GiB traps": () {
        fn in_bounds(&self, request: &Request, memory: &Memory, at: u128) -> bool {
            at + u128::from(request.instruction.width) != 1 << 32 && Spec.in_bounds(request, memory, at)
        }
    }
    "sign-extended-64", "a 64-bit operand is the sign extension of its low half where that is 2^31": () {
        fn effective_address(&self, request: &Request, memory: &Memory) -> u128 {
            let at = Spec.effective_address(request, memory);
            let is_wide = memory.ty().address == AddressType::I64;
            if is_wide && request.address == 1 << 31 { at | 0xffff_ffff_0000_0000 } else { at }
        }
    }
    "offset-page", "a static offset of 64 KiB less a byte is left out by stores": () {
        fn effective_address(&self, request: &Request, memory: &Memory) -> u128 {
            let at = Spec.effective_address(request, memory);
            let left_out = request.offset == 0xffff && request.instruction.writes();
            if left_out { at - 0xffff } else { at }
        }
    }
    "copy-in-32", "the destination of a copy between memories is cut to 32 bits": () {
        fn copy(&self, bulk: &Bulk, memory: &mut Memory, source: Option<&Memory>) -> Result<(), Traps> {
            let destination = match source {
                Some(_) => u64::from(bulk.destination as u32),
                None => bulk.destination,
            };
            Spec.copy(&Bulk { destination, ..*bulk }, memory, source)
        }
    }
    "copy-overlap-3", "a copy down by less than 8 bytes loses its last byte": () {
        fn copy(&self, bulk: &Bulk, memory: &mut Memory, source: Option<&Memory>) -> Result<(), Traps> {
            let last = bulk.destination.wrapping_add(bulk.length).wrapping_sub(1);
            let before = memory.byte(last.into());
            Spec.copy(bulk, memory, source)?;
            let down = bulk.source.wrapping_sub(bulk.destination);
            if source.is_none() && (1..8).contains(&down) && bulk.length > 8 {
                memory.write(last.into(), &[before]);
            }
            Ok(())
        }
    }
    "fill-signed", "memory.fill writes bytes of 128 and more as 127": () {
        fn fill(&self, bulk: &Bulk, memory: &mut Memory, value: u8) -> Result<(), Traps> {
            Spec.fill(bulk, memory, value.min(127))
        }
    }
    "drop-keeps-one", "a dropped data segment keeps its first byte": () {
        fn drop_data(&self, segment: &mut Arc<[u8]>) {
            *segment = segment.iter().copied().take(1).collect();
        }
    }
    "data-last-lost", "an active segment of more than 16 bytes loses its last": () {
        fn init_active(&self, bulk: &Bulk, memory: &mut Memory, segment: &[u8]) -> Result<(), Traps> {
            Spec.init(bulk, memory, segment)?;
            if segment.len() == 17 {
                memory.write(u128::from(bulk.destination) + 16, &[0]);
            }
            Ok(())
        }
    }
    "new-shared-dirty", "the second page of a new shared memory is not zero": () {
        fn allocate(&self, ty: MemoryType) -> Memory {
            let mut memory = Memory::new(ty);
            if ty.shared && memory.bytes() >= 0x2_0000 {
                memory.write(0x1_8000, &[1]);
            }
            memory
        }
    }
}

/// So many ones, from the least significant bit.
fn low(bits: u32) -> u128 {
    u128::MAX.checked_shr(128 - bits).unwrap_or(0)
}
