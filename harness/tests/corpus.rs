//! The corpus holds together: every file asserts what the reference does,
//! names itself in its header, and is known.

use std::path::Path;

use trapline_harness::corpus::{Corpus, Status, stated};
use trapline_harness::engine::{Budget, Job, reference};
use trapline_harness::observation::Watch;
use trapline_harness::report::uses_host;
use trapline_harness::script::expect::matches;
use trapline_harness::script::wast;

/// So many lines of `.wast` at the most, the header not counted.
const LINES: usize = 15;

/// The files in which the embedder itself is the subject, with the reason.
const ABOUT_HOST: [(&str, &str); 1] = [(
    "panic_wasmi_unexpected-out-of-bounds-linear-memory",
    "Memory::grow panics; by memory.grow, in another file, the process dies of it",
)];

#[test]
fn every_file_is_short_and_plain() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    let mut about_host = Vec::new();
    for file in Corpus::open(&folder).unwrap().files().unwrap() {
        let text = std::fs::read_to_string(&file).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with(";;")).count();
        assert!(lines <= LINES, "{}: {lines} lines", file.display());
        if uses_host(&text) {
            about_host.push(file.file_stem().unwrap().to_str().unwrap().to_owned());
        }
    }
    assert_eq!(about_host, ABOUT_HOST.map(|(name, _)| name));
}

#[test]
fn every_divergence_has_a_report_that_was_checked() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    let corpus = Corpus::open(&folder).unwrap();
    for (signature, entry) in &corpus.known.divergences {
        if matches!(entry.status, Status::SameAs { .. }) {
            assert_eq!(
                entry.checked, None,
                "{signature}: another's file is checked"
            );
            continue;
        }
        // On one of the configurations that the header names.
        let checked = entry.checked.as_deref().unwrap_or_default();
        let configuration = checked.split(' ').next().unwrap().to_owned();
        let text = std::fs::read_to_string(corpus.path(signature)).unwrap();
        assert!(
            stated(&text).diverging.contains(&configuration),
            "{signature}: checked: {checked:?}; see `cargo xtask report --check`"
        );
    }
}

#[test]
fn every_file_asserts_what_is_specified_and_is_known() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    let corpus = Corpus::open(&folder).unwrap();
    let mut signatures = Vec::new();
    for file in corpus.files().unwrap() {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let source = wast::read(&file).unwrap();
        assert!(source.skipped.is_empty(), "{name}: {:?}", source.skipped);
        let budget = Budget {
            memory_bytes: 8 << 30,
        };
        let watch = Watch::whole(1);
        let job = Job::new(&source.script, budget, &watch, &[]);
        let run = reference::observe(&job, &reference::Options::default());
        for (step, observed) in source.steps.iter().zip(&run.observation.steps) {
            if let Err(why) = matches(&step.expect, &observed.outcome) {
                panic!("{name}, line {}: {why}", step.line);
            }
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let stated = stated(&text);
        // A plain seed has no header, and nothing to be known of.
        let Some(signature) = stated.signature else {
            continue;
        };
        assert_eq!(signature, name, "the header names another divergence");
        assert!(!stated.diverging.is_empty(), "{name}: nobody diverges");
        signatures.push(signature);
    }
    signatures.sort();
    let known = &corpus.known.divergences;
    let is_face = |status: &Status| matches!(status, Status::SameAs { .. });
    let filed = known.iter().filter(|(_, entry)| !is_face(&entry.status));
    let filed: Vec<String> = filed.map(|(key, _)| key.clone()).collect();
    assert_eq!(signatures, filed, "files and known.toml differ");
    for entry in known.values() {
        if let Status::SameAs { signature } = &entry.status {
            assert!(signatures.contains(signature), "{signature}: no file");
        }
    }
}
