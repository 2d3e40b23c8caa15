//! The contents of blocks: filling, copying and reading them.

use wasm_encoder::{Instruction, ValType};

use super::client::with_entry;
use super::code::{Body, Expr, Local, Word, number};
use super::heap::{Heap, Mover, TABLE};

/// Up to so many bytes are filled, copied and read in loops.
const IN_LOOPS: u64 = 4096;

/// Copies the contents of a block, which does not overlap with the other.
pub(super) fn copy(f: &mut Body, heap: &Heap, to: Local, from: Local, bytes: Local) {
    let w = heap.word;
    let bulk = |f: &mut Body| {
        f.push(to);
        f.push(from);
        f.push(bytes);
        f.emit(Instruction::MemoryCopy {
            dst_mem: w.memory,
            src_mem: w.memory,
        });
    };
    if heap.mover == Mover::Bulk {
        return bulk(f);
    }
    f.when(w.gt(bytes, IN_LOOPS), |f| {
        bulk(f);
        f.set(bytes, 0);
    });
    each(f, heap, bytes, |f, at, step| {
        f.push(w.add(to, at));
        f.push(w.add(from, at));
        let (load, store) = access(w, step);
        f.emit(load);
        f.emit(store);
    });
}

/// Loops over a block: the offset, and how many bytes at once.
fn each(f: &mut Body, heap: &Heap, bytes: Local, body: impl Fn(&mut Body, Local, u64)) {
    let w = heap.word;
    let at = f.local();
    f.set(at, 0);
    let steps = match heap.mover {
        Mover::Vectors => &[16, 1][..],
        Mover::Longs => &[8, 1],
        Mover::Bulk | Mover::Bytes => &[1],
    };
    for &step in steps {
        let behind = w.gt(w.add(at, step), bytes);
        f.while_(w.then(behind, Instruction::I32Eqz), |f| {
            body(f, at, step);
            f.set(at, w.add(at, step));
        });
    }
}

/// The instructions for so many bytes at once.
fn access(w: Word, step: u64) -> (Instruction<'static>, Instruction<'static>) {
    match step {
        16 => (
            Instruction::V128Load(w.memarg(0, 4)),
            Instruction::V128Store(w.memarg(0, 4)),
        ),
        8 => (
            Instruction::I64Load(w.memarg(0, 3)),
            Instruction::I64Store(w.memarg(0, 3)),
        ),
        _ => (
            Instruction::I32Load8U(w.memarg(0, 0)),
            Instruction::I32Store8(w.memarg(0, 0)),
        ),
    }
}

/// `[handle seed] -> [bytes]`: fills a block with what depends on the seed and, in loops,
/// on where it is in the block.
pub(super) fn fill(heap: &Heap) -> Body {
    let w = heap.word;
    let (mut f, entry) = with_entry(heap, &[ValType::I32]);
    let seed = f.param(1);
    let (to, bytes, whole) = (f.local(), f.local(), f.local());
    f.set(to, w.load(entry, TABLE));
    f.when(w.eq(to, 0), |f| f.give(0));
    f.set(bytes, w.load(entry, TABLE + w.bytes()));
    f.set(whole, bytes);
    let bulk = |f: &mut Body| {
        f.push(to);
        f.push(seed);
        f.push(bytes);
        f.emit(Instruction::MemoryFill(w.memory));
    };
    if heap.mover == Mover::Bulk {
        bulk(&mut f);
    } else {
        f.when(w.gt(bytes, IN_LOOPS), |f| {
            bulk(f);
            f.set(bytes, 0);
        });
        each(&mut f, heap, bytes, |f, at, step| {
            f.push(w.add(to, at));
            let long = Word { is_64: true, ..w };
            let value = long.add(w.as_i64(at), long.then(seed, Instruction::I64ExtendI32U));
            let value = long.mul(value, 0x9e37_79b9_7f4a_7c15);
            f.push(match step {
                16 => long.then(value, Instruction::I64x2Splat),
                8 => value,
                _ => long.then(value, Instruction::I32WrapI64),
            });
            f.emit(access(w, step).1);
        });
    }
    f.push(whole);
    f
}

/// `[handle] -> [digest]`: of the first bytes of a block, and the last.
pub(super) fn check(heap: &Heap) -> Body {
    let w = heap.word;
    let (mut f, entry) = with_entry(heap, &[]);
    let digest = f.local_of(ValType::I64);
    let (from, bytes, last) = (f.local(), f.local(), f.local());
    f.set(from, w.load(entry, TABLE));
    f.when(w.eq(from, 0), |f| f.give(number(0)));
    f.set(bytes, w.load(entry, TABLE + w.bytes()));
    f.when(w.eq(bytes, 0), |f| f.give(number(1)));
    f.set(last, w.sub(w.add(from, bytes), 1));
    f.when(w.gt(bytes, IN_LOOPS), |f| f.set(bytes, IN_LOOPS));
    let byte = |at: Expr| {
        let load = w.then(at, Instruction::I32Load8U(w.memarg(0, 0)));
        w.then(load, Instruction::I64ExtendI32U)
    };
    each(&mut f, heap, bytes, |f, at, step| {
        let at = || w.add(from, at);
        match step {
            16 => {
                for lane in [0, 1] {
                    let vector = w.then(at(), Instruction::V128Load(w.memarg(0, 4)));
                    let half = w.then(vector, Instruction::I64x2ExtractLane(lane));
                    mix(f, digest, half);
                }
            }
            8 => mix(
                f,
                digest,
                w.then(at(), Instruction::I64Load(w.memarg(0, 3))),
            ),
            _ => mix(f, digest, byte(at())),
        }
    });
    mix(&mut f, digest, byte(w.add(last, 0)));
    f.push(digest);
    f
}

/// Adds a number to a digest.
pub(super) fn mix(f: &mut Body, digest: Local, value: Expr) {
    let long = Word {
        is_64: true,
        ..f.word
    };
    f.set(digest, long.xor(long.rotl(digest, 5), value));
}
