//! A nightly run on planted faults, in this process: whole, in shards, again.

mod pages;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use trapline_harness::campaign::{Options, Shard};
use trapline_harness::corpus::{Bug, Corpus, Register, Status};
use trapline_harness::engine::{self, Budget};
use trapline_harness::generate;
use trapline_harness::judge::Severity;
use trapline_harness::spec::{File, Group, official};
use trapline_harness::worker::{InProcess, Runner};

use super::history::{Line, Past};
use super::report::{Finding, Report};
use super::run::Run;
use super::{folder, merge, render};
use crate::End;

const MUTANTS: [&str; 2] = ["mutant/store16-wide", "mutant/load8-unsigned"];

const CASES: u64 = 24;

/// A file that diverges, one that does not, and a suite in which one assertion
/// fails on the second mutant.
const CORPUS: [(&str, &str); 2] = [
    (
        "a.wast",
        r#"(module (memory 1) (func (export "f") (result i64) (i64.load8_s (i32.const 0)))
             (data (i32.const 0) "\ff"))
           (assert_return (invoke "f") (i64.const -1))"#,
    ),
    ("b.wast", "(module (memory 1))"),
];

const SUITE: [&str; 3] = [
    r#"(module (memory 1) (data (i32.const 0) "\ff")
         (func (export "f") (result i64) (i64.load8_s (i32.const 0))))
       (assert_return (invoke "f") (i64.const -1))"#,
    r#"(module (func (export "f") (result i32) (i32.const 1)))
       (assert_return (invoke "f") (i32.const 1))"#,
    r#"(module (func (export "f") (unreachable))) (assert_trap (invoke "f") "unreachable")"#,
];

fn suite() -> Vec<Group> {
    let proposals = official()[0].proposals;
    let file = |(number, text): (usize, &&'static str)| File {
        name: format!("{number}.wast"),
        text: text.as_bytes().into(),
    };
    vec![Group {
        name: "small".to_owned(),
        proposals,
        files: SUITE.iter().enumerate().map(file).collect(),
    }]
}

fn runner() -> Box<dyn Runner> {
    Box::new(InProcess::new(engine::mutants()))
}

/// Where a test keeps its files, and which cases are programs of threads, if any.
struct Place(tempfile::TempDir, Option<u64>);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().expect("a folder"), None);
        std::fs::create_dir(place.corpus()).expect("a folder");
        for (name, text) in CORPUS {
            std::fs::write(place.corpus().join(name), text).expect("a file");
        }
        place
    }

    fn corpus(&self) -> std::path::PathBuf {
        self.0.path().join("corpus")
    }

    fn with_run<T>(&self, shard: Shard, what: impl FnOnce(Run<'_>) -> anyhow::Result<T>) -> T {
        let configurations = engine::select(&MUTANTS).expect("they are known");
        let mut corpus = Corpus::open(&self.corpus()).expect("it opens");
        let budget = Budget::of(4 << 20);
        let unreduced = self.0.path().join("unreduced");
        std::fs::create_dir_all(&unreduced).expect("a folder");
        let run = Run {
            options: Options {
                seed: 5,
                cases: Some(CASES),
                shard,
                time: None,
                jobs: 1,
                generate: generate::Options {
                    budget,
                    ..Default::default()
                },
                threads_every: self.1,
                budget,
                larger: None,
                configurations: MUTANTS.map(str::to_owned).into(),
                unreduced,
                swarm: Some(1),
            },
            configurations: &configurations,
            corpus: &mut corpus,
            suite: suite(),
            claims: Vec::new(),
            runners: &runner,
            interrupted: &Arc::new(AtomicBool::new(false)),
        };
        what(run).expect("it runs")
    }

    fn run(&self, shard: &str) -> Report {
        let shard = shard.parse().expect("a shard");
        let mut report = self.with_run(shard, |run| run.shard());
        report.settle(&Past::default(), &Register::default());
        report
    }
}

/// What a report says of the engines, without what tells when and where it was made.
fn substance(report: &Report) -> serde_json::Value {
    let mut report = report.clone();
    report.parts.clear();
    report.merged = false;
    report.asked.shards = 1;
    report.phases = Default::default();
    // In which round a bug became known, and of which case its witness is,
    // depends on what was seen before.
    report.found.clear();
    for tally in &mut report.tallies {
        tally.ended = 0;
    }
    for finding in &mut report.findings {
        let new = finding.new;
        let configurations = finding.configurations.clone();
        *finding = Finding {
            name: String::new(),
            title: String::new(),
            severity: None,
            private: false,
            status: String::new(),
            new,
            cases: 0,
            first_case: 0,
            configurations,
            file: String::new(),
            wast: String::new(),
            sides: Vec::new(),
        };
    }
    report
        .findings
        .sort_by(|a, b| a.configurations.cmp(&b.configurations));
    // Bugs have the names of their witnesses.
    report.news.retain(|news| !news.name.starts_with("mutant-"));
    report.news.sort_by(|a, b| a.name.cmp(&b.name));
    serde_json::to_value(&report).expect("it can be written")
}

#[test]
fn shards_put_together_are_the_whole() {
    let whole = Place::new().run("1/1");
    // One bug for each fault.
    assert_eq!(whole.findings.len(), 2, "{:?}", whole.findings);
    assert_eq!(whole.end(), End::New);
    let shards: Vec<Report> = ["3/3", "1/3", "2/3"].map(|s| Place::new().run(s)).into();
    assert!(shards.iter().all(|shard| shard.parts[0].cases == CASES / 3));

    let mut merged = merge::add(shards.clone()).expect("they fit");
    Place::new().with_run(Shard::WHOLE, |run| run.file_again(&mut merged));
    merged.settle(&Past::default(), &Register::default());
    similar(&substance(&merged), &substance(&whole), "");
    assert_eq!(merged.end(), End::New);
    assert_eq!(merged.missing(), [""; 0]);

    let some = merge::add(shards[..2].to_vec()).expect("they fit");
    assert_eq!(
        (some.end(), some.missing()),
        (End::Failed, vec!["2/3".to_owned()])
    );
    let one = merge::add(shards[..1].to_vec()).expect("it fits");
    assert_eq!(one.end(), End::Failed, "two are missing");

    let twice = merge::add(vec![shards[0].clone(), shards[0].clone()]);
    assert!(
        twice
            .expect_err("it is there twice")
            .to_string()
            .contains("3/3 is there twice")
    );
    let mut other = shards[1].clone();
    other.asked.seed += 1;
    let strangers = merge::add(vec![shards[0].clone(), other]);
    assert!(
        strangers
            .expect_err("not of one run")
            .to_string()
            .contains("another run")
    );
}

/// Says where two reports differ.
fn similar(got: &serde_json::Value, want: &serde_json::Value, at: &str) {
    use serde_json::Value::{Array, Object};
    match (got, want) {
        (Object(got), Object(want)) => {
            assert!(got.keys().eq(want.keys()), "{at}: {:?}", got.keys());
            for (key, got) in got {
                similar(got, &want[key], &format!("{at}.{key}"));
            }
        }
        (Array(got), Array(want)) => {
            assert_eq!(got.len(), want.len(), "{at}");
            for (number, (got, want)) in got.iter().zip(want).enumerate() {
                similar(got, want, &format!("{at}[{number}]"));
            }
        }
        (got, want) => assert_eq!(got, want, "{at}"),
    }
}

#[test]
fn programs_of_threads_have_a_row() {
    let place = Place::new();
    let mut report = Place(place.0, Some(8)).run("1/1");
    assert_eq!(report.threads.programs, CASES / 8);
    let summary = render::summary(&report).expect("it is made");
    assert!(
        summary.contains("| programs of threads | 3 programs, "),
        "{summary}"
    );
    let before = report.new_with_threads();
    let new = report.findings.iter_mut().find(|finding| finding.new);
    let new = new.expect("something is new");
    new.wast = "(module $m) (thread $t) (wait $t)".to_owned();
    assert_eq!(report.new_with_threads(), before + 1);

    let without = Place::new().run("1/1");
    assert_eq!(without.threads.programs, 0);
    let summary = render::summary(&without).expect("it is made");
    assert!(
        summary.contains("| programs of threads | none |"),
        "{summary}"
    );
}

#[test]
fn a_second_run_with_nothing_new_ends_so() {
    let place = Place::new();
    let out = place.0.path().join("deep").join("out");
    let first = place.run("1/1");
    assert_eq!(first.end(), End::New);
    let kinds = [
        "load8-unsigned 0.wast:3",
        "replay a new",
        "mutant-load8-unsigned-i64.load8-s",
    ];
    for kind in kinds {
        let news = first.news.iter().find(|news| news.name.contains(kind));
        assert!(news.is_some(), "{kind}: {:?}", first.news);
    }
    folder::write(&out, &first, Past::default(), None).expect("it is written");

    folder::check(&out).expect("an older report may be replaced");
    let past = folder::past(&out, None).expect("it is read");
    // Times lose their last digit on the way.
    let [line] = &past.lines[..] else {
        panic!("{:?}", past.lines)
    };
    let wanted = Line::of(&first);
    assert_eq!((&line.seen, line.new), (&wanted.seen, wanted.new));
    let mut second = place.run("1/1");
    second.settle(&past, &Register::default());
    assert_eq!(second.news, []);
    assert_eq!(second.end(), End::NothingNew);
    assert!(
        render::summary(&second)
            .expect("it is made")
            .starts_with("# Nothing new\n")
    );
    folder::write(&out, &second, past, None).expect("it is written");
    assert_eq!(folder::past(&out, None).expect("it is read").lines.len(), 2);

    // What the corpus does not know may be known from a past run.
    let mut elsewhere = Place::new().run("1/1");
    assert_eq!(elsewhere.end(), End::New);
    let past = folder::past(&out, None).expect("it is read");
    elsewhere.settle(&past, &Register::default());
    assert_eq!(elsewhere.end(), End::NothingNew);
}

#[test]
fn a_failure_in_the_suite_that_is_known_is_no_news_until_it_is_fixed() {
    let mut report = Place::new().run("1/1");
    let failure = "spec mutant/load8-unsigned 0.wast:3";
    let is_news = |report: &Report| report.news.iter().any(|news| news.name == failure);
    assert!(is_news(&report), "{:?}", report.news);
    let bug = |status| Register {
        bugs: vec![Bug {
            suite: vec!["mutant/* 0.wast:*".to_owned()],
            status,
            ..Bug::example()
        }],
        ..Register::default()
    };
    let before = report.news.len();
    report.settle(&Past::default(), &bug(Status::Unreported));
    assert!(!is_news(&report), "{:?}", report.news);
    assert_eq!(report.news.len(), before - 1, "the others stay news");
    let version = "2".to_owned();
    report.settle(
        &Past::default(),
        &bug(Status::Fixed {
            version,
            link: None,
        }),
    );
    assert!(is_news(&report), "{:?}", report.news);
}

#[test]
fn only_reports_are_written_over() {
    let place = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let file = place.path().join(name);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(file, text).expect("a file");
    };
    write("mine/notes.txt", "mine");
    write("page/index.html", "my page");
    write("json/nightly.json", "{\"mine\": 1}");
    write("newer/nightly.json", "{\"format\": 1000000}");
    write("file", "mine");
    write("history/history.jsonl", "");
    write("torn/history.jsonl", "{}\n");
    std::fs::create_dir(place.path().join("empty")).expect("a folder");
    let refused =
        |name: &str| format!("{:#}", folder::check(&place.path().join(name)).unwrap_err());
    assert!(refused("mine").contains("mine: holds notes.txt"));
    assert!(refused("page").contains("not written over"));
    assert!(refused("json").contains("not a nightly report"));
    assert!(refused("newer").contains("of form 1000000"));
    assert!(refused("file").contains("file: cannot be read as a folder"));
    for fine in ["absent", "empty", "history"] {
        folder::check(&place.path().join(fine)).expect(fine);
    }
    let torn = folder::past(&place.path().join("torn"), None).unwrap_err();
    assert!(
        format!("{torn:#}").contains("history.jsonl:1: "),
        "{torn:#}"
    );
    let none = folder::past(&place.path().join("empty"), Some(Path::new("/nowhere/h")));
    assert_eq!(none.expect("no past runs").lines, []);
}
