//! Modules of `wasm-smith`, edited so that what their accesses do shows.
//!
//! As they are made, most addresses are out of bounds, most memories are zero,
//! and what has been loaded is seldom given back. Here addresses are led to
//! edges, bytes are put there, and whatever is loaded goes into a global that
//! can be read from outside.

use std::convert::Infallible;

use arbitrary::Unstructured;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, ExportKind, ExportSection, Function, GlobalSection,
    GlobalType, Instruction, MemArg, MemArgTarget, Module, ValType,
};
use wasmparser::{
    Data, DataKind, DataSectionReader, ExportSectionReader, FunctionBody, GlobalSectionReader,
    Operator, Parser,
};

use super::memory_type;
use crate::generate::dice::{Dice, expand};
use crate::generate::edge::{self, Place};
use crate::generate::instruction::{Kind, MemoryInstruction, STORES, VECTOR_STORES, row_of};
use crate::generate::memory::{Live, Means};
use crate::script::memories::memory_types;

/// The export that sums up what has been loaded so far.
const SEEN: &str = "seen";

/// A module that defines all of its memories and globals, exposed; decisions
/// are drawn from `seed`. `None` if it cannot be read or has such an export.
pub(super) fn expose(wasm: &[u8], simd: bool, means: Means, seed: u64) -> Option<Vec<u8>> {
    let bytes = expand(seed, 0, 2048);
    let mut bytes = Unstructured::new(&bytes);
    let memories = memory_types(wasm).into_iter();
    let memories: Vec<Live> = memories
        .map(|ty| Live::new(memory_type(ty), means))
        .collect();
    let mut types = vec![ValType::I64, ValType::I32, ValType::F32, ValType::F64];
    types.extend(simd.then_some(ValType::V128));
    let mut exposer = Exposer {
        dice: Dice::new(&mut bytes),
        fills: memories.iter().enumerate().flat_map(fills).collect(),
        memories,
        types,
        globals: 0,
        memarg: None,
        clashes: false,
    };
    let mut module = Module::new();
    exposer
        .parse_core_module(&mut module, Parser::new(0), wasm)
        .ok()?;
    (!exposer.clashes).then(|| module.finish())
}

struct Exposer<'a, 'b> {
    dice: Dice<'a, 'b>,
    /// The memories, as they begin.
    memories: Vec<Live>,
    /// What is put where: memory, address, bytes.
    fills: Vec<(u32, u64, Vec<u8>)>,
    /// The types of values, each of which has a global to be kept in.
    types: Vec<ValType>,
    /// How many globals the module has of its own. Ours are the sum of what was
    /// seen, and one for each of the types.
    globals: u32,
    /// What the instruction that is being read accesses, if it does.
    memarg: Option<MemArg>,
    /// Whether the module has an export of our name.
    clashes: bool,
}

/// Bytes of every kind where addresses are led to: at both ends of a memory,
/// and around the end of a page.
fn fills((index, live): (usize, &Live)) -> Vec<(u32, u64, Vec<u8>)> {
    let size = u64::try_from(live.bytes()).unwrap_or(u64::MAX);
    let places = [
        (0, 256),
        ((1 << 16) - 64, 128),
        (size.saturating_sub(128), 128),
    ];
    let within = places
        .into_iter()
        .filter(|(at, len)| at.checked_add(*len).is_some_and(|end| end <= size));
    within
        .map(|(at, len)| (index as u32, at, pattern(at, len as usize)))
        .collect()
}

/// Bytes that are all different near each other, most with the top bit set;
/// among them NaNs that signal.
fn pattern(at: u64, len: usize) -> Vec<u8> {
    let words = (0..len.div_ceil(8) as u64).flat_map(|word| {
        let bits = 0xf1e2_d3c4_b5a6_9788_u64.rotate_left(word as u32 * 12) ^ (at + word);
        let signalling = match word % 4 {
            1 => bits & 0x0007_ffff_ffff_ffff | 0x7ff0_0000_0000_0000,
            3 => bits & 0x003f_ffff_003f_ffff | 0x7f80_0000_ff80_0000,
            _ => bits,
        };
        signalling.to_le_bytes()
    });
    words.take(len).collect()
}

impl Exposer<'_, '_> {
    fn seen(&self) -> u32 {
        self.globals
    }

    /// An address of a memory, as the place of a segment.
    fn offset(&self, memory: u32, at: u64) -> ConstExpr {
        if self.is_64(memory) {
            ConstExpr::i64_const(at as i64)
        } else {
            ConstExpr::i32_const(at as i32)
        }
    }

    /// Whether a memory has 64-bit addresses.
    fn is_64(&self, memory: u32) -> bool {
        self.memories
            .get(memory as usize)
            .is_some_and(|live| live.ty.memory64)
    }

    /// The global that keeps a value of this type; `None` if there is none.
    fn keeper(&self, ty: ValType) -> Option<u32> {
        let index = self.types.iter().position(|&own| own == ty)?;
        Some(self.globals + 1 + index as u32)
    }

    /// An access: its address is led, its value kept and seen.
    fn access(
        &mut self,
        f: &mut Function,
        instruction: &Instruction<'_>,
        memarg: MemArg,
        row: &MemoryInstruction,
    ) -> Option<()> {
        let keeper = self.keeper(row.value)?;
        let MemArgTarget::Memory(memory) = memarg.target else {
            return None;
        };
        let takes_value = match row.kind {
            Kind::Load => false,
            Kind::Store | Kind::StoreLane | Kind::LoadLane => true,
            _ => return None,
        };
        if takes_value {
            // Now and then it is what was loaded last that is stored.
            if row.kind != Kind::LoadLane && self.dice.percent(30) {
                f.instruction(&Instruction::Drop);
            } else {
                f.instruction(&Instruction::GlobalSet(keeper));
            }
        }
        if self.dice.percent(95) {
            self.lead(f, memory, memarg.offset, row.width());
        }
        if takes_value {
            f.instruction(&Instruction::GlobalGet(keeper));
        }
        f.instruction(instruction);
        if matches!(row.kind, Kind::Load | Kind::LoadLane) {
            self.see(f, row.value, keeper);
            if self.dice.percent(20) {
                self.store_again(f, memory, memarg, row.value, keeper);
            }
        }
        Some(())
    }

    /// Stores what was loaded last, at an edge: of stores there are few, and most
    /// are of zeros.
    fn store_again(
        &mut self,
        f: &mut Function,
        memory: u32,
        memarg: MemArg,
        ty: ValType,
        keeper: u32,
    ) {
        let stores = STORES.iter().chain(VECTOR_STORES);
        let possible: Vec<_> = stores.filter(|row| row.value == ty).collect();
        let row = self.dice.pick(&possible);
        f.instruction(&if self.is_64(memory) {
            Instruction::I64Const(0)
        } else {
            Instruction::I32Const(0)
        });
        self.lead(f, memory, memarg.offset, row.width());
        let align = memarg.align.min(row.width_log2);
        f.instruction(&Instruction::GlobalGet(keeper))
            .instruction(&(row.make)(MemArg { align, ..memarg }, 0));
    }

    /// Leads the address on the stack to an edge, of which it keeps a few bits.
    fn lead(&mut self, f: &mut Function, memory: u32, offset: u64, width: u64) {
        let Some(live) = self.memories.get(memory as usize) else {
            return;
        };
        let place = if self.dice.percent(15) {
            Place::End
        } else {
            Place::Inside
        };
        let mut mask = self.dice.pick(&[7, 0, 63, 8]);
        let mut base = edge::effective(&mut self.dice, live, width, place) as u64;
        // What was put there as a number is one only where that begins.
        if self.dice.percent(50) {
            mask &= !(width as i64 - 1);
            base &= !(width - 1);
        }
        let base = base.saturating_sub(offset);
        if self.is_64(memory) {
            f.instruction(&Instruction::I64Const(mask))
                .instruction(&Instruction::I64And)
                .instruction(&Instruction::I64Const(base as i64))
                .instruction(&Instruction::I64Add);
        } else {
            f.instruction(&Instruction::I32Const(mask as i32))
                .instruction(&Instruction::I32And)
                .instruction(&Instruction::I32Const(base as i32))
                .instruction(&Instruction::I32Add);
        }
    }

    /// Adds the value on the stack to what was seen, and leaves it there.
    fn see(&self, f: &mut Function, ty: ValType, keeper: u32) {
        use Instruction as I;
        let kept = I::GlobalGet(keeper);
        f.instruction(&I::GlobalSet(keeper))
            .instruction(&I::GlobalGet(self.seen()))
            .instruction(&I::I64Const(5))
            .instruction(&I::I64Rotl)
            .instruction(&kept);
        let as_i64: &[I<'_>] = match ty {
            ValType::I32 => &[I::I64ExtendI32U],
            ValType::F32 => &[I::I32ReinterpretF32, I::I64ExtendI32U],
            ValType::F64 => &[I::I64ReinterpretF64],
            ValType::V128 => &[
                I::I64x2ExtractLane(0),
                I::I64Add,
                kept.clone(),
                I::I64x2ExtractLane(1),
            ],
            _ => &[],
        };
        for instruction in as_i64 {
            f.instruction(instruction);
        }
        f.instruction(&I::I64Xor)
            .instruction(&I::GlobalSet(self.seen()))
            .instruction(&kept);
    }
}

impl Reencode for Exposer<'_, '_> {
    type Error = Infallible;

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: GlobalSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        utils::parse_global_section(self, globals, section)?;
        self.globals = globals.len();
        let zero = |ty| match ty {
            ValType::I32 => ConstExpr::i32_const(0),
            ValType::F32 => ConstExpr::f32_const(0.0.into()),
            ValType::F64 => ConstExpr::f64_const(0.0.into()),
            ValType::V128 => ConstExpr::v128_const(0),
            _ => ConstExpr::i64_const(0),
        };
        for &val_type in [ValType::I64].iter().chain(&self.types) {
            let ty = GlobalType {
                val_type,
                mutable: true,
                shared: false,
            };
            globals.global(ty, &zero(val_type));
        }
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: ExportSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        let mut names = section.clone().into_iter().flatten();
        self.clashes = names.any(|export| export.name == SEEN);
        utils::parse_export_section(self, exports, section)?;
        exports.export(SEEN, ExportKind::Global, self.seen());
        Ok(())
    }

    fn data_count(&mut self, count: u32) -> Result<u32, Error<Infallible>> {
        Ok(count + self.fills.len() as u32)
    }

    fn parse_data_section(
        &mut self,
        data: &mut DataSection,
        section: DataSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        utils::parse_data_section(self, data, section)?;
        for (memory, at, bytes) in &self.fills {
            data.active(*memory, &self.offset(*memory, *at), bytes.iter().copied());
        }
        Ok(())
    }

    /// A segment that does not fit leaves nothing to call: most are moved.
    fn parse_data(
        &mut self,
        data: &mut DataSection,
        datum: Data<'_>,
    ) -> Result<(), Error<Infallible>> {
        if let DataKind::Active { memory_index, .. } = datum.kind
            && let Some(live) = self.memories.get(memory_index as usize)
            && let Some(last) = live.bytes().checked_sub(datum.data.len() as u128)
            && self.dice.percent(90)
        {
            let at = self.dice.up_to(u64::try_from(last).unwrap_or(u64::MAX));
            let offset = self.offset(memory_index, at);
            data.active(memory_index, &offset, datum.data.iter().copied());
            return Ok(());
        }
        utils::parse_data(self, data, datum)
    }

    fn mem_arg(&mut self, memarg: wasmparser::MemArg) -> Result<MemArg, Error<Infallible>> {
        let mut memarg = utils::mem_arg(self, memarg)?;
        // Beyond a large one there is nothing inside.
        if self.dice.percent(70) {
            memarg.offset &= 31;
        }
        self.memarg = Some(memarg);
        Ok(memarg)
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error<Infallible>> {
        let mut f = self.new_function_with_parsed_locals(&body)?;
        for op in body.get_operators_reader()? {
            let op: Operator<'_> = op?;
            self.memarg = None;
            let instruction = self.instruction(op)?;
            let exposed = self.memarg.and_then(|memarg| {
                let (_, row) = row_of(&instruction)?;
                self.access(&mut f, &instruction, memarg, row)
            });
            if exposed.is_none() {
                f.instruction(&instruction);
            }
        }
        code.function(&f);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
