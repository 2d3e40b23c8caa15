//! Makes flat code of a function body while it is validated.

use wasmparser::{BlockType, FuncValidator, FunctionBody, MemArgTarget, Operator, OperatorsReader};

use super::check::Memories;
use super::code::{Access, Code, Instr, Target};
use super::many::Resources;
use super::read_type::value_type;
use super::{Definition, Invalid, Rejection};
use crate::memory::Instruction;
use crate::numeric::{Slot, numeric, opens};
use crate::value::{NULL, ValueType};

/// Validates and compiles one function.
pub(super) fn compile(
    definition: &Definition,
    memories: &Memories,
    validator: &mut FuncValidator<Resources<'_>>,
    body: &FunctionBody<'_>,
    index: u32,
) -> Result<Code, Rejection> {
    let ty = &definition.funcs[index as usize];
    let mut code = Code {
        params: ty.params.len() as u32,
        results: ty.results.len() as u32,
        locals: Vec::new(),
        instrs: Vec::new(),
        offsets: Vec::new(),
    };
    // More than fit 32 bits are invalid; the validator's own limit, which is none of
    // the specification's, would be met before.
    for group in body.get_locals_reader()? {
        group?;
    }
    let mut locals = body.get_locals_reader()?;
    for _ in 0..locals.get_count() {
        let offset = locals.original_position();
        let (count, ty) = locals.read()?;
        validator.define_locals(offset, count, ty)?;
        let zero = if matches!(value_type(ty)?, ValueType::FuncRef | ValueType::ExternRef) {
            NULL
        } else {
            0
        };
        code.locals
            .extend(std::iter::repeat_n(zero, count as usize));
    }
    let mut compiler = Compiler {
        definition,
        labels: vec![Label::new(None, 0, code.results)],
        instrs: Vec::new(),
    };
    let mut ops = OperatorsReader::new(locals.get_binary_reader());
    while !ops.eof() {
        let (op, offset) = ops.read_with_offset()?;
        let memory = memories
            .check(&op)
            .map_err(|why| Invalid::own(offset, why))?;
        if let Some(signature) = &memory {
            for (depth, &expected) in signature.operands.iter().rev().enumerate() {
                expect(validator, depth, expected, offset)?;
            }
        }
        let reachable = validator
            .get_control_frame(0)
            .is_some_and(|f| !f.unreachable);
        validator.op(offset, &op)?;
        if let Some(result) = memory.and_then(|signature| signature.result) {
            expect(validator, 0, result, offset)?;
        }
        compiler.emit(&op, reachable, validator)?;
        let begun = u32::try_from(offset).unwrap_or(u32::MAX);
        code.offsets.resize(compiler.instrs.len(), begun);
    }
    ops.finish()?;
    code.instrs = compiler.instrs;
    Ok(code)
}

/// Our own type of an operand must be the validator's, where it has one. What
/// lies below the innermost block is not an operand: unreachable code has
/// operands of any type there.
fn expect(
    validator: &FuncValidator<Resources<'_>>,
    depth: usize,
    expected: ValueType,
    offset: u64,
) -> Result<(), Rejection> {
    let base = validator.get_control_frame(0).map_or(0, |f| f.height);
    if depth >= (validator.operand_stack_height() as usize).saturating_sub(base) {
        return Ok(());
    }
    match validator.get_operand_type(depth) {
        Some(Some(found)) if value_type(found)? != expected => Err(Invalid::own(
            offset,
            format!("type mismatch: expected {expected:?}, found {found}"),
        )),
        _ => Ok(()),
    }
}

struct Compiler<'a> {
    definition: &'a Definition,
    labels: Vec<Label>,
    instrs: Vec<Instr>,
}

/// An open block.
struct Label {
    /// Where a branch to it goes, for a loop; otherwise to its end.
    start: Option<u32>,
    height: u32,
    /// How many operands a branch to it takes along.
    arity: u32,
    /// Branches to its end.
    pending: Vec<Pending>,
    /// The `if` that has no `else` yet.
    condition: Option<usize>,
}

/// A branch whose target is not known yet.
struct Pending {
    instr: usize,
    /// Which target of a `br_table`.
    entry: usize,
}

impl Label {
    fn new(start: Option<u32>, height: u32, arity: u32) -> Label {
        Label {
            start,
            height,
            arity,
            pending: Vec::new(),
            condition: None,
        }
    }
}

impl Compiler<'_> {
    /// Adds the code of one instruction that was found valid.
    fn emit(
        &mut self,
        op: &Operator<'_>,
        reachable: bool,
        validator: &FuncValidator<Resources<'_>>,
    ) -> Result<(), Rejection> {
        use Operator as O;
        match *op {
            O::Block { blockty } => {
                let (_, results) = self.arity(blockty);
                self.open(None, results, validator);
            }
            O::Loop { blockty } => {
                let (params, _) = self.arity(blockty);
                self.open(Some(self.instrs.len() as u32), params, validator);
            }
            O::If { blockty } => {
                let (_, results) = self.arity(blockty);
                self.open(None, results, validator);
                let at = self.instrs.len();
                self.label(0).condition = Some(at);
                self.instrs.push(Instr::BrUnless(u32::MAX));
            }
            O::Else => {
                if reachable {
                    let target = self.target(0, 0, self.instrs.len());
                    self.instrs.push(Instr::Br(target));
                }
                self.settle_condition();
            }
            O::End => {
                self.settle_condition();
                let label = self.labels.pop().expect("the validator counts them too");
                let end = self.instrs.len() as u32;
                for Pending { instr, entry } in label.pending {
                    match &mut self.instrs[instr] {
                        Instr::Br(target) | Instr::BrIf(target) => target.pc = end,
                        Instr::BrTable(targets) => targets[entry].pc = end,
                        _ => unreachable!("only branches are pending"),
                    }
                }
                if self.labels.is_empty() {
                    self.instrs.push(Instr::Return);
                }
            }
            _ if !reachable => {}
            O::Br { relative_depth } => {
                let target = self.target(relative_depth, 0, self.instrs.len());
                self.instrs.push(Instr::Br(target));
            }
            O::BrIf { relative_depth } => {
                let target = self.target(relative_depth, 0, self.instrs.len());
                self.instrs.push(Instr::BrIf(target));
            }
            O::BrTable { ref targets } => {
                let at = self.instrs.len();
                let mut table = Vec::with_capacity(targets.len() as usize + 1);
                for depth in targets.targets() {
                    table.push(self.target(depth?, table.len(), at));
                }
                table.push(self.target(targets.default(), table.len(), at));
                self.instrs.push(Instr::BrTable(table.into()));
            }
            _ => {
                self.instrs.extend(plain(op)?);
                self.instrs.extend(opens(op).map(Instr::OpenNan));
            }
        }
        Ok(())
    }

    /// The parameters and results of a block.
    fn arity(&self, ty: BlockType) -> (u32, u32) {
        match ty {
            BlockType::Empty => (0, 0),
            BlockType::Type(_) => (0, 1),
            BlockType::FuncType(index) => {
                let ty = &self.definition.types[index as usize];
                (ty.params.len() as u32, ty.results.len() as u32)
            }
        }
    }

    fn open(&mut self, start: Option<u32>, arity: u32, validator: &FuncValidator<Resources<'_>>) {
        // The validator has just opened it too: it knows the height.
        let height = validator
            .get_control_frame(0)
            .map_or(0, |frame| frame.height);
        self.labels.push(Label::new(start, height as u32, arity));
    }

    fn label(&mut self, depth: u32) -> &mut Label {
        let at = self.labels.len() - 1 - depth as usize;
        &mut self.labels[at]
    }

    /// The target of a branch in instruction `instr`, perhaps still pending.
    fn target(&mut self, depth: u32, entry: usize, instr: usize) -> Target {
        let label = self.label(depth);
        let pc = label.start.unwrap_or_else(|| {
            label.pending.push(Pending { instr, entry });
            u32::MAX
        });
        Target {
            pc,
            keep: label.arity,
            height: label.height,
        }
    }

    /// Lets the condition of the innermost `if`, once, jump to here.
    fn settle_condition(&mut self) {
        let here = self.instrs.len() as u32;
        if let Some(at) = self.label(0).condition.take() {
            self.instrs[at] = Instr::BrUnless(here);
        }
    }
}

/// An instruction that is not structured control and does not branch.
// Long, as it has an arm for each instruction.
fn plain(op: &Operator<'_>) -> Result<Option<Instr>, Rejection> {
    use Operator as O;
    Ok(Some(match *op {
        O::Nop => return Ok(None),
        O::Unreachable => Instr::Unreachable,
        O::Return => Instr::Return,
        O::Call { function_index } => Instr::Call(function_index),
        O::CallIndirect {
            type_index,
            table_index,
        } => Instr::CallIndirect {
            ty: type_index,
            table: table_index,
        },
        O::ReturnCall { function_index } => Instr::ReturnCall(function_index),
        O::ReturnCallIndirect {
            type_index,
            table_index,
        } => Instr::ReturnCallIndirect {
            ty: type_index,
            table: table_index,
        },
        O::Drop => Instr::Drop,
        O::Select | O::TypedSelect { .. } => Instr::Select,
        O::LocalGet { local_index } => Instr::LocalGet(local_index),
        O::LocalSet { local_index } => Instr::LocalSet(local_index),
        O::LocalTee { local_index } => Instr::LocalTee(local_index),
        O::GlobalGet { global_index } => Instr::GlobalGet(global_index),
        O::GlobalSet { global_index } => Instr::GlobalSet(global_index),
        O::I32Const { value } => Instr::Const(Slot::from(value as u32)),
        O::I64Const { value } => Instr::Const(Slot::from(value as u64)),
        O::F32Const { value } => Instr::Const(value.bits().into()),
        O::F64Const { value } => Instr::Const(value.bits().into()),
        O::V128Const { value } => Instr::Const(value.i128() as u128),
        O::MemorySize { mem } => Instr::MemorySize(mem),
        O::MemoryGrow { mem } => Instr::MemoryGrow(mem),
        O::MemoryFill { mem } => Instr::MemoryFill(mem),
        O::MemoryCopy { dst_mem, src_mem } => Instr::MemoryCopy {
            to: dst_mem,
            from: src_mem,
        },
        O::MemoryInit { data_index, mem } => Instr::MemoryInit {
            data: data_index,
            memory: mem,
        },
        O::DataDrop { data_index } => Instr::DataDrop(data_index),
        O::AtomicFence { .. } => Instr::AtomicFence,
        O::RefNull { .. } => Instr::Const(NULL),
        O::RefFunc { function_index } => Instr::RefFunc(function_index),
        O::RefIsNull => Instr::RefIsNull,
        O::TableGet { table } => Instr::TableGet(table),
        O::TableSet { table } => Instr::TableSet(table),
        O::TableSize { table } => Instr::TableSize(table),
        O::TableGrow { table } => Instr::TableGrow(table),
        O::TableFill { table } => Instr::TableFill(table),
        O::TableCopy {
            dst_table,
            src_table,
        } => Instr::TableCopy {
            to: dst_table,
            from: src_table,
        },
        O::TableInit { elem_index, table } => Instr::TableInit {
            element: elem_index,
            table,
        },
        O::ElemDrop { elem_index } => Instr::ElemDrop(elem_index),
        _ => {
            if let Some((instruction, memarg, lane)) = Instruction::of(op)
                && let MemArgTarget::Memory(memory) = memarg.target
            {
                Instr::Access(Access {
                    instruction,
                    memory,
                    offset: memarg.offset,
                    lane,
                    align_log2: memarg.align,
                })
            } else if let Some(numeric) = numeric(op) {
                Instr::Numeric(numeric)
            } else {
                return Err(Rejection::Unsupported(format!("{op:?}")));
            }
        }
    }))
}
