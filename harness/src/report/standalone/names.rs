//! What the variables of a program are called.

use std::collections::HashMap;

/// Names of modules (`m0`) and of instances (`i0`), in the order in which they are made.
#[derive(Default)]
pub(super) struct Names<'a> {
    /// By kind and name in the script.
    made: HashMap<(char, &'a str), String>,
    /// The instance registered under a name.
    pub(super) registered: HashMap<&'a str, String>,
}

impl<'a> Names<'a> {
    /// A new name in the program.
    pub(super) fn name(&mut self, kind: char, name: &'a str) -> String {
        let count = self.made.keys().filter(|(of, _)| *of == kind).count();
        let new = format!("{kind}{count}");
        self.made.insert((kind, name), new.clone());
        new
    }

    /// The name of what was made.
    ///
    /// # Errors
    /// In words, if it was not.
    pub(super) fn known(&self, kind: char, name: &str) -> Result<String, String> {
        let known = self.made.get(&(kind, name)).cloned();
        known.ok_or_else(|| format!("{name} was not made"))
    }
}
