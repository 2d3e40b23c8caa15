//! Tells the shape of every access of a module, from its code.

use std::collections::{BTreeSet, HashMap};

use wasmparser::{
    FuncValidator, FuncValidatorAllocations, FunctionBody, Operator, OperatorsReader, Parser,
    ValType, ValidPayload, Validator, ValidatorResources, WasmFeatures,
};

use super::shape::{Origin, Setting, Shape, Value};
use crate::operator;
use crate::script::{Script, Step};

/// The shapes of the accesses in a script's modules: by the step that defines
/// the module, and by where the instruction begins.
pub struct Shapes(HashMap<(u32, u32), Shape>);

impl Shapes {
    /// Reads all modules of a script; what is invalid is never executed.
    pub fn of(script: &Script) -> Shapes {
        let mut shapes = HashMap::new();
        for (step, module) in (0..).zip(&script.steps) {
            if let Step::Define { wasm, .. } = module {
                let mut found = |offset, shape| {
                    shapes.insert((step, offset), shape);
                };
                // Up to where it cannot be read.
                let _ = read(wasm, &mut found);
            }
        }
        Shapes(shapes)
    }

    /// The shape of the access at an offset of the module that a step defines.
    pub(super) fn at(&self, step: u32, offset: u32) -> Option<Shape> {
        self.0.get(&(step, offset)).copied()
    }
}

fn read(wasm: &[u8], found: &mut dyn FnMut(u32, Shape)) -> wasmparser::Result<()> {
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    let mut allocations = FuncValidatorAllocations::default();
    for payload in Parser::new(0).parse_all(wasm) {
        if let ValidPayload::Func(func, body) = validator.payload(&payload?)? {
            let func = func.into_validator(allocations);
            allocations = Reader::new(func).function(&body, found)?;
        }
    }
    Ok(())
}

/// A value on the operand stack.
#[derive(Clone, Copy, Default)]
struct Operand {
    origin: Option<Origin>,
    ty: Option<ValType>,
    /// The load that gave it, as long as nothing else was done to it.
    load: Option<u32>,
}

/// Follows the operands through one function.
struct Reader {
    validator: FuncValidator<ValidatorResources>,
    stack: Vec<Operand>,
    /// What encloses the instruction: its kind, and the height of the stack
    /// below it.
    blocks: Vec<(Block, usize)>,
    /// Whether there was an access, and whether there was a grow.
    accessed: bool,
    grown: bool,
    shapes: HashMap<u32, Shape>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    Plain,
    Conditional,
    /// With its number, by which its locals are found.
    Loop(usize),
}

impl Reader {
    fn new(validator: FuncValidator<ValidatorResources>) -> Reader {
        Reader {
            validator,
            stack: Vec::new(),
            blocks: Vec::new(),
            accessed: false,
            grown: false,
            shapes: HashMap::new(),
        }
    }

    fn function(
        mut self,
        body: &FunctionBody<'_>,
        found: &mut dyn FnMut(u32, Shape),
    ) -> wasmparser::Result<FuncValidatorAllocations> {
        let params = self.validator.len_locals();
        let mut locals = body.get_binary_reader();
        self.validator.read_locals(&mut locals)?;
        let set = locals_set_in_loops(OperatorsReader::new(locals.clone()))?;
        let mut loops = 0;
        let mut ops = OperatorsReader::new(locals);
        while !ops.eof() {
            let (op, offset) = ops.read_with_offset()?;
            let offset = u32::try_from(offset).unwrap_or(u32::MAX);
            let arity = op.operator_arity(&self.validator);
            self.validator.op(offset.into(), &op)?;
            if let Operator::Loop { .. } = op {
                loops += 1;
            }
            self.step(&op, offset, arity.unwrap_or_default(), &set, loops, params);
        }
        self.shapes.drain().for_each(|(at, shape)| found(at, shape));
        Ok(self.validator.into_allocations())
    }

    // Long, as it has an arm for each kind of operator.
    fn step(
        &mut self,
        op: &Operator<'_>,
        offset: u32,
        (pops, pushes): (u32, u32),
        set: &[BTreeSet<u32>],
        loops: usize,
        params: u32,
    ) {
        let mut operands: Vec<Operand> = (0..pops)
            .map(|_| self.stack.pop().unwrap_or_default())
            .collect();
        operands.reverse();
        match op {
            Operator::Block { .. } => self.blocks.push((Block::Plain, self.stack.len())),
            Operator::If { .. } => self.blocks.push((Block::Conditional, self.stack.len())),
            Operator::Loop { .. } => self.blocks.push((Block::Loop(loops - 1), self.stack.len())),
            Operator::End => {
                // In code that is not reached there may be anything on it.
                let (_, height) = self.blocks.pop().unwrap_or((Block::Plain, 0));
                self.stack.truncate(height);
            }
            Operator::Else => {
                let height = self.blocks.last().map_or(0, |&(_, height)| height);
                self.stack.truncate(height);
            }
            _ => {}
        }
        let ty = |depth: u32| self.validator.get_operand_type(depth as usize).flatten();
        let results: Vec<Option<ValType>> = (0..pushes).rev().map(ty).collect();
        let same = operands.first().map(|o| o.ty) == results.first().copied();
        let access = access(op);
        let origin = match op {
            _ if access.is_some() => Some(Origin::Loaded),
            Operator::I32Const { .. } | Operator::I64Const { .. } => Some(Origin::Constant),
            Operator::F32Const { .. } | Operator::F64Const { .. } => Some(Origin::Constant),
            Operator::V128Const { .. } => Some(Origin::Constant),
            Operator::LocalGet { local_index } => Some(self.local(*local_index, set, params)),
            Operator::Select | Operator::TypedSelect { .. } | Operator::End => Some(Origin::Chosen),
            _ if !is_numeric(op) || operands.is_empty() => None,
            _ if same => Some(Origin::Computed),
            _ => Some(Origin::Converted),
        };
        let fate = match op {
            Operator::Select | Operator::TypedSelect { .. } => Value::Selected,
            _ if access.is_some() || !is_numeric(op) => Value::Kept,
            _ if same => Value::Operated,
            _ => Value::Converted,
        };
        for load in operands.iter().filter_map(|operand| operand.load) {
            if let Some(shape) = self.shapes.get_mut(&load) {
                shape.value = Some(fate);
            }
        }
        if let Some(access) = access {
            let shape = Shape {
                origin: operands.first().and_then(|operand| operand.origin),
                setting: self.setting(),
                value: match access {
                    Access::Load => Some(Value::Kept),
                    Access::Store => operands.get(1).map(|stored| match stored.origin {
                        Some(
                            Origin::Constant | Origin::Parameter | Origin::Local | Origin::Counter,
                        ) => Value::Given,
                        _ => Value::Made,
                    }),
                    Access::Other => None,
                },
            };
            self.shapes.insert(offset, shape);
            self.accessed = true;
        }
        self.grown |= matches!(
            op,
            Operator::MemoryGrow { .. } | Operator::Call { .. } | Operator::CallIndirect { .. }
        );
        let passes = matches!(op, Operator::LocalTee { .. });
        for ty in results {
            self.stack.push(Operand {
                origin: if passes { operands[0].origin } else { origin },
                ty,
                load: matches!(access, Some(Access::Load)).then_some(offset),
            });
        }
    }

    fn local(&self, index: u32, set: &[BTreeSet<u32>], params: u32) -> Origin {
        let in_loop = self.blocks.iter().any(|(block, _)| match block {
            Block::Loop(number) => set.get(*number).is_some_and(|set| set.contains(&index)),
            Block::Plain | Block::Conditional => false,
        });
        match () {
            () if in_loop => Origin::Counter,
            () if index < params => Origin::Parameter,
            () => Origin::Local,
        }
    }

    fn setting(&self) -> Setting {
        let within = |kind: fn(Block) -> bool| self.blocks.iter().any(|&(block, _)| kind(block));
        match () {
            () if within(|block| matches!(block, Block::Loop(_))) => Setting::Loop,
            () if within(|block| block == Block::Conditional) => Setting::Branch,
            () if self.grown => Setting::Grown,
            () if self.accessed => Setting::After,
            () => Setting::Alone,
        }
    }
}

/// For each loop, in the order they begin, the locals set within.
fn locals_set_in_loops(mut ops: OperatorsReader<'_>) -> wasmparser::Result<Vec<BTreeSet<u32>>> {
    let (mut sets, mut open) = (Vec::<BTreeSet<u32>>::new(), Vec::new());
    while !ops.eof() {
        match ops.read()? {
            Operator::Loop { .. } => {
                open.push(Some(sets.len()));
                sets.push(BTreeSet::new());
            }
            Operator::Block { .. } | Operator::If { .. } => open.push(None),
            Operator::End => drop(open.pop()),
            Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
                for &number in open.iter().flatten() {
                    sets[number].insert(local_index);
                }
            }
            _ => {}
        }
    }
    Ok(sets)
}

/// What an instruction that accesses memory does with the value.
#[derive(Clone, Copy)]
enum Access {
    Load,
    Store,
    /// Something that has no [`Value`].
    Other,
}

fn access(op: &Operator<'_>) -> Option<Access> {
    let (name, proposal) = operator::name(op);
    match op {
        Operator::MemoryFill { .. } | Operator::MemoryCopy { .. } | Operator::MemoryInit { .. } => {
            Some(Access::Other)
        }
        Operator::AtomicFence { .. } => None,
        _ if proposal == "threads" => Some(Access::Other),
        _ if !["mvp", "simd"].contains(&proposal) => None,
        _ if name.contains("_load") => Some(Access::Load),
        _ if name.contains("_store") => Some(Access::Store),
        _ => None,
    }
}

/// Whether an instruction only computes with numbers or vectors.
fn is_numeric(op: &Operator<'_>) -> bool {
    let (name, _) = operator::name(op);
    let numeric = [
        "i32_", "i64_", "f32_", "f64_", "v128_", "i8x", "i16x", "i32x", "i64x", "f32x", "f64x",
    ];
    numeric.iter().any(|prefix| name.starts_with(prefix))
}
