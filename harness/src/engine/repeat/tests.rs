//! Runs in batches are runs.

use std::collections::BTreeSet;

use crate::engine::reference::{self, Options};
use crate::engine::{Budget, Configuration, Job, planted};
use crate::judge::which_joint;
use crate::observation::{Observation, Outcome, Watch};
use crate::script::wast::parse;
use crate::script::{Script, Value};

const BUDGET: Budget = Budget::of(1 << 20);

fn right() -> Configuration {
    let mut planted = planted().into_iter();
    let right = planted.find(|configuration| configuration.name() == "parallel/right");
    right.expect("it is planted")
}

/// What the engine without a fault does when it is asked to run a script so often.
fn observed(script: &Script, runs: u32) -> Observation {
    let watch = Watch::whole(32);
    let job = Job::new(script, BUDGET, &watch, &[]);
    let mut engine = right().build().expect("it builds");
    engine.observe(&job.repeated(runs))
}

/// Two threads that call `f`, which does this; the script ends with `more`.
fn script(body: &str, more: &str) -> Script {
    let thread = |name: &str| {
        format!(
            "(thread ${name} (shared (module $m)) (register \"m\" $m)
              (module (import \"m\" \"m\" (memory 1 2 shared))
                (func (export \"f\") (result i32) {body}))
              (invoke \"f\"))"
        )
    };
    let text = format!(
        "(module $m (memory (export \"m\") 1 2 shared)) {} {} (wait $b) (wait $a) {more}",
        thread("a"),
        thread("b")
    );
    parse("t.wast", text.as_bytes()).expect("it reads").script
}

const ADD: &str = "(i32.atomic.rmw.add (i32.const 0) (i32.const 1))";

#[test]
fn each_run_has_a_memory_of_its_own() {
    let script = script(ADD, "");
    let observation = observed(&script, 100);
    let runs: u32 = observation.repeats.iter().map(|repeat| repeat.times).sum();
    assert!((1..=100).contains(&runs), "{runs}");
    assert_eq!(observation.steps, observation.repeats[0].steps);
    let watch = Watch::whole(32);
    let job = Job::new(&script, BUDGET, &watch, &[]);
    let allowed = reference::allowed(&job, &Options::default()).expect("a set");
    let seen: Vec<Option<usize>> = observation
        .repeats
        .iter()
        .map(|repeat| {
            let steps = repeat.steps.clone();
            let observation = Observation {
                steps,
                ..Observation::default()
            };
            which_joint(&script, &allowed, &observation)
        })
        .collect();
    assert!(
        seen.iter().all(Option::is_some),
        "{:?}",
        observation.repeats
    );
    let different: BTreeSet<_> = seen.iter().collect();
    assert_eq!(different.len(), seen.len());
}

#[test]
fn a_call_that_traps_ends_its_thread_no_more_than_in_a_run_by_itself() {
    let script = script("(i32.load (i32.const -1))", "");
    let observation = observed(&script, 50);
    assert_eq!(observation.repeats.len(), 1, "{:?}", observation.repeats);
    assert_eq!(observation.steps, observed(&script, 1).steps);
}

#[test]
fn scripts_of_another_form_run_once() {
    let script = script(ADD, "(module (func (export \"g\"))) (invoke \"g\")");
    let observation = observed(&script, 50);
    assert_eq!(observation.repeats, []);
    assert_eq!(observation.steps.len(), script.steps.len());
    let values = |step: usize| observation.steps[step].outcome.clone();
    let last = values(script.steps.len() - 1);
    assert_eq!(last, Outcome::Values(Vec::new()));
    let zero = Outcome::Values(vec![Value::I32(0)]);
    let one = Outcome::Values(vec![Value::I32(1)]);
    let joined = observation
        .steps
        .iter()
        .filter_map(|step| match &step.outcome {
            Outcome::Joined(outcomes) => outcomes.last().cloned(),
            _ => None,
        });
    let joined: Vec<Outcome> = joined.collect();
    assert!(joined == [zero.clone(), one.clone()] || joined == [one, zero]);
}
