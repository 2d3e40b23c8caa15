//! Planted faults go the whole way: generated, judged, reduced, named, filed.
//!
//! For each focus, faults that belong to it. The engine is the reference with
//! one rule broken, so that the test needs no engine and no luck.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use trapline_harness::campaign::{self, Progress, Sighting};
use trapline_harness::corpus::{Corpus, Status, stated};
use trapline_harness::engine::{self, Budget};
use trapline_harness::file::{Filed, Filer};
use trapline_harness::generate::{self, Focus};
use trapline_harness::judge::Class;
use trapline_harness::script::wast;
use trapline_harness::trial::{Verdict, try_script};
use trapline_harness::worker::{InProcess, Runner};

/// So many lines of `.wast` show a fault, at the most.
const LINES: usize = 15;

/// Which faults each focus must find within so many cases, and as what.
const FAULTS: [(Focus, &str, &[Class]); 8] = [
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
];

const BUDGET: Budget = Budget {
    memory_bytes: 4 << 20,
};

const CASES: u64 = 200;

#[test]
fn every_focus_finds_its_faults_and_files_them_small() {
    for (focus, mutant, classes) in FAULTS {
        let folder = tempfile::tempdir().unwrap();
        let unreduced = folder.path().join("unreduced");
        let corpus = folder.path().join("corpus");
        std::fs::create_dir(&unreduced).unwrap();
        std::fs::create_dir(&corpus).unwrap();
        let outcomes = find(focus, mutant, &unreduced);
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
        let only = |name: &str| {
            engine::mutants()
                .into_iter()
                .filter(|c| c.name == name)
                .collect()
        };
        let mut filer = Filer::new(&mut corpus, runner(), only(mutant), BUDGET, "a test");
        let filed = filer.file(sighting, &AtomicBool::new(false)).unwrap();
        let Filed::New { signature, file } = filed else {
            panic!("{mutant}: {filed:?}")
        };
        let again = filer.file(sighting, &AtomicBool::new(false)).unwrap();
        assert!(matches!(again, Filed::Known { .. }), "{mutant}: {again:?}");

        let text = std::fs::read_to_string(&file).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with(";;")).count();
        assert!(lines <= LINES, "{mutant}: {lines} lines:\n{text}");
        let stated = stated(&text);
        assert_eq!(stated.signature.as_deref(), Some(&*signature));
        assert_eq!(stated.diverging, [mutant]);

        // What was filed still shows it, read back from text.
        let script = wast::read(&file).unwrap().script;
        let trial = try_script(&script, BUDGET, &mut *runner(), &[mutant]).unwrap();
        let Verdict::Diverges(difference) = &trial.judged[0].verdict else {
            panic!("{mutant}: the file shows nothing:\n{text}");
        };
        assert_eq!(
            difference.class, sighting.difference.class,
            "{mutant}:\n{text}"
        );

        let sighting = Sighting::of(0, &script, &trial.reference, &trial.judged[0]).unwrap();
        recognised_only_while_it_is_open(&mut corpus, &sighting, &signature, || only(mutant));
    }
}

/// Another session knows what is filed without reducing it, unless it was said
/// to be fixed: then it is news.
fn recognised_only_while_it_is_open(
    corpus: &mut Corpus,
    sighting: &Sighting,
    signature: &str,
    configurations: impl Fn() -> Vec<engine::Configuration>,
) {
    for (status, known) in [
        (Status::New, true),
        (
            Status::FixedIn {
                version: "1.0.0".to_owned(),
            },
            false,
        ),
    ] {
        corpus.known.set(signature, status);
        let filer = Filer::new(corpus, runner(), configurations(), BUDGET, "a test");
        let filed = filer.recognise(sighting);
        assert_eq!(
            matches!(&filed, Some(Filed::Known { signature: s, .. }) if s == signature),
            known,
            "{signature}: {filed:?}"
        );
    }
    // Under a pattern that says so it is another face of what is known.
    let name = sighting.signature().to_string();
    let pattern = format!("{}*", &name[..name.len() - 1]);
    let known = &mut corpus.known;
    known.divergences.clear();
    known.set("known", Status::New);
    let same = Status::SameAs {
        signature: "known".to_owned(),
    };
    known.set(&pattern, same);
    let filer = Filer::new(corpus, runner(), configurations(), BUDGET, "a test");
    let is_known =
        |filed: &Filed| matches!(filed, Filed::Known { signature, .. } if signature == "known");
    assert!(is_known(&filer.flaky(sighting, 1, 2)), "{name}");
    let severe = sighting.difference.class.breaks_sandbox();
    let recognised = filer.recognise(sighting);
    assert_eq!(recognised.as_ref().is_some_and(is_known), !severe, "{name}");
}

#[test]
fn the_specification_has_no_fault() {
    // The reference as an engine, judged against itself: whatever is found
    // here is a false positive.
    let right = engine::mutants()
        .into_iter()
        .next()
        .map(|mutant| engine::Configuration {
            name: "mutant/none",
            build: || {
                Ok(engine::reference::engine(|| {
                    std::sync::Arc::new(trapline_reference::Specification)
                }))
            },
            ..mutant
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
    let folder = tempfile::tempdir().unwrap();
    let keys = |jobs| {
        let outcomes = campaign(Focus::Oob, "mutant/bound-short", folder.path(), jobs);
        let cases: Vec<_> = outcomes
            .sightings
            .iter()
            .map(|(key, s)| (key.clone(), s.case, s.count))
            .collect();
        (outcomes.cases, cases)
    };
    assert_eq!(keys(1), keys(3));
}

#[test]
fn a_divergence_does_not_hide_another_of_the_same_case() {
    let folder = tempfile::tempdir().unwrap();
    let outcomes = find(Focus::Oob, "mutant/bound-short", folder.path());
    let cases: Vec<u64> = outcomes.sightings.values().map(|s| s.case).collect();
    let distinct: std::collections::BTreeSet<u64> = cases.iter().copied().collect();
    assert!(
        distinct.len() < cases.len(),
        "no case showed two of {cases:?}"
    );
    for sighting in outcomes.sightings.values() {
        let (script, budget) = (&sighting.script, BUDGET);
        let trial = try_script(script, budget, &mut *runner(), &["mutant/bound-short"]).unwrap();
        let verdict = &trial.judged[0].verdict;
        assert_eq!(
            *verdict,
            Verdict::Diverges(sighting.difference.clone()),
            "{}: its own script does not show it",
            sighting.signature()
        );
    }
}

fn find(focus: Focus, mutant: &str, unreduced: &Path) -> campaign::Outcomes {
    campaign(focus, mutant, unreduced, 1)
}

fn campaign(focus: Focus, mutant: &str, unreduced: &Path, jobs: usize) -> campaign::Outcomes {
    let options = campaign::Options {
        seed: 11,
        cases: Some(CASES),
        time: None,
        jobs,
        generate: generate::Options {
            focus: vec![focus],
            budget: BUDGET,
            ..Default::default()
        },
        budget: BUDGET,
        configurations: vec![mutant.to_owned()],
        shard: campaign::Shard::WHOLE,
        swarm: None,
        unreduced: unreduced.to_owned(),
    };
    campaign::run(&options, &runner, &Progress::default()).unwrap()
}

fn runner() -> Box<dyn Runner> {
    Box::new(InProcess::new(engine::mutants()))
}
