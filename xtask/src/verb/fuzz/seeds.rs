//! The inputs that sessions begin with, and those that they leave.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, anyhow, bail};
use trapline_harness::corpus::write_atomically;
use trapline_harness::fuzzing;

/// Puts inputs into a folder that has none.
pub(super) fn plant(folder: &Path) -> anyhow::Result<()> {
    if count(folder)? > 0 {
        return Ok(());
    }
    for (number, bytes) in fuzzing::seeds().enumerate() {
        let file = folder.join(format!("seed-{number}"));
        write_atomically(&file, &bytes).map_err(|why| anyhow!("{why}"))?;
    }
    Ok(())
}

/// Keeps only the inputs of a folder that together reach all that they reach.
pub(super) fn minimize(program: &Path, folder: &Path) -> anyhow::Result<()> {
    let before = count(folder)?;
    let smaller = folder.with_extension("smaller");
    let larger = folder.with_extension("larger");
    // What is left of one that was interrupted.
    if smaller.exists() {
        std::fs::remove_dir_all(&smaller)
            .with_context(|| format!("{}: cannot be removed", smaller.display()))?;
    }
    std::fs::create_dir(&smaller)
        .with_context(|| format!("{}: cannot be made", smaller.display()))?;
    let status = Command::new(program)
        .args(["-merge=1", "-max_len=1024", "-detect_leaks=0"])
        .args([&smaller, folder])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .with_context(|| format!("{}: cannot be run", program.display()))?;
    let after = count(&smaller)?;
    if !status.success() || (after == 0 && before > 0) {
        bail!("{}: cannot be minimized: {status}", folder.display());
    }
    std::fs::rename(folder, &larger)
        .and_then(|()| std::fs::rename(&smaller, folder))
        .and_then(|()| std::fs::remove_dir_all(&larger))
        .with_context(|| format!("{}: cannot be replaced", folder.display()))?;
    println!("{}: {after} of {before} inputs kept", folder.display());
    Ok(())
}

fn count(folder: &Path) -> anyhow::Result<usize> {
    let files = std::fs::read_dir(folder)
        .with_context(|| format!("{}: cannot be read", folder.display()))?;
    Ok(files.count())
}
