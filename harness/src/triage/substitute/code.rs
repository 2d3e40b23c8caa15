//! The code of a function that is written anew: its locals and instructions.

use wasm_encoder::{BlockType, Encode, InstructionSink, ValType};
use wasmparser::{FunctionBody, Operator, OperatorsReader};

use super::parts::{Parts, Unreadable};

/// A function body in the making.
pub(super) struct Code {
    /// How many locals it has without the new ones.
    old: u32,
    /// The old declarations of locals: how many, and their bytes.
    declared: (u32, Vec<u8>),
    new: Vec<ValType>,
    /// New locals that are free to be used again.
    free: Vec<u32>,
    bytes: Vec<u8>,
}

impl Code {
    /// A function with so many parameters.
    pub(super) fn new(params: usize) -> Code {
        Code {
            old: params as u32,
            declared: (0, Vec::new()),
            new: Vec::new(),
            free: Vec::new(),
            bytes: Vec::new(),
        }
    }

    /// Adds an instruction, or several.
    pub(super) fn ins(&mut self) -> InstructionSink<'_> {
        InstructionSink::new(&mut self.bytes)
    }

    /// Adds an instruction as it stands in the binary.
    pub(super) fn raw(&mut self, instruction: &[u8]) {
        self.bytes.extend(instruction);
    }

    /// The instructions so far.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// A local whose value is anything.
    pub(super) fn local(&mut self, ty: ValType) -> u32 {
        let fits = |&local: &u32| self.new[(local - self.old) as usize] == ty;
        if let Some(at) = self.free.iter().position(fits) {
            return self.free.swap_remove(at);
        }
        self.new.push(ty);
        self.old + self.new.len() as u32 - 1
    }

    /// Pops operands into locals: those of a helper's parameters, in order.
    pub(super) fn pop(&mut self, types: &[ValType]) -> Vec<u32> {
        let locals: Vec<u32> = types.iter().map(|&ty| self.local(ty)).collect();
        for &local in locals.iter().rev() {
            self.ins().local_set(local);
        }
        locals
    }

    /// Lets all new locals be used again: their values are no longer needed.
    pub(super) fn release(&mut self) {
        self.free = (self.old..self.old + self.new.len() as u32).collect();
    }

    /// Traps if the i32 on top is not zero.
    pub(super) fn trap_if(&mut self) {
        self.ins().if_(BlockType::Empty).unreachable().end();
    }

    /// Pushes the value of a local, an address or a length, as i64 without sign.
    pub(super) fn get_wide(&mut self, local: u32, wide: bool) {
        self.ins().local_get(local);
        if !wide {
            self.ins().i64_extend_i32_u();
        }
    }

    /// The function: declarations of locals, instructions; `end` unless it is there.
    pub(super) fn finish(mut self, end: bool) -> Vec<u8> {
        if end {
            self.ins().end();
        }
        let (count, declared) = &self.declared;
        let mut body = Vec::with_capacity(self.bytes.len() + declared.len() + 16);
        (count + self.new.len() as u32).encode(&mut body);
        body.extend(declared);
        for ty in &self.new {
            1u32.encode(&mut body);
            ty.encode(&mut body);
        }
        body.extend(&self.bytes);
        body
    }
}

/// Reads the instructions of a body: each with its first byte and its bytes.
pub(super) fn each<'m>(
    parts: &Parts<'m>,
    body: &FunctionBody<'m>,
    mut see: impl FnMut(&Operator<'m>, u32, &'m [u8]),
) -> Result<(), Unreadable> {
    let mut ops = body.get_operators_reader()?;
    while !ops.eof() {
        let (op, at) = ops.read_with_offset()?;
        see(&op, at as u32, parts.bytes(at..ops.original_position()));
    }
    Ok(())
}

/// Copies a function, but for the instructions that `replace` replaces: it says
/// so by true. Calls are renumbered.
pub(super) fn rewritten<'m>(
    parts: &mut Parts<'m>,
    params: u32,
    body: &FunctionBody<'m>,
    mut replace: impl FnMut(&mut Parts<'m>, &mut Code, &Operator<'m>, u32, &'m [u8]) -> bool,
) -> Result<Vec<u8>, Unreadable> {
    let mut locals = body.get_locals_reader()?;
    let count = locals.get_count();
    let declared = locals.original_position();
    let mut old = params;
    for _ in 0..count {
        old += locals.read()?.0;
    }
    let mut ops = OperatorsReader::new(locals.get_binary_reader());
    let mut code = Code::new(old as usize);
    code.declared = (
        count,
        parts.bytes(declared..ops.original_position()).to_vec(),
    );
    while !ops.eof() {
        let (op, at) = ops.read_with_offset()?;
        let raw = parts.bytes(at..ops.original_position());
        if replace(parts, &mut code, &op, at as u32, raw) {
            code.release();
            continue;
        }
        match op {
            Operator::Call { function_index } if parts.renumbers() => {
                code.ins().call(parts.renumbered(function_index));
            }
            Operator::ReturnCall { function_index } if parts.renumbers() => {
                code.ins().return_call(parts.renumbered(function_index));
            }
            Operator::RefFunc { function_index } if parts.renumbers() => {
                code.ins().ref_func(parts.renumbered(function_index));
            }
            _ => code.raw(raw),
        }
    }
    Ok(code.finish(false))
}
