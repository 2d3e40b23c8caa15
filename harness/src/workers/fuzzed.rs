//! The package of the fuzz targets for another version of an engine.
//!
//! The targets run an engine in their own process, so that they are built anew
//! for each version: this crate, all of it, with the engine in that version, and
//! the programs of `fuzz/` on top. Both are packages below
//! `target/workers/fuzz/engine@version/`:
//!
//! ```text
//! Cargo.toml Cargo.lock    fuzz/Cargo.toml, with its sources where they are
//! harness/Cargo.toml       harness/Cargo.toml, with the engine in this version
//! .cargo/config.toml       what is instrumented
//! ```

use std::path::Path;

use toml::{Table, Value};

use super::package::{Origin, Package, of, own_packages, read};

/// The files of the two packages, by name.
///
/// # Errors
/// In words, if the project's own manifests cannot be read.
pub(super) fn files(package: &Package<'_>) -> Result<[(&'static str, String); 3], String> {
    let config = Table::from_iter([(
        "build".to_owned(),
        Table::from_iter([(
            "rustc-wrapper".to_owned(),
            below(package.root, "fuzz/instrument"),
        )])
        .into(),
    )]);
    let text = |table: &Table| toml::to_string(table).map_err(|why| why.to_string());
    Ok([
        ("Cargo.toml", text(&targets(package)?)?),
        ("harness/Cargo.toml", text(&harness(package)?)?),
        (".cargo/config.toml", text(&config)?),
    ])
}

/// The manifest of the targets: that of `fuzz/`, for one engine.
fn targets(package: &Package<'_>) -> Result<Table, String> {
    let mut manifest = read(&package.root.join("fuzz/Cargo.toml"))?;
    let engine = package.engine;
    let library = Table::from_iter([
        ("path".to_owned(), "harness".into()),
        ("default-features".to_owned(), false.into()),
    ]);
    if let Some(dependencies) = table(&mut manifest, "dependencies") {
        dependencies.insert("trapline-harness".to_owned(), library.into());
        // What `fuzz/` asks of the engine itself, as far as this version has it.
        dependencies.retain(|name, _| name == engine || !super::ENGINES.contains(&name));
        if let Some(own) = dependencies.get_mut(engine).and_then(Value::as_table_mut) {
            package.set_version(own, engine)?;
        }
    }
    if let Some(features) = table(&mut manifest, "features") {
        features.retain(|name, _| name == engine || name == "service");
        features.insert("default".to_owned(), vec![engine.to_owned()].into());
    }
    let root = Table::from_iter([("path".to_owned(), below(package.root, "fuzz/src/lib.rs"))]);
    manifest.insert("lib".to_owned(), root.into());
    let programs = manifest.get_mut("bin").and_then(Value::as_array_mut);
    for program in programs.into_iter().flatten() {
        if let Some(path) = program.get("path").and_then(Value::as_str) {
            let path = below(package.root, &format!("fuzz/{path}"));
            if let Some(program) = program.as_table_mut() {
                program.insert("path".to_owned(), path);
            }
        }
    }
    Ok(manifest)
}

/// The manifest of this crate, for one engine, with everything in it that the
/// project's manifest says for all of its packages.
fn harness(package: &Package<'_>) -> Result<Table, String> {
    let root = package.root;
    let project = read(&root.join("Cargo.toml"))?;
    let shared = project.get("workspace").and_then(Value::as_table);
    let shared = shared.ok_or("the project's manifest has no workspace")?;
    let known = shared.get("dependencies").and_then(Value::as_table);
    let known = known.ok_or("the project's manifest has no dependencies")?;
    let mut manifest = read(&root.join("harness/Cargo.toml"))?;
    let own = own_packages(&manifest, package.engine);
    let others: Vec<String> = super::ENGINES
        .iter()
        .filter(|other| **other != package.engine)
        .flat_map(|other| own_packages(&manifest, other))
        .collect();

    for name in ["dependencies", "build-dependencies"] {
        let Some(dependencies) = table(&mut manifest, name) else {
            continue;
        };
        dependencies.retain(|name, _| !others.iter().any(|other| other == name));
        for (name, entry) in dependencies.iter_mut() {
            *entry = match own.contains(name) {
                true => package.engine_package(known, name)?,
                false => absolute(of(known, name)?, root),
            };
        }
    }
    if let (Origin::Registry(pins), Some(dependencies)) =
        (package.origin, table(&mut manifest, "dependencies"))
    {
        for (name, version) in pins.iter().filter(|(name, _)| !own.contains(name)) {
            let pin = Table::from_iter([
                ("version".to_owned(), format!("={version}").into()),
                ("optional".to_owned(), true.into()),
            ]);
            dependencies.insert(name.clone(), pin.into());
        }
    }
    if let Some(features) = table(&mut manifest, "features") {
        for (name, needs) in features.iter_mut() {
            if super::ENGINES.contains(&&**name) && name != package.engine {
                *needs = Value::Array(Vec::new());
            }
        }
        features.insert("default".to_owned(), vec![package.engine.to_owned()].into());
        let own = own.iter().map(|name| Value::String(format!("dep:{name}")));
        features.insert(package.engine.to_owned(), own.collect::<Vec<_>>().into());
    }
    // The tests are the project's, and so are its lints.
    for other in ["dev-dependencies", "test", "lints"] {
        manifest.remove(other);
    }
    // What the others' adapters are compiled under is no feature of this package.
    let quiet = Table::from_iter([("unexpected_cfgs".to_owned(), "allow".into())]);
    let quiet = Table::from_iter([("rust".to_owned(), quiet.into())]);
    manifest.insert("lints".to_owned(), quiet.into());
    let inherited = shared.get("package").and_then(Value::as_table);
    if let Some(about) = table(&mut manifest, "package") {
        for (name, value) in about.iter_mut() {
            let inherits = value.get("workspace").is_some();
            if let Some(said) = inherited.and_then(|i| i.get(name)).filter(|_| inherits) {
                *value = said.clone();
            }
        }
        about.insert("build".to_owned(), below(root, "harness/build.rs"));
    }
    let library = Table::from_iter([
        ("path".to_owned(), below(root, "harness/src/lib.rs")),
        ("doctest".to_owned(), false.into()),
    ]);
    manifest.insert("lib".to_owned(), library.into());
    Ok(manifest)
}

/// A dependency whose path, if it has one, is told from the root of the project.
fn absolute(mut entry: Value, root: &Path) -> Value {
    let path = entry.get("path").and_then(Value::as_str).map(str::to_owned);
    if let (Some(path), Some(entry)) = (path, entry.as_table_mut()) {
        entry.insert("path".to_owned(), below(root, &path));
    }
    entry
}

fn below(root: &Path, file: &str) -> Value {
    Value::String(root.join(file).display().to_string())
}

fn table<'t>(manifest: &'t mut Table, name: &str) -> Option<&'t mut Table> {
    manifest.get_mut(name).and_then(Value::as_table_mut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_targets_are_built_with_the_engine_of_the_version() {
        let pins = [("wasmi_core", "1.1.0"), ("wasmi_ir", "1.1.0")];
        let pins = pins.map(|(name, version)| (name.to_owned(), version.to_owned()));
        let package = Package {
            root: &Path::new(env!("CARGO_MANIFEST_DIR")).join(".."),
            engine: "wasmi",
            version: &semver::Version::new(1, 1, 0),
            features: &["std".to_owned()],
            origin: &Origin::Registry(pins.into()),
        };
        let [(_, targets), (_, harness), (_, config)] = files(&package).expect("our manifests");
        let parse = |text: &str| text.parse::<Table>().expect("a manifest");
        let (targets, harness, config) = (parse(&targets), parse(&harness), parse(&config));
        let wasmi = &targets["dependencies"]["wasmi"];
        assert_eq!(wasmi["version"].as_str(), Some("=1.1.0"));
        // It had not the feature yet.
        assert_eq!(wasmi["features"].as_array().map(Vec::len), Some(0));
        assert!(targets["features"].get("wasmtime").is_none());
        for program in targets["bin"].as_array().expect("programs") {
            let path = program["path"].as_str().expect("a path");
            assert!(Path::new(path).is_file(), "{path}");
        }
        let wasmi = &harness["dependencies"]["wasmi_core"];
        assert_eq!(wasmi["version"].as_str(), Some("=1.1.0"));
        assert!(harness["dependencies"].get("wasmer").is_none());
        let left = toml::to_string(&harness).expect("a table");
        assert!(!left.contains("workspace"), "{left}");
        let wrapper = config["build"]["rustc-wrapper"].as_str().expect("a path");
        assert!(Path::new(wrapper).is_file(), "{wrapper}");
    }
}
