//! Which versions of an engine were published: what cargo has in its index.
//!
//! Cargo keeps, for each package, what the index of crates.io says of it, so
//! that this works without a network once it was asked; `cargo info` asks anew.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use semver::Version;
use serde::Deserialize;

use super::package::is_family;

/// A version that was published.
#[derive(Clone, Debug)]
pub struct Published {
    /// The version.
    pub version: Version,
    /// Whether it was withdrawn.
    pub yanked: bool,
    /// The oldest rustc that compiles it, where it says so.
    pub rust_version: Option<String>,
    /// The day, where the index says so.
    pub day: Option<String>,
    /// Its packages' features.
    pub(super) features: Vec<String>,
    /// What it needs that is released together with it, each with its requirement.
    pub(super) family: Vec<(String, String)>,
}

/// A line of the index.
#[derive(Deserialize)]
struct Line {
    vers: String,
    yanked: bool,
    #[serde(default)]
    rust_version: Option<String>,
    #[serde(default)]
    pubtime: Option<String>,
    #[serde(default)]
    features: serde_json::Map<String, serde_json::Value>,
    #[serde(default)]
    features2: Option<serde_json::Map<String, serde_json::Value>>,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    req: String,
    kind: Option<String>,
    optional: bool,
    #[serde(default)]
    package: Option<String>,
}

/// All versions of the package of an engine, the oldest first. `fresh` asks the
/// index anew; where that fails, what cargo knows has to do.
///
/// # Errors
/// In words, if nothing is known of it.
pub fn published(package: &str, fresh: bool) -> Result<Vec<Published>, String> {
    let mut asked = Ok(());
    if fresh || cached(package).is_none() {
        asked = ask(package);
    }
    let Some(text) = cached(package) else {
        let why = asked
            .err()
            .unwrap_or_else(|| "cargo keeps no index".to_owned());
        return Err(format!("the versions of {package} cannot be had: {why}"));
    };
    let mut versions: Vec<Published> = lines(&text).collect();
    versions.sort_by(|a, b| a.version.cmp(&b.version));
    Ok(versions)
}

/// Has cargo ask the index.
fn ask(package: &str) -> Result<(), String> {
    let output = Command::new("cargo")
        .args(["info", package, "--registry", "crates-io"])
        .stdin(Stdio::null())
        .output()
        .map_err(|why| format!("cargo cannot be run: {why}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(said
        .lines()
        .last()
        .unwrap_or("cargo info fails")
        .trim()
        .to_owned())
}

/// The newest of the files in which cargo keeps what it knows of a package.
fn cached(package: &str) -> Option<Vec<u8>> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| {
            let home = std::env::home_dir()?;
            Some(home.join(".cargo"))
        })?;
    let indexes = std::fs::read_dir(home.join("registry/index")).ok()?;
    let files = indexes.flatten().filter_map(|index| {
        let folder = index.path().join(".cache").join(&package[..2]);
        let file = folder.join(package.get(2..4)?).join(package);
        let when = file.metadata().ok()?.modified().ok()?;
        Some((when, file))
    });
    let (_, newest) = files.max()?;
    std::fs::read(newest).ok()
}

/// What a file of cargo's has: texts of JSON with a zero byte behind each, and
/// between them what cargo needs itself.
fn lines(text: &[u8]) -> impl Iterator<Item = Published> {
    text.split(|byte| *byte == 0)
        .filter(|part| part.first() == Some(&b'{'))
        .filter_map(|part| serde_json::from_slice::<Line>(part).ok())
        .filter_map(Published::of)
}

impl Published {
    fn of(line: Line) -> Option<Published> {
        let Line {
            vers,
            yanked,
            rust_version,
            pubtime,
            features,
            features2,
            deps,
        } = line;
        let features = features.into_iter().chain(features2.into_iter().flatten());
        // An optional package is a feature of its name.
        let optional = deps
            .iter()
            .filter(|dep| dep.optional)
            .map(|dep| dep.name.clone());
        let features = features.map(|(name, _)| name).chain(optional).collect();
        let family = deps
            .into_iter()
            .filter(|dep| dep.kind.as_deref() != Some("dev"))
            .map(|dep| (dep.package.unwrap_or(dep.name), dep.req))
            .filter(|(name, _)| is_family(name))
            .collect();
        Some(Published {
            version: Version::parse(&vers).ok()?,
            yanked,
            rust_version,
            day: pubtime.and_then(|time| time.get(..10).map(str::to_owned)),
            features,
            family,
        })
    }
}

/// The version that `text` asks for: itself, `latest`, or the newest of a line
/// (`36`, `2.0`); a candidate of a release only if it is asked for in full.
///
/// # Errors
/// In words, with the nearest versions, if there is none.
pub(super) fn choose<'p>(
    package: &str,
    text: &str,
    versions: &'p [Published],
) -> Result<&'p Published, String> {
    if let Ok(exact) = Version::parse(text) {
        let found = versions.iter().find(|p| p.version == exact);
        return match found {
            Some(found) if found.yanked => {
                Err(format!("{package} {text} was withdrawn by its publishers"))
            }
            Some(found) => Ok(found),
            None => Err(format!(
                "{package} {text} was never published; {}",
                nearest(&exact, versions)
            )),
        };
    }
    let line: Option<Vec<u64>> = match text {
        "latest" => Some(Vec::new()),
        text => text.split('.').map(|part| part.parse().ok()).collect(),
    };
    let line = line
        .filter(|line| line.len() < 3)
        .ok_or_else(|| format!("`{text}` is no version of {package}: 36.0.4, 36, latest"))?;
    let newest = versions.iter().rev().find(|p| {
        let parts = [p.version.major, p.version.minor];
        !p.yanked && p.version.pre.is_empty() && parts.starts_with(&line)
    });
    newest.ok_or_else(|| format!("{package} {text} was never published"))
}

/// The neighbours of a version that is not there.
fn nearest(version: &Version, versions: &[Published]) -> String {
    let mut kept = versions.iter().filter(|p| !p.yanked).map(|p| &p.version);
    let before = kept.clone().rfind(|v| *v < version);
    let after = kept.find(|v| *v > version);
    let near: Vec<String> = before
        .into_iter()
        .chain(after)
        .map(Version::to_string)
        .collect();
    format!("the nearest are {}", near.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<Published> {
        let line = |vers: &str, yanked: bool| {
            format!(
                "{{\"vers\":\"{vers}\",\"yanked\":{yanked},\"features\":{{\"std\":[]}},\
                 \"pubtime\":\"2026-02-03T04:05:06Z\",\
                 \"deps\":[{{\"name\":\"core\",\"req\":\"^1.2\",\"kind\":\"normal\",\
                 \"optional\":false,\"package\":\"wasmi_core\"}}]}}"
            )
        };
        let lines_of = [
            line("1.0.0", false),
            line("36.0.3", false),
            line("36.0.4", false),
            line("36.0.5", true),
            line("37.0.0-rc.1", false),
        ];
        let text = format!("\u{3}etag\0{}\0", lines_of.join("\0x\0"));
        lines(text.as_bytes()).collect()
    }

    #[test]
    fn versions_are_found_by_line_and_by_name() {
        let known = known();
        let chosen = |text: &str| choose("p", text, &known).map(|p| p.version.to_string());
        assert_eq!(chosen("36").as_deref(), Ok("36.0.4"));
        assert_eq!(chosen("36.0").as_deref(), Ok("36.0.4"));
        assert_eq!(chosen("latest").as_deref(), Ok("36.0.4"));
        assert_eq!(chosen("37.0.0-rc.1").as_deref(), Ok("37.0.0-rc.1"));
        assert_eq!(
            chosen("36.0.9").unwrap_err(),
            "p 36.0.9 was never published; the nearest are 36.0.4 and 37.0.0-rc.1"
        );
        assert!(chosen("36.0.5").unwrap_err().contains("withdrawn"));
        assert!(chosen("37").unwrap_err().contains("never published"));
        assert!(chosen("newest").unwrap_err().contains("is no version"));
    }

    #[test]
    fn a_version_says_what_it_needs() {
        let known = known();
        assert_eq!(
            known[0].family,
            [("wasmi_core".to_owned(), "^1.2".to_owned())]
        );
        assert_eq!(known[0].features, ["std"]);
        assert_eq!(known[0].day.as_deref(), Some("2026-02-03"));
    }
}
