//! A memory as a plain array of bytes, with every instruction spelled out: to
//! check [`Specification`](crate::Specification) and sparse storage against.

use crate::{
    Bulk, CHUNK, Extension, Instruction, Kind, Memory, MemoryType, Request, Rmw, Trap, Traps,
    ValueType,
};

/// What an instruction comes to: its result, if it has one, or its traps.
pub type Answer = Result<Option<u128>, Traps>;

/// A memory as a plain array of bytes.
#[derive(Clone, Debug)]
pub struct Plain {
    ty: MemoryType,
    bytes: Vec<u8>,
}

impl Plain {
    /// A new memory of this type.
    pub fn new(ty: MemoryType) -> Plain {
        let page = 1usize << ty.page_size_log2;
        Plain {
            ty,
            bytes: vec![0; ty.minimum as usize * page],
        }
    }

    /// What a memory is now; it has to be small enough for an array.
    pub fn of(memory: &Memory) -> Plain {
        let mut bytes = vec![0; memory.bytes() as usize];
        memory.read(0, &mut bytes);
        Plain {
            ty: memory.ty(),
            bytes,
        }
    }

    /// The range `[start, start + length)`, if it is within the memory.
    fn range(&self, start: u64, length: u64) -> Option<std::ops::Range<usize>> {
        let end = start.checked_add(length)?;
        (end <= self.bytes.len() as u64).then_some(start as usize..end as usize)
    }

    /// Executes an instruction. Its operands are the vector of a lane load;
    /// the value to store or to modify by; what is expected, and its
    /// replacement; what is waited for; how many to wake up, and how many
    /// wait. A wait for what is there gives the address times 256, another
    /// one 1.
    ///
    /// # Errors
    ///
    /// The traps, of which any may be reported.
    // Long, as it has an arm for each kind of instruction.
    pub fn access(&mut self, request: &Request, [first, second]: [u128; 2]) -> Answer {
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
        if let Some(traps) = traps {
            return Err(traps);
        }
        let bytes = &mut self.bytes[range.expect("checked")];
        let old = number(bytes);
        let operand = first;
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
                if old == first << (128 - bits) >> (128 - bits) {
                    store(bytes, second);
                }
                Some(old)
            }
            Kind::Notify => Some(first.min(second)),
            Kind::Wait if old == first => Some(u128::from(at) << 8),
            Kind::Wait => Some(1),
        })
    }

    /// `memory.fill`: whether it did not trap.
    pub fn fill(&mut self, bulk: &Bulk, value: u8) -> bool {
        match self.range(bulk.destination, bulk.length) {
            Some(range) => {
                self.bytes[range].fill(value);
                true
            }
            None => false,
        }
    }

    /// `memory.copy`: whether it did not trap.
    pub fn copy(&mut self, bulk: &Bulk, source: &Plain) -> bool {
        let from = source.range(bulk.source, bulk.length);
        match (self.range(bulk.destination, bulk.length), from) {
            (Some(to), Some(from)) => {
                self.bytes[to].copy_from_slice(&source.bytes[from]);
                true
            }
            _ => false,
        }
    }

    /// `memory.init`: whether it did not trap.
    pub fn init(&mut self, bulk: &Bulk, segment: &[u8]) -> bool {
        let end = bulk.source.checked_add(bulk.length);
        let from = end.and_then(|end| segment.get(bulk.source as usize..end as usize));
        match (self.range(bulk.destination, bulk.length), from) {
            (Some(to), Some(bytes)) => {
                self.bytes[to].copy_from_slice(bytes);
                true
            }
            _ => false,
        }
    }

    /// `memory.grow`, where there is room for it or not.
    pub fn grow(&mut self, delta: u64, room: bool) -> i128 {
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

    /// Finds the memory the same, however it is read.
    ///
    /// # Errors
    ///
    /// What differs, in words.
    pub fn same(&self, memory: &Memory) -> Result<(), String> {
        let equal = |what: &str, found: u128, right: usize| match found == right as u128 {
            true => Ok(()),
            false => Err(format!("{what} is {found}, not {right}")),
        };
        equal("the size", memory.bytes(), self.bytes.len())?;
        let chunks = self.bytes.len().div_ceil(CHUNK);
        equal("the number of chunks", memory.chunk_count(), chunks)?;
        let mut found = vec![0xaa; self.bytes.len()];
        memory.read(0, &mut found);
        if let Some(at) = (0..found.len()).find(|&at| found[at] != self.bytes[at]) {
            let (found, right) = (found[at], self.bytes[at]);
            return Err(format!("the byte at {at:#x} is {found:#x}, not {right:#x}"));
        }
        let stored: Vec<(u64, &[u8])> = memory.chunks().collect();
        for (index, right) in self.bytes.chunks(CHUNK).enumerate() {
            let chunk = memory.chunk(index as u64);
            let listed = stored.iter().find(|(i, _)| *i == index as u64);
            let agree = chunk == listed.map(|(_, bytes)| *bytes)
                && chunk.is_some() == (memory.stamp(index as u64) != 0)
                && match chunk {
                    Some(bytes) => bytes == right,
                    None => right.iter().all(|&byte| byte == 0),
                };
            if !agree {
                return Err(format!("chunk {index} is not what is read there"));
            }
        }
        if stored.len() * CHUNK > memory.stored() {
            return Err("more chunks are listed than stored".to_owned());
        }
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
