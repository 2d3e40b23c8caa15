//! Reduces a script to the smallest that still shows what it showed.
//!
//! The reducer knows nothing of engines: a *check* says whether a candidate
//! still shows the same. Modules are edited as trees of their text
//! (`script::tree`), where everything has a name: taking out a
//! function or a parameter renumbers nothing, a candidate in which a name is
//! missing does not encode, and one tree serves all instructions there are.
//! Candidates that are no longer valid (where the module was) never reach the
//! check. Passes run in turn until none of them finds anything more; each
//! accepted candidate is simpler by a measure that cannot fall forever.

mod alone;
mod arguments;
mod body;
mod case;
mod data;
mod fields;
mod limits;
mod load;
mod mend;
mod names;
mod numbers;
mod steps;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use crate::script::Script;
pub use alone::alone;
use case::Case;
pub use load::with_load;

/// What bounds a reduction, and who is told of it.
pub struct Options<'a> {
    /// After so many checks the best so far is returned.
    pub max_checks: usize,
    /// Asked before every check: whether to stop, with the best so far.
    pub cancelled: &'a dyn Fn() -> bool,
    /// Told after every check.
    pub progress: &'a dyn Fn(Progress),
    /// Small scripts that may show it as well, see [`alone`]: the first that does is gone
    /// on from.
    pub starts: &'a [Script],
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options {
            max_checks: 3_000,
            cancelled: &|| false,
            progress: &|_| {},
            starts: &[],
        }
    }
}

/// How far a reduction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Checks made.
    pub tried: usize,
    /// Candidates that still showed it.
    pub accepted: usize,
    /// Steps of the best script so far.
    pub steps: usize,
    /// Bytes of all its modules.
    pub bytes: usize,
}

/// What a reduction gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reduced {
    /// The smallest script that still shows it.
    pub script: Script,
    /// Checks made.
    pub tried: usize,
    /// Candidates that still showed it.
    pub accepted: usize,
    /// Whether no pass can reduce it further; otherwise it was cut short, by
    /// [`Options::max_checks`] or [`Options::cancelled`].
    pub complete: bool,
}

/// Reduces `script`, which `check` must hold for, to a smaller one for which it holds.
///
/// Deterministic if `check` is. `check` is never asked twice about the same script.
///
/// ```
/// use trapline_harness::reduce::{Options, reduce};
/// use trapline_harness::script::{Step, wast::parse};
/// let text = r#"(module (func (export "f")) (func (export "g"))) (invoke "f") (invoke "g")"#;
/// let script = parse("a.wast", text.as_bytes())?.script;
/// let mut calls_g = |script: &trapline_harness::script::Script| {
///     script.steps.iter().any(|step| matches!(step, Step::Invoke { func, .. } if func == "g"))
/// };
/// let reduced = reduce(&script, &mut calls_g, &Options::default());
/// assert_eq!(reduced.script.steps.len(), 1);
/// # Ok::<(), trapline_harness::script::input::InputError>(())
/// ```
pub fn reduce(
    script: &Script,
    check: &mut dyn FnMut(&Script) -> bool,
    options: &Options<'_>,
) -> Reduced {
    let mut run = Run {
        case: Case::new(script),
        check,
        options,
        seen: HashSet::new(),
        tried: 0,
        accepted: 0,
    };
    run.seen.insert(run.case.key());
    let mut starts = options.starts.iter();
    starts.any(|start| run.attempt(Some(Case::new(start))));
    let passes: [fn(&mut Run<'_>); 10] = [
        steps::drop_steps,
        names::readable_modules,
        fields::empty_functions,
        fields::drop_fields,
        body::drop_instructions,
        fields::simplify_fields,
        body::simplify_instructions,
        arguments::inline_arguments,
        numbers::simplify_numbers,
        names::canonical_names,
    ];
    mend::mend_modules(&mut run);
    loop {
        let before = run.accepted;
        for pass in passes {
            pass(&mut run);
        }
        if run.accepted == before || run.stopped() {
            break;
        }
    }
    names::canonical_modules(&mut run);
    Reduced {
        complete: !run.stopped(),
        script: run.case.script(),
        tried: run.tried,
        accepted: run.accepted,
    }
}

/// A reduction on its way.
struct Run<'a> {
    /// The best so far.
    case: Case,
    check: &'a mut dyn FnMut(&Script) -> bool,
    options: &'a Options<'a>,
    /// What was checked already.
    seen: HashSet<u64>,
    tried: usize,
    accepted: usize,
}

impl Run<'_> {
    fn stopped(&self) -> bool {
        self.tried >= self.options.max_checks || (self.options.cancelled)()
    }

    /// Checks a candidate, and takes it if it still shows it.
    fn attempt(&mut self, candidate: Option<Case>) -> bool {
        let Some(candidate) = candidate else {
            return false;
        };
        if self.stopped() || !arguments::are_well_typed(&candidate) {
            return false;
        }
        if !self.seen.insert(candidate.key()) {
            return false;
        }
        let script = candidate.script();
        let holds = (self.check)(&script);
        self.tried += 1;
        if holds {
            self.case = candidate;
            self.accepted += 1;
        }
        (self.options.progress)(Progress {
            tried: self.tried,
            accepted: self.accepted,
            steps: self.case.steps.len(),
            bytes: self.case.bytes(),
        });
        holds
    }

    /// Takes out ever smaller runs of `count` things, from the end, halves
    /// first and single ones last. `without` gives the case without a range.
    fn drop_runs(
        &mut self,
        count: impl Fn(&Case) -> usize,
        without: impl Fn(&Case, std::ops::Range<usize>) -> Option<Case>,
    ) {
        let mut size = count(&self.case);
        while size > 0 {
            let mut end = count(&self.case);
            while end > 0 && !self.stopped() {
                let start = end.saturating_sub(size);
                let candidate = without(&self.case, start..end);
                self.attempt(candidate);
                end = start;
            }
            size /= 2;
        }
    }
}
