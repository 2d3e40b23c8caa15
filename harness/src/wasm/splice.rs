//! One instruction of a binary, found and replaced by its offset.

use wasm_encoder::{CodeSection, RawSection};
use wasmparser::{FunctionBody, Operator, Parser, Payload};

/// An instruction in a binary.
pub(crate) struct Found<'w> {
    /// What it is.
    pub(crate) operator: Operator<'w>,
    /// As it is encoded.
    pub(crate) bytes: &'w [u8],
}

/// The instruction whose first byte stands at `offset`.
pub(crate) fn at(wasm: &[u8], offset: u32) -> Option<Found<'_>> {
    let offset = u64::from(offset);
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::CodeSectionEntry(body) = payload.ok()? else {
            continue;
        };
        if body.range().contains(&offset) {
            return in_body(wasm, &body, offset);
        }
    }
    None
}

fn in_body<'w>(wasm: &'w [u8], body: &FunctionBody<'w>, offset: u64) -> Option<Found<'w>> {
    let mut reader = body.get_operators_reader().ok()?;
    while !reader.eof() {
        let start = reader.original_position();
        let operator = reader.read().ok()?;
        if start == offset {
            let bytes = slice(wasm, start..reader.original_position())?;
            return Some(Found { operator, bytes });
        }
    }
    None
}

/// The binary with `code` in the place of the instruction at `offset`. Names
/// and other custom sections stay as they are; `None` if there is no instruction.
pub(crate) fn splice(wasm: &[u8], offset: u32, code: &[u8]) -> Option<Vec<u8>> {
    let offset = u64::from(offset);
    let mut module = wasm_encoder::Module::new();
    let mut bodies = CodeSection::new();
    let mut left = 0;
    let mut done = false;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.ok()?;
        match &payload {
            Payload::CodeSectionStart { count, .. } => left = *count,
            Payload::CodeSectionEntry(body) => {
                let range = body.range();
                if range.contains(&offset) {
                    let replaced = in_body(wasm, body, offset)?.bytes.len() as u64;
                    let mut edited = slice(wasm, range.start..offset)?.to_vec();
                    edited.extend(code);
                    edited.extend(slice(wasm, offset + replaced..range.end)?);
                    bodies.raw(&edited);
                    done = true;
                } else {
                    bodies.raw(slice(wasm, range)?);
                }
                left -= 1;
                if left == 0 {
                    module.section(&bodies);
                }
            }
            other => {
                if let Some((id, range)) = other.as_section() {
                    let data = slice(wasm, range)?;
                    module.section(&RawSection { id, data });
                }
            }
        }
    }
    done.then(|| module.finish())
}

/// The bytes of a range that the parser speaks of.
fn slice(wasm: &[u8], range: std::ops::Range<u64>) -> Option<&[u8]> {
    let start = usize::try_from(range.start).ok()?;
    wasm.get(start..usize::try_from(range.end).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_is_replaced_and_all_else_stays() {
        let text = "(module (memory 1) (func (drop (i32.const 1))) (func (drop (i32.const 2))) (data \"x\"))";
        let wasm = wat(text);
        let place = (0..wasm.len() as u32).find(|&offset| {
            let found = at(&wasm, offset);
            matches!(
                found.map(|f| f.operator),
                Some(Operator::I32Const { value: 2 })
            )
        });
        let mut code = Vec::new();
        for instruction in [
            wasm_encoder::Instruction::I32Const(1000),
            wasm_encoder::Instruction::I32Eqz,
        ] {
            wasm_encoder::Encode::encode(&instruction, &mut code);
        }
        let edited = splice(&wasm, place.unwrap(), &code).unwrap();
        let expected = wat(&text.replace("(i32.const 2)", "(i32.eqz (i32.const 1000))"));
        assert_eq!(edited, expected);
        assert_eq!(splice(&wasm, 3, &code), None);
    }

    fn wat(text: &str) -> Vec<u8> {
        let script = crate::script::wast::parse("m.wast", text.as_bytes())
            .unwrap()
            .script;
        match &script.steps[0] {
            crate::script::Step::Define { wasm, .. } => wasm.clone(),
            other => panic!("{other:?}"),
        }
    }
}
