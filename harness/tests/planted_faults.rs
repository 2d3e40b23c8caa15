//! Planted faults go the whole way: generated, judged, reduced, told apart, filed.
//!
//! For each focus, faults that belong to it. The engine is the reference with
//! one rule broken, so that the test needs no engine and no luck.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use trapline_harness::campaign::{self, Filing, Found, Outcomes, Progress, Sighting};
use trapline_harness::corpus::{Bug, Corpus, Status, bug_of};
use trapline_harness::engine::{self, Budget};
use trapline_harness::generate::{self, Focus};
use trapline_harness::judge::{Class, Verdict};
use trapline_harness::script::wast;
use trapline_harness::triage::truth::{Outcome, Planted};
use trapline_harness::triage::{Filed, Filer};
use trapline_harness::trial::try_script;
use trapline_harness::worker::{InProcess, Runner};

/// So many lines of `.wast` show a fault, at the most.
const LINES: usize = 15;

/// Which faults each focus must find within so many cases, and as what.
const FAULTS: [(Focus, &str, &[Class]); 10] = [
    (
        Focus::Grow,
        "mutant/grow-new-size",
        &[Class::GrowResult, Class::Value],
    ),
    (
        Focus::Grow,
        "mutant/grow-maximum-ignored",
        &[Class::MemorySize, Class::GrowResult, Class::Value],
    ),
    (Focus::Oob, "mutant/bound-short", &[Class::SpuriousTrap]),
    (
        Focus::Oob,
        "mutant/store-partial",
        &[Class::MemoryContents, Class::StaleData],
    ),
    (Focus::Memory64, "mutant/offset-32", &[Class::MissingTrap]),
    (Focus::Memory64, "mutant/address-32", &[Class::MissingTrap]),
    (
        Focus::Shared,
        "mutant/atomic-unaligned",
        &[Class::MissingTrap],
    ),
    (
        Focus::Shared,
        "mutant/bound-shared-short",
        &[Class::SpuriousTrap],
    ),
    (
        Focus::Allocator,
        "mutant/grow-failed-zero",
        &[Class::GrowResult, Class::Value],
    ),
    (
        Focus::Allocator,
        "mutant/grow-copies-short",
        &[Class::MemoryContents, Class::Value, Class::StaleData],
    ),
];

const BUDGET: Budget = Budget::of(4 << 20);

const CASES: u64 = 200;

#[test]
fn every_focus_finds_its_faults_and_files_them_small() {
    for (focus, mutant, classes) in FAULTS {
        let folder = tempfile::tempdir().unwrap();
        let unreduced = folder.path().join("unreduced");
        let corpus = folder.path().join("corpus");
        std::fs::create_dir(&unreduced).unwrap();
        std::fs::create_dir(&corpus).unwrap();
        let (outcomes, _) = campaign(focus, mutant, folder.path(), 1, false);
        let (_, sighting) = outcomes
            .sightings
            .iter()
            .find(|((class, _), _)| classes.contains(class))
            .unwrap_or_else(|| {
                panic!(
                    "{focus} does not find {mutant}: {:?}",
                    outcomes.sightings.keys()
                )
            });
        assert!(
            sighting.path(&unreduced).is_file(),
            "{mutant}: not on disk before it is reduced"
        );

        let mut corpus = Corpus::open(&corpus).unwrap();
        let mut filer = Filer::new(&mut corpus, runner(), only(mutant), "a test").unwrap();
        let filed = filer.file(sighting, &AtomicBool::new(false)).unwrap();
        let [Filed::New { bug, file }] = &filed[..] else {
            panic!("{mutant}: {filed:?}")
        };
        let again = filer.file(sighting, &AtomicBool::new(false)).unwrap();
        assert!(
            matches!(&again[..], [Filed::Known { bug: known, .. }] if known.id == bug.id),
            "{mutant}: {again:?}"
        );

        let text = std::fs::read_to_string(file).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with(";;")).count();
        assert!(lines <= LINES, "{mutant}: {lines} lines:\n{text}");
        assert_eq!(bug_of(&text), Some(&*bug.id));

        // What was filed still shows it, read back from text.
        let script = wast::read(file).unwrap().script;
        let trial = try_script(&script, BUDGET, &mut *runner(), &[mutant]).unwrap();
        let Some(difference) = trial.divergence(mutant) else {
            panic!("{mutant}: the file shows nothing:\n{text}");
        };
        assert!(
            classes.contains(&difference.class),
            "{mutant}: {}:\n{text}",
            difference.class
        );

        let sighting = Sighting::of(0, &script, &trial.reference, &trial.judged[0]).unwrap();
        recognised_only_while_it_is_open(&mut corpus, &sighting, &bug.id, mutant);
    }
}

/// Another session knows what is filed without reducing it, unless it was said
/// to be fixed: then it is news. What was said to be the same as another is told as that.
fn recognised_only_while_it_is_open(
    corpus: &mut Corpus,
    sighting: &Sighting,
    id: &str,
    mutant: &str,
) {
    let fixed = Status::Fixed {
        version: "1.0.0".to_owned(),
        link: None,
    };
    for (status, known) in [(Status::Unreported, true), (fixed, false)] {
        corpus.register.get_mut(id).unwrap().status = status;
        let mut filer = Filer::new(corpus, runner(), only(mutant), "a test").unwrap();
        let bugs = filer.known(sighting).unwrap();
        assert_eq!(bugs, known.then(|| vec![id.to_owned()]), "{mutant}");
    }
    // An entry that would not be known by its own cause.
    let other = Bug {
        id: "other".to_owned(),
        engine: "mutant".to_owned(),
        ..Bug::example()
    };
    corpus.register.bugs.push(other);
    corpus.register.get_mut(id).unwrap().status = Status::SameAs {
        bug: "other".to_owned(),
    };
    let mut filer = Filer::new(corpus, runner(), only(mutant), "a test").unwrap();
    let bugs = filer.known(sighting).unwrap();
    assert_eq!(bugs, Some(vec!["other".to_owned()]), "{mutant}");
}

fn only(name: &str) -> Vec<engine::Configuration> {
    engine::select(&[name]).unwrap()
}

#[test]
fn the_specification_has_no_fault() {
    // The reference as an engine, judged against itself: whatever is found
    // here is a false positive.
    let right = engine::mutants().into_iter().next().map(|mutant| {
        engine::Configuration::linked("mutant/none", "", "", mutant.features, || {
            Ok(engine::reference::engine(|| {
                std::sync::Arc::new(trapline_reference::Specification)
            }))
        })
    });
    let mut runner = InProcess::new(right.into_iter().collect());
    let options = generate::Options::default();
    for case in 0..300 {
        let script = generate::case(5, case, &options);
        let trial = try_script(&script, BUDGET, &mut runner, &["mutant/none"]).unwrap();
        let verdict = &trial.judged[0].verdict;
        assert!(
            !matches!(verdict, Verdict::Diverges(_)),
            "case {case}: {verdict:?}"
        );
    }
}

#[test]
fn jobs_only_divide_the_cases_between_them() {
    let bugs = |jobs| {
        let folder = tempfile::tempdir().unwrap();
        let (outcomes, found) =
            campaign(Focus::Oob, "mutant/bound-short", folder.path(), jobs, true);
        let bugs: Vec<_> = found.iter().map(|f| (f.bug.clone(), f.cases)).collect();
        (outcomes.cases, bugs)
    };
    assert_eq!(bugs(1), bugs(3));
}

#[test]
fn a_fault_is_one_bug_and_its_cases_are_judged_to_their_end() {
    let folder = tempfile::tempdir().unwrap();
    let mutant = "mutant/bound-short";
    let (outcomes, found) = campaign(Focus::Oob, mutant, folder.path(), 1, true);
    let [bug] = &found[..] else {
        panic!("{found:?}");
    };
    assert!(bug.new && bug.cases > CASES / 2, "{bug:?}");
    let tally = &outcomes.tallies[0];
    let diverging: u64 = tally.diverging.values().sum();
    // All but those of the first rounds, when nobody knew it.
    assert!(tally.ended > tally.conforming + diverging / 2, "{tally:?}");
}

#[test]
fn what_is_behind_a_known_bug_is_found() {
    // The fault that shows in most cases is known; the other shows behind it.
    let fault = |name: &str| {
        let mut faults = engine::faults().into_iter();
        faults.find(|fault| fault.name == name).unwrap()
    };
    let (common, rare) = (fault("mutant/bound-short"), fault("mutant/load32-signed"));
    let planted = Planted::new(&[&common, &rare]).unwrap();
    let told = planted.told(1, 100).unwrap();
    assert!(told.shows.iter().all(|cases| !cases.is_empty()));
    assert_eq!(told.bugs.len(), 2, "{:?}", told.titles);
    assert!(told.bugs.iter().any(|shown| shown.contains(&1)), "{told:?}");
}

/// What is wrong from the beginning, or since a grow, shows in many ways later.
#[test]
fn what_was_wrong_before_it_showed_is_one_bug() {
    for name in ["mutant/new-page-more", "mutant/grow-not-zeroed"] {
        let faults = engine::faults();
        let fault = faults.iter().find(|fault| fault.name == name).unwrap();
        let planted = Planted::new(&[fault]).unwrap();
        let told = planted.told(1, 60).unwrap();
        assert!(told.shows[0].len() > 5, "{name}");
        assert_eq!(told.bugs.len(), 1, "{name}: {:?}", told.titles);
        assert_eq!(told.outcome(), Outcome::Right, "{name}");
    }
}

/// Runs a campaign on one planted fault, and files what it meets if `reduce`.
fn campaign(
    focus: Focus,
    mutant: &str,
    folder: &Path,
    jobs: usize,
    reduce: bool,
) -> (Outcomes, Vec<Found>) {
    let unreduced = folder.join("unreduced");
    let corpus = folder.join("campaign");
    std::fs::create_dir_all(&unreduced).unwrap();
    std::fs::create_dir_all(&corpus).unwrap();
    let options = campaign::Options {
        seed: 11,
        // A case of allocators is some hundred calls.
        cases: Some(if focus == Focus::Allocator {
            CASES / 5
        } else {
            CASES
        }),
        time: None,
        jobs,
        generate: generate::Options {
            focus: vec![focus],
            budget: BUDGET,
            ..Default::default()
        },
        threads_every: None,
        budget: BUDGET,
        larger: None,
        configurations: vec![mutant.to_owned()],
        shard: campaign::Shard::WHOLE,
        swarm: None,
        unreduced,
    };
    let mut corpus = Corpus::open(&corpus).unwrap();
    let mut filer = Filer::new(&mut corpus, runner(), only(mutant), "a test").unwrap();
    let never = AtomicBool::new(false);
    let mut filing = Filing {
        filer: &mut filer,
        patience: std::time::Duration::MAX,
        cancel: &never,
        reduce,
        tell: &mut |_| (),
    };
    campaign::run(&options, &mut filing, &runner, &Progress::default()).unwrap()
}

fn runner() -> Box<dyn Runner> {
    Box::new(InProcess::new(engine::mutants()))
}
