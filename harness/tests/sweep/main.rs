//! The sweep finds planted faults, each at a single point, and nothing where there is none.

mod faults;
mod going_on;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use trapline_harness::campaign::Shard;
use trapline_harness::corpus::Register;
use trapline_harness::engine::{
    Configuration, Features, Job, RESIDENT_BYTES, mutants, needed_by, reference,
};
use trapline_harness::observation::Outcome;
use trapline_harness::script::Step;
use trapline_harness::sweep::build::build;
use trapline_harness::sweep::space::{self, Kind, Offset, Size};
use trapline_harness::sweep::{Certificate, Options, Plan, Point, Progress, State, Target, run};
use trapline_harness::worker::{Answer, InProcess, Runner};

/// Planted faults that no point can show, and why.
const UNSHOWN: [(&str, &str); 2] = [
    ("mutant/grow-maximum-short", ALLOWED),
    ("mutant/grow-zero-fails", ALLOWED),
];

/// Two of them in one script are not both excused: that is for campaigns.
const ALLOWED: &str = "any growth may fail, so that one that does is a limit";

/// The whole space, enumerated once.
fn all() -> &'static [Point] {
    static ALL: OnceLock<Vec<Point>> = OnceLock::new();
    ALL.get_or_init(space::points)
}

/// Part of the space that has every operation, size, form, offset, position and history: four
/// of the 32 kinds.
fn reduced() -> Plan {
    let kinds = [
        "memory32",
        "memory64",
        "memory32+page1",
        "memory64+shared+imported+second",
    ];
    let kinds = kinds.map(|name| Kind::named(name).expect("there is such a kind"));
    let points = all().iter().copied();
    Plan::of(points.filter(|point| kinds.contains(&point.kind)).collect())
}

fn options(configurations: &[Configuration], jobs: usize) -> Options {
    Options {
        targets: configurations.iter().map(Target::of).collect(),
        shard: Shard::WHOLE,
        jobs,
        resident_bytes: RESIDENT_BYTES,
        folder: None,
    }
}

/// A sweep that was not interrupted, and knows of no bug.
fn swept(plan: &Plan, options: &Options, runner: &(dyn Fn() -> Box<dyn Runner> + Sync)) -> State {
    let mut state = State::new(plan, options);
    let (known, progress) = (Register::default(), Progress::default());
    let done = run(plan, options, &known, &mut state, runner, &progress).expect("it runs");
    assert!(done, "nobody interrupts it");
    state
}

/// The first failing point of a configuration, in whatever batch; none if it has none.
fn first_failing(plan: &Plan, configuration: &Configuration) -> Option<String> {
    let configurations = [configuration.clone()];
    let options = options(&configurations, 1);
    let count = plan.batches.len();
    // Neighbours are alike: a stride meets what is unlike sooner.
    let stride = (1..count).find(|step| *step > count / 7 && gcd(*step, count) == 1)?;
    for index in (0..count).map(|at| at * stride % count) {
        let points = plan.batches[index].clone();
        let one = Plan::of(points);
        let runner = || -> Box<dyn Runner> { Box::new(InProcess::new(configurations.to_vec())) };
        let state = swept(&one, &options, &runner);
        if let Some(failure) = state.tallies[0].failing.first() {
            return Some(format!("{} ({})", failure.point, failure.class));
        }
    }
    None
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The faults that have no failing point, by name. Says where the others fail.
fn unfound(faults: Vec<Configuration>) -> BTreeSet<String> {
    let plan = reduced();
    let next = AtomicU64::new(0);
    let unfound = Mutex::new(BTreeSet::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(fault) = faults.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
                    match first_failing(&plan, fault) {
                        Some(point) => eprintln!("{}: {point}", fault.name()),
                        None => {
                            eprintln!("{}: not found", fault.name());
                            unfound.lock().unwrap().insert(fault.name().to_owned());
                        }
                    }
                }
            });
        }
    });
    unfound.into_inner().unwrap()
}

#[test]
fn every_planted_fault_has_a_failing_point() {
    let mut faults = mutants();
    let all = faults.len();
    faults.retain(|fault| UNSHOWN.iter().all(|(name, _)| *name != fault.name()));
    assert_eq!(faults.len(), all - UNSHOWN.len());
    assert_eq!(unfound(faults), BTreeSet::new());
}

#[test]
fn faults_that_it_was_not_made_for_are_found() {
    let faults = faults::faults();
    assert!(faults.len() >= 20);
    assert_eq!(unfound(faults), BTreeSet::new());
}

fn right() -> Configuration {
    Configuration::linked("mutant/none", "1", "", mutants()[0].features, || {
        Ok(reference::engine(|| {
            Arc::new(trapline_reference::Specification)
        }))
    })
}

fn runner() -> Box<dyn Runner> {
    let mut all = mutants();
    all.push(right());
    Box::new(InProcess::new(all))
}

/// A few thousand points of every kind.
fn sample() -> Plan {
    let points = all().iter().copied().enumerate();
    Plan::of(
        points
            .filter(|(at, _)| at % 411 == 0)
            .map(|(_, point)| point)
            .collect(),
    )
}

#[test]
fn the_specification_has_no_failing_point_and_every_point_is_counted_once() {
    let plan = reduced();
    let options = options(&[right()], 2);
    let state = swept(&plan, &options, &runner);
    let all = plan.points as u64;
    let certificate = Certificate::of(&state, all, all, true, String::new());
    let of = &certificate.configurations[0];
    assert_eq!(of.total.points(), all, "{}", of.sentence());
    assert_eq!(of.total.failing, 0, "{:?}", &of.failing[..1]);
    assert_eq!(of.total.limit + of.total.not_run, 0, "{}", of.sentence());
}

#[test]
fn what_is_not_run_has_a_reason_and_is_counted() {
    let plan = sample();
    let plain = Configuration::linked("mutant/none", "1", "", Features::NONE, || {
        Err("it is not asked".to_owned())
    });
    let mut options = options(&[right()], 1);
    options.targets.push(Target {
        name: "mutant/none".to_owned(),
        commits: true,
        ..Target::of(&plain)
    });
    let state = swept(&plan, &options, &runner);
    let [all, some] = &state.tallies[..] else {
        panic!("one for each")
    };
    assert_eq!(all.total().points(), plan.points as u64);
    assert_eq!(some.total().points(), plan.points as u64);
    let reasons: BTreeMap<_, _> = some.not_run.clone();
    assert_eq!(reasons.values().sum::<u64>(), some.total().not_run);
    for why in [
        trapline_harness::sweep::LARGE,
        "unsupported: memory64",
        "unsupported: simd",
        "unsupported: threads",
    ] {
        assert!(reasons.contains_key(why), "{why}: {reasons:?}");
    }
}

/// Wrong where points are together, and out of resources where one is alone.
struct Together {
    inner: Box<dyn Runner>,
    asked: u32,
}

impl Runner for Together {
    fn run(&mut self, job: &Job<'_>, configurations: &[&str]) -> Result<Vec<Answer>, String> {
        self.asked += 1;
        let mut answers = self.inner.run(job, configurations)?;
        let Some(Answer::Observed(observation)) = answers.first_mut() else {
            panic!("it runs in process");
        };
        let called = job
            .script
            .steps
            .iter()
            .map(|step| matches!(step, Step::Invoke { .. }));
        let mut calls = observation
            .steps
            .iter_mut()
            .zip(called)
            .filter(|(_, called)| *called);
        let (last, _) = calls.next_back().expect("a call");
        last.outcome = match self.asked {
            1 => Outcome::Panic("together".to_owned()),
            _ => Outcome::Limit("alone".to_owned()),
        };
        Ok(answers)
    }
}

#[test]
fn what_fails_only_together_leaves_the_others_what_they_were() {
    let alike = |point: &&Point| {
        point
            .to_string()
            .starts_with("i32.load/memory32/page/parameter/")
    };
    let points: Vec<Point> = all().iter().filter(alike).take(8).copied().collect();
    let plan = Plan::of(points);
    let runner = || -> Box<dyn Runner> {
        Box::new(Together {
            inner: runner(),
            asked: 0,
        })
    };
    let state = swept(&plan, &options(&[right()], 1), &runner);
    let [tally] = &state.tallies[..] else {
        panic!("one configuration");
    };
    let total = tally.total();
    assert_eq!((total.failing, total.conforming), (1, 0), "{total:?}");
    assert_eq!(tally.failing[0].company.len(), 8);
    assert_eq!(tally.limits, BTreeMap::from([("alone".to_owned(), 7)]));
}

#[test]
fn the_points_of_a_batch_need_the_same() {
    let needs = |points: &[Point]| {
        let built = build(points, false).expect("there are points");
        let wasm = built.script.steps.iter().filter_map(|step| match step {
            Step::Define { wasm, .. } => Some(needed_by(wasm)),
            _ => None,
        });
        wasm.fold(Features::NONE, Features::and)
    };
    let plan = Plan::of(all().to_vec());
    for batch in plan.batches.iter().step_by(37) {
        let together = needs(batch);
        for point in batch.iter().step_by(5) {
            assert_eq!(needs(&[*point]), together, "{point}");
        }
    }
}

#[test]
fn names_are_read_back() {
    let points = all();
    let mut names = BTreeSet::new();
    for (at, point) in points.iter().enumerate() {
        let name = point.to_string();
        if at % 97 == 0 {
            assert_eq!(name.parse(), Ok(*point), "{name}");
        }
        assert!(names.insert(name), "{point}: twice");
    }
    for (bad, why) in [
        ("i32.load", "is not a point"),
        (
            "i32.lod/memory32/page/parameter/offset-0/first/nothing",
            "no operation 'i32.lod'",
        ),
        (
            "i32.load/memory32/page/parameter/offset-0/frist/nothing",
            "no position 'frist'",
        ),
        (
            "i32.load/memory32/page/parameter/offset-largest/first/nothing",
            "no point of the space",
        ),
        (
            "i32.load/memory32/empty/parameter/offset-0/last-legal/nothing",
            "no point of the space",
        ),
    ] {
        let told = bad.parse::<Point>().expect_err(bad);
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn the_space_is_what_it_says() {
    let points = space::points();
    assert!(
        (1_000_000..2_000_000).contains(&points.len()),
        "{}",
        points.len()
    );
    // Every instruction meets every kind and every size that there is.
    let met: BTreeSet<_> = points
        .iter()
        .map(|point| (point.operation, point.kind, point.size))
        .collect();
    for kind in Kind::all() {
        for &size in Size::ALL.iter().filter(|size| size.bytes(kind).is_some()) {
            for (index, operation) in space::Operation::all().iter().enumerate() {
                let is_access = matches!(operation.action, space::Action::Access(..));
                let met = met.contains(&(index, kind, size));
                assert!(
                    met || !is_access,
                    "{} {} {size:?}",
                    operation.name,
                    kind.name()
                );
            }
        }
    }
    // Every offset, of every kind that has it.
    for &offset in Offset::ALL {
        assert!(
            points.iter().any(|point| point.offset == offset),
            "{offset:?}"
        );
    }
}
