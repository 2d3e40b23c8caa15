//! The program for a JavaScript engine: an ES module, one statement after the other, as
//! the script has its steps.

use std::collections::HashMap;

use super::names::Names;
use super::program::{imports_of, module_text};
use super::{EXPECTED, Look, LookAt};
use crate::observation::{Outcome, Stage};
use crate::script::{HOST, HostFunc, HostOp, Script, Step, Value};

/// Makes a module of hexadecimal digits, and says how a call ends.
const PRELUDE: &str = "\
const module = (hex) => new WebAssembly.Module(Uint8Array.from(hex.match(/../g), (h) => parseInt(h, 16)));
const outcome = (f) => {
  try {
    return String(f());
  } catch (error) {
    return error.constructor.name;
  }
};
";

/// Grows a memory.
const GROW: &str = "\
// Pages are a BigInt for 64-bit memories, and a number for others.
const grow = (memory, pages) => {
  try {
    return memory.grow(pages);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return memory.grow(Number(pages));
  }
};
";

/// The text of the module. Where it goes wrong, it exits with 1, if it can, and `wrong`
/// is true.
///
/// # Errors
/// In words, what a few lines cannot say.
pub(super) fn text(
    script: &Script,
    outcomes: &[Outcome],
    look: Option<&Look>,
) -> Result<String, String> {
    let mut program = Program::default();
    let steps: Vec<(&Step, &Outcome)> = script.steps.iter().zip(outcomes).collect();
    let ((step, outcome), before) = steps.split_last().ok_or("it has no steps")?;
    for (step, outcome) in before {
        program.step(step, outcome)?;
    }
    let (expected, got) = match look {
        Some(look) => {
            program.step(step, outcome)?;
            let instance = program.names.known('i', &look.instance)?;
            let buffer = format!("{instance}.exports[{:?}].buffer", look.memory);
            match look.at {
                LookAt::Byte(address, byte) => (
                    byte.to_string(),
                    format!("new Uint8Array({buffer})[{address}]"),
                ),
                LookAt::Size(bytes) => (bytes.to_string(), format!("{buffer}.byteLength")),
            }
        }
        None => (program.expected(step, outcome)?, program.attempt(step)?),
    };
    program.say(format!(
        "console.log({:?});",
        format!("{EXPECTED}{expected}")
    ));
    program.say(format!("const got = outcome(() => {got});"));
    program.say("console.log('got: ' + got);");
    program.say(format!("const wrong = got !== {expected:?};"));
    program.say("if (wrong && globalThis.process) process.exitCode = 1;");
    let grow = if program.grows { GROW } else { "" };
    Ok([PRELUDE, grow, &program.body].concat())
}

/// A page that has the module in itself, and shows what it says.
pub(super) fn page(text: &str) -> String {
    format!(
        "<!doctype html>\n<meta charset=utf-8>\n<body></body>\n<script type=module>\n\
         console.log = (line) => document.body.append(line, document.createElement('br'));\n\
         {}</script>\n",
        // A string in the module must not end the script.
        text.replace("</script", "<\\/script")
    )
}

/// A program that is being written.
#[derive(Default)]
struct Program<'a> {
    names: Names<'a>,
    wasm: HashMap<&'a str, &'a [u8]>,
    body: String,
    /// Whether it grows a memory.
    grows: bool,
}

impl<'a> Program<'a> {
    fn say(&mut self, line: impl AsRef<str>) {
        self.body.push_str(line.as_ref());
        self.body.push('\n');
    }

    /// A step before the last: it goes as specified.
    fn step(&mut self, step: &'a Step, outcome: &Outcome) -> Result<(), String> {
        if let Step::Register { instance, name } = step {
            let instance = self.names.known('i', instance)?;
            self.names.registered.insert(name, instance);
            return Ok(());
        }
        let made = self.attempt(step)?;
        let succeeds = matches!(outcome, Outcome::Values(_));
        match step {
            Step::Define { module, .. } if succeeds => {
                let name = self.names.name('m', module);
                self.say(format!("const {name} = {made};"));
            }
            Step::Instantiate { instance, .. } if succeeds => {
                let name = self.names.name('i', instance);
                self.say(format!("const {name} = {made};"));
            }
            // What may fail is no reason to end.
            _ => self.say(format!("outcome(() => {made});")),
        }
        Ok(())
    }

    /// Says what comes before a step, and gives the expression for it.
    fn attempt(&mut self, step: &'a Step) -> Result<String, String> {
        match step {
            Step::Define { module, wasm } => {
                self.wasm.insert(module, wasm);
                for line in module_text(wasm).trim_end().lines() {
                    self.say(format!("// {line}"));
                }
                let hex: String = wasm.iter().map(|byte| format!("{byte:02x}")).collect();
                Ok(format!("module('{hex}')"))
            }
            Step::Instantiate { module, .. } => {
                let wasm = self.wasm.get(&**module).copied().unwrap_or_default();
                let mut imports: Vec<String> = Vec::new();
                for (from, _) in imports_of(wasm) {
                    let instance = self.names.registered.get(&*from);
                    let instance = instance.ok_or("it imports what is not there")?;
                    imports.push(format!("{from:?}: {instance}.exports"));
                }
                imports.sort();
                imports.dedup();
                let module = self.names.known('m', module)?;
                Ok(format!(
                    "new WebAssembly.Instance({module}, {{ {} }})",
                    imports.join(", ")
                ))
            }
            Step::Invoke {
                instance,
                func,
                args,
            } if instance == HOST => {
                let call = HostFunc::parse(func).ok_or("it calls what no embedder has")?;
                let from = self.names.registered.get(&*call.instance);
                let from = from.ok_or("it calls what is not there")?;
                let memory = format!("{from}.exports[{:?}]", call.memory);
                match (call.op, &args[..]) {
                    (HostOp::Grow, [Value::I64(pages)]) => {
                        self.grows = true;
                        Ok(format!("grow({memory}, {pages}n)"))
                    }
                    (HostOp::Size, []) => Ok(format!("{memory}.buffer.byteLength / 65536")),
                    _ => Err("it reads or writes through the embedder".to_owned()),
                }
            }
            Step::Invoke {
                instance,
                func,
                args,
            } => {
                let instance = self.names.known('i', instance)?;
                let args: Option<Vec<String>> = args.iter().map(|arg| literal(*arg)).collect();
                let args = args.ok_or("it passes what JavaScript has no number for")?;
                Ok(format!("{instance}.exports[{func:?}]({})", args.join(", ")))
            }
            Step::Get { instance, global } => {
                let instance = self.names.known('i', instance)?;
                Ok(format!("{instance}.exports[{global:?}].value"))
            }
            Step::Register { .. } => Err("registering shows nothing".to_owned()),
            Step::Thread { .. } | Step::Wait { .. } => Err("it has threads".to_owned()),
        }
    }

    /// What `outcome` has to say of the last step.
    fn expected(&self, step: &Step, outcome: &Outcome) -> Result<String, String> {
        Ok(match outcome {
            Outcome::Trap(_) => "RuntimeError".to_owned(),
            Outcome::Rejected { stage, .. } => match stage {
                Stage::Compile => "CompileError".to_owned(),
                Stage::Link => "LinkError".to_owned(),
            },
            Outcome::Values(values) => match (step, &values[..]) {
                (Step::Define { .. }, _) => "[object WebAssembly.Module]".to_owned(),
                (Step::Instantiate { .. }, _) => "[object WebAssembly.Instance]".to_owned(),
                (Step::Invoke { instance, .. }, [Value::I64(u64::MAX)]) if instance == HOST => {
                    "RangeError".to_owned()
                }
                (_, []) => "undefined".to_owned(),
                (_, values) => {
                    let shown: Option<Vec<String>> =
                        values.iter().map(|value| shown(*value)).collect();
                    shown.ok_or("it gives what is no integer")?.join(",")
                }
            },
            _ => return Err("the specification leaves open what comes".to_owned()),
        })
    }
}

/// An integer as JavaScript shows it.
fn shown(value: Value) -> Option<String> {
    match value {
        Value::I32(bits) => Some(bits.cast_signed().to_string()),
        Value::I64(bits) => Some(bits.cast_signed().to_string()),
        _ => None,
    }
}

/// A value as JavaScript writes it; `None` for one whose bits no number has.
fn literal(value: Value) -> Option<String> {
    let finite = |number: f64| number.is_finite().then(|| format!("{number:?}"));
    match value {
        Value::I32(_) => shown(value),
        Value::I64(_) => shown(value).map(|digits| digits + "n"),
        Value::F32(bits) => finite(f32::from_bits(bits).into()),
        Value::F64(bits) => finite(f64::from_bits(bits)),
        _ => None,
    }
}
