//! Workers that fail in every way a worker can: each gives the right death,
//! and every other script is answered all the same.
//!
//! The test program is its own worker: with `--faulty-worker FAULT` it speaks
//! the protocol, and commits its fault on the script that asks for it.

mod serve;

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use trapline_harness::engine::javascript::Launch;
use trapline_harness::engine::{Budget, Configuration, Engine, Features, Job};
use trapline_harness::observation::{Observation, Watch};
use trapline_harness::script::{Script, Step};
use trapline_harness::worker::protocol::{self, Reply, Request};
use trapline_harness::worker::{Answer, Death, Router, Runner, Worker, WorkerOptions};

/// Whether a death is the one to expect.
type IsRight = fn(&Death) -> bool;

/// The name of the module that brings the fault out.
const BAD: &str = "bad";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, fault] = arguments.as_slice()
        && flag == "--faulty-worker"
    {
        match fault.as_str() {
            "endless" => serve_endless(),
            mark if mark.contains('/') => {
                die_once(Path::new(mark));
                serve::serve("");
            }
            fault => serve::serve(fault),
        }
        return ExitCode::SUCCESS;
    }
    let expectations: [(&'static str, IsRight); 9] = [
        (
            "segfault",
            |d| matches!(d, Death::Crash(how) if how.contains("SIGSEGV")),
        ),
        (
            "abort",
            |d| matches!(d, Death::Crash(how) if how.contains("SIGABRT")),
        ),
        (
            "last-words",
            |d| matches!(d, Death::Crash(how) if how.ends_with("the last of them")),
        ),
        (
            "exit",
            |d| matches!(d, Death::Crash(how) if how.contains("exit status 3")),
        ),
        ("hang", |d| matches!(d, Death::Hang(500))),
        (
            "allocate",
            |d| matches!(d, Death::OutOfMemory(bytes) if *bytes > LIMIT),
        ),
        ("half-a-frame", |d| matches!(d, Death::Garbage(_))),
        ("garbage", |d| matches!(d, Death::Garbage(_))),
        ("another-case", |d| matches!(d, Death::Garbage(_))),
    ];
    let mut trials: Vec<Trial> = expectations
        .into_iter()
        .filter(|(fault, _)| *fault != "allocate" || cfg!(target_os = "linux"))
        .map(|(fault, is_right)| Trial::test(fault, move || survives(fault, is_right)))
        .collect();
    trials.push(Trial::test("another-version", || {
        let started = worker("another-version").run(
            &Job::new(&script("good"), BUDGET, &Watch::default(), &[]),
            &["a"],
        );
        match started {
            Err(why) if why.contains("version") => Ok(()),
            other => Err(format!("{other:?}").into()),
        }
    }));
    trials.push(Trial::test("endless", ends_with_who_asked));
    if cfg!(unix) {
        trials.push(Trial::test("router", goes_to_the_worker_of_its_release));
    }
    trials.push(Trial::test("killed-at-start", is_started_again));
    if cfg!(target_os = "linux") {
        trials.push(Trial::test("full", is_replaced_when_half_full));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// What a worker may hold, in bytes.
const LIMIT: u64 = 256 << 20;

const BUDGET: Budget = Budget::of(1 << 20);

fn worker(fault: &str) -> Worker {
    let program = std::env::current_exe().expect("the test program has a path");
    Worker::new(WorkerOptions {
        launch: Launch {
            command: vec![
                program.to_str().expect("a Unicode path").to_owned(),
                "--faulty-worker".to_owned(),
                fault.to_owned(),
            ],
            ..Launch::default()
        },
        // Only who hangs is to run out of it, however slow the machine.
        wall: Duration::from_millis(if fault == "hang" { 500 } else { 120_000 }),
        memory: LIMIT,
    })
}

fn script(module: &str) -> Script {
    Script {
        steps: vec![Step::Define {
            module: module.to_owned(),
            wasm: Vec::new(),
        }],
    }
}

/// The bad script dies as it should on each configuration, the others are answered.
fn survives(fault: &str, is_right: IsRight) -> Result<(), Failed> {
    let mut worker = worker(fault);
    for module in ["good", BAD, "good", BAD, "good"] {
        let script = script(module);
        let watch = Watch::default();
        let job = Job::new(&script, BUDGET, &watch, &[]);
        let mut answers = worker.run(&job, &["a", "b"])?;
        if module == BAD {
            // A death ends the round; the rest goes to a new process.
            if answers.len() != 1 {
                return Err(format!("{} answers", answers.len()).into());
            }
            answers.extend(worker.run(&job, &["b"])?);
        }
        if answers.len() != 2 {
            return Err(format!("{} answers", answers.len()).into());
        }
        for answer in answers {
            let right = match &answer {
                Answer::Observed(_) => module != BAD,
                Answer::Died(death) => module == BAD && is_right(death),
            };
            if !right {
                return Err(format!("on {module}: {answer:?}").into());
            }
        }
    }
    Ok(())
}

/// A worker in the middle of a script that never ends goes when its input does.
fn ends_with_who_asked() -> Result<(), Failed> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--faulty-worker", "endless"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut output = child.stdout.take().ok_or("it has an output")?;
    let _: Option<Reply> = protocol::read(&mut output)?;
    let request = Request {
        id: 0,
        script: script("good"),
        modules: Vec::new(),
        interfaces: Vec::new(),
        budget: BUDGET,
        watch: Watch::default(),
        captures: Vec::new(),
        past_exhaustion: false,
        runs: 1,
        configurations: vec![ENDLESS.to_owned()],
    };
    let mut input = child.stdin.take().ok_or("it has an input")?;
    protocol::write(&mut input, &request)?;
    // The engine says so when it has begun.
    let mut begun = [0; BEGUN.len()];
    output.read_exact(&mut begun)?;
    drop(input);
    for _ in 0..1_200 {
        if child.try_wait()?.is_some() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    child.kill()?;
    Err("it still runs".into())
}

/// Each configuration is run by the process that has it, in the order asked for,
/// and a worker of another protocol version is refused by its name.
fn goes_to_the_worker_of_its_release() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let program = std::env::current_exe()?;
    for (release, fault) in [("e@1.0.0", "exit"), ("e@2.0.0", "another-version")] {
        let own = folder.path().join(release);
        std::fs::create_dir(&own)?;
        let text = format!(
            "#!/bin/sh\nexec '{}' --faulty-worker {fault}\n",
            program.display()
        );
        std::fs::write(own.join("worker"), text)?;
        Command::new("chmod")
            .arg("+x")
            .arg(own.join("worker"))
            .status()?;
    }
    let options = WorkerOptions {
        launch: Launch::default(),
        wall: Duration::from_secs(120),
        memory: LIMIT,
    };
    let linked = Box::new(worker("segfault"));
    let mut router = Router::new(linked, folder.path().to_owned(), options);
    let mut run = |module: &str, names: &[&str]| {
        let script = script(module);
        router.run(&Job::new(&script, BUDGET, &Watch::default(), &[]), names)
    };
    let process = |answer: &Answer| match answer {
        Answer::Observed(observation) => observation.timing.compile,
        Answer::Died(_) => 0,
    };
    let names = ["e/a", "e@1.0.0/a", "e@1.0.0/b", "e/b"];
    let [a, b, c, d] = &run("good", &names)?[..] else {
        return Err("not four answers".into());
    };
    if [a, b, c, d].map(process).contains(&0)
        || process(a) != process(d)
        || process(b) != process(c)
        || process(a) == process(b)
    {
        return Err(format!("{:?}", [a, b, c, d].map(process)).into());
    }
    // Up to the first that dies: the linked one, or the other.
    for (names, how) in [(&names[..], "SIGSEGV"), (&names[1..], "exit status 3")] {
        match &run(BAD, names)?[..] {
            [Answer::Died(Death::Crash(words))] if words.contains(how) => {}
            other => return Err(format!("{other:?}").into()),
        }
    }
    match run("good", &["e@2.0.0/a"]) {
        Err(why) if why.contains("e@2.0.0/worker: speaks version") => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

/// A worker that is killed before it opens costs nothing either.
fn is_started_again() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let mark = folder.path().join("died");
    let mut worker = worker(mark.to_str().ok_or("a Unicode path")?);
    let script = script("good");
    let watch = Watch::default();
    let answers = worker.run(&Job::new(&script, BUDGET, &watch, &[]), &["a"])?;
    match &answers[..] {
        [Answer::Observed(_)] if mark.exists() => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

/// Kills the process unless `mark` says that one was killed already.
fn die_once(mark: &Path) {
    if !mark.exists() {
        std::fs::write(mark, "").expect("the folder is there");
        send("-KILL");
        loop {
            std::thread::sleep(Duration::from_secs(1));
        }
    }
}

/// Sends the process a signal.
fn send(signal: &str) {
    Command::new("kill")
        .args([signal.to_owned(), std::process::id().to_string()])
        .status()
        .expect("there is a kill");
}

/// What scripts have left in a process is not to count as the next one's.
fn is_replaced_when_half_full() -> Result<(), Failed> {
    let mut worker = worker("full");
    let mut process = |module: &str| -> Result<u64, Failed> {
        let script = script(module);
        let watch = Watch::default();
        let job = Job::new(&script, BUDGET, &watch, &[]);
        match &worker.run(&job, &["a"])?[..] {
            [Answer::Observed(observation)] => Ok(observation.timing.compile),
            other => Err(format!("on {module}: {other:?}").into()),
        }
    };
    let first = process("good")?;
    if process("good")? != first || process(BAD)? != first {
        return Err("replaced without need".into());
    }
    if process("good")? == first {
        return Err("not replaced".into());
    }
    Ok(())
}

/// The name of a configuration that never ends, and what it says first.
const ENDLESS: &str = "endless/endless";
const BEGUN: &[u8] = b"begun";

struct Endless;

impl Engine for Endless {
    fn observe(&mut self, _: &Job<'_>) -> Observation {
        let mut output = std::io::stdout();
        output.write_all(BEGUN).expect("the pipe is open");
        output.flush().expect("the pipe is open");
        loop {
            std::thread::sleep(Duration::from_secs(1));
        }
    }
}

/// The library's own worker, with an engine that never ends.
fn serve_endless() {
    let endless = Configuration::linked(ENDLESS, "0", "", Features::NONE, || Ok(Box::new(Endless)));
    let _ = trapline_harness::worker::serve(vec![endless], std::io::stdin(), std::io::stdout());
}
