//! Implementation limits: those of `wasmparser` are none of the specification's,
//! and must not become this crate's.
//!
//! <https://webassembly.github.io/spec/core/appendix/implementation.html>

use super::Invalid;

/// What `wasmparser` calls what it has too many of, with how many bytes a module
/// has at least that really has so many: in a shorter one the number is wrong.
const LIMITS: [(&str, u64); 9] = [
    ("size is out of bounds", 1_000),
    ("string size out of bounds", 100_000),
    ("locals exceed maximum", 0),
    ("number of elements is out of bounds", 10_000_000),
    ("memories count exceeds limit", 100),
    ("segments count exceeds limit", 100_000),
    ("function body size count exceeds limit", 7_654_321),
    ("tables count exceeds limit", 100_000),
    ("count exceeds limit", 1_000_000),
];

/// Whether a module of `length` bytes was found invalid only for being beyond a
/// limit of the library.
pub(super) fn is_beyond(invalid: &Invalid, length: usize) -> bool {
    let rest = (length as u64).saturating_sub(invalid.offset);
    let limit = LIMITS
        .iter()
        .find(|(words, _)| invalid.message.contains(words));
    limit.is_some_and(|&(_, least)| rest >= least)
}

/// Whether it is the number of memories.
pub(super) fn is_of_memories(invalid: &Invalid) -> bool {
    invalid.message.starts_with("memories count exceeds limit")
}
