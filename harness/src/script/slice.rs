//! Slices: parts of a long script that can be run alone.

use std::collections::BTreeSet;

use wasmparser::{Parser, Payload};

use super::{HOST, Script, Step};

/// The step before `index` that defines a module, and the module.
pub(crate) fn definition<'s>(
    script: &'s Script,
    index: usize,
    name: &str,
) -> Option<(usize, &'s [u8])> {
    let steps = script.steps[..index].iter().enumerate().rev();
    steps.into_iter().find_map(|(index, step)| match step {
        Step::Define { module, wasm } if module == name => Some((index, &wasm[..])),
        _ => None,
    })
}

/// Adds the steps that make what the module defined at `index` imports; `None`
/// if none make it.
pub(crate) fn imports_from(
    script: &Script,
    index: usize,
    wasm: &[u8],
    wanted: &mut BTreeSet<usize>,
) -> Option<()> {
    let steps = &script.steps;
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::ImportSection(section) = payload.ok()? else {
            continue;
        };
        for import in section.into_imports().flatten() {
            if import.module == HOST {
                continue;
            }
            let registered = steps[..index].iter().rposition(
                |step| matches!(step, Step::Register { name, .. } if name == import.module),
            )?;
            if !wanted.insert(registered) {
                continue;
            }
            let Step::Register {
                instance: owner, ..
            } = &steps[registered]
            else {
                return None;
            };
            let made = steps[..registered].iter().rposition(
                |step| matches!(step, Step::Instantiate { instance, .. } if instance == owner),
            )?;
            let Step::Instantiate { module, .. } = &steps[made] else {
                return None;
            };
            let (defined, wasm) = definition(script, made, module)?;
            wanted.extend([made, defined]);
            imports_from(script, defined, wasm, wanted)?;
        }
    }
    Some(())
}

/// A script for each instance of a script, with what it imports from and up to
/// `most` calls to it; one for each module that is never instantiated.
pub(crate) fn slices(script: &Script, most: usize) -> Vec<Script> {
    let slices = script.steps.iter().enumerate().filter_map(|(index, step)| {
        let wanted = match step {
            Step::Instantiate { instance, module } => {
                let (defined, wasm) = definition(script, index, module)?;
                let mut wanted = BTreeSet::new();
                // Where an import is missing, that is what the script shows.
                let _ = imports_from(script, defined, wasm, &mut wanted);
                wanted.extend([defined, index]);
                wanted.extend(calls_of(script, index, instance).take(most));
                wanted
            }
            Step::Define { module, .. } => {
                let made = script.steps[index..]
                    .iter()
                    .any(|step| matches!(step, Step::Instantiate { module: m, .. } if m == module));
                BTreeSet::from_iter((!made).then_some(index))
            }
            _ => return None,
        };
        let steps: Vec<Step> = wanted
            .into_iter()
            .map(|i| script.steps[i].clone())
            .collect();
        (!steps.is_empty()).then_some(Script { steps })
    });
    slices.collect()
}

/// The calls to the instance made at step `index`, until its name is another's.
fn calls_of<'s>(
    script: &'s Script,
    index: usize,
    name: &'s str,
) -> impl Iterator<Item = usize> + 's {
    let later = script.steps.iter().enumerate().skip(index + 1);
    let own = later.take_while(
        move |(_, step)| !matches!(step, Step::Instantiate { instance, .. } if instance == name),
    );
    own.filter(move |(_, step)| match step {
        Step::Invoke { instance, .. } | Step::Get { instance, .. } => instance == name,
        _ => false,
    })
    .map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::wast::parse;

    #[test]
    fn each_instance_comes_with_its_imports_and_its_calls() {
        let text = r#"(module $a (memory (export "m") 1))
            (register "a")
            (module $b (memory 1) (func (export "f")))
            (module $c (import "a" "m" (memory 1)) (func (export "g")))
            (invoke $b "f") (invoke $c "g") (invoke $b "f") (invoke $b "f")
            (module definition $d (memory 1))"#;
        let script = parse("a.wast", text.as_bytes()).unwrap().script;
        let lengths: Vec<_> = slices(&script, 2).iter().map(|s| s.steps.len()).collect();
        // Of b not the third call; c with the definition, the instance and the
        // registration of a; d only defined.
        assert_eq!(lengths, [2, 4, 6, 1]);
    }
}
