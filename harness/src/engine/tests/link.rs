//! Between instances, and between an instance and its embedder.

use super::{FAILED, I32, I64, MEMORY, Steps, trap, value};
use crate::observation::{Outcome, Stage, TrapKind};

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
                    configuration.name()
                );
            });
    }
}
