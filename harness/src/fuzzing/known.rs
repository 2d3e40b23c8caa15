//! Where a session finds what is known.

use std::path::{Path, PathBuf};

/// The folder of the corpus: the one that `TRAPLINE_CORPUS` names, or the
/// repository's; for a program that was carried off to a machine without the
/// repository, a copy of the `known` folder beside it, which nothing need be
/// kept of.
///
/// # Errors
/// One line, if there is none of them.
pub(super) fn folder() -> Result<PathBuf, String> {
    if let Some(folder) = std::env::var_os("TRAPLINE_CORPUS") {
        return Ok(folder.into());
    }
    let repository = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../corpus"));
    if !cfg!(feature = "service") && repository.is_dir() {
        return Ok(repository.to_owned());
    }
    let program = std::env::current_exe().map_err(|why| format!("this program: {why}"))?;
    copied(&program.with_file_name("known"))
}

/// A copy of a folder of files, in a folder for this process.
fn copied(from: &Path) -> Result<PathBuf, String> {
    let failed = |why: std::io::Error| format!("{}: cannot be copied: {why}", from.display());
    let to = tempfile::tempdir().map_err(failed)?.keep();
    for entry in std::fs::read_dir(from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        std::fs::copy(entry.path(), to.join(entry.file_name())).map_err(failed)?;
    }
    Ok(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_the_same_files() {
        let from = tempfile::tempdir().unwrap();
        std::fs::write(from.path().join("bugs.toml"), "# nothing").unwrap();
        let to = copied(from.path()).unwrap();
        let text = std::fs::read_to_string(to.join("bugs.toml")).unwrap();
        assert_eq!(text, "# nothing");
        std::fs::remove_dir_all(to).unwrap();
        let error = copied(&from.path().join("none")).unwrap_err();
        assert!(error.contains("none: cannot be copied"), "{error}");
    }
}
