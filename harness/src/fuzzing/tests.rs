//! Sessions without libFuzzer: what they do with any bytes.

use std::path::Path;

use super::*;
use crate::campaign::Tally;

/// So many executions of each target.
const EXECUTIONS: u64 = 200;

fn bytes(seed: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    let length = random.usize(..700);
    (0..length).map(|_| random.u8(..)).collect()
}

fn session(
    target: Target,
    engines: fn() -> Vec<Configuration>,
    folder: &Path,
    stop_on_new: bool,
) -> Session {
    let record = folder.join("record");
    std::fs::create_dir_all(&record).unwrap();
    let options = Options {
        corpus: folder.to_owned(),
        engines,
        record: Some(record),
        stop_on_new,
    };
    Session::new(target, options).unwrap()
}

/// A fault that few instructions show: each of its signatures is reduced.
fn faulty() -> Vec<Configuration> {
    engine::select(&["mutant/grow-new-size"]).unwrap()
}

fn record(session: &mut Session, folder: &Path) -> Record {
    session.recorder.write().unwrap();
    Record::of_session(&folder.join("record")).unwrap()
}

#[test]
fn each_target_takes_any_bytes_and_makes_calls_of_them() {
    for target in Target::ALL {
        let folder = tempfile::tempdir().unwrap();
        let mut session = session(target, || vec![engine::checked()], folder.path(), false);
        // The memories of allocators are large, and compared whole after every access.
        let executions = match target {
            Target::Allocator => EXECUTIONS / 10,
            _ => EXECUTIONS,
        };
        assert_eq!(session.run(&[]), Ok(None));
        for seed in 0..executions {
            assert_eq!(session.run(&bytes(seed)), Ok(None), "{target:?} {seed}");
        }
        let record = record(&mut session, folder.path());
        assert_eq!(record.executions, executions + 1);
        // A program of threads is a few calls, run in every order.
        let each = if target == Target::Threads { 1 } else { 5 };
        let calls = record.tallies[0].calls;
        assert!(calls > each * executions, "{target:?}: {calls}");
        assert!(record.bugs.is_empty(), "{:?}", record.bugs);
    }
}

#[test]
fn a_session_goes_on_after_what_it_finds_and_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = session(Target::GrowLimits, faulty, folder.path(), false);
    // Twice, so that what is found is met again.
    for seed in (0..20).chain(0..20) {
        assert_eq!(session.run(&bytes(seed)), Ok(None));
    }
    let record = record(&mut session, folder.path());
    assert_eq!(record.executions, 40);
    assert!(record.bugs.values().any(|d| d.new && d.count > 1));
    for (id, met) in record.bugs {
        let file = met.file.unwrap();
        assert_eq!(file, folder.path().join(format!("{id}.wast")));
        assert!(file.is_file());
    }
}

#[test]
fn a_long_loop_is_sent_to_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = session(Target::Differential, faulty, folder.path(), false);
    for (turns, calls) in [(1000, 1), (1_000_000, 0), (u32::MAX, 0)] {
        let text = format!(
            r#"(module (memory 1) (func (export "f") (local i32) (local.set 0 (i32.const {turns}))
                (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))
                (invoke "f")"#
        );
        let source = crate::script::wast::parse("a.wast", text.as_bytes()).unwrap();
        let before = record(&mut session, folder.path()).tallies[0].calls;
        assert_eq!(session.run(&seeds::of(source)[0]), Ok(None));
        let record = record(&mut session, folder.path());
        assert_eq!(record.tallies[0].calls - before, calls, "{turns} turns");
    }
}

#[test]
fn a_session_that_is_to_stop_names_what_it_stops_at_and_the_next_one_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let end = || {
        let mut session = session(Target::GrowLimits, faulty, folder.path(), true);
        (0..20).find_map(|seed| session.run(&bytes(seed)).unwrap())
    };
    let (_, first) = end().expect("it finds something");
    // What is in the corpus is known, and nothing to stop at.
    let second = end().map(|(_, bug)| bug);
    assert_ne!(second, Some(first));
}

#[test]
fn the_last_words_are_the_signature_as_services_read_it() {
    const MARK: &str = "TRAPLINE_TEST_ENDS_HERE";
    if std::env::var_os(MARK).is_some() {
        end::at(Class::StaleData, "stale-data_x");
    }
    let name = "fuzzing::tests::the_last_words_are_the_signature_as_services_read_it";
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env(MARK, "1")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    let words = "thread 'main' panicked at 'stale-data_x', stale_data";
    assert!(said.contains(words), "{said}");
}

#[test]
fn targets_are_found_by_name() {
    for target in Target::ALL {
        assert_eq!(target.name().parse(), Ok(target));
    }
    let error = "diff".parse::<Target>().unwrap_err().to_string();
    assert!(error.starts_with("unknown target `diff`; known: differential, "));
}

#[test]
fn records_add_up() {
    let mut record = Record {
        executions: 2,
        tallies: vec![Tally::new("a"), Tally::new("b")],
        ..Record::default()
    };
    let new = Met {
        title: "what goes wrong".to_owned(),
        severity: crate::judge::Severity::Abort,
        status: "new".to_owned(),
        new: true,
        count: 3,
        configuration: "a".to_owned(),
        file: None,
    };
    let mut other = record.clone();
    other.tallies[1].calls = 7;
    other.bugs.insert("s".to_owned(), new);
    record.add(other.clone());
    record.add(other);
    assert_eq!(record.executions, 6);
    assert_eq!(record.tallies[1].calls, 14);
    assert_eq!(record.bugs["s"].count, 6);
}

#[test]
fn an_input_runs_on_as_many_configurations_as_it_can_afford() {
    let wasmi = ["wasmi/eager", "wasmi/lazy", "wasmi/eager+fuel"];
    let compilers = ["wasmtime/winch", "wasmtime/cranelift", "wasmer/singlepass"];
    for input in 0..50_u8 {
        assert_eq!(drawn(&wasmi, &[input]).len(), 3);
        assert_eq!(drawn(&compilers, &[input]).len(), 2);
        let all = [wasmi, compilers].concat();
        let mixed = drawn(&all, &[input]);
        assert!((2..=4).contains(&mixed.len()), "{mixed:?}");
    }
}
