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
