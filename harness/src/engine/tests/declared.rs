//! What the tables say of configurations.

use super::super::{Feature, Features, Name, all, verify};
use super::{here, javascript};

#[test]
fn declared_features_are_real() {
    for configuration in here().chain(javascript("bun")) {
        let differences =
            verify(&configuration).unwrap_or_else(|why| panic!("{}: {why}", configuration.name()));
        let told: Vec<String> = differences.iter().map(ToString::to_string).collect();
        assert!(told.is_empty(), "{}: {told:?}", configuration.name());
    }
}

#[test]
fn a_wrong_declaration_is_told() {
    for mut configuration in all() {
        let real = configuration.features;
        for feature in [Feature::Memory64, Feature::ExtendedConst] {
            configuration.features = if real.has(feature) {
                real.without(Features::of(&[feature]))
            } else {
                let mut more = real;
                more.insert(feature);
                more
            };
            let differences = verify(&configuration)
                .unwrap_or_else(|why| panic!("{}: {why}", configuration.name()));
            let [difference] = &differences[..] else {
                panic!("{}: {differences:?}", configuration.name());
            };
            assert_eq!(
                (difference.feature, difference.declared),
                (feature, !real.has(feature)),
                "{}",
                configuration.name()
            );
        }
    }
}

#[test]
fn names_are_unique_and_versions_are_those_of_the_lock_file() {
    let lock = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock"));
    let mut names = Vec::new();
    for configuration in all() {
        let (name, version) = (configuration.name(), configuration.version());
        let Name { engine, .. } = Name::parse(name).expect("a name");
        let package = format!("name = \"{engine}\"\nversion = \"{version}\"\n");
        assert!(lock.contains(&package), "{name} {version}");
        assert!(!names.iter().any(|n| n == name), "{name} twice");
        names.push(name.to_owned());
    }
}
