//! What the command line asks for: `wasmtime@36/winch`, `wasmi@path:../wasmi`.

use std::path::{Path, PathBuf};

/// Which version of an engine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// `36.0.4`, `36` (the newest release of that line), `latest`.
    Release(String),
    /// `path:DIR`: a checkout, or the program of a JavaScript engine. What follows may be a folder, or a folder with
    /// the name of a configuration behind it.
    Checkout(PathBuf),
    /// `git:DIR#REV`: a revision of a local clone.
    Revision(PathBuf, String),
}

/// One item of a list of engines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// As it was given.
    pub text: String,
    /// Whether it takes configurations away: it began with a `-`.
    pub excludes: bool,
    /// The engine.
    pub engine: String,
    /// The version; none for what is linked in.
    pub version: Option<Wanted>,
    /// The configuration without its engine; none for all of them.
    pub variant: Option<String>,
}

impl Pattern {
    /// Takes an item apart.
    ///
    /// # Errors
    /// In words, if it is none.
    pub fn parse(text: &str) -> Result<Pattern, String> {
        let (excludes, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let cannot = |why: &str| format!("`{text}` names no engine: {why}");
        let end = rest.find(['@', '/']).unwrap_or(rest.len());
        let (engine, rest) = rest.split_at(end);
        if engine.is_empty() {
            return Err(cannot("ENGINE[@VERSION][/CONFIGURATION]"));
        }
        let (version, variant) = match rest.strip_prefix('@') {
            None => (None, rest.strip_prefix('/')),
            Some(version) => {
                let (version, variant) = version_of(version).map_err(cannot)?;
                (Some(version), variant)
            }
        };
        if variant == Some("") {
            return Err(cannot("nothing follows the `/`"));
        }
        Ok(Pattern {
            text: text.to_owned(),
            excludes,
            engine: engine.to_owned(),
            version,
            variant: variant.map(str::to_owned),
        })
    }
}

/// Takes apart what follows an `@`: the version, and the configuration.
fn version_of(text: &str) -> Result<(Wanted, Option<&str>), &'static str> {
    let file = |name: &str| match name {
        "" => Err("a folder is missing"),
        name => Ok(PathBuf::from(name)),
    };
    if let Some(folder) = text.strip_prefix("path:") {
        // A path has slashes of its own: a last part that is no folder names a
        // configuration. A JavaScript engine is a file.
        let exists = |path: &str| is_checkout(path.as_ref()) || Path::new(path).is_file();
        let (folder, variant) = split_path(folder, exists);
        return Ok((Wanted::Checkout(file(folder)?), variant));
    }
    if let Some(text) = text.strip_prefix("git:") {
        let (folder, revision) = text.split_once('#').ok_or("git:FOLDER#REVISION")?;
        let folder = file(folder)?;
        let (revision, variant) =
            split_path(revision, |r| super::checkout::revision(&folder, r).is_ok());
        if revision.is_empty() {
            return Err("git:FOLDER#REVISION");
        }
        return Ok((Wanted::Revision(folder, revision.to_owned()), variant));
    }
    let (version, variant) = match text.split_once('/') {
        Some((version, variant)) => (version, Some(variant)),
        None => (text, None),
    };
    if version.is_empty() {
        return Err("a version is missing");
    }
    Ok((Wanted::Release(version.to_owned()), variant))
}

/// Splits `text` before its last part, if the whole does not exist and what is
/// before does.
fn split_path(text: &str, exists: impl Fn(&str) -> bool) -> (&str, Option<&str>) {
    match text.rsplit_once('/') {
        Some((before, last))
            if !exists(text) && !before.is_empty() && exists(before) && !last.is_empty() =>
        {
            (before, Some(last))
        }
        _ => (text, None),
    }
}

/// Whether a folder looks like a workspace of Rust packages.
fn is_checkout(folder: &std::path::Path) -> bool {
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml"));
    manifest.is_ok_and(|text| text.contains("[workspace"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(text: &str) -> Option<Wanted> {
        Some(Wanted::Release(text.to_owned()))
    }

    #[test]
    fn patterns_come_apart() {
        for (text, excludes, engine, version, variant) in [
            ("wasmi", false, "wasmi", None, None),
            ("-wasmtime/pulley", true, "wasmtime", None, Some("pulley")),
            ("wasmtime@36", false, "wasmtime", release("36"), None),
            (
                "-wasmtime@36.0.4/winch+dynamic",
                true,
                "wasmtime",
                release("36.0.4"),
                Some("winch+dynamic"),
            ),
            (
                "wasmi@path:/no/such/folder",
                false,
                "wasmi",
                Some(Wanted::Checkout("/no/such/folder".into())),
                None,
            ),
        ] {
            let pattern = Pattern::parse(text).expect(text);
            assert_eq!(pattern.excludes, excludes, "{text}");
            assert_eq!(pattern.engine, engine, "{text}");
            assert_eq!(pattern.version, version, "{text}");
            assert_eq!(pattern.variant.as_deref(), variant, "{text}");
        }
        for text in [
            "",
            "-",
            "@1",
            "wasmi@",
            "wasmi@path:",
            "wasmi@git:x",
            "wasmi/",
            "wasmi@1/",
        ] {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_last_part_of_a_path_is_a_configuration_where_it_is_no_checkout() {
        // A checkout of wasmtime has a folder `cranelift`.
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("cranelift")).unwrap();
        std::fs::write(folder.path().join("Cargo.toml"), "[workspace]").unwrap();
        let text = format!("wasmtime@path:{}/cranelift", folder.path().display());
        let pattern = Pattern::parse(&text).unwrap();
        assert_eq!(
            pattern.version,
            Some(Wanted::Checkout(folder.path().into()))
        );
        assert_eq!(pattern.variant.as_deref(), Some("cranelift"));
        let text = format!("wasmtime@path:{}", folder.path().display());
        assert_eq!(Pattern::parse(&text).unwrap().variant, None);
    }
}
