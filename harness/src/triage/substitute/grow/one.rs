//! One grow in code: by the instruction, or by a call of the built-in instance.
//!
//! Both are handled alike: numbers of pages are i64, and -1 says that it failed.

use wasm_encoder::{BlockType, MemArg, MemArgTarget, ValType};

use crate::triage::substitute::code::Code;
use crate::triage::substitute::instruction::address::push_pages;
use crate::triage::substitute::parts::Parts;

/// A grow whose operand is on the stack.
pub(super) struct Grow<'a, 'm> {
    pub(super) parts: &'a Parts<'m>,
    pub(super) how: How,
    /// Its bytes.
    pub(super) raw: &'a [u8],
    /// The most pages that the memory can come to, as far as it is known.
    pub(super) most: u64,
}

/// By what a memory is grown.
#[derive(Clone, Copy)]
pub(super) enum How {
    /// `memory.grow` of the memory of this index.
    Instruction(u32),
    /// A call of the built-in instance.
    Host(Host),
}

/// What else the built-in instance does to the memory that a call grows.
#[derive(Clone, Copy)]
pub(super) struct Host {
    /// The functions, by index.
    pub(super) size: u32,
    pub(super) read: u32,
    pub(super) write: u32,
    /// The binary logarithm of the page size.
    pub(super) page: u32,
}

/// How many of the last bytes before a grow are stored again.
pub(super) const SAVED: i64 = 16;

/// How many bytes of what a grow adds are filled, at each end.
const CLEARED: i64 = 1 << 12;

/// As many, where each is a call of the embedder.
pub(super) const CLEARED_BY_HOST: i64 = 64;

impl Grow<'_, '_> {
    /// Pops the number of pages to grow by.
    pub(super) fn pop(&self, code: &mut Code) -> u32 {
        let delta = code.local(ValType::I64);
        if self.is_narrow() {
            code.ins().i64_extend_i32_u();
        }
        code.ins().local_set(delta);
        delta
    }

    /// Pushes the size in pages.
    pub(super) fn push_size(&self, code: &mut Code) {
        match self.how {
            How::Instruction(memory) => push_pages(self.parts, code, memory),
            How::Host(host) => {
                code.ins().call(host.size);
            }
        }
    }

    /// Grows by so many pages, and pushes what that gives.
    pub(super) fn grow(&self, code: &mut Code, delta: u32) {
        code.ins().local_get(delta);
        if self.is_narrow() {
            code.ins().i32_wrap_i64();
        }
        code.raw(self.raw);
        if self.is_narrow() {
            code.ins().i64_extend_i32_s();
        }
    }

    /// Makes of an i64 on the stack what the grow itself would leave there.
    pub(super) fn give(&self, code: &mut Code) {
        if self.is_narrow() {
            code.ins().i32_wrap_i64();
        }
    }

    /// Pushes the size in bytes.
    pub(super) fn push_bytes(&self, code: &mut Code) {
        self.push_size(code);
        let page = match self.how {
            How::Instruction(memory) => self.parts.page_size_log2(memory),
            How::Host(host) => host.page,
        };
        code.ins().i64_const(page.into()).i64_shl();
    }

    fn is_narrow(&self) -> bool {
        matches!(self.how, How::Instruction(memory) if !self.parts.is_wide(memory))
    }

    /// Makes of an address, i64, one of the memory.
    fn narrow(&self, code: &mut Code) {
        if self.is_narrow() {
            code.ins().i32_wrap_i64();
        }
    }

    /// Keeps the last [`SAVED`] bytes before the address `end`, if there are so many.
    pub(super) fn save(&self, code: &mut Code, end: u32) -> [u32; 2] {
        let saved = [code.local(ValType::I64), code.local(ValType::I64)];
        self.if_large(code, end, |code| {
            for (back, &local) in [16, 8].into_iter().zip(&saved) {
                match self.how {
                    How::Instruction(memory) => {
                        self.push_before(code, end, back);
                        code.ins().i64_load(at(memory)).local_set(local);
                    }
                    How::Host(host) => {
                        code.ins().i64_const(0).local_set(local);
                        for byte in 0..8 {
                            self.push_before(code, end, back - byte);
                            let mut ins = code.ins();
                            ins.call(host.read).i64_const(8 * byte).i64_shl();
                            ins.local_get(local).i64_or().local_set(local);
                        }
                    }
                }
            }
        });
        saved
    }

    /// Stores them again.
    pub(super) fn restore(&self, code: &mut Code, end: u32, saved: [u32; 2]) {
        self.if_large(code, end, |code| {
            for (back, &local) in [16, 8].into_iter().zip(&saved) {
                match self.how {
                    How::Instruction(memory) => {
                        self.push_before(code, end, back);
                        code.ins().local_get(local).i64_store(at(memory));
                    }
                    How::Host(host) => {
                        for byte in 0..8 {
                            self.push_before(code, end, back - byte);
                            let mut ins = code.ins();
                            ins.local_get(local).i64_const(8 * byte).i64_shr_u();
                            ins.i32_wrap_i64().call(host.write).drop();
                        }
                    }
                }
            }
        });
    }

    /// Fills the ends of what was added behind `old` bytes with zeros.
    pub(super) fn clear(&self, code: &mut Code, old: u32) {
        let (new, length) = (code.local(ValType::I64), code.local(ValType::I64));
        let most = match self.how {
            How::Instruction(_) => CLEARED,
            How::Host(_) => CLEARED_BY_HOST,
        };
        self.push_bytes(code);
        let mut ins = code.ins();
        ins.local_set(new);
        ins.local_get(new)
            .local_get(old)
            .i64_sub()
            .local_tee(length);
        ins.i64_const(most);
        ins.local_get(length).i64_const(most).i64_lt_u();
        ins.select().local_set(length);
        for from_end in [false, true] {
            code.ins().local_get(if from_end { new } else { old });
            if from_end {
                code.ins().local_get(length).i64_sub();
            }
            match self.how {
                How::Instruction(memory) => {
                    self.narrow(code);
                    code.ins().i32_const(0).local_get(length);
                    self.narrow(code);
                    code.ins().memory_fill(memory);
                }
                How::Host(host) => {
                    let (next, left) = (code.local(ValType::I64), code.local(ValType::I64));
                    let mut ins = code.ins();
                    ins.local_set(next).local_get(length).local_set(left);
                    ins.loop_(BlockType::Empty);
                    ins.local_get(next).i32_const(0).call(host.write).drop();
                    ins.local_get(next).i64_const(1).i64_add().local_set(next);
                    ins.local_get(left).i64_const(1).i64_sub().local_tee(left);
                    ins.i64_eqz().i32_eqz().br_if(0).end();
                }
            }
        }
    }

    fn push_before(&self, code: &mut Code, end: u32, back: i64) {
        code.ins().local_get(end).i64_const(back).i64_sub();
        self.narrow(code);
    }

    fn if_large(&self, code: &mut Code, bytes: u32, then: impl FnOnce(&mut Code)) {
        let mut ins = code.ins();
        ins.local_get(bytes).i64_const(SAVED).i64_ge_u();
        ins.if_(BlockType::Empty);
        then(code);
        code.ins().end();
    }
}

fn at(memory: u32) -> MemArg {
    MemArg {
        offset: 0,
        align: 0,
        target: MemArgTarget::Memory(memory),
        ordering: None,
    }
}
