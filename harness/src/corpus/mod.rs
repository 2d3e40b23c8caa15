//! The corpus: the register of bugs, and a `.wast` that shows each.

mod bug;
mod bug_fields;
mod cause;
mod convert;
mod header;
mod register;
mod write;

use std::path::{Path, PathBuf};

pub use bug::{Bug, Status};
pub use cause::{Cause, Ingredient};
pub(crate) use header::without_machine_paths;
pub use header::{Header, bug_of};
pub use register::Register;
pub use write::write_atomically;

use crate::engine::Name;

/// The folder with the corpus.
pub struct Corpus {
    folder: PathBuf,
    /// What is known.
    pub register: Register,
}

impl Corpus {
    /// Reads the register.
    ///
    /// # Errors
    /// One line, if the folder or the file cannot be read.
    pub fn open(folder: &Path) -> Result<Corpus, String> {
        if !folder.is_dir() {
            return Err(format!("{}: no such folder", folder.display()));
        }
        Ok(Corpus {
            folder: folder.to_owned(),
            register: Register::read(folder)?,
        })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Finds out whether files can be written, before it matters, and removes
    /// what a run that was killed in the middle of writing has left.
    ///
    /// # Errors
    /// One line, if they cannot.
    pub fn check_writable(&self) -> Result<(), String> {
        write::sweep(&self.folder);
        write::temporary_beside(&self.folder.join(register::FILE))
            .map(drop)
            .map_err(|why| format!("{}: cannot be written: {why}", self.folder.display()))
    }

    /// The witness of a bug, if it has one that is there.
    pub fn witness(&self, bug: &Bug) -> Option<PathBuf> {
        let witness = bug.witness.as_ref()?;
        let folders = [self.folder.clone(), self.folder.join(register::PAST)];
        let mut paths = folders.into_iter().map(|folder| folder.join(witness));
        paths.find(|path| path.is_file())
    }

    /// Learns what other processes have written meanwhile.
    ///
    /// # Errors
    /// One line, if the register cannot be read.
    pub fn refresh(&mut self) -> Result<(), String> {
        self.register = Register::read(&self.folder)?;
        Ok(())
    }

    /// Changes the register, and writes it. Processes may do so at the same time.
    ///
    /// # Errors
    /// One line, if the register cannot be read or written.
    pub fn change<T>(&mut self, change: impl FnOnce(&mut Register) -> T) -> Result<T, String> {
        // Where a folder cannot be locked, one process at a time has to do.
        let lock = std::fs::File::open(&self.folder);
        let _locked = lock.as_ref().map(std::fs::File::lock);
        self.refresh()?;
        let changed = change(&mut self.register);
        self.register.write(&self.folder)?;
        Ok(changed)
    }

    /// Adds a bug, under an id that is free, with its witness: `wast` is given
    /// the id. Processes may do so at the same time.
    ///
    /// # Errors
    /// One line, if one of the files cannot be read or written.
    pub fn add(&mut self, mut bug: Bug, wast: impl FnOnce(&str) -> String) -> Result<Bug, String> {
        let folder = self.folder.clone();
        self.change(|register| {
            bug.id = register.free_id(&bug.id);
            let witness = format!("{}.wast", bug.id);
            write_atomically(&folder.join(&witness), wast(&bug.id).as_bytes())?;
            bug.witness = Some(witness);
            register.bugs.push(bug.clone());
            Ok(bug)
        })?
    }

    /// The files, sorted by name.
    ///
    /// # Errors
    /// One line, if the folder cannot be read.
    pub fn files(&self) -> Result<Vec<PathBuf>, String> {
        files(&self.folder)
    }

    /// The files to run on these configurations: where one is of another release than
    /// the one that is linked in, the witnesses of past bugs as well.
    ///
    /// # Errors
    /// One line, if a folder cannot be read.
    pub fn files_on(&self, configurations: &[&str]) -> Result<Vec<PathBuf>, String> {
        let mut all = self.files()?;
        let past = self.folder.join(register::PAST);
        let is_other = |name: &&str| Name::parse(name).is_some_and(|name| name.version.is_some());
        if past.is_dir() && configurations.iter().any(is_other) {
            all.extend(files(&past)?);
        }
        Ok(all)
    }
}

/// The modules and scripts in a folder, sorted by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let unreadable = |why| format!("{}: cannot be read: {why}", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let extension = path.extension().and_then(|e| e.to_str());
        if matches!(extension, Some("wast" | "wat" | "wasm")) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bug(id: &str) -> Bug {
        Bug {
            id: id.to_owned(),
            ..Bug::example()
        }
    }

    fn wast(_: &str) -> String {
        "(module)".to_owned()
    }

    #[test]
    fn what_several_add_at_the_same_time_is_all_kept() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let mut corpus = Corpus::open(folder.path()).unwrap();
                scope.spawn(move || {
                    for number in 0..10 {
                        corpus.add(bug(&number.to_string()), wast).unwrap();
                    }
                });
            }
        });
        let mut corpus = Corpus::open(folder.path()).unwrap();
        assert_eq!(corpus.register.bugs.len(), 40);
        assert_eq!(corpus.files().unwrap().len(), 40);
        let mut other = Corpus::open(folder.path()).unwrap();
        other.add(bug("later"), wast).unwrap();
        corpus.refresh().unwrap();
        assert!(corpus.register.get("later").is_some());
    }

    #[test]
    fn what_another_process_has_said_is_not_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut corpus = Corpus::open(folder.path()).unwrap();
        corpus.add(bug("a"), wast).unwrap();
        let mut other = Corpus::open(folder.path()).unwrap();
        let link = "https://example.org/1".to_owned();
        let reported = Status::Reported { link };
        let said = reported.clone();
        other
            .change(|register| register.get_mut("a").unwrap().status = said)
            .unwrap();
        corpus.add(bug("b"), wast).unwrap();
        let register = Corpus::open(folder.path()).unwrap().register;
        assert_eq!(register.get("a").unwrap().status, reported);
        assert_eq!(register.get("b").unwrap().status, Status::Unreported);
    }
}
