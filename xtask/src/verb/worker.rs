//! `cargo xtask worker`: the other end of a campaign's pipe.

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
        worker::serve_standard(linked_in())?;
        Ok(End::NothingNew)
    }
}
