//! A script as it was read.

use crate::script::Script;
use crate::script::expect::Expect;

/// A script as it was read, with what its text asserts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The steps.
    pub script: Script,
    /// One per step: where it stands in the text and what is asserted of it.
    pub steps: Vec<StepSource>,
    /// Assertions about texts that are no modules, which reading them settled.
    pub texts: Vec<TextAssertion>,
    /// What was left out.
    pub skipped: Vec<Skipped>,
}

/// Where a step comes from and what is asserted of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepSource {
    /// The line of the directive, counted from 1; 0 in a binary and for
    /// steps that were added (`spectest`, [`Source::call_exports`]).
    pub line: usize,
    /// What is asserted.
    pub expect: Expect,
}

/// An assertion about the text of a module, settled by the text parser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextAssertion {
    /// The line of the directive, counted from 1.
    pub line: usize,
    /// What went wrong; `None` if the assertion holds.
    pub error: Option<String>,
}

/// A directive that was left out, or whose assertion was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The line of the directive, counted from 1.
    pub line: usize,
    /// Why: a short name, the same for the same cause, to be counted.
    pub reason: &'static str,
}
