//! Which assertions a subject cannot be held to, and for what named reason.

use std::collections::HashMap;
use std::fmt;

use trapline_reference::{Module, Proposals, Rejection};
use wasmparser::{Parser, Payload};

use super::Version;
use crate::judge::names_a_limit;
use crate::observation::{Outcome, Stage};
use crate::script::Step;
use crate::script::expect::Expect;

/// Why an assertion says nothing about the subject, or says it elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The subject does not have what is needed.
    Unsupported(String),
    /// The subject ran into the limits of the run.
    Limit,
    /// A call before it was not made, so that the state is another.
    LeftOut,
    /// A step before it ended the script.
    Ended,
    /// The script asserts that something is refused which a later version of
    /// the specification, the subject's, allows.
    Superseded,
    /// The same, but the subject refuses it when validating as of then: the
    /// assertion holds.
    RefusedThen,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Unsupported(what) => write!(f, "unsupported: {what}"),
            Reason::Limit => f.write_str("resource limit"),
            Reason::LeftOut => f.write_str("follows a call that was left out"),
            Reason::Ended => f.write_str("follows what ended the script"),
            Reason::Superseded => f.write_str("valid in a later version"),
            Reason::RefusedThen => f.write_str("refused as of that version"),
        }
    }
}

/// The words in which early scripts refuse several memories or tables,
/// encodings that later came to mean an index or a 64-bit limit, and constants
/// that name a global of the same module.
const SINCE_MADE_VALID: [&str; 7] = [
    "multiple memories",
    "multiple tables",
    "zero byte expected",
    "zero flag expected",
    "integer representation too long",
    "integer too large",
    "unknown global",
];

/// What the earliest of these scripts knew.
const EARLY: Proposals = Proposals {
    reference_types: false,
    ..Proposals::CORE_2
};

/// Follows a script and remembers what could not be made, and why: what needs
/// it cannot be held against the subject.
pub(super) struct Skips<'a> {
    version: Version,
    modules: HashMap<&'a str, Reason>,
    binaries: HashMap<&'a str, &'a [u8]>,
    instances: HashMap<&'a str, Reason>,
    registered: HashMap<&'a str, Reason>,
    threads: HashMap<&'a str, Reason>,
    /// Whether a call was left out.
    left_out: bool,
}

impl<'a> Skips<'a> {
    pub(super) fn new(version: Version) -> Self {
        Skips {
            version,
            modules: HashMap::new(),
            binaries: HashMap::new(),
            instances: HashMap::new(),
            registered: HashMap::new(),
            threads: HashMap::new(),
            left_out: false,
        }
    }

    /// Why a failure of this step says nothing either, when it does not by
    /// itself have a reason.
    pub(super) fn excuse(&self) -> Option<Reason> {
        self.left_out.then_some(Reason::LeftOut)
    }

    /// Why this step's assertion says nothing about the subject, if so.
    pub(super) fn reason(
        &mut self,
        step: &'a Step,
        expect: &Expect,
        outcome: &Outcome,
    ) -> Option<Reason> {
        let reason = match step {
            Step::Thread { name, shared, .. } => {
                let shared = shared.as_deref().and_then(|name| self.instances.get(name));
                let reason = own_reason(outcome).or_else(|| shared.cloned());
                if let Some(reason) = &reason {
                    self.threads.insert(name, reason.clone());
                }
                return reason;
            }
            Step::Wait { thread } => match outcome {
                Outcome::Joined(outcomes) => return outcomes.iter().find_map(own_reason),
                _ => self.threads.get(thread.as_str()).cloned(),
            },
            Step::Define { module, wasm } => {
                self.modules.remove(module.as_str());
                self.binaries.insert(module, wasm);
                let reason = self
                    .superseded(wasm, expect, outcome)
                    .or_else(|| beyond_scope(wasm, expect, outcome))
                    .or_else(|| own_reason(outcome));
                if let Some(reason) = &reason {
                    self.modules.insert(module, reason.clone());
                }
                return reason;
            }
            Step::Instantiate { instance, module } => {
                self.instances.remove(instance.as_str());
                let reason = match self.modules.get(module.as_str()) {
                    Some(reason) if *outcome == Outcome::Absent => Some(reason.clone()),
                    _ => own_reason(outcome).or_else(|| self.import_skipped(module, outcome)),
                };
                if let Some(reason) = &reason {
                    self.instances.insert(instance, reason.clone());
                }
                return reason;
            }
            Step::Register { instance, name } => {
                self.registered.remove(name.as_str());
                let reason = self.instances.get(instance.as_str()).cloned();
                if let Some(reason) = &reason {
                    self.registered.insert(name, reason.clone());
                }
                reason
            }
            Step::Invoke { instance, .. } | Step::Get { instance, .. } => {
                self.left_out |= own_reason(outcome).is_some();
                self.instances.get(instance.as_str()).cloned()
            }
        };
        match outcome {
            Outcome::Absent => reason,
            _ => own_reason(outcome),
        }
    }

    /// The script asserts that something is refused which later versions of
    /// the specification allow.
    fn superseded(&self, wasm: &[u8], expect: &Expect, outcome: &Outcome) -> Option<Reason> {
        let (Expect::Malformed(message) | Expect::Invalid(message)) = expect else {
            return None;
        };
        if !matches!(outcome, Outcome::Values(_) | Outcome::Unsupported(_)) {
            return None;
        }
        let (proposals, reason) = match self.version {
            Version::Explains(Proposals::ALL) | Version::Restricts(Proposals::ALL) => {
                // Of a folder nobody says which version it is about; only what
                // has been made valid since may be excused.
                if !SINCE_MADE_VALID.contains(&message.as_str()) {
                    return None;
                }
                (EARLY, Reason::Superseded)
            }
            Version::Restricts(proposals) => (proposals, Reason::RefusedThen),
            Version::Explains(proposals) => (proposals, Reason::Superseded),
        };
        let then = Module::with(wasm, proposals);
        (matches!(then, Err(Rejection::Invalid(_))) && !is_invalid(wasm)).then_some(reason)
    }

    /// An import is missing because its instance is.
    fn import_skipped(&self, module: &str, outcome: &Outcome) -> Option<Reason> {
        let unlinkable = matches!(
            outcome,
            Outcome::Rejected {
                stage: Stage::Link,
                ..
            }
        );
        let wasm = self.binaries.get(module).filter(|_| unlinkable)?;
        let imports = Parser::new(0)
            .parse_all(wasm)
            .find_map(|payload| match payload {
                Ok(Payload::ImportSection(section)) => Some(section),
                _ => None,
            })?;
        imports
            .into_imports()
            .flatten()
            .find_map(|import| self.registered.get(import.module).cloned())
    }
}

/// A module that is valid only with proposals that are out of scope may be
/// turned away, and one that is beyond a limit that the subject documents.
fn beyond_scope(wasm: &[u8], expect: &Expect, outcome: &Outcome) -> Option<Reason> {
    let (Expect::Success, Outcome::Rejected { reason, .. }) = (expect, outcome) else {
        return None;
    };
    match Module::new(wasm) {
        Err(Rejection::Unsupported(what)) => Some(Reason::Unsupported(what)),
        _ if names_a_limit(reason) => Some(Reason::Limit),
        _ => None,
    }
}

/// Whether a module is invalid by today's specification.
fn is_invalid(wasm: &[u8]) -> bool {
    matches!(Module::new(wasm), Err(Rejection::Invalid(_)))
}

/// An outcome that is a reason by itself.
fn own_reason(outcome: &Outcome) -> Option<Reason> {
    match outcome {
        Outcome::Unsupported(what) => Some(Reason::Unsupported(what.clone())),
        Outcome::Limit(_) => Some(Reason::Limit),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_beyond_a_documented_limit_is_not_held_against_the_subject() {
        let step = Step::Define {
            module: "m".to_owned(),
            wasm: b"\0asm\x01\0\0\0".to_vec(),
        };
        let refused = |reason: &str| Outcome::Rejected {
            stage: Stage::Compile,
            reason: reason.to_owned(),
        };
        let mut skips = Skips::new(Version::Explains(Proposals::ALL));
        let limit = refused("initial table size is larger than implementation limit (10000000)");
        let reason = skips.reason(&step, &Expect::Success, &limit);
        assert_eq!(reason, Some(Reason::Limit));
        let wrong = refused("unknown memory 0");
        assert_eq!(skips.reason(&step, &Expect::Success, &wrong), None);
    }
}
