//! A case of a claim: a file, and how it is run.

use std::path::Path;

use serde::Deserialize;

use super::Word;
use crate::script::wast::{self, Source};

/// What is run to see whether a claim holds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The name of its file: a script if it ends in `.wast`, else JavaScript.
    pub file: String,
    /// Files that are put before it.
    #[serde(default)]
    pub with: Vec<String>,
    /// How often a script is run, one time after the other in one process.
    #[serde(default = "once")]
    pub repeat: usize,
    /// Whether a page that runs it is isolated from other origins.
    #[serde(default = "isolated")]
    pub isolated: bool,
    /// The largest memory of the run, in MiB, if another one than usual.
    pub budget: Option<u64>,
    /// What becomes of the claim where all assertions of the script hold.
    #[serde(default = "holds")]
    pub shows: Word,
    /// What is run: the text of all files.
    #[serde(skip)]
    text: String,
}

fn once() -> usize {
    1
}

fn isolated() -> bool {
    true
}

fn holds() -> Word {
    Word::Holds
}

/// What all cases in JavaScript begin with.
const PRELUDE: &str = "module.mjs";

impl Case {
    /// Whether it is a script, and not JavaScript.
    pub fn is_script(&self) -> bool {
        self.file.ends_with(".wast")
    }

    /// What is run: its own text behind those that it is run with.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The script.
    ///
    /// # Errors
    /// In one line, if it is none.
    pub fn script(&self) -> Result<Source, String> {
        let source = wast::parse(&self.file, self.text.as_bytes());
        source.map_err(|why| why.to_string())
    }

    /// Reads its files, which are in `folder`.
    pub(super) fn read(&mut self, folder: &Path) -> Result<(), String> {
        let prelude = (!self.is_script()).then_some(PRELUDE);
        let with = self.with.iter().map(String::as_str);
        for file in prelude.into_iter().chain(with).chain([&*self.file]) {
            self.text.push_str(&text(&folder.join(file))?);
        }
        if self.is_script() {
            self.script()
                .map_err(|why| format!("{}: {why}", folder.display()))?;
        }
        Ok(())
    }
}

/// The text of a file.
pub(super) fn text(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|why| format!("{}: {why}", file.display()))
}
