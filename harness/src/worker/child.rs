//! The process of a worker: a program that speaks on its standard streams, or a
//! browser with a page that does so on a socket.

use std::io::{BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::engine::javascript::Launch;
use crate::engine::javascript::browser::Tab;

/// A process that was started.
pub(super) enum Process {
    /// A program.
    Program(Child),
    /// A browser.
    Tab(Tab),
}

/// A process with its streams.
pub(super) struct Streams {
    pub(super) process: Process,
    /// Where requests are written.
    pub(super) requests: Box<dyn Write + Send>,
    /// Where replies are read.
    pub(super) replies: Box<dyn Read + Send>,
    /// Its standard error.
    pub(super) said: Box<dyn Read + Send>,
}

/// How a process ended.
#[derive(Default)]
pub(super) struct Ended {
    /// By the signal that cannot be caught.
    pub(super) killed: bool,
    /// In words, with the last of its standard error.
    pub(super) words: String,
}

impl Process {
    /// Starts it.
    ///
    /// # Errors
    /// In words, if it cannot be started.
    pub(super) fn start(launch: &Launch) -> Result<Streams, String> {
        if let Some(page) = &launch.page {
            let opened = Tab::open(&launch.command, &launch.environment, page)?;
            return Ok(Streams {
                process: Process::Tab(opened.tab),
                requests: Box::new(opened.requests),
                replies: Box::new(opened.replies),
                said: opened.said,
            });
        }
        let (program, arguments) = launch
            .command
            .split_first()
            .ok_or("no worker program is set")?;
        let environment = launch.environment.iter();
        let mut child = Command::new(program)
            .args(arguments)
            .envs(environment.map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|why| format!("{program}: cannot be started: {why}"))?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take();
        let stderr = child.stderr.take();
        Ok(Streams {
            process: Process::Program(child),
            requests: Box::new(stdin.ok_or("a worker without standard input")?),
            replies: Box::new(BufReader::with_capacity(
                1 << 16,
                stdout.ok_or("a worker without standard output")?,
            )),
            said: Box::new(stderr.ok_or("a worker without standard error")?),
        })
    }

    /// Its resident memory in bytes, where the kernel tells; of a browser that of its
    /// largest process, which has the page.
    pub(super) fn resident(&self) -> Option<u64> {
        match self {
            Process::Program(child) => resident(child.id()),
            Process::Tab(tab) => group(tab.id()).filter_map(resident).max(),
        }
    }

    /// Whether it is a page of a browser.
    pub(super) fn is_page(&self) -> bool {
        matches!(self, Process::Tab(_))
    }

    /// What it has said against how it was started, if it runs all the same: Chromium
    /// ignores flags that it does not know.
    pub(super) fn complaint<'a>(&self, said: &'a str) -> Option<&'a str> {
        let mut lines = match self {
            Process::Program(_) => return None,
            Process::Tab(_) => said.lines(),
        };
        lines.find(|line| line.contains("unrecognized flag"))
    }

    /// Kills it if it still runs after `patience`, collects it, and says how it ended.
    pub(super) fn end(self, patience: Duration) -> Ended {
        let until = Instant::now() + patience;
        let mut child = match self {
            Process::Tab(tab) => {
                return match tab.end(patience) {
                    Some(status) => Ended::with(status),
                    // Not our doing: only the page is gone.
                    None => Ended {
                        killed: false,
                        words: "its tab died, the browser did not".to_owned(),
                    },
                };
            }
            Process::Program(child) => child,
        };
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break Some(status),
                Ok(None) if Instant::now() < until => thread::sleep(Duration::from_millis(2)),
                _ => {
                    let _ = child.kill();
                    break child.wait().ok();
                }
            }
        };
        status.map_or_else(
            || Ended {
                killed: false,
                words: "no exit status".to_owned(),
            },
            Ended::with,
        )
    }
}

impl Ended {
    fn with(status: ExitStatus) -> Ended {
        Ended {
            killed: signal(status) == Some(9),
            words: in_words(status),
        }
    }
}

fn in_words(status: ExitStatus) -> String {
    if let Some(signal) = signal(status) {
        let name = match signal {
            4 => " (SIGILL)",
            6 => " (SIGABRT)",
            8 => " (SIGFPE)",
            9 => " (SIGKILL)",
            11 => " (SIGSEGV)",
            _ => "",
        };
        return format!("killed by signal {signal}{name}");
    }
    match status.code() {
        Some(code) => format!("exit status {code}"),
        None => "no exit status".to_owned(),
    }
}

/// The signal that ended a process.
#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<i32> {
    None
}

/// The resident memory of a process, in bytes, where the kernel tells.
fn resident(pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let pages: u64 = text.split_whitespace().nth(1)?.parse().ok()?;
    // 4 KiB is a lower bound of the page size: a limit that errs is lenient.
    Some(pages * 4096)
}

/// The processes of a group.
fn group(id: u32) -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(move |pid: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // Behind the name, which may have anything in it: state, parent, group.
        let fields = stat.rsplit(')').next().unwrap_or_default();
        fields.split_whitespace().nth(2) == Some(&*id.to_string())
    })
}
