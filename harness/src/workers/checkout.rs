//! A checkout of an engine: what it calls itself, and where its packages are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use semver::Version;
use serde::Deserialize;

/// A folder with the sources of an engine.
pub(super) struct Checkout {
    /// The version and the revision, `-dirty` where it has changes:
    /// `2.1.0-g1a2b3c4-dirty`.
    pub(super) label: String,
    /// What the engine's package says.
    pub(super) version: Version,
    pub(super) rust_version: Option<String>,
    pub(super) features: Vec<String>,
    /// The folders of its packages, by name.
    pub(super) packages: BTreeMap<String, PathBuf>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    manifest_path: PathBuf,
    rust_version: Option<String>,
    features: BTreeMap<String, Vec<String>>,
}

/// Looks at a folder.
///
/// # Errors
/// In words, if it is no checkout of `engine`.
pub(super) fn read(folder: &Path, engine: &str) -> Result<Checkout, String> {
    let shown = folder.display();
    let absolute = folder
        .canonicalize()
        .map_err(|why| format!("{shown}: cannot be opened: {why}"))?;
    let manifest = absolute.join("Cargo.toml");
    if !manifest.is_file() {
        return Err(format!(
            "{shown}: is no checkout of {engine}: no Cargo.toml"
        ));
    }
    let output = Command::new("cargo")
        .args([
            "metadata",
            "--no-deps",
            "--format-version=1",
            "--manifest-path",
        ])
        .arg(&manifest)
        .current_dir(&absolute)
        .stdin(Stdio::null())
        .output()
        .map_err(|why| format!("cargo cannot be run: {why}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rfind(|line| !line.trim().is_empty());
        return Err(format!(
            "{shown}: {}",
            last.unwrap_or("cargo metadata fails").trim()
        ));
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout)
        .map_err(|why| format!("{shown}: what cargo says of it is not understood: {why}"))?;
    let own = metadata.packages.iter().find(|p| p.name == engine);
    let own = own.ok_or_else(|| {
        format!("{shown}: is no checkout of {engine}: it has no package of this name")
    })?;
    let version = Version::parse(&own.version).map_err(|why| format!("{shown}: {why}"))?;
    Ok(Checkout {
        label: format!("{version}-{}", state(&absolute)),
        version,
        rust_version: own.rust_version.clone(),
        features: own.features.keys().cloned().collect(),
        packages: metadata
            .packages
            .iter()
            .filter_map(|p| Some((p.name.clone(), p.manifest_path.parent()?.to_owned())))
            .collect(),
    })
}

/// The revision of a checkout, `-dirty` where it has changes; `local` where
/// nothing keeps revisions of it.
fn state(folder: &Path) -> String {
    // A folder that only lies in somebody else's repository has no revision.
    let top = git(folder, &["rev-parse", "--show-toplevel"]);
    if !top.is_ok_and(|top| Path::new(&top) == folder) {
        return "local".to_owned();
    }
    let Ok(revision) = git(folder, &["rev-parse", "--short=7", "HEAD"]) else {
        return "local".to_owned();
    };
    let changed = git(folder, &["status", "--porcelain", "--untracked-files=no"]);
    match changed {
        Ok(changed) if changed.is_empty() => format!("g{revision}"),
        _ => format!("g{revision}-dirty"),
    }
}

/// The commit that a revision of a local clone names.
///
/// # Errors
/// In words, if there is none.
pub(super) fn revision(folder: &Path, revision: &str) -> Result<String, String> {
    let commit = format!("{revision}^{{commit}}");
    git(
        folder,
        &[
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &commit,
        ],
    )
    .map_err(|_| format!("{}: has no revision `{revision}`", folder.display()))
}

/// Unpacks a commit of a local clone into a new folder.
pub(super) fn unpack(clone: &Path, commit: &str, into: &Path) -> Result<(), String> {
    let cannot =
        |why: &dyn std::fmt::Display| format!("{}: cannot be unpacked: {why}", into.display());
    std::fs::create_dir_all(into).map_err(|why| cannot(&why))?;
    let mut archive = Command::new("git")
        .arg("-C")
        .arg(clone)
        .args(["archive", "--format=tar", commit])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|why| cannot(&why))?;
    let tar = archive.stdout.take().ok_or_else(|| cannot(&"no output"))?;
    let unpacked = Command::new("tar")
        .arg("-xf")
        .arg("-")
        .arg("-C")
        .arg(into)
        .stdin(tar)
        .status();
    let archived = archive.wait();
    match (archived, unpacked) {
        (Ok(archived), Ok(unpacked)) if archived.success() && unpacked.success() => Ok(()),
        (_, Err(why)) | (Err(why), _) => Err(cannot(&why)),
        _ => Err(cannot(&"git archive or tar fails")),
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|why| format!("git cannot be run: {why}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        false => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkout_says_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let why = |engine: &str| read(path, engine).err().expect("no checkout");
        assert!(why("wasmi").contains("no Cargo.toml"), "{}", why("wasmi"));
        let manifest = "[package]\nname = \"wasmi\"\nversion = \"9.8.7\"\nrust-version = \"1.80\"\n\
                        [features]\nstd = []\n[workspace]\n";
        std::fs::write(path.join("Cargo.toml"), manifest).unwrap();
        std::fs::create_dir(path.join("src")).unwrap();
        std::fs::write(path.join("src/lib.rs"), "").unwrap();
        let checkout = read(path, "wasmi").unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(checkout.label, "9.8.7-local");
        assert_eq!(checkout.features, ["std"]);
        assert_eq!(checkout.rust_version.as_deref(), Some("1.80"));
        assert!(why("wasmer").contains("no package of this name"));

        let run = |arguments: &[&str]| git(path, arguments).unwrap_or_else(|why| panic!("{why}"));
        run(&["init", "-q"]);
        run(&["add", "-A"]);
        let author = ["-c", "user.name=a", "-c", "user.email=a@b"];
        run(&[&author[..], &["commit", "-qm", "one"]].concat());
        let revision = run(&["rev-parse", "--short=7", "HEAD"]);
        let label = |path: &Path| read(path, "wasmi").map(|c| c.label);
        assert_eq!(label(path).unwrap(), format!("9.8.7-g{revision}"));
        std::fs::write(path.join("src/lib.rs"), "// changed").unwrap();
        assert_eq!(label(path).unwrap(), format!("9.8.7-g{revision}-dirty"));

        let commit = super::revision(path, "HEAD").expect("it has one");
        assert!(super::revision(path, "nothing").is_err());
        let other = tempfile::tempdir().unwrap();
        let into = other.path().join("new");
        unpack(path, &commit, &into).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(
            std::fs::read_to_string(into.join("src/lib.rs")).unwrap(),
            ""
        );
    }
}
