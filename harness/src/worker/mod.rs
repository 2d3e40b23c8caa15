//! Running a script on engines, here or in a process of their own.

#[cfg(not(worker))]
mod child;
#[cfg(test)]
mod guide;
mod in_process;
mod interface;
#[cfg(not(worker))]
mod process;
pub mod protocol;
#[cfg(not(worker))]
mod remote;
#[cfg(not(worker))]
mod router;
mod serve;
mod standard;

pub use in_process::InProcess;
#[cfg(not(worker))]
pub use process::{Worker, WorkerOptions};
#[cfg(not(worker))]
pub use remote::{hello, remote};
#[cfg(not(worker))]
pub use router::Router;
pub use serve::serve;
pub use standard::{keep_small, serve_standard};

use crate::engine::Job;
use crate::observation::Observation;

/// What became of a script on one engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The engine answered.
    Observed(Observation),
    /// The process it ran in died, or had to be killed.
    Died(Death),
}

/// How a worker process ended while an engine was running in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Death {
    /// By a signal, by aborting or by exiting; in words, with the last lines
    /// of its standard error.
    Crash(String),
    /// By a signal that no process sends itself (SIGKILL), and not only once:
    /// the system may be short of memory. In words.
    Killed(String),
    /// It was killed after so many milliseconds without an answer.
    Hang(u64),
    /// It was killed when it held so many bytes of memory.
    OutOfMemory(u64),
    /// What it sent is not an answer.
    Garbage(String),
}

impl std::fmt::Display for Death {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Death::Crash(how) | Death::Killed(how) => write!(f, "its process died: {how}"),
            Death::Hang(ms) => write!(f, "no answer after {ms} ms"),
            Death::OutOfMemory(bytes) => write!(f, "its process held {bytes} bytes of memory"),
            Death::Garbage(what) => write!(f, "its process sent garbage: {what}"),
        }
    }
}

/// Something that runs scripts on configurations.
pub trait Runner {
    /// Runs `job` on `configurations` (names) in order, up to the first whose
    /// process dies; one answer each. Who asks can keep the script before
    /// asking for the rest, which then runs in a new process.
    ///
    /// # Errors
    /// In words, where the request itself could not be made (no worker can be
    /// started, a configuration that the runner does not have).
    fn run(&mut self, job: &Job<'_>, configurations: &[&str]) -> Result<Vec<Answer>, String>;

    /// What is asked next is asked of new processes, in which nothing ran before. Without
    /// processes of its own a runner does nothing.
    fn renew(&mut self) {}
}
