//! Prints a script as `.wast`, with the specified results asserted.

mod module;
#[cfg(test)]
mod tests;
mod threads;
mod values;

use std::fmt::Write as _;

use super::expect::trap_message;
use super::{Script, Step, binary, spectest};
use crate::observation::{Outcome, Stage};
pub use module::canonical;
use values::expected;
pub(crate) use values::{value, value_type};

/// Prints `script` as a standard `.wast`: a comment with the lines of
/// `header`, then one directive per step, each asserting what the reference
/// answered. Steps beyond the last outcome, and steps whose outcome asserts
/// nothing ([`Outcome::Limit`], …), are printed without an assertion; steps that
/// were [`Outcome::Absent`] are left out.
///
/// Reading the text back gives the same script, as long as modules have no
/// custom sections and no two of them the same name.
pub fn to_wast(script: &Script, outcomes: &[Outcome], header: &str) -> String {
    let allowed: Vec<Vec<Outcome>> = outcomes.iter().map(|o| vec![o.clone()]).collect();
    to_wast_allowing(script, &allowed, header)
}

/// As [`to_wast`], of a script of which several outcomes are allowed: `allowed` has
/// them for each step. Where these are values, each is asserted to be one of those
/// allowed there (`either`); where some are traps and some are not, `.wast` has no
/// assertion, and they stand in a comment.
pub fn to_wast_allowing(script: &Script, allowed: &[Vec<Outcome>], header: &str) -> String {
    let mut out = String::new();
    for line in header.lines() {
        let _ = writeln!(out, "{}", format!(";; {line}").trim_end());
    }
    let printer = Printer::new(script, allowed);
    let mut i = printer.first;
    while let Some(step) = script.steps.get(i) {
        i += printer.directive(i, step, &mut out);
    }
    out
}

/// A call or a read of a global, as a script says it: `(invoke "f" (i32.const 0))`.
/// `None` for any other step.
pub fn action(step: &Step) -> Option<String> {
    let of = |instance: &str| match instance {
        // What is alone in its script needs no name.
        "m0" => String::new(),
        name => format!(" {}", id(name)),
    };
    match step {
        Step::Invoke {
            instance,
            func,
            args,
        } => {
            let mut action = format!("(invoke{} {}", of(instance), string(func.as_bytes()));
            for &arg in args {
                let _ = write!(action, " ({})", value(arg));
            }
            action.push(')');
            Some(action)
        }
        Step::Get { instance, global } => {
            let global = string(global.as_bytes());
            Some(format!("(get{} {global})", of(instance)))
        }
        _ => None,
    }
}

struct Printer<'a> {
    script: &'a Script,
    /// What is allowed of each step.
    allowed: &'a [Vec<Outcome>],
    /// The first step to print: those before provide `spectest`.
    first: usize,
    /// Whether the one module, and the one instance, need no name.
    anonymous: bool,
}

impl<'a> Printer<'a> {
    fn new(script: &'a Script, allowed: &'a [Vec<Outcome>]) -> Self {
        let provided = spectest::steps_for(&Script {
            steps: script.steps.get(3..).unwrap_or_default().to_vec(),
        });
        let first = if !provided.is_empty() && script.steps.starts_with(&provided) {
            provided.len()
        } else {
            0
        };
        let named = script.steps[first..].iter().filter_map(|step| match step {
            Step::Define { module: name, .. } | Step::Instantiate { instance: name, .. } => {
                Some(name.as_str())
            }
            _ => None,
        });
        let names: Vec<&str> = named.collect();
        Printer {
            script,
            allowed,
            first,
            anonymous: matches!(names[..], ["m0"] | ["m0", "m0"]),
        }
    }

    fn outcome(&self, step: usize) -> Option<&'a Outcome> {
        self.allowed.get(step)?.first()
    }

    /// Prints a directive; the number of steps it stands for.
    fn directive(&self, i: usize, step: &Step, out: &mut String) -> usize {
        if matches!(self.outcome(i), Some(Outcome::Absent)) {
            return 1;
        }
        match step {
            Step::Define { module, wasm } => return self.module(i, module, wasm, out),
            Step::Instantiate { instance, module } => match self.failure(i) {
                // A module instance cannot stand in an assertion: the module is repeated.
                Some((assertion, message)) => {
                    if let Some(wasm) = self.definition(i, module) {
                        asserted(assertion, "", wasm, &message, out);
                    }
                }
                None => {
                    let (instance, module) = (id(instance), id(module));
                    let _ = writeln!(out, "(module instance {instance} {module})");
                }
            },
            Step::Register { instance, name } => {
                let name = string(name.as_bytes());
                let instance = self.reference_to(instance);
                let _ = writeln!(out, "(register {name}{instance})");
            }
            Step::Invoke {
                instance,
                func,
                args,
            } => {
                let mut action = format!("(invoke{}", self.reference_to(instance));
                let _ = write!(action, " {}", string(func.as_bytes()));
                for &arg in args {
                    let _ = write!(action, " ({})", value(arg));
                }
                action.push(')');
                self.action(i, &action, out);
            }
            Step::Thread {
                name,
                shared,
                steps,
            } => self.thread(i, name, shared.as_deref(), steps, out),
            Step::Wait { thread } => {
                let _ = writeln!(out, "(wait {})", id(thread));
            }
            Step::Get { instance, global } => {
                let global = string(global.as_bytes());
                let action = format!("(get{} {global})", self.reference_to(instance));
                // A read that is not asserted is no directive, and does nothing.
                if matches!(self.outcome(i), Some(Outcome::Values(_))) {
                    self.action(i, &action, out);
                }
            }
        }
        1
    }

    fn reference_to(&self, instance: &str) -> String {
        if self.anonymous && instance == "m0" {
            String::new()
        } else {
            format!(" {}", id(instance))
        }
    }

    fn action(&self, i: usize, action: &str, out: &mut String) {
        if let Some(several @ [_, _, ..]) = self.allowed.get(i).map(Vec::as_slice) {
            return threads::action_allowing(several, action, out);
        }
        match self.outcome(i) {
            Some(Outcome::Values(values)) => {
                let _ = write!(out, "(assert_return {action}");
                for &result in values {
                    let _ = write!(out, " ({})", expected(result));
                }
                out.push_str(")\n");
            }
            Some(Outcome::Trap(kinds)) => {
                let messages: Vec<&str> = kinds.iter().filter_map(|&k| trap_message(k)).collect();
                let first = messages.first().unwrap_or(&"");
                let _ = write!(out, "(assert_trap {action} \"{first}\")");
                if messages.len() > 1 {
                    let _ = write!(out, " ;; or {}", messages[1..].join(", or "));
                }
                out.push('\n');
            }
            Some(Outcome::Exhausted) => {
                let _ = writeln!(out, "(assert_exhaustion {action} \"call stack exhausted\")");
            }
            _ => {
                let _ = writeln!(out, "{action}");
            }
        }
    }

    /// What to assert of a module that was not instantiated, and the message.
    fn failure(&self, i: usize) -> Option<(&'static str, String)> {
        match self.outcome(i)? {
            Outcome::Trap(kinds) => {
                let message = kinds.iter().find_map(|&kind| trap_message(kind));
                Some(("assert_trap", message.unwrap_or_default().to_owned()))
            }
            Outcome::Rejected {
                stage: Stage::Link, ..
            } => Some(("assert_unlinkable", "incompatible import type".to_owned())),
            _ => None,
        }
    }

    /// The module that was last defined as `name` before step `i`.
    fn definition(&self, i: usize, name: &str) -> Option<&'a [u8]> {
        self.script.steps[..i]
            .iter()
            .rev()
            .find_map(|step| match step {
                Step::Define { module, wasm } if module == name => Some(wasm.as_slice()),
                _ => None,
            })
    }

    fn module(&self, i: usize, name: &str, wasm: &[u8], out: &mut String) -> usize {
        if let Some(Outcome::Rejected { reason, .. }) = self.outcome(i) {
            let malformed = binary::malformed(wasm);
            let (assertion, reason) = match &malformed {
                None => ("assert_invalid", reason),
                Some(why) => ("assert_malformed", why),
            };
            let head = if self.anonymous {
                String::new()
            } else {
                id(name)
            };
            asserted(assertion, &head, wasm, reason, out);
            return 1;
        }
        let rest = &self.script.steps[i + 1..];
        let at_once = matches!(
            rest.first(),
            Some(Step::Instantiate { instance, module }) if instance == name && module == name
        );
        let again =
            |step: &&Step| matches!(step, Step::Instantiate { module, .. } if module == name);
        let once = at_once && rest.iter().filter(again).count() == 1;
        if !once {
            let mut head = "definition ".to_owned();
            head.push_str(&id(name));
            module_text(&head, wasm, 0, out);
            out.push('\n');
            return 1;
        }
        let head = if self.anonymous {
            String::new()
        } else {
            id(name)
        };
        match self.failure(i + 1) {
            Some((assertion, message)) => asserted(assertion, &head, wasm, &message, out),
            None => {
                module_text(&head, wasm, 0, out);
                out.push('\n');
            }
        }
        2
    }
}

/// `(ASSERTION (module HEAD …) "message")`.
fn asserted(assertion: &str, head: &str, wasm: &[u8], message: &str, out: &mut String) {
    let message = string(message.lines().next().unwrap_or_default().as_bytes());
    let mut module = String::new();
    if assertion == "assert_malformed" {
        binary_text(head, wasm, 2, &mut module);
    } else {
        module_text(head, wasm, 2, &mut module);
    }
    if module.contains('\n') || assertion.len() + module.len() + message.len() > 96 {
        let _ = writeln!(out, "({assertion}\n  {module}\n  {message})");
    } else {
        let _ = writeln!(out, "({assertion} {module} {message})");
    }
}

/// `(module HEAD …)`, as text if that says all of it.
pub(crate) fn module_text(head: &str, wasm: &[u8], indent: usize, out: &mut String) {
    match module::text_of(wasm) {
        Some(text) => text.write(head, indent, out),
        None => binary_text(head, wasm, indent, out),
    }
}

/// `(module HEAD binary "…")`, 24 bytes to a line.
fn binary_text(head: &str, wasm: &[u8], indent: usize, out: &mut String) {
    out.push_str("(module ");
    if !head.is_empty() {
        let _ = write!(out, "{head} ");
    }
    out.push_str("binary");
    for bytes in wasm.chunks(24) {
        let escaped: String = bytes.iter().map(|b| format!("\\{b:02x}")).collect();
        if wasm.len() > 24 {
            let _ = write!(out, "\n{:indent$}  \"{escaped}\"", "");
        } else {
            let _ = write!(out, " \"{escaped}\"");
        }
    }
    out.push(')');
}

/// `$name`, quoted where it has to be.
fn id(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-./:<=>?@\\^_`|~".contains(c);
    if !name.is_empty() && name.chars().all(plain) {
        format!("${name}")
    } else {
        format!("${}", string(name.as_bytes()))
    }
}

/// A string literal.
fn string(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for part in bytes.utf8_chunks() {
        for c in part.valid().chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                ' '..='~' => out.push(c),
                // Anything that an editor might not show, by its code.
                c => {
                    let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
                }
            }
        }
        for byte in part.invalid() {
            let _ = write!(out, "\\{byte:02x}");
        }
    }
    out.push('"');
    out
}
