//! Shards are the whole, and what was interrupted goes on to the same end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use trapline_harness::campaign::Shard;
use trapline_harness::corpus::Register;
use trapline_harness::engine::{Configuration, Job, RESIDENT_BYTES, mutants};
use trapline_harness::sweep::{Options, Plan, Progress, State, run};
use trapline_harness::worker::{Answer, Runner};

use super::{options, runner, sample, swept};

/// The parts of a run, put together.
fn certificate(plan: &Plan, states: Vec<State>) -> Vec<(u64, Vec<String>)> {
    let mut all = vec![(0, Vec::new()); states[0].tallies.len()];
    for state in states {
        for (tally, all) in state.tallies.iter().zip(&mut all) {
            all.0 += tally.total().points();
            all.1
                .extend(tally.failing.iter().map(|failure| failure.point.clone()));
        }
    }
    for (points, failing) in &mut all {
        assert_eq!(*points, plan.points as u64);
        failing.sort();
    }
    all
}

fn faulty() -> Vec<Configuration> {
    let names = ["mutant/bound-first-byte-4", "mutant/size-stale-host"];
    let all = mutants().into_iter();
    all.filter(|mutant| names.contains(&mutant.name()))
        .collect()
}

#[test]
fn shards_are_the_whole() {
    let plan = sample();
    let mut options = options(&faulty(), 1);
    let mut go = |shard: &str| {
        options.shard = shard.parse().unwrap();
        swept(&plan, &options, &runner)
    };
    let whole = certificate(&plan, vec![go("1/1")]);
    assert!(
        whole.iter().all(|(_, failing)| !failing.is_empty()),
        "{whole:?}"
    );
    assert_eq!(
        certificate(&plan, vec![go("1/3"), go("2/3"), go("3/3")]),
        whole
    );
}

/// Ends a sweep after a few scripts.
struct Ending {
    left: Arc<AtomicU64>,
    progress: Arc<Progress>,
    inner: Box<dyn Runner>,
}

impl Runner for Ending {
    fn run(&mut self, job: &Job<'_>, configurations: &[&str]) -> Result<Vec<Answer>, String> {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.progress.cancel.store(true, Ordering::Relaxed);
        }
        self.inner.run(job, configurations)
    }
}

#[test]
fn what_was_interrupted_goes_on_to_the_same_end() {
    let plan = sample();
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(&faulty(), 2);
    let unbroken = swept(&plan, &options, &runner);

    options.folder = Some(folder.path().to_owned());
    let mut pieces = 0;
    let last = loop {
        let mut state = State::resume(folder.path(), &plan, &options).unwrap();
        let progress = Arc::new(Progress::default());
        let left = Arc::new(AtomicU64::new(200));
        let ending = || -> Box<dyn Runner> {
            Box::new(Ending {
                left: left.clone(),
                progress: progress.clone(),
                inner: runner(),
            })
        };
        pieces += 1;
        if run(
            &plan,
            &options,
            &Register::default(),
            &mut state,
            &ending,
            &progress,
        )
        .unwrap()
        {
            break state;
        }
    };
    assert!(pieces > 2, "it was never interrupted");
    assert_eq!(last, unbroken);
    let again = State::resume(folder.path(), &plan, &options).unwrap();
    assert_eq!(again, unbroken);

    refuses_what_is_not_its_own(folder.path(), &plan, options);
}

/// A state that was cut short, changed by hand, or left by another sweep, is told.
fn refuses_what_is_not_its_own(folder: &std::path::Path, plan: &Plan, mut options: Options) {
    let file = State::file(folder);
    let name = file.display().to_string();
    let refused = |options: &Options| {
        let why = State::resume(folder, plan, options).expect_err("it is not its own");
        assert!(why.starts_with(&name) && why.lines().count() == 1, "{why}");
        why
    };
    options.resident_bytes = 1 << 32;
    assert!(refused(&options).ends_with("of another choice of --large"));
    options.resident_bytes = RESIDENT_BYTES;
    options.shard = "1/2".parse().unwrap();
    assert!(refused(&options).ends_with("of another shard"));
    options.shard = Shard::WHOLE;
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(
        &file,
        text.replacen("\"conforming\":1", "\"conforming\":2", 1),
    )
    .unwrap();
    assert!(refused(&options).contains("points are counted"));
    std::fs::write(&file, &text[..text.len() / 2]).unwrap();
    assert!(refused(&options).contains("is not what a sweep has left"));
    std::fs::write(&file, "").unwrap();
    assert!(refused(&options).contains("is not what a sweep has left"));
}
