//! The calls: blocks come and go, until the memory is full and after that.

use trapline_reference::Value;

use super::super::call::value;
use super::super::dice::Dice;
use super::heap::{Heap, Kind};
use crate::script::Step;
use wasm_encoder::ValType;

/// A heap that can be called.
pub(super) struct Callable {
    pub(super) instance: String,
    /// What its functions are exported with.
    pub(super) suffix: String,
    pub(super) heap: Heap,
}

/// What a part of a trace is about.
#[derive(Clone, Copy)]
enum Phase {
    /// Blocks of all sizes, with something in them.
    Fill,
    /// Every other block goes.
    Fragment,
    /// Blocks as large as what was freed and larger.
    Refill,
    /// Up to the last byte of the memory and to the limit.
    Limit,
    /// More than there can be; then all goes on.
    TooMuch,
    /// Blocks become larger and smaller.
    Resize,
    /// Many of them, within one call.
    Churn,
    /// All blocks are looked at.
    Check,
    /// All is given back at once.
    Reset,
    /// Blocks go from one heap to another.
    Promote,
}

const PHASES: [(u32, Phase); 9] = [
    (18, Phase::Fill),
    (14, Phase::Fragment),
    (14, Phase::Refill),
    (14, Phase::Limit),
    (10, Phase::TooMuch),
    (10, Phase::Resize),
    (10, Phase::Churn),
    (8, Phase::Check),
    (4, Phase::Reset),
];

/// Writes calls, for as long as there are bytes.
pub(super) struct Trace<'d, 'a, 'b> {
    pub(super) dice: &'d mut Dice<'a, 'b>,
    pub(super) heaps: Vec<Callable>,
    /// Whether the first heap's module moves blocks to the second.
    pub(super) promotes: bool,
    pub(super) steps: Vec<Step>,
}

/// About so many calls at most.
const CALLS: usize = 110;

impl Trace<'_, '_, '_> {
    /// Fills and fragments first, then whatever comes, then looks at everything.
    pub(super) fn write(mut self) -> Vec<Step> {
        let before = self.steps.len();
        for heap in 0..self.heaps.len() {
            self.phase(Phase::Fill, heap);
        }
        let mut phases = PHASES.to_vec();
        if self.promotes {
            phases.push((20, Phase::Promote));
        }
        while !self.dice.is_empty() && self.steps.len() - before < CALLS {
            let heap = self.dice.index(self.heaps.len());
            let phase = self.dice.weighted(&phases);
            self.phase(phase, heap);
        }
        for heap in 0..self.heaps.len() {
            self.phase(Phase::Check, heap);
            for name in ["live", "top", "size"] {
                self.call(heap, name, &[]);
            }
        }
        self.steps
    }

    fn phase(&mut self, phase: Phase, heap: usize) {
        let handles = self.heaps[heap].heap.handles;
        let room = self.heaps[heap].heap.room;
        match phase {
            Phase::Fill => {
                for _ in 0..=self.dice.up_to(6) {
                    let handle = self.handle(heap);
                    let size = self.size(heap);
                    self.alloc(heap, "alloc", handle, size);
                }
            }
            Phase::Fragment => {
                let first = self.dice.up_to(1);
                let blocks = 2 + self.dice.up_to(handles.min(16) - 2);
                for handle in (0..blocks).filter(|handle| handle % 2 == first) {
                    self.on_handle(heap, "free", handle);
                }
            }
            Phase::Refill => {
                let usual = self.size(heap);
                for _ in 0..=self.dice.up_to(4) {
                    let handle = self.handle(heap);
                    let more = self.dice.up_to(40);
                    self.alloc(heap, "alloc", handle, usual + more);
                }
            }
            Phase::Limit => self.limit(heap, room),
            Phase::TooMuch => {
                let (handle, size) = (self.handle(heap), self.too_much(heap));
                let name = self.dice.pick(&["alloc", "realloc"]);
                self.call(heap, name, &[(ValType::I32, handle), self.word(heap, size)]);
                self.edge(heap);
                self.on_handle(heap, "check", handle);
                let (handle, size) = (self.handle(heap), self.size(heap));
                self.alloc(heap, "alloc", handle, size);
            }
            Phase::Resize => {
                for _ in 0..=self.dice.up_to(3) {
                    let (handle, size) = (self.handle(heap), self.size(heap));
                    let size = self.word(heap, size);
                    self.call(heap, "realloc", &[(ValType::I32, handle), size]);
                    self.on_handle(heap, "check", handle);
                }
            }
            Phase::Churn => {
                let seed = self.dice.bits();
                let rounds = 1 + self.dice.up_to(200);
                let args = [(ValType::I64, seed), (ValType::I32, rounds)];
                self.call(heap, "churn", &args);
                self.call(heap, "live", &[]);
            }
            Phase::Check => {
                for handle in 0..handles.min(16) {
                    self.on_handle(heap, "check", handle);
                }
            }
            Phase::Reset => {
                self.call(heap, "reset", &[]);
                let (handle, size) = (self.handle(heap), self.size(heap));
                // Not filled: what was there before is.
                let size = self.word(heap, size);
                self.call(heap, "alloc", &[(ValType::I32, handle), size]);
                self.on_handle(heap, "check", handle);
            }
            Phase::Promote => {
                for _ in 0..=self.dice.up_to(3) {
                    let handle = self.handle(0);
                    self.on_handle(0, "promote", handle);
                    self.on_handle(1, "check", handle);
                }
            }
        }
    }

    /// Takes what is left at the end of the memory, then large blocks until there are none,
    /// looks at the bound, frees one and goes on.
    fn limit(&mut self, heap: usize, room: u64) {
        let handle = self.handle(heap);
        if self.dice.percent(50) {
            let less = self.dice.pick(&[0, 0, 16, 1, 8]);
            self.alloc(heap, "rest", handle, less);
        }
        self.edge(heap);
        let parts = self.dice.pick(&[3, 4, 2]);
        let part = match self.heaps[heap].heap.kind {
            Kind::Pool { block, .. } => block,
            _ => room / parts,
        };
        for _ in 0..=parts {
            let handle = self.handle(heap);
            self.alloc(heap, "alloc", handle, part);
        }
        self.edge(heap);
        self.call(heap, "size", &[]);
        self.on_handle(heap, "free", handle);
        let size = self.size(heap);
        self.alloc(heap, "alloc", handle, size);
    }

    /// Reads just within the end of the memory or just beyond.
    fn edge(&mut self, heap: usize) {
        let back = self.dice.pick(&[1, 0]);
        let back = self.word(heap, back);
        self.call(heap, "edge", &[back]);
    }

    /// A call that gives a handle a block, which is filled, and looked at now and then.
    fn alloc(&mut self, heap: usize, name: &str, handle: u64, size: u64) {
        let size = self.word(heap, size);
        self.call(heap, name, &[(ValType::I32, handle), size]);
        if self.dice.percent(60) {
            let seed = self.dice.up_to(0xffff) + 1;
            let args = [(ValType::I32, handle), (ValType::I32, seed)];
            self.call(heap, "fill", &args);
        }
        if self.dice.percent(25) {
            self.on_handle(heap, "check", handle);
        }
    }

    fn handle(&mut self, heap: usize) -> u64 {
        let handles = self.heaps[heap].heap.handles;
        self.dice.up_to(handles - 1)
    }

    /// A size in bytes that programs ask for.
    fn size(&mut self, heap: usize) -> u64 {
        let Heap { kind, room, .. } = self.heaps[heap].heap;
        if let Kind::Pool { block, .. } = kind
            && !self.dice.percent(10)
        {
            return self.dice.up_to(block);
        }
        match self.dice.up_to(19) {
            0..=7 => 1 + self.dice.up_to(63),
            8..=13 => 1 + self.dice.up_to(2047),
            14..=16 => self.dice.up_to(room / 16),
            17 => self.dice.up_to(room / 3),
            18 => self.dice.pick(&[0, 65_536, 65_528, 65_520, 4096]),
            _ => 1 + self.dice.up_to(255),
        }
    }

    /// A size in bytes that there cannot be.
    fn too_much(&mut self, heap: usize) -> u64 {
        let Heap { word, too_much, .. } = self.heaps[heap].heap;
        let widest = if word.is_64 {
            u64::MAX
        } else {
            u64::from(u32::MAX)
        };
        match self.dice.up_to(4) {
            0..=2 => too_much.saturating_add(self.dice.up_to(1000)).min(widest),
            3 => widest - self.dice.up_to(40),
            _ => (widest / 2).max(too_much),
        }
    }

    /// An argument of the type of addresses.
    fn word(&self, heap: usize, bits: u64) -> (ValType, u64) {
        (self.heaps[heap].heap.word.ty(), bits)
    }

    fn on_handle(&mut self, heap: usize, name: &str, handle: u64) {
        self.call(heap, name, &[(ValType::I32, handle)]);
    }

    fn call(&mut self, heap: usize, name: &str, args: &[(ValType, u64)]) {
        let Callable {
            instance, suffix, ..
        } = &self.heaps[heap];
        let args: Vec<Value> = args.iter().map(|&(ty, bits)| value(ty, bits)).collect();
        self.steps.push(Step::Invoke {
            instance: instance.clone(),
            func: format!("{name}{suffix}"),
            args,
        });
    }
}
