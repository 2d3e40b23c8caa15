//! The worked examples of `docs/protocol.md` are what the code sends.

use serde_json::Value;

use super::protocol::{self, Declared, Interface, Reply, Request, VERSION};
use crate::engine::{Budget, Feature, Features, ModuleFacts};
use crate::observation::{Observation, Outcome, StepObservation, Timing, Watch};
use crate::script::{self, Script, Step};

/// The blocks of the guide in a language, in the order in which it shows them.
fn blocks(language: &str) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    let mut inside = false;
    for line in include_str!("../../docs/protocol.md").lines() {
        match line.strip_prefix("```") {
            Some(opened) => {
                inside = opened == language;
                if inside {
                    blocks.push(String::new());
                }
            }
            None if inside => {
                let block = blocks.last_mut().expect("one is open");
                block.push_str(line);
                block.push('\n');
            }
            None => {}
        }
    }
    blocks
}

/// The bytes of a block. What follows two spaces is said of the bytes in front.
fn bytes(block: &str) -> Vec<u8> {
    let lines = block
        .lines()
        .map(|line| line.split("  ").next().unwrap_or_default());
    let bytes = lines.flat_map(|line| line.split(' '));
    bytes
        .map(|byte| u8::from_str_radix(byte, 16).expect(byte))
        .collect()
}

fn written(message: &impl serde::Serialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    protocol::write(&mut bytes, message).expect("it is short");
    bytes
}

fn hello() -> Reply {
    Reply::Hello {
        version: VERSION,
        configurations: vec![Declared {
            name: "demo/one".to_owned(),
            version: "1.0".to_owned(),
            about: String::new(),
            features: Features::of(&[Feature::MultiMemory, Feature::Threads]),
        }],
    }
}

fn request() -> Request {
    let wasm = b"\0asm\x01\0\0\0\x01\x05\x01\x60\0\x01\x7f\x03\x02\x01\0\
                 \x07\x05\x01\x01f\0\0\x0a\x06\x01\x04\0\x41\x07\x0b";
    let steps = vec![
        Step::Define {
            module: "m".to_owned(),
            wasm: wasm.to_vec(),
        },
        Step::Instantiate {
            instance: "i".to_owned(),
            module: "m".to_owned(),
        },
        Step::Invoke {
            instance: "i".to_owned(),
            func: "f".to_owned(),
            args: Vec::new(),
        },
    ];
    let facts = ModuleFacts {
        needs: Features::NONE,
        memories: Vec::<String>::new().into(),
    };
    Request {
        id: 1,
        script: Script { steps },
        modules: vec![Some(facts), None, None],
        interfaces: Vec::new(),
        budget: Budget::of(1 << 20),
        watch: Watch {
            full: 32,
            full_after_trap: 2,
            chunks: Vec::new(),
            traps: None,
        },
        captures: Vec::new(),
        past_exhaustion: false,
        runs: 1,
        configurations: vec!["demo/one".to_owned()],
    }
}

fn observed() -> Reply {
    let step = |values| StepObservation {
        outcome: Outcome::Values(values),
        memories: Vec::new(),
    };
    Reply::Observed {
        id: 1,
        configuration: 0,
        observation: Ok(Observation {
            steps: vec![
                step(vec![]),
                step(vec![]),
                step(vec![script::Value::I32(7)]),
            ],
            captured: Vec::new(),
            timing: Timing::default(),
            repeats: Vec::new(),
        }),
    }
}

#[test]
fn the_bytes_of_the_guide_are_what_is_sent() {
    let shown: Vec<Vec<u8>> = blocks("hex").iter().map(|block| bytes(block)).collect();
    let sent = [written(&hello()), written(&request()), written(&observed())];
    assert_eq!(shown, sent);
}

#[test]
fn the_json_of_the_guide_is_what_is_sent() {
    let shown: Vec<Value> = blocks("json")
        .iter()
        .map(|block| serde_json::from_str(block).expect(block))
        .collect();
    let mut request = request();
    request.interfaces = Interface::of_modules(&request.script);
    let sent = [
        serde_json::to_value(hello()).expect("it is JSON"),
        serde_json::to_value(request).expect("it is JSON"),
        serde_json::to_value(observed()).expect("it is JSON"),
    ];
    assert_eq!(shown, sent);
}
