//! Reading the outcomes of a litmus test.

use super::module::ASKED;
use super::{Litmus, Outcome};
use crate::observation::{self, Observation};
use crate::script::Value;

/// The outcome of the test, done once.
pub(super) fn of_one(observation: &Observation) -> Result<Outcome, String> {
    let outcomes = observation.steps.iter().map(|step| &step.outcome);
    let mut joined = outcomes.filter_map(|outcome| match outcome {
        observation::Outcome::Joined(outcomes) => outcomes.last(),
        _ => None,
    });
    let (first, second) = (joined.next(), joined.next());
    let last = observation.steps.last().map(|step| &step.outcome);
    let [first, second, last] = [first, second, last].map(numbers);
    match *last?.as_slice() {
        [x, y] => Ok(([first?, second?], [x, y])),
        ref other => Err(format!("two cells are expected, and not {other:?}")),
    }
}

/// How often each outcome came in a loop.
pub(super) fn of_loop(
    litmus: &Litmus,
    observation: &Observation,
) -> Result<Vec<(Outcome, u64)>, String> {
    let steps = observation.steps.iter().map(|step| &step.outcome);
    for outcome in steps.clone() {
        if let observation::Outcome::Joined(outcomes) = outcome {
            numbers(outcomes.last())?;
        }
    }
    let first = observation.steps.len().saturating_sub(ASKED);
    let mut all = Vec::new();
    for outcome in steps.skip(first) {
        match *numbers(Some(outcome))?.as_slice() {
            [_, 0] => break,
            [number, count] => all.push((decoded(litmus, number), count.into())),
            ref other => return Err(format!("a count is expected, and not {other:?}")),
        }
    }
    Ok(all)
}

/// What a number says that a loop counts by: two bits for each result and each cell.
fn decoded(litmus: &Litmus, number: u32) -> Outcome {
    let bits = |at: u32| (number >> at) & 3;
    let [first, second] = litmus.results();
    let results = |from: u32, count: usize| (0..count as u32).map(|n| bits(from + 2 * n)).collect();
    ([results(0, first), results(4, second)], [bits(8), bits(10)])
}

/// The values of a call.
fn numbers(outcome: Option<&observation::Outcome>) -> Result<Vec<u32>, String> {
    let Some(observation::Outcome::Values(values)) = outcome else {
        return Err(format!("a litmus test ended with {outcome:?}"));
    };
    let number = |value: &Value| match *value {
        Value::I32(number) => Ok(number),
        ref other => Err(format!("an i32 is expected, and not {other:?}")),
    };
    values.iter().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::litmus::ALL;

    #[test]
    fn a_number_has_two_bits_for_each_result_and_each_cell() {
        let [_, mp, ..] = ALL;
        // The second thread has both results.
        let number = 0b01_10_11_00_00_00;
        assert_eq!(
            decoded(&mp, number | (2 << 4)),
            ([vec![], vec![2, 3]], [2, 1])
        );
    }

    #[test]
    fn what_is_no_value_is_told() {
        let trap = observation::Outcome::Absent;
        assert!(numbers(Some(&trap)).unwrap_err().contains("Absent"));
        assert!(numbers(None).is_err());
    }
}
