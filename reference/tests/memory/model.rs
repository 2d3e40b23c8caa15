//! A memory as a plain array of bytes, with every instruction spelled out.

use proptest::prelude::*;
use trapline_reference::{
    Bulk, CHUNK, Extension, Instruction, Kind, Memory, MemoryType, Request, Rmw, Trap, Traps,
    ValueType,
};

/// What an instruction comes to: its result, if it has one, or its traps.
pub(crate) type Answer = Result<Option<u128>, Traps>;

/// The array.
#[derive(Clone)]
pub(crate) struct Model {
    ty: MemoryType,
    bytes: Vec<u8>,
}

/// An operand cut to the width of its type.
pub(crate) fn value(instruction: &Instruction, bits: u128) -> u128 {
    match instruction.value {
        ValueType::I32 | ValueType::F32 => u128::from(bits as u32),
        ValueType::I64 | ValueType::F64 => u128::from(bits as u64),
        _ => bits,
    }
}

/// The expected value of an exchange or a wait: what is there, in three of
/// four cases, with high bits that a narrow access cannot have in one.
pub(crate) fn expected(request: &Request, memory: &Memory, random: u128) -> u128 {
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

impl Model {
    pub(crate) fn new(ty: MemoryType) -> Model {
        let page = 1usize << ty.page_size_log2;
        Model {
            ty,
            bytes: vec![0; ty.minimum as usize * page],
        }
    }

    /// The range `[start, start + length)`, if it is within the memory.
    fn range(&self, start: u64, length: u64) -> Option<std::ops::Range<usize>> {
        let end = start.checked_add(length)?;
        (end <= self.bytes.len() as u64).then_some(start as usize..end as usize)
    }

    pub(crate) fn access(&mut self, request: &Request, [first, second]: [u128; 2]) -> Answer {
        let Instruction {
            width,
            kind,
            value: ty,
            ..
        } = *request.instruction;
        let sum = request.address.checked_add(request.offset);
        let range = sum.and_then(|at| self.range(at, width.into()));
        // Without wrapping, the lowest bits are those of the wrapped sum.
        let at = request.address.wrapping_add(request.offset);
        let mut traps: Option<Traps> = None;
        let mut trap = |kind: Trap| {
            traps = Some(traps.map_or(kind.into(), |traps| traps.or(kind.into())));
        };
        if range.is_none() {
            trap(Trap::OutOfBoundsMemory);
        }
        let atomic = request.instruction.name.contains("atomic");
        if atomic && !at.is_multiple_of(width.into()) {
            trap(Trap::UnalignedAtomic);
        }
        if kind == Kind::Wait && !self.ty.shared {
            trap(Trap::ExpectedSharedMemory);
        }
        // Computed from the memory before it changes.
        let memory_like = self.expected(request, first);
        if let Some(traps) = traps {
            return Err(traps);
        }
        let bytes = &mut self.bytes[range.expect("checked")];
        let old = number(bytes);
        let operand = value(request.instruction, first);
        let store = |bytes: &mut [u8], value: u128| {
            for (i, byte) in bytes.iter_mut().enumerate() {
                *byte = (value >> (8 * i)) as u8;
            }
        };
        let bits = 8 * width;
        Ok(match kind {
            Kind::Load(Extension::Zero) | Kind::AtomicLoad => Some(old),
            Kind::Load(Extension::Signed) => Some(signed(
                old,
                bits,
                if ty == ValueType::I32 { 32 } else { 64 },
            )),
            Kind::LoadExtend(extension, lane) => {
                let lane = lane as usize;
                let mut vector = [0; 16];
                for (from, to) in bytes.chunks(lane).zip(vector.chunks_mut(2 * lane)) {
                    let narrow = number(from);
                    let wide = match extension {
                        Extension::Zero => narrow,
                        Extension::Signed => signed(narrow, 8 * lane as u32, 16 * lane as u32),
                    };
                    store(to, wide);
                }
                Some(u128::from_le_bytes(vector))
            }
            Kind::LoadSplat => {
                let vector: Vec<u8> = bytes.iter().copied().cycle().take(16).collect();
                Some(number(&vector))
            }
            Kind::LoadLane => {
                let mut vector = operand.to_le_bytes();
                let start = request.lane as usize * width as usize;
                vector[start..start + width as usize].copy_from_slice(bytes);
                Some(u128::from_le_bytes(vector))
            }
            Kind::Store | Kind::AtomicStore => {
                store(bytes, operand);
                None
            }
            Kind::StoreLane => {
                let start = request.lane as usize * width as usize;
                bytes.copy_from_slice(&operand.to_le_bytes()[start..start + width as usize]);
                None
            }
            Kind::AtomicRmw(op) => {
                let new = match op {
                    Rmw::Add => old as u64 as i128 + operand as i128,
                    Rmw::Sub => old as i128 - operand as i128,
                    Rmw::And => (old & operand) as i128,
                    Rmw::Or => (old | operand) as i128,
                    Rmw::Xor => (old ^ operand) as i128,
                    Rmw::Xchg => operand as i128,
                };
                store(bytes, new as u128);
                Some(old)
            }
            Kind::AtomicCmpxchg => {
                // Only the bytes accessed are compared.
                if old == memory_like << (128 - bits) >> (128 - bits) {
                    store(bytes, value(request.instruction, second));
                }
                Some(old)
            }
            Kind::Notify => Some((first as u32 % 4).min(2).into()),
            Kind::Wait if old == memory_like => Some(u128::from(at) << 8),
            Kind::Wait => Some(1),
        })
    }

    fn expected(&self, request: &Request, random: u128) -> u128 {
        let mut memory = Memory::new(self.ty);
        let growth = trapline_reference::Growth {
            from: 0,
            activation: 0,
            by_host: true,
        };
        memory.resize((self.bytes.len() >> self.ty.page_size_log2) as u128, growth);
        let at = request.address.wrapping_add(request.offset);
        if let Some(range) = self.range(at, request.instruction.width.into()) {
            memory.write(at.into(), &self.bytes[range]);
        }
        expected(request, &memory, random)
    }

    pub(crate) fn fill(&mut self, bulk: &Bulk, value: u8) -> bool {
        match self.range(bulk.destination, bulk.length) {
            Some(range) => {
                self.bytes[range].fill(value);
                true
            }
            None => false,
        }
    }

    pub(crate) fn copy(&mut self, bulk: &Bulk, source: &Model) -> bool {
        let from = source.range(bulk.source, bulk.length);
        match (self.range(bulk.destination, bulk.length), from) {
            (Some(to), Some(from)) => {
                self.bytes[to].copy_from_slice(&source.bytes[from]);
                true
            }
            _ => false,
        }
    }

    pub(crate) fn init(&mut self, bulk: &Bulk, segment: &[u8]) -> bool {
        let from = bulk.source as usize..(bulk.source + bulk.length) as usize;
        match (self.range(bulk.destination, bulk.length), segment.get(from)) {
            (Some(to), Some(bytes)) => {
                self.bytes[to].copy_from_slice(bytes);
                true
            }
            _ => false,
        }
    }

    pub(crate) fn grow(&mut self, delta: u64, room: bool) -> i128 {
        let old = (self.bytes.len() >> self.ty.page_size_log2) as u64;
        let most = match (self.ty.maximum, self.ty.page_size_log2) {
            (Some(maximum), _) => maximum,
            (None, 16) => 1 << (self.ty.address.bits() - 16),
            (None, _) => u64::MAX >> (64 - self.ty.address.bits()),
        };
        match old.checked_add(delta) {
            Some(new) if new <= most && room => {
                let bytes = (new as usize) << self.ty.page_size_log2;
                self.bytes.resize(bytes, 0);
                old.into()
            }
            _ => -1,
        }
    }

    /// Whether a memory has the same size and the same bytes, however read.
    pub(crate) fn same(&self, memory: &Memory) -> Result<(), TestCaseError> {
        prop_assert_eq!(memory.bytes(), self.bytes.len() as u128);
        prop_assert_eq!(
            memory.chunk_count(),
            self.bytes.len().div_ceil(CHUNK) as u128
        );
        let mut found = vec![0xaa; self.bytes.len()];
        memory.read(0, &mut found);
        prop_assert!(found == self.bytes, "the bytes differ");
        let stored: Vec<(u64, &[u8])> = memory.chunks().collect();
        for (index, expected) in self.bytes.chunks(CHUNK).enumerate() {
            let index = index as u64;
            let chunk = memory.chunk(index);
            let listed = stored
                .iter()
                .find(|(i, _)| *i == index)
                .map(|(_, bytes)| *bytes);
            prop_assert_eq!(chunk, listed);
            prop_assert_eq!(chunk.is_some(), memory.stamp(index) != 0);
            match chunk {
                Some(bytes) => prop_assert!(bytes == expected, "chunk {}", index),
                None => prop_assert!(expected.iter().all(|&b| b == 0), "chunk {}", index),
            }
        }
        prop_assert!(stored.len() * CHUNK <= memory.stored());
        Ok(())
    }
}

/// Bytes as a number, the first the least significant.
fn number(bytes: &[u8]) -> u128 {
    bytes
        .iter()
        .rev()
        .fold(0, |number, &byte| number << 8 | u128::from(byte))
}

/// A number of `from` bits with its sign, in `to` bits.
fn signed(bits: u128, from: u32, to: u32) -> u128 {
    let shifted = (bits << (128 - from)) as i128 >> (128 - from);
    (shifted as u128) << (128 - to) >> (128 - to)
}
