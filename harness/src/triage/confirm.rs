//! Whether a divergence shows every time.

use super::outcome::Nondeterminism;
use crate::engine::Budget;
use crate::judge::{Class, Difference};
use crate::script::Script;
use crate::trial::try_script;
use crate::worker::Runner;

/// How often a divergence must show again before it is reduced.
const CONFIRMATIONS: u32 = 3;

/// How many runs tell the rate of one that does not show every time.
const RATE_RUNS: u32 = 10;

/// Runs a script a few times on the configuration on which it diverged in this
/// class. `None` if it did so each time; what it answers, and how often, over more
/// runs, if it did not.
///
/// # Errors
/// In words, if the engine cannot be run.
pub(super) fn confirm(
    script: &Script,
    configuration: &str,
    class: Class,
    budget: Budget,
    runner: &mut dyn Runner,
) -> Result<Option<Nondeterminism>, String> {
    let mut seen = Nondeterminism::default();
    let mut run = |seen: &mut Nondeterminism| {
        let trial = try_script(script, budget, runner, &[configuration])?;
        let answer = trial.divergence(configuration);
        let shows = answer.is_some_and(|d| d.class == class);
        let words = match answer {
            Some(difference) => format!("{}: {}", difference.class, difference.got),
            None => "what is specified".to_owned(),
        };
        seen.shown += u32::from(shows);
        seen.of += 1;
        match shows {
            true => seen.answer = words,
            false => seen.other = words,
        }
        Ok::<(), String>(())
    };
    while seen.of < CONFIRMATIONS {
        run(&mut seen)?;
    }
    if seen.shown == seen.of {
        return Ok(None);
    }
    while seen.of < RATE_RUNS {
        run(&mut seen)?;
    }
    // All the runs are counted, so that one that failed is among them.
    Ok(Some(seen))
}

/// Whether a wrong value is another one in each new process: nothing that the program
/// says makes it, so that it was read from the memory of the host.
///
/// # Errors
/// In words, if the engine cannot be run.
pub(super) fn is_of_the_host(
    script: &Script,
    configuration: &str,
    difference: &Difference,
    budget: Budget,
    runner: &mut dyn Runner,
) -> Result<bool, String> {
    if difference.class != Class::Value {
        return Ok(false);
    }
    let mut seen = vec![difference.got.clone()];
    for _ in 0..CONFIRMATIONS {
        runner.renew();
        let trial = try_script(script, budget, runner, &[configuration])?;
        let wrong = trial.divergence(configuration);
        seen.extend(wrong.map(|wrong| wrong.got.clone()));
    }
    seen.sort();
    seen.dedup();
    // Two are a matter of luck, such as a slot that was zero once.
    Ok(seen.len() > 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Job, reference};
    use crate::observation::Outcome;
    use crate::script::wast::parse;
    use crate::worker::Answer;
    use trapline_reference::Value;

    /// Answers what is specified, but for every `period`th run: 7.
    struct Unsteady {
        runs: u32,
        period: u32,
    }

    impl Runner for Unsteady {
        fn run(&mut self, job: &Job<'_>, names: &[&str]) -> Result<Vec<Answer>, String> {
            self.runs += 1;
            let run = reference::observe(job, &reference::Options::default());
            let mut observation = run.observation;
            if self.runs.is_multiple_of(self.period)
                && let Some(step) = observation.steps.last_mut()
            {
                step.outcome = Outcome::Values(vec![Value::I32(7)]);
            }
            Ok(names
                .iter()
                .map(|_| Answer::Observed(observation.clone()))
                .collect())
        }
    }

    /// Answers another number each time, or the same.
    struct Other {
        number: i32,
        step: i32,
    }

    impl Runner for Other {
        fn run(&mut self, job: &Job<'_>, names: &[&str]) -> Result<Vec<Answer>, String> {
            self.number += self.step;
            let run = reference::observe(job, &reference::Options::default());
            let mut observation = run.observation;
            if let Some(step) = observation.steps.last_mut() {
                step.outcome = Outcome::Values(vec![Value::I32(self.number as u32)]);
            }
            let answers = names.iter();
            Ok(answers
                .map(|_| Answer::Observed(observation.clone()))
                .collect())
        }
    }

    #[test]
    fn a_wrong_value_that_is_another_each_time_is_of_the_host() {
        let script = "(module (func (export \"f\") (result i32) (i32.const 1))) (invoke \"f\")";
        let script = parse("m.wast", script.as_bytes()).expect("a script").script;
        for (step, of_the_host) in [(1, true), (0, false)] {
            let mut runner = Other { number: 70, step };
            let budget = Budget::of(1 << 20);
            let trial = try_script(&script, budget, &mut runner, &["e/x"]).expect("it runs");
            let difference = trial.divergence("e/x").expect("it is wrong");
            let found = is_of_the_host(&script, "e/x", difference, budget, &mut runner);
            assert_eq!(found, Ok(of_the_host), "{step}");
        }
    }

    #[test]
    fn both_answers_are_told_with_how_often_each_was_given() {
        let script = "(module (memory 1) (func (export \"f\") (result i32)
            (i32.load (i32.const 0))))
            (invoke \"f\")";
        let script = parse("m.wast", script.as_bytes()).expect("a script").script;
        let tried = |period| {
            let mut runner = Unsteady { runs: 0, period };
            let budget = Budget::of(1 << 20);
            confirm(&script, "e/x", Class::Value, budget, &mut runner).expect("it runs")
        };
        assert_eq!(tried(1), None, "it shows every time");
        let seen = tried(5).expect("not every time");
        assert_eq!((seen.shown, seen.of), (2, 10));
        assert_eq!(
            seen.to_string(),
            "nondeterministic: it showed in 2 of 10 more runs (value: i32:0x7), \
             otherwise what is specified"
        );
    }
}
