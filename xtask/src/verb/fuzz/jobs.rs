//! The processes of a session: started, watched, started again when an input
//! has killed one.

use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use trapline_harness::fuzzing::Record;

use super::seeds;

/// What to run.
pub(super) struct Jobs {
    /// The target.
    pub(super) program: PathBuf,
    /// What libFuzzer is told, but for the time.
    pub(super) arguments: Vec<String>,
    /// The environment, besides ours.
    pub(super) environment: Vec<(&'static str, String)>,
    /// How many processes at a time.
    pub(super) count: u16,
    /// How long; until it is interrupted if `None`.
    pub(super) time: Option<Duration>,
    /// Where the inputs are that it begins with and keeps.
    pub(super) inputs: PathBuf,
    /// Where inputs are put that killed a process.
    pub(super) artifacts: PathBuf,
    /// For logs and records.
    pub(super) folder: PathBuf,
    /// Whether all end when one has found something new.
    pub(super) stop_on_new: bool,
}

/// What all jobs know.
#[derive(Default)]
struct Shared {
    /// Whether all are to end.
    over: AtomicBool,
    /// How many processes were killed by an input.
    killed: AtomicU64,
    /// How many seeds were withdrawn.
    withdrawn: AtomicU64,
}

/// How the processes ended.
pub(super) struct Ended {
    /// How long they ran.
    pub(super) elapsed: Duration,
    /// How many were killed by an input.
    pub(super) killed: u64,
}

/// A process that lives shorter than this did not get to fuzzing.
const STILLBORN: Duration = Duration::from_secs(2);

/// So many of them in a row, and something else is wrong.
const STILLBIRTHS: u32 = 3;

/// How often progress is told where there is no terminal.
const QUIET: Duration = Duration::from_secs(30);

impl Jobs {
    /// Runs them all.
    ///
    /// # Errors
    /// A target cannot be started, or ends again and again as soon as it is.
    pub(super) fn run(&self, interrupted: &AtomicBool) -> anyhow::Result<Ended> {
        let began = Instant::now();
        let shared = Shared::default();
        let results = std::thread::scope(|scope| {
            let jobs: Vec<_> = (0..self.count)
                .map(|job| {
                    let shared = &shared;
                    scope.spawn(move || {
                        let result = self.job(job, began, interrupted, shared);
                        if result.is_err() {
                            shared.over.store(true, Ordering::Relaxed);
                        }
                        result
                    })
                })
                .collect();
            self.show(began, || jobs.iter().all(|job| job.is_finished()));
            jobs.into_iter()
                .map(|job| {
                    job.join()
                        .unwrap_or_else(|_| Err(anyhow!("a job panicked")))
                })
                .collect::<Vec<_>>()
        });
        for result in results {
            result?;
        }
        Ok(Ended {
            elapsed: began.elapsed(),
            killed: shared.killed.into_inner(),
        })
    }

    fn job(
        &self,
        job: u16,
        began: Instant,
        interrupted: &AtomicBool,
        shared: &Shared,
    ) -> anyhow::Result<()> {
        let Shared {
            over,
            killed,
            withdrawn,
        } = shared;
        let log = self.folder.join(format!("job-{job}.log"));
        let mut log = File::create(&log).with_context(|| format!("{}", log.display()))?;
        let mut stillborn = 0;
        loop {
            let left = match self.time {
                Some(time) => match time.checked_sub(began.elapsed()) {
                    Some(left) if left.as_secs() > 0 => Some(left),
                    _ => return Ok(()),
                },
                None => None,
            };
            let (born, before) = (Instant::now(), withdrawn.load(Ordering::Relaxed));
            let mut child = self.start(left)?;
            let stderr = child.stderr.take().context("it has no standard error")?;
            let last = std::thread::scope(|scope| {
                let reader = scope.spawn(|| tell(stderr, &mut log));
                let ended = watch(&mut child, &|| {
                    interrupted.load(Ordering::Relaxed) || over.load(Ordering::Relaxed)
                });
                let last = reader.join().unwrap_or_default();
                ended.map(|success| (success, last))
            });
            let (success, last) = last?;
            if success || interrupted.load(Ordering::Relaxed) || over.load(Ordering::Relaxed) {
                return Ok(());
            }
            if self.stop_on_new && last.found_new {
                over.store(true, Ordering::Relaxed);
                return Ok(());
            }
            let seeds = seeds::withdraw(&self.artifacts, &self.inputs)?;
            // Others may have withdrawn what this one died of.
            let of_a_seed = withdrawn.fetch_add(seeds, Ordering::Relaxed) + seeds > before;
            stillborn = if !of_a_seed && born.elapsed() < STILLBORN {
                stillborn + 1
            } else {
                0
            };
            if stillborn == STILLBIRTHS {
                bail!("the target ends as soon as it is started: {}", last.line);
            }
            killed.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn start(&self, time: Option<Duration>) -> anyhow::Result<Child> {
        let mut command = Command::new(&self.program);
        if let Some(time) = time {
            command.arg(format!("-max_total_time={}", time.as_secs()));
        }
        command
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(k, v)| (k, v)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{}: cannot be run", self.program.display()))
    }

    /// Tells how far the session is, until it is over.
    fn show(&self, began: Instant, over: impl Fn() -> bool) {
        let terminal = std::io::stderr().is_terminal();
        let mut said = Instant::now();
        while !over() {
            std::thread::sleep(Duration::from_millis(100));
            let every = if terminal {
                Duration::from_secs(1)
            } else {
                QUIET
            };
            if said.elapsed() < every {
                continue;
            }
            said = Instant::now();
            let record = Record::of_session(&self.folder).unwrap_or_default();
            let seconds = began.elapsed().as_secs_f64();
            let new = record.bugs.values().filter(|d| d.new).count();
            let line = format!(
                "{seconds:.0}s: {} executions, {:.0}/s, {} bugs, {new} of them new",
                record.executions,
                record.executions as f64 / seconds,
                record.bugs.len(),
            );
            if terminal {
                eprint!("\r{line:<78}\r");
                let _ = std::io::stderr().flush();
            } else {
                eprintln!("{line}");
            }
        }
    }
}

/// The last words of a process.
#[derive(Default)]
struct Last {
    /// The last line that says what went wrong.
    line: String,
    /// Whether it ended at something new.
    found_new: bool,
}

/// Writes what a process says to its log; shows what is for people.
fn tell(stderr: impl std::io::Read, log: &mut File) -> Last {
    let mut last = Last::default();
    for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        // A log that cannot be written is no reason to stop.
        let _ = writeln!(log, "{line}");
        if ["new: ", "flaky: "].iter().any(|s| line.starts_with(s)) {
            eprintln!("{line}");
        }
        if let Some(why) = line.strip_prefix("error: ") {
            last.found_new = why.starts_with("new divergence: ");
            why.clone_into(&mut last.line);
        }
    }
    last
}

/// Waits for a process to end, or ends it; whether it succeeded.
pub(in crate::verb) fn watch(child: &mut Child, over: &dyn Fn() -> bool) -> anyhow::Result<bool> {
    loop {
        if let Some(status) = child.try_wait().context("a process cannot be waited for")? {
            return Ok(status.success());
        }
        if over() {
            // One that ended meanwhile cannot be killed, and need not be.
            let _ = child.kill();
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// Runs a shell script as the target.
    fn run(script: &str, time: u64) -> anyhow::Result<(Ended, tempfile::TempDir)> {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir()?;
        let program = folder.path().join("target");
        std::fs::write(&program, format!("#!/bin/sh\n{script}"))?;
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))?;
        let jobs = Jobs {
            program,
            arguments: vec!["-one".to_owned()],
            environment: vec![("FOLDER", folder.path().display().to_string())],
            count: 2,
            time: Some(Duration::from_secs(time)),
            inputs: folder.path().to_owned(),
            artifacts: folder.path().join("artifacts"),
            folder: folder.path().to_owned(),
            stop_on_new: true,
        };
        Ok((jobs.run(&AtomicBool::new(false))?, folder))
    }

    #[test]
    fn each_process_is_told_what_to_do_and_leaves_a_log() {
        let (ended, folder) = run("echo \"$*\" >&2; exit 0", 5000).unwrap();
        assert_eq!(ended.killed, 0);
        for job in 0..2 {
            let log = folder.path().join(format!("job-{job}.log"));
            let log = std::fs::read_to_string(log).unwrap();
            assert!(log.starts_with("-max_total_time=49"), "{log}");
            assert!(log.ends_with(" -one\n"), "{log}");
        }
    }

    #[test]
    fn a_process_that_was_killed_is_started_again() {
        // The first of each kind dies, the second does not.
        let script = "mkdir $FOLDER/a || mkdir $FOLDER/b || exit 0; exit 77";
        let (ended, _) = run(script, 5000).unwrap();
        assert_eq!(ended.killed, 2);
    }

    #[test]
    fn one_that_never_gets_to_work_is_an_error() {
        let error = run("echo 'error: no corpus' >&2; exit 1", 5000).err();
        let error = error.expect("it never works").to_string();
        assert!(error.ends_with("as soon as it is started: no corpus"));
    }

    #[test]
    fn a_seed_that_kills_is_withdrawn_and_the_session_begins_again() {
        // Four processes die of a seed each, more than would be stillborn.
        let deaths: String = (1..=4)
            .map(|n| {
                let seed = trapline_harness::fuzzing::seeds::name(format!("{n}\n").as_bytes());
                format!(
                    "mkdir {n} && echo {n} > {seed} && cp {seed} artifacts/crash-{n} && exit 77\n"
                )
            })
            .collect();
        let script = format!("cd $FOLDER; mkdir -p artifacts\n{deaths} exit 0");
        let (ended, _) = run(&script, 5000).unwrap();
        assert_eq!(ended.killed, 4);
    }

    #[test]
    fn all_end_when_one_has_found_something_new() {
        let script = "mkdir $FOLDER/first || exec sleep 600
            echo 'error: new divergence: value_x' >&2; exit 1";
        let (ended, _) = run(script, 5000).unwrap();
        assert_eq!(ended.killed, 0);
    }
}
