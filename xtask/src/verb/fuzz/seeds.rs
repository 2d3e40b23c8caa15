//! The inputs that sessions begin with, and those that they leave.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, anyhow, bail};
use trapline_harness::corpus::write_atomically;
use trapline_harness::fuzzing::{SCRIPT_BYTES, seeds};
use trapline_harness::script::wast;
use trapline_harness::spec;

use super::artifacts;

/// Puts inputs into a folder that has none: random ones, the official suite
/// and the corpus.
pub(super) fn plant(folder: &Path, corpus: &Path) -> anyhow::Result<()> {
    if count(folder)? > 0 {
        return Ok(());
    }
    add(&seeds::all(corpus).map_err(|why| anyhow!("{why}"))?, folder)
}

/// Puts scripts into a folder as inputs: files, and all `.wast` below folders.
pub(super) fn import(paths: &[PathBuf], folder: &Path) -> anyhow::Result<()> {
    for path in paths {
        let mut inputs = Vec::new();
        if path.is_dir() {
            let unreadable = || format!("{}: cannot be read", path.display());
            let groups = spec::folder(path).with_context(unreadable)?;
            for file in groups.into_iter().flat_map(|group| group.files) {
                // Whole suites have some that nobody here can read.
                match wast::parse(&file.name, &file.text) {
                    Ok(source) => inputs.extend(seeds::of(source)),
                    Err(why) => eprintln!("skipped: {why}"),
                }
            }
        } else {
            inputs = seeds::of(wast::read(path).map_err(|why| anyhow!("{why}"))?);
        }
        add(&inputs, folder)?;
        eprintln!("{}: {} inputs", path.display(), inputs.len());
    }
    Ok(())
}

fn add(inputs: &[Vec<u8>], folder: &Path) -> anyhow::Result<()> {
    for input in inputs {
        let file = folder.join(seeds::name(input));
        write_atomically(&file, input).map_err(|why| anyhow!("{why}"))?;
    }
    Ok(())
}

/// Takes the seeds that killed a process away from `inputs`, by what it left in
/// `artifacts`: the next one would die of them again before it has begun. How
/// many there were.
pub(super) fn withdraw(artifacts: &Path, inputs: &Path) -> anyhow::Result<u64> {
    let mut withdrawn = 0;
    for path in artifacts::deaths(artifacts)? {
        let unreadable = || format!("{}: cannot be read", path.display());
        let input = std::fs::read(&path).with_context(unreadable)?;
        let seed = inputs.join(seeds::name(&input));
        match std::fs::remove_file(&seed) {
            Ok(()) => withdrawn += 1,
            Err(why) if why.kind() == ErrorKind::NotFound => {}
            Err(why) => bail!("{}: cannot be removed: {why}", seed.display()),
        }
    }
    Ok(withdrawn)
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
        .args(["-merge=1", "-detect_leaks=0"])
        .arg(format!("-max_len={SCRIPT_BYTES}"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_folders_become_inputs_and_what_cannot_be_read_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let (scripts, inputs) = (folder.path().join("scripts"), folder.path().join("inputs"));
        for folder in [&scripts, &inputs] {
            std::fs::create_dir(folder).unwrap();
        }
        let script = |name: &str, text: &str| {
            let path = scripts.join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        script("a.wast", "(module (memory 1)) (module (memory 2))");
        let broken = script("b.wast", "(module");
        let lone = script("c.wat", r#"(module (memory 1) (func (export "f")))"#);
        import(&[scripts, lone.clone(), lone], &inputs).unwrap();
        assert_eq!(count(&inputs).unwrap(), 2);
        let error = import(&[broken], &inputs).unwrap_err().to_string();
        assert!(error.contains("b.wast:1:"), "{error}");
    }

    #[test]
    fn a_folder_is_planted_once_and_a_deadly_seed_is_withdrawn() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir(&path).unwrap();
            path
        };
        let (corpus, inputs, artifacts) = (path("corpus"), path("inputs"), path("artifacts"));
        std::fs::write(corpus.join("x.wast"), "(module (memory 7))").unwrap();
        plant(&inputs, &corpus).unwrap();
        let planted = count(&inputs).unwrap();
        assert!(planted > 1000, "{planted}");
        let source = wast::parse("x.wast", b"(module (memory 7))").unwrap();
        let [seed] = &seeds::of(source)[..] else {
            panic!("it is short");
        };
        let file = inputs.join(seeds::name(seed));
        assert!(file.is_file());
        std::fs::write(artifacts.join("crash-1"), seed).unwrap();
        std::fs::write(artifacts.join("crash-2"), "no seed").unwrap();
        assert_eq!(withdraw(&artifacts, &inputs).unwrap(), 1);
        assert_eq!(withdraw(&artifacts, &inputs).unwrap(), 0);
        assert!(!file.is_file());
        plant(&inputs, &corpus).unwrap();
        assert_eq!(count(&inputs).unwrap(), planted - 1);
    }
}
