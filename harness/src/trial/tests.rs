use std::cell::RefCell;

use trapline_reference::Value;

use super::*;
use crate::observation::{Observation, Outcome, StepObservation, TrapKind};
use crate::script::wast;
use crate::worker::Death;

/// Notes what it is asked for; the process of the first configuration dies.
struct Dies<'a>(&'a RefCell<Vec<String>>);

impl Runner for Dies<'_> {
    fn run(&mut self, _: &Job<'_>, configurations: &[&str]) -> Result<Vec<Answer>, String> {
        self.0.borrow_mut().push(configurations.join(" "));
        Ok(vec![match configurations[0] {
            "last" => Answer::Observed(Observation::default()),
            _ => Answer::Died(Death::Crash("a signal".to_owned())),
        }])
    }
}

#[test]
fn a_script_that_kills_is_kept_before_another_process_is_started() {
    let notes = RefCell::new(Vec::new());
    let trial = try_script_keeping(
        &Script::default(),
        Budget { memory_bytes: 1 },
        &mut Dies(&notes),
        &["first", "second", "last"],
        &mut |_, judged| {
            notes
                .borrow_mut()
                .push(format!("keep {}", judged.configuration));
            Ok(())
        },
    )
    .unwrap();
    assert_eq!(trial.judged.len(), 3);
    assert_eq!(
        *notes.borrow(),
        [
            "first second last",
            "keep first",
            "second last",
            "keep second",
            "last"
        ]
    );
}

#[test]
fn a_script_that_cannot_be_kept_ends_the_trial() {
    let notes = RefCell::new(Vec::new());
    let ended = try_script_keeping(
        &Script::default(),
        Budget { memory_bytes: 1 },
        &mut Dies(&notes),
        &["first", "last"],
        &mut |_, _| Err("the disk is full".to_owned()),
    );
    assert_eq!(ended.err().as_deref(), Some("the disk is full"));
    assert_eq!(*notes.borrow(), ["first last"]);
}

/// Answers as it is told to.
struct Answers(Observation);

impl Runner for Answers {
    fn run(&mut self, _: &Job<'_>, _: &[&str]) -> Result<Vec<Answer>, String> {
        Ok(vec![Answer::Observed(self.0.clone())])
    }
}

/// What is said of an engine that does as the reference, but for `change`.
fn verdict(text: &str, change: impl FnOnce(&mut StepObservation)) -> Verdict {
    let script = wast::parse("test.wast", text.as_bytes()).unwrap().script;
    let budget = Budget {
        memory_bytes: 1 << 20,
    };
    let mut alone = Answers(Observation::default());
    let reference = try_script(&script, budget, &mut alone, &[])
        .unwrap()
        .reference;
    let mut observation = reference.observation;
    change(observation.steps.last_mut().unwrap());
    let trial = try_script(&script, budget, &mut Answers(observation), &["engine"]).unwrap();
    trial.judged[0].verdict.clone()
}

fn is_of_a_nan(verdict: &Verdict) -> bool {
    *verdict == Verdict::Skipped("a NaN whose bits are open".to_owned())
}

#[test]
fn only_what_depends_on_the_open_bits_of_a_nan_may_differ() {
    let text = r#"
        (module (func (export "f") (param f64) (result f32 i32)
            (f32.demote_f64 (local.get 0)) (i32.const 1)))
        (invoke "f" (f64.const nan:0x7f800000))"#;
    let gives =
        |values: &[Value]| verdict(text, |step| step.outcome = Outcome::Values(values.into()));
    let (canonical, other) = (Value::F32(0x7fc0_0000), Value::F32(0x7fc0_0003));
    let (one, two) = (Value::I32(1), Value::I32(2));
    assert_eq!(gives(&[canonical, one]), Verdict::Conforms);
    assert!(is_of_a_nan(&gives(&[other, one])));
    for wrong in [&[other, two][..], &[canonical, two], &[other]] {
        assert!(matches!(gives(wrong), Verdict::Diverges(_)), "{wrong:?}");
    }
}

#[test]
fn a_nan_that_was_made_canonical_has_no_open_bits() {
    let text = r#"
        (module (func (export "f") (param $nan f32) (result f32)
            (local.set $nan (f32.sqrt (local.get $nan)))
            (select
                (local.get $nan)
                (f32.const nan)
                (f32.eq (local.get $nan) (local.get $nan)))))
        (invoke "f" (f32.const nan:0x200000))"#;
    let other = Outcome::Values(vec![Value::F32(0x7fc0_0003)]);
    let verdict = verdict(text, |step| step.outcome = other);
    assert!(matches!(verdict, Verdict::Diverges(_)), "{verdict:?}");
}

#[test]
fn bytes_made_of_a_nan_may_differ_and_the_others_not() {
    let text = r#"
        (module
            (memory (export "memory") 2)
            (func (export "f")
                (f32.store offset=8 (i32.const 0) (f32.add (f32.const nan:0x1) (f32.const 1)))
                (f32.store (i32.const 0x10000) (f32.const 1))))
        (invoke "f")"#;
    let differs = |chunk: usize| verdict(text, |step| step.memories[0].chunks[chunk].digest ^= 1);
    assert!(is_of_a_nan(&differs(0)));
    assert!(matches!(differs(1), Verdict::Diverges(_)));
}

#[test]
fn an_engine_may_have_a_limit_of_its_own_for_what_a_memory_grows_to() {
    let text = r#"
        (module (memory 0)
            (func (export "f") (param i32)
                (drop (memory.grow (i32.const 9)))
                (drop (i32.load8_u (local.get 0)))))
        (invoke "f" (i32.const 0x90000))
        (invoke "f" (i32.const 0x8ffff))"#;
    // Only where both grows fail does the second call trap.
    let trap = || Outcome::Trap(vec![TrapKind::OutOfBoundsMemory]);
    assert!(matches!(
        verdict(text, |step| step.outcome = trap()),
        Verdict::Limit(_)
    ));
    // However many grows there are that could have failed as well.
    let many = format!(
        "(memory.grow (i32.const 0)) {}",
        "drop (memory.grow (i32.const 0)) ".repeat(40)
    );
    let many = text.replace(
        "(drop (memory.grow (i32.const 9)))",
        &format!("{many} drop (drop (memory.grow (i32.const 9)))"),
    );
    assert!(matches!(
        verdict(&many, |step| step.outcome = trap()),
        Verdict::Limit(_)
    ));
    let inside = text.replace("(memory 0)", "(memory 9)");
    let verdict = verdict(&inside, |step| step.outcome = trap());
    assert!(matches!(verdict, Verdict::Diverges(_)), "{verdict:?}");
}
