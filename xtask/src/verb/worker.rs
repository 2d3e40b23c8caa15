//! `cargo xtask worker`: the other end of a campaign's pipe.

use std::io;

use clap::Args;
use trapline_harness::worker;

use crate::End;
use crate::options::linked_in;

/// Speaks the protocol of `trapline_harness::worker::protocol`.
#[derive(Args)]
pub(crate) struct Worker {}

impl Worker {
    /// Serves until standard input ends.
    pub(crate) fn run(self) -> anyhow::Result<End> {
        // Ctrl-C reaches the whole process group. It is for the campaign,
        // which closes our standard input when it has what it needs.
        ctrlc::set_handler(|| {})?;
        // Panics are observations here. Their words go to the campaign, which
        // shows them if the process dies of one.
        std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
        // An engine that prints must not write into a frame.
        let replies = private_stdout()?;
        worker::serve(linked_in(), io::stdin(), replies)?;
        Ok(End::NothingNew)
    }
}

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
