//! A step that was not done takes with it what depends on it, and nothing else.

use std::sync::Arc;

use trapline_reference::{Memory, Request, Rules, Traps, Wait};

use super::*;
use crate::engine::{Engine, Feature, Features};
use crate::judge::Class;

/// Memory that is not shared may be waited on.
struct Waits;

impl Rules for Waits {
    fn wait(&self, _: &Request, _: &Memory, _: u128) -> Result<Wait, Traps> {
        Ok(Wait::NotEqual)
    }
}

/// An engine with that fault and without a feature.
struct Without(Box<dyn Engine>);

impl Runner for Without {
    fn run(&mut self, job: &Job<'_>, _: &[&str]) -> Result<Vec<Answer>, String> {
        Ok(vec![Answer::Observed(self.0.observe(job))])
    }
}

fn judged(text: &str) -> (Verdict, u64) {
    let script = wast::parse("test.wast", text.as_bytes()).unwrap().script;
    let features = reference::FEATURES.without(Features::of(&[Feature::CustomPageSizes]));
    let mut runner = Without(reference::engine_with(features, || Arc::new(Waits)));
    let budget = Budget::of(1 << 20);
    let trial = try_script(&script, budget, &mut runner, &["engine"]).unwrap();
    (trial.judged[0].verdict.clone(), trial.judged[0].calls)
}

const WAITS: &str = r#"(module $w (memory 1 1) (func (export "f") (result i32)
    (memory.atomic.wait32 (i32.const 0) (i32.const 1) (i64.const 0))))"#;

fn unsupported() -> Verdict {
    Verdict::Unsupported("custom-page-sizes".to_owned())
}

#[test]
fn what_follows_an_unsupported_module_is_judged() {
    let lone = "(module (memory 1 (pagesize 1)))";
    for text in [
        format!(r#"{lone} {WAITS} (invoke "f")"#),
        format!(r#"{WAITS} {lone} (invoke $w "f")"#),
        format!(
            r#"(module (memory 1 (pagesize 1)) (func (export "g"))) (invoke "g") {WAITS} (invoke "f")"#
        ),
    ] {
        match judged(&text) {
            (Verdict::Diverges(difference), 1) => assert_eq!(difference.class, Class::MissingTrap),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn what_uses_an_unsupported_module_is_not() {
    let used = r#"(module $u (memory (export "m") 1 (pagesize 1)) (global (export "g") i32 (i32.const 1))
        (func (export "f") (result i32) (i32.const 7)))
        (register "u" $u)"#;
    for (use_it, calls) in [
        (
            r#"(invoke $u "f") (assert_return (get $u "g") (i32.const 1))"#,
            0,
        ),
        (r#"(invoke $host "size u.m")"#, 0),
        (r#"(module (import "u" "m" (memory 1 (pagesize 1))))"#, 0),
        (
            r#"(module (import "u" "f" (func (result i32))) (export "f" (func 0))) (invoke "f")"#,
            0,
        ),
        (
            r#"(module $n (func (export "f"))) (invoke $n "f") (invoke $u "f")"#,
            1,
        ),
    ] {
        assert_eq!(
            judged(&format!("{used} {use_it}")),
            (unsupported(), calls),
            "{use_it}"
        );
    }
}

#[test]
fn what_it_would_have_changed_is_not_compared() {
    let memory = r#"(module $m (memory (export "m") 1)
        (func (export "load") (result i32) (i32.load (i32.const 0)))) (register "m" $m)"#;
    let load = r#"(invoke $m "load")"#;
    let importing = |fields: &str| {
        format!(
            r#"{memory} (module $u (import "m" "m" (memory 1)) (memory 1 (pagesize 1)) {fields}) {load}"#
        )
    };
    for acts in [
        r#"(data (i32.const 0) "a")"#,
        "(func $s (i32.store (i32.const 0) (i32.const 1))) (start $s)",
    ] {
        assert_eq!(judged(&importing(acts)), (unsupported(), 0), "{acts}");
    }
    // Only imported, it has changed nothing yet.
    let called = importing(r#"(func (export "store") (i32.store (i32.const 0) (i32.const 1)))"#);
    assert_eq!(judged(&called), (unsupported(), 1));
    let called = format!(r#"{called} (invoke $u "store") {load}"#);
    assert_eq!(judged(&called), (unsupported(), 1));
}

#[test]
fn a_name_that_is_used_again_names_another_module() {
    let text = format!(
        r#"(module $w (memory 1 (pagesize 1)) (func (export "f") (result i32) (i32.const 1)))
           (invoke $w "f") {WAITS} (invoke $w "f")"#
    );
    assert!(matches!(judged(&text), (Verdict::Diverges(_), 1)));
    let text = format!(
        r#"{WAITS} (module $w (memory 1 (pagesize 1)) (func (export "f") (result i32) (i32.const 1)))
           (invoke $w "f")"#
    );
    assert_eq!(judged(&text), (unsupported(), 0));
}

#[test]
fn a_refusal_for_an_implementation_limit_takes_no_more_with_it() {
    let text = format!(r#"(module (memory 0)) {WAITS} (invoke "f")"#);
    let script = wast::parse("test.wast", text.as_bytes()).unwrap().script;
    /// Refuses the first module.
    struct Refuses(&'static str, bool);
    impl Runner for Refuses {
        fn run(&mut self, job: &Job<'_>, _: &[&str]) -> Result<Vec<Answer>, String> {
            let options = reference::Options::default();
            let mut observation = reference::observe(job, &options).observation;
            observation.steps[0].outcome = Outcome::Rejected {
                stage: crate::observation::Stage::Compile,
                reason: self.0.to_owned(),
            };
            observation.steps[1].outcome = Outcome::Absent;
            for step in &mut observation.steps {
                step.memories.clear();
            }
            if self.1 {
                let last = observation.steps.last_mut().expect("there are steps");
                last.outcome = Outcome::Values(vec![]);
            }
            Ok(vec![Answer::Observed(observation)])
        }
    }
    let limit = "memories count exceeds limit of 100";
    let verdict = |reason, wrong| {
        let runner = &mut Refuses(reason, wrong);
        let trial = try_script(&script, Budget::of(1 << 20), runner, &["engine"]).unwrap();
        trial.judged[0].verdict.clone()
    };
    assert_eq!(verdict(limit, false), Verdict::Limit(limit.to_owned()));
    let class = |verdict| match verdict {
        Verdict::Diverges(difference) => Some(difference.class),
        _ => None,
    };
    assert_eq!(class(verdict(limit, true)), Some(Class::MissingTrap));
    assert_eq!(
        class(verdict("unknown memory", false)),
        Some(Class::RejectsValid)
    );
}
