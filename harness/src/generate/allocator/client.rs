//! What a program does with an allocator: functions that know blocks by handles.
//!
//! The table of handles is in the memory, so that a call says which block it means by a
//! small number, and every address that an engine gives is a result.

use wasm_encoder::{Instruction, ValType};

use super::super::module::{Function, Plan};
use super::code::{Body, Expr, Local, Operand, Word};
use super::contents::{check, copy, fill, mix};
use super::heap::{Heap, Mover, TABLE};
use super::kinds::Functions;

/// What a handle gives that has a block when it is asked for one.
pub(super) const BUSY: u64 = u64::MAX;

/// The indices of the functions that others call.
#[derive(Clone, Copy)]
pub(super) struct Handles {
    /// `[handle size] -> [address, 0 or -1]`.
    pub(super) alloc: u32,
    /// `[handle] -> [address or 0]`.
    pub(super) free: u32,
}

/// Adds the functions for one heap to a module, exported with `suffix`. A loop within one
/// call asks for `sizes` bytes and one at most; it is a power of two less one.
pub(super) fn add(
    plan: &mut Plan,
    heap: &Heap,
    suffix: &str,
    inner: Functions,
    sizes: u64,
) -> Handles {
    let word = heap.word.ty();
    let mut push = |name: &str, body: Body, results: &[ValType]| {
        let index = plan.next_function();
        let function: Function = body.finish(format!("{name}{suffix}"), results);
        plan.functions.push(function);
        index
    };
    let alloc = push("alloc", alloc(heap, inner), &[word]);
    let free = push("free", free(heap, inner), &[word]);
    push("rest", rest(heap, alloc), &[word]);
    push("realloc", realloc(heap, inner, alloc), &[word]);
    push("fill", fill(heap), &[word]);
    push("check", check(heap), &[ValType::I64]);
    push("reset", reset(heap), &[word]);
    push("churn", churn(heap, alloc, free, sizes), &[ValType::I64]);
    push("edge", edge(heap), &[ValType::I32]);
    for (name, value) in [
        ("size", heap.word.size()),
        ("live", heap.word.load(heap.live(), 0)),
        ("top", heap.word.load(heap.top(), 0)),
    ] {
        let mut f = Body::new(heap.word, &[]);
        f.push(value);
        push(name, f, &[word]);
    }
    Handles { alloc, free }
}

/// The entry of a handle, less [`TABLE`].
fn entry(heap: &Heap, handle: Local) -> Expr {
    let w = heap.word;
    let within = Word { is_64: false, ..w }.and(handle, heap.handles - 1);
    w.mul(w.widened(within), 2 * w.bytes())
}

/// A body with a handle as its first parameter, and the entry of it.
pub(super) fn with_entry(heap: &Heap, more: &[ValType]) -> (Body, Local) {
    let mut params = vec![ValType::I32];
    params.extend(more);
    let mut f = Body::new(heap.word, &params);
    let entry_of = f.local();
    let handle = f.param(0);
    f.set(entry_of, entry(heap, handle));
    (f, entry_of)
}

/// Changes how many bytes are live.
fn account(f: &mut Body, heap: &Heap, more: impl FnOnce(Word, Expr) -> Expr) {
    let w = heap.word;
    let live = more(w, w.load(heap.live(), 0));
    f.store(heap.live(), 0, live);
}

/// `[handle size] -> [address]`: 0 where there is none.
fn alloc(heap: &Heap, inner: Functions) -> Body {
    let w = heap.word;
    let (mut f, entry) = with_entry(heap, &[w.ty()]);
    let size = f.param(1);
    let at = f.local();
    f.when(w.ne(w.load(entry, TABLE), 0), |f| f.give(BUSY));
    f.call(at, inner.take, &[size]);
    f.when(w.ne(at, 0), |f| {
        f.store(entry, TABLE, at);
        f.store(entry, TABLE + w.bytes(), size);
        account(f, heap, |w, live| w.add(live, size));
    });
    f.push(at);
    f
}

/// `[handle] -> [address]`: the one that it had, 0 if none.
fn free(heap: &Heap, inner: Functions) -> Body {
    let w = heap.word;
    let (mut f, entry) = with_entry(heap, &[]);
    let at = f.local();
    f.set(at, w.load(entry, TABLE));
    f.when(w.ne(at, 0), |f| {
        f.push(at);
        f.emit(Instruction::Call(inner.give));
        account(f, heap, |w, live| {
            w.sub(live, w.load(entry, TABLE + w.bytes()))
        });
        f.store(entry, TABLE, 0);
    });
    f.push(at);
    f
}

/// `[handle less] -> [address]`: all that the memory has left at its end, less so many
/// bytes.
fn rest(heap: &Heap, alloc: u32) -> Body {
    let w = heap.word;
    let mut f = Body::new(w, &[ValType::I32, w.ty()]);
    let (handle, less) = (f.param(0), f.param(1));
    let (size, used) = (f.local(), f.local());
    f.set(size, w.shl(w.size(), u64::from(heap.page_log2())));
    f.set(used, w.add(w.load(heap.top(), 0), heap.header()));
    f.set(used, w.add(used, less));
    f.when(w.gt(size, used), |f| f.set(less, w.sub(size, used)));
    f.call(size, alloc, &[handle, less]);
    f.push(size);
    f
}

/// `[handle size] -> [address]`: 0 where there is none, and then the block stays.
fn realloc(heap: &Heap, inner: Functions, alloc: u32) -> Body {
    let w = heap.word;
    let (mut f, entry) = with_entry(heap, &[w.ty()]);
    let (handle, size) = (f.param(0), f.param(1));
    let (at, new, bytes) = (f.local(), f.local(), f.local());
    f.set(at, w.load(entry, TABLE));
    f.when(w.eq(at, 0), |f| {
        f.call(new, alloc, &[handle, size]);
        f.give(new);
    });
    f.call(new, inner.take, &[size]);
    f.when(w.eq(new, 0), |f| f.give(0));
    f.set(bytes, w.load(entry, TABLE + w.bytes()));
    account(&mut f, heap, |w, live| w.add(w.sub(live, bytes), size));
    f.when(w.gt(bytes, size), |f| f.set(bytes, size));
    copy(&mut f, heap, new, at, bytes);
    f.push(at);
    f.emit(Instruction::Call(inner.give));
    f.store(entry, TABLE, new);
    f.store(entry, TABLE + w.bytes(), size);
    f.push(new);
    f
}

/// `[] -> [live]`: gives all blocks back at once; how many bytes were live.
fn reset(heap: &Heap) -> Body {
    let w = heap.word;
    let mut f = Body::new(w, &[]);
    let live = f.local();
    f.set(live, w.load(heap.live(), 0));
    match heap.mover {
        Mover::Bulk => {
            f.push(TABLE);
            f.emit(Instruction::I32Const(0));
            f.push(heap.start() - TABLE);
            f.emit(Instruction::MemoryFill(w.memory));
        }
        Mover::Bytes | Mover::Longs | Mover::Vectors => {
            let at = f.local();
            f.set(at, TABLE);
            f.while_(w.lt(at, heap.start()), |f| {
                f.store(at, 0, 0);
                f.set(at, w.add(at, w.bytes()));
            });
        }
    }
    f.store(heap.top(), 0, heap.start());
    f.push(live);
    f
}

/// `[seed rounds] -> [digest]`: so many times, a handle of the seed's choosing is freed,
/// or gets a block if it has none. The digest is of all addresses.
fn churn(heap: &Heap, alloc: u32, free: u32, sizes: u64) -> Body {
    let w = heap.word;
    let (long, narrow) = (Word { is_64: true, ..w }, Word { is_64: false, ..w });
    let mut f = Body::new(w, &[ValType::I64, ValType::I32]);
    let (random, rounds) = (f.param(0), f.param(1));
    let (handle, digest) = (f.local_of(ValType::I32), f.local_of(ValType::I64));
    let (at, size) = (f.local(), f.local());
    f.while_(narrow.ne(rounds, 0), |f| {
        let next = long.mul(random, 0x5851_f42d_4c95_7f2d);
        f.set(random, long.add(next, 0x1405_7b7e_f767_814f));
        let high = long.shr(random, 33);
        f.set(handle, long.then(high, Instruction::I32WrapI64));
        f.call(at, free, &[handle]);
        f.when(w.eq(at, 0), |f| {
            let some = long.and(long.shr(random, 40), sizes);
            let some = match w.is_64 {
                true => some,
                false => long.then(some, Instruction::I32WrapI64),
            };
            f.set(size, w.add(some, 1));
            f.call(at, alloc, &[handle, size]);
            // What a program writes is at both ends.
            f.when(w.ne(at, 0), |f| {
                for address in [w.add(at, 0), w.sub(w.add(at, size), 1)] {
                    f.push(address);
                    f.push(handle);
                    f.emit(Instruction::I32Store8(w.memarg(0, 0)));
                }
            });
        });
        mix(f, digest, w.as_i64(at));
        f.set(rounds, narrow.sub(rounds, 1));
    });
    f.push(digest);
    f
}

/// `[back] -> [byte]`: the byte so far before the end of the memory.
fn edge(heap: &Heap) -> Body {
    let w = heap.word;
    let mut f = Body::new(w, &[w.ty()]);
    let back = f.param(0);
    let end = w.shl(w.size(), u64::from(heap.page_log2()));
    f.push(w.sub(end, back));
    f.emit(Instruction::I32Load8U(w.memarg(0, 0)));
    f
}

/// `[handle] -> [address]`: moves a block from one heap to the other, where the handle is
/// the same; 0 if it has no block in the first, or gets none in the second.
pub(super) fn promote(from: &Heap, to: &Heap, free: u32, alloc: u32) -> Body {
    let (old, new) = (from.word, to.word);
    let (mut f, entry) = with_entry(from, &[]);
    let handle = f.param(0);
    let (at, bytes) = (f.local(), f.local());
    let (there, size) = (f.local_of(new.ty()), f.local_of(new.ty()));
    let nothing = || Operand::of(0, new);
    f.set(at, old.load(entry, TABLE));
    f.when(old.eq(at, 0), |f| f.give(nothing()));
    f.set(bytes, old.load(entry, TABLE + old.bytes()));
    f.set(size, convert(old, new, bytes));
    f.call(there, alloc, &[handle, size]);
    // 0 and -1, less 1, are the largest two.
    let none = new.sub(u64::MAX, 2);
    f.when(new.gt(new.sub(there, 1), none), |f| f.give(nothing()));
    f.push(there);
    f.push(at);
    // Of a copy between memories the length is as narrow as the narrower of the two.
    let narrower = Word {
        is_64: old.is_64 && new.is_64,
        ..old
    };
    f.push(convert(old, narrower, bytes));
    f.emit(Instruction::MemoryCopy {
        dst_mem: new.memory,
        src_mem: old.memory,
    });
    f.push(handle);
    f.emit(Instruction::Call(free));
    f.emit(Instruction::Drop);
    f.push(there);
    f
}

/// A number in the type of other addresses.
fn convert(from: Word, to: Word, operand: Local) -> Expr {
    match (from.is_64, to.is_64) {
        (true, false) => from.then(operand, Instruction::I32WrapI64),
        (false, true) => from.then(operand, Instruction::I64ExtendI32U),
        _ => operand.of(from),
    }
}
