//! What every configuration of every engine has to do with a script.

mod declared;
mod limits;
mod link;
mod steps;
mod threads;

use std::path::Path;
use std::sync::LazyLock;

use trapline_reference::Value;
use trapline_reference::Value::{I32, I64};

use super::{Configuration, Feature, all};
use crate::observation::{Outcome, Stage, TrapKind, digest};
use crate::workers::{Catalogue, Options};
use steps::{Steps, none, trap, value};

const PAGE: u64 = 65_536;
const FAILED: Value = I32(u32::MAX);

/// Everything that is linked in, and the JavaScript engines of this machine that
/// can be held to a budget.
fn here() -> impl Iterator<Item = Configuration> {
    static JAVASCRIPT: LazyLock<Vec<Configuration>> = LazyLock::new(|| javascript("node"));
    all().into_iter().chain(JAVASCRIPT.iter().cloned())
}

/// The configurations of a JavaScript engine, if this machine has it; it is said
/// if not.
fn javascript(engine: &str) -> Vec<Configuration> {
    let catalogue = Catalogue::new(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    let chosen = catalogue.select(&[engine], Options::default(), &mut |said| {
        eprintln!("{said}")
    });
    chosen.unwrap_or_else(|why| {
        eprintln!("skipped: {why}");
        Vec::new()
    })
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
            let name = configuration.name();
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
                configuration.name()
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
                configuration.name()
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
