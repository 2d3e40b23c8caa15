//! What everybody made of a script, side by side.

use serde::{Deserialize, Serialize};
use trapline_reference::Value;

use super::both;
use crate::corpus::without_machine_paths;
use crate::engine::Budget;
use crate::judge::{Difference, Judged, Verdict};
use crate::observation::{CHUNK, Outcome};
use crate::script::Script;
use crate::trial::Trial;
use crate::worker::Runner;

/// What some configurations made of a script, all of them the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// Their names.
    pub configurations: Vec<String>,
    /// Their verdict, in words.
    pub verdict: String,
    /// How they diverge, if they do.
    pub difference: Option<Contrast>,
}

/// What was expected and what was got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contrast {
    /// The step of the script, counted from 0.
    pub step: usize,
    /// What the specification says, in words.
    pub expected: String,
    /// What the engine did, in words.
    pub got: String,
    /// The bytes that differ, where it is about bytes.
    pub bytes: Vec<Bytes>,
}

/// Bytes beside those they should be; as many of the one as of the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bytes {
    /// What they are.
    pub what: String,
    /// What they should be.
    pub expected: Vec<u8>,
    /// What they are instead.
    pub got: Vec<u8>,
}

/// How many bytes of a memory stand in one line.
const LINE: usize = 16;

/// How many lines of a memory are shown, at the most.
const LINES: usize = 4;

/// Puts what each configuration made of `script`, tried as `trial`, side by
/// side: those that diverge first.
///
/// # Errors
/// In words, if an engine cannot be run.
pub fn sides(
    script: &Script,
    trial: &Trial,
    budget: Budget,
    runner: &mut dyn Runner,
) -> Result<Vec<Side>, String> {
    let mut sides: Vec<Side> = Vec::new();
    for judged in &trial.judged {
        let (verdict, difference) = match &judged.verdict {
            Verdict::Conforms => ("conforms".to_owned(), None),
            Verdict::Unsupported(feature) => (format!("unsupported: {feature}"), None),
            Verdict::Limit(why) => (format!("limit: {why}"), None),
            Verdict::Skipped(why) => (format!("skipped: {why}"), None),
            Verdict::Diverges(difference) => {
                let contrast = contrast(script, trial, judged, difference, budget, runner)?;
                (format!("diverges: {}", difference.class), Some(contrast))
            }
        };
        let name = judged.configuration.clone();
        match sides
            .iter_mut()
            .find(|side| side.verdict == verdict && side.difference == difference)
        {
            Some(side) => side.configurations.push(name),
            None => sides.push(Side {
                configurations: vec![name],
                verdict,
                difference,
            }),
        }
    }
    sides.sort_by_key(|side| side.difference.is_none());
    Ok(sides)
}

fn contrast(
    script: &Script,
    trial: &Trial,
    judged: &Judged,
    difference: &Difference,
    budget: Budget,
    runner: &mut dyn Runner,
) -> Result<Contrast, String> {
    let outcome = |steps: &[crate::observation::StepObservation]| {
        steps.get(difference.step).map(|step| step.outcome.clone())
    };
    let right = outcome(&trial.reference.observation.steps);
    let wrong = judged.observation.as_ref().and_then(|o| outcome(&o.steps));
    let bytes = match (&difference.memory, right, wrong) {
        (Some(memory), ..) => {
            let name = &judged.configuration;
            let both = both(script, trial, difference, name, budget, runner)?;
            let captured = both.and_then(|(mut right, mut wrong)| {
                Some((right.captured.pop()?.1, wrong.captured.pop()?.1))
            });
            match captured {
                Some((right, wrong)) => lines(&memory.export, memory.chunk, &right, &wrong),
                None => Vec::new(),
            }
        }
        (None, Some(Outcome::Values(right)), Some(Outcome::Values(wrong))) => {
            results(&right, &wrong)
        }
        _ => Vec::new(),
    };
    Ok(Contrast {
        step: difference.step,
        expected: difference.expected.clone(),
        got: without_machine_paths(&difference.got),
        bytes,
    })
}

/// The lines in which two captures of a chunk differ.
fn lines(memory: &str, chunk: Option<u64>, right: &[u8], wrong: &[u8]) -> Vec<Bytes> {
    let from = chunk.unwrap_or(0) * CHUNK as u64;
    let lines = right.chunks(LINE).zip(wrong.chunks(LINE)).enumerate();
    lines
        .filter(|(_, (right, wrong))| right != wrong)
        .take(LINES)
        .map(|(line, (right, wrong))| Bytes {
            what: format!("{memory}, from {:#x}", from + (line * LINE) as u64),
            expected: right.to_vec(),
            got: wrong.to_vec(),
        })
        .collect()
}

/// The results that differ, of those of one type.
fn results(right: &[Value], wrong: &[Value]) -> Vec<Bytes> {
    let pairs = right.iter().zip(wrong).enumerate();
    pairs
        .filter(|(_, (right, wrong))| right != wrong)
        .filter_map(|(number, (right, wrong))| {
            let (expected, got) = (big_endian(right)?, big_endian(wrong)?);
            (expected.len() == got.len()).then(|| Bytes {
                what: format!("result {number}, the most significant byte first"),
                expected,
                got,
            })
        })
        .collect()
}

/// A number as one reads it.
fn big_endian(value: &Value) -> Option<Vec<u8>> {
    Some(match *value {
        Value::I32(v) | Value::F32(v) => v.to_be_bytes().to_vec(),
        Value::I64(v) | Value::F64(v) => v.to_be_bytes().to_vec(),
        Value::V128(v) => v.to_be_bytes().to_vec(),
        Value::FuncRef(_) | Value::ExternRef(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine;
    use crate::script::wast::parse;
    use crate::trial::try_script;
    use crate::worker::InProcess;

    fn of(wast: &str, configurations: &[&str]) -> Vec<Side> {
        let script = parse("a.wast", wast.as_bytes()).unwrap().script;
        let budget = Budget::of(1 << 20);
        let mut runner = InProcess::new(engine::mutants());
        let trial = try_script(&script, budget, &mut runner, configurations).unwrap();
        sides(&script, &trial, budget, &mut runner).unwrap()
    }

    #[test]
    fn who_says_the_same_stands_together_and_bytes_stand_side_by_side() {
        let all = of(
            r#"(module (memory 1) (data (i32.const 0) "\ff\01")
                 (func (export "f") (result i64) (i64.load8_s (i32.const 0))))
               (invoke "f")"#,
            &[
                "mutant/offset-32",
                "mutant/load8-unsigned",
                "mutant/address-32",
            ],
        );
        assert_eq!(all.len(), 2, "{all:?}");
        let wrong = all[0].difference.as_ref().unwrap();
        assert_eq!(all[0].configurations, ["mutant/load8-unsigned"]);
        assert_eq!(all[0].verdict, "diverges: value");
        assert_eq!(wrong.bytes[0].expected, [0xff; 8]);
        assert_eq!(wrong.bytes[0].got, [0, 0, 0, 0, 0, 0, 0, 0xff]);
        assert_eq!(all[1].verdict, "conforms");
        assert_eq!(
            all[1].configurations,
            ["mutant/offset-32", "mutant/address-32"]
        );
    }

    #[test]
    fn a_memory_is_shown_where_it_differs() {
        let all = of(
            r#"(module (memory (export "m") 1)
                 (func (export "f") (i64.store (i32.const 65530) (i64.const -1))))
               (invoke "f")"#,
            &["mutant/store-partial"],
        );
        let wrong = all[0].difference.as_ref().unwrap();
        assert_eq!(wrong.bytes.len(), 1, "{wrong:?}");
        assert_eq!(wrong.bytes[0].what, "m, from 0xfff0");
        assert_eq!(wrong.bytes[0].expected, [0; LINE]);
        assert_ne!(wrong.bytes[0].got, [0; LINE]);
    }
}
