//! The second form of an input: not what a generator reads, but a script itself.
//!
//! It begins with a mark that random bytes do not have. Then come the steps,
//! one after the other, as the protocol writes them. Whatever comes in their
//! place ends the script there.

use wasmparser::{Operator, Parser, Payload};

use crate::script::calls::Callable;
use crate::script::{Script, Step};

/// How an input that is a script begins.
const MARK: [u8; 8] = *b"\0script\n";

/// The most bytes of an input that is a script.
pub const SCRIPT_BYTES: usize = 4096;

/// The most steps that are read of one: an execution should be short.
const STEPS: usize = 32;

/// How a step that starts a thread is written. It is not read: it would have to
/// be waited for, and could hold others without end.
const THREAD: u8 = 5;

/// A script as an input; without the steps from the first one on that starts a
/// thread, or that it has no room for.
pub(super) fn encode(script: &Script) -> Vec<u8> {
    let mut bytes = MARK.to_vec();
    for step in script.steps.iter().take(STEPS) {
        let step = postcard::to_stdvec(step).expect("a step is plain data");
        if step[0] == THREAD || bytes.len() + step.len() > SCRIPT_BYTES {
            break;
        }
        bytes.extend(step);
    }
    bytes
}

/// The script that an input is, if it is one. Without modules that wait, and
/// without calls that do not fit.
pub(super) fn decode(bytes: &[u8]) -> Option<Script> {
    let mut rest = bytes.strip_prefix(&MARK)?;
    let mut steps = Vec::new();
    while steps.len() < STEPS && rest.first().is_some_and(|&kind| kind != THREAD) {
        let Ok((step, more)) = postcard::take_from_bytes::<Step>(rest) else {
            break;
        };
        rest = more;
        let waits = match &step {
            Step::Define { wasm, .. } => waits(wasm),
            _ => false,
        };
        if !waits {
            steps.push(step);
        }
    }
    let mut callable = Callable::default();
    let fits: Vec<bool> = steps.iter().map(|step| callable.accepts(step)).collect();
    let mut fits = fits.into_iter();
    steps.retain(|_| fits.next() == Some(true));
    Some(Script { steps })
}

/// Whether a module waits, which might be for ever.
fn waits(wasm: &[u8]) -> bool {
    use Operator::{MemoryAtomicWait32, MemoryAtomicWait64};
    let is_wait = |op| {
        matches!(
            op,
            Ok(MemoryAtomicWait32 { .. } | MemoryAtomicWait64 { .. })
        )
    };
    let payloads = Parser::new(0).parse_all(wasm).map_while(Result::ok);
    payloads.into_iter().any(|payload| match payload {
        Payload::CodeSectionEntry(body) => match body.get_operators_reader() {
            Ok(ops) => ops.into_iter().any(is_wait),
            Err(_) => false,
        },
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::wast::parse;

    fn script(text: &str) -> Script {
        parse("a.wast", text.as_bytes()).unwrap().script
    }

    #[test]
    fn a_script_comes_back_and_a_part_of_it_up_to_where_it_is_broken_off() {
        let script = script(
            r#"(module $m (memory (export "m") 1) (func (export "f") (param i32)))
               (register "m") (invoke "f" (i32.const 7)) (invoke "f" (i32.const -1))"#,
        );
        let bytes = encode(&script);
        assert_eq!(decode(&bytes), Some(script.clone()));
        for length in MARK.len()..bytes.len() {
            let part = decode(&bytes[..length]).unwrap();
            assert_eq!(part.steps, script.steps[..part.steps.len()], "{length}");
            assert!(part.steps.len() < script.steps.len());
        }
        assert_eq!(decode(&bytes[..MARK.len() - 1]), None);
    }

    #[test]
    fn no_bytes_are_too_bad() {
        let mut random = fastrand::Rng::with_seed(1);
        let script = crate::generate::case(1, 1, &crate::generate::Options::default());
        let good = encode(&script);
        for _ in 0..3000 {
            let mut bytes = good.clone();
            for _ in 0..=random.usize(..8) {
                let place = random.usize(MARK.len()..bytes.len());
                bytes[place] = random.u8(..);
            }
            assert!(decode(&bytes).unwrap().steps.len() <= STEPS);
        }
        // Threads within threads, and a length that nothing could have.
        let nested = [&MARK[..], &[THREAD, 0, 0, 1].repeat(100_000)].concat();
        assert_eq!(decode(&nested), Some(Script::default()));
        let long = [&MARK[..], &[0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]].concat();
        assert_eq!(decode(&long), Some(Script::default()));
    }

    #[test]
    fn waits_threads_and_calls_that_do_not_fit_are_left_out() {
        let kept = |text: &str| decode(&encode(&script(text))).unwrap().steps.len();
        let module = |body: &str| {
            format!(r#"(module (memory 1 1 shared) (func (export "f") (param i32) {body}))"#)
        };
        assert_eq!(kept(&module("")), 2);
        let wait = "(drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))";
        assert_eq!(kept(&module(wait)), 1);
        let call = |args: &str| module("") + &format!(r#"(invoke "f" {args})"#);
        assert_eq!(kept(&call("(i32.const 1)")), 3);
        assert_eq!(kept(&call("(i64.const 1)")), 2);
        assert_eq!(kept(&call("")), 2);
        let thread = "(thread $t (module)) (wait $t) (module)";
        assert_eq!(kept(&(module("") + thread)), 2);
    }
}
