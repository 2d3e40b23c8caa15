//! Memories from outside: every memory of a module is made by the embedder, and imported.
//!
//! An engine makes and compiles for imported memories by ways of their own, and an embedder's
//! call makes them by another. By the specification it is the same: memories are
//! allocated before anything is initialised, and imported ones have the lowest indices, so
//! that those that a module defines can be appended to its imports.

use std::borrow::Cow;
use std::ops::Range;

use wasmparser::{Parser, Payload};

/// The module that such memories are imported from.
pub(super) const OUTSIDE: &str = "made by the embedder";

/// The numbers of the sections that this is about.
const TYPES: u8 = 1;
const IMPORTS: u8 = 2;
const MEMORIES: u8 = 5;

/// What a configuration compiles of a module: with its memories from outside, if they are to
/// be and it is valid, which is asked only then. What is not valid is left as it is, so that the
/// engine turns it away by itself.
pub(super) fn compiled<'w>(
    wasm: &'w [u8],
    outside: bool,
    is_valid: impl FnOnce() -> bool,
) -> Cow<'w, [u8]> {
    let rewritten = (outside && is_valid()).then(|| with_memories_outside(wasm));
    rewritten.flatten().map_or(Cow::Borrowed(wasm), Cow::Owned)
}

/// A valid module with an import from [`OUTSIDE`] in place of each memory that it defines;
/// `None` if it defines none.
///
/// What is not valid may come out as anything.
fn with_memories_outside(wasm: &[u8]) -> Option<Vec<u8>> {
    let mut sections: Vec<(u8, &[u8])> = Vec::new();
    let mut memories: Vec<&[u8]> = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.ok()?;
        let section = payload.as_section();
        sections.extend(section.map(|(id, range)| (id, part(wasm, range))));
        if let Payload::MemorySection(reader) = payload {
            let end = reader.range().end;
            let offsets = reader.into_iter_with_offsets();
            let mut begins: Vec<u64> = offsets
                .map(|memory| memory.map(|(offset, _)| offset))
                .collect::<Result<_, _>>()
                .ok()?;
            begins.push(end);
            let ranges = begins.windows(2);
            memories.extend(ranges.map(|of| part(wasm, of[0]..of[1])));
        }
    }
    if memories.is_empty() {
        return None;
    }
    let mut own = 0;
    let mut imports = Vec::new();
    if let Some((_, contents)) = sections.iter().find(|(id, _)| *id == IMPORTS) {
        let (count, rest) = number(contents)?;
        own = count;
        imports.extend_from_slice(rest);
    }
    for (index, memory) in memories.iter().enumerate() {
        name(&mut imports, OUTSIDE);
        name(&mut imports, &index.to_string());
        imports.push(2);
        imports.extend_from_slice(memory);
    }
    let mut all = Vec::new();
    write(&mut all, own + memories.len());
    all.extend(imports);

    let mut out = wasm[..8].to_vec();
    let mut imports = Some(all);
    for (id, contents) in sections {
        // Custom sections may be anywhere.
        let is_before = id == 0 || id == TYPES;
        if !is_before && let Some(imports) = imports.take() {
            section(&mut out, IMPORTS, &imports);
        }
        if id != IMPORTS && id != MEMORIES {
            section(&mut out, id, contents);
        }
    }
    Some(out)
}

/// A part of a module that the parser has gone through.
fn part(wasm: &[u8], range: Range<u64>) -> &[u8] {
    &wasm[range.start as usize..range.end as usize]
}

/// Writes a section.
fn section(out: &mut Vec<u8>, id: u8, contents: &[u8]) {
    out.push(id);
    write(out, contents.len());
    out.extend_from_slice(contents);
}

/// Writes a name.
fn name(out: &mut Vec<u8>, name: &str) {
    write(out, name.len());
    out.extend_from_slice(name.as_bytes());
}

/// Writes a number, in the fewest bytes.
fn write(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Reads a number; it, and what follows it.
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut number = 0_usize;
    for (at, byte) in bytes.iter().take(5).enumerate() {
        number |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((number, &bytes[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The imports of a module, which is valid.
    fn imports(wasm: &[u8]) -> Vec<(String, String)> {
        let features = wasmparser::WasmFeatures::all();
        let mut validator = wasmparser::Validator::new_with_features(features);
        validator.validate_all(wasm).expect("it stays valid");
        let payloads = Parser::new(0)
            .parse_all(wasm)
            .map(|p| p.expect("it is valid"));
        let mut found = Vec::new();
        for payload in payloads {
            if let Payload::ImportSection(reader) = payload {
                for import in reader.into_imports() {
                    let import = import.expect("it is valid");
                    found.push((import.module.to_owned(), import.name.to_owned()));
                }
            }
        }
        found
    }

    #[test]
    fn memories_become_imports_behind_those_that_there_are() {
        let text = "(module (type (func (param i32)))
            (import \"m\" \"memory\" (memory 1))
            (import \"f\" \"f\" (func (type 0)))
            (memory $own 1 2) (memory $shared 1 3 shared) (memory $bytes i64 5 (pagesize 1))
            (data (memory $own) (i32.const 0) \"a\")
            (export \"own\" (memory $own))
            (func (drop (i64.load $bytes (i64.const 0)))))";
        let wasm = crate::engine::verify::encode(text);
        let outside = with_memories_outside(&wasm).expect("it defines three");
        let named = |(module, name): (&str, &str)| (module.to_owned(), name.to_owned());
        let expected = [
            ("m", "memory"),
            ("f", "f"),
            (OUTSIDE, "0"),
            (OUTSIDE, "1"),
            (OUTSIDE, "2"),
        ];
        assert_eq!(imports(&outside), expected.map(named));
    }

    #[test]
    fn a_module_without_types_or_imports_gets_a_section_of_imports() {
        for text in [
            "(module (memory 1))",
            "(module (type (func)) (memory 1) (func (type 0)))",
        ] {
            let outside = with_memories_outside(&crate::engine::verify::encode(text));
            assert_eq!(
                imports(&outside.expect("it defines one")).len(),
                1,
                "{text}"
            );
        }
        let none = crate::engine::verify::encode("(module (import \"m\" \"m\" (memory 1)))");
        assert_eq!(with_memories_outside(&none), None);
        assert_eq!(with_memories_outside(b"\0asm"), None);
    }
}
