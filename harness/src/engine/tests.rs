//! What every configuration of every engine has to do with a script.

use trapline_reference::Value;
use trapline_reference::Value::{I32, I64};

use super::verify::encode;
use super::{Budget, Configuration, Feature, Features, Job, all, verify};
use crate::observation::{Observation, Outcome, Stage, TrapKind, Watch, digest};
use crate::script::{Script, Step};

const PAGE: u64 = 65_536;
const FAILED: Value = I32(u32::MAX);

/// A script in the making.
#[derive(Default)]
struct Steps(Vec<Step>);

impl Steps {
    /// Defines and instantiates `text` under `name`.
    fn module(self, name: &str, text: &str) -> Self {
        self.define(name, text).instance(name, name)
    }

    fn define(mut self, module: &str, text: &str) -> Self {
        self.0.push(Step::Define {
            module: module.to_owned(),
            wasm: encode(text),
        });
        self
    }

    fn instance(mut self, instance: &str, module: &str) -> Self {
        self.0.push(Step::Instantiate {
            instance: instance.to_owned(),
            module: module.to_owned(),
        });
        self
    }

    fn register(mut self, name: &str) -> Self {
        self.0.push(Step::Register {
            instance: name.to_owned(),
            name: name.to_owned(),
        });
        self
    }

    fn call(mut self, instance: &str, func: &str, args: &[Value]) -> Self {
        self.0.push(Step::Invoke {
            instance: instance.to_owned(),
            func: func.to_owned(),
            args: args.to_vec(),
        });
        self
    }

    fn get(mut self, instance: &str, global: &str) -> Self {
        self.0.push(Step::Get {
            instance: instance.to_owned(),
            global: global.to_owned(),
        });
        self
    }

    /// Runs it twice on every configuration that has `needs`, and looks at
    /// each run: the second must not see the first.
    fn on_all(self, needs: &[Feature], look: impl Fn(&Configuration, &Observation)) {
        self.within(3 * PAGE, &[], needs, look);
    }

    /// The same with another budget in bytes, looking at these chunks.
    fn within(
        self,
        memory_bytes: u64,
        chunks: &[u64],
        needs: &[Feature],
        look: impl Fn(&Configuration, &Observation),
    ) {
        let script = Script { steps: self.0 };
        let watch = Watch {
            full: 8,
            full_after_trap: 8,
            chunks: chunks.to_vec(),
        };
        let budget = Budget { memory_bytes };
        let job = Job::new(&script, budget, &watch, &[]);
        for configuration in all() {
            if needs.iter().any(|&f| !configuration.features.has(f)) {
                continue;
            }
            let mut engine = (configuration.build)().expect(configuration.name);
            for _ in 0..2 {
                look(&configuration, &engine.observe(&job));
            }
        }
    }

    /// Runs it and compares the outcomes after the definitions, instantiations
    /// and registrations, all of which have to succeed.
    fn gives(self, needs: &[Feature], expected: &[Outcome]) {
        self.on_all(needs, |configuration, observation| {
            let outcomes: Vec<&Outcome> = observation
                .steps
                .iter()
                .map(|step| &step.outcome)
                .skip_while(|outcome| **outcome == none())
                .collect();
            assert_eq!(
                outcomes,
                expected.iter().collect::<Vec<_>>(),
                "{}",
                configuration.name
            );
        });
    }
}

fn none() -> Outcome {
    Outcome::Values(Vec::new())
}

fn value(value: Value) -> Outcome {
    Outcome::Values(vec![value])
}

fn trap(kind: TrapKind) -> Outcome {
    Outcome::Trap(vec![kind])
}

#[test]
fn declared_features_are_real() {
    for configuration in all() {
        let differences = verify(&configuration).expect(configuration.name);
        let told: Vec<String> = differences.iter().map(ToString::to_string).collect();
        assert!(told.is_empty(), "{}: {told:?}", configuration.name);
    }
}

#[test]
fn a_wrong_declaration_is_told() {
    for mut configuration in all() {
        let real = configuration.features;
        for feature in [Feature::Memory64, Feature::ExtendedConst] {
            configuration.features = if real.has(feature) {
                real.without(Features::of(&[feature]))
            } else {
                let mut more = real;
                more.insert(feature);
                more
            };
            let differences = verify(&configuration).expect(configuration.name);
            let [difference] = &differences[..] else {
                panic!("{}: {differences:?}", configuration.name);
            };
            assert_eq!(
                (difference.feature, difference.declared),
                (feature, !real.has(feature)),
                "{}",
                configuration.name
            );
        }
    }
}

#[test]
fn names_are_unique_and_versions_are_those_of_the_lock_file() {
    let lock = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock"));
    let mut names = Vec::new();
    for Configuration { name, version, .. } in all() {
        let (engine, _) = name.split_once('/').expect("engine/variant");
        let package = format!("name = \"{engine}\"\nversion = \"{version}\"\n");
        assert!(lock.contains(&package), "{name} {version}");
        assert!(!names.contains(&name), "{name} twice");
        names.push(name);
    }
}

const MEMORY: &str = "(module
    (memory (export \"mem\") 1)
    (func (export \"size\") (result i32) (memory.size))
    (func (export \"grow\") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export \"load\") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export \"store\") (param i32 i32) (i32.store (local.get 0) (local.get 1))))";

#[test]
fn a_memory_grows_within_the_budget_and_traps_beyond_its_end() {
    Steps::default()
        .module("m", MEMORY)
        .call("m", "size", &[])
        .call("m", "load", &[I32(65_532)])
        .call("m", "load", &[I32(65_533)])
        .call("m", "load", &[I32(0xffff_fffd)])
        .call("m", "grow", &[I32(1)])
        .call("m", "grow", &[I32(0x1_0000)])
        .call("m", "grow", &[I32(1)])
        .call("m", "store", &[I32(0x2_fffc), I32(7)])
        .call("m", "grow", &[I32(1)])
        .call("m", "grow", &[I32(u32::MAX)])
        .call("m", "size", &[])
        .call("m", "load", &[I32(0x2_fffc)])
        .gives(
            &[],
            &[
                value(I32(1)),
                value(I32(0)),
                trap(TrapKind::OutOfBoundsMemory),
                trap(TrapKind::OutOfBoundsMemory),
                value(I32(1)),
                value(FAILED),
                value(I32(2)),
                none(),
                value(FAILED),
                value(FAILED),
                value(I32(3)),
                value(I32(7)),
            ],
        );
}

#[test]
fn memories_are_looked_at_after_a_trap_and_at_the_end() {
    Steps::default()
        .module("m", MEMORY)
        .call("m", "store", &[I32(65_536), I32(1)])
        .call("m", "store", &[I32(16), I32(1)])
        .on_all(&[], |configuration, observation| {
            let name = configuration.name;
            let looked: Vec<usize> = observation.steps.iter().map(|s| s.memories.len()).collect();
            assert_eq!(looked, [0, 0, 1, 1], "{name}");
            let [before, after] = [2, 3].map(|step| &observation.steps[step].memories[0]);
            assert_eq!(before.bytes, u128::from(PAGE), "{name}");
            assert_eq!(before.chunks.len(), 1, "{name}");
            assert_eq!(before.chunks[0].digest, 0, "{name}");
            let mut bytes = vec![0; PAGE as usize];
            bytes[16] = 1;
            assert_eq!(after.chunks[0].digest, digest(&bytes), "{name}");
        });
}

#[test]
fn a_memory_beyond_the_budget_is_a_limit() {
    Steps::default()
        .module("m", "(module (memory (export \"mem\") 4))")
        .on_all(&[], |configuration, observation| {
            let outcome = &observation.steps[1].outcome;
            assert!(
                matches!(outcome, Outcome::Limit(_)),
                "{}: {outcome:?}",
                configuration.name
            );
        });
}

#[test]
fn the_host_works_on_registered_memories() {
    let steps = |instance| {
        Steps::default()
            .module("m", MEMORY)
            .register("m")
            .module(
                "h",
                "(module
                   (import \"host\" \"grow m.mem\" (func $grow (param i64) (result i64)))
                   (import \"host\" \"size m.mem\" (func $size (result i64)))
                   (import \"host\" \"read m.mem\" (func $read (param i64) (result i64)))
                   (import \"host\" \"write m.mem\" (func $write (param i64 i32) (result i32)))
                   (import \"host\" \"size nobody.mem\" (func $nobody (result i64)))
                   (export \"grow m.mem\" (func $grow))
                   (export \"size m.mem\" (func $size))
                   (export \"read m.mem\" (func $read))
                   (export \"write m.mem\" (func $write))
                   (export \"size nobody.mem\" (func $nobody)))",
            )
            .call(instance, "size m.mem", &[])
            .call(instance, "write m.mem", &[I64(65_535), I32(0x1ff)])
            .call(instance, "write m.mem", &[I64(65_536), I32(1)])
            .call(instance, "write m.mem", &[I64(u64::MAX), I32(1)])
            .call(instance, "read m.mem", &[I64(65_535)])
            .call(instance, "read m.mem", &[I64(65_536)])
            .call(instance, "grow m.mem", &[I64(1)])
            .call(instance, "grow m.mem", &[I64(2)])
            .call(instance, "grow m.mem", &[I64(1 << 48)])
            .call(instance, "size nobody.mem", &[])
            .call("m", "size", &[])
    };
    for instance in ["h", "host"] {
        steps(instance).gives(
            &[],
            &[
                value(I64(1)),
                value(I32(0)),
                value(FAILED),
                value(FAILED),
                value(I64(255)),
                value(I64(u64::MAX)),
                value(I64(1)),
                value(I64(u64::MAX)),
                value(I64(u64::MAX)),
                trap(TrapKind::Host),
                value(I32(2)),
            ],
        );
    }
}

#[test]
fn imports_that_are_missing_or_of_another_type_do_not_link() {
    for import in [
        "(import \"m\" \"absent\" (memory 1))",
        "(import \"nobody\" \"mem\" (memory 1))",
        "(import \"m\" \"mem\" (memory 2))",
        "(import \"m\" \"mem\" (memory 1 2))",
        "(import \"m\" \"size\" (memory 1))",
        "(import \"m\" \"size\" (func (result i64)))",
        "(import \"host\" \"shrink m.mem\" (func))",
        "(import \"host\" \"size m.mem\" (func (result i32)))",
    ] {
        Steps::default()
            .module("m", MEMORY)
            .register("m")
            .module("i", &format!("(module {import})"))
            .call("i", "f", &[])
            .on_all(&[], |configuration, observation| {
                let outcomes = [4, 5].map(|step| &observation.steps[step].outcome);
                assert!(
                    matches!(
                        outcomes,
                        [
                            Outcome::Rejected {
                                stage: Stage::Link,
                                ..
                            },
                            Outcome::Absent
                        ]
                    ),
                    "{}: {import}: {outcomes:?}",
                    configuration.name
                );
            });
    }
}

#[test]
fn what_is_not_valid_is_rejected() {
    Steps::default()
        .module(
            "m",
            "(module (memory 1) (func (drop (i32.load8_u align=2 (i64.const 0)))))",
        )
        .on_all(&[], |configuration, observation| {
            let outcome = &observation.steps[0].outcome;
            assert!(
                matches!(
                    outcome,
                    Outcome::Rejected {
                        stage: Stage::Compile,
                        ..
                    }
                ),
                "{}: {outcome:?}",
                configuration.name
            );
        });
}

#[test]
fn what_an_instantiation_wrote_before_it_trapped_stays() {
    let import = "(import \"m\" \"mem\" (memory 1))";
    for (rest, kind) in [
        (
            "(data (i32.const 8) \"\\07\") (data (i32.const 65536) \"x\")",
            TrapKind::OutOfBoundsMemory,
        ),
        (
            "(func $f (i32.store8 (i32.const 8) (i32.const 7)) unreachable) (start $f)",
            TrapKind::Unreachable,
        ),
    ] {
        Steps::default()
            .module("m", MEMORY)
            .register("m")
            .module("i", &format!("(module {import} {rest})"))
            .call("m", "load", &[I32(8)])
            .gives(&[], &[trap(kind), value(I32(7))]);
    }
    Steps::default()
        .module(
            "i",
            "(module (table 1 funcref) (func $f) (elem (i32.const 1) $f))",
        )
        .on_all(&[], |configuration, observation| {
            let outcome = &observation.steps[1].outcome;
            assert!(
                matches!(outcome, Outcome::Trap(kinds) if kinds.contains(&TrapKind::OutOfBoundsTable)),
                "{}: {outcome:?}",
                configuration.name
            );
        });
}

#[test]
fn every_trap_has_its_kind() {
    let module = "(module
        (type $t (func)) (table 2 funcref) (elem (i32.const 0) $f) (func $f (param i32))
        (memory 1)
        (func (export \"unreachable\") unreachable)
        (func (export \"zero\") (drop (i32.div_u (i32.const 1) (i32.const 0))))
        (func (export \"overflow\") (drop (i32.div_s (i32.const 0x80000000) (i32.const -1))))
        (func (export \"nan\") (drop (i32.trunc_f32_s (f32.const nan))))
        (func (export \"type\") (call_indirect (type $t) (i32.const 0)))
        (func (export \"null\") (call_indirect (type $t) (i32.const 1)))
        (func (export \"fill\") (memory.fill (i32.const 65535) (i32.const 0) (i32.const 2)))
        (func $deep (export \"deep\") (param i64 i64) (result i64)
          (i64.add (call $deep (local.get 1) (local.get 0)) (local.get 0))))";
    Steps::default()
        .module("m", module)
        .call("m", "unreachable", &[])
        .call("m", "zero", &[])
        .call("m", "overflow", &[])
        .call("m", "nan", &[])
        .call("m", "type", &[])
        .call("m", "null", &[])
        .call("m", "fill", &[])
        .call("m", "deep", &[I64(0), I64(0)])
        .call("m", "unreachable", &[])
        .gives(
            &[],
            &[
                trap(TrapKind::Unreachable),
                trap(TrapKind::DivisionByZero),
                trap(TrapKind::IntegerOverflow),
                trap(TrapKind::InvalidConversion),
                trap(TrapKind::IndirectCallType),
                trap(TrapKind::NullElement),
                trap(TrapKind::OutOfBoundsMemory),
                // Where the script stops.
                Outcome::Exhausted,
            ],
        );
}

#[test]
fn shared_memories_grow_and_are_looked_at() {
    Steps::default()
        .module(
            "m",
            "(module
               (memory (export \"mem\") 1 3 shared)
               (func (export \"add\") (param i32) (result i32)
                 (i32.atomic.rmw.add (local.get 0) (i32.const 1)))
               (func (export \"grow\") (param i32) (result i32) (memory.grow (local.get 0))))",
        )
        .register("m")
        .call("host", "write m.mem", &[I64(65_532), I32(5)])
        .call("m", "add", &[I32(65_532)])
        .call("m", "add", &[I32(65_536)])
        .call("m", "add", &[I32(2)])
        .call("host", "grow m.mem", &[I64(1)])
        .call("m", "grow", &[I32(1)])
        .call("m", "grow", &[I32(1)])
        .call("host", "read m.mem", &[I64(65_532)])
        .gives(
            &[Feature::Threads],
            &[
                value(I32(0)),
                value(I32(5)),
                trap(TrapKind::OutOfBoundsMemory),
                trap(TrapKind::UnalignedAtomic),
                value(I64(1)),
                value(I32(2)),
                value(FAILED),
                value(I64(6)),
            ],
        );
}

#[test]
fn nothing_of_a_dropped_instance_is_seen_by_the_next() {
    let module = "(module
        (memory (export \"mem\") 2) (data (i32.const 4) \"\\01\")
        (global (export \"g\") (mut i32) (i32.const 3))
        (func (export \"set\") (i64.store (i32.const 0) (i64.const -1))
          (i64.store (i32.const 0x1fff8) (i64.const -1)) (global.set 0 (i32.const 4)))
        (func (export \"get\") (result i64)
          (i64.or (i64.load (i32.const 0)) (i64.load (i32.const 0x1fff8)))))";
    Steps::default()
        .define("m", module)
        .instance("a", "m")
        .instance("b", "m")
        .call("a", "set", &[])
        .call("b", "get", &[])
        .instance("a", "m")
        .call("a", "get", &[])
        .get("a", "g")
        .gives(
            &[],
            &[
                value(I64(1 << 32)),
                none(),
                value(I64(1 << 32)),
                value(I32(3)),
            ],
        );
}

#[test]
fn bits_of_floats_pass_unchanged() {
    let quiet = 0xffc0_1234;
    let signalling = 0x7ff0_0000_0000_0001;
    Steps::default()
        .module(
            "m",
            "(module (func (export \"f\") (param f32 f64) (result f64 f32)
               (local.get 1) (local.get 0)))",
        )
        .call("m", "f", &[Value::F32(quiet), Value::F64(signalling)])
        .gives(
            &[],
            &[Outcome::Values(vec![
                Value::F64(signalling),
                Value::F32(quiet),
            ])],
        );
}

#[test]
fn what_never_ends_is_interrupted_where_somebody_counts() {
    let script = Script {
        steps: Steps::default()
            .module("m", "(module (func (export \"spin\") (loop (br 0))))")
            .call("m", "spin", &[])
            .0,
    };
    let budget = Budget { memory_bytes: PAGE };
    let watch = Watch::default();
    let job = Job::new(&script, budget, &watch, &[]);
    for configuration in all() {
        let name = configuration.name;
        if ["+fuel", "+epochs", "+metered"]
            .iter()
            .any(|c| name.ends_with(c))
        {
            let mut engine = (configuration.build)().expect(name);
            let last = engine.observe(&job).steps.pop().expect("three steps");
            assert_eq!(last.outcome, Outcome::Interrupted, "{name}");
        }
    }
}

/// The most memory that this process ever had resident, in MiB; for want of a
/// portable way only known where there is a `/proc`.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kib.map_or(0, |kib| kib.parse::<u64>().expect("a number")) / 1024
}

/// Calls `store` with the last address of a memory that `text` defines and `grow`
/// grows by `delta`; it has to be there, and next to nothing else, or resources
/// have to be lacking.
fn is_sparse(text: &str, needs: &[Feature], delta: Value, size: u64, last: Value) {
    let mut chunk = vec![0; PAGE as usize];
    chunk[PAGE as usize - 1] = 1;
    Steps::default()
        .module("m", text)
        .call("m", "grow", &[delta])
        .call("m", "store", &[last])
        .within(
            8 << 30,
            &[size / PAGE - 1],
            needs,
            |configuration, observation| {
                let name = configuration.name;
                let lacking = observation
                    .steps
                    .iter()
                    .any(|step| matches!(step.outcome, Outcome::Limit(_)));
                if !lacking {
                    let last = observation.steps.last().expect("four steps");
                    assert_eq!(last.outcome, none(), "{name}");
                    assert_eq!(last.memories[0].bytes, u128::from(size), "{name}");
                    let digests: Vec<u64> =
                        last.memories[0].chunks.iter().map(|c| c.digest).collect();
                    assert_eq!(digests, [digest(&chunk)], "{name}");
                }
                assert!(peak() < 1024, "{name}: {} MiB resident", peak());
            },
        );
}

#[test]
fn large_memories_take_what_is_written() {
    let functions = |ty: &str| {
        format!(
            "(func (export \"grow\") (param {ty}) (result {ty}) (memory.grow (local.get 0)))
             (func (export \"store\") (param {ty}) (i32.store8 (local.get 0) (i32.const 1)))"
        )
    };
    for minimum in [0, 0x8000, 0xffff] {
        let text = format!(
            "(module (memory (export \"mem\") {minimum}) {})",
            functions("i32")
        );
        let delta = I32(0x1_0000 - minimum);
        is_sparse(&text, &[], delta, 1 << 32, I32(u32::MAX));
    }
    for minimum in [0, 0x1_0000, 0x1_3fff] {
        let text = format!(
            "(module (memory (export \"mem\") i64 {minimum}) {})",
            functions("i64")
        );
        let delta = I64(0x1_4000 - minimum);
        is_sparse(
            &text,
            &[Feature::Memory64],
            delta,
            5 << 30,
            I64((5 << 30) - 1),
        );
    }
}
