//! Tests of these.

use super::*;

#[test]
fn the_engines_of_configurations_are_cargo_features() {
    let of = |patterns: &[&str]| {
        let chosen = engine::select(patterns).unwrap();
        features(&chosen.iter().map(|c| c.name()).collect::<Vec<_>>())
    };
    assert_eq!(of(&["wasmi"]), "wasmi");
    assert_eq!(of(&["wasmi/eager", "wasmtime/winch"]), "wasmtime,wasmi");
    assert_eq!(of(&["mutant/bound-short"]), "");
}

#[test]
fn a_session_is_of_one_version() {
    let of = |names: &[&str]| version(names).map(|v| v.map(|(v, e)| format!("{e} {v}")));
    assert_eq!(of(&["wasmi/eager", "mutant/bound-short"]).unwrap(), None);
    let one = of(&["wasmi@1.1.0/eager", "wasmi@1.1.0/lazy"]).unwrap();
    assert_eq!(one.as_deref(), Some("wasmi 1.1.0"));
    for two in [
        ["wasmi@1.1.0/eager", "wasmi/eager"],
        ["wasmi@1.1.0/eager", "wasmi@1.0.0/eager"],
        ["wasmi@1.1.0/eager", "wasmtime/winch"],
    ] {
        assert!(of(&two).is_err(), "{two:?}");
    }
}

#[test]
fn services_are_told_the_same_length() {
    let options = include_str!("../../../../fuzz/oss-fuzz/target.options");
    assert!(options.contains(&format!("max_len = {SCRIPT_BYTES}\n")));
}
