//! Compares what an engine answered to a script with threads with all that is allowed.
//!
//! An engine's joint outcome is allowed if it is, in every step and every memory, one of
//! the reference's. Where none is, the reference's that agrees with it for longest is
//! shown; if it first differs where others differ too, all that these say is shown.

use super::compare::{Compared, Comparison, Stop, compare};
use crate::engine::reference::Allowed;
use crate::observation::Observation;
use crate::script::Script;

/// Compares `got` with each of the joint outcomes that are allowed.
pub fn compare_joint(script: &Script, allowed: &Allowed, got: &Observation) -> Compared {
    let mut nearest: Vec<Compared> = Vec::new();
    for observation in &allowed.observations {
        let compared = compare(script, observation, got);
        let Comparison::Differs(difference) = &compared.comparison else {
            return compared;
        };
        let step = difference.step;
        let others = nearest.first().and_then(|other| match &other.comparison {
            Comparison::Differs(other) => Some(other.step),
            _ => None,
        });
        if others.is_none_or(|other| step > other) {
            nearest.clear();
        }
        if others.is_none_or(|other| step >= other) {
            nearest.push(compared);
        }
    }
    merged(nearest)
}

/// Which of the joint outcomes that are allowed an engine's is.
pub fn which_joint(script: &Script, allowed: &Allowed, got: &Observation) -> Option<usize> {
    let is = |observation: &Observation| {
        let compared = compare(script, observation, got);
        compared.comparison == Comparison::Same
    };
    allowed.observations.iter().position(is)
}

/// One difference of several at the same step.
fn merged(all: Vec<Compared>) -> Compared {
    let mut all = all.into_iter();
    let Some(mut first) = all.next() else {
        return stopped("no joint outcome is allowed".to_owned());
    };
    let Comparison::Differs(difference) = &mut first.comparison else {
        return first;
    };
    let mut said = vec![difference.expected.clone()];
    for other in all {
        if let Comparison::Differs(other) = other.comparison
            && !said.contains(&other.expected)
        {
            said.push(other.expected);
        }
    }
    if said.len() > 1 {
        difference.expected = format!("one of: {}", said.join(", or "));
    }
    first
}

fn stopped(why: String) -> Compared {
    Compared {
        comparison: Comparison::Stopped(0, Stop::Skipped(why)),
        calls: 0,
        steps: 0,
        lost: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::reference::{self, NotSaid, Options};
    use crate::engine::{Budget, Job};
    use crate::judge::Class;
    use crate::observation::{Outcome, Watch};
    use crate::script::Value;
    use crate::script::wast::parse;

    const BUDGET: Budget = Budget::of(1 << 20);

    /// Two threads that do this, and what is allowed of them.
    fn allowed(one: &str, other: &str) -> (Script, Result<Allowed, NotSaid>) {
        let thread = |name: &str, body: &str| {
            format!(
                "(thread ${name} (shared (module $m)) (register \"m\" $m)
                  (module (import \"m\" \"m\" (memory 1 2 shared))
                    (func (export \"f\") (result i32) {body}))
                  (invoke \"f\"))"
            )
        };
        let text = format!(
            "(module $m (memory (export \"m\") 1 2 shared)) {} {} (wait $a) (wait $b)",
            thread("a", one),
            thread("b", other)
        );
        let source = parse("t.wast", text.as_bytes()).expect("it reads");
        let watch = Watch::whole(32);
        let job = Job::new(&source.script, BUDGET, &watch, &[]);
        let allowed = reference::allowed(&job, &Options::default());
        (source.script, allowed)
    }

    /// What the two threads gave, in an outcome.
    fn values(observation: &Observation) -> Vec<Outcome> {
        let joined = observation
            .steps
            .iter()
            .filter_map(|step| match &step.outcome {
                Outcome::Joined(outcomes) => outcomes.last().cloned(),
                _ => None,
            });
        joined.collect()
    }

    const ADD: &str = "(i32.atomic.rmw.add (i32.const 0) (i32.const 1))";

    #[test]
    fn what_is_allowed_conforms_and_nothing_else() {
        let (script, allowed) = allowed(ADD, ADD);
        let allowed = allowed.expect("a set");
        assert_eq!(allowed.observations.len(), 2);
        for (index, right) in allowed.observations.iter().enumerate() {
            let compared = compare_joint(&script, &allowed, right);
            assert_eq!(compared.comparison, Comparison::Same);
            assert_eq!(which_joint(&script, &allowed, right), Some(index));
        }
        // Both have read 0: each of them is allowed, but not together.
        let mut wrong = allowed.observations[0].clone();
        let zero = Outcome::Values(vec![Value::I32(0)]);
        for step in &mut wrong.steps {
            if let Outcome::Joined(outcomes) = &mut step.outcome
                && let Some(last) = outcomes.last_mut()
            {
                last.clone_from(&zero);
            }
        }
        assert_eq!(values(&wrong), [zero.clone(), zero]);
        let compared = compare_joint(&script, &allowed, &wrong);
        let Comparison::Differs(difference) = compared.comparison else {
            panic!("{compared:?}");
        };
        assert_eq!((difference.class, difference.step), (Class::Value, 5));
        assert_eq!(which_joint(&script, &allowed, &wrong), None);
        // So is a memory that no order leaves like that.
        let mut wrong = allowed.observations[0].clone();
        let last = wrong.steps.last_mut().expect("a step");
        last.memories[0].chunks[0].digest ^= 1;
        let compared = compare_joint(&script, &allowed, &wrong);
        assert!(matches!(compared.comparison, Comparison::Differs(_)));
    }

    #[test]
    fn a_load_that_races_with_a_grow_traps_or_does_not() {
        let grow = "(memory.grow (i32.const 1))";
        let load = "(i32.load (i32.const 65536))";
        let (_, allowed) = allowed(grow, load);
        let allowed = allowed.expect("a set");
        let mut loads: Vec<bool> = allowed
            .observations
            .iter()
            .map(|observation| matches!(values(observation)[1], Outcome::Trap(_)))
            .collect();
        loads.sort_unstable();
        assert_eq!(loads, [false, true]);
        // The size at the end is that of the grow, whatever the load has seen.
        for observation in &allowed.observations {
            let last = observation.steps.last().expect("a step");
            assert_eq!(last.memories[0].bytes, 2 << 16);
        }
    }

    #[test]
    fn what_is_not_said_has_a_name() {
        let load = "(i32.load (i32.const 0))";
        let store = "(i32.store (i32.const 0) (i32.const 1)) (i32.const 0)";
        let why = allowed(load, store).1.expect_err("a race");
        assert_eq!(why.words(), "threads: data race");
        let wait = "(memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))";
        let why = allowed(wait, load).1.expect_err("a wait");
        assert_eq!(why.words(), "threads may wait for ever: $a");
    }
}
