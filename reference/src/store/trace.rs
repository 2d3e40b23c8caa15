//! The trace: what was done to memories.

use std::collections::VecDeque;

use super::{InstanceId, Store};
use crate::memory::{Growth, Memory, MemoryId, Site};
use crate::types::MemoryType;

/// One access to a memory, by an instruction, by a data segment at
/// instantiation (`data`), or by the host (`host.grow`, `host.read`, `host.write`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The name of the instruction in the text format, for example `i64.load8_u`.
    pub op: &'static str,
    /// Which memory of the store.
    pub memory: MemoryId,
    /// Its index in the module that executes the instruction.
    pub ordinal: u32,
    /// Whether that module imports it.
    pub imported: bool,
    /// Its type.
    pub ty: MemoryType,
    /// The effective address by the specification; for `memory.grow` and
    /// `memory.size` the end of the memory.
    pub address: u128,
    /// The part of it that is the static offset.
    pub offset: u64,
    /// How many bytes are accessed.
    pub length: u128,
    /// The size of the memory then, in bytes.
    pub size: u128,
    /// Whether the access is meant to change bytes.
    pub writes: bool,
    /// Whether it trapped; for the host, whether it was refused.
    pub trapped: bool,
    /// More of `memory.grow` and `host.grow`.
    pub grow: Option<Grow>,
    /// Which instruction it was, or which data segment; `None` for the host.
    pub code: Option<CodePlace>,
    /// The instance that executes the instruction, or that is being
    /// instantiated; `None` for the host.
    pub instance: Option<InstanceId>,
    /// The number of the function activation that executes it, see [`Growth::activation`];
    /// for the host and for instantiation, that of the last one begun.
    pub activation: u64,
    /// The last time the memory grew before this access: in this activation,
    /// or in a callee's, or by the host since it began.
    pub growth: Option<Growth>,
    /// The alignment that the instruction promises, as a power of two; 0 where
    /// it promises none.
    pub align_log2: u8,
    /// The operands after the address: what is stored or compared, in the
    /// order of the instruction, the timeout of a wait, the byte of a fill, the
    /// source of `memory.init`. 0 where there are none.
    pub operands: [u128; 2],
    /// What the instruction gave, if it gave something and did not trap.
    pub result: Option<u128>,
}

impl Access {
    /// What every record has: who does it, and to which memory.
    pub(crate) fn of(op: &'static str, id: MemoryId, memory: &Memory, site: &Site) -> Access {
        Access {
            op,
            memory: id,
            ordinal: site.memory,
            imported: site.imported,
            ty: memory.ty(),
            address: 0,
            offset: 0,
            length: 0,
            size: memory.bytes(),
            writes: false,
            trapped: false,
            grow: None,
            code: None,
            instance: None,
            activation: site.activation,
            growth: memory.growth(),
            align_log2: 0,
            operands: [0; 2],
            result: None,
        }
    }

    /// The address operand, without sign: the effective address without the
    /// static offset.
    pub fn operand(&self) -> u128 {
        self.address - u128::from(self.offset)
    }

    /// Who grew the memory since the function that executes this began.
    pub fn grown_by(&self) -> Option<GrownBy> {
        let growth = self.growth.filter(|_| self.code.is_some())?;
        match growth.activation {
            by if by < self.activation => None,
            _ if growth.by_host => Some(GrownBy::Host),
            by if by == self.activation => Some(GrownBy::Own),
            _ => Some(GrownBy::Callee),
        }
    }
}

/// Who grew a memory while a function ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GrownBy {
    /// The function itself.
    Own,
    /// One that it called, directly or not.
    Callee,
    /// The host, which a function called.
    Host,
}

/// A place in the code of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodePlace {
    /// The number of the module, see [`Module::numbered`](crate::Module::numbered).
    pub module: u32,
    /// The first byte of the instruction, counted from the start of the binary.
    pub offset: u32,
}

/// What a grow came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grow {
    /// By how many pages.
    pub delta: u64,
    /// The size before, in pages; `None` if it failed.
    pub result: Option<u128>,
    /// If it could have ended the other way, as far as the specification is
    /// concerned: the number of this choice in the run, from 0. It succeeded,
    /// or it failed only because of the budget.
    pub choice: Option<u64>,
}

/// Between two looks at the trace so many accesses are kept at least, the last
/// ones; a loop can make a hundred million.
const KEPT: usize = 1 << 10;

/// Of those forgotten, so many grows that could have ended otherwise are kept
/// all the same: each may explain what comes later.
const GROWS_KEPT: usize = 64;

/// What was recorded since it was last looked at.
#[derive(Clone, Default)]
pub(crate) struct Trace {
    /// The grows that are kept, of those forgotten.
    grows: VecDeque<Access>,
    /// The accesses before the last ones: none, or [`KEPT`].
    early: Vec<Access>,
    /// The last ones, up to [`KEPT`].
    late: Vec<Access>,
}

impl Trace {
    pub(crate) fn push(&mut self, access: Access) {
        if self.late.len() == KEPT {
            self.forget_early();
        }
        self.late.push(access);
    }

    #[cold]
    fn forget_early(&mut self) {
        let is_free = |access: &Access| access.grow.is_some_and(|grow| grow.choice.is_some());
        self.grows.extend(self.early.drain(..).filter(is_free));
        let surplus = self.grows.len().saturating_sub(GROWS_KEPT);
        self.grows.drain(..surplus);
        std::mem::swap(&mut self.early, &mut self.late);
    }

    fn take(&mut self) -> Vec<Access> {
        let Trace { grows, early, late } = std::mem::take(self);
        match (grows.is_empty(), early.is_empty()) {
            (true, true) => late,
            _ => grows.into_iter().chain(early).chain(late).collect(),
        }
    }
}

impl Store {
    /// What was recorded since the last time, in order. Of very many accesses
    /// only the last are there.
    pub fn take_trace(&mut self) -> Vec<Access> {
        self.trace.take()
    }
}
