//! The program: one statement after the other, as the script has its steps.

use std::collections::HashMap;

use wasmparser::{Parser, Payload};

use super::api::Api;
use super::configuration::Lines;
use super::names::Names;
use super::{EXPECTED, Look, LookAt};
use crate::observation::{Outcome, Stage};
use crate::script::expect::trap_message;
use crate::script::{HOST, HostFunc, HostOp, Script, Step, Value, print};

/// The text of `main.rs`.
///
/// # Errors
/// In words, what a few lines cannot say.
pub(super) fn text(
    script: &Script,
    outcomes: &[Outcome],
    look: Option<&Look>,
    api: &Api,
    lines: &Lines,
) -> Result<String, String> {
    let modules = script.steps.iter().filter_map(|step| match step {
        Step::Define { wasm, .. } => Some(module_text(wasm)),
        _ => None,
    });
    let modules: String = modules.collect();
    if modules.contains("(import \"host\"") {
        return Err("a module imports from the embedder".to_owned());
    }
    let mut program = Program {
        api,
        names: Names::default(),
        wasm: HashMap::new(),
        body: api.store(&lines.config, &lines.store, &modules),
    };
    let steps: Vec<(&Step, &Outcome)> = script.steps.iter().zip(outcomes).collect();
    let Some((last, before)) = steps.split_last() else {
        return Err("it has no steps".to_owned());
    };
    for (step, outcome) in before {
        program.step(step, outcome)?;
    }
    program.last(last.0, last.1, look)?;
    let config = lines.store.join("");
    let mut out = api.uses(&config);
    out.push_str("\nfn main() {\n");
    for line in super::tidy::without_warnings(program.body) {
        // The text of a module is not indented.
        match line.strip_prefix('\0') {
            Some(text) => out.push_str(text),
            None => {
                out.push_str("    ");
                out.push_str(&line);
            }
        }
        out.push('\n');
    }
    out.push_str("}\n");
    Ok(out)
}

/// A program that is being written.
struct Program<'a> {
    api: &'a Api,
    names: Names<'a>,
    wasm: HashMap<&'a str, &'a [u8]>,
    body: Vec<String>,
}

impl<'a> Program<'a> {
    fn say(&mut self, line: impl Into<String>) {
        self.body.push(line.into());
    }

    /// A step before the last: it goes as specified.
    fn step(&mut self, step: &'a Step, outcome: &Outcome) -> Result<(), String> {
        let fails = match outcome {
            Outcome::Values(_) => false,
            Outcome::Trap(_) | Outcome::Rejected { .. } => true,
            _ => return Ok(()),
        };
        match step {
            Step::Register { instance, name } => {
                let instance = self.names.known('i', instance)?;
                self.names.registered.insert(name, instance);
                return Ok(());
            }
            Step::Get { .. } => return Ok(()),
            Step::Invoke { instance, .. } if instance != HOST => {
                self.attempt(step)?;
                self.say(if fails {
                    "got.unwrap_err();"
                } else {
                    "got.unwrap();"
                });
                return Ok(());
            }
            _ => {}
        }
        let made = self.attempt(step)?;
        match (step, fails) {
            (_, true) => self.say(format!("{made}.unwrap_err();")),
            (Step::Define { module, .. }, _) => {
                let name = self.names.name('m', module);
                self.say(format!("let {name} = {made}.unwrap();"));
            }
            (Step::Instantiate { instance, .. }, _) => {
                let name = self.names.name('i', instance);
                self.say(format!("let {name} = {made}.unwrap();"));
            }
            // Growing may fail, and is specified to.
            _ => self.say(format!("let _ = {made};")),
        }
        Ok(())
    }

    /// Says what comes before a step, and gives the expression for it; a call of
    /// a function is bound to `got`.
    fn attempt(&mut self, step: &'a Step) -> Result<String, String> {
        let api = self.api;
        match step {
            Step::Define { module, wasm } => {
                self.wasm.insert(module, wasm);
                let text = module_text(wasm);
                let mut hashes = "#".to_owned();
                while text.contains(&format!("\"{hashes}")) {
                    hashes.push('#');
                }
                self.say(format!("let wasm = wat::parse_str(r{hashes}\""));
                self.say(format!("\0{}\"{hashes})", text.trim_end()));
                self.say(".unwrap();");
                Ok(api.module().to_owned())
            }
            Step::Instantiate { module, .. } => {
                let mut imports = Vec::new();
                let wasm = self.wasm.get(&**module).copied().unwrap_or_default();
                for (from, name) in imports_of(wasm) {
                    let from = self.names.registered.get(&*from);
                    let from = from.ok_or("it imports what is not there")?;
                    imports.push(api.export(from, &name));
                }
                let list = match imports.is_empty() {
                    true => "&[]",
                    false => {
                        self.say(format!("let imports = [{}];", imports.join(", ")));
                        "&imports"
                    }
                };
                let module = self.names.known('m', module)?;
                Ok(api.instance(&module, list))
            }
            Step::Invoke {
                instance,
                func,
                args,
            } if instance == HOST => {
                let call = HostFunc::parse(func).ok_or("it calls what no embedder has")?;
                let from = self.names.registered.get(&*call.instance);
                let from = from.ok_or("it calls what is not there")?;
                match (call.op, &args[..]) {
                    (HostOp::Grow, [Value::I64(pages)]) => api
                        .grow(from, &call.memory, *pages)
                        .ok_or_else(|| "the engine cannot be asked to grow so far".to_owned()),
                    (HostOp::Size, []) => Ok(api.size(from, &call.memory)),
                    _ => Err("it reads or writes through the embedder".to_owned()),
                }
            }
            Step::Invoke {
                instance,
                func,
                args,
            } => {
                let instance = self.names.known('i', instance)?;
                let function = api.function(&instance, func);
                let call = api.call(args).ok_or("it passes a reference")?;
                self.say(format!("let f = {function};"));
                self.body.extend(call);
                Ok("got".to_owned())
            }
            Step::Get { instance, global } => {
                let instance = self.names.known('i', instance)?;
                Ok(api.global(&instance, global))
            }
            Step::Register { .. } => Err("registering shows nothing".to_owned()),
            Step::Thread { .. } | Step::Wait { .. } => Err("it has threads".to_owned()),
        }
    }

    /// The step that diverges, or after which a memory is wrong.
    fn last(
        &mut self,
        step: &'a Step,
        outcome: &Outcome,
        look: Option<&Look>,
    ) -> Result<(), String> {
        if let Some(look) = look {
            self.step(step, outcome)?;
            let (instance, memory) = (self.names.known('i', &look.instance)?, &look.memory);
            let (what, right) = match look.at {
                LookAt::Byte(address, byte) => {
                    (self.api.byte(&instance, memory, address), byte.to_string())
                }
                LookAt::Size(bytes) => (self.api.bytes(&instance, memory), bytes.to_string()),
            };
            self.say(format!("println!(\"{EXPECTED}{right}\");"));
            self.say(format!("let got = {what};"));
            return self.end(&format!("got == {right}"), "got");
        }
        let (words, right, shown) = self.expectation(step, outcome)?;
        // Before the step, since it may be the end of the process.
        let at = self.body.len();
        let made = self.attempt(step)?;
        if made != "got" {
            self.say(format!("let got = {made};"));
        }
        let said = format!("println!(\"{EXPECTED}{words}\");");
        self.body.insert(at, said);
        self.end(&right, shown)
    }

    /// Shows what was got, and ends.
    fn end(&mut self, right: &str, shown: &str) -> Result<(), String> {
        self.say(format!("println!(\"got: {{:?}}\", {shown});"));
        self.say(format!("let right = {right};"));
        self.say("std::process::exit(if right { 0 } else { 1 });");
        Ok(())
    }

    /// What is expected of the last step: in words, as an expression that `got`
    /// has to fulfil, and what of it is shown.
    fn expectation(
        &self,
        step: &Step,
        outcome: &Outcome,
    ) -> Result<(String, String, &'static str), String> {
        const MADE: &str = "got.as_ref().map(|_| \"success\")";
        let is_made = matches!(step, Step::Define { .. } | Step::Instantiate { .. });
        Ok(match outcome {
            Outcome::Trap(kinds) => {
                let message = kinds.iter().find_map(|&kind| trap_message(kind));
                // Where several are allowed, any will do.
                let message = message.filter(|_| kinds.len() == 1).unwrap_or_default();
                let words = self.api.words();
                (
                    format!("trap: {message}"),
                    format!("got.as_ref().is_err_and(|e| {words}.contains({message:?}))"),
                    if is_made { MADE } else { "got" },
                )
            }
            Outcome::Rejected { stage, .. } => {
                let words = match stage {
                    Stage::Compile => "the module is rejected",
                    Stage::Link => "the module cannot be linked",
                };
                (words.to_owned(), "got.is_err()".to_owned(), MADE)
            }
            Outcome::Values(_) if is_made => ("success".to_owned(), "got.is_ok()".to_owned(), MADE),
            Outcome::Values(values) => {
                let words: Vec<String> = values.iter().map(Value::to_string).collect();
                let words = match words.is_empty() {
                    true => "success".to_owned(),
                    false => words.join(", "),
                };
                (words, self.values(step, values)?, "got")
            }
            _ => return Err("the specification leaves open what comes".to_owned()),
        })
    }

    /// Whether `got` has these values.
    fn values(&self, step: &Step, values: &[Value]) -> Result<String, String> {
        let is = |what: &str, value| {
            let is = self.api.is(what, value);
            is.ok_or_else(|| "it gives a reference".to_owned())
        };
        match (step, values) {
            (Step::Invoke { instance, func, .. }, [Value::I64(pages)]) if instance == HOST => {
                let grows = HostFunc::parse(func).is_some_and(|call| call.op == HostOp::Grow);
                Ok(match (grows, *pages) {
                    (true, u64::MAX) => "got.is_err()".to_owned(),
                    (true, pages) => format!("got.as_ref().is_ok_and(|&pages| pages == {pages})"),
                    (false, pages) => format!("got == {pages}"),
                })
            }
            (Step::Get { .. }, [value]) => is("got", *value),
            _ if values.is_empty() => Ok("got.is_ok()".to_owned()),
            _ => {
                let each = (0..).zip(values);
                let each = each.map(|(i, &value)| is(&format!("v[{i}]"), value));
                let each: Result<Vec<String>, String> = each.collect();
                Ok(format!(
                    "got.as_ref().is_ok_and(|v| {})",
                    each?.join(" && ")
                ))
            }
        }
    }
}

/// A module as text.
pub(super) fn module_text(wasm: &[u8]) -> String {
    let mut out = String::new();
    print::module_text("", wasm, 0, &mut out);
    out
}

/// What a module imports, in order.
pub(super) fn imports_of(wasm: &[u8]) -> Vec<(String, String)> {
    let payloads = Parser::new(0).parse_all(wasm).flatten();
    let sections = payloads.filter_map(|payload| match payload {
        Payload::ImportSection(section) => Some(section),
        _ => None,
    });
    sections
        .flat_map(|section| section.into_imports().flatten())
        .map(|import| (import.module.to_owned(), import.name.to_owned()))
        .collect()
}
