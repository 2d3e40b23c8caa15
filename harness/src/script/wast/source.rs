//! A script as it was read.

use std::borrow::Cow;

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
    /// Whether it is a module alone, in text or binary, which asserts nothing.
    pub is_module: bool,
    /// What was added so that it runs, in words: a line each for what stands in for
    /// imports, and one for the calls. See [`Source::prepare`].
    pub added: Vec<String>,
}

/// Where a step comes from and what is asserted of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepSource {
    /// The line of the directive, counted from 1; 0 in a binary and for
    /// steps that were added (`spectest`, [`Source::prepare`]).
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
    pub reason: Cow<'static, str>,
}
