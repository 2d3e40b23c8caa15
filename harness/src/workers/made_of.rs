//! What a worker was made of: whether it would come out the same today.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

/// Written beside a worker once it is complete.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Record {
    /// The digest of everything it was made of.
    pub(super) digest: String,
    /// Our own source files among it.
    pub(super) sources: Vec<PathBuf>,
    /// The rustc that compiled it.
    pub(super) rustc: String,
    /// How long it took, in seconds.
    pub(super) seconds: u64,
    /// When it was built, in seconds since 1970.
    pub(super) when: u64,
}

/// The name of the record's file.
const FILE: &str = "worker.json";

impl Record {
    /// The record in a worker's folder.
    pub(super) fn read(folder: &Path) -> Option<Record> {
        let text = std::fs::read(folder.join(FILE)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Whether the worker would come out the same of this manifest and compiler.
    pub(super) fn is_current(&self, manifest: &str, rustc: &str) -> bool {
        digest(manifest, rustc, &self.sources).is_some_and(|digest| digest == self.digest)
    }

    /// Writes it: from now on the worker counts.
    pub(super) fn write(&self, folder: &Path) -> Result<(), String> {
        let file = folder.join(FILE);
        let text = serde_json::to_string_pretty(self).map_err(|why| why.to_string())?;
        std::fs::write(&file, text).map_err(|why| format!("{}: {why}", file.display()))
    }

    /// Takes it away: the worker does not count.
    pub(super) fn remove(folder: &Path) {
        let _ = std::fs::remove_file(folder.join(FILE));
    }
}

/// The digest of a manifest, a compiler and the contents of files; `None` if one
/// of them cannot be read.
pub(super) fn digest(manifest: &str, rustc: &str, sources: &[PathBuf]) -> Option<String> {
    let mut digest = Xxh3::new();
    for text in [manifest, rustc] {
        digest.update(text.as_bytes());
        digest.update(&[0]);
    }
    for file in sources {
        digest.update(file.as_os_str().as_encoded_bytes());
        digest.update(&[0]);
        digest.update(&std::fs::read(file).ok()?);
    }
    Some(format!("{:016x}", digest.digest()))
}

/// The files that a program was compiled from, as cargo notes them: `PROGRAM:
/// FILE FILE…`, with a backslash before a space of a name. Only those below `root`.
pub(super) fn sources(noted: &str, root: &Path) -> Vec<PathBuf> {
    let (_, files) = noted.split_once(": ").unwrap_or(("", noted));
    let files = files.trim_end().replace("\\ ", "\0");
    let files = files
        .split(' ')
        .map(|file| PathBuf::from(file.replace('\0', " ")));
    let mut files: Vec<PathBuf> = files.filter(|file| file.starts_with(root)).collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_current_until_something_changes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a file.rs");
        std::fs::write(&file, "one").unwrap();
        let noted = format!(
            "/t/worker: {} /elsewhere/b.rs\n",
            file.display().to_string().replace(' ', "\\ ")
        );
        let sources = sources(&noted, folder.path());
        assert_eq!(sources, std::slice::from_ref(&file));
        let record = Record {
            digest: digest("m", "1.95", &sources).unwrap(),
            sources,
            rustc: String::new(),
            seconds: 0,
            when: 0,
        };
        record.write(folder.path()).unwrap();
        let record = Record::read(folder.path()).expect("just written");
        assert!(record.is_current("m", "1.95"));
        assert!(!record.is_current("n", "1.95"));
        assert!(!record.is_current("m", "1.96"));
        std::fs::write(&file, "two").unwrap();
        assert!(!record.is_current("m", "1.95"));
        std::fs::remove_file(&file).unwrap();
        assert!(!record.is_current("m", "1.95"));
        Record::remove(folder.path());
        assert!(Record::read(folder.path()).is_none());
    }
}
