//! The functions of an allocator: `more`, `take` and `give`.

use wasm_encoder::Instruction;

use super::super::module::Plan;
use super::code::{Body, Expr, Local, Word};
use super::heap::{Heap, Kind};

/// The indices of an allocator's functions in a module.
#[derive(Clone, Copy)]
pub(super) struct Functions {
    /// `[bytes] -> [address or 0]`.
    pub(super) take: u32,
    /// `[address] -> []`.
    pub(super) give: u32,
}

/// Adds the functions of `heap` to a module, exported with `suffix`. `host` is the
/// function of the embedder that grows its memory, if that is what does.
pub(super) fn add(plan: &mut Plan, heap: &Heap, suffix: &str, host: Option<u32>) -> Functions {
    let more = plan.next_function();
    plan.functions
        .push(write_more(heap, host).finish(format!("more{suffix}"), &[heap.word.ty()]));
    let take = plan.next_function();
    plan.functions
        .push(write_take(heap, more).finish(format!("take{suffix}"), &[heap.word.ty()]));
    let give = plan.next_function();
    plan.functions
        .push(write_give(heap).finish(format!("give{suffix}"), &[]));
    Functions { take, give }
}

/// The next bytes of the memory, which grows for them: their address, or 0.
fn write_more(heap: &Heap, host: Option<u32>) -> Body {
    let w = heap.word;
    let mut f = Body::new(w, &[w.ty()]);
    let bytes = f.param(0);
    let (at, end, need, old) = (f.local(), f.local(), f.local(), f.local());
    f.set(at, w.load(heap.top(), 0));
    f.set(end, w.add(at, bytes));
    f.when(w.lt(end, at), |f| f.give(0));
    let last_page = w.shr(w.sub(end, 1), u64::from(heap.page_log2()));
    f.set(need, w.add(last_page, 1));
    f.when(w.gt(need, w.size()), |f| {
        f.set(need, w.sub(need, w.size()));
        f.set(old, FAILED);
        if heap.chunk > 1 {
            f.when(w.gt(heap.chunk, need), |f| {
                let delta = f.local();
                f.set(delta, heap.chunk);
                grow(f, old, delta, host);
            });
        }
        f.when(w.eq(old, FAILED), |f| grow(f, old, need, host));
        f.when(w.eq(old, FAILED), |f| f.give(0));
    });
    f.store(heap.top(), 0, end);
    f.push(at);
    f
}

/// What a grow gives that fails.
const FAILED: u64 = u64::MAX;

/// Grows the memory by `delta` pages, and keeps what that gives.
fn grow(f: &mut Body, old: Local, delta: Local, host: Option<u32>) {
    let w = f.word;
    let Some(host) = host else {
        return f.set(old, w.then(delta, Instruction::MemoryGrow(w.memory)));
    };
    // The embedder takes and gives 64 bits, whatever the addresses have.
    let grown = w.then(w.as_i64(delta), Instruction::Call(host));
    let narrowed = match w.is_64 {
        true => grown,
        false => w.then(grown, Instruction::I32WrapI64),
    };
    f.set(old, narrowed);
}

/// A block of so many bytes: the address of its contents, or 0.
fn write_take(heap: &Heap, more: u32) -> Body {
    let w = heap.word;
    let mut f = Body::new(w, &[w.ty()]);
    let bytes = f.param(0);
    match heap.kind {
        Kind::Bump => {
            let at = f.local();
            round_up(&mut f, heap, bytes);
            f.call(at, more, &[bytes]);
            f.push(at);
        }
        Kind::FirstFit | Kind::Coalescing => first_fit(&mut f, heap, bytes, more),
        Kind::SizeClasses => size_class(&mut f, heap, bytes, more),
        Kind::Pool { block, at_once } => pool(&mut f, heap, more, (block, at_once)),
    }
    f
}

/// Makes a size a multiple of the unit, at least one; ends the function with 0 where
/// that goes beyond all addresses.
fn round_up(f: &mut Body, heap: &Heap, bytes: Local) {
    let (w, unit) = (heap.word, heap.unit());
    f.when(w.eq(bytes, 0), |f| f.set(bytes, 1));
    let rounded = f.local();
    // Sign-extended for 64 bits, cut for 32.
    f.set(rounded, w.and(w.add(bytes, unit - 1), unit.wrapping_neg()));
    f.when(w.lt(rounded, bytes), |f| f.give(0));
    f.set(bytes, rounded);
}

/// The first free block that is large enough, without what it has too much.
fn first_fit(f: &mut Body, heap: &Heap, bytes: Local, more: u32) {
    let (w, header, next) = (heap.word, heap.header(), heap.word.bytes());
    round_up(f, heap, bytes);
    let (before, block, left, rest) = (f.local(), f.local(), f.local(), f.local());
    f.set(before, heap.free());
    f.set(block, w.load(before, next));
    f.while_(w.ne(block, 0), |f| {
        let fits = w.then(w.lt(w.load(block, 0), bytes), Instruction::I32Eqz);
        f.when(fits, |f| {
            f.store(before, next, w.load(block, next));
            f.set(left, w.sub(w.load(block, 0), bytes));
            f.when(w.gt(left, header), |f| {
                f.set(rest, w.add(w.add(block, header), bytes));
                f.store(block, 0, bytes);
                f.store(rest, 0, w.sub(left, header));
                f.store(rest, next, w.load(before, next));
                f.store(before, next, rest);
            });
            f.give(w.add(block, header));
        });
        f.set(before, block);
        f.set(block, w.load(block, next));
    });
    let whole = f.local();
    f.set(whole, w.add(bytes, header));
    f.when(w.lt(whole, bytes), |f| f.give(0));
    f.call(block, more, &[whole]);
    f.when(w.eq(block, 0), |f| f.give(0));
    f.store(block, 0, bytes);
    f.push(w.add(block, header));
}

/// A block of the smallest power of two, its header included.
fn size_class(f: &mut Body, heap: &Heap, bytes: Local, more: u32) {
    let (w, header, next) = (heap.word, heap.header(), heap.word.bytes());
    let bits = 8 * w.bytes();
    // The class of half of all addresses is beyond what there are.
    f.when(w.gt(bytes, 1 << (bits - 2)), |f| f.give(0));
    let (class, list, block, whole) = (f.local(), f.local(), f.local(), f.local());
    let last = w.sub(w.add(bytes, header), 1);
    f.set(class, w.sub(bits, w.clz(last)));
    f.set(list, w.mul(class, w.bytes()));
    f.set(block, w.load(list, heap.free()));
    f.when(w.ne(block, 0), |f| {
        f.store(list, heap.free(), w.load(block, next));
        f.give(w.add(block, header));
    });
    f.set(whole, w.shl(1, class));
    f.call(block, more, &[whole]);
    f.when(w.eq(block, 0), |f| f.give(0));
    f.store(block, 0, class);
    f.push(w.add(block, header));
}

/// A block of the one size; the others of a new chunk are free.
fn pool(f: &mut Body, heap: &Heap, more: u32, (block, at_once): (u64, u64)) {
    let w = heap.word;
    let bytes = f.param(0);
    f.when(w.gt(bytes, block), |f| f.give(0));
    let (first, whole, left, at) = (f.local(), f.local(), f.local(), f.local());
    f.set(first, w.load(heap.free(), 0));
    f.when(w.ne(first, 0), |f| {
        f.store(heap.free(), 0, w.load(first, 0));
        f.give(first);
    });
    f.set(left, at_once);
    f.set(whole, block * at_once);
    f.call(first, more, &[whole]);
    f.when(w.eq(first, 0), |f| {
        // One is better than none.
        f.set(left, 1);
        f.set(whole, block);
        f.call(first, more, &[whole]);
        f.when(w.eq(first, 0), |f| f.give(0));
    });
    f.set(at, first);
    f.while_(w.gt(left, 1), |f| {
        f.set(left, w.sub(left, 1));
        f.set(at, w.add(at, block));
        f.store(at, 0, w.load(heap.free(), 0));
        f.store(heap.free(), 0, at);
    });
    f.push(first);
}

/// Takes a block back.
fn write_give(heap: &Heap) -> Body {
    let (w, next) = (heap.word, heap.word.bytes());
    let mut f = Body::new(w, &[w.ty()]);
    let at = f.param(0);
    match heap.kind {
        Kind::Bump => {}
        Kind::Pool { .. } => {
            f.store(at, 0, w.load(heap.free(), 0));
            f.store(heap.free(), 0, at);
        }
        Kind::SizeClasses => {
            let list = f.local();
            f.set(at, w.sub(at, heap.header()));
            f.set(list, w.mul(w.load(at, 0), w.bytes()));
            f.store(at, next, w.load(list, heap.free()));
            f.store(list, heap.free(), at);
        }
        Kind::FirstFit => {
            f.set(at, w.sub(at, heap.header()));
            f.store(at, next, w.load(heap.free(), next));
            f.store(heap.free(), next, at);
        }
        Kind::Coalescing => coalesce(&mut f, heap, at),
    }
    f
}

/// Puts a block where its address belongs among the free ones, and makes one block of
/// those that touch.
fn coalesce(f: &mut Body, heap: &Heap, at: Local) {
    let (w, next) = (heap.word, heap.word.bytes());
    let (before, after) = (f.local(), f.local());
    f.set(at, w.sub(at, heap.header()));
    f.set(before, heap.free());
    f.set(after, w.load(before, next));
    let earlier = |w: Word| -> Expr {
        let there = w.then(w.eq(after, 0), Instruction::I32Eqz);
        let narrow = Word { is_64: false, ..w };
        narrow.and(there, w.lt(after, at))
    };
    f.while_(earlier(w), |f| {
        f.set(before, after);
        f.set(after, w.load(before, next));
    });
    f.store(at, next, after);
    f.store(before, next, at);
    let join = |f: &mut Body, one: Local, other: Local| {
        let end = w.add(w.add(one, heap.header()), w.load(one, 0));
        f.when(w.eq(end, other), |f| {
            let both = w.add(w.load(one, 0), w.load(other, 0));
            f.store(one, 0, w.add(both, heap.header()));
            f.store(one, next, w.load(other, next));
        });
    };
    f.when(w.ne(after, 0), |f| join(f, at, after));
    f.when(w.ne(before, heap.free()), |f| join(f, before, at));
}
