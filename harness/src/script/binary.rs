//! Reads a lone binary module.

use wasmparser::{Encoding, Parser, Payload, Validator, WasmFeatures};

use super::input::{InputError, Place};
use crate::engine::{Feature, needed_by};

/// Checks that `wasm` is a module in scope. It need not be valid, nor can it
/// always be decoded: what an engine does with a malformed one is a question,
/// too. But it has to begin as a binary does.
pub(super) fn check(file: &str, wasm: &[u8]) -> Result<(), InputError> {
    if !wasm.starts_with(b"\0asm") {
        let reason = if wasm.is_empty() {
            "an empty file"
        } else {
            "not a WebAssembly binary: it does not begin with \\0asm"
        };
        return Err(InputError::new(file, Place::Byte(0), reason));
    }
    match decode(wasm) {
        Ok(Encoding::Module) => in_scope(file, wasm),
        Ok(Encoding::Component) => Err(InputError::new(
            file,
            Place::Byte(4),
            "a component: outside scope",
        )),
        // Whether what cannot be decoded is in scope, nobody knows.
        Err(_) => Ok(()),
    }
}

/// Why a binary cannot be decoded, in the words of the official suite where it
/// ends too early; `None` if it can be.
pub(super) fn malformed(wasm: &[u8]) -> Option<String> {
    let error = decode(wasm).err()?;
    let message = error.message();
    Some(match message.starts_with("unexpected end") {
        true => format!("truncated: {message}"),
        false => message.to_owned(),
    })
}

/// Reads every section, and the code instruction by instruction.
fn decode(wasm: &[u8]) -> wasmparser::Result<Encoding> {
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::Version {
                encoding: Encoding::Component,
                ..
            } => return Ok(Encoding::Component),
            Payload::CodeSectionEntry(body) => {
                let mut reader = body.get_operators_reader()?;
                while !reader.eof() {
                    reader.read()?;
                }
            }
            Payload::TypeSection(section) => each(section)?,
            Payload::ImportSection(section) => each(section)?,
            Payload::FunctionSection(section) => each(section)?,
            Payload::TableSection(section) => each(section)?,
            Payload::MemorySection(section) => each(section)?,
            Payload::GlobalSection(section) => each(section)?,
            Payload::ExportSection(section) => each(section)?,
            Payload::ElementSection(section) => each(section)?,
            Payload::DataSection(section) => each(section)?,
            _ => {}
        }
    }
    Ok(Encoding::Module)
}

fn each<'a, T: wasmparser::FromReader<'a>>(
    section: wasmparser::SectionLimited<'a, T>,
) -> wasmparser::Result<()> {
    section.into_iter().try_for_each(|item| item.map(drop))
}

/// What this project knows of WebAssembly, as the validator names it.
fn scope() -> WasmFeatures {
    WasmFeatures::WASM2
        | WasmFeatures::TAIL_CALL
        | WasmFeatures::EXTENDED_CONST
        | WasmFeatures::MULTI_MEMORY
        | WasmFeatures::MEMORY64
        | WasmFeatures::THREADS
        | WasmFeatures::CUSTOM_PAGE_SIZES
}

fn in_scope(file: &str, wasm: &[u8]) -> Result<(), InputError> {
    if !needed_by(wasm).has(Feature::OutOfScope) {
        return Ok(());
    }
    // The validator says which proposal it is, and where it is first met.
    let (place, reason) = match Validator::new_with_features(scope()).validate_all(wasm) {
        Err(error) => (
            Place::Byte(error.offset()),
            format!("outside scope: {}", error.message()),
        ),
        Ok(_) => (Place::File, "outside scope".to_owned()),
    };
    Err(InputError::new(file, place, reason))
}

/// `wasm` without the custom sections whose name is `unwanted`; `None` if it cannot be read.
pub(super) fn without_custom_sections(
    wasm: &[u8],
    unwanted: impl Fn(&str) -> bool,
) -> Option<Vec<u8>> {
    let mut out = wasm.get(..8)?.to_vec();
    let mut start = 8;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.ok()?;
        let Some((_, range)) = payload.as_section() else {
            continue;
        };
        // A section's id and size stand between the end of the one before and its range.
        let end = usize::try_from(range.end).ok()?;
        let drop = matches!(&payload, Payload::CustomSection(custom) if unwanted(custom.name()));
        if !drop {
            out.extend_from_slice(wasm.get(start..end)?);
        }
        start = end;
    }
    Some(out)
}
