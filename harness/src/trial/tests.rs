mod lost;
mod nans;
mod unsent;

use std::cell::RefCell;

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
        Budget::of(1),
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
        Budget::of(1),
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
    let budget = Budget::of(1 << 20);
    let mut alone = Answers(Observation::default());
    let reference = try_script(&script, budget, &mut alone, &[])
        .unwrap()
        .reference;
    let mut observation = reference.observation;
    change(observation.steps.last_mut().unwrap());
    let trial = try_script(&script, budget, &mut Answers(observation), &["engine"]).unwrap();
    trial.judged[0].verdict.clone()
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
