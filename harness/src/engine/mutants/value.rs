//! Faults in what loads give and stores write.

use trapline_reference::{
    Extension, Instruction, Kind, Memory, Request, Specification as Spec, Traps, ValueType,
};

use super::{ones, plant};

plant! {
    "load8-unsigned", "i64.load8_s extends with zeros": {
        fn loaded(&self, request: &Request, raw: u128, vector: u128) -> u128 {
            if is_signed(request, ValueType::I64, 1) {
                raw
            } else {
                Spec.loaded(request, raw, vector)
            }
        }
    }
    "load16-unsigned", "i32.load16_s extends with zeros": {
        fn loaded(&self, request: &Request, raw: u128, vector: u128) -> u128 {
            if is_signed(request, ValueType::I32, 2) {
                raw
            } else {
                Spec.loaded(request, raw, vector)
            }
        }
    }
    "load32-unsigned", "i64.load32_s extends with zeros": {
        fn loaded(&self, request: &Request, raw: u128, vector: u128) -> u128 {
            if is_signed(request, ValueType::I64, 4) {
                raw
            } else {
                Spec.loaded(request, raw, vector)
            }
        }
    }
    "load32-signed", "i64.load32_u extends with the sign": {
        fn loaded(&self, request: &Request, raw: u128, vector: u128) -> u128 {
            let Instruction { width, value, kind, .. } = *request.instruction;
            if (width, value, kind) == (4, ValueType::I64, Kind::Load(Extension::Zero)) {
                u128::from(raw as u32 as i32 as u64)
            } else {
                Spec.loaded(request, raw, vector)
            }
        }
    }
    "f32-quieted", "a signalling NaN that is loaded as f32 becomes quiet": {
        fn loaded(&self, request: &Request, raw: u128, vector: u128) -> u128 {
            let loaded = Spec.loaded(request, raw, vector);
            let nan = loaded & 0x7f80_0000 == 0x7f80_0000 && loaded & 0x7f_ffff != 0;
            if request.instruction.value == ValueType::F32 && nan {
                loaded | 0x40_0000
            } else {
                loaded
            }
        }
    }
    "f64-quieted", "a signalling NaN that is stored as f64 becomes quiet": {
        fn stored(&self, request: &Request, value: u128) -> u128 {
            let exponent = 0x7ff0_0000_0000_0000;
            let nan = value & exponent == exponent && value & 0xf_ffff_ffff_ffff != 0;
            if request.instruction.value == ValueType::F64 && nan {
                Spec.stored(request, value | 1 << 51)
            } else {
                Spec.stored(request, value)
            }
        }
    }
    "store-partial", "a store over the end writes what fits before it traps": {
        fn store(&self, request: &Request, memory: &mut Memory, value: u128) -> Result<(), Traps> {
            let done = Spec.store(request, memory, value);
            let at = Spec.effective_address(request, memory);
            if done.is_err() && at < memory.bytes() {
                let room = (memory.bytes() - at).min(request.instruction.width.into()) as usize;
                memory.write(at, &Spec.stored(request, value).to_le_bytes()[..room]);
            }
            done
        }
    }
    "store16-wide", "a 2-byte store writes 4 bytes": {
        fn write(&self, request: &Request, memory: &mut Memory, at: u128, value: u128) {
            Spec.write(request, memory, at, value);
            if request.instruction.width == 2 && at + 4 <= memory.bytes() {
                memory.write(at + 2, &[0, 0]);
            }
        }
    }
    "store-page-split", "a store over a page boundary loses its second half": {
        fn write(&self, request: &Request, memory: &mut Memory, at: u128, value: u128) {
            let width = u128::from(request.instruction.width);
            let left = 65_536 - at % 65_536;
            let fits = width.min(left) as usize;
            memory.write(at, &value.to_le_bytes()[..fits]);
        }
    }
    "lane-load-wrong", "a lane load replaces the lane beside": {
        fn loaded(&self, request: &Request, raw: u128, vector: u128) -> u128 {
            let lane = match request.instruction.kind {
                Kind::LoadLane => request.lane ^ 1,
                _ => request.lane,
            };
            Spec.loaded(&Request { lane, ..*request }, raw, vector)
        }
    }
    "lane-load-clears", "a lane load clears the other lanes": {
        fn loaded(&self, request: &Request, raw: u128, vector: u128) -> u128 {
            let keeps = request.instruction.kind != Kind::LoadLane;
            Spec.loaded(request, raw, if keeps { vector } else { 0 })
        }
    }
    "lane-store-first", "a lane store writes lane 0": {
        fn stored(&self, request: &Request, value: u128) -> u128 {
            Spec.stored(&Request { lane: 0, ..*request }, value)
        }
    }
    "lane-store-wide", "a lane store checks bounds for a whole vector": {
        fn in_bounds(&self, request: &Request, memory: &Memory, at: u128) -> bool {
            match request.instruction.kind {
                Kind::StoreLane => at + 16 <= memory.bytes(),
                _ => Spec.in_bounds(request, memory, at),
            }
        }
    }
    "splat-overreads", "a splat load checks bounds for a whole vector": {
        fn in_bounds(&self, request: &Request, memory: &Memory, at: u128) -> bool {
            match request.instruction.kind {
                Kind::LoadSplat => at + 16 <= memory.bytes(),
                _ => Spec.in_bounds(request, memory, at),
            }
        }
    }
    "splat-half", "a splat load leaves the upper half zero": {
        fn loaded(&self, request: &Request, raw: u128, vector: u128) -> u128 {
            let loaded = Spec.loaded(request, raw, vector);
            match request.instruction.kind {
                Kind::LoadSplat => loaded & ones(64),
                _ => loaded,
            }
        }
    }
    "zero-load-splats", "a zero-extending vector load fills the other lanes": {
        fn loaded(&self, request: &Request, raw: u128, vector: u128) -> u128 {
            let Instruction { width, value, kind, .. } = *request.instruction;
            let loaded = Spec.loaded(request, raw, vector);
            match kind {
                Kind::Load(_) if value == ValueType::V128 && width < 16 => {
                    loaded | loaded << (8 * width)
                }
                _ => loaded,
            }
        }
    }
    "extend-load-unsigned", "a sign-extending vector load extends with zeros": {
        fn loaded(&self, request: &Request, raw: u128, vector: u128) -> u128 {
            let Kind::LoadExtend(Extension::Signed, lane) = request.instruction.kind else {
                return Spec.loaded(request, raw, vector);
            };
            (0..request.instruction.width / lane)
                .map(|i| (raw >> (i * lane * 8) & ones(lane * 8)) << (i * lane * 16))
                .sum()
        }
    }
}

/// Whether it is the load of this type and width that extends with the sign.
fn is_signed(request: &Request, value: ValueType, width: u32) -> bool {
    let instruction = request.instruction;
    instruction.kind == Kind::Load(Extension::Signed)
        && instruction.value == value
        && instruction.width == width
}
