//! The corpus holds together: every file asserts what the reference does, and
//! is the witness of the bug that its header names.

use std::path::Path;

use trapline_harness::corpus::{Bug, Corpus, Status, bug_of};
use trapline_harness::engine::{Budget, Job, reference};
use trapline_harness::observation::Watch;
use trapline_harness::report::uses_host;
use trapline_harness::script::expect::matches;
use trapline_harness::script::wast;
use trapline_harness::triage::substitute::Substitution;

/// So many lines of `.wast` at the most, the header not counted.
const LINES: usize = 15;

#[test]
fn every_file_is_short_and_plain() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    for file in Corpus::open(&folder).unwrap().files().unwrap() {
        let text = std::fs::read_to_string(&file).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with(";;")).count();
        assert!(lines <= LINES, "{}: {lines} lines", file.display());
        assert!(!uses_host(&text), "{}: runs nowhere else", file.display());
    }
}

/// So many bugs may be said by hand to be the same as others.
const SAME: usize = 5;

#[test]
fn every_bug_has_a_report_that_was_checked_and_a_cause() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    let corpus = Corpus::open(&folder).unwrap();
    let same = |bug: &&Bug| matches!(bug.status, Status::SameAs { .. });
    assert!(corpus.register.bugs.iter().filter(same).count() <= SAME);
    // What is the same as another has the report of that.
    for bug in corpus.register.bugs.iter().filter(|bug| !same(bug)) {
        let checked = bug.checked.as_deref().unwrap_or_default();
        let configuration = checked.split(' ').next().unwrap();
        assert!(
            bug.may_show_on(configuration),
            "{}: checked: {checked:?}; see `cargo xtask report --check`",
            bug.id
        );
        match bug.cause.substitution.as_deref() {
            Some(name) => assert!(Substitution::named(name).is_some(), "{}: {name:?}", bug.id),
            // Known by its looks alone.
            None => assert!(!bug.cause.signature.is_empty(), "{}: no cause", bug.id),
        }
    }
}

#[test]
fn every_file_asserts_what_is_specified_and_is_known() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    holds_together(&folder);
    holds_together(&folder.join("releases"));
}

fn holds_together(folder: &Path) {
    let corpus = Corpus::open(folder).unwrap();
    let mut witnesses = 0;
    for file in corpus.files().unwrap() {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let source = wast::read(&file).unwrap();
        assert!(source.skipped.is_empty(), "{name}: {:?}", source.skipped);
        let budget = Budget::of(8 << 30);
        let watch = Watch::whole(1);
        let job = Job::new(&source.script, budget, &watch, &[]);
        let run = reference::observe(&job, &reference::Options::default());
        for (step, observed) in source.steps.iter().zip(&run.observation.steps) {
            if let Err(why) = matches(&step.expect, &observed.outcome) {
                panic!("{name}, line {}: {why}", step.line);
            }
        }
        let text = std::fs::read_to_string(&file).unwrap();
        // A plain seed has no header, and nothing to be known of.
        let Some(id) = bug_of(&text) else {
            continue;
        };
        let bug = corpus.register.of_witness(&format!("{name}.wast"));
        assert_eq!(bug.map(|bug| &*bug.id), Some(id), "{name}");
        assert_eq!(id, name, "a file is called as its bug");
        witnesses += 1;
    }
    let with_witness = corpus.register.bugs.iter().filter(|b| b.witness.is_some());
    assert_eq!(witnesses, with_witness.count());
}
