//! Files that a command was asked to write.

use std::path::Path;

use anyhow::{Context, anyhow};
use serde::Serialize;
use trapline_harness::corpus::write_atomically;

/// Says now, rather than after an hour's work, that a file cannot be written.
pub(crate) fn check_writable(file: &Path) -> anyhow::Result<()> {
    let folder = file
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    tempfile::tempfile_in(folder)
        .map(drop)
        .with_context(|| format!("{}: cannot be written", file.display()))
}

/// Writes `value` to `file`, as a whole or not at all.
pub(crate) fn write_json(file: &Path, value: &impl Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    write_atomically(file, text.as_bytes()).map_err(|why| anyhow!("{why}"))
}
