//! Implementation limits: modules that are valid, and that an engine may refuse
//! all the same because it documents how much it takes.
//!
//! <https://webassembly.github.io/spec/core/appendix/implementation.html>

/// The words of libraries and engines for a limit of their own. What the
/// specification itself limits, such as the size of a memory, is not among
/// them.
const WORDS: &[&str] = &[
    // wasmparser, which every engine here decodes and validates with.
    "count exceeds limit of",
    " size is out of bounds",
    "string size out of bounds",
    "locals exceed maximum",
    "number of elements is out of bounds",
    "effective type size exceeds the limit",
    "implementation limit",
    // Cranelift, under wasmtime and wasmer.
    "Implementation limit exceeded",
    "Code for function is too large",
    // wasmi: its own limits, those one sets, and those of its bytecode.
    "Wasm module contains too many",
    "Wasm module uses too many",
    "Wasm module has too many",
    "Wasm module declares too many",
    "module exceeds the limit of",
    "function exceeds the limit of",
    "function has too many",
    "function with too many",
    "function defines too many local variables",
    "function body contains too many bytes",
    "table has too many elements",
    "table initializer has too many elements",
    "element segment has too many elements",
    "data segment contains too many bytes",
    "instance has too many handles",
    "out of bounds for wasmi bytecode",
    "requires more registers for a function than available",
    "tried to access a slot that is out of bounds",
    "tried to access out of bounds register index",
    "value stack with out of bounds depth",
    "tried to allocate too many",
    // V8, which also says "is larger than implementation limit".
    "exceeds internal limit of",
    // SpiderMonkey, of a 64-bit memory beyond the limit of the JavaScript API, 2^37 - 1
    // pages. <https://webassembly.github.io/spec/js-api/#limits>
    "memory size too big",
];

/// Whether an engine that refuses a module in these words says that it is
/// beyond a limit of its own.
pub fn names_a_limit(reason: &str) -> bool {
    WORDS.iter().any(|words| reason.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_the_specification_are_no_implementation_limits() {
        for limit in [
            "memories count exceeds limit of 100 (at offset 0xb)",
            "function params size is out of bounds",
            "too many locals: locals exceed maximum",
            "Compilation error: Implementation limit exceeded",
            "initial table size (4294967295 elements) is larger than implementation limit (10000000 elements) @+13",
            "type count of 1000001 exceeds internal limit of 1000000 @+10",
            "translation requires more registers for a function than available",
            "at offset 19: maximum memory size too big",
        ] {
            assert!(names_a_limit(limit), "{limit}");
        }
        for refusal in [
            "memory size must be at most 65536 pages (4GiB)",
            "size minimum must not be greater than maximum",
            "unknown memory 100: memory index out of bounds",
            "too many locals",
            "invalid var_u32: integer too large",
            "section size mismatch: unexpected data at the end of the section",
        ] {
            assert!(!names_a_limit(refusal), "{refusal}");
        }
    }
}
