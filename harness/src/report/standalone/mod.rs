//! A divergence as a program of its own, against the published crate.

mod configuration;

use std::fmt::Write as _;

use crate::engine::{Name, engine_of};
use crate::observation::{Outcome, Stage};
use crate::script::expect::trap_message;
use crate::script::{HOST, HostFunc, HostOp, Script, Step, Value, ValueType};

/// A cargo package that shows a divergence: it prints each step with what is
/// expected and what the engine does, and exits with 1 if they differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standalone {
    /// `Cargo.toml`.
    pub manifest: String,
    /// `src/main.rs`.
    pub main: String,
}

/// A byte or a size of a memory to look at after the last step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The instance that exports it.
    pub instance: String,
    /// The export.
    pub memory: String,
    /// What is looked at, and what it has to be.
    pub at: LookAt,
}

/// What to look at in a memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookAt {
    /// The byte at this address.
    Byte(u64, u8),
    /// The size in bytes.
    Size(u128),
}

/// Whether a configuration can be made in a stand-alone program.
pub(super) fn can_be_made(configuration: &str) -> bool {
    configuration::lines(configuration).is_some()
}

/// The program for a script on one configuration of an engine (of this version).
///
/// # Errors
/// In words, if no such program can be written.
pub(super) fn standalone(
    script: &Script,
    outcomes: &[Outcome],
    look: Option<&Look>,
    configuration: &str,
    version: &str,
) -> Result<Standalone, String> {
    let lines = configuration::lines(configuration)
        .ok_or_else(|| format!("{configuration} cannot be made in a few lines"))?;
    let engine = engine_of(configuration);
    let (runtime, features) = match engine {
        "wasmtime" => (
            include_str!("wasmtime.txt"),
            r#"["std", "runtime", "cranelift", "winch", "pulley", "pooling-allocator", "threads"]"#,
        ),
        "wasmer" => (
            include_str!("wasmer.txt"),
            match Name::parse(configuration).is_some_and(|name| name.compiler == "singlepass") {
                true => r#"["std", "sys", "compiler", "singlepass"]"#,
                false => r#"["std", "sys", "compiler", "cranelift"]"#,
            },
        ),
        _ => (
            include_str!("wasmi.txt"),
            r#"["std", "auto-dispatch", "memory64", "simd", "validate"]"#,
        ),
    };
    let indented = |lines: &[&str]| lines.join("\n        ");
    let runtime = runtime
        .replace("//CONFIG", &indented(&lines.config))
        .replace("//STORE", &indented(&lines.store));
    let mut main = format!(
        "//! Shows a divergence from the WebAssembly specification in {engine} {version}\n\
         //! ({configuration}). Run with `cargo run`.\n\n{}{}\nfn main() {{\n    \
         let mut run = Run {{ machine: Machine::new(), wrong: 0 }};\n",
        runtime.trim_end(),
        include_str!("common.txt").trim_end(),
    );
    for (step, outcome) in script.steps.iter().zip(outcomes) {
        write_step(step, outcome, &mut main)?;
    }
    if let Some(look) = look {
        let (instance, memory) = (&look.instance, &look.memory);
        let _ = match look.at {
            LookAt::Byte(address, byte) => writeln!(
                main,
                "    run.byte({instance:?}, {memory:?}, {address}, \"{byte:#04x}\");"
            ),
            LookAt::Size(bytes) => {
                writeln!(
                    main,
                    "    run.bytes({instance:?}, {memory:?}, \"{bytes}\");"
                )
            }
        };
    }
    main.push_str("    run.end();\n}\n");
    let manifest = format!(
        "[package]\nname = \"divergence\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n\
         [dependencies]\n{engine} = {{ version = \"={version}\", default-features = false, \
         features = {features} }}\n\n[workspace]\n"
    );
    Ok(Standalone { manifest, main })
}

fn write_step(step: &Step, outcome: &Outcome, out: &mut String) -> Result<(), String> {
    let Some(expected) = expected(step, outcome) else {
        return Ok(());
    };
    let _ = match step {
        Step::Define { module, wasm } => {
            let mut bytes = String::new();
            for line in wasm.chunks(24) {
                let line: Vec<String> = line.iter().map(|byte| byte.to_string()).collect();
                let _ = write!(bytes, "\n        {},", line.join(", "));
            }
            writeln!(
                out,
                "    let wasm: &[u8] = &[{bytes}\n    ];\n    run.define({module:?}, wasm, {expected:?});"
            )
        }
        Step::Instantiate { instance, module } => {
            writeln!(
                out,
                "    run.instantiate({instance:?}, {module:?}, {expected:?});"
            )
        }
        Step::Register { instance, name } => {
            writeln!(out, "    run.register({instance:?}, {name:?});")
        }
        Step::Invoke {
            instance,
            func,
            args,
        } if instance == HOST => {
            let call = HostFunc::parse(func).ok_or("it calls what the embedder does not have")?;
            let (registered, memory) = (&call.instance, &call.memory);
            match (call.op, &args[..]) {
                (HostOp::Grow, [Value::I64(pages)]) => writeln!(
                    out,
                    "    run.grow({registered:?}, {memory:?}, {pages}, {expected:?});"
                ),
                (HostOp::Size, []) => {
                    writeln!(
                        out,
                        "    run.size({registered:?}, {memory:?}, {expected:?});"
                    )
                }
                _ => return Err("it reads or writes through the embedder".to_owned()),
            }
        }
        Step::Invoke {
            instance,
            func,
            args,
        } => {
            let args: Option<Vec<String>> = args.iter().map(|&arg| argument(arg)).collect();
            let args = args.ok_or("it passes a reference")?.join(", ");
            writeln!(
                out,
                "    run.invoke({instance:?}, {func:?}, &[{args}], {expected:?});"
            )
        }
        Step::Get { instance, global } => {
            writeln!(out, "    run.get({instance:?}, {global:?}, {expected:?});")
        }
        Step::Thread { .. } | Step::Wait { .. } => return Err("it has threads".to_owned()),
    };
    if let Step::Define { wasm, .. } = step
        && crate::script::tree::printed(wasm, false)
            .is_some_and(|tree| tree.to_text().contains("(import \"host\""))
    {
        return Err("a module imports from the embedder".to_owned());
    }
    Ok(())
}

/// What a stand-alone program is to see; `None` if the step is to be left out.
fn expected(step: &Step, outcome: &Outcome) -> Option<String> {
    Some(match outcome {
        Outcome::Values(values) => match step {
            Step::Define { .. } | Step::Instantiate { .. } | Step::Register { .. } => {
                "ok".to_owned()
            }
            _ if values.is_empty() => "no values".to_owned(),
            _ => {
                let shown: Vec<String> = values.iter().map(Value::to_string).collect();
                shown.join(", ")
            }
        },
        Outcome::Trap(kinds) => {
            let message = kinds.iter().find_map(|&kind| trap_message(kind));
            // Where several are allowed, any will do.
            let message = message.filter(|_| kinds.len() == 1).unwrap_or_default();
            format!("trap: {message}")
        }
        Outcome::Rejected { stage, .. } => match stage {
            Stage::Compile => "rejected".to_owned(),
            Stage::Link => "unlinkable".to_owned(),
        },
        _ => return None,
    })
}

fn argument(value: Value) -> Option<String> {
    Some(match value {
        Value::I32(bits) => format!("V::I32({bits:#x})"),
        Value::I64(bits) => format!("V::I64({bits:#x})"),
        Value::F32(bits) => format!("V::F32({bits:#x})"),
        Value::F64(bits) => format!("V::F64({bits:#x})"),
        Value::V128(bits) => format!("V::V128({bits:#x})"),
        null if null == Value::default_of(ValueType::FuncRef) => "V::NullFunc".to_owned(),
        null if null == Value::default_of(ValueType::ExternRef) => "V::NullExtern".to_owned(),
        _ => return None,
    })
}
