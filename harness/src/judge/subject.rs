//! What a divergence is about: the part of its signature that tells it from others.

use trapline_reference::Access;

use super::{Class, Difference, Place, Subject};
use crate::engine::javascript::BREACH;
use crate::engine::reference::ReferenceRun;
use crate::observation::Outcome;
use crate::script::{Script, Step};

/// What a difference is about, from what the reference did in its step.
pub fn subject(script: &Script, reference: &ReferenceRun, difference: &Difference) -> Subject {
    let step = difference.step;
    let none = Subject {
        operation: "none".to_owned(),
        memory: String::new(),
        place: None,
        detail: String::new(),
    };
    let is_api = difference.class == Class::EmbedderApi;
    if let (Some(Step::Define { .. }), false) = (script.steps.get(step), is_api) {
        // The engine's or the reference's own objection tells such cases apart;
        // that the engine ended in no way it should has nothing to do with them.
        let stays = !matches!(
            difference.class,
            Class::Crash | Class::Hang | Class::OutOfMemory | Class::Panic
        );
        let objection = match reference.observation.steps.get(step).map(|s| &s.outcome) {
            Some(Outcome::Rejected { reason, .. }) if stays => reason.clone(),
            _ => difference.got.trim_start_matches("rejected: ").to_owned(),
        };
        return Subject {
            operation: "module".to_owned(),
            detail: objection,
            ..none
        };
    }
    if let Some(words) = panic_words(difference) {
        // One assertion or rule can be reached from every instruction there is.
        return Subject {
            operation: words.to_owned(),
            ..none
        };
    }
    let accesses = reference.trace.get(step).map_or(&[][..], |t| &t[..]);
    let access = match difference.class {
        // A content may have been wrong for a while: whoever wrote last.
        Class::MemoryContents | Class::StaleData => reference.trace
            [..reference.trace.len().min(step + 1)]
            .iter()
            .rev()
            .flat_map(|accesses| accesses.iter().rev())
            .find(|access| access.writes),
        // A wrong value was most likely loaded.
        Class::Value => accesses
            .iter()
            .rev()
            .find(|access| access.grow.is_none() && access.op != "memory.size")
            .or(accesses.last()),
        _ => accesses.last(),
    };
    match access {
        Some(access) => Subject {
            operation: access.op.to_owned(),
            memory: memory_kind(access),
            place: place(access),
            detail: String::new(),
        },
        None => match script.steps.get(step) {
            Some(Step::Instantiate { .. }) => Subject {
                operation: "instantiate".to_owned(),
                detail: difference.got.clone(),
                ..none
            },
            Some(Step::Get { .. }) => Subject {
                operation: "global.get".to_owned(),
                ..none
            },
            _ => none,
        },
    }
}

/// What the engine said when it panicked, whether that was caught or ended its
/// process; or which rule of its API it broke.
pub(crate) fn panic_words(difference: &Difference) -> Option<&str> {
    let got = &difference.got;
    match difference.class {
        Class::Panic => Some(got.trim_start_matches("panic: ")),
        Class::EmbedderApi => Some(got.trim_start_matches(BREACH)),
        // The words follow the line that says where. Panics that were caught
        // come before the one that ended the process, and the runtime's own
        // after it.
        Class::Crash => got
            .split("panicked at ")
            .skip(1)
            .filter_map(|panic| panic.lines().nth(1))
            .filter(|words| !words.starts_with("panic in a function that cannot unwind"))
            .last(),
        _ => None,
    }
}

/// Whether two panics say the same, but for numbers: sizes and indices are those of the
/// script.
pub(crate) fn same_words(one: &str, other: &str) -> bool {
    let plain = |words: &str| -> String {
        let parts = words.split(|c: char| c.is_ascii_digit());
        parts
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("#")
    };
    plain(one) == plain(other)
}

/// The kind of memory, as [`Subject::memory`] has it.
pub(crate) fn memory_kind(access: &Access) -> String {
    let mut kind = access.ty.address.to_string();
    if access.ty.shared {
        kind.push_str("-shared");
    }
    if access.ty.page_size_log2 == 0 {
        kind.push_str("-page1");
    }
    kind
}

/// Where an access stood; growing and asking for the size stand nowhere.
fn place(access: &Access) -> Option<Place> {
    (access.grow.is_none() && access.op != "memory.size")
        .then(|| Place::of(access.address, access.length, access.size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_the_words_of_a_panic_tell_nothing_apart() {
        assert!(same_words(
            "no memory for index 1",
            "no memory for index 12"
        ));
        assert!(!same_words("no memory for index 1", "no table for index 1"));
        assert!(!same_words("at 1, at 2", "at 1"));
        assert!(same_words("", "") && !same_words("", "a"));
    }
    use crate::engine::Budget;
    use crate::script::wast::parse;
    use crate::trial::try_script;
    use crate::worker::InProcess;

    #[test]
    fn a_crash_is_told_by_the_panic_that_caused_it() {
        let difference = |class, got: &str| Difference {
            class,
            step: 0,
            memory: None,
            expected: String::new(),
            got: got.to_owned(),
        };
        let crash = difference(
            Class::Crash,
            "its process died: killed by signal 6 (SIGABRT); it said: panicked at a.rs:1:1:\n\
             caught before\npanicked at b.rs:2:2:\nthe cause\npanicked at core.rs:3:3:\n\
             panic in a function that cannot unwind\nthread caused non-unwinding panic. aborting.",
        );
        assert_eq!(panic_words(&crash), Some("the cause"));
        let silent = difference(
            Class::Crash,
            "its process died: killed by signal 11 (SIGSEGV)",
        );
        assert_eq!(panic_words(&silent), None);
        assert_eq!(
            panic_words(&difference(Class::Panic, "panic: words")),
            Some("words")
        );
    }

    #[test]
    fn a_panic_at_a_module_is_told_by_its_words_and_not_by_what_is_wrong_with_the_module() {
        let text = "(module (func (drop (i32.add (f32.const 1)))))";
        let script = parse("m.wast", text.as_bytes()).unwrap().script;
        let trial = try_script(
            &script,
            Budget::of(1 << 20),
            &mut InProcess::new(vec![]),
            &[],
        );
        let reference = trial.unwrap().reference;
        let detail = |class, got: &str| {
            let got = got.to_owned();
            let expected = String::new();
            let difference = Difference {
                class,
                step: 0,
                memory: None,
                expected,
                got,
            };
            subject(&script, &reference, &difference).detail
        };
        assert_eq!(detail(Class::Panic, "panic: words"), "panic: words");
        let accepted = detail(Class::AcceptsInvalid, "success");
        assert!(accepted.starts_with("type mismatch"), "{accepted}");
    }
}
