//! The memory and its rules against a plain array of bytes, on random
//! sequences of all operations, sizes and address types.

use std::sync::Arc;

use proptest::prelude::*;
use trapline_reference::plain::{Answer, Plain};
use trapline_reference::{
    AddressType, Bulk, CHUNK, Instruction, Kind, Memory, MemoryType, Request, Rules, Site,
    Specification, ValueType,
};

const SITE: Site = Site {
    memory: 0,
    imported: false,
    activation: 1,
    by_host: false,
};

/// What is done to two memories, the second of which is copied from.
#[derive(Clone, Debug)]
enum Op {
    Access {
        row: prop::sample::Index,
        address: Place,
        offset: Place,
        lane: u8,
        values: [u128; 2],
    },
    Fill(Place, u8, Place),
    Copy {
        to: Place,
        from: Place,
        length: Place,
        within: bool,
    },
    Init {
        to: Place,
        from: u64,
        length: u64,
    },
    Grow(u64, bool),
    DropData,
}

/// An address or a length, as it stands to the size of the memory.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// So far from 0.
    Small(u64),
    /// So far beyond a multiple of the size of a chunk.
    Chunk(u64, i64),
    /// So far beyond the size.
    End(i64),
    /// Anywhere.
    Any(u64),
}

impl Place {
    fn of(self, size: u64, ty: AddressType) -> u64 {
        let at = match self {
            Place::Small(at) => at,
            Place::Chunk(n, by) => (n * CHUNK as u64).wrapping_add_signed(by),
            Place::End(by) => size.wrapping_add_signed(by),
            Place::Any(at) => at,
        };
        match ty {
            AddressType::I32 => u64::from(at as u32),
            AddressType::I64 => at,
        }
    }
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        4 => (0..40u64).prop_map(Place::Small),
        4 => (0..4u64, -20..20i64).prop_map(|(n, by)| Place::Chunk(n, by)),
        4 => (-20..4i64).prop_map(Place::End),
        1 => any::<u64>().prop_map(Place::Any),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        12 => (any::<prop::sample::Index>(), place(), place(), 0..16u8, any::<[u128; 2]>(), any::<bool>()).prop_map(
            |(row, address, offset, lane, values, small)| Op::Access {
                row,
                address,
                offset: if small { Place::Small(0) } else { offset },
                lane,
                values,
            }
        ),
        3 => (place(), prop_oneof![Just(0u8), any::<u8>()], place())
            .prop_map(|(at, value, length)| Op::Fill(at, value, length)),
        4 => (place(), place(), place(), any::<bool>())
            .prop_map(|(to, from, length, within)| Op::Copy { to, from, length, within }),
        2 => (place(), 0..12u64, 0..12u64).prop_map(|(to, from, length)| Op::Init { to, from, length }),
        2 => (prop_oneof![0..4u64, any::<u64>()], any::<bool>()).prop_map(|(delta, room)| Op::Grow(delta, room)),
        1 => Just(Op::DropData),
    ]
}

fn ty() -> impl Strategy<Value = MemoryType> {
    let address = prop_oneof![Just(AddressType::I32), Just(AddressType::I64)];
    let pages = prop_oneof![
        (Just(16u32), 0..3u64),
        (
            Just(0u32),
            prop_oneof![0..100u64, 65_500..65_600u64, 130_000..132_000u64]
        ),
    ];
    (address, pages, any::<bool>(), prop::option::of(0..5u64)).prop_map(
        |(address, (page_size_log2, minimum), shared, room)| MemoryType {
            address,
            shared,
            page_size_log2,
            minimum,
            maximum: room.map(|room| minimum + room),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rules_over_sparse_storage_are_a_plain_array_of_bytes(
        types in (ty(), ty()),
        ops in prop::collection::vec(op(), 1..40),
    ) {
        let mut memories = [Memory::new(types.0), Memory::new(types.1)];
        let mut models = [Plain::new(types.0), Plain::new(types.1)];
        let mut segment: Arc<[u8]> = Arc::new([1, 2, 3, 4, 5, 6, 7, 8]);
        for op in ops {
            let [memory, other] = &mut memories;
            let [model, other_model] = &mut models;
            let size = memory.bytes() as u64;
            let ty = memory.ty().address;
            match op.clone() {
                Op::Access { row, address, offset, lane, values } => {
                    let rows: Vec<_> = Instruction::all().collect();
                    let instruction = *row.get(&rows);
                    let lane = lane % (16 / instruction.width) as u8;
                    let request = Request {
                        site: SITE,
                        instruction,
                        offset: offset.of(size, ty),
                        address: address.of(size, ty),
                        lane,
                    };
                    let operands = operands(&request, memory, values);
                    let found = access(&request, memory, operands);
                    prop_assert_eq!(found, model.access(&request, operands), "{:?}", op);
                }
                Op::Fill(at, value, length) => {
                    let bulk = bulk(at.of(size, ty), 0, length.of(size, ty));
                    let found = Specification.fill(&bulk, memory, value).is_ok();
                    prop_assert_eq!(found, model.fill(&bulk, value), "{:?}", op);
                }
                Op::Copy { to, from, length, within: true } => {
                    let bulk = bulk(to.of(size, ty), from.of(size, ty), length.of(size, ty));
                    let found = Specification.copy(&bulk, memory, None).is_ok();
                    let source = model.clone();
                    prop_assert_eq!(found, model.copy(&bulk, &source), "{:?}", op);
                }
                Op::Copy { to, from, length, within: false } => {
                    let (source_size, source_ty) = (other.bytes() as u64, other.ty().address);
                    let length = length.of(size.min(source_size), ty.min(source_ty));
                    let bulk = bulk(to.of(size, ty), from.of(source_size, source_ty), length);
                    let found = Specification.copy(&bulk, memory, Some(other)).is_ok();
                    prop_assert_eq!(found, model.copy(&bulk, other_model), "{:?}", op);
                    // The other way round next.
                    memories.swap(0, 1);
                    models.swap(0, 1);
                }
                Op::Init { to, from, length } => {
                    let bulk = bulk(to.of(size, ty), from, length);
                    let found = Specification.init(&bulk, memory, &segment).is_ok();
                    prop_assert_eq!(found, model.init(&bulk, &segment), "{:?}", op);
                }
                Op::Grow(delta, room) => {
                    let delta = Place::Any(delta).of(size, ty);
                    // There is never room for what no array can hold.
                    let room = room && delta < 1 << 20 >> memory.ty().page_size_log2;
                    let found = Specification.grow(&SITE, memory, delta, room);
                    prop_assert_eq!(found, model.grow(delta, room), "{:?}", op);
                }
                Op::DropData => {
                    Specification.drop_data(&mut segment);
                    prop_assert!(segment.is_empty());
                }
            }
            for (memory, model) in memories.iter().zip(&models) {
                model.same(memory).map_err(TestCaseError::fail)?;
            }
        }
    }
}

/// Random memories are mostly zero: here no byte is, and half are negative.
#[test]
fn every_instruction_sees_every_byte() {
    let bytes: Vec<u8> = (0..64).map(|i: u8| i.wrapping_mul(0x95) | 1).collect();
    for shared in [false, true] {
        let ty = MemoryType {
            address: AddressType::I32,
            shared,
            page_size_log2: 16,
            minimum: 1,
            maximum: Some(1),
        };
        for instruction in Instruction::all() {
            for lane in 0..(16 / instruction.width) as u8 {
                for address in [0, 16, 24] {
                    let (mut memory, mut model) = (Memory::new(ty), Plain::new(ty));
                    let all = bulk(5, 0, 64);
                    Specification
                        .init(&all, &mut memory, &bytes)
                        .expect("it fits");
                    assert!(model.init(&all, &bytes));
                    let request = Request {
                        site: SITE,
                        instruction,
                        offset: 8,
                        address,
                        lane,
                    };
                    let values = [0x8182_8384_8586_8788_898a_8b8c_8d8e_8f80, 0x7172_7374];
                    let operands = operands(&request, &memory, values);
                    let found = access(&request, &mut memory, operands);
                    let expected = model.access(&request, operands);
                    assert_eq!(found, expected, "{} {lane} {address}", instruction.name);
                    model.same(&memory).expect(instruction.name);
                }
            }
        }
    }
}

fn bulk(destination: u64, source: u64, length: u64) -> Bulk {
    Bulk {
        site: SITE,
        source_site: None,
        destination,
        source,
        length,
    }
}

/// What an instruction is executed with: operands of its type, of which few
/// would be what is expected if all were random.
fn operands(request: &Request, memory: &Memory, [first, second]: [u128; 2]) -> [u128; 2] {
    match request.instruction.kind {
        Kind::AtomicCmpxchg => [
            expected(request, memory, first),
            value(request.instruction, second),
        ],
        Kind::Wait => [expected(request, memory, first), 0],
        Kind::Notify => [first % 4, 2],
        _ => [value(request.instruction, first), 0],
    }
}

/// An operand cut to the width of its type.
fn value(instruction: &Instruction, bits: u128) -> u128 {
    match instruction.value {
        ValueType::I32 | ValueType::F32 => u128::from(bits as u32),
        ValueType::I64 | ValueType::F64 => u128::from(bits as u64),
        _ => bits,
    }
}

/// The expected value of an exchange or a wait: what is there, in three of
/// four cases, with high bits that a narrow access cannot have in one.
fn expected(request: &Request, memory: &Memory, random: u128) -> u128 {
    let at = u128::from(request.address) + u128::from(request.offset);
    let there: u128 = (0..request.instruction.width)
        .map(|i| match at + u128::from(i) < memory.bytes() {
            true => u128::from(memory.byte(at + u128::from(i))) << (8 * i),
            false => 0,
        })
        .sum();
    match random % 4 {
        0 => value(request.instruction, random),
        1 => value(request.instruction, there | 1 << 31),
        _ => there,
    }
}

/// Executes any instruction: its result, if it has one, or its traps.
fn access(request: &Request, memory: &mut Memory, [first, second]: [u128; 2]) -> Answer {
    use trapline_reference::Wait;
    let rules = Specification;
    match request.instruction.kind {
        Kind::Load(_)
        | Kind::LoadExtend(..)
        | Kind::LoadSplat
        | Kind::LoadLane
        | Kind::AtomicLoad => rules.load(request, memory, first).map(Some),
        Kind::Store | Kind::StoreLane | Kind::AtomicStore => {
            rules.store(request, memory, first).map(|()| None)
        }
        Kind::AtomicRmw(op) => rules.atomic_rmw(request, memory, op, first).map(Some),
        Kind::AtomicCmpxchg => rules
            .atomic_cmpxchg(request, memory, first, second)
            .map(Some),
        Kind::Notify => rules
            .notify(request, memory, first as u32, second as u32)
            .map(|n| Some(n.into())),
        Kind::Wait => rules.wait(request, memory, first).map(|wait| match wait {
            Wait::NotEqual => Some(1),
            Wait::Suspend(at) => Some(at << 8),
        }),
    }
}
