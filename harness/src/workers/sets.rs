//! Lists of engines and versions that a project keeps in a file, `trapline.toml`:
//!
//! ```toml
//! [sets]
//! wasmtime = ["wasmtime@latest", "wasmtime@36", "wasmtime@24"]
//! ours = ["wasmi@path:../wasmi", "wasmi"]
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::Pattern;

/// The file that is looked for where no other is named.
pub const FILE: &str = "trapline.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    sets: BTreeMap<String, Vec<String>>,
}

/// The patterns of the set that `text` names: `NAME` of [`FILE`] in this folder,
/// or `FILE#NAME`.
///
/// # Errors
/// In one line: the file cannot be read, or has no such set, or the set is empty
/// or has what names no engine.
pub fn set(text: &str) -> Result<Vec<String>, String> {
    let (file, name) = text.rsplit_once('#').unwrap_or((FILE, text));
    let written = std::fs::read_to_string(Path::new(file))
        .map_err(|why| format!("the set `{name}`: {file}: {why}"))?;
    of(&written, name).map_err(|why| format!("{file}: {why}"))
}

fn of(written: &str, name: &str) -> Result<Vec<String>, String> {
    let Lists { mut sets } =
        toml::from_str(written).map_err(|why| why.to_string().trim_end().replace('\n', " "))?;
    let Some(patterns) = sets.remove(name) else {
        let known: Vec<String> = sets.into_keys().collect();
        return Err(format!("has no set `{name}`; it has {}", known.join(", ")));
    };
    if patterns.is_empty() {
        return Err(format!("the set `{name}` is empty"));
    }
    for pattern in &patterns {
        Pattern::parse(pattern)?;
    }
    Ok(patterns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_found_by_name() {
        let written = "[sets]\na = [\"wasmi@latest\", \"-wasmi/lazy\"]\nb = []\nc = [\"@1\"]\n";
        assert_eq!(of(written, "a").unwrap(), ["wasmi@latest", "-wasmi/lazy"]);
        assert!(of(written, "b").unwrap_err().contains("is empty"));
        assert!(of(written, "c").unwrap_err().contains("names no engine"));
        assert!(of(written, "d").unwrap_err().contains("it has a, b, c"));
        let why = of("[sets]\na = 1\n", "a").unwrap_err();
        assert!(!why.contains('\n'), "{why}");
        assert!(of("a = []\n", "a").is_err());
    }

    #[test]
    fn the_nightly_sets_are_lists_of_engines() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../.github/trapline.toml");
        let written = std::fs::read_to_string(file).expect("the repository has one");
        for name in super::super::ENGINES {
            let patterns = of(&written, name).expect(name);
            assert!(patterns.iter().all(|pattern| pattern.starts_with(name)));
        }
    }
}
