//! Seeds: the inputs that sessions begin with.

use std::path::Path;

use super::input::{decode, encode};
use crate::corpus::Corpus;
use crate::script::slice::slices;
use crate::script::wast::{Source, parse, read};
use crate::spec;

/// Random inputs for the generator, of many lengths.
pub fn random() -> impl Iterator<Item = Vec<u8>> {
    (0..200).map(|seed| crate::generate::case_bytes(0, seed, 50 + 50 * (seed as usize % 10)))
}

/// A script has room for so many calls in an input: more would say the same.
const CALLS: usize = 20;

/// A script as inputs: as one if it is short, as one for each of its instances
/// otherwise. None of what cannot be had, see [`SCRIPT_BYTES`](super::SCRIPT_BYTES).
///
/// ```
/// use trapline_harness::{fuzzing::seeds, script::wast::parse};
/// let source = parse("a.wast", b"(module (memory 1))")?;
/// assert_eq!(seeds::of(source).len(), 1);
/// # Ok::<(), trapline_harness::script::input::InputError>(())
/// ```
pub fn of(mut source: Source) -> Vec<Vec<u8>> {
    source.call_exports();
    let script = source.script;
    let whole = encode(&script);
    if decode(&whole).as_ref() == Some(&script) {
        return vec![whole];
    }
    let mut inputs: Vec<Vec<u8>> = slices(&script, CALLS).iter().map(encode).collect();
    inputs.retain(|input| decode(input).is_some_and(|script| !script.steps.is_empty()));
    inputs.sort();
    inputs.dedup();
    inputs
}

/// The files of a corpus as inputs.
///
/// # Errors
/// One line, with the name of the file that cannot be read.
pub fn of_corpus(folder: &Path) -> Result<Vec<Vec<u8>>, String> {
    let mut inputs = Vec::new();
    for file in Corpus::open(folder)?.files()? {
        inputs.extend(of(read(&file).map_err(|why| why.to_string())?));
    }
    Ok(inputs)
}

/// The official suite, as far as it speaks of memories, as inputs.
pub fn of_suite() -> Vec<Vec<u8>> {
    let files = spec::about_memory().into_iter();
    // What of it cannot be read is told where it is run.
    let sources = files.filter_map(|file| parse(&file.name, &file.text).ok());
    let mut inputs: Vec<Vec<u8>> = sources.flat_map(of).collect();
    inputs.sort();
    inputs.dedup();
    inputs
}

/// The inputs that the first session of a target begins with: random ones, the
/// official suite, the files of this corpus.
///
/// # Errors
/// As [`of_corpus`].
pub fn all(corpus: &Path) -> Result<Vec<Vec<u8>>, String> {
    Ok(random()
        .chain(of_suite())
        .chain(of_corpus(corpus)?)
        .collect())
}

/// The name of an input's file: the same input has the same name.
pub fn name(input: &[u8]) -> String {
    format!("seed-{:016x}", xxhash_rust::xxh3::xxh3_64(input))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Step;

    #[test]
    fn a_short_script_is_one_input_and_the_suite_is_many() {
        let text = br#"(module (memory 1) (func (export "f"))) (assert_return (invoke "f"))"#;
        let source = parse("a.wast", text).unwrap();
        let script = source.script.clone();
        let inputs = of(source);
        assert_eq!(inputs.len(), 1);
        assert_eq!(decode(&inputs[0]), Some(script));

        let inputs = of_suite();
        let scripts: Vec<_> = inputs.iter().filter_map(|input| decode(input)).collect();
        assert_eq!(scripts.len(), inputs.len());
        let has = |script: &&crate::script::Script| {
            let call = |step: &Step| matches!(step, Step::Invoke { .. });
            script.steps.iter().any(call)
        };
        let calling = scripts.iter().filter(has).count();
        assert!(
            inputs.len() > 1000 && calling > 500,
            "{calling} of {}",
            inputs.len()
        );
        assert!(inputs.len() < 6000, "{}", inputs.len());
    }
}
