//! What would not end, or would wait, is known before anybody is asked.

use super::*;

/// Does as the reference, and notes how many steps it was sent. With a fault it
/// answers the first call wrong.
struct Sent {
    steps: Vec<usize>,
    is_wrong: bool,
}

impl Runner for Sent {
    fn run(&mut self, job: &Job<'_>, _: &[&str]) -> Result<Vec<Answer>, String> {
        self.steps.push(job.script.steps.len());
        let options = reference::Options::default();
        let mut observation = reference::observe(job, &options).observation;
        let call = job
            .script
            .steps
            .iter()
            .position(|s| matches!(s, Step::Invoke { .. }));
        if let (true, Some(call)) = (self.is_wrong, call) {
            observation.steps[call].outcome = Outcome::Values(vec![]);
        }
        Ok(vec![Answer::Observed(observation)])
    }
}

/// The verdict, and how many steps were sent.
fn sent(text: &str, budget: Budget, is_wrong: bool) -> (Verdict, usize) {
    let script = wast::parse("test.wast", text.as_bytes()).unwrap().script;
    let mut runner = Sent {
        steps: vec![],
        is_wrong,
    };
    let trial = try_script(&script, budget, &mut runner, &["engine"]).unwrap();
    (trial.judged[0].verdict.clone(), runner.steps[0])
}

fn waiting(timeout: &str) -> String {
    format!(
        r#"(module (memory 1 1 shared)
             (func (export "one") (result i32) (i32.const 1))
             (func (export "wait") (result i32)
               (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const {timeout}))))
           (invoke "one") (invoke "wait") (invoke "one")"#
    )
}

#[test]
fn a_wait_that_nobody_ends_is_not_sent_whatever_its_timeout() {
    let budget = Budget::of(1 << 20);
    let blocks = Verdict::Skipped("would block".to_owned());
    for long in [
        "-1",
        "0x8000000000000000",
        "1_000_000_000",
        "0x7fffffffffffffff",
    ] {
        assert_eq!(
            sent(&waiting(long), budget, false),
            (blocks.clone(), 3),
            "{long}"
        );
        // What stands before it is judged.
        let (verdict, steps) = sent(&waiting(long), budget, true);
        assert!(matches!(verdict, Verdict::Diverges(_)), "{long}");
        assert_eq!(steps, 3);
    }
    for short in ["0", "1000", "1_000_000"] {
        assert_eq!(
            sent(&waiting(short), budget, false),
            (Verdict::Conforms, 5),
            "{short}"
        );
    }
}

#[test]
fn a_wait_blocks_in_a_start_function_and_where_nobody_happens_to_notify() {
    let budget = Budget::of(1 << 20);
    let start = r#"(module (memory 1 1 shared) (func $w (drop
        (memory.atomic.wait64 (i32.const 8) (i64.const 0) (i64.const -1)))) (start $w))"#;
    assert_eq!(sent(start, budget, false).1, 1);
    // Somebody could have, but did so before.
    let late = r#"(module (memory 1 1 shared)
        (func (export "n") (result i32) (memory.atomic.notify (i32.const 0) (i32.const 1)))
        (func (export "w") (result i32)
          (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 5_000_000_000))))
      (invoke "n") (invoke "w") (invoke "n")"#;
    assert_eq!(
        sent(late, budget, false),
        (Verdict::Skipped("would block".to_owned()), 3)
    );
    // A value that is not expected does not wait.
    let other = late.replace(
        "(i32.const 0) (i32.const 0) (i64",
        "(i32.const 0) (i32.const 1) (i64",
    );
    assert_eq!(sent(&other, budget, false), (Verdict::Conforms, 5));
}

#[test]
fn what_runs_out_of_fuel_is_not_sent_and_more_fuel_sends_it() {
    let text = r#"(module (func (export "one") (result i32) (i32.const 1))
        (func (export "spin") (param i32)
          (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))
      (invoke "one") (invoke "spin" (i32.const 1000)) (invoke "one")"#;
    let fuel = |fuel| Budget {
        fuel,
        ..Budget::of(1 << 20)
    };
    let (verdict, steps) = sent(text, fuel(1000), false);
    let Verdict::Skipped(why) = verdict else {
        panic!("{verdict:?}");
    };
    assert!(
        why.contains("1000 instructions") && why.contains("--fuel"),
        "{why}"
    );
    assert_eq!(steps, 3);
    assert!(matches!(
        sent(text, fuel(1000), true).0,
        Verdict::Diverges(_)
    ));
    assert_eq!(sent(text, fuel(10_000), false), (Verdict::Conforms, 5));
}
