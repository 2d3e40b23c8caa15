//! Address expressions: from a parameter or a constant to an operand.
//!
//! An expression is a base and a chain of [`Fold`]s, each of which can be
//! turned round: [`Address::solve`] says which argument makes the operand
//! that is wanted, so that a call can hit an edge through any expression.

use wasm_encoder::{BlockType, Instruction, ValType};

use super::body::Body;
use super::dice::Dice;
use super::edge::{self, Place};
use super::memory::{Live, page_log2};

/// What an expression starts from, or an operand that is nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    /// A parameter of the function.
    Param(u32),
    /// A constant.
    Const(u64),
}

/// One step of an address expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    /// Add a constant.
    Add(u64),
    /// Exclusive or with a constant.
    Xor(u64),
    /// Keep the bits of a mask.
    And(u64),
    /// Shift left.
    Shl(u32),
    /// Shift right, without sign.
    ShrU(u32),
    /// From `i64` to `i32`. Only the first step of a chain.
    Wrap,
    /// From `i32` to `i64`, without sign. Only the first step of a chain.
    ExtendU,
    /// From `i32` to `i64`, with sign. Only the first step of a chain.
    ExtendS,
    /// Add the size of the memory, in bytes.
    PlusSize,
    /// Add another parameter, shifted left: `base + index << k`.
    PlusIndex(u32, u32),
    /// Through something that does not change it.
    Through(Way),
}

/// How a value takes a way round that does not change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// A local.
    Local,
    /// The memory itself, at this address.
    Memory(u64),
    /// `select` with the same value on both sides.
    Select,
    /// The result of a block.
    Block,
    /// The result of a conditional.
    If,
}

/// The operand of an access, and its static offset.
#[derive(Clone, Debug)]
pub(super) struct Address {
    pub(super) base: Operand,
    pub(super) folds: Vec<Fold>,
    pub(super) offset: u64,
    /// Whether the operand has 64 bits.
    pub(super) wide: bool,
}

/// What an expression depends on besides its base.
pub(super) struct Context<'a> {
    /// The size of the memory in bytes.
    pub(super) size: u128,
    /// The arguments so far, for those parameters that have one.
    pub(super) args: &'a [Option<u64>],
}

impl Address {
    fn mask(&self) -> u64 {
        if self.wide { u64::MAX } else { 0xffff_ffff }
    }

    /// The operand when the base has this value.
    pub(super) fn eval(&self, base: u64, context: &Context<'_>) -> u64 {
        let mask = self.mask();
        self.folds.iter().fold(base, |value, fold| {
            mask & match *fold {
                Fold::Add(c) => value.wrapping_add(c),
                Fold::Xor(c) => value ^ c,
                Fold::And(c) => value & c,
                Fold::Shl(k) => value << k,
                Fold::ShrU(k) => value >> k,
                Fold::Wrap | Fold::ExtendU => value & 0xffff_ffff,
                Fold::ExtendS => value as u32 as i32 as i64 as u64,
                Fold::PlusSize => value.wrapping_add(context.size as u64),
                Fold::PlusIndex(param, k) => value.wrapping_add(index(context, param) << k),
                Fold::Through(_) => value,
            }
        }) & mask
    }

    /// A value of the base that gives this operand, as nearly as one can.
    /// Bits that do not matter are taken from `garbage`.
    pub(super) fn solve(&self, operand: u64, garbage: u64, context: &Context<'_>) -> u64 {
        let mask = self.mask();
        let bits = if self.wide { 64 } else { 32 };
        self.folds
            .iter()
            .rev()
            .fold(operand & mask, |value, fold| match *fold {
                Fold::Add(c) => value.wrapping_sub(c) & mask,
                Fold::Xor(c) => (value ^ c) & mask,
                Fold::And(c) => ((value & c) | (garbage & !c)) & mask,
                Fold::Shl(0) | Fold::ShrU(0) | Fold::Through(_) => value,
                Fold::Shl(k) => ((value >> k) | (garbage << (bits - k))) & mask,
                Fold::ShrU(k) => ((value << k) | (garbage & ((1 << k) - 1))) & mask,
                Fold::Wrap => value | (garbage << 32),
                Fold::ExtendU | Fold::ExtendS => value & 0xffff_ffff,
                Fold::PlusSize => value.wrapping_sub(context.size as u64) & mask,
                Fold::PlusIndex(param, k) => value.wrapping_sub(index(context, param) << k) & mask,
            })
    }

    /// The parameter that serves as index, if there is one.
    pub(super) fn index_param(&self) -> Option<u32> {
        self.folds.iter().find_map(|fold| match fold {
            Fold::PlusIndex(param, _) => Some(*param),
            _ => None,
        })
    }
}

fn index(context: &Context<'_>, param: u32) -> u64 {
    context
        .args
        .get(param as usize)
        .copied()
        .flatten()
        .unwrap_or(0)
}

impl Body<'_> {
    /// Invents an address expression for `memory`, without a static offset.
    pub(super) fn invent_address(&mut self, dice: &mut Dice<'_, '_>, memory: u32) -> Address {
        let ty = self.plan.memories[memory as usize].ty;
        let at = self.plan.memories[memory as usize].address();
        let wide = ty.memory64;
        let plain = |base| Address {
            base,
            folds: Vec::new(),
            offset: 0,
            wide,
        };
        match dice.up_to(19) {
            0..=8 => return plain(Operand::Param(self.param(at))),
            9 | 10 => {
                let live = Live::new(ty, self.plan.means);
                let width = dice.pick(&[4, 1, 2, 8]);
                let place = dice.weighted(&[(8, Place::Inside), (2, Place::End), (1, Place::Far)]);
                let constant = edge::effective(dice, &live, width, place) as u64;
                let mask = if wide { u64::MAX } else { 0xffff_ffff };
                return plain(Operand::Const(constant & mask));
            }
            _ => {}
        }
        let (start, first) = match (wide, dice.up_to(5)) {
            (false, 4 | 5) => (ValType::I64, Some(Fold::Wrap)),
            (true, 4) => (ValType::I32, Some(Fold::ExtendU)),
            (true, 5) => (ValType::I32, Some(Fold::ExtendS)),
            _ => (at, None),
        };
        let mut address = plain(Operand::Param(self.param(start)));
        address.folds.extend(first);
        for _ in 0..=dice.index(3) {
            let fold = self.invent_fold(dice, &ty, at);
            address.folds.push(fold);
        }
        address
    }

    fn invent_fold(
        &mut self,
        dice: &mut Dice<'_, '_>,
        ty: &wasm_encoder::MemoryType,
        at: ValType,
    ) -> Fold {
        let size = (u128::from(ty.minimum) << page_log2(ty)) as u64;
        match dice.up_to(15) {
            0 | 1 => Fold::Add(dice.pick(&[1, 4, 8, 0xffff, 0x1_0000, 0x7fff_ffff])),
            2 => Fold::Add(u64::MAX - dice.up_to(16)),
            3 => Fold::Add(size.wrapping_sub(dice.up_to(16))),
            4 => Fold::Xor(dice.pick(&[0x8000_0000, 1, 0xffff_ffff])),
            5 => Fold::And(dice.pick(&[
                0xffff_ffff,
                0x1_ffff,
                0x7fff_ffff,
                0xffff_fff8,
                0xf_ffff_fff8,
            ])),
            6 | 7 => Fold::Shl(dice.pick(&[3, 1, 2, 4, 16])),
            8 => Fold::ShrU(dice.pick(&[1, 3, 8])),
            9 | 10 => Fold::PlusSize,
            11 => Fold::PlusIndex(self.param(at), dice.pick(&[0, 1, 2, 3])),
            12 => Fold::Through(Way::Local),
            13 => Fold::Through(Way::Memory(dice.pick(&[0, 8, 16, 17]))),
            14 => Fold::Through(Way::Select),
            _ => Fold::Through(dice.pick(&[Way::Block, Way::If])),
        }
    }

    /// Pushes the operand of an access to `memory`.
    pub(super) fn push_address(&mut self, memory: u32, address: &Address) {
        let ty = self.plan.memories[memory as usize].ty;
        let wide = address.wide;
        let at = if wide { ValType::I64 } else { ValType::I32 };
        let op = |narrow: Instruction<'static>, wider: Instruction<'static>| {
            if wide { wider } else { narrow }
        };
        match address.base {
            Operand::Param(param) => self.emit(Instruction::LocalGet(param)),
            Operand::Const(value) => self.push_const(at, value),
        }
        for fold in &address.folds {
            match *fold {
                Fold::Add(c) => {
                    self.push_const(at, c);
                    self.emit(op(Instruction::I32Add, Instruction::I64Add));
                }
                Fold::Xor(c) => {
                    self.push_const(at, c);
                    self.emit(op(Instruction::I32Xor, Instruction::I64Xor));
                }
                Fold::And(c) => {
                    self.push_const(at, c);
                    self.emit(op(Instruction::I32And, Instruction::I64And));
                }
                Fold::Shl(k) => {
                    self.push_const(at, k.into());
                    self.emit(op(Instruction::I32Shl, Instruction::I64Shl));
                }
                Fold::ShrU(k) => {
                    self.push_const(at, k.into());
                    self.emit(op(Instruction::I32ShrU, Instruction::I64ShrU));
                }
                Fold::Wrap => self.emit(Instruction::I32WrapI64),
                Fold::ExtendU => self.emit(Instruction::I64ExtendI32U),
                Fold::ExtendS => self.emit(Instruction::I64ExtendI32S),
                Fold::PlusSize => {
                    self.emit(Instruction::MemorySize(memory));
                    if page_log2(&ty) != 0 {
                        self.push_const(at, page_log2(&ty).into());
                        self.emit(op(Instruction::I32Shl, Instruction::I64Shl));
                    }
                    self.emit(op(Instruction::I32Add, Instruction::I64Add));
                }
                Fold::PlusIndex(param, k) => {
                    self.emit(Instruction::LocalGet(param));
                    self.push_const(at, k.into());
                    self.emit(op(Instruction::I32Shl, Instruction::I64Shl));
                    self.emit(op(Instruction::I32Add, Instruction::I64Add));
                }
                Fold::Through(way) => self.push_through(memory, at, way),
            }
        }
    }

    fn push_through(&mut self, memory: u32, at: ValType, way: Way) {
        match way {
            Way::Local => {
                let local = self.local(at);
                self.emit(Instruction::LocalSet(local));
                self.emit(Instruction::LocalGet(local));
            }
            Way::Memory(slot) => {
                let local = self.local(at);
                let memarg = self.memarg(memory, 0, 0);
                let (store, load) = if at == ValType::I64 {
                    (Instruction::I64Store(memarg), Instruction::I64Load(memarg))
                } else {
                    (Instruction::I32Store(memarg), Instruction::I32Load(memarg))
                };
                self.emit(Instruction::LocalSet(local));
                self.push_const(at, slot);
                self.emit(Instruction::LocalGet(local));
                self.emit(store);
                self.push_const(at, slot);
                self.emit(load);
            }
            Way::Select => {
                let local = self.local(at);
                self.emit(Instruction::LocalTee(local));
                self.emit(Instruction::LocalGet(local));
                self.emit(Instruction::LocalGet(local));
                if at == ValType::I64 {
                    self.emit(Instruction::I64Eqz);
                }
                self.emit(Instruction::Select);
            }
            Way::Block => {
                // A block cannot take what is on the stack without a type of its own.
                let local = self.local(at);
                self.emit(Instruction::LocalSet(local));
                self.emit(Instruction::Block(BlockType::Result(at)));
                self.emit(Instruction::LocalGet(local));
                self.emit(Instruction::End);
            }
            Way::If => {
                let local = self.local(at);
                self.emit(Instruction::LocalTee(local));
                if at == ValType::I64 {
                    self.emit(Instruction::I64Eqz);
                }
                self.emit(Instruction::If(BlockType::Result(at)));
                self.emit(Instruction::LocalGet(local));
                self.emit(Instruction::Else);
                self.emit(Instruction::LocalGet(local));
                self.emit(Instruction::End);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every fold that loses nothing is turned round exactly.
    #[test]
    fn solving_gives_an_argument_that_evaluates_to_the_operand() {
        let args = [None, Some(0x1_0000_0007)];
        let context = Context {
            size: 0x3_0000,
            args: &args,
        };
        let chains: &[&[Fold]] = &[
            &[Fold::Add(0xffff_fff8), Fold::Xor(1)],
            &[Fold::And(0x1_ffff), Fold::PlusSize],
            &[Fold::Shl(3)],
            &[Fold::ShrU(8), Fold::Add(4)],
            &[Fold::PlusIndex(1, 2), Fold::Through(Way::Local)],
        ];
        for wide in [false, true] {
            let first = if wide { Fold::ExtendU } else { Fold::Wrap };
            for chain in chains {
                for lead in [None, Some(first)] {
                    let address = Address {
                        base: Operand::Param(0),
                        folds: lead.into_iter().chain(chain.iter().copied()).collect(),
                        offset: 0,
                        wide,
                    };
                    // `And` reaches only what its mask keeps, beyond the size.
                    let operand = 0x3_fff8;
                    let arg = address.solve(operand, 0xdead_beef_dead_beef, &context);
                    if matches!(chain[0], Fold::ShrU(_)) || lead == Some(Fold::ExtendU) {
                        // The argument has fewer bits than the expression can ask for.
                        continue;
                    }
                    assert_eq!(address.eval(arg, &context), operand, "{address:?}");
                }
            }
        }
    }
}
