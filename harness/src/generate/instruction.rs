//! The instructions that access memory at an effective address, as tables.

use std::mem::discriminant;

use wasm_encoder::{Instruction, MemArg, MemArgTarget, ValType};

/// What an instruction does with the memory at its effective address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `[address] -> [value]`.
    Load,
    /// `[address value] -> []`.
    Store,
    /// `[address value] -> [value]`.
    ReadModifyWrite,
    /// `[address expected replacement] -> [value]`.
    CompareExchange,
    /// `[address expected timeout:i64] -> [i32]`.
    Wait,
    /// `[address count:i32] -> [i32]`.
    Notify,
    /// `[address vector] -> [vector]`.
    LoadLane,
    /// `[address vector] -> []`.
    StoreLane,
}

/// An instruction with a `memarg`.
#[derive(Clone, Copy)]
pub(super) struct MemoryInstruction {
    /// Makes it; the second argument is the lane, where it has one.
    pub(super) make: fn(MemArg, u8) -> Instruction<'static>,
    /// What it does.
    pub(super) kind: Kind,
    /// The type of the value it loads, stores or compares.
    pub(super) value: ValType,
    /// Logarithm of the bytes it accesses; also its natural alignment.
    pub(super) width_log2: u32,
    /// Whether it has to be aligned, statically and when it runs.
    pub(super) atomic: bool,
}

impl MemoryInstruction {
    /// How many bytes it accesses.
    pub(super) fn width(&self) -> u64 {
        1 << self.width_log2
    }

    /// How many lanes of its width a vector has.
    pub(super) fn lanes(&self) -> u64 {
        16 >> self.width_log2
    }
}

macro_rules! table {
    ($name:ident, $kind:ident, $atomic:literal: $( $ty:ident { $( $instr:ident / $width:literal ),* $(,)? } )*) => {
        pub(super) const $name: &[MemoryInstruction] = &[ $( $( MemoryInstruction {
            make: |memarg, _| Instruction::$instr(memarg),
            kind: Kind::$kind,
            value: ValType::$ty,
            width_log2: $width,
            atomic: $atomic,
        }, )* )* ];
    };
}

macro_rules! lanes {
    ($name:ident, $kind:ident: $( $instr:ident / $width:literal ),* ) => {
        pub(super) const $name: &[MemoryInstruction] = &[ $( MemoryInstruction {
            make: |memarg, lane| Instruction::$instr { memarg, lane },
            kind: Kind::$kind,
            value: ValType::V128,
            width_log2: $width,
            atomic: false,
        }, )* ];
    };
}

table! { LOADS, Load, false:
    I32 { I32Load/2, I32Load8S/0, I32Load8U/0, I32Load16S/1, I32Load16U/1 }
    I64 { I64Load/3, I64Load8S/0, I64Load8U/0, I64Load16S/1, I64Load16U/1, I64Load32S/2, I64Load32U/2 }
    F32 { F32Load/2 }
    F64 { F64Load/3 }
}

table! { STORES, Store, false:
    I32 { I32Store/2, I32Store8/0, I32Store16/1 }
    I64 { I64Store/3, I64Store8/0, I64Store16/1, I64Store32/2 }
    F32 { F32Store/2 }
    F64 { F64Store/3 }
}

table! { VECTOR_LOADS, Load, false:
    V128 {
        V128Load/4, V128Load8x8S/3, V128Load8x8U/3, V128Load16x4S/3, V128Load16x4U/3,
        V128Load32x2S/3, V128Load32x2U/3, V128Load8Splat/0, V128Load16Splat/1,
        V128Load32Splat/2, V128Load64Splat/3, V128Load32Zero/2, V128Load64Zero/3,
    }
}

table! { VECTOR_STORES, Store, false: V128 { V128Store/4 } }

lanes! { LANE_LOADS, LoadLane: V128Load8Lane/0, V128Load16Lane/1, V128Load32Lane/2, V128Load64Lane/3 }
lanes! { LANE_STORES, StoreLane: V128Store8Lane/0, V128Store16Lane/1, V128Store32Lane/2, V128Store64Lane/3 }

table! { ATOMIC_LOADS, Load, true:
    I32 { I32AtomicLoad/2, I32AtomicLoad8U/0, I32AtomicLoad16U/1 }
    I64 { I64AtomicLoad/3, I64AtomicLoad8U/0, I64AtomicLoad16U/1, I64AtomicLoad32U/2 }
}

table! { ATOMIC_STORES, Store, true:
    I32 { I32AtomicStore/2, I32AtomicStore8/0, I32AtomicStore16/1 }
    I64 { I64AtomicStore/3, I64AtomicStore8/0, I64AtomicStore16/1, I64AtomicStore32/2 }
}

table! { ATOMIC_MODIFIES, ReadModifyWrite, true:
    I32 {
        I32AtomicRmwAdd/2, I32AtomicRmw8AddU/0, I32AtomicRmw16AddU/1,
        I32AtomicRmwSub/2, I32AtomicRmw8SubU/0, I32AtomicRmw16SubU/1,
        I32AtomicRmwAnd/2, I32AtomicRmw8AndU/0, I32AtomicRmw16AndU/1,
        I32AtomicRmwOr/2, I32AtomicRmw8OrU/0, I32AtomicRmw16OrU/1,
        I32AtomicRmwXor/2, I32AtomicRmw8XorU/0, I32AtomicRmw16XorU/1,
        I32AtomicRmwXchg/2, I32AtomicRmw8XchgU/0, I32AtomicRmw16XchgU/1,
    }
    I64 {
        I64AtomicRmwAdd/3, I64AtomicRmw8AddU/0, I64AtomicRmw16AddU/1, I64AtomicRmw32AddU/2,
        I64AtomicRmwSub/3, I64AtomicRmw8SubU/0, I64AtomicRmw16SubU/1, I64AtomicRmw32SubU/2,
        I64AtomicRmwAnd/3, I64AtomicRmw8AndU/0, I64AtomicRmw16AndU/1, I64AtomicRmw32AndU/2,
        I64AtomicRmwOr/3, I64AtomicRmw8OrU/0, I64AtomicRmw16OrU/1, I64AtomicRmw32OrU/2,
        I64AtomicRmwXor/3, I64AtomicRmw8XorU/0, I64AtomicRmw16XorU/1, I64AtomicRmw32XorU/2,
        I64AtomicRmwXchg/3, I64AtomicRmw8XchgU/0, I64AtomicRmw16XchgU/1, I64AtomicRmw32XchgU/2,
    }
}

table! { ATOMIC_EXCHANGES, CompareExchange, true:
    I32 { I32AtomicRmwCmpxchg/2, I32AtomicRmw8CmpxchgU/0, I32AtomicRmw16CmpxchgU/1 }
    I64 {
        I64AtomicRmwCmpxchg/3, I64AtomicRmw8CmpxchgU/0, I64AtomicRmw16CmpxchgU/1,
        I64AtomicRmw32CmpxchgU/2,
    }
}

table! { ATOMIC_WAITS, Wait, true: I32 { MemoryAtomicWait32/2 } I64 { MemoryAtomicWait64/3 } }

table! { ATOMIC_NOTIFIES, Notify, true: I32 { MemoryAtomicNotify/2 } }

/// All tables.
pub(super) const TABLES: [&[MemoryInstruction]; 12] = [
    LOADS,
    STORES,
    VECTOR_LOADS,
    VECTOR_STORES,
    LANE_LOADS,
    LANE_STORES,
    ATOMIC_LOADS,
    ATOMIC_STORES,
    ATOMIC_MODIFIES,
    ATOMIC_EXCHANGES,
    ATOMIC_WAITS,
    ATOMIC_NOTIFIES,
];

/// The row of an instruction, and the table that it is in; `None` for all but
/// these.
pub(super) fn row_of(
    of: &Instruction<'_>,
) -> Option<(&'static [MemoryInstruction], &'static MemoryInstruction)> {
    const ANY: MemArg = MemArg {
        offset: 0,
        align: 0,
        target: MemArgTarget::Memory(0),
        ordering: None,
    };
    let kind = discriminant(of);
    let is = |row: &&MemoryInstruction| discriminant(&(row.make)(ANY, 0)) == kind;
    let mut tables = TABLES.iter();
    tables.find_map(|table| Some((*table, table.iter().find(is)?)))
}

/// The instruction of this name in the text format, with these immediates and
/// lane 0; `None` if it accesses no memory at an effective address.
pub(crate) fn instruction_named(name: &str, memarg: MemArg) -> Option<Instruction<'static>> {
    lane_instruction_named(name, memarg, 0)
}

/// The same with this lane, where it has one.
pub(crate) fn lane_instruction_named(
    name: &str,
    memarg: MemArg,
    lane: u8,
) -> Option<Instruction<'static>> {
    let rows = TABLES.into_iter().flatten();
    let mut made = rows.map(|row| (row.make)(memarg, lane));
    made.find(|instruction| text_name(instruction).as_deref() == Some(name))
}

/// The name of an instruction in the text format.
fn text_name(instruction: &Instruction<'_>) -> Option<String> {
    let mut bytes = Vec::new();
    wasm_encoder::Encode::encode(instruction, &mut bytes);
    let reader = wasmparser::BinaryReader::new(&bytes, 0);
    let op = wasmparser::OperatorsReader::new(reader).read().ok()?;
    Some(crate::operator::text_name(&op))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_reference_has_an_instruction() {
        let memarg = MemArg {
            offset: 0,
            align: 0,
            target: MemArgTarget::Memory(0),
            ordering: None,
        };
        for row in trapline_reference::Instruction::all() {
            assert!(
                instruction_named(row.name, memarg).is_some(),
                "{}",
                row.name
            );
        }
        assert!(instruction_named("memory.fill", memarg).is_none());
    }
}
