//! The engine is right without a fault, and each fault is one.

use std::collections::BTreeSet;

use super::{parallel, parallel_faults};
use crate::engine::{Budget, Configuration};
use crate::generate::{self, Focus, Options};
use crate::judge::{Difference, Verdict};
use crate::trial::try_script;
use crate::worker::InProcess;

/// What is the first to diverge of so many programs.
fn found(
    configuration: &Configuration,
    programs: std::ops::Range<u64>,
) -> Option<(u64, Difference)> {
    let options = Options {
        focus: vec![Focus::Threads],
        budget: Budget::of(1 << 20),
        ..Options::default()
    };
    let mut runner = InProcess::new(vec![configuration.clone()]);
    for index in programs {
        let script = generate::case(7, index, &options);
        let trial = try_script(
            &script,
            options.budget,
            &mut runner,
            &[configuration.name()],
        );
        let trial = trial.expect("it runs");
        let judged = &trial.judged[0];
        if let Some(difference) = judged.divergence() {
            return Some((index, difference.clone()));
        }
        let passed = matches!(judged.verdict, Verdict::Conforms | Verdict::Skipped(_));
        assert!(passed, "program {index}: {:?}", judged.verdict);
    }
    None
}

#[test]
fn without_a_fault_every_outcome_is_allowed() {
    let found = found(&parallel(), 0..300);
    assert!(found.is_none(), "{found:?}");
}

#[test]
fn faults_are_many_and_have_names_of_their_own() {
    let faults = parallel_faults();
    let names: BTreeSet<&str> = faults.iter().map(Configuration::name).collect();
    assert_eq!(names.len(), faults.len());
    assert!(faults.len() >= 32, "{}", faults.len());
    assert!(faults.iter().all(|fault| fault.engine() == "parallel"));
}

/// Those that show whatever the threads do meanwhile.
const CERTAIN: [&str; 7] = [
    "load-unaligned",
    "load-unchecked",
    "rmw-new",
    "cmpxchg-stores",
    "grow-dirty",
    "grow-new",
    "size-first",
];

#[test]
fn faults_that_need_no_luck_are_found() {
    let faults = parallel_faults();
    for name in CERTAIN {
        let full = format!("parallel/{name}");
        let fault = faults.iter().find(|fault| fault.name() == full);
        let fault = fault.unwrap_or_else(|| panic!("no fault is called {name}"));
        assert!(found(fault, 0..400).is_some(), "{name} was not found");
    }
}
