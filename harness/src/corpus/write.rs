//! Files that are there as a whole or not at all.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

/// Writes `bytes` to `path`: to a temporary file beside it, which is then
/// renamed, so that nobody ever sees half of it.
///
/// # Errors
/// In words, with the name of the file.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let fail =
        |why: &dyn std::fmt::Display| format!("{}: cannot be written: {why}", path.display());
    let mut temporary = temporary_beside(path).map_err(|why| fail(&why))?;
    temporary.write_all(bytes).map_err(|why| fail(&why))?;
    temporary.persist(path).map_err(|why| fail(&why.error))?;
    Ok(())
}

/// How the names of files begin that are being written.
const PREFIX: &str = ".writing-";

/// Nobody writes for so long.
const ABANDONED: Duration = Duration::from_secs(3600);

/// Removes files that were being written in `folder` when their writer was killed.
pub(super) fn sweep(folder: &Path) {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for file in files.filter(|file| file.file_name().to_string_lossy().starts_with(PREFIX)) {
        let modified = file.metadata().and_then(|data| data.modified());
        let age = modified.ok().and_then(|then| then.elapsed().ok());
        if age.is_some_and(|age| age > ABANDONED) {
            // Whatever is in the way of it is in nobody else's way.
            let _ = std::fs::remove_file(file.path());
        }
    }
}

/// An empty file in the folder of `path`, gone when it is dropped.
pub(super) fn temporary_beside(path: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Like any other file: the default would be for the owner's eyes only.
        builder.permissions(std::fs::Permissions::from_mode(0o644));
    }
    builder.tempfile_in(folder.unwrap_or(Path::new(".")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_replaces_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wast");
        write_atomically(&path, b"one").unwrap();
        write_atomically(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let nowhere = folder.path().join("absent").join("a.wast");
        assert!(
            write_atomically(&nowhere, b"")
                .unwrap_err()
                .contains("a.wast")
        );
    }

    #[test]
    fn what_was_abandoned_is_swept_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let long_ago = std::time::SystemTime::now() - 2 * ABANDONED;
        for (name, old) in [(".writing-a", true), (".writing-b", false), ("c", true)] {
            let file = std::fs::File::create(folder.path().join(name)).unwrap();
            if old {
                file.set_modified(long_ago).unwrap();
            }
        }
        sweep(folder.path());
        let left = ["a", "b"].map(|n| folder.path().join(format!("{PREFIX}{n}")).exists());
        assert_eq!(left, [false, true]);
        assert!(folder.path().join("c").exists());
    }
}
