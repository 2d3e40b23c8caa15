//! Which workers there are, and what they take of the disk.

use std::path::Path;

use super::made_of::Record;

/// A worker that is built.
#[derive(Clone, Debug)]
pub struct Built {
    /// `engine@version`.
    pub release: String,
    /// The rustc that compiled it.
    pub rustc: String,
    /// How long that took, in seconds.
    pub seconds: u64,
    /// What its folder takes, in bytes.
    pub bytes: u64,
}

/// What all workers take.
#[derive(Clone, Debug)]
pub struct Usage {
    /// The workers, by name.
    pub workers: Vec<Built>,
    /// What else is kept, so that the next build is shorter, in bytes.
    pub rest: u64,
}

impl Usage {
    /// Everything, in bytes.
    pub fn bytes(&self) -> u64 {
        self.rest + self.workers.iter().map(|worker| worker.bytes).sum::<u64>()
    }
}

/// Looks at the folder of all workers.
pub(super) fn usage(folder: &Path) -> Usage {
    let (mut workers, mut rest) = (Vec::new(), 0);
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, bytes) = (entry.path(), size(&entry.path()));
        let record = Record::read(&path);
        match record.filter(|_| path.join("worker").is_file()) {
            Some(record) => workers.push(Built {
                release: entry.file_name().to_string_lossy().into_owned(),
                rustc: record.rustc,
                seconds: record.seconds,
                bytes,
            }),
            None => rest += bytes,
        }
    }
    workers.sort_by(|a, b| a.release.cmp(&b.release));
    Usage { workers, rest }
}

/// Removes everything but complete workers.
pub(super) fn prune(folder: &Path) -> Result<(), String> {
    let kept = usage(folder).workers;
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != "lock" && !kept.iter().any(|worker| worker.release == name) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes a file or a folder.
pub(super) fn remove(path: &Path) -> Result<(), String> {
    let removed = match path.is_dir() {
        true => std::fs::remove_dir_all(path),
        false => std::fs::remove_file(path),
    };
    removed.map_err(|why| format!("{}: cannot be removed: {why}", path.display()))
}

/// What a file or a folder takes.
fn size(path: &Path) -> u64 {
    let Ok(metadata) = path.symlink_metadata() else {
        return 0;
    };
    if !metadata.is_dir() {
        return metadata.len();
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|entry| size(&entry.path())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_half_built_is_no_worker_and_goes() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str, complete: bool| {
            let own = folder.path().join(name);
            std::fs::create_dir(&own).unwrap();
            std::fs::write(own.join("worker"), [0; 100]).unwrap();
            if complete {
                let record = Record {
                    digest: String::new(),
                    sources: Vec::new(),
                    rustc: "1.2.3".to_owned(),
                    seconds: 7,
                    when: 0,
                };
                record.write(&own).unwrap();
            }
        };
        make("wasmi@1.0.0", true);
        make("wasmi@1.1.0", false);
        let before = usage(folder.path());
        assert_eq!(before.workers.len(), 1);
        assert_eq!(before.workers[0].release, "wasmi@1.0.0");
        assert_eq!(before.rest, 100);
        prune(folder.path()).unwrap();
        let after = usage(folder.path());
        assert_eq!((after.workers.len(), after.rest), (1, 0));
        assert!(after.bytes() > 100);
    }
}
