//! Scripts with threads, on the reference and on engines.

use super::*;

/// Scripts with threads, as the threads proposal has them: handing over by
/// notification, message passing, and a wait that nobody ends.
const THREADS: [(&str, &str); 3] = [
    (
        "notify",
        r#"(module $Mem (memory (export "shared") 1 1 shared))
(thread $T1 (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    (func (export "run") (result i32)
      (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))
  (assert_return (invoke "run") (i32.const 0)))
(thread $T2 (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    (func (export "notify-0") (result i32)
      (memory.atomic.notify (i32.const 0) (i32.const 0)))
    (func (export "notify-1-while")
      (loop
        (i32.const 1)
        (memory.atomic.notify (i32.const 0) (i32.const 1))
        (i32.ne)
        (br_if 0))))
  (assert_return (invoke "notify-0") (i32.const 0))
  (assert_return (invoke "notify-1-while")))
(wait $T1)
(wait $T2)
"#,
    ),
    (
        "message passing",
        r#"(module $Mem (memory (export "shared") 1 1 shared))
(thread $T1 (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 10 shared)
    (func (export "run")
      (i32.store (i32.const 0) (i32.const 42))
      (i32.atomic.store (i32.const 4) (i32.const 1))))
  (invoke "run"))
(thread $T2 (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    (func (export "run") (result i32)
      (loop (br_if 0 (i32.eqz (i32.atomic.load (i32.const 4)))))
      (i32.load (i32.const 0))))
  (assert_return (invoke "run") (either (i32.const 42) (i32.const 43))))
(wait $T1)
(wait $T2)
"#,
    ),
    (
        "timeout",
        r#"(module $Mem (memory (export "shared") 1 1 shared))
(thread $T (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    (func (export "wait") (param i32 i64) (result i32)
      (memory.atomic.wait32 (local.get 0) (i32.const 0) (local.get 1))))
  (assert_return (invoke "wait" (i32.const 0) (i64.const 1000000)) (i32.const 2))
  (assert_trap (invoke "wait" (i32.const 2) (i64.const 0)) "unaligned atomic"))
(wait $T)
"#,
    ),
];

fn threads() -> Group {
    Group {
        name: "threads of scripts".to_owned(),
        proposals: Proposals::ALL,
        files: THREADS
            .iter()
            .map(|(name, text)| File {
                name: (*name).to_owned(),
                text: text.as_bytes().into(),
            })
            .collect(),
    }
}

#[test]
fn threads_of_scripts_take_turns_on_the_reference() {
    let mut group = threads();
    let tally = run(&group, &mut Subject::Reference).expect("it runs");
    assert_eq!(tally.failures, []);
    assert!(tally.skipped.is_empty(), "{:?}", tally.skipped);
    assert_eq!(tally.passed, 5, "one for each thread");
    // That the threads are judged: with another expectation one fails.
    let wrong = THREADS[1].1.replace("(i32.const 43)", "(i32.const 44)");
    let wrong = wrong.replace(
        "(i32.const 42) (i32.const 44)",
        "(i32.const 43) (i32.const 44)",
    );
    group.files.truncate(1);
    group.files[0].text = wrong.into_bytes().into();
    let tally = run(&group, &mut Subject::Reference).expect("it runs");
    assert_eq!(tally.failures.len(), 1);
    assert!(
        tally.failures[0]
            .what
            .starts_with("in the thread, line 17: expected either"),
        "{}",
        tally.failures[0]
    );
}

/// On real threads, on every engine that has them.
#[test]
fn threads_of_scripts_run_on_engines() {
    let group = threads();
    let configurations = trapline_harness::engine::all();
    let mut runner = InProcess::new(trapline_harness::engine::all());
    for configuration in configurations {
        let mut subject = Subject::Engine {
            configuration: configuration.name(),
            runner: &mut runner,
        };
        let tally = run(&group, &mut subject).expect("it runs");
        assert_eq!(tally.failures, [], "{}", configuration.name());
        let has = configuration.features.has(Feature::Threads);
        assert_eq!(
            tally.passed,
            if has { 5 } else { 0 },
            "{}",
            configuration.name()
        );
    }
}
