//! Whether what foreign modules do shows.

use trapline_reference::Value;

use super::*;
use crate::engine::{Budget, Job, reference};
use crate::generate::{Focus, Options, case};
use crate::observation::{Outcome, Watch};
use crate::script::Step;

#[test]
fn most_accesses_are_within_the_memory_and_what_is_loaded_shows() {
    let options = Options {
        focus: vec![Focus::Foreign],
        budget: Budget::of(1 << 20),
        ..Options::default()
    };
    let watch = Watch::default();
    let (mut inside, mut outside, mut shown) = (0, 0, 0);
    for index in 0..300 {
        let script = case(6, index, &options);
        let job = Job::new(&script, options.budget, &watch, &[]);
        let run = reference::observe(&job, &reference::Options::default());
        let accesses = run.trace.iter().flatten();
        for access in accesses.filter(|a| a.op.contains(".load") || a.op.contains(".store")) {
            *(if access.trapped {
                &mut outside
            } else {
                &mut inside
            }) += 1;
        }
        shown += std::iter::zip(&script.steps, run.outcomes())
            .filter(|(step, _)| matches!(step, Step::Get { global, .. } if global == SEEN))
            .filter(|(_, outcome)| *outcome != Outcome::Values(vec![Value::I64(0)]))
            .count();
    }
    assert!(inside > 4 * outside, "{inside} inside, {outside} outside");
    assert!(shown > 100, "{shown} times");
}

#[test]
fn what_is_put_into_memory_has_signalling_nans_of_both_widths() {
    let bytes = pattern(0, 256);
    let doubles = bytes
        .chunks(8)
        .map(|b| f64::from_le_bytes(b.try_into().unwrap()));
    let quiet = |bits: u64| bits & (1 << 51) != 0;
    assert!(
        doubles
            .filter(|f| f.is_nan() && !quiet(f.to_bits()))
            .count()
            >= 4
    );
    let singles = bytes
        .chunks(4)
        .map(|b| f32::from_le_bytes(b.try_into().unwrap()));
    let quiet = |bits: u32| bits & (1 << 22) != 0;
    assert!(
        singles
            .filter(|f| f.is_nan() && !quiet(f.to_bits()))
            .count()
            >= 4
    );
}
