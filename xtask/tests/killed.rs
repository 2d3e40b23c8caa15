//! `kill -9`, of a worker and of the campaign itself.
//!
//! On Linux only, where `/proc` tells who is whose child.
#![cfg(target_os = "linux")]

mod campaign;

use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use campaign::{campaign, report};
use trapline_harness::corpus::{Corpus, bug_of};
use trapline_harness::script::wast;

const ARGUMENTS: [&str; 8] = [
    "--engines",
    "mutant/grow-new-size",
    "--seed",
    "7",
    "--cases",
    "60",
    "--budget",
    "16",
];

/// When to kill, in milliseconds; whatever happens to be under way then.
const MOMENTS: [u64; 4] = [30, 170, 410, 900];

#[test]
fn a_killed_worker_costs_nothing() {
    let undisturbed = tempfile::tempdir().expect("a folder");
    run(undisturbed.path());
    for moment in MOMENTS {
        let folder = tempfile::tempdir().expect("a folder");
        let mut running = campaign(folder.path(), &ARGUMENTS)
            .spawn()
            .expect("it runs");
        sleep(Duration::from_millis(moment));
        children(running.id()).into_iter().for_each(kill);
        let status = running.wait().expect("it ends");
        assert_eq!(status.code(), Some(1), "killed after {moment} ms");
        assert_eq!(
            report(folder.path()),
            report(undisturbed.path()),
            "killed after {moment} ms"
        );
    }
}

#[test]
fn a_killed_campaign_leaves_no_half_and_no_orphan() {
    let undisturbed = tempfile::tempdir().expect("a folder");
    run(undisturbed.path());
    let folder = tempfile::tempdir().expect("a folder");
    let corpus = folder.path().join("corpus");
    for moment in MOMENTS {
        let mut running = campaign(folder.path(), &ARGUMENTS)
            .spawn()
            .expect("it runs");
        sleep(Duration::from_millis(moment));
        let workers = children(running.id());
        kill(running.id());
        running.wait().expect("it ends");
        whole(&corpus);
        for worker in workers {
            while is_alive(worker) {
                sleep(Duration::from_millis(10));
            }
        }
    }
    // What was filed before the kill is known by now, and nothing is missing.
    run(folder.path());
    assert_eq!(files(&corpus), files(&undisturbed.path().join("corpus")));
}

/// Runs the campaign to its end.
fn run(folder: &Path) {
    let status = campaign(folder, &ARGUMENTS).status().expect("it runs");
    assert!(matches!(status.code(), Some(0 | 1)), "{status}");
}

/// Whatever is in the corpus can be read, and names itself.
fn whole(folder: &Path) {
    let corpus = Corpus::open(folder).expect("the register is whole");
    for file in corpus.files().expect("the folder is there") {
        wast::read(&file).expect("a whole script");
        let text = std::fs::read_to_string(&file).expect("it is there");
        let name = file.file_stem().and_then(|stem| stem.to_str());
        assert_eq!(bug_of(&text), name);
    }
}

fn files(folder: &Path) -> Vec<String> {
    let corpus = Corpus::open(folder).expect("the register is whole");
    let files = corpus.files().expect("the folder is there");
    let names = files.iter().filter_map(|file| file.file_name()?.to_str());
    names.map(str::to_owned).collect()
}

fn children(parent: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").expect("there is /proc");
    let pids = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter(|&pid: &u32| stat(pid).is_some_and(|(_, of)| of == parent))
        .collect()
}

/// Alive, and not only waiting to be collected.
fn is_alive(pid: u32) -> bool {
    stat(pid).is_some_and(|(state, _)| state != "Z")
}

/// The state of a process, and its parent.
fn stat(pid: u32) -> Option<(String, u32)> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let mut fields = text.rsplit_once(") ")?.1.split(' ');
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}

fn kill(pid: u32) {
    let status = Command::new("kill")
        .args(["-9", &pid.to_string()])
        .stderr(std::process::Stdio::null())
        .status();
    // It may be gone by itself.
    status.expect("there is a kill");
}
