//! The `spectest` instance that the official suite imports from, as a module of our own.
//! <https://github.com/WebAssembly/spec/tree/main/interpreter#spectest-host-module>

use wasmparser::{Parser, Payload};
use wast::Wat;
use wast::parser::ParseBuffer;

use super::{Script, Step};

/// The part every script may import.
const COMMON: &str = r#"
  (global (export "global_i32") i32 (i32.const 666))
  (global (export "global_i64") i64 (i64.const 666))
  (global (export "global_f32") f32 (f32.const 666.6))
  (global (export "global_f64") f64 (f64.const 666.6))
  (table (export "table") 10 20 funcref)
  (memory (export "memory") 1 2)
  (func (export "print"))
  (func (export "print_i32") (param i32))
  (func (export "print_i64") (param i64))
  (func (export "print_f32") (param f32))
  (func (export "print_f64") (param f64))
  (func (export "print_i32_f32") (param i32 f32))
  (func (export "print_f64_f64") (param f64 f64))
"#;

/// The parts that need a feature of their own, present only where a script
/// imports them, so that an engine without the feature still runs the others.
const OPTIONAL: [(&str, &str); 2] = [
    ("table64", r#"(table (export "table64") i64 10 20 funcref)"#),
    (
        "shared_memory",
        r#"(memory (export "shared_memory") 1 2 shared)"#,
    ),
];

/// The name of the instance, and of its module.
pub(crate) const NAME: &str = "spectest";

/// The steps that provide what the script imports from `spectest`; none if it
/// imports nothing, or registers an instance of its own under that name.
pub(super) fn steps_for(script: &Script) -> Vec<Step> {
    let own = |step: &Step| matches!(step, Step::Register { name, .. } if name == NAME);
    let imported = imported(script);
    if imported.is_empty() || script.steps.iter().any(own) {
        return Vec::new();
    }
    let optional: String = OPTIONAL
        .iter()
        .filter(|(name, _)| imported.iter().any(|i| i == name))
        .map(|(_, text)| format!("  {text}\n"))
        .collect();
    let text = format!("(module{COMMON}{optional})");
    let wasm = ParseBuffer::new(&text)
        .and_then(|buffer| wast::parser::parse::<Wat<'_>>(&buffer)?.encode())
        .expect("the text is ours");
    let own = || NAME.to_owned();
    vec![
        Step::Define {
            module: own(),
            wasm,
        },
        Step::Instantiate {
            instance: own(),
            module: own(),
        },
        Step::Register {
            instance: own(),
            name: own(),
        },
    ]
}

/// The names that the script's modules import from `spectest`.
fn imported(script: &Script) -> Vec<String> {
    let mut names = Vec::new();
    for step in &script.steps {
        let Step::Define { wasm, .. } = step else {
            continue;
        };
        for payload in Parser::new(0).parse_all(wasm) {
            let Ok(Payload::ImportSection(section)) = payload else {
                continue;
            };
            for import in section.into_imports().flatten() {
                if import.module == NAME {
                    names.push(import.name.to_owned());
                }
            }
        }
    }
    names
}
