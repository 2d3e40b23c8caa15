//! Modules of a script, from text to binary.

use wast::core::ModuleKind;
use wast::{QuoteWat, Wat};

use crate::script::binary;

/// The binary of a module. The names that a text gives for its own use, which
/// the text parser writes into a custom section, are left out.
pub(super) fn encode(wat: &mut Wat<'_>) -> Result<Vec<u8>, wast::Error> {
    let text = match wat {
        Wat::Module(module) => matches!(module.kind, ModuleKind::Text(_)),
        Wat::Component(_) => false,
    };
    let wasm = wat.encode()?;
    Ok(if text { without_names(wasm) } else { wasm })
}

pub(super) fn encode_quoted(module: &mut QuoteWat<'_>) -> Result<Vec<u8>, wast::Error> {
    match module {
        QuoteWat::Wat(wat) => encode(wat),
        QuoteWat::QuoteModule(..) | QuoteWat::QuoteComponent(..) => {
            module.encode().map(without_names)
        }
    }
}

/// Where in `text`, the file, the byte stands that is at `offset` in the text
/// that is quoted in it; `None` if the module is not quoted.
pub(super) fn place_in_quotes(module: &QuoteWat<'_>, text: &str, offset: usize) -> Option<usize> {
    let QuoteWat::QuoteModule(_, strings) = module else {
        return None;
    };
    // An error of what is no text has a place in the file already.
    let is_text = |(_, string): &(_, &[u8])| std::str::from_utf8(string).is_ok();
    let last = strings.iter().all(is_text).then(|| strings.last())??;
    // The strings were put together with a space behind each.
    let mut rest = offset;
    for (span, string) in strings {
        if rest <= string.len() {
            return Some(place_in_string(text, span.offset(), rest));
        }
        rest -= string.len() + 1;
    }
    Some(place_in_string(text, last.0.offset(), last.1.len()))
}

/// Where in `text` the byte stands that is number `count` of the string whose
/// quotation mark is at `start`.
fn place_in_string(text: &str, start: usize, count: usize) -> usize {
    let (mut at, mut seen) = (start + 1, 0);
    while seen < count {
        let rest = text.get(at..).unwrap_or_default();
        let mut chars = rest.chars();
        let (width, bytes) = match (chars.next(), chars.next()) {
            (Some('\\'), Some('u')) => {
                let width = rest.find('}').map_or(2, |end| end + 1);
                let code = rest.get(3..width - 1).unwrap_or_default().replace('_', "");
                let char = u32::from_str_radix(&code, 16).ok().and_then(char::from_u32);
                (width, char.map_or(1, char::len_utf8))
            }
            (Some('\\'), Some(digit)) if digit.is_ascii_hexdigit() => (3, 1),
            (Some('\\'), _) => (2, 1),
            (Some(char), _) => (char.len_utf8(), char.len_utf8()),
            (None, _) => break,
        };
        at += width;
        seen += bytes;
    }
    at
}

fn without_names(wasm: Vec<u8>) -> Vec<u8> {
    // What the text parser wrote can be read, unless the text says otherwise.
    binary::without_custom_sections(&wasm, |name| name == "name").unwrap_or(wasm)
}

pub(super) fn is_component(module: &QuoteWat<'_>) -> bool {
    matches!(
        module,
        QuoteWat::Wat(Wat::Component(_)) | QuoteWat::QuoteComponent(..)
    )
}
