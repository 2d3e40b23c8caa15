//! Where an engine has the code of its memories, and what of it is not to be reached.

use anyhow::Context;
use serde::Deserialize;

/// The table, as it is written.
const TABLE: &str = include_str!("areas.toml");

/// Everything the table says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Areas {
    /// Where the code of memories is.
    #[serde(default)]
    pub(super) area: Vec<Area>,
    /// What of it is not to be reached.
    #[serde(default)]
    pub(super) beyond: Vec<Beyond>,
}

/// Files, or some blocks of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Area {
    engine: String,
    /// A part of the path, see [`matches`](super::lcov::matches).
    pub(super) files: String,
    /// Only these blocks, each by words of its first line; empty for all of the file.
    #[serde(default)]
    pub(super) only: Vec<String>,
}

/// What no script of ours reaches, and why.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Beyond {
    engine: String,
    pub(super) files: String,
    /// The blocks, each by words of its first line; empty for all of the file.
    #[serde(default)]
    pub(super) blocks: Vec<String>,
    pub(super) reason: String,
}

impl Beyond {
    /// Its entries, each with what it is called, and words unless it is the whole file.
    pub(super) fn entries(&self) -> impl Iterator<Item = (String, Option<&str>)> {
        let whole = self.blocks.is_empty().then(|| (self.files.clone(), None));
        let blocks = self.blocks.iter();
        let named = blocks.map(|words| (format!("{} `{words}`", self.files), Some(&**words)));
        whole.into_iter().chain(named)
    }
}

impl Areas {
    /// Those of one engine. Engines with planted faults are the reference.
    pub(crate) fn of(engine: &str) -> anyhow::Result<Areas> {
        let mut areas: Areas = toml::from_str(TABLE).context("areas.toml")?;
        let known = areas.area.iter().any(|area| area.engine == engine);
        let engine = if known { engine } else { "reference" };
        areas.area.retain(|area| area.engine == engine);
        areas.beyond.retain(|beyond| beyond.engine == engine);
        Ok(areas)
    }

    /// Whole files, by parts of their paths.
    pub(crate) fn files(patterns: &[String]) -> Areas {
        let area = |files: &String| Area {
            engine: String::new(),
            files: files.clone(),
            only: Vec::new(),
        };
        Areas {
            area: patterns.iter().map(area).collect(),
            beyond: Vec::new(),
        }
    }

    /// Both together.
    pub(crate) fn and(mut self, other: Areas) -> Areas {
        self.area.extend(other.area);
        self.beyond.extend(other.beyond);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_engine_has_its_areas() {
        for engine in trapline_harness::workers::ENGINES {
            let areas = Areas::of(engine).unwrap();
            assert!(areas.area.iter().all(|area| area.engine == engine));
            assert!(!areas.area.is_empty(), "{engine}");
        }
        let mutant = Areas::of("mutant").unwrap();
        assert!(
            mutant
                .area
                .iter()
                .any(|a| a.files == "reference/src/memory/")
        );
    }
}
