//! The package of a worker: its manifest, and the exact versions it needs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use semver::{Comparator, Op, Version, VersionReq};
use toml::{Table, Value};

use super::published::{Published, published};

/// What a worker's crates are compiled with besides the engine: as in the
/// project's own manifest.
const NEEDED: [&str; 7] = [
    "libc",
    "postcard",
    "serde_json",
    "serde",
    "wasmparser",
    "wast",
    "xxhash-rust",
];

/// Packages that are released together with an engine. Their requirements of
/// each other are often ranges, and a release is what it was released with.
const FAMILIES: [&str; 6] = [
    "cranelift",
    "pulley",
    "wasmer",
    "wasmi",
    "wasmtime",
    "winch",
];

/// The program of a worker.
pub(super) const MAIN: &str = "\
//! A worker of another version of an engine.

fn main() -> std::io::Result<()> {
    trapline_harness::worker::serve_standard(trapline_harness::engine::all())
}
";

/// Exact versions of packages, by name.
pub(super) type Pins = BTreeMap<String, String>;

/// Where an engine comes from.
pub(super) enum Origin {
    /// The registry, with these exact versions of what belongs to it.
    Registry(Pins),
    /// A folder: where its packages are.
    Folder(BTreeMap<String, PathBuf>),
}

/// What the manifest of a worker is written from.
pub(super) struct Package<'a> {
    /// The folder of the project.
    pub(super) root: &'a Path,
    pub(super) engine: &'a str,
    pub(super) version: &'a Version,
    /// The features that the engine's package has.
    pub(super) features: &'a [String],
    pub(super) origin: &'a Origin,
}

impl Package<'_> {
    /// The manifest.
    ///
    /// # Errors
    /// In words, if the project's own manifests cannot be read.
    pub(super) fn manifest(&self) -> Result<String, String> {
        let project = read(&self.root.join("Cargo.toml"))?;
        let harness = read(&self.root.join("harness/Cargo.toml"))?;
        let known = project
            .get("workspace")
            .and_then(|w| w.get("dependencies"))
            .and_then(Value::as_table)
            .ok_or("the project's manifest has no dependencies")?;
        let path = |below: &str| Value::String(self.root.join(below).display().to_string());

        let mut dependencies = Table::new();
        for name in NEEDED {
            dependencies.insert(name.to_owned(), of(known, name)?);
        }
        let reference = Table::from_iter([("path".to_owned(), path("reference"))]);
        dependencies.insert("trapline-reference".to_owned(), reference.into());
        let own = own_packages(&harness, self.engine);
        for name in &own {
            dependencies.insert(name.clone(), self.engine_package(known, name)?);
        }
        if let Origin::Registry(pins) = self.origin {
            for (name, version) in pins.iter().filter(|(name, _)| !own.contains(name)) {
                // Optional: it holds the lock file to the version, and is
                // compiled only if the engine needs it.
                let pin = Table::from_iter([
                    ("version".to_owned(), format!("={version}").into()),
                    ("optional".to_owned(), true.into()),
                ]);
                dependencies.insert(name.clone(), pin.into());
            }
        }

        let mut features = Table::new();
        for engine in super::ENGINES {
            features.insert(engine.to_owned(), Value::Array(Vec::new()));
        }
        let all = own.iter().map(|name| Value::String(format!("dep:{name}")));
        features.insert(self.engine.to_owned(), all.collect::<Vec<_>>().into());
        features.insert("default".to_owned(), vec![self.engine.to_owned()].into());

        let mut manifest = toml::toml! {
            [package]
            name = "trapline-worker"
            version = "0.0.0"
            edition = "2024"
            publish = false

            [lib]
            name = "trapline_harness"
            doctest = false

            [[bin]]
            name = "worker"
            path = "main.rs"

            [workspace]

            [lints.rust]
            unsafe_code = "deny"
        };
        let mut set = |table: &str, key: &str, value: Value| {
            if let Some(table) = manifest.get_mut(table).and_then(Value::as_table_mut) {
                table.insert(key.to_owned(), value);
            }
        };
        set("package", "build", path("harness/build.rs"));
        set("lib", "path", path("harness/src/lib.rs"));
        manifest.insert("dependencies".to_owned(), dependencies.into());
        let semver = Table::from_iter([("semver".to_owned(), of(known, "semver")?)]);
        manifest.insert("build-dependencies".to_owned(), semver.into());
        manifest.insert("features".to_owned(), features.into());
        // Compiled as the linked engines are, but for what hardly runs in a worker.
        if let Some(mut profile) = project.get("profile").cloned() {
            let packages = profile
                .get_mut("dev")
                .and_then(|dev| dev.get_mut("package"));
            if let Some(packages) = packages.and_then(Value::as_table_mut) {
                for name in ["trapline-reference", "wast"] {
                    let fast = Table::from_iter([("opt-level".to_owned(), 0.into())]);
                    packages.insert(name.to_owned(), fast.into());
                }
            }
            manifest.insert("profile".to_owned(), profile);
        }
        toml::to_string(&manifest).map_err(|why| why.to_string())
    }

    /// A package of the engine: as in the project, but of this version, and
    /// without the features that it has not.
    pub(super) fn engine_package(&self, known: &Table, name: &str) -> Result<Value, String> {
        let mut entry = match of(known, name)? {
            Value::Table(entry) => entry,
            _ => Table::new(),
        };
        self.set_version(&mut entry, name)?;
        entry.insert("optional".to_owned(), true.into());
        Ok(entry.into())
    }

    /// Says in the entry of a package of the engine that it is of this version.
    pub(super) fn set_version(&self, entry: &mut Table, name: &str) -> Result<(), String> {
        match self.origin {
            Origin::Registry(pins) => {
                let own = self.version.to_string();
                let version = pins.get(name).unwrap_or(&own);
                entry.insert("version".to_owned(), format!("={version}").into());
            }
            Origin::Folder(packages) => {
                let folder = packages.get(name).ok_or_else(|| {
                    format!("the checkout has no package {name}, which the adapter needs")
                })?;
                entry.remove("version");
                entry.insert("path".to_owned(), folder.display().to_string().into());
            }
        }
        if name == self.engine
            && let Some(Value::Array(wanted)) = entry.get_mut("features")
        {
            wanted.retain(|f| {
                f.as_str()
                    .is_some_and(|f| self.features.iter().any(|g| g == f))
            });
        }
        Ok(())
    }
}

/// The packages that the adapter of an engine is written against.
pub(super) fn own_packages(harness: &Table, engine: &str) -> Vec<String> {
    let feature = harness.get("features").and_then(|f| f.get(engine));
    match feature.and_then(Value::as_array) {
        None => vec![engine.to_owned()],
        Some(needs) => needs
            .iter()
            .filter_map(|need| need.as_str()?.strip_prefix("dep:").map(str::to_owned))
            .collect(),
    }
}

/// An entry of the project's dependencies.
pub(super) fn of(known: &Table, name: &str) -> Result<Value, String> {
    let entry = known.get(name).cloned();
    entry.ok_or_else(|| format!("the project's manifest has no dependency {name}"))
}

pub(super) fn read(file: &Path) -> Result<Table, String> {
    let text = std::fs::read_to_string(file).map_err(|why| format!("{}: {why}", file.display()))?;
    text.parse()
        .map_err(|why| format!("{}: {why}", file.display()))
}

/// The versions with which a release of an engine was released: of each package
/// of its family the least that is allowed. Only packages are followed that
/// cargo knows from having resolved the release once.
pub(super) fn pins(release: &Published) -> Pins {
    let mut pins = Pins::new();
    let mut open = vec![release.clone()];
    while let Some(package) = open.pop() {
        for (name, requirement) in &package.family {
            let Some(version) = least(requirement).filter(|_| !pins.contains_key(name)) else {
                continue;
            };
            let Ok(known) = published(name, false) else {
                continue;
            };
            let Some(found) = known.into_iter().find(|p| p.version == version) else {
                continue;
            };
            pins.insert(name.clone(), version.to_string());
            open.push(found);
        }
    }
    pins
}

/// Whether a package is released together with an engine.
pub(super) fn is_family(package: &str) -> bool {
    FAMILIES.iter().any(|family| {
        let rest = package.strip_prefix(family);
        rest.is_some_and(|rest| rest.starts_with(['-', '_']) || rest.is_empty())
    })
}

/// The least version that a requirement allows.
fn least(requirement: &str) -> Option<Version> {
    let requirement = VersionReq::parse(requirement).ok()?;
    let [
        Comparator {
            op,
            major,
            minor,
            patch,
            pre,
        },
    ] = &requirement.comparators[..]
    else {
        return None;
    };
    matches!(op, Op::Exact | Op::Caret | Op::Tilde | Op::GreaterEq).then(|| Version {
        pre: pre.clone(),
        ..Version::new(*major, minor.unwrap_or(0), patch.unwrap_or(0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_version_is_what_it_was_released_with() {
        let least = |text: &str| least(text).map(|v| v.to_string());
        assert_eq!(least("^0.123.4").as_deref(), Some("0.123.4"));
        assert_eq!(least("=36.0.4").as_deref(), Some("36.0.4"));
        assert_eq!(least("^2.0.0-beta.2").as_deref(), Some("2.0.0-beta.2"));
        assert_eq!(least("^1").as_deref(), Some("1.0.0"));
        assert_eq!(least("*"), None);
        assert_eq!(least(">1, <3"), None);
    }

    #[test]
    fn families() {
        for name in [
            "wasmi",
            "wasmi_core",
            "cranelift-codegen",
            "wasmtime-internal-cranelift",
        ] {
            assert!(is_family(name), "{name}");
        }
        for name in ["wasmparser", "wasmitest", "regalloc2", "wasmtimes"] {
            assert!(!is_family(name), "{name}");
        }
    }

    fn manifest(origin: &Origin, version: &str, features: &[&str]) -> Table {
        let features: Vec<String> = features.iter().map(|f| (*f).to_owned()).collect();
        let package = Package {
            root: Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")),
            engine: "wasmi",
            version: &Version::parse(version).unwrap(),
            features: &features,
            origin,
        };
        package
            .manifest()
            .expect("the project's manifests")
            .parse()
            .expect("a manifest")
    }

    #[test]
    fn a_worker_is_held_to_the_versions_of_its_release() {
        let pins = [("wasmi_core", "1.1.0"), ("wasmi_ir", "1.1.0")];
        let pins = pins
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        let manifest = manifest(&Origin::Registry(pins), "1.1.0", &["std", "simd"]);
        let of = |name: &str, key: &str| manifest["dependencies"][name][key].clone();
        assert_eq!(of("wasmi", "version").as_str(), Some("=1.1.0"));
        assert_eq!(of("wasmi_core", "version").as_str(), Some("=1.1.0"));
        assert_eq!(of("wasmi_ir", "version").as_str(), Some("=1.1.0"));
        assert_eq!(of("wasmi_ir", "optional").as_bool(), Some(true));
        let features = of("wasmi", "features");
        let features: Vec<_> = features
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f.as_str())
            .collect();
        assert_eq!(features, [Some("std"), Some("simd")]);
        let needs = manifest["features"]["wasmi"].as_array().unwrap();
        assert_eq!(needs.len(), 2, "{needs:?}");
        assert!(manifest.get("profile").is_some());
    }

    #[test]
    fn a_checkout_is_taken_from_its_folders() {
        let packages = ["wasmi", "wasmi_core"];
        let packages = packages.map(|name| (name.to_owned(), PathBuf::from("/x").join(name)));
        let manifest = manifest(&Origin::Folder(packages.into()), "9.0.0", &["std"]);
        let wasmi = &manifest["dependencies"]["wasmi"];
        assert_eq!(wasmi["path"].as_str(), Some("/x/wasmi"));
        assert!(wasmi.get("version").is_none());
    }
}
