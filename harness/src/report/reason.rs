//! Why the specification says what it says of a step: with the numbers of the case.

use trapline_reference::Access;

use crate::engine::reference::ReferenceRun;
use crate::judge::{Class, Difference};
use crate::observation::{Outcome, TrapKind};

/// The access that a divergence is about and the reason in words, where there is
/// one that the reference has seen.
pub(super) struct Reason {
    /// The instruction.
    pub(super) operation: &'static str,
    /// A sentence.
    pub(super) words: String,
}

/// The reason for what is expected where `difference` is.
pub(super) fn of(reference: &ReferenceRun, difference: &Difference) -> Option<Reason> {
    let outcome = &reference.observation.steps.get(difference.step)?.outcome;
    let accesses = reference.trace.get(difference.step)?;
    // A trap comes of the last access. Elsewhere, of several, it is not known
    // which the engine has got wrong.
    let access = match (outcome, difference.class, &accesses[..]) {
        (Outcome::Trap(_), _, [.., last]) => last,
        (_, _, [only]) => only,
        (_, Class::SpuriousTrap | Class::Panic | Class::Crash, [.., last]) => last,
        _ => return None,
    };
    let words = words(access, outcome)?;
    let operation = access.op;
    Some(Reason { operation, words })
}

fn words(access: &Access, outcome: &Outcome) -> Option<String> {
    if let Some(grow) = &access.grow {
        let page = 1_u128 << access.ty.page_size_log2;
        let before = grow.result.unwrap_or(access.size / page);
        let after = before + u128::from(grow.delta);
        let sizes = format!(
            "growing {} by {} gives {}",
            pages(before),
            number(grow.delta.into()),
            pages(after)
        );
        return Some(match (grow.result, access.ty.maximum) {
            (Some(before), maximum) => {
                let maximum = maximum.map_or_else(
                    || "the memory has no maximum".to_owned(),
                    |maximum| format!("the maximum is {}", number(maximum.into())),
                );
                format!("{sizes}; {maximum}: the result is {}", number(before))
            }
            (None, Some(maximum)) if after > u128::from(maximum) => format!(
                "{sizes}; the maximum is {}: the result is -1",
                number(maximum.into())
            ),
            (None, _) => return None,
        });
    }
    if access.op == "memory.size" {
        let page = 1_u128 << access.ty.page_size_log2;
        return Some(format!("the memory has {}", pages(access.size / page)));
    }
    let (start, length, size) = (access.address, access.length, access.size);
    let end = start + length;
    let address = match access.offset {
        0 => number(start),
        offset => format!(
            "{} ({} + {})",
            number(start),
            number(access.operand()),
            number(offset.into())
        ),
    };
    let bytes = match length {
        1 => "1 byte".to_owned(),
        length => format!("{} bytes", number(length)),
    };
    let ends = if length == 1 { "ends" } else { "end" };
    let kinds = match outcome {
        Outcome::Trap(kinds) => &kinds[..],
        _ => &[],
    };
    Some(match kinds {
        [TrapKind::ExpectedSharedMemory] => {
            "the memory is not shared: waiting on it must trap".to_owned()
        }
        [TrapKind::UnalignedAtomic] => format!(
            "the effective address {address} is no multiple of {}: the access must trap",
            number(length)
        ),
        [TrapKind::OutOfBoundsMemory] if end > size => format!(
            "{bytes} at effective address {address} {ends} at {}; the memory has {}: \
             it must trap",
            number(end),
            number(size)
        ),
        [] if end <= size => format!(
            "{bytes} at effective address {address} {ends} at {}; the memory has {}: \
             the access is in bounds",
            number(end),
            number(size)
        ),
        _ => return None,
    })
}

fn pages(count: u128) -> String {
    match count {
        1 => "1 page".to_owned(),
        count => format!("{} pages", number(count)),
    }
}

/// A number with a comma before each three digits.
fn number(value: u128) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Budget;
    use crate::script::wast;
    use crate::trial::try_script;
    use crate::worker::InProcess;

    fn reason(class: Class, text: &str) -> String {
        let script = wast::parse("t.wast", text.as_bytes())
            .expect("it reads")
            .script;
        let budget = Budget::of(1 << 24);
        let trial = try_script(&script, budget, &mut InProcess::new(vec![]), &[]).unwrap();
        let difference = Difference {
            class,
            step: script.steps.len() - 1,
            memory: None,
            expected: String::new(),
            got: String::new(),
        };
        of(&trial.reference, &difference).map_or_else(String::new, |reason| reason.words)
    }

    #[test]
    fn reasons_have_the_numbers_of_the_case() {
        let call = |memory: &str, body: &str| {
            format!("(module (memory {memory}) (func (export \"f\") {body})) (invoke \"f\")")
        };
        for (memory, body, expected) in [
            (
                "1",
                "(i64.store offset=4 (i32.const 65528) (i64.const 0))",
                "8 bytes at effective address 65,532 (65,528 + 4) end at 65,540; the memory has \
                 65,536: it must trap",
            ),
            (
                "1",
                "(drop (i32.load8_u (i32.const 65535)))",
                "1 byte at effective address 65,535 ends at 65,536; the memory has 65,536: the \
                 access is in bounds",
            ),
            (
                "1",
                "(i64.atomic.store32 (i32.const 2) (i64.const 0))",
                "the effective address 2 is no multiple of 4: the access must trap",
            ),
            (
                "1",
                "(drop (memory.atomic.wait32 (i32.const 0) (i32.const 1) (i64.const 0)))",
                "the memory is not shared: waiting on it must trap",
            ),
            (
                "1 2",
                "(drop (memory.grow (i32.const 2)))",
                "growing 1 page by 2 gives 3 pages; the maximum is 2: the result is -1",
            ),
            (
                "i64 0 281474976710656",
                "(drop (memory.grow (i64.const 1)))",
                "growing 0 pages by 1 gives 1 page; the maximum is 281,474,976,710,656: the \
                 result is 0",
            ),
        ] {
            assert_eq!(
                reason(Class::Panic, &call(memory, body)),
                expected,
                "{body}"
            );
        }
    }

    #[test]
    fn of_several_accesses_none_is_guessed() {
        let text = "(module (memory 1) (func (export \"f\") (result i32)
            (i32.add (i32.load (i32.const 0)) (i32.load (i32.const 4))))) (invoke \"f\")";
        assert_eq!(reason(Class::Value, text), "");
    }
}
