//! The table of instructions that access linear memory at an address.
//!
//! <https://webassembly.github.io/spec/core/syntax/instructions.html#memory-instructions>

use wasmparser::{MemArg, Operator};

use crate::ValueType;

/// An instruction that accesses memory at an effective address: one row of the
/// table, without its immediates.
#[derive(Debug, PartialEq, Eq)]
pub struct Instruction {
    /// Its name in the text format.
    pub name: &'static str,
    /// How many bytes it accesses: also its natural alignment.
    pub width: u32,
    /// What it does with them.
    pub kind: Kind,
    /// The type of the value loaded, stored, exchanged or waited for.
    pub value: ValueType,
}

/// What an instruction does with the bytes it accesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Loads them, extended to the width of the value.
    Load(Extension),
    /// Stores the low bytes of the value.
    Store,
    /// Loads lanes of so many bytes and extends each to twice its width.
    LoadExtend(Extension, u32),
    /// Loads one lane and repeats it.
    LoadSplat,
    /// Loads one lane of a vector, the others kept.
    LoadLane,
    /// Stores one lane of a vector.
    StoreLane,
    /// Loads them atomically, zero-extended.
    AtomicLoad,
    /// Stores the low bytes atomically.
    AtomicStore,
    /// Reads, modifies and writes them as one; gives what was read.
    AtomicRmw(Rmw),
    /// Replaces them if they are what is expected; gives what was read.
    AtomicCmpxchg,
    /// Wakes up threads that wait there.
    Notify,
    /// Waits there for as long as the value is what is expected.
    Wait,
}

/// How a value is made wider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extension {
    /// With zeros.
    Zero,
    /// With its sign.
    Signed,
}

/// What an atomic read-modify-write does to the old value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rmw {
    /// Adds the operand, wrapping.
    Add,
    /// Subtracts the operand, wrapping.
    Sub,
    /// Bitwise and.
    And,
    /// Bitwise or.
    Or,
    /// Bitwise exclusive or.
    Xor,
    /// Replaces it.
    Xchg,
}

impl Kind {
    /// Whether this is an atomic access, which has to be aligned.
    pub fn is_atomic(self) -> bool {
        matches!(
            self,
            Kind::AtomicLoad
                | Kind::AtomicStore
                | Kind::AtomicRmw(_)
                | Kind::AtomicCmpxchg
                | Kind::Notify
                | Kind::Wait
        )
    }
}

impl Instruction {
    /// Whether it can change the memory.
    pub fn writes(&self) -> bool {
        matches!(
            self.kind,
            Kind::Store
                | Kind::StoreLane
                | Kind::AtomicStore
                | Kind::AtomicRmw(_)
                | Kind::AtomicCmpxchg
        )
    }

    /// Every row of the table.
    pub fn all() -> impl Iterator<Item = &'static Instruction> {
        ALL.iter()
    }

    /// The row of `op` with its immediates: what every such instruction has,
    /// and the lane of those that have one. `None` if it accesses no memory
    /// at an address.
    pub fn of(op: &Operator<'_>) -> Option<(&'static Instruction, MemArg, u8)> {
        find(op)
    }
}

use Extension::{Signed, Zero};
use Kind::{
    AtomicCmpxchg, AtomicLoad, AtomicRmw, AtomicStore, Load, LoadExtend, LoadLane, LoadSplat,
    Notify, Store, StoreLane, Wait,
};
use Rmw::{Add, And, Or, Sub, Xchg, Xor};

macro_rules! table {
    ($($op:ident $name:literal $width:literal $kind:expr, $value:ident;)*) => {
        static ALL: &[Instruction] = &[$(
            Instruction { name: $name, width: $width, kind: $kind, value: ValueType::$value },
        )*];

        fn find(op: &Operator<'_>) -> Option<(&'static Instruction, MemArg, u8)> {
            let (row, memarg, lane): (&'static Instruction, _, _) = match op {
                $(Operator::$op { memarg, .. } => (
                    &Instruction { name: $name, width: $width, kind: $kind, value: ValueType::$value },
                    *memarg,
                    lane(op),
                ),)*
                _ => return None,
            };
            Some((row, memarg, lane))
        }
    };
}

fn lane(op: &Operator<'_>) -> u8 {
    match op {
        Operator::V128Load8Lane { lane, .. }
        | Operator::V128Load16Lane { lane, .. }
        | Operator::V128Load32Lane { lane, .. }
        | Operator::V128Load64Lane { lane, .. }
        | Operator::V128Store8Lane { lane, .. }
        | Operator::V128Store16Lane { lane, .. }
        | Operator::V128Store32Lane { lane, .. }
        | Operator::V128Store64Lane { lane, .. } => *lane,
        _ => 0,
    }
}

table! {
    I32Load "i32.load" 4 Load(Zero), I32;
    I64Load "i64.load" 8 Load(Zero), I64;
    F32Load "f32.load" 4 Load(Zero), F32;
    F64Load "f64.load" 8 Load(Zero), F64;
    I32Load8S "i32.load8_s" 1 Load(Signed), I32;
    I32Load8U "i32.load8_u" 1 Load(Zero), I32;
    I32Load16S "i32.load16_s" 2 Load(Signed), I32;
    I32Load16U "i32.load16_u" 2 Load(Zero), I32;
    I64Load8S "i64.load8_s" 1 Load(Signed), I64;
    I64Load8U "i64.load8_u" 1 Load(Zero), I64;
    I64Load16S "i64.load16_s" 2 Load(Signed), I64;
    I64Load16U "i64.load16_u" 2 Load(Zero), I64;
    I64Load32S "i64.load32_s" 4 Load(Signed), I64;
    I64Load32U "i64.load32_u" 4 Load(Zero), I64;
    I32Store "i32.store" 4 Store, I32;
    I64Store "i64.store" 8 Store, I64;
    F32Store "f32.store" 4 Store, F32;
    F64Store "f64.store" 8 Store, F64;
    I32Store8 "i32.store8" 1 Store, I32;
    I32Store16 "i32.store16" 2 Store, I32;
    I64Store8 "i64.store8" 1 Store, I64;
    I64Store16 "i64.store16" 2 Store, I64;
    I64Store32 "i64.store32" 4 Store, I64;
    V128Load "v128.load" 16 Load(Zero), V128;
    V128Load8x8S "v128.load8x8_s" 8 LoadExtend(Signed, 1), V128;
    V128Load8x8U "v128.load8x8_u" 8 LoadExtend(Zero, 1), V128;
    V128Load16x4S "v128.load16x4_s" 8 LoadExtend(Signed, 2), V128;
    V128Load16x4U "v128.load16x4_u" 8 LoadExtend(Zero, 2), V128;
    V128Load32x2S "v128.load32x2_s" 8 LoadExtend(Signed, 4), V128;
    V128Load32x2U "v128.load32x2_u" 8 LoadExtend(Zero, 4), V128;
    V128Load8Splat "v128.load8_splat" 1 LoadSplat, V128;
    V128Load16Splat "v128.load16_splat" 2 LoadSplat, V128;
    V128Load32Splat "v128.load32_splat" 4 LoadSplat, V128;
    V128Load64Splat "v128.load64_splat" 8 LoadSplat, V128;
    V128Load32Zero "v128.load32_zero" 4 Load(Zero), V128;
    V128Load64Zero "v128.load64_zero" 8 Load(Zero), V128;
    V128Store "v128.store" 16 Store, V128;
    V128Load8Lane "v128.load8_lane" 1 LoadLane, V128;
    V128Load16Lane "v128.load16_lane" 2 LoadLane, V128;
    V128Load32Lane "v128.load32_lane" 4 LoadLane, V128;
    V128Load64Lane "v128.load64_lane" 8 LoadLane, V128;
    V128Store8Lane "v128.store8_lane" 1 StoreLane, V128;
    V128Store16Lane "v128.store16_lane" 2 StoreLane, V128;
    V128Store32Lane "v128.store32_lane" 4 StoreLane, V128;
    V128Store64Lane "v128.store64_lane" 8 StoreLane, V128;
    MemoryAtomicNotify "memory.atomic.notify" 4 Notify, I32;
    MemoryAtomicWait32 "memory.atomic.wait32" 4 Wait, I32;
    MemoryAtomicWait64 "memory.atomic.wait64" 8 Wait, I64;
    I32AtomicLoad "i32.atomic.load" 4 AtomicLoad, I32;
    I32AtomicLoad8U "i32.atomic.load8_u" 1 AtomicLoad, I32;
    I32AtomicLoad16U "i32.atomic.load16_u" 2 AtomicLoad, I32;
    I64AtomicLoad "i64.atomic.load" 8 AtomicLoad, I64;
    I64AtomicLoad8U "i64.atomic.load8_u" 1 AtomicLoad, I64;
    I64AtomicLoad16U "i64.atomic.load16_u" 2 AtomicLoad, I64;
    I64AtomicLoad32U "i64.atomic.load32_u" 4 AtomicLoad, I64;
    I32AtomicStore "i32.atomic.store" 4 AtomicStore, I32;
    I32AtomicStore8 "i32.atomic.store8" 1 AtomicStore, I32;
    I32AtomicStore16 "i32.atomic.store16" 2 AtomicStore, I32;
    I64AtomicStore "i64.atomic.store" 8 AtomicStore, I64;
    I64AtomicStore8 "i64.atomic.store8" 1 AtomicStore, I64;
    I64AtomicStore16 "i64.atomic.store16" 2 AtomicStore, I64;
    I64AtomicStore32 "i64.atomic.store32" 4 AtomicStore, I64;
    I32AtomicRmwAdd "i32.atomic.rmw.add" 4 AtomicRmw(Add), I32;
    I32AtomicRmw8AddU "i32.atomic.rmw8.add_u" 1 AtomicRmw(Add), I32;
    I32AtomicRmw16AddU "i32.atomic.rmw16.add_u" 2 AtomicRmw(Add), I32;
    I64AtomicRmwAdd "i64.atomic.rmw.add" 8 AtomicRmw(Add), I64;
    I64AtomicRmw8AddU "i64.atomic.rmw8.add_u" 1 AtomicRmw(Add), I64;
    I64AtomicRmw16AddU "i64.atomic.rmw16.add_u" 2 AtomicRmw(Add), I64;
    I64AtomicRmw32AddU "i64.atomic.rmw32.add_u" 4 AtomicRmw(Add), I64;
    I32AtomicRmwSub "i32.atomic.rmw.sub" 4 AtomicRmw(Sub), I32;
    I32AtomicRmw8SubU "i32.atomic.rmw8.sub_u" 1 AtomicRmw(Sub), I32;
    I32AtomicRmw16SubU "i32.atomic.rmw16.sub_u" 2 AtomicRmw(Sub), I32;
    I64AtomicRmwSub "i64.atomic.rmw.sub" 8 AtomicRmw(Sub), I64;
    I64AtomicRmw8SubU "i64.atomic.rmw8.sub_u" 1 AtomicRmw(Sub), I64;
    I64AtomicRmw16SubU "i64.atomic.rmw16.sub_u" 2 AtomicRmw(Sub), I64;
    I64AtomicRmw32SubU "i64.atomic.rmw32.sub_u" 4 AtomicRmw(Sub), I64;
    I32AtomicRmwAnd "i32.atomic.rmw.and" 4 AtomicRmw(And), I32;
    I32AtomicRmw8AndU "i32.atomic.rmw8.and_u" 1 AtomicRmw(And), I32;
    I32AtomicRmw16AndU "i32.atomic.rmw16.and_u" 2 AtomicRmw(And), I32;
    I64AtomicRmwAnd "i64.atomic.rmw.and" 8 AtomicRmw(And), I64;
    I64AtomicRmw8AndU "i64.atomic.rmw8.and_u" 1 AtomicRmw(And), I64;
    I64AtomicRmw16AndU "i64.atomic.rmw16.and_u" 2 AtomicRmw(And), I64;
    I64AtomicRmw32AndU "i64.atomic.rmw32.and_u" 4 AtomicRmw(And), I64;
    I32AtomicRmwOr "i32.atomic.rmw.or" 4 AtomicRmw(Or), I32;
    I32AtomicRmw8OrU "i32.atomic.rmw8.or_u" 1 AtomicRmw(Or), I32;
    I32AtomicRmw16OrU "i32.atomic.rmw16.or_u" 2 AtomicRmw(Or), I32;
    I64AtomicRmwOr "i64.atomic.rmw.or" 8 AtomicRmw(Or), I64;
    I64AtomicRmw8OrU "i64.atomic.rmw8.or_u" 1 AtomicRmw(Or), I64;
    I64AtomicRmw16OrU "i64.atomic.rmw16.or_u" 2 AtomicRmw(Or), I64;
    I64AtomicRmw32OrU "i64.atomic.rmw32.or_u" 4 AtomicRmw(Or), I64;
    I32AtomicRmwXor "i32.atomic.rmw.xor" 4 AtomicRmw(Xor), I32;
    I32AtomicRmw8XorU "i32.atomic.rmw8.xor_u" 1 AtomicRmw(Xor), I32;
    I32AtomicRmw16XorU "i32.atomic.rmw16.xor_u" 2 AtomicRmw(Xor), I32;
    I64AtomicRmwXor "i64.atomic.rmw.xor" 8 AtomicRmw(Xor), I64;
    I64AtomicRmw8XorU "i64.atomic.rmw8.xor_u" 1 AtomicRmw(Xor), I64;
    I64AtomicRmw16XorU "i64.atomic.rmw16.xor_u" 2 AtomicRmw(Xor), I64;
    I64AtomicRmw32XorU "i64.atomic.rmw32.xor_u" 4 AtomicRmw(Xor), I64;
    I32AtomicRmwXchg "i32.atomic.rmw.xchg" 4 AtomicRmw(Xchg), I32;
    I32AtomicRmw8XchgU "i32.atomic.rmw8.xchg_u" 1 AtomicRmw(Xchg), I32;
    I32AtomicRmw16XchgU "i32.atomic.rmw16.xchg_u" 2 AtomicRmw(Xchg), I32;
    I64AtomicRmwXchg "i64.atomic.rmw.xchg" 8 AtomicRmw(Xchg), I64;
    I64AtomicRmw8XchgU "i64.atomic.rmw8.xchg_u" 1 AtomicRmw(Xchg), I64;
    I64AtomicRmw16XchgU "i64.atomic.rmw16.xchg_u" 2 AtomicRmw(Xchg), I64;
    I64AtomicRmw32XchgU "i64.atomic.rmw32.xchg_u" 4 AtomicRmw(Xchg), I64;
    I32AtomicRmwCmpxchg "i32.atomic.rmw.cmpxchg" 4 AtomicCmpxchg, I32;
    I32AtomicRmw8CmpxchgU "i32.atomic.rmw8.cmpxchg_u" 1 AtomicCmpxchg, I32;
    I32AtomicRmw16CmpxchgU "i32.atomic.rmw16.cmpxchg_u" 2 AtomicCmpxchg, I32;
    I64AtomicRmwCmpxchg "i64.atomic.rmw.cmpxchg" 8 AtomicCmpxchg, I64;
    I64AtomicRmw8CmpxchgU "i64.atomic.rmw8.cmpxchg_u" 1 AtomicCmpxchg, I64;
    I64AtomicRmw16CmpxchgU "i64.atomic.rmw16.cmpxchg_u" 2 AtomicCmpxchg, I64;
    I64AtomicRmw32CmpxchgU "i64.atomic.rmw32.cmpxchg_u" 4 AtomicCmpxchg, I64;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_writes_and_what_is_atomic() {
        for row in Instruction::all() {
            let writes = row.name.contains(".store") || row.name.contains(".rmw");
            assert_eq!(row.writes(), writes, "{}", row.name);
            let atomic = row.name.contains("atomic");
            assert_eq!(row.kind.is_atomic(), atomic, "{}", row.name);
        }
    }
}
