//! A fuzzer of an engine's own: built with cargo-fuzz, run under libFuzzer.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::{Find, Peer};
use crate::options::scratch;
use crate::verb::fuzz::{Tools, watch};

/// What it is told besides the time: nothing of ours, and what keeps it within the machine.
const ALWAYS: [&str; 4] = [
    "-timeout=30",
    "-rss_limit_mb=4096",
    "-detect_leaks=0",
    "-print_final_stats=1",
];

/// What a fuzzer did.
pub(super) struct Session {
    pub(super) seconds: f64,
    pub(super) executions: u64,
    pub(super) finds: Vec<Find>,
}

/// Builds the fuzzer of a checkout, without sanitizers; its program.
///
/// # Errors
/// It cannot be built.
pub(super) fn build(tools: &Tools, peer: &Peer, checkout: &Path) -> anyhow::Result<PathBuf> {
    let folder = scratch("peers")?.join(peer.engine);
    eprintln!(
        "building {} of {} (the first time takes minutes)",
        peer.target,
        checkout.display()
    );
    let status = Command::new("cargo")
        .args(["+nightly", "fuzz", "build", "--sanitizer", "none"])
        .arg("--fuzz-dir")
        .arg(checkout.join("fuzz"))
        .arg("--target-dir")
        .arg(&folder)
        .args(peer.features)
        .arg(peer.target)
        .current_dir(checkout)
        .status()
        .context("cargo cannot be run")?;
    if !status.success() {
        bail!(
            "{}: its fuzzer cannot be built: see above",
            checkout.display()
        );
    }
    tools.program(&folder, peer.target)
}

/// Runs a fuzzer for so long, from nothing; again and again, where an input ends it.
///
/// # Errors
/// It cannot be started.
pub(super) fn run(
    peer: &Peer,
    program: &Path,
    time: Duration,
    interrupted: &AtomicBool,
) -> anyhow::Result<Session> {
    let inputs = tempfile::tempdir().context("no temporary folder can be made")?;
    let corpus = inputs.path().join("inputs");
    std::fs::create_dir(&corpus).context("no temporary folder can be made")?;
    let began = Instant::now();
    let mut session = Session {
        seconds: 0.0,
        executions: 0,
        finds: Vec::new(),
    };
    while let Some(left) = time.checked_sub(began.elapsed())
        && left.as_secs() > 0
        && !interrupted.load(Ordering::Relaxed)
    {
        let mut child = Command::new(program)
            .args(ALWAYS)
            .arg(format!("-max_total_time={}", left.as_secs()))
            .arg(format!("-artifact_prefix={}/", inputs.path().display()))
            .arg(&corpus)
            .envs(peer.environment.iter().copied())
            .current_dir(inputs.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{}: cannot be started", program.display()))?;
        let stderr = child.stderr.take().context("it has no standard error")?;
        let heard = std::thread::scope(|scope| {
            let reader = scope.spawn(|| listen(stderr));
            let ended = watch(&mut child, &|| interrupted.load(Ordering::Relaxed));
            let heard = reader.join().unwrap_or_default();
            ended.map(|success| (success, heard))
        });
        let (success, heard) = heard?;
        session.executions += heard.executions;
        if !success && !interrupted.load(Ordering::Relaxed) {
            if heard.executions == 0 {
                bail!("{}: ends at once: {}", program.display(), heard.why());
            }
            add(
                &mut session.finds,
                heard.why(),
                began.elapsed().as_secs_f64(),
            );
        }
    }
    session.seconds = began.elapsed().as_secs_f64();
    Ok(session)
}

/// Counts a find; those in the same words are one.
fn add(finds: &mut Vec<Find>, what: String, seconds: f64) {
    match finds.iter_mut().find(|find| find.what == what) {
        Some(find) => find.times += 1,
        None => finds.push(Find {
            what,
            seconds,
            times: 1,
        }),
    }
}

/// What a process of libFuzzer has said.
#[derive(Debug, Default)]
struct Heard {
    executions: u64,
    /// The place of a panic and its message, the first there was.
    panic: Option<(String, String)>,
    /// libFuzzer's own words for why it ended.
    error: Option<String>,
}

impl Heard {
    /// Why it ended, without what is another number each time.
    fn why(&self) -> String {
        match (&self.panic, &self.error) {
            (Some((place, message)), _) => format!("{place}: {}", without_numbers(message)),
            (None, Some(error)) => error.clone(),
            (None, None) => "no word of why it ended".to_owned(),
        }
    }
}

fn listen(stderr: impl Read) -> Heard {
    let mut heard = Heard::default();
    let mut lines = BufReader::new(stderr).split(b'\n').map_while(Result::ok);
    while let Some(line) = lines.next() {
        let line = String::from_utf8_lossy(&line).into_owned();
        if let Some((_, place)) = line.split_once(" panicked at ")
            && heard.panic.is_none()
        {
            let message = lines.next().unwrap_or_default();
            let message = String::from_utf8_lossy(&message).into_owned();
            heard.panic = Some((place.trim_end_matches(':').to_owned(), message));
        } else if let Some((_, error)) = line.split_once("ERROR: libFuzzer: ") {
            heard.error.get_or_insert(without_numbers(error));
        } else if let Some(count) = line.strip_prefix("stat::number_of_executed_units:") {
            heard.executions = count.trim().parse().unwrap_or(heard.executions);
        } else if let Some(rest) = line.strip_prefix('#') {
            let digits = rest.split(|c: char| !c.is_ascii_digit()).next();
            let count = digits.and_then(|digits| digits.parse().ok());
            heard.executions = heard.executions.max(count.unwrap_or(0));
        }
    }
    heard
}

/// Words in which every number is `#`, cut to a line's length.
fn without_numbers(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().take(200) {
        match c.is_ascii_digit() {
            true if out.ends_with('#') => {}
            true => out.push('#'),
            false => out.push(c),
        }
    }
    out
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    const PEER: Peer = Peer {
        engine: "shell",
        target: "differential",
        features: &[],
        environment: &[("SAID", "7")],
        about: "",
    };

    /// Runs a shell script as the fuzzer.
    fn session(script: &str, time: u64) -> anyhow::Result<Session> {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir()?;
        let program = folder.path().join("fuzzer");
        std::fs::write(&program, format!("#!/bin/sh\n{script}"))?;
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))?;
        run(
            &PEER,
            &program,
            Duration::from_secs(time),
            &AtomicBool::new(false),
        )
    }

    #[test]
    fn it_is_started_again_and_finds_in_the_same_words_are_one() {
        // Three processes end by an input, two of them in the same way; the fourth ends by itself,
        // when there is no time left.
        let script = "
            n=$(cat ../count-of-processes 2>/dev/null || echo 0); n=$((n + 1))
            echo $n > ../count-of-processes
            echo \"#$((n * 10)) NEW\" >&2
            case $n in
              1|3) echo \"thread '<unnamed>' panicked at src/lib.rs:1:2:\" >&2
                   echo \"left: $n\" >&2; echo 'stat::number_of_executed_units: 100' >&2; exit 77;;
              2) echo \"==$$== ERROR: libFuzzer: timeout after 30 seconds\" >&2; exit 70;;
              *) sleep 3; exit 0;;
            esac";
        let folder = tempfile::tempdir().unwrap();
        let script = script.replace("..", &folder.path().display().to_string());
        let session = session(&script, 3).unwrap();
        let finds: Vec<(&str, u64)> = session
            .finds
            .iter()
            .map(|find| (&*find.what, find.times))
            .collect();
        assert_eq!(
            finds,
            [
                ("src/lib.rs:1:2: left: #", 2),
                ("timeout after # seconds", 1)
            ]
        );
        assert_eq!(session.executions, 100 + 20 + 100 + 40);
    }

    #[test]
    fn one_that_never_executes_anything_is_an_error() {
        let error = session("echo 'ERROR: libFuzzer: no inputs' >&2; exit 1", 5).err();
        let error = error.expect("it never works").to_string();
        assert!(error.ends_with("ends at once: no inputs"), "{error}");
    }
}
