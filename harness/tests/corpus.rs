//! The corpus holds together: every file asserts what the reference does,
//! names itself in its header, and is known.

use std::path::Path;

use trapline_harness::corpus::{Corpus, Status, stated};
use trapline_harness::engine::{Budget, Job, reference};
use trapline_harness::observation::Watch;
use trapline_harness::script::expect::matches;
use trapline_harness::script::wast;

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
    let filed = known.iter().filter(|(_, status)| !is_face(status));
    let filed: Vec<String> = filed.map(|(key, _)| key.clone()).collect();
    assert_eq!(signatures, filed, "files and known.toml differ");
    for status in known.values() {
        if let Status::SameAs { signature } = status {
            assert!(signatures.contains(signature), "{signature}: no file");
        }
    }
}
