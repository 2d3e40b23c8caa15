//! What is found of when a divergence came and went.

use super::*;

fn versions(count: u64) -> Vec<Version> {
    (0..count).map(|major| Version::new(major, 0, 0)).collect()
}

/// Tries until there is nothing to try; how many that took.
fn run(history: &mut History, state: impl Fn(&Version) -> Tried) -> usize {
    let mut tries = 0;
    while let Some(version) = history.next().cloned() {
        history.learn(&version, state(&version));
        tries += 1;
        assert!(tries < 1000);
    }
    tries
}

fn bad(version: &Version, when: bool) -> Tried {
    match when {
        true => Tried::Diverges(version.to_string()),
        false => Tried::Conforms,
    }
}

#[test]
fn a_change_is_found_by_halves() {
    for first_bad in 1..64 {
        let mut history = History::new("wasmtime", versions(64));
        let tries = run(&mut history, |v| bad(v, v.major >= first_bad));
        assert!(tries <= 8, "{tries} for {first_bad}");
        let [change] = &history.changes()[..] else {
            panic!("{:?}", history.changes());
        };
        assert_eq!(change.to.major, first_bad);
        assert_eq!(change.from.major, first_bad - 1);
        assert_eq!(
            history.words(),
            format!("since {first_bad}.0.0, open in 63.0.0")
        );
    }
}

#[test]
fn what_came_and_went_is_found_from_one_release_that_has_it() {
    let mut history = History::new("wasmtime", versions(64));
    history.learn(&Version::new(20, 0, 0), Tried::Diverges(String::new()));
    let tries = run(&mut history, |v| bad(v, (10..40).contains(&v.major)));
    assert!(tries <= 13, "{tries}");
    assert_eq!(history.words(), "since 10.0.0, fixed in 40.0.0");
}

#[test]
fn a_release_that_cannot_say_is_stepped_over_and_named() {
    let mut history = History::new("wasmtime", versions(16));
    run(&mut history, |v| match v.major {
        0 | 7 | 8 | 9 | 15 => Tried::Skipped("cannot be built".to_owned()),
        major => bad(v, major >= 8),
    });
    let [change] = &history.changes()[..] else {
        panic!("{:?}", history.changes());
    };
    assert_eq!((change.from.major, change.to.major), (6, 10));
    let between: Vec<u64> = change.between.iter().map(|v| v.major).collect();
    assert_eq!(between, [7, 8, 9]);
    assert_eq!(history.words(), "since 10.0.0, open in 14.0.0");
}

#[test]
fn what_costs_nothing_is_tried_first() {
    let mut history = History::new("wasmtime", versions(64));
    history.prefer(&Version::new(30, 0, 0));
    history.prefer(&Version::new(30, 0, 5));
    assert_eq!(history.next(), Some(&Version::new(30, 0, 0)));
    run(&mut history, |v| bad(v, *v > Version::new(30, 0, 0)));
    assert_eq!(history.words(), "since 30.0.5, open in 63.0.0");
    assert_eq!(history.tried().count(), 4);
}

#[test]
fn a_fix_that_was_carried_back_is_no_second_beginning() {
    let fixed = |v: &Version| {
        bad(
            v,
            v.major < 43 && *v < Version::new(36, 0, 5) || (37..43).contains(&v.major),
        )
    };
    let mut history = History::new(
        "wasmtime",
        (24..=48).map(|m| Version::new(m, 0, 0)).collect(),
    );
    for patch in [4, 5, 20] {
        history.prefer(&Version::new(36, 0, patch));
    }
    let tries = run(&mut history, fixed);
    assert!(tries <= 11, "{tries}");
    assert_eq!(
        history.words(),
        "in 24.0.0 already, fixed in 36.0.5 and 43.0.0"
    );
    // The fix of the older line is known, that of the newer is looked for.
    let mut history = History::new(
        "wasmtime",
        (36..=48).map(|m| Version::new(m, 0, 0)).collect(),
    );
    history.prefer(&Version::new(36, 0, 20));
    run(&mut history, fixed);
    assert_eq!(
        history.words(),
        "in 36.0.0 already, fixed in 36.0.20 and 43.0.0"
    );
}

#[test]
fn what_came_with_a_patch_and_went_with_the_next_line() {
    let all = ["1.0.0", "1.0.5", "1.1.0", "1.2.0"];
    let all: Vec<Version> = all.iter().map(|v| v.parse().unwrap()).collect();
    let mut history = History::new("wasmi", all);
    history.prefer(&Version::new(1, 0, 5));
    run(&mut history, |v| bad(v, *v == Version::new(1, 0, 5)));
    assert_eq!(history.words(), "since 1.0.5, fixed in 1.1.0");
}

#[test]
fn a_candidate_of_a_release_that_alone_has_it_is_enough() {
    let all = ["1.1.0", "2.0.0-beta.2", "2.0.0-beta.3", "2.0.0"];
    let all: Vec<Version> = all.iter().map(|v| v.parse().unwrap()).collect();
    let mut history = History::new("wasmi", all);
    run(&mut history, |_| Tried::Conforms);
    assert!(!history.any_diverges());
    let beta = "2.0.0-beta.2".parse().unwrap();
    history.learn(&beta, Tried::Diverges(String::new()));
    run(&mut history, |_| Tried::Conforms);
    assert_eq!(history.words(), "since 2.0.0-beta.2, fixed in 2.0.0-beta.3");
}

#[test]
fn words_for_what_never_changed() {
    let mut never = History::new("wasmtime", versions(4));
    assert_eq!(run(&mut never, |v| bad(v, false)), 2);
    assert_eq!(never.words(), "in no release tried");
    let mut always = History::new("wasmtime", versions(4));
    run(&mut always, |v| bad(v, true));
    assert_eq!(always.words(), "in 0.0.0 already, open in 3.0.0");
    let mut none = History::new("wasmtime", versions(2));
    run(&mut none, |_| Tried::Skipped(String::new()));
    assert_eq!(none.words(), "no release can say");
}

#[test]
fn lines_are_the_first_release_of_each() {
    let all = ["36.0.3", "36.0.4", "37.0.0-rc.1", "37.0.1", "37.1.0"];
    let all: Vec<Version> = all.iter().map(|v| v.parse().unwrap()).collect();
    let firsts = |engine| {
        lines(engine, all.iter())
            .iter()
            .map(Version::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(firsts("wasmtime"), ["36.0.3", "37.0.1"]);
    assert_eq!(firsts("wasmer"), ["36.0.3", "37.0.1", "37.1.0"]);
}
