//! Edits of modules: encoded anew with one thing changed.

use std::convert::Infallible;
use std::mem::discriminant;

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{CodeSection, Instruction, MemArg, MemArgTarget, MemoryType, Module};
use wasmparser::{FunctionBody, Operator, Parser};

use super::super::dice::Dice;
use super::super::edge;
use super::super::foreign::memory_type;
use super::super::instruction::{MemoryInstruction, row_of};
use super::super::memory::{Live, Means, limit, pages_at_most};
use super::{Edit, calls};
use crate::script::memories::memory_types;
use crate::script::{Script, Step};

/// Edits one module of a script.
pub(super) fn edit(
    edit: Edit,
    script: &mut Script,
    dice: &mut Dice<'_, '_>,
    means: Means,
) -> Option<()> {
    let mut modules: Vec<&mut Vec<u8>> = script
        .steps
        .iter_mut()
        .filter_map(|step| match step {
            Step::Define { wasm, .. } => Some(wasm),
            _ => None,
        })
        .collect();
    let chosen = dice.index(modules.len());
    let wasm = modules.get_mut(chosen)?;
    let edited = edited(edit, wasm, dice, means)?;
    let changed = edited != **wasm;
    **wasm = edited;
    changed.then_some(())
}

/// The module with one thing changed; `None` if there is nothing of the kind,
/// or if it cannot be read.
fn edited(edit: Edit, wasm: &[u8], dice: &mut Dice<'_, '_>, means: Means) -> Option<Vec<u8>> {
    let memories: Vec<MemoryType> = memory_types(wasm).into_iter().map(memory_type).collect();
    let mut editor = Editor {
        edit,
        place: 0,
        seen: 0,
        dice,
        memories,
        means,
        turns: false,
        memarg: None,
    };
    // How many places there are is known only when it has been read; a guess
    // that is not too high saves reading it again.
    let guess = editor.dice.index(wasm.len() / 8);
    editor.place = guess;
    let edited = editor.encode(wasm)?;
    match editor.seen {
        0 => None,
        places if guess < places => Some(edited),
        places => {
            editor.place = guess % places;
            editor.seen = 0;
            editor.encode(wasm)
        }
    }
}

/// Encodes a module anew, with a change at one of the places where this kind
/// of change can be made.
struct Editor<'e, 'a, 'b> {
    edit: Edit,
    /// The place to change.
    place: usize,
    /// The places passed so far.
    seen: usize,
    dice: &'e mut Dice<'a, 'b>,
    memories: Vec<MemoryType>,
    means: Means,
    /// Whether there is a loop in the function: its numbers say when it ends.
    turns: bool,
    /// What the instruction that is being read accesses, if it does.
    memarg: Option<MemArg>,
}

impl Editor<'_, '_, '_> {
    fn encode(&mut self, wasm: &[u8]) -> Option<Vec<u8>> {
        let mut module = Module::new();
        self.parse_core_module(&mut module, Parser::new(0), wasm)
            .ok()?;
        Some(module.finish())
    }

    /// Whether this is the place to make a change of this kind.
    fn is_here(&mut self, edit: Edit) -> bool {
        if self.edit != edit {
            return false;
        }
        self.seen += 1;
        self.seen - 1 == self.place
    }

    fn live(&self, memory: u32) -> Option<Live> {
        let ty = self.memories.get(memory as usize)?;
        Some(Live::new(*ty, self.means))
    }

    fn constant(&mut self, old: u64) -> u64 {
        let memory = self.dice.index(self.memories.len());
        let live = self.live(memory as u32);
        calls::moved(self.dice, old, live.as_ref())
    }

    /// An instruction of the same type as `old`, if there are others and it is
    /// the one to change.
    fn sibling(&mut self, old: &Instruction<'_>) -> Option<Instruction<'static>> {
        if self.edit != Edit::Sibling {
            return None;
        }
        let Some(memarg) = self.memarg else {
            let others = other_arithmetic(old);
            let possible = !others.is_empty() && !self.turns && self.is_here(Edit::Sibling);
            return possible.then(|| self.dice.pick(&others));
        };
        let rows = other_accesses(old);
        if rows.is_empty() || !self.is_here(Edit::Sibling) {
            return None;
        }
        let row = self.dice.pick(&rows);
        let align = if row.atomic {
            row.width_log2
        } else {
            memarg.align.min(row.width_log2)
        };
        let lane = self.dice.index(row.lanes() as usize) as u8;
        Some((row.make)(MemArg { align, ..memarg }, lane))
    }
}

/// Instructions of one type each, as address expressions are made of.
const ARITHMETIC: [&[Instruction<'static>]; 3] = [
    &[
        Instruction::I32Add,
        Instruction::I32Sub,
        Instruction::I32And,
        Instruction::I32Or,
        Instruction::I32Xor,
        Instruction::I32Shl,
        Instruction::I32ShrU,
        Instruction::I32ShrS,
    ],
    &[
        Instruction::I64Add,
        Instruction::I64Sub,
        Instruction::I64And,
        Instruction::I64Or,
        Instruction::I64Xor,
        Instruction::I64Shl,
        Instruction::I64ShrU,
        Instruction::I64ShrS,
    ],
    &[Instruction::I64ExtendI32S, Instruction::I64ExtendI32U],
];

/// The others of an instruction's group.
fn other_arithmetic(of: &Instruction<'_>) -> Vec<Instruction<'static>> {
    let kind = discriminant(of);
    let is = |other: &&Instruction<'static>| discriminant(*other) == kind;
    let group = ARITHMETIC.iter().find(|group| group.iter().any(|i| is(&i)));
    let group = group.copied().unwrap_or_default().iter();
    group.filter(|other| !is(other)).cloned().collect()
}

/// The other instructions that do the same to another part of the same value.
fn other_accesses(of: &Instruction<'_>) -> Vec<&'static MemoryInstruction> {
    let Some((table, own)) = row_of(of) else {
        return Vec::new();
    };
    let others = |row: &&MemoryInstruction| row.value == own.value && !std::ptr::eq(*row, own);
    table.iter().filter(others).collect()
}

impl Reencode for Editor<'_, '_, '_> {
    type Error = Infallible;

    fn memory_type(&mut self, ty: wasmparser::MemoryType) -> Result<MemoryType, Error<Infallible>> {
        let mut ty = utils::memory_type(self, ty);
        if self.is_here(Edit::Limits) {
            limit(self.dice, &mut ty, self.means);
            // Now and then one that no memory may have.
            match self.dice.up_to(40) {
                39 => ty.maximum = ty.minimum.checked_sub(1),
                40 => ty.maximum = pages_at_most(&ty).checked_add(1),
                _ => {}
            }
        }
        Ok(ty)
    }

    fn mem_arg(&mut self, memarg: wasmparser::MemArg) -> Result<MemArg, Error<Infallible>> {
        let mut memarg = utils::mem_arg(self, memarg)?;
        if self.is_here(Edit::Offset)
            && let MemArgTarget::Memory(memory) = memarg.target
            && let Some(ty) = self.memories.get(memory as usize)
        {
            let width = self.dice.pick(&[4, 1, 2, 8, 16]);
            memarg.offset = edge::offset(self.dice, ty, width);
        }
        self.memarg = Some(memarg);
        Ok(memarg)
    }

    fn instruction<'a>(&mut self, op: Operator<'a>) -> Result<Instruction<'a>, Error<Infallible>> {
        self.memarg = None;
        let old = utils::instruction(self, op)?;
        Ok(match old {
            Instruction::I32Const(old) if !self.turns && self.is_here(Edit::Constant) => {
                Instruction::I32Const(self.constant(u64::from(old as u32)) as i32)
            }
            Instruction::I64Const(old) if !self.turns && self.is_here(Edit::Constant) => {
                Instruction::I64Const(self.constant(old as u64) as i64)
            }
            old => self.sibling(&old).unwrap_or(old),
        })
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error<Infallible>> {
        let mut ops = body.get_operators_reader()?.into_iter();
        self.turns = ops.any(|op| matches!(op, Ok(Operator::Loop { .. })));
        let encoded = utils::parse_function_body(self, code, body);
        self.turns = false;
        encoded
    }
}
