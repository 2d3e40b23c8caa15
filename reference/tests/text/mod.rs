//! Modules from text.

use trapline_reference::Module;

/// The binary of a module, valid or not.
pub(crate) fn encode(text: &str) -> Vec<u8> {
    let buffer = wast::parser::ParseBuffer::new(text).expect("text");
    let mut wat = wast::parser::parse::<wast::Wat<'_>>(&buffer)
        .unwrap_or_else(|error| panic!("{text}: {error}"));
    wat.encode().expect("a binary")
}

/// A module that is valid.
pub(crate) fn module(text: &str) -> Module {
    Module::new(&encode(text)).unwrap_or_else(|error| panic!("{text}: {error}"))
}
