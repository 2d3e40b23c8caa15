//! The corpus: a `.wast` for every divergence found, and what is known of it.

mod fields;
mod header;
mod known;
mod write;

use std::path::{Path, PathBuf};

pub(crate) use header::without_machine_paths;
pub use header::{Header, Stated, stated};
pub use known::{Entry, Known, Status};
pub use write::write_atomically;

/// The folder with the corpus.
pub struct Corpus {
    folder: PathBuf,
    /// What is known.
    pub known: Known,
}

impl Corpus {
    /// Reads `known.toml`.
    ///
    /// # Errors
    /// One line, if the folder or the file cannot be read.
    pub fn open(folder: &Path) -> Result<Corpus, String> {
        if !folder.is_dir() {
            return Err(format!("{}: no such folder", folder.display()));
        }
        let known = Known::read(&folder.join("known.toml"))?;
        Ok(Corpus {
            folder: folder.to_owned(),
            known,
        })
    }

    /// Finds out whether files can be written, before it matters, and removes
    /// what a run that was killed in the middle of writing has left.
    ///
    /// # Errors
    /// One line, if they cannot.
    pub fn check_writable(&self) -> Result<(), String> {
        write::sweep(&self.folder);
        write::temporary_beside(&self.folder.join("known.toml"))
            .map(drop)
            .map_err(|why| format!("{}: cannot be written: {why}", self.folder.display()))
    }

    /// The file of a signature, whether it is there or not.
    pub fn path(&self, signature: &str) -> PathBuf {
        self.folder.join(format!("{signature}.wast"))
    }

    /// Learns what other processes have written meanwhile.
    ///
    /// # Errors
    /// One line, if `known.toml` cannot be read.
    pub fn refresh(&mut self) -> Result<(), String> {
        let there = Known::read(&self.folder.join("known.toml"))?;
        self.known.divergences.extend(there.divergences);
        Ok(())
    }

    /// Changes what is known, and writes it. Processes may do so at the same time.
    ///
    /// # Errors
    /// One line, if `known.toml` cannot be read or written.
    pub fn change(&mut self, change: impl FnOnce(&mut Known)) -> Result<(), String> {
        // Where a folder cannot be locked, one process at a time has to do.
        let lock = std::fs::File::open(&self.folder);
        let _locked = lock.as_ref().map(std::fs::File::lock);
        self.refresh()?;
        change(&mut self.known);
        self.known.write(&self.folder.join("known.toml"))
    }

    /// Adds a divergence, as `new`. Processes may do so at the same time.
    ///
    /// # Errors
    /// One line, if one of the files cannot be read or written.
    pub fn add(&mut self, signature: &str, wast: &str) -> Result<PathBuf, String> {
        let path = self.path(signature);
        write_atomically(&path, wast.as_bytes())?;
        self.change(|known| {
            let divergences = &mut known.divergences;
            // The file is another now: nobody has checked a report on it.
            divergences.insert(signature.to_owned(), Status::New.into());
        })?;
        Ok(path)
    }

    /// What the files of the known divergences say of themselves; what cannot
    /// be read says nothing.
    pub fn stated(&self) -> Vec<Stated> {
        let read = |signature| std::fs::read_to_string(self.path(signature)).ok();
        let signatures = self.known.divergences.keys();
        signatures
            .filter_map(|s| read(s))
            .map(|text| stated(&text))
            .collect()
    }

    /// The files, sorted by name.
    ///
    /// # Errors
    /// One line, if the folder cannot be read.
    pub fn files(&self) -> Result<Vec<PathBuf>, String> {
        let unreadable = |why| format!("{}: cannot be read: {why}", self.folder.display());
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let extension = path.extension().and_then(|e| e.to_str());
            if matches!(extension, Some("wast" | "wat" | "wasm")) {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_add_at_the_same_time_is_all_kept() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let mut corpus = Corpus::open(folder.path()).unwrap();
                scope.spawn(move || {
                    for number in 0..10 {
                        corpus
                            .add(&format!("{thread}-{number}"), "(module)")
                            .unwrap();
                    }
                });
            }
        });
        let mut corpus = Corpus::open(folder.path()).unwrap();
        assert_eq!(corpus.known.divergences.len(), 40);
        assert_eq!(corpus.files().unwrap().len(), 40);
        let mut other = Corpus::open(folder.path()).unwrap();
        other.add("later", "(module)").unwrap();
        corpus.refresh().unwrap();
        assert!(corpus.known.divergences.contains_key("later"));
    }

    #[test]
    fn what_another_process_has_said_is_not_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut corpus = Corpus::open(folder.path()).unwrap();
        corpus.add("a", "(module)").unwrap();
        let mut other = Corpus::open(folder.path()).unwrap();
        let link = "https://example.org/1".to_owned();
        let reported = Status::Reported { link };
        other
            .change(|known| known.set("a", reported.clone()))
            .unwrap();
        corpus.add("b", "(module)").unwrap();
        let known = Corpus::open(folder.path()).unwrap().known;
        assert_eq!(known.status("a"), Some(&reported));
        assert_eq!(known.status("b"), Some(&Status::New));
    }
}
