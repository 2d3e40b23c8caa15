//! The modules of scripts, decoded.

use std::cell::RefCell;
use std::collections::VecDeque;

use trapline_reference::{Module, Rejection};

use crate::observation::{Outcome, Stage};

/// What a module was decoded to.
type Decoded = Result<Module, Outcome>;

/// How many modules are remembered.
const RECENT: usize = 64;

/// The module, or what the specification says instead.
///
/// The same modules come again and again: where a script is reduced, where an
/// answer that is open is turned round, and where an input was mutated. To
/// decode one takes longer than most scripts run.
pub(in crate::engine) fn decoded(wasm: &[u8]) -> Decoded {
    thread_local! {
        static MODULES: RefCell<VecDeque<(Box<[u8]>, Decoded)>> = const { RefCell::new(VecDeque::new()) };
    }
    MODULES.with_borrow_mut(|modules| {
        if let Some((_, decoded)) = modules.iter().find(|(bytes, _)| **bytes == *wasm) {
            return decoded.clone();
        }
        let decoded = decode(wasm);
        modules.truncate(RECENT - 1);
        modules.push_front((wasm.into(), decoded.clone()));
        decoded
    })
}

fn decode(wasm: &[u8]) -> Decoded {
    Module::new(wasm).map_err(|rejection| match rejection {
        Rejection::Invalid(invalid) => Outcome::Rejected {
            stage: Stage::Compile,
            reason: invalid.to_string(),
        },
        Rejection::Unsupported(what) => Outcome::Unsupported(what),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Step;
    use crate::script::wast::parse;

    #[test]
    fn a_module_that_was_forgotten_is_decoded_again() {
        let module = |pages: usize| {
            let text = format!(r#"(module (memory (export "m") {pages}))"#);
            match parse("m.wast", text.as_bytes())
                .unwrap()
                .script
                .steps
                .swap_remove(0)
            {
                Step::Define { wasm, .. } => wasm,
                other => panic!("{other:?}"),
            }
        };
        let pages = |decoded: Decoded| {
            let module = decoded.expect("it is valid");
            format!("{:?}", module.exports().collect::<Vec<_>>())
        };
        for _ in 0..2 {
            for n in 0..RECENT + 8 {
                assert_eq!(pages(decoded(&module(n))), pages(decode(&module(n))));
            }
            let broken = decoded(&module(1)[..10]);
            assert!(matches!(broken, Err(Outcome::Rejected { .. })));
        }
    }
}
