//! Whether a configuration can run what it declares, and nothing more.

use trapline_reference::Value;

use super::{Budget, Configuration, Engine, Feature, Job};
use crate::observation::{Outcome, Watch};
use crate::script::{Script, Step};

/// A feature of a configuration about which its declaration is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The feature.
    pub feature: Feature,
    /// What happened: the feature is declared where this is an outcome other
    /// than the right values, and not declared where it is the right values.
    pub outcome: Outcome,
    /// Whether it is declared.
    pub declared: bool,
}

impl Difference {
    /// Whether the feature is there, as declared, and gave a wrong value: a bug
    /// of the engine, which a campaign finds, and not of the declaration.
    pub fn is_bug(&self) -> bool {
        self.declared && matches!(self.outcome, Outcome::Values(_))
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let feature = self.feature.name();
        if self.is_bug() {
            write!(f, "has {feature}, with a bug: gives {:?}", self.outcome)
        } else if self.declared {
            write!(f, "declares {feature}, but gives {:?}", self.outcome)
        } else {
            write!(f, "does not declare {feature}, but runs it")
        }
    }
}

/// Runs a small module for each feature in scope on a configuration and says
/// where the declared features and reality differ.
///
/// # Errors
///
/// The reason why the configuration cannot be built on this machine.
pub fn verify(configuration: &Configuration) -> Result<Vec<Difference>, String> {
    let mut engine = configuration.build()?;
    Ok(Feature::ALL
        .into_iter()
        .filter_map(|feature| {
            let outcome = probe(engine.as_mut(), module_for(feature)?);
            let declared = configuration.features.has(feature);
            let runs = outcome == right();
            (runs != declared).then_some(Difference {
                feature,
                outcome,
                declared,
            })
        })
        .collect())
}

/// What every module of [`module_for`] has to answer.
fn right() -> Outcome {
    Outcome::Values(vec![Value::I32(42)])
}

/// The outcome of `run` in `text`, or of the step before it that failed.
fn probe(engine: &mut dyn Engine, text: &str) -> Outcome {
    let script = Script {
        steps: vec![
            Step::Define {
                module: "m".to_owned(),
                wasm: encode(text),
            },
            Step::Instantiate {
                instance: "i".to_owned(),
                module: "m".to_owned(),
            },
            Step::Invoke {
                instance: "i".to_owned(),
                func: "run".to_owned(),
                args: Vec::new(),
            },
        ],
    };
    let budget = Budget::of(1 << 22);
    let watch = Watch::default();
    let job = Job::new(&script, budget, &watch, &[]).regardless_of_features();
    let observation = engine.observe(&job);
    observation
        .steps
        .into_iter()
        .map(|step| step.outcome)
        .find(|outcome| *outcome != Outcome::Values(Vec::new()))
        .unwrap_or(Outcome::Absent)
}

pub(super) fn encode(text: &str) -> Vec<u8> {
    let buffer = wast::parser::ParseBuffer::new(text).expect("a text of ours");
    let mut module = wast::parser::parse::<wast::Wat<'_>>(&buffer).expect("a text of ours");
    module.encode().expect("a text of ours")
}

/// A module that needs the feature for the answer its function `run` gives;
/// `None` for what no configuration may declare.
fn module_for(feature: Feature) -> Option<&'static str> {
    Some(match feature {
        Feature::Memory64 => {
            "(module
               (memory i64 1)
               (table i64 1 funcref)
               (func (export \"run\") (result i32)
                 (i32.store offset=0x8000 (i64.const 0x7ffc) (i32.const 42))
                 (drop (table.size))
                 (i32.load (i64.const 0xfffc))))"
        }
        Feature::MultiMemory => {
            "(module
               (memory 1) (memory $b 1)
               (func (export \"run\") (result i32)
                 (i32.store $b (i32.const 8) (i32.const 42))
                 (memory.copy 0 $b (i32.const 0) (i32.const 8) (i32.const 4))
                 (i32.load (i32.const 0))))"
        }
        Feature::Threads => {
            "(module
               (memory 1 64 shared)
               (func (export \"run\") (result i32)
                 (drop (i32.atomic.rmw.add (i32.const 4) (memory.grow (i32.const 41))))
                 (atomic.fence)
                 (i32.atomic.store (i32.const 0x29fffc)
                   (i32.sub (memory.size) (i32.atomic.load (i32.const 4))))
                 (i32.add (i32.const 1) (i32.atomic.load (i32.const 0x29fffc)))))"
        }
        Feature::Atomics => {
            "(module
               (memory 1)
               (func (export \"run\") (result i32)
                 (drop (i32.atomic.rmw.add (i32.const 4) (i32.const 42)))
                 (atomic.fence)
                 (drop (memory.atomic.notify (i32.const 4) (i32.const 1)))
                 (i32.atomic.load (i32.const 4))))"
        }
        Feature::CustomPageSizes => {
            "(module
               (memory 41 (pagesize 1))
               (func (export \"run\") (result i32)
                 (drop (memory.grow (i32.const 1)))
                 (memory.size)))"
        }
        Feature::Simd => {
            "(module
               (memory 1)
               (data (i32.const 0) \"\\2a\")
               (func (export \"run\") (result i32)
                 (v128.store32_lane 1 (i32.const 16) (v128.load32_splat (i32.const 0)))
                 (v128.store (i32.const 32)
                   (v128.or (v128.load8x8_u (i32.const 16)) (v128.load64_zero (i32.const 8))))
                 (i32x4.extract_lane 0
                   (v128.load8_lane 0 (i32.const 32) (v128.const i64x2 0 0)))))"
        }
        Feature::TailCall => {
            "(module
               (func $f (result i32) (i32.const 42))
               (func (export \"run\") (result i32) (return_call $f)))"
        }
        Feature::ExternRef => {
            "(module
               (table 1 externref)
               (func (export \"run\") (result i32)
                 (table.set (i32.const 0) (ref.null extern))
                 (i32.add (i32.const 41) (ref.is_null (table.get (i32.const 0))))))"
        }
        Feature::ExtendedConst => {
            "(module
               (memory 1)
               (data (i32.add (i32.const 3) (i32.mul (i32.const 2) (i32.const 2))) \"\\2a\")
               (func (export \"run\") (result i32) (i32.load8_u (i32.const 7))))"
        }
        Feature::OutOfScope => return None,
    })
}
