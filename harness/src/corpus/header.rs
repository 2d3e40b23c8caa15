//! The comment at the top of a corpus file: what diverges, who, how it was found.

use crate::engine::{group, group_others};
use crate::judge::{Section, Severity};

/// What a corpus file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The id of the bug.
    pub bug: String,
    /// What goes wrong, as a person would say it.
    pub title: String,
    /// What is reached.
    pub severity: Severity,
    /// What the specification says happens, in words.
    pub expected: String,
    /// Where it says so.
    pub section: Section,
    /// Who does what instead: configurations, and the words.
    pub diverging: Vec<(String, String)>,
    /// The configurations that conform.
    pub conforming: Vec<String>,
    /// All configurations that were tried.
    pub tried: Vec<String>,
    /// The engines tried, with their versions.
    pub versions: String,
    /// What it needs of who runs it, if that is more than usual.
    pub needs: Option<String>,
    /// How it was found.
    pub found: String,
}

/// Introduces the line that names the bug.
const BUG: &str = "bug: ";

/// How long a line is, at the most, if there is a place to break it.
const WIDTH: usize = 96;

impl Header {
    /// As lines of text, without comment marks.
    pub fn to_text(&self) -> String {
        let Header {
            bug,
            title,
            severity,
            expected,
            section,
            diverging,
            conforming,
            tried,
            versions,
            needs,
            found,
        } = self;
        let mut text = format!("{BUG}{bug}\n{title}\n");
        if severity.is_private() {
            text.push_str(
                "SECURITY: this can break a sandbox. Report it to the engine's private security\n\
                 contact, not in a public tracker.\n",
            );
        }
        text.push_str(&format!(
            "specified: {expected}\n  {}\n  {}\n",
            section.title, section.link
        ));
        // Those who do the same stand together.
        let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
        for (who, what) in diverging {
            let what = without_machine_paths(what);
            match groups.iter_mut().find(|(words, _)| *words == what) {
                Some((_, names)) => names.push(who),
                None => groups.push((what, vec![who])),
            }
        }
        let mut named = Vec::new();
        for (what, names) in groups {
            let what = what.trim_end().replace('\n', "\n  ");
            text.push_str(&format!("got: {what}\n"));
            text.push_str(&wrapped(&format!("diverges: {}", group(&names, tried))));
            named.extend(names);
        }
        if !conforming.is_empty() {
            let conforming = group_others(conforming, tried, &named);
            text.push_str(&wrapped(&format!("conforms: {conforming}")));
        }
        text.push_str(&wrapped(&format!("versions: {versions}")));
        if let Some(needs) = needs {
            text.push_str(&wrapped(&format!("needs: {needs}")));
        }
        text.push_str(&wrapped(&format!("found: {found}")));
        text
    }
}

/// A line, over as many as it takes, the later ones indented.
fn wrapped(line: &str) -> String {
    let mut text = String::new();
    let mut length = 0;
    for word in line.split(' ') {
        if length > 0 && length + 1 + word.len() > WIDTH {
            text.push_str("\n ");
            length = 1;
        }
        if length > 0 {
            text.push(' ');
            length += 1;
        }
        text.push_str(word);
        length += word.len();
    }
    text.push('\n');
    text
}

/// An engine's words without the folders of the machine it was built on: of a
/// path that ends in `….rs:LINE` what follows the folder of the registry, or
/// its last four parts.
pub(crate) fn without_machine_paths(text: &str) -> String {
    let shorten = |word: &str| -> String {
        if !(word.starts_with('/') && word.contains(".rs:")) {
            return word.to_owned();
        }
        let parts: Vec<&str> = word.split('/').collect();
        let after_source = parts
            .iter()
            .position(|part| *part == "registry")
            .map(|at| at + 3);
        let from = match after_source {
            Some(from) if word.contains("/registry/") && from < parts.len() => from,
            _ => parts.len().saturating_sub(4),
        };
        parts[from..].join("/")
    };
    let lines: Vec<String> = text
        .lines()
        .map(|line| line.split(' ').map(shorten).collect::<Vec<_>>().join(" "))
        .collect();
    lines.join("\n")
}

/// The id of the bug that a corpus file says it shows, if it says so.
///
/// ```
/// let text = ";; bug: wasmi-grow\n;; memory.grow panics\n(module)";
/// assert_eq!(trapline_harness::corpus::bug_of(text), Some("wasmi-grow"));
/// assert_eq!(trapline_harness::corpus::bug_of("(module)"), None);
/// ```
pub fn bug_of(text: &str) -> Option<&str> {
    let mut lines = text.lines().map_while(|line| line.strip_prefix(";;"));
    lines.find_map(|line| Some(line.trim().strip_prefix(BUG)?.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_diverges_is_said_in_few_lines() {
        let tried: Vec<String> = (0..12)
            .map(|i| format!("wasmtime/cranelift+variant-{i}"))
            .chain(["wasmi/eager".to_owned(), "wasmi/lazy".to_owned()])
            .collect();
        let header = Header {
            bug: "a".to_owned(),
            title: "loads give the wrong byte".to_owned(),
            severity: Severity::Sandbox,
            expected: "trap".to_owned(),
            section: crate::judge::section_of(crate::judge::Class::Value, "i32.load"),
            diverging: tried[..12]
                .iter()
                .map(|name| (name.clone(), "answer\nin two lines".to_owned()))
                .collect(),
            conforming: tried[12..].to_vec(),
            tried: tried.clone(),
            versions: "wasmtime 1.0.0, wasmi 2.0.0".to_owned(),
            needs: Some("--large always".to_owned()),
            found: "seed 1".to_owned(),
        };
        let text: String = header
            .to_text()
            .lines()
            .map(|l| format!(";; {l}\n"))
            .collect();
        assert!(text.lines().all(|line| line.len() <= WIDTH + 3), "{text}");
        assert!(text.contains("\n;; diverges: wasmtime: all 12\n"), "{text}");
        assert!(text.contains("\n;; conforms: all other 2\n"), "{text}");
        assert!(text.contains("SECURITY"), "{text}");
        assert!(text.contains("\n;; needs: --large always\n"), "{text}");
        assert_eq!(bug_of(&text), Some("a"));
    }

    #[test]
    fn no_machine_is_named() {
        let text = "panicked at /home/me/.cargo/registry/src/index-1/wasmi_core-2.0.0/src/a.rs:1:2:\n\
                    at /rustc/0123/library/core/src/panicking.rs:225:5 and/or";
        assert_eq!(
            without_machine_paths(text),
            "panicked at wasmi_core-2.0.0/src/a.rs:1:2:\n\
             at library/core/src/panicking.rs:225:5 and/or"
        );
    }
}
