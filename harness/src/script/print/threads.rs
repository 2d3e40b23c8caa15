//! Threads, and what has several outcomes that are allowed.

use std::fmt::Write as _;

use super::{Printer, expected, id};
use crate::observation::Outcome;
use crate::script::expect::trap_message;
use crate::script::{Script, Step};

impl Printer<'_> {
    /// Prints a thread, with what is allowed of its steps: that is said where it is
    /// waited for.
    pub(super) fn thread(
        &self,
        i: usize,
        name: &str,
        shared: Option<&str>,
        steps: &[Step],
        out: &mut String,
    ) {
        let script = Script {
            steps: steps.to_vec(),
        };
        let allowed = self.allowed_of_thread(i, name);
        let inner = Printer {
            script: &script,
            allowed: &allowed,
            first: 0,
            anonymous: false,
        };
        let mut body = String::new();
        let mut next = 0;
        while let Some(step) = script.steps.get(next) {
            next += inner.directive(next, step, &mut body);
        }
        let shared = shared.map(|shared| format!(" (shared (module {}))", id(shared)));
        let _ = write!(out, "(thread {}{}", id(name), shared.unwrap_or_default());
        for line in body.lines() {
            let _ = write!(out, "\n  {line}");
        }
        // A comment at the end of the last line would hide the parenthesis.
        out.push_str(if body.is_empty() { ")\n" } else { "\n)\n" });
    }

    /// What is allowed of each step of the thread that step `i` starts.
    fn allowed_of_thread(&self, i: usize, name: &str) -> Vec<Vec<Outcome>> {
        let steps = self.script.steps.iter().enumerate().skip(i);
        let waits = |step: &Step| matches!(step, Step::Wait { thread } if thread == name);
        let wait = steps.into_iter().find(|(_, step)| waits(step));
        let joined = wait.and_then(|(wait, _)| self.allowed.get(wait));
        let mut all: Vec<Vec<Outcome>> = Vec::new();
        for outcome in joined.into_iter().flatten() {
            let Outcome::Joined(outcomes) = outcome else {
                continue;
            };
            all.resize_with(all.len().max(outcomes.len()), Vec::new);
            for (allowed, outcome) in all.iter_mut().zip(outcomes) {
                if !allowed.contains(outcome) {
                    allowed.push(outcome.clone());
                }
            }
        }
        all
    }
}

/// Prints an action with several outcomes that are allowed.
pub(super) fn action_allowing(allowed: &[Outcome], action: &str, out: &mut String) {
    let values: Option<Vec<_>> = allowed
        .iter()
        .map(|outcome| match outcome {
            Outcome::Values(values) => Some(values),
            _ => None,
        })
        .collect();
    let Some(values) = values else {
        let words: Vec<String> = allowed.iter().map(words).collect();
        let _ = writeln!(out, "{action} ;; allowed: {}", words.join(", or "));
        return;
    };
    let _ = write!(out, "(assert_return {action}");
    let results = values.iter().map(|values| values.len()).max();
    for result in 0..results.unwrap_or_default() {
        let mut each: Vec<String> = Vec::new();
        for value in values.iter().filter_map(|values| values.get(result)) {
            let value = format!("({})", expected(*value));
            if !each.contains(&value) {
                each.push(value);
            }
        }
        match &each[..] {
            [one] => {
                let _ = write!(out, " {one}");
            }
            several => {
                let _ = write!(out, " (either {})", several.join(" "));
            }
        }
    }
    out.push_str(")\n");
}

/// An outcome in a comment.
fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Values(values) if values.is_empty() => "success".to_owned(),
        Outcome::Values(values) => {
            let values: Vec<String> = values.iter().map(|&value| expected(value)).collect();
            values.join(" ")
        }
        Outcome::Trap(kinds) => {
            let kinds: Vec<&str> = kinds
                .iter()
                .filter_map(|&kind| trap_message(kind))
                .collect();
            format!("trap ({})", kinds.join(" or "))
        }
        _ => "no result".to_owned(),
    }
}
