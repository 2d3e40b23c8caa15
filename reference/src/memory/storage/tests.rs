//! Tests of the storage alone: what it costs, what it tells of writes.

use super::*;
use crate::types::AddressType;

/// As large as a memory can be: 2^64 bytes.
fn largest() -> Memory {
    Memory::new(MemoryType {
        address: AddressType::I64,
        shared: false,
        page_size_log2: 16,
        minimum: 1 << 48,
        maximum: None,
    })
}

#[test]
fn a_memory_of_2_to_the_48_pages_costs_what_was_written() {
    let mut memory = largest();
    assert_eq!(memory.bytes(), 1 << 64);
    assert_eq!(memory.chunk_count(), 1 << 48);
    for address in [0, 1 << 47, (1 << 64) - 8] {
        memory.write(address, &[1, 2, 3, 4, 5, 6, 7, 8]);
    }
    let mut last = [0; 2];
    memory.read((1 << 64) - 2, &mut last);
    assert_eq!(last, [7, 8]);
    assert!(memory.stored() < 1 << 20, "{}", memory.stored());
    let indices: Vec<u64> = memory.chunks().map(|(index, _)| index).collect();
    assert_eq!(indices, [0, 1 << 31, (1 << 48) - 1]);
    // Zeros, wherever, and however many.
    memory.fill(0, 0, 1 << 64);
    assert_eq!(memory.byte(1 << 47), 0);
    assert_eq!(memory.stored(), 3 * CHUNK);
}

#[test]
fn copying_most_of_a_sparse_memory_moves_what_is_stored() {
    let mut memory = largest();
    memory.write(5, &[42]);
    memory.write(1 << 40, &[43]);
    let length = (1 << 63) - 1;
    memory.copy(1 << 63, None, 0, length);
    assert_eq!(memory.byte((1 << 63) + 5), 42);
    assert_eq!(memory.byte((1 << 63) + (1 << 40)), 43);
    memory.copy(1, None, 0, length);
    assert_eq!((memory.byte(5), memory.byte(6)), (0, 42));
    memory.copy(0, None, 1, length);
    assert_eq!((memory.byte(5), memory.byte(6)), (42, 0));
    assert!(memory.stored() < 1 << 20, "{}", memory.stored());
}

#[test]
fn a_fill_touches_what_it_covers_and_stores_no_zeros() {
    let mut memory = largest();
    let size = CHUNK as u128;
    memory.fill(size - 1, 7, size + 2);
    let found: Vec<u8> = [size - 2, size - 1, size, 2 * size, 2 * size + 1]
        .map(|at| memory.byte(at))
        .into();
    assert_eq!(found, [0, 7, 7, 7, 0]);
    let stamps = |memory: &Memory| [0, 1, 2, 3].map(|index| memory.stamp(index));
    let before = stamps(&memory);
    assert_eq!(before.map(|stamp| stamp == 0), [false, false, false, true]);
    // Nothing, wherever it stands.
    memory.fill(size, 0, 0);
    memory.fill(size + 5, 1, 0);
    memory.fill(3 * size, 0, 1 << 50);
    assert_eq!(stamps(&memory), before);
    memory.fill(size, 0, size);
    let after = stamps(&memory);
    assert_eq!(
        [0, 1, 2, 3].map(|i| after[i] == before[i]),
        [true, false, true, true]
    );
    assert_eq!((memory.byte(size - 1), memory.byte(size)), (7, 0));
    assert_eq!(memory.stored(), 3 * CHUNK);
}

#[test]
fn a_copy_of_what_is_not_stored_clears_and_stores_nothing() {
    let mut memory = largest();
    let size = CHUNK as u128;
    memory.write(4 * size, &[1; CHUNK]);
    for (to, from) in [
        (size, 0),
        (0, size),
        (8 * size, 6 * size),
        (6 * size, 8 * size),
    ] {
        memory.copy(to, None, from, 2 * size);
        assert_eq!(memory.stored(), CHUNK, "{to:#x} {from:#x}");
    }
    let (at, byte) = (4 * size + 9, |memory: &Memory, at| memory.byte(at));
    memory.copy(at, None, 6 * size, 3);
    let found = [at - 1, at, at + 2, at + 3].map(|at| byte(&memory, at));
    assert_eq!(found, [1, 0, 0, 1]);
    memory.copy(at + 7, None, 2 * size, 1);
    assert_eq!((byte(&memory, at + 6), byte(&memory, at + 7)), (1, 0));
    assert_eq!(memory.stored(), CHUNK);
    // Across the end of what is stored, forward and backward.
    for (to, stored) in [(2 * size - 8, 2), (8 * size - 8, 3)] {
        memory.copy(to, None, 5 * size - 8, 16);
        assert_eq!((byte(&memory, to), memory.stored()), (1, stored * CHUNK));
    }
    for (to, stored) in [(size - 8, 3), (10 * size - 8, 4)] {
        memory.copy(to, None, 4 * size - 8, 16);
        assert_eq!(
            (byte(&memory, to + 8), memory.stored()),
            (1, stored * CHUNK)
        );
    }
}

#[test]
fn what_is_written_beyond_the_end_is_no_part_of_the_memory() {
    let of = |minimum| {
        let mut memory = Memory::new(MemoryType {
            page_size_log2: 0,
            minimum,
            ..largest().ty()
        });
        memory.write(0, &[1; 3 * CHUNK]);
        memory
    };
    for (minimum, lengths) in [
        (CHUNK as u64 - 1, vec![CHUNK - 1]),
        (CHUNK as u64, vec![CHUNK]),
        (CHUNK as u64 + 1, vec![CHUNK, 1]),
    ] {
        let memory = of(minimum);
        let listed: Vec<usize> = memory.chunks().map(|(_, bytes)| bytes.len()).collect();
        assert_eq!(listed, lengths);
        let chunks = (0..3).filter_map(|index| memory.chunk(index));
        assert_eq!(chunks.map(<[u8]>::len).collect::<Vec<_>>(), lengths);
        assert_eq!(memory.chunk_count(), lengths.len() as u128);
    }
}

#[test]
fn a_clone_does_not_see_later_writes_and_stamps_tell_of_them() {
    let mut memory = largest();
    memory.write(0, &[1]);
    let clone = memory.clone();
    let stamp = memory.stamp(0);
    memory.write(0, &[2]);
    assert_eq!((clone.byte(0), memory.byte(0)), (1, 2));
    assert_eq!(clone.stamp(0), stamp);
    assert_ne!(memory.stamp(0), stamp);
    assert_eq!(memory.stamp(1), 0);
}

#[test]
fn whole_chunks_are_filled_and_copied_as_if_byte_by_byte() {
    let size = CHUNK as u128;
    let mut memory = largest();
    for chunk in 0..6 {
        memory.fill(chunk * size, chunk as u8 + 1, size);
        memory.write(chunk * size + 9, &[0xee]);
    }
    // The same, with every byte looked at.
    let slowly = |to: u128, from: u128, length: u128| {
        let mut bytes = vec![0; length as usize];
        memory.read(from, &mut bytes);
        let mut copied = memory.clone();
        copied.write(to, &bytes);
        copied
    };
    for (to, from, length) in [
        (2 * size, 0, 3 * size),
        (0, 2 * size, 3 * size),
        (2 * size + 7, 7, 3 * size - 3),
        (7, 2 * size + 7, 3 * size + 5),
        (size, 0, size),
        (size + 1, 0, 2 * size),
        (9 * size, 0, 2 * size + 1),
    ] {
        let mut found = memory.clone();
        found.copy(to, None, from, length);
        let right = slowly(to, from, length);
        for chunk in 0..13 {
            let bytes = |memory: &Memory| {
                let mut bytes = vec![0; CHUNK];
                memory.read(chunk * size, &mut bytes);
                bytes
            };
            assert_eq!(
                bytes(&found),
                bytes(&right),
                "{to} {from} {length}: {chunk}"
            );
        }
        let mut other = largest();
        other.copy(to, Some(&memory), from, length);
        assert_eq!(other.byte(to + 9), memory.byte(from + 9));
        // What is shared is not written through.
        other.write(to, &[0xdd]);
        assert_ne!(memory.byte(from), 0xdd);
    }
}
