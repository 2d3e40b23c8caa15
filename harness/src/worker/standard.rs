//! A worker process: answers on its standard output what comes on its standard
//! input. All that the program of a worker has to call.

use std::io;

use super::serve;
use crate::engine::Configuration;

/// Serves `configurations` until standard input ends.
///
/// # Errors
/// If either stream breaks, or if what comes in is no request.
pub fn serve_standard(configurations: Vec<Configuration>) -> io::Result<()> {
    ignore_interrupt();
    keep_small();
    // Panics are observations here. Their words go to the campaign, which
    // shows them if the process dies of one.
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
    // An engine that prints must not write into a frame.
    let replies = private_stdout()?;
    serve(configurations, io::stdin(), replies)
}

/// Ctrl-C reaches the whole process group. It is for the campaign, which closes
/// our standard input when it has what it needs.
#[cfg(unix)]
#[expect(unsafe_code, reason = "the standard library cannot say it")]
fn ignore_interrupt() {
    // SAFETY: `SIG_IGN` is a handler that every signal may have; no code of
    // ours runs when it comes.
    unsafe { libc::signal(libc::SIGINT, libc::SIG_IGN) };
}

#[cfg(not(unix))]
fn ignore_interrupt() {}

/// Keeps glibc from making an arena for each thread: none of them ever gives
/// back what it once held, and every worker that is started again has new
/// threads. In a campaign of a million cases that is growth for nothing.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the standard library cannot say it")]
pub fn keep_small() {
    // SAFETY: `mallopt` takes two numbers and may be called at any time.
    // Where it is refused, nothing changes.
    unsafe { libc::mallopt(libc::M_ARENA_MAX, 4) };
}

/// Other allocators do not have the habit.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn keep_small() {}

/// The pipe to the campaign under a descriptor of our own, with standard
/// output pointed at standard error.
#[cfg(unix)]
#[expect(
    unsafe_code,
    reason = "the standard library cannot point a descriptor elsewhere"
)]
fn private_stdout() -> io::Result<std::fs::File> {
    use std::os::fd::AsFd;
    let pipe = io::stdout().as_fd().try_clone_to_owned()?;
    // SAFETY: `dup2` takes two numbers and touches no memory of ours. Both
    // descriptors are open, and nobody owns number 1 as a value that closing
    // it behind the back could invalidate: `Stdout` only writes to it.
    if unsafe { libc::dup2(libc::STDERR_FILENO, libc::STDOUT_FILENO) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(pipe.into())
}

#[cfg(not(unix))]
fn private_stdout() -> io::Result<io::Stdout> {
    Ok(io::stdout())
}
