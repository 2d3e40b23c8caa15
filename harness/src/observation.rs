//! What an engine answered: one outcome per step, and its memories.

use serde::{Deserialize, Serialize};
use trapline_reference::Value;

use crate::script::value_serde;

/// Why a call or an instantiation trapped.
/// <https://webassembly.github.io/spec/core/exec/runtime.html#syntax-result>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TrapKind {
    /// `unreachable` was executed.
    Unreachable,
    /// An address beyond the end of a linear memory (or a data segment).
    OutOfBoundsMemory,
    /// An index beyond the end of a table (or an element segment).
    OutOfBoundsTable,
    /// An atomic access whose effective address is not a multiple of its width.
    UnalignedAtomic,
    /// `memory.atomic.wait` on a memory that is not shared.
    ExpectedSharedMemory,
    /// A wait that would block forever, or for longer than the run allows.
    WouldBlock,
    /// Integer division by zero.
    DivisionByZero,
    /// Integer overflow, in division or in a conversion.
    IntegerOverflow,
    /// A float that is not a number was converted to an integer.
    InvalidConversion,
    /// An indirect call through a null table element.
    NullElement,
    /// An indirect call through an index beyond the table.
    UndefinedElement,
    /// An indirect call whose function has another type.
    IndirectCallType,
    /// A null reference was used.
    NullReference,
    /// The built-in instance was asked for a memory that nobody registered.
    Host,
    /// Something else, which an engine says in its own words.
    Other,
}

/// Where a module or an instantiation was turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Stage {
    /// Decoding, validating or compiling.
    Compile,
    /// Matching imports with what is provided.
    Link,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It succeeded: the values it gave, none for all but calls and global reads.
    Values(#[serde(with = "value_serde")] Vec<Value>),
    /// It trapped. More than one kind from the reference where the
    /// specification allows each of them, and from an engine where it does not
    /// tell them apart: they agree when they have a kind in common.
    Trap(Vec<TrapKind>),
    /// The call stack was exhausted. Never compared; the script stops here.
    Exhausted,
    /// Fuel, the epoch or the wall clock ran out. The script stops here.
    Interrupted,
    /// The module or its imports were turned away.
    Rejected {
        /// Where.
        stage: Stage,
        /// The engine's own words.
        reason: String,
    },
    /// Resources did not suffice (the budget, or real memory): allowed.
    Limit(String),
    /// The step names a module, an instance or an export that does not exist
    /// because an earlier step failed.
    Absent,
    /// The engine panicked (in Rust's sense) and was caught.
    Panic(String),
    /// Outside what the engine or the reference can do, for a named reason.
    Unsupported(String),
    /// A thread ended: the outcomes of its steps. The reference gives one of
    /// those the specification allows, so that these are not compared.
    Joined(Vec<Outcome>),
}

/// The digest of one chunk of a memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkDigest {
    /// Which chunk: its first byte stands at `index * CHUNK` bytes.
    pub index: u64,
    /// [`digest`] of its bytes.
    #[serde(with = "crate::text::digest")]
    pub digest: u64,
}

/// Memories are compared in chunks of this many bytes, whatever their page size.
pub const CHUNK: usize = 65_536;

/// A memory as it stands after a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryState {
    /// The instance that defines it.
    pub instance: String,
    /// The export under which it was read.
    pub export: String,
    /// Its size in bytes.
    pub bytes: u128,
    /// The chunks looked at, in ascending order. All of them in a memory of at
    /// most [`Watch::full`] chunks, otherwise those of [`Watch::chunks`]. A
    /// chunk that is all zero has digest 0.
    pub chunks: Vec<ChunkDigest>,
}

/// The digest of a chunk: 0 when all bytes are zero, otherwise XXH3 (64 bits) of
/// those from the first to the last block of 256 bytes that has others, with the
/// number of blocks before them as the seed. Most of most memories is zero.
pub fn digest(bytes: &[u8]) -> u64 {
    let mut blocks = bytes.chunks(256);
    let Some(first) = blocks.position(|block| !is_zero(block)) else {
        return 0;
    };
    let after = blocks.rev().take_while(|block| is_zero(block));
    let end = bytes.len() - after.map(<[u8]>::len).sum::<usize>();
    xxhash_rust::xxh3::xxh3_64_with_seed(&bytes[first * 256..end], first as u64)
}

/// Digests of a memory that an engine hands out as one slice.
pub fn digests_of(bytes: &[u8], watch: &Watch) -> Vec<ChunkDigest> {
    let count = bytes.len().div_ceil(CHUNK) as u64;
    let one = |index: u64| {
        let start = index as usize * CHUNK;
        let end = bytes.len().min(start + CHUNK);
        ChunkDigest {
            index,
            digest: digest(&bytes[start..end]),
        }
    };
    if count <= watch.full {
        (0..count).map(one).collect()
    } else {
        watch
            .chunks
            .iter()
            .copied()
            .filter(|&index| index < count)
            .map(one)
            .collect()
    }
}

/// Whether all bytes are zero: without a way out at the first that is not, with
/// which each byte would be looked at by itself.
fn is_zero(block: &[u8]) -> bool {
    block.iter().fold(0, |any, byte| any | byte) == 0
}

/// Which chunks of large memories are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// Memories of up to this many chunks are looked at whole at the end.
    pub full: u64,
    /// The same after a step that trapped, of which there are many. What is
    /// overlooked there is still found at the end.
    pub full_after_trap: u64,
    /// In larger ones these chunks, ascending; those beyond the end are left out.
    pub chunks: Vec<u64>,
    /// After which steps, ascending, memories are looked at if they trap; all
    /// if `None`.
    pub traps: Option<Vec<usize>>,
}

impl Watch {
    /// Memories of up to `chunks` chunks, whole; of larger ones the size only.
    pub fn whole(chunks: u64) -> Watch {
        Watch {
            full: chunks,
            full_after_trap: chunks,
            chunks: Vec::new(),
            traps: None,
        }
    }

    /// Whether memories are looked at after `step` if it traps.
    pub fn after_trap(&self, step: usize) -> bool {
        let traps = self.traps.as_ref();
        traps.is_none_or(|steps| steps.binary_search(&step).is_ok())
    }
}

/// What one step gave, with the memories where they were looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepObservation {
    /// How it ended.
    pub outcome: Outcome,
    /// All observable memories after it: there after a step that trapped (as
    /// [`Watch::traps`] has it) and after the last step, empty otherwise.
    pub memories: Vec<MemoryState>,
}

/// What an engine answered to a script.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// One per step run, in order. Shorter than the script only after
    /// [`Outcome::Exhausted`], [`Outcome::Interrupted`] or [`Outcome::Panic`].
    pub steps: Vec<StepObservation>,
    /// The chunks that were asked for, byte by byte.
    #[serde(with = "crate::text::captured")]
    pub captured: Vec<(crate::engine::Capture, Vec<u8>)>,
    /// Where the time went.
    pub timing: Timing,
    /// All that was seen, where the script was to run more than once: this, and what
    /// else it did. A worker that runs it once leaves it out.
    #[serde(default)]
    pub repeats: Vec<Repeat>,
}

/// What a script did that ran more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeat {
    /// As [`Observation::steps`].
    pub steps: Vec<StepObservation>,
    /// How often it did this.
    pub times: u32,
    /// After how many nanoseconds it did so first.
    pub after: u64,
}

impl Observation {
    /// Whether the engine panicked, in a step of the script or of one of its threads.
    pub fn has_panic(&self) -> bool {
        let repeated = self.repeats.iter().flat_map(|repeat| &repeat.steps);
        let mut steps = self.steps.iter().chain(repeated);
        steps.any(|step| step.outcome.has_panic())
    }
}

impl Outcome {
    /// Whether the call did not come to its end, or a thread did not.
    pub fn is_interrupted(&self) -> bool {
        match self {
            Outcome::Interrupted => true,
            Outcome::Joined(outcomes) => outcomes.iter().any(Outcome::is_interrupted),
            _ => false,
        }
    }

    /// Whether the engine panicked, in the step or in a thread.
    pub fn has_panic(&self) -> bool {
        match self {
            Outcome::Panic(_) => true,
            Outcome::Joined(outcomes) => outcomes.iter().any(Outcome::has_panic),
            _ => false,
        }
    }
}

/// Time spent in an engine, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// Compiling, rejected modules included.
    pub compile: u64,
    /// Instantiating, start functions included.
    pub instantiate: u64,
    /// Calls.
    pub call: u64,
    /// Reading memories back and digesting them.
    pub read_back: u64,
    /// Making and dropping engines, stores and instances.
    pub teardown: u64,
}

impl std::ops::AddAssign for Timing {
    fn add_assign(&mut self, other: Timing) {
        let Timing {
            compile,
            instantiate,
            call,
            read_back,
            teardown,
        } = other;
        self.compile += compile;
        self.instantiate += instantiate;
        self.call += call;
        self.read_back += read_back;
        self.teardown += teardown;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_elsewhere_digests_to_something_else() {
        let mut seen = std::collections::BTreeSet::new();
        for at in 0..CHUNK {
            let mut bytes = [0; CHUNK];
            bytes[at] = 7;
            assert!(seen.insert(digest(&bytes)), "byte {at}");
            bytes[CHUNK - 1 - at] = 9;
            assert!(seen.insert(digest(&bytes)), "byte {at} and from the end");
        }
    }

    #[test]
    fn only_zeros_digest_to_zero() {
        let mut bytes = vec![0; 1000];
        assert_eq!(digest(&bytes), 0);
        assert_eq!(digest(&[]), 0);
        for at in 0..bytes.len() {
            bytes[at] = 1;
            assert_ne!(digest(&bytes), 0, "byte {at}");
            bytes[at] = 0;
        }
    }
}
