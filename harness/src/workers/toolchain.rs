//! The toolchain that a worker is built with.

use std::process::{Command, Stdio};

use semver::Version;

/// A toolchain of rustup's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Toolchain {
    /// Its name; none for the one in use.
    pub(super) name: Option<String>,
    /// The version of its rustc.
    pub(super) rustc: Version,
}

impl Toolchain {
    /// The one to build with what needs `least`: the one asked for, otherwise
    /// the one in use, otherwise an installed one that is new enough.
    ///
    /// # Errors
    /// In words, with the version that is needed, if there is none.
    pub(super) fn choose(
        what: &str,
        least: Option<&str>,
        asked: Option<&str>,
    ) -> Result<Toolchain, String> {
        let chosen = match asked {
            Some(name) => found(Some(name)).ok_or_else(|| {
                format!(
                    "the toolchain `{name}` is not installed: `rustup toolchain install {name}`"
                )
            })?,
            None => found(None).ok_or("rustc cannot be run: is Rust installed?")?,
        };
        let Some(least) = least.and_then(in_full) else {
            return Ok(chosen);
        };
        if chosen.is_enough(&least) {
            return Ok(chosen);
        }
        let other = match asked {
            Some(_) => None,
            None => installed().into_iter().find(|t| t.is_enough(&least)),
        };
        other.ok_or_else(|| {
            let has = match &chosen.name {
                Some(name) => format!("the toolchain `{name}` has {}", chosen.rustc),
                None => format!(
                    "{} is in use and no installed toolchain is newer",
                    chosen.rustc
                ),
            };
            format!(
                "{what} needs rustc {least} or later, and {has}: install one and name it with \
                 --toolchain (`rustup toolchain install {least} --profile minimal`)"
            )
        })
    }

    /// A nightly of a version has what that version needs.
    fn is_enough(&self, least: &Version) -> bool {
        let Version {
            major,
            minor,
            patch,
            ..
        } = self.rustc;
        (major, minor, patch) >= (least.major, least.minor, least.patch)
    }

    /// A program of this toolchain, free of what cargo told this process.
    pub(super) fn command(&self, program: &str) -> Command {
        command(program, self.name.as_deref())
    }
}

fn command(program: &str, toolchain: Option<&str>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    for (variable, _) in std::env::vars_os() {
        let name = variable.to_string_lossy();
        let of_cargo = name.starts_with("CARGO_")
            && !["CARGO_HOME"].contains(&&*name)
            && !name.starts_with("CARGO_NET_")
            && !name.starts_with("CARGO_HTTP_");
        if of_cargo || ["CARGO", "RUSTC", "RUSTFLAGS"].contains(&&*name) {
            command.env_remove(&variable);
        }
    }
    if let Some(name) = toolchain {
        command.env("RUSTUP_TOOLCHAIN", name);
    }
    command
}

/// The toolchain of this name, or the one in use.
fn found(name: Option<&str>) -> Option<Toolchain> {
    let output = command("rustc", name).arg("-vV").output().ok()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let release = said
        .lines()
        .find_map(|line| line.strip_prefix("release: "))?;
    Some(Toolchain {
        name: name.map(str::to_owned),
        rustc: Version::parse(release.trim()).ok()?,
    })
}

/// All installed ones.
fn installed() -> Vec<Toolchain> {
    let output = Command::new("rustup")
        .args(["toolchain", "list"])
        .stdin(Stdio::null())
        .output();
    let said = output.map_or_else(|_| Vec::new(), |output| output.stdout);
    let said = String::from_utf8_lossy(&said);
    let names = said
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    names.filter_map(|name| found(Some(name))).collect()
}

/// `1.86` and `1.86.0` as a version.
fn in_full(text: &str) -> Option<Version> {
    let dots = text.matches('.').count();
    let missing = ".0".repeat(2_usize.saturating_sub(dots));
    Version::parse(&format!("{text}{missing}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_version_needs_is_asked_for_by_name() {
        assert_eq!(in_full("1.86"), Version::parse("1.86.0").ok());
        let here = Toolchain::choose("it", Some("1.80"), None).expect("this test was compiled");
        assert_eq!(here.name, None);
        let why = Toolchain::choose("wasmi 9.0.0", Some("1.999"), None).unwrap_err();
        assert!(
            why.contains("wasmi 9.0.0 needs rustc 1.999.0 or later"),
            "{why}"
        );
        let why = Toolchain::choose("it", None, Some("no-such-toolchain")).unwrap_err();
        assert!(
            why.contains("rustup toolchain install no-such-toolchain"),
            "{why}"
        );
    }

    #[test]
    fn a_nightly_is_enough_for_its_own_version() {
        let nightly = Toolchain {
            name: None,
            rustc: Version::parse("1.97.0-nightly").unwrap(),
        };
        assert!(nightly.is_enough(&Version::parse("1.97.0").unwrap()));
        assert!(!nightly.is_enough(&Version::parse("1.98.0").unwrap()));
    }
}
