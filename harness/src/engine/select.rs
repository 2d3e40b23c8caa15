//! Which configurations a run is about: `wasmtime/winch`, `wasmi`, `-wasmtime/pulley`.

use super::parallel::{parallel, parallel_faults};
use super::{Configuration, all, mutants};

/// A pattern that fits no configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownEngine {
    /// The pattern as it was given.
    pub pattern: String,
    /// The names of all configurations linked into this binary.
    pub known: Vec<String>,
}

impl std::fmt::Display for UnknownEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "unknown engine `{}`; known are {}",
            self.pattern,
            self.known.join(", ")
        )
    }
}

impl std::error::Error for UnknownEngine {}

/// The configurations that `patterns` ask for, in the order of [`all`].
///
/// A pattern is the name of a configuration or of an engine, for all of its
/// configurations; with a `-` before it, it takes them away again. Without a
/// pattern that asks for something, everything is asked for, but for the
/// [`planted`] ones, which are known only to patterns that ask for them.
///
/// # Errors
///
/// A pattern that fits no configuration.
pub fn select<S: AsRef<str>>(patterns: &[S]) -> Result<Vec<Configuration>, UnknownEngine> {
    let mut all = all();
    let asked_for = |c: &Configuration| {
        let mut patterns = patterns.iter();
        patterns.any(|pattern| pattern.as_ref().starts_with(c.engine()))
    };
    all.extend(planted().into_iter().filter(asked_for));
    let mut wanted = Vec::new();
    let mut unwanted = Vec::new();
    for pattern in patterns {
        let pattern = pattern.as_ref();
        let (name, list) = match pattern.strip_prefix('-') {
            Some(name) => (name, &mut unwanted),
            None => (pattern, &mut wanted),
        };
        if !all.iter().any(|c| fits(name, c)) {
            return Err(UnknownEngine {
                pattern: pattern.to_owned(),
                known: all.iter().map(|c| c.name().to_owned()).collect(),
            });
        }
        list.push(name);
    }
    all.retain(|c| {
        (wanted.is_empty() || wanted.iter().any(|name| fits(name, c)))
            && !unwanted.iter().any(|name| fits(name, c))
    });
    Ok(all)
}

/// The engines with planted faults, one fault each, and the one on threads without a
/// fault: not among [`all`].
pub fn planted() -> Vec<Configuration> {
    let mut planted = mutants();
    planted.push(parallel());
    planted.extend(parallel_faults());
    planted
}

/// Whether an engine of this name is one of the [`planted`].
pub fn is_planted(engine: &str) -> bool {
    matches!(engine, "mutant" | "parallel")
}

fn fits(name: &str, configuration: &Configuration) -> bool {
    name == configuration.name() || name == configuration.engine()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(patterns: &[&str]) -> Vec<String> {
        select(patterns)
            .expect("known names")
            .iter()
            .map(|c| c.name().to_owned())
            .collect()
    }

    #[test]
    fn nothing_asked_for_is_everything() {
        assert_eq!(names(&[]).len(), all().len());
    }

    #[cfg(all(feature = "wasmtime", feature = "wasmi"))]
    #[test]
    fn names_engines_and_exclusions() {
        assert_eq!(
            names(&["wasmi/eager", "wasmtime/winch"]),
            ["wasmtime/winch", "wasmi/eager"]
        );
        assert!(names(&["wasmi"]).iter().all(|n| n.starts_with("wasmi/")));
        let without = names(&["wasmtime", "-wasmtime/pulley"]);
        assert!(!without.contains(&"wasmtime/pulley".to_owned()));
        assert_eq!(without.len() + 1, names(&["wasmtime"]).len());
        assert!(!names(&["-wasmtime"]).is_empty());
    }

    #[test]
    fn mutants_are_there_for_those_who_ask() {
        assert_eq!(names(&["mutant/bound-short"]), ["mutant/bound-short"]);
        assert_eq!(names(&["mutant"]).len(), mutants().len());
        assert_eq!(names(&["parallel/rmw-new"]), ["parallel/rmw-new"]);
        assert_eq!(names(&["parallel"]).len(), parallel_faults().len() + 1);
        assert!(planted().iter().all(|c| is_planted(c.engine())));
        assert!(!all().iter().any(|c| is_planted(c.engine())));
    }

    #[test]
    fn an_unknown_name_is_told_with_the_known_ones() {
        let error = select(&["-wasmtime/none"]).expect_err("no such engine");
        assert_eq!(error.pattern, "-wasmtime/none");
        assert_eq!(error.known.len(), all().len());
    }
}
