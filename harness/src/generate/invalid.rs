//! Modules at the edge of validity, on both sides of it.

use wasm_encoder::{Encode, RawSection, ValType};

use super::dice::Dice;
use super::profile::Profile;
use crate::engine::Feature;

/// A small module, written section by section so that each can be wrong.
struct Draft {
    /// The limits of each memory, as bytes.
    memories: Vec<Vec<u8>>,
    /// The data count section.
    data_count: Option<u32>,
    /// The segments, as bytes.
    segments: Vec<Vec<u8>>,
    /// The type of the parameter of the only function, which returns an `i32`.
    param: ValType,
    /// Its instructions, without the `end`.
    code: Vec<u8>,
    /// How often the memory is exported under the same name.
    exports: u32,
    /// Whether the function is the start function, which it must not be.
    start: bool,
    /// In how many bytes numbers of things and sizes are written: 5 are the
    /// most that they may have.
    padding: usize,
}

fn leb(value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    bytes
}

/// The same number in more bytes than it needs.
fn long_leb(value: u64, len: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..len as u32)
        .map(|i| value.checked_shr(7 * i).unwrap_or(0) as u8 & 0x7f | 0x80)
        .collect();
    if let Some(last) = bytes.last_mut() {
        *last &= 0x7f;
    }
    bytes
}

fn limits(flags: u8, minimum: u64, maximum: Option<u64>) -> Vec<u8> {
    let mut bytes = vec![flags | u8::from(maximum.is_some())];
    bytes.extend(leb(minimum));
    bytes.extend(maximum.into_iter().flat_map(leb));
    bytes
}

const MEMORY64: u8 = 4;
const SHARED: u8 = 2;
const PAGE_SIZE: u8 = 8;

/// A module that is valid or, as often, just not. Its only function is `f`.
pub(super) fn module(dice: &mut Dice<'_, '_>, profile: &Profile) -> (Vec<u8>, ValType) {
    let has = |feature| profile.features.has(feature);
    let wide = has(Feature::Memory64);
    let flags = if wide { MEMORY64 } else { 0 };
    let at = if wide { ValType::I64 } else { ValType::I32 };
    let mut draft = Draft {
        memories: vec![limits(flags, 1, Some(2))],
        data_count: None,
        segments: Vec::new(),
        param: at,
        code: load(0x2d, &[0, 0]),
        exports: 1,
        start: false,
        padding: 1,
    };
    match dice.up_to(17) {
        0 | 1 => draft.memories[0] = edge_limits(dice, flags, wide),
        2 | 3 => draft.code = edge_alignment(dice, has(Feature::Simd)),
        4 | 5 => draft.code = edge_offset(dice, wide),
        6 => draft.code = edge_index(dice, has(Feature::MultiMemory), wide),
        7 | 8 => edge_segments(dice, &mut draft, at),
        9 => draft.memories[0] = long_limits(dice, flags),
        10 => draft.exports = dice.pick(&[2, 0]),
        11 => draft.start = true,
        12 => draft.memories[0][0] |= dice.pick(&[0x10, 0x80, 0x20]),
        13 if has(Feature::Threads) => {
            draft.memories[0] = limits(flags | SHARED, 1, dice.pick(&[None, Some(1), Some(2)]));
            draft.code = edge_atomic(dice);
        }
        14 if has(Feature::CustomPageSizes) => {
            draft.memories[0] = limits(flags | PAGE_SIZE, 1, Some(2));
            let log2 = dice.pick(&[0, 16, 1, 12, 15, 17, 63, 64, 0xffff_ffff]);
            draft.memories[0].extend(leb(log2));
        }
        15 => draft.padding = dice.pick(&[2, 5, 6]),
        16 => edge_counts(dice, &mut draft, at),
        _ => draft.param = dice.pick(&[ValType::I32, ValType::I64, ValType::F32]),
    }
    let param = draft.param;
    (draft.encode(), param)
}

/// `local.get 0`, an instruction with these immediates.
fn load(opcode: u8, immediates: &[u8]) -> Vec<u8> {
    let mut code = vec![0x20, 0, opcode];
    code.extend_from_slice(immediates);
    code
}

fn edge_limits(dice: &mut Dice<'_, '_>, flags: u8, wide: bool) -> Vec<u8> {
    let most: u64 = if wide { 1 << 48 } else { 1 << 16 };
    match dice.up_to(5) {
        0 => limits(flags, 1, Some(most)),
        1 => limits(flags, 1, Some(most + 1)),
        2 => limits(flags, most + 1, None),
        3 => limits(flags, 1, Some(0)),
        4 => limits(flags, 2, Some(2)),
        _ => limits(flags, 0, Some(if wide { u64::MAX } else { 0xffff_ffff })),
    }
}

/// Limits as numbers that take more bytes than they need, or than there may be.
fn long_limits(dice: &mut Dice<'_, '_>, flags: u8) -> Vec<u8> {
    let mut bytes = vec![flags];
    let most = if flags & MEMORY64 != 0 { 10 } else { 5 };
    bytes.extend(long_leb(1, dice.pick(&[most, 2, 11])));
    bytes
}

fn edge_alignment(dice: &mut Dice<'_, '_>, simd: bool) -> Vec<u8> {
    // Opcodes that give an i32, with their natural alignment.
    let (opcode, natural) = dice.pick(&[(0x28, 2), (0x2c, 0), (0x2d, 0), (0x2e, 1), (0x2f, 1)]);
    if simd && dice.percent(50) {
        // v128.load, i32x4.extract_lane 0.
        let align = dice.pick(&[4, 5]);
        return vec![0x20, 0, 0xfd, 0, align, 0, 0xfd, 0x1b, 0];
    }
    let align = dice.pick(&[natural, natural + 1, 31, 32, 63]);
    load(opcode, &[align, 0])
}

fn edge_offset(dice: &mut Dice<'_, '_>, wide: bool) -> Vec<u8> {
    let offset = match dice.up_to(6) {
        0 => leb(0xffff_ffff),
        1 => leb(0x1_0000_0000),
        2 => leb(u64::MAX),
        3 => long_leb(1, 5),
        // Between 6 and 10 bytes it depends on the version of the
        // specification whether a 32-bit memory may have it.
        4 => long_leb(1, if wide { 10 } else { 5 }),
        5 => long_leb(0, 11),
        // Bits set beyond the width of the number.
        _ => vec![0xff, 0xff, 0xff, 0xff, dice.pick(&[0x0f, 0x1f, 0x7f])],
    };
    let mut immediates = vec![0];
    immediates.extend(offset);
    load(0x2d, &immediates)
}

/// A memory index that is there or not, in a `memarg` and elsewhere.
fn edge_index(dice: &mut Dice<'_, '_>, several: bool, wide: bool) -> Vec<u8> {
    let index = dice.pick(&[0, 1, 0x7f]);
    // Bulk operations on nothing, then a constant.
    let bulk = |opcode: &[u8], wide: bool| {
        let zero = if wide { 0x42 } else { 0x41 };
        let mut code = vec![zero, 0, 0x41, 0, zero, 0, 0xfc];
        code.extend_from_slice(opcode);
        code.extend([0x41, 1]);
        code
    };
    match dice.up_to(5) {
        // Where there is only ever one memory, a `memarg` has no index.
        1 if several => load(0x2d, &[0x40, index, 0]),
        // The long encoding of memory index 0.
        2 if several => load(0x2d, &[0x40, 0x80, 0x00, 0]),
        // memory.fill, memory.copy: between i32 memories all operands are alike.
        3 => bulk(&[0x0b, index], wide),
        4 if !wide => bulk(&[0x0a, index, dice.pick(&[0, 1])], false),
        // memory.grow by nothing, drop, a constant.
        5 => vec![
            if wide { 0x42 } else { 0x41 },
            0,
            0x40,
            index,
            0x1a,
            0x41,
            1,
        ],
        // memory.size, drop, a constant.
        _ => vec![0x3f, index, 0x1a, 0x41, 1],
    }
}

fn edge_atomic(dice: &mut Dice<'_, '_>) -> Vec<u8> {
    // i32.atomic.load, load8_u, load16_u: exactly the natural alignment.
    let (opcode, natural) = dice.pick(&[(0x10, 2u8), (0x12, 0), (0x13, 1)]);
    let align = dice.pick(&[natural, natural.wrapping_sub(1) & 0x1f, natural + 1]);
    vec![0x20, 0, 0xfe, opcode, align, 0]
}

fn edge_segments(dice: &mut Dice<'_, '_>, draft: &mut Draft, at: ValType) {
    let constant = if at == ValType::I64 { 0x42 } else { 0x41 };
    let active = vec![0, constant, 0, 0x0b, 2, 7, 8];
    // A constant of the other address type.
    let wrong = vec![0, constant ^ 3, 0, 0x0b, 1, 7];
    let beyond = vec![2, dice.pick(&[0, 1]), constant, 0, 0x0b, 1, 7];
    let passive = vec![1, 2, 7, 8];
    // local.get 0, two constants, memory.init, then a constant.
    let mut init = vec![0x20, 0, 0x41, 0, 0x41, 1, 0xfc, 8];
    init.extend([dice.pick(&[0, 1]), 0, 0x41, 1]);
    match dice.up_to(5) {
        0 => draft.segments = vec![active],
        1 => draft.segments = vec![wrong],
        2 => draft.segments = vec![beyond],
        3 => {
            draft.segments = vec![passive];
            draft.data_count = dice.pick(&[Some(1), Some(0), Some(2)]);
        }
        4 => {
            // memory.init has to be announced by a data count section.
            draft.segments = vec![passive];
            draft.data_count = dice.pick(&[Some(1), None]);
            draft.code = init;
        }
        _ => draft.data_count = dice.pick(&[Some(0), Some(1)]),
    }
}

/// As many segments as are announced, or not; `data.drop` of one that is there
/// or not, by a number that may be longer than it needs to be.
fn edge_counts(dice: &mut Dice<'_, '_>, draft: &mut Draft, at: ValType) {
    let constant = if at == ValType::I64 { 0x42 } else { 0x41 };
    let active = vec![0, constant, 0, 0x0b, 1, 7];
    let segments = dice.pick(&[2, 1, 3, 0]);
    draft.segments = vec![active; segments];
    draft.segments.push(vec![1, 1, 9]);
    let exact = segments as u32 + 1;
    draft.data_count = Some(dice.pick(&[exact, exact, exact + 1, exact - 1]));
    let dropped = dice.pick(&[exact - 1, exact - 1, 0, exact]);
    draft.code = vec![0xfc, 9];
    draft
        .code
        .extend(long_leb(dropped.into(), dice.pick(&[1, 2, 5, 6])));
    draft.code.extend([0x41, 1]);
}

impl Draft {
    fn encode(self) -> Vec<u8> {
        let mut module = wasm_encoder::Module::new();
        let mut section = |id: u8, data: &[u8]| {
            module.section(&RawSection { id, data });
        };
        let mut ty = vec![1, 0x60, 1];
        self.param.encode(&mut ty);
        ty.extend([1, 0x7f]);
        section(1, &ty);
        section(3, &[1, 0]);
        section(5, &vector(&self.memories, self.padding));
        let mut exports = leb(u64::from(self.exports) + 1);
        exports.extend([1, b'f', 0, 0]);
        for _ in 0..self.exports {
            exports.extend([3, b'm', b'e', b'm', 2, 0]);
        }
        section(7, &exports);
        if self.start {
            section(8, &[0]);
        }
        if let Some(count) = self.data_count {
            section(12, &long_leb(count.into(), self.padding));
        }
        let mut body = vec![0];
        body.extend(&self.code);
        body.push(0x0b);
        let mut code = long_leb(1, self.padding);
        code.extend(long_leb(body.len() as u64, self.padding));
        code.extend(body);
        section(10, &code);
        if !self.segments.is_empty() {
            section(11, &vector(&self.segments, self.padding));
        }
        module.finish()
    }
}

fn vector(items: &[Vec<u8>], padding: usize) -> Vec<u8> {
    let mut bytes = long_leb(items.len() as u64, padding);
    bytes.extend(items.iter().flatten());
    bytes
}

#[cfg(test)]
mod tests {
    use super::super::Options;
    use super::super::dice::expand;
    use super::*;

    #[test]
    fn both_sides_of_validity_are_met() {
        let options = Options::default();
        let (mut valid, mut invalid) = (0, 0);
        for index in 0..400 {
            let bytes = expand(11, index, 64);
            let mut u = arbitrary::Unstructured::new(&bytes);
            let mut dice = Dice::new(&mut u);
            let profile = Profile::choose(&mut dice, &options);
            let (wasm, _) = module(&mut dice, &profile);
            match wasmparser::Validator::new_with_features(wasmparser::WasmFeatures::all())
                .validate_all(&wasm)
            {
                Ok(_) => valid += 1,
                Err(_) => invalid += 1,
            }
        }
        assert!(valid > 80 && invalid > 80, "{valid} valid, {invalid} not");
    }
}
