//! Function bodies of structured code: expressions, and statements with blocks.

use wasm_encoder::{BlockType, Instruction, MemArg, MemArgTarget, ValType};

use super::super::body::{Role, constant};
use super::super::module::Function;

/// A parameter or a local variable.
#[derive(Clone, Copy)]
pub(super) struct Local(u32);

/// Instructions that leave one value.
pub(super) struct Expr(Vec<Instruction<'static>>);

/// What an operand can be written as.
pub(super) trait Operand {
    /// The operand as an expression; a number gets the type of addresses.
    fn of(self, word: Word) -> Expr;
}

impl Operand for Local {
    fn of(self, _: Word) -> Expr {
        Expr(vec![Instruction::LocalGet(self.0)])
    }
}

impl Operand for u64 {
    fn of(self, word: Word) -> Expr {
        Expr(vec![constant(word.ty(), self)])
    }
}

impl Operand for Expr {
    fn of(self, _: Word) -> Expr {
        self
    }
}

/// One memory of a module, and arithmetic in the type of its addresses. All
/// comparisons are unsigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Whether addresses have 64 bits.
    pub(super) is_64: bool,
    /// The index of the memory.
    pub(super) memory: u32,
}

macro_rules! binary {
    ($($name:ident: $narrow:ident or $wide:ident;)*) => {
        $(pub(super) fn $name(self, left: impl Operand, right: impl Operand) -> Expr {
            let instruction = match self.is_64 {
                true => Instruction::$wide,
                false => Instruction::$narrow,
            };
            self.apply(left, right, instruction)
        })*
    };
}

impl Word {
    binary! {
        add: I32Add or I64Add;
        sub: I32Sub or I64Sub;
        mul: I32Mul or I64Mul;
        and: I32And or I64And;
        xor: I32Xor or I64Xor;
        rotl: I32Rotl or I64Rotl;
        shl: I32Shl or I64Shl;
        shr: I32ShrU or I64ShrU;
        lt: I32LtU or I64LtU;
        gt: I32GtU or I64GtU;
        eq: I32Eq or I64Eq;
        ne: I32Ne or I64Ne;
    }

    pub(super) fn ty(self) -> ValType {
        match self.is_64 {
            true => ValType::I64,
            false => ValType::I32,
        }
    }

    /// How many bytes an address has in memory.
    pub(super) fn bytes(self) -> u64 {
        if self.is_64 { 8 } else { 4 }
    }

    fn apply(
        self,
        left: impl Operand,
        right: impl Operand,
        instruction: Instruction<'static>,
    ) -> Expr {
        let mut code = left.of(self).0;
        code.extend(right.of(self).0);
        code.push(instruction);
        Expr(code)
    }

    /// Another instruction on top of one operand.
    pub(super) fn then(self, operand: impl Operand, instruction: Instruction<'static>) -> Expr {
        let mut code = operand.of(self).0;
        code.push(instruction);
        Expr(code)
    }

    /// The number of zero bits above the highest one that is set.
    pub(super) fn clz(self, operand: impl Operand) -> Expr {
        let clz = match self.is_64 {
            true => Instruction::I64Clz,
            false => Instruction::I32Clz,
        };
        self.then(operand, clz)
    }

    /// An `i32` as an address.
    pub(super) fn widened(self, operand: impl Operand) -> Expr {
        match self.is_64 {
            true => self.then(operand, Instruction::I64ExtendI32U),
            false => operand.of(self),
        }
    }

    /// An address as an `i64`.
    pub(super) fn as_i64(self, operand: impl Operand) -> Expr {
        match self.is_64 {
            true => operand.of(self),
            false => self.then(operand, Instruction::I64ExtendI32U),
        }
    }

    /// The word in memory at `address + offset`.
    pub(super) fn load(self, address: impl Operand, offset: u64) -> Expr {
        let instruction = match self.is_64 {
            true => Instruction::I64Load(self.memarg(offset, 3)),
            false => Instruction::I32Load(self.memarg(offset, 2)),
        };
        self.then(address, instruction)
    }

    /// `memory.size`.
    pub(super) fn size(self) -> Expr {
        Expr(vec![Instruction::MemorySize(self.memory)])
    }

    /// A static offset and an alignment (the logarithm) for this memory.
    pub(super) fn memarg(self, offset: u64, align: u32) -> MemArg {
        MemArg {
            offset,
            align,
            target: MemArgTarget::Memory(self.memory),
            ordering: None,
        }
    }
}

/// A constant of type `i64`.
pub(super) fn number(value: u64) -> Expr {
    Expr(vec![Instruction::I64Const(value as i64)])
}

/// A function being written.
pub(super) struct Body {
    /// Its memory.
    pub(super) word: Word,
    params: Vec<ValType>,
    locals: Vec<ValType>,
    code: Vec<Instruction<'static>>,
}

impl Body {
    pub(super) fn new(word: Word, params: &[ValType]) -> Body {
        Body {
            word,
            params: params.to_vec(),
            locals: Vec::new(),
            code: Vec::new(),
        }
    }

    /// A parameter.
    pub(super) fn param(&self, index: u32) -> Local {
        Local(index)
    }

    /// A new local variable for an address.
    pub(super) fn local(&mut self) -> Local {
        self.local_of(self.word.ty())
    }

    /// A new local variable of any type.
    pub(super) fn local_of(&mut self, ty: ValType) -> Local {
        self.locals.push(ty);
        Local((self.params.len() + self.locals.len()) as u32 - 1)
    }

    pub(super) fn emit(&mut self, instruction: Instruction<'static>) {
        self.code.push(instruction);
    }

    /// Leaves the value of an operand on the stack.
    pub(super) fn push(&mut self, operand: impl Operand) {
        self.code.extend(operand.of(self.word).0);
    }

    pub(super) fn set(&mut self, local: Local, value: impl Operand) {
        self.push(value);
        self.emit(Instruction::LocalSet(local.0));
    }

    /// Stores a word at `address + offset`.
    pub(super) fn store(&mut self, address: impl Operand, offset: u64, value: impl Operand) {
        self.push(address);
        self.push(value);
        self.emit(match self.word.is_64 {
            true => Instruction::I64Store(self.word.memarg(offset, 3)),
            false => Instruction::I32Store(self.word.memarg(offset, 2)),
        });
    }

    /// What a function gives for these arguments.
    pub(super) fn call(&mut self, result: Local, function: u32, arguments: &[Local]) {
        for &argument in arguments {
            self.push(argument);
        }
        self.emit(Instruction::Call(function));
        self.emit(Instruction::LocalSet(result.0));
    }

    /// Ends the function early.
    pub(super) fn give(&mut self, value: impl Operand) {
        self.push(value);
        self.emit(Instruction::Return);
    }

    /// Does this if `condition` is not 0.
    pub(super) fn when(&mut self, condition: Expr, then: impl FnOnce(&mut Body)) {
        self.push(condition);
        self.emit(Instruction::If(BlockType::Empty));
        then(self);
        self.emit(Instruction::End);
    }

    /// Does this for as long as `condition` is not 0.
    pub(super) fn while_(&mut self, condition: Expr, body: impl FnOnce(&mut Body)) {
        self.emit(Instruction::Block(BlockType::Empty));
        self.emit(Instruction::Loop(BlockType::Empty));
        self.push(condition);
        self.emit(Instruction::I32Eqz);
        self.emit(Instruction::BrIf(1));
        body(self);
        self.emit(Instruction::Br(0));
        self.emit(Instruction::End);
        self.emit(Instruction::End);
    }

    /// The function, exported as `name`; its code has left the results.
    pub(super) fn finish(mut self, name: String, results: &[ValType]) -> Function {
        self.emit(Instruction::End);
        Function {
            name,
            params: self.params.iter().map(|&ty| (ty, Role::Value)).collect(),
            results: results.to_vec(),
            locals: self.locals,
            code: self.code,
            uses: Vec::new(),
        }
    }
}
