//! Memories that engines make resident whole: when they may be large, and whether the
//! machine has the memory.

use clap::ValueEnum;
use sysinfo::{MemoryRefreshKind, System};

/// When memories may be large that engines write or copy.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Large {
    /// Such a growth fails for lack of resources.
    Never,
    /// In a campaign, where one of 32 cases ended for lack of them: it is run once more.
    Seldom,
    /// Always.
    Always,
}

/// How large one of them may be, in bytes: some of the way beyond 4 GiB.
const LARGEST: u64 = (4 << 30) + (64 << 20);

/// What has to be left for everything else, in bytes.
const REST: u64 = 2 << 30;

/// How many bytes of a memory engines may make resident on this machine.
///
/// # Errors
/// In words, if it has not the memory for one and its copy.
pub(crate) fn resident_bytes() -> Result<u64, String> {
    let needed = 2 * LARGEST + REST;
    let available = available()?;
    if available < needed {
        let gigabytes = |bytes| bytes as f64 / f64::from(1 << 30);
        return Err(format!(
            "this machine has {:.1} GiB of memory to spare, of {:.1} GiB needed",
            gigabytes(available),
            gigabytes(needed)
        ));
    }
    Ok(LARGEST)
}

/// How many bytes of memory are to spare, at this moment; not more than a control group
/// leaves to this process.
fn available() -> Result<u64, String> {
    let mut system = System::new().map_err(|why| format!("memory cannot be measured: {why}"))?;
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    let limits = system.cgroup_limits();
    let limit = limits.map_or(u64::MAX, |limits| limits.free_memory);
    Ok(system.available_memory().min(limit))
}
