//! Inputs that killed a process of a session become corpus files, by workers
//! that may die of them.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use anyhow::{Context, anyhow};
use trapline_harness::campaign::Sighting;
use trapline_harness::engine::Features;
use trapline_harness::fuzzing::{BUDGET, Target};
use trapline_harness::triage::{Filed, Filer};
use trapline_harness::trial::try_script;
use trapline_harness::worker::Runner;

/// What became of an artifact.
pub(super) struct Artifact {
    /// Where it is now.
    pub(super) path: PathBuf,
    /// What it came to, one for each way in which an engine diverges.
    pub(super) filed: Vec<Filed>,
}

impl Artifact {
    /// Whether it shows what nobody knew.
    pub(super) fn is_new(&self) -> bool {
        self.filed
            .iter()
            .any(|filed| matches!(filed, Filed::New { .. } | Filed::Nondeterministic(_)))
    }
}

/// How the names of artifacts begin that tell of a death. `slow-unit` does not.
const DEATHS: [&str; 4] = ["crash-", "timeout-", "oom-", "leak-"];

/// Files what the artifacts in `folder` show on the configurations called
/// `names`, and puts them away: into `filed/` below, or into `unexplained/`
/// where no worker diverges.
///
/// # Errors
/// An artifact cannot be read or moved, an engine cannot be run, a file
/// cannot be written.
pub(super) fn file(
    target: Target,
    features: Features,
    folder: &Path,
    runner: &mut dyn Runner,
    names: &[&str],
    filer: &mut Filer<'_>,
    cancel: &AtomicBool,
) -> anyhow::Result<Vec<Artifact>> {
    let mut artifacts = Vec::new();
    for path in deaths(folder)? {
        eprintln!("trying {} in a worker", path.display());
        let bytes = std::fs::read(&path).with_context(|| format!("{}", path.display()))?;
        let script = target.script(&bytes, features);
        let failed = |why: String| anyhow!("{}: {why}", path.display());
        let trial = try_script(&script, BUDGET, runner, names).map_err(failed)?;
        let mut filed: Vec<Filed> = Vec::new();
        for judged in &trial.judged {
            let Some(sighting) = Sighting::of(0, &script, &trial.reference, judged) else {
                continue;
            };
            for one in filer.file(&sighting, cancel).map_err(failed)? {
                let id = |filed: &Filed| filed.bug().map(|bug| bug.id.clone());
                if filed.iter().all(|other| id(other) != id(&one)) {
                    filed.push(one);
                }
            }
        }
        let away = folder.join(if filed.is_empty() {
            "unexplained"
        } else {
            "filed"
        });
        artifacts.push(Artifact {
            path: put(&path, &away)?,
            filed,
        });
    }
    Ok(artifacts)
}

/// The artifacts in a folder, if there is one.
pub(super) fn deaths(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = Vec::new();
    let unreadable = || format!("{}: cannot be read", folder.display());
    for entry in std::fs::read_dir(folder).with_context(unreadable)? {
        let entry = entry.with_context(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_file() && DEATHS.iter().any(|death| name.starts_with(death)) {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

fn put(path: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    let to = folder.join(path.file_name().unwrap_or_default());
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::rename(path, &to))
        .with_context(|| format!("{}: cannot be moved to {}", path.display(), to.display()))?;
    Ok(to)
}

#[cfg(test)]
mod tests {
    use trapline_harness::corpus::Corpus;
    use trapline_harness::engine;
    use trapline_harness::fuzzing;
    use trapline_harness::worker::InProcess;

    use super::*;

    #[test]
    fn what_an_artifact_shows_is_filed_and_what_shows_nothing_is_put_aside() {
        let mutants = || engine::select(&["mutant/grow-new-size"]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let corpus = folder.path().join("corpus");
        std::fs::create_dir(&corpus).unwrap();
        let seed = fuzzing::seeds::random().nth(9).unwrap();
        for (name, bytes) in [("crash-1", &seed[..]), ("oom-2", &[]), ("slow-unit-3", &[])] {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        let mut known = Corpus::open(&corpus).unwrap();
        let runner = || Box::new(InProcess::new(mutants()));
        let mut filer = Filer::new(&mut known, runner(), mutants(), "a test").unwrap();
        let artifacts = file(
            Target::GrowLimits,
            engine::declared(&mutants()),
            folder.path(),
            &mut *runner(),
            &["mutant/grow-new-size"],
            &mut filer,
            &AtomicBool::new(false),
        )
        .unwrap();
        let [crash, oom] = &artifacts[..] else {
            panic!("{} artifacts", artifacts.len());
        };
        assert!(crash.is_new() && !oom.is_new());
        let [Filed::New { file, .. }] = &crash.filed[..] else {
            panic!("{:?}", crash.filed);
        };
        assert!(file.is_file());
        for moved in ["filed/crash-1", "unexplained/oom-2", "slow-unit-3"] {
            assert!(folder.path().join(moved).is_file(), "{moved}");
        }
        assert!(deaths(folder.path()).unwrap().is_empty());
    }
}
