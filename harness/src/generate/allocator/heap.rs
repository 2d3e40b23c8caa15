//! What kind of allocator a heap has, and where things are in its memory.
//!
//! From address 64: a table of handles (the address and the size of each live block,
//! two words each), the state of the allocator, and from [`Heap::start`] on the blocks.

use wasm_encoder::MemoryType;

use super::super::dice::Dice;
use super::super::memory::Means;
use super::super::memory::{Live, page_log2, pages_at_most};
use super::super::profile::Profile;
use super::code::Word;
use crate::engine::Feature;

/// How an allocator finds a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The next bytes; nothing is reused until all is given back at once.
    Bump,
    /// The first free block that is large enough, which is split. The last one freed
    /// is looked at first, and neighbours are not put together.
    FirstFit,
    /// The same in the order of addresses; neighbours become one block.
    Coalescing,
    /// One list of free blocks for each power of two.
    SizeClasses,
    /// Blocks of one size, carved from chunks of several.
    Pool {
        /// The size, a multiple of 16.
        block: u64,
        /// How many at a time.
        at_once: u64,
    },
}

/// What makes a memory larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grower {
    /// The instruction.
    Instruction,
    /// The embedder, through an imported function.
    Host,
}

/// What fills and copies blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mover {
    /// `memory.fill` and `memory.copy`.
    Bulk,
    /// A loop over bytes.
    Bytes,
    /// A loop over 8 bytes at a time, and over what is left.
    Longs,
    /// A loop over vectors, and over what is left.
    Vectors,
}

/// An allocator and its memory.
#[derive(Clone, Debug)]
pub(super) struct Heap {
    pub(super) word: Word,
    pub(super) ty: MemoryType,
    pub(super) kind: Kind,
    pub(super) grower: Grower,
    pub(super) mover: Mover,
    /// By how many pages it grows at least, if that succeeds; else by what it needs.
    pub(super) chunk: u64,
    /// How many blocks can be live, a power of two.
    pub(super) handles: u64,
    /// Requests of so many bytes are usual.
    pub(super) room: u64,
    /// A request of so many bytes fails for sure, and costs nothing.
    pub(super) too_much: u64,
}

/// Where the table of handles begins.
pub(super) const TABLE: u64 = 64;

/// How many words the state of an allocator has.
const STATE_WORDS: u64 = 76;

impl Heap {
    /// A heap in memory `index` of a module.
    pub(super) fn choose(
        dice: &mut Dice<'_, '_>,
        profile: &Profile,
        means: Means,
        index: u32,
    ) -> Heap {
        let ty = declare(dice, profile, means);
        let kind = match dice.index(5) {
            0 => Kind::Coalescing,
            1 => Kind::FirstFit,
            2 => Kind::SizeClasses,
            3 => Kind::Bump,
            _ => Kind::Pool {
                block: 16 * (1 + dice.up_to(63)),
                at_once: 1 + dice.up_to(15),
            },
        };
        let movers = match profile.features.has(Feature::Simd) {
            true => &[Mover::Vectors, Mover::Bulk, Mover::Bytes, Mover::Longs][..],
            false => &[Mover::Bulk, Mover::Bytes, Mover::Longs][..],
        };
        let mover = dice.pick(movers);
        Heap::new(dice, ty, means, kind, mover, index)
    }

    fn new(
        dice: &mut Dice<'_, '_>,
        ty: MemoryType,
        means: Means,
        kind: Kind,
        mover: Mover,
        index: u32,
    ) -> Heap {
        let log2 = page_log2(&ty);
        let most = Live::new(ty, means).most();
        let bytes = u128::from(most) << log2;
        let widest = if ty.memory64 {
            u64::MAX
        } else {
            u64::from(u32::MAX)
        };
        let chunk = match dice.up_to(7) {
            0..=2 => 1,
            3 => 2,
            4 | 5 => (8 << 10 >> log2).max(3),
            // Fails, after which what is needed is asked for.
            6 => most.saturating_add(1).min(widest),
            _ => widest,
        };
        Heap {
            word: Word {
                is_64: ty.memory64,
                memory: index,
            },
            ty,
            kind,
            grower: Grower::Instruction,
            mover,
            chunk,
            handles: dice.pick(&[16, 8, 32]),
            room: bytes.min(1 << 20) as u64,
            too_much: u64::try_from(bytes).map_or(widest, |bytes| bytes.min(widest)),
        }
    }

    /// Where the state of the allocator begins: how far the memory is used, how many
    /// bytes are live, then the lists of free blocks.
    pub(super) fn state(&self) -> u64 {
        TABLE + self.handles * 2 * self.word.bytes()
    }

    /// How many bytes the table and the state have.
    pub(super) fn start(&self) -> u64 {
        (self.state() + STATE_WORDS * self.word.bytes()).next_multiple_of(16)
    }

    /// Where the word says how far the memory is used.
    pub(super) fn top(&self) -> u64 {
        self.state()
    }

    /// Where the word says how many bytes are live.
    pub(super) fn live(&self) -> u64 {
        self.state() + self.word.bytes()
    }

    /// What stands before the first free block, as a block that has it as its next. Also
    /// where the lists of size classes begin, one word each.
    pub(super) fn free(&self) -> u64 {
        self.state() + 2 * self.word.bytes()
    }

    /// How many bytes a block has before its contents: its size, and the next free one.
    pub(super) fn header(&self) -> u64 {
        match self.kind {
            Kind::Bump | Kind::Pool { .. } => 0,
            Kind::FirstFit | Kind::Coalescing | Kind::SizeClasses => 2 * self.word.bytes(),
        }
    }

    /// Sizes are multiples of it.
    pub(super) fn unit(&self) -> u64 {
        2 * self.word.bytes()
    }

    /// The logarithm of its page size.
    pub(super) fn page_log2(&self) -> u32 {
        page_log2(&self.ty)
    }
}

/// A memory for a heap: small, so that it comes to its end.
fn declare(dice: &mut Dice<'_, '_>, profile: &Profile, means: Means) -> MemoryType {
    let has = |feature| profile.features.has(feature);
    let otherwise = if profile.mixed { 50 } else { 15 };
    let small_pages = has(Feature::CustomPageSizes) && !dice.percent(otherwise);
    let mut ty = MemoryType {
        minimum: 1,
        maximum: None,
        memory64: has(Feature::Memory64) && !dice.percent(otherwise),
        shared: has(Feature::Threads) && !dice.percent(otherwise),
        page_size_log2: small_pages.then_some(0),
    };
    let more = match dice.up_to(15) {
        0..=5 => dice.up_to(3),
        6..=10 => 2 + dice.up_to(6),
        11 => 15 + dice.up_to(15),
        12 => 0,
        _ if ty.shared => 3,
        // Without a maximum it ends at the budget.
        _ => u64::MAX,
    };
    let page = if small_pages { 20_000 } else { 1 };
    ty.minimum = page
        + if small_pages {
            dice.up_to(5_000)
        } else {
            dice.up_to(8) / 8
        };
    if more != u64::MAX {
        let most = (means.economy >> page_log2(&ty)).min(pages_at_most(&ty));
        let maximum = ty.minimum + more * page + if small_pages { more } else { 0 };
        ty.maximum = Some(maximum.min(most).max(ty.minimum));
    }
    ty
}
