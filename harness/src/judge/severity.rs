//! How severe a divergence is: what was reached, not what it is called.
//!
//! A sandbox is at stake where bytes outside a memory's bounds were or could
//! have been read or written, where a memory shows what an instance before it
//! left, or where an unsafe fault ends the process. An access that should have
//! trapped for another reason (its alignment, a memory that is not shared)
//! reaches nothing that is not the program's own.

use std::fmt;

use serde::{Deserialize, Serialize};
use trapline_reference::Access;

use super::{Class, Difference};
use crate::engine::reference::ReferenceRun;
use crate::observation::{Outcome, TrapKind};

/// How severe a divergence is, the most severe first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Memory that is not the program's own was or could have been reached.
    Sandbox,
    /// The engine panicked or aborted, and with it perhaps its host.
    Abort,
    /// The engine did not come back, or took all the memory there was.
    Resources,
    /// A program computes something else than it says.
    WrongResult,
    /// A module is accepted or turned away wrongly.
    Validation,
    /// An assertion fails that only a build with debug assertions has, as fuzz targets
    /// are: what is released computes what is specified.
    Assertion,
}

impl Severity {
    /// Its name in the register and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Sandbox => "sandbox",
            Severity::Abort => "abort",
            Severity::Resources => "resources",
            Severity::WrongResult => "wrong-result",
            Severity::Validation => "validation",
            Severity::Assertion => "assertion",
        }
    }

    /// Whether it goes to the engine's private security contact and not to a
    /// public tracker.
    pub fn is_private(self) -> bool {
        self == Severity::Sandbox
    }

    /// How severe a divergence is, given what the reference did in its step.
    pub fn of(difference: &Difference, reference: &ReferenceRun) -> Severity {
        match difference.class {
            Class::Crash if aborted(&difference.got) => Severity::Abort,
            Class::Crash | Class::StaleData => Severity::Sandbox,
            Class::MissingTrap if reaches_outside(difference, reference) => Severity::Sandbox,
            // Such a buffer may show what is another's by now.
            Class::EmbedderApi if difference.got.contains("is not detached") => Severity::Sandbox,
            Class::Panic => Severity::Abort,
            Class::Hang | Class::OutOfMemory => Severity::Resources,
            Class::MissingTrap
            | Class::MemoryContents
            | Class::MemorySize
            | Class::Value
            | Class::GrowResult
            | Class::EmbedderApi
            | Class::SpuriousTrap
            | Class::Nondeterministic
            | Class::TrapKind => Severity::WrongResult,
            Class::AcceptsInvalid | Class::RejectsValid | Class::Link => Severity::Validation,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether a process ended itself, in words after a panic, and was not ended
/// by a fault of its own.
fn aborted(got: &str) -> bool {
    got.contains("SIGABRT") && got.contains("panicked at")
}

/// Whether the access that should have trapped reaches bytes beyond the bound.
/// An access of no bytes reaches none.
fn reaches_outside(difference: &Difference, reference: &ReferenceRun) -> bool {
    let step = difference.step;
    let outcome = reference.observation.steps.get(step).map(|s| &s.outcome);
    let Some(Outcome::Trap(kinds)) = outcome else {
        return false;
    };
    if kinds.contains(&TrapKind::OutOfBoundsTable) {
        return true;
    }
    // The trap that is missing was that of the last access.
    let last = reference.trace.get(step).and_then(|trace| trace.last());
    kinds.contains(&TrapKind::OutOfBoundsMemory) && last.is_none_or(outside)
}

/// Whether an access has bytes beyond the size of its memory.
fn outside(access: &Access) -> bool {
    access.length > 0 && access.address + access.length > access.size
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Budget, Job, reference};
    use crate::observation::Watch;
    use crate::script::wast::parse;

    fn run(text: &str) -> ReferenceRun {
        let script = parse("m.wast", text.as_bytes()).unwrap().script;
        let watch = Watch::whole(1);
        let job = Job::new(&script, Budget::of(1 << 20), &watch, &[]);
        reference::observe(&job, &reference::Options::default())
    }

    /// The severity of a trap that is missing in the last step of a script.
    fn missing_trap(text: &str) -> Severity {
        let run = run(text);
        let difference = Difference {
            class: Class::MissingTrap,
            step: run.observation.steps.len() - 1,
            memory: None,
            expected: String::new(),
            got: String::new(),
        };
        Severity::of(&difference, &run)
    }

    #[test]
    fn only_what_reaches_outside_breaks_a_sandbox() {
        let module = |body: &str| {
            let text = format!("(module (memory 1) (func (export \"f\") {body})) (invoke \"f\")");
            missing_trap(&text)
        };
        let load = |address: &str| module(&format!("(drop (i32.load (i32.const {address})))"));
        assert_eq!(load("65533"), Severity::Sandbox);
        assert_eq!(load("-1"), Severity::Sandbox);
        let unaligned = "(drop (i32.atomic.load (i32.const 1)))";
        assert_eq!(module(unaligned), Severity::WrongResult);
        let unshared = "(drop (memory.atomic.wait32 (i32.const 0) (i32.const 1) (i64.const 0)))";
        assert_eq!(module(unshared), Severity::WrongResult);
        let nothing = "(memory.fill (i32.const 65537) (i32.const 0) (i32.const 0))";
        assert_eq!(module(nothing), Severity::WrongResult);
        let fill = "(memory.fill (i32.const 65535) (i32.const 0) (i32.const 2))";
        assert_eq!(module(fill), Severity::Sandbox);
        assert_eq!(module("unreachable"), Severity::WrongResult);
    }

    #[test]
    fn a_panic_that_ends_the_process_is_no_unsafe_fault() {
        let crash = |got: &str| Difference {
            class: Class::Crash,
            step: 0,
            memory: None,
            expected: String::new(),
            got: got.to_owned(),
        };
        let run = run("(module)");
        let fault = crash("its process died: killed by signal 11 (SIGSEGV)");
        assert_eq!(Severity::of(&fault, &run), Severity::Sandbox);
        let panic = "its process died: killed by signal 6 (SIGABRT); it said: panicked at a.rs:1";
        assert_eq!(Severity::of(&crash(panic), &run), Severity::Abort);
    }
}
