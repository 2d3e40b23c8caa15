//! Threads of a script, on threads of the system.

use super::super::Feature;
use super::{I32, Steps, none, value};
use crate::observation::Outcome;
use crate::script::Step;

impl Steps {
    /// Starts a thread that has the shared memories of `shared`.
    fn thread(mut self, name: &str, shared: &str, steps: Steps) -> Self {
        self.0.push(Step::Thread {
            name: name.to_owned(),
            shared: Some(shared.to_owned()),
            steps: steps.0,
        });
        self
    }

    fn wait(mut self, thread: &str) -> Self {
        self.0.push(Step::Wait {
            thread: thread.to_owned(),
        });
        self
    }
}

/// The memory grows before anybody waits: where wasmer reserves nothing, it
/// moves a shared memory that grows, while other threads are in it.
#[test]
fn a_thread_waits_for_what_another_writes() {
    let module = "(module (import \"m\" \"mem\" (memory 1 2 shared))
        (func (export \"take\") (result i32)
          (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))
          (i32.load (i32.const 65536)))
        (func (export \"more\") (result i32)
          (drop (memory.grow (i32.const 1)))
          (memory.size))
        (func (export \"give\") (result i32)
          (i32.store (i32.const 65536) (i32.const 42))
          (i32.atomic.store (i32.const 0) (i32.const 1))
          (drop (memory.atomic.notify (i32.const 0) (i32.const 1)))
          (memory.size)))";
    let body = |func| {
        Steps::default()
            .register("m")
            .module("i", module)
            .call("i", func, &[])
    };
    let joined = |last| Outcome::Joined(vec![none(), none(), none(), value(last)]);
    Steps::default()
        .module(
            "m",
            "(module (memory (export \"mem\") 1 2 shared)
               (func (export \"load\") (param i32) (result i32) (i32.load (local.get 0))))",
        )
        .wait("nobody")
        .thread("grower", "m", body("more"))
        .wait("grower")
        .thread("taker", "m", body("take"))
        .thread("giver", "m", body("give"))
        .wait("taker")
        .wait("giver")
        .wait("taker")
        .call("m", "load", &[I32(65536)])
        .gives(
            &[Feature::Threads],
            &[
                Outcome::Absent,
                none(),
                joined(I32(2)),
                none(),
                none(),
                joined(I32(42)),
                joined(I32(2)),
                Outcome::Absent,
                value(I32(42)),
            ],
        );
}

#[test]
fn a_thread_has_nothing_but_shared_memories() {
    Steps::default()
        .module(
            "m",
            "(module (memory (export \"mem\") 1 1 shared) (func (export \"f\"))
               (memory (export \"own\") 1))",
        )
        .thread(
            "t",
            "m",
            Steps::default()
                .call("m", "f", &[])
                .register("m")
                .call("host", "size m.mem", &[])
                .call("host", "size m.own", &[]),
        )
        .wait("t")
        .thread("u", "nobody", Steps::default())
        .on_all(
            &[Feature::Threads, Feature::MultiMemory],
            |configuration, observation| {
                let outcomes: Vec<&Outcome> =
                    observation.steps[2..].iter().map(|s| &s.outcome).collect();
                let joined = Outcome::Joined(vec![
                    Outcome::Absent,
                    none(),
                    value(super::I64(1)),
                    super::trap(crate::observation::TrapKind::Host),
                ]);
                assert_eq!(
                    outcomes,
                    [&none(), &joined, &Outcome::Absent],
                    "{}",
                    configuration.name()
                );
            },
        );
}
