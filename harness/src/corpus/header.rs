//! The comment at the top of a corpus file: what diverges, who, how it was found.

use crate::judge::Section;

/// What a corpus file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The signature.
    pub signature: String,
    /// Whether it can break a sandbox, so that it is to be reported in private.
    pub private: bool,
    /// What the specification says happens, in words.
    pub expected: String,
    /// Where it says so.
    pub section: Section,
    /// Who does what instead: configurations (with the version), and the words.
    pub diverging: Vec<(String, String)>,
    /// The configurations that conform, with their versions.
    pub conforming: Vec<String>,
    /// How it was found.
    pub found: String,
}

/// Introduces the line that names the signature.
const SIGNATURE: &str = "signature: ";

/// Introduces the list of those who diverge in one way.
const DIVERGES: &str = "diverges: ";

/// Begins a line that continues the one before.
const INDENT: &str = "  ";

/// How long a line is, at the most, if there is a place to break it.
const WIDTH: usize = 96;

impl Header {
    /// As lines of text, without comment marks.
    pub fn to_text(&self) -> String {
        let Header {
            signature,
            private,
            expected,
            section,
            diverging,
            conforming,
            found,
        } = self;
        let mut text = format!("{SIGNATURE}{signature}\n");
        if *private {
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
        for (what, names) in groups {
            let what = what.trim_end().replace('\n', &format!("\n{INDENT}"));
            text.push_str(&format!("got: {what}\n"));
            text.push_str(&list(DIVERGES, &names));
        }
        let conforming: Vec<&str> = conforming.iter().map(String::as_str).collect();
        if !conforming.is_empty() {
            text.push_str(&list("conforms: ", &conforming));
        }
        text.push_str(&format!("found: {found}\n"));
        text
    }
}

/// Names after a label, separated by commas, over as many lines as it takes.
fn list(label: &str, names: &[&str]) -> String {
    let mut text = label.to_owned();
    let mut length = label.len();
    for (i, name) in names.iter().enumerate() {
        let comma = if i + 1 < names.len() { "," } else { "" };
        if i > 0 && length + name.len() + 2 > WIDTH {
            text.push_str(&format!("\n{INDENT}"));
            length = INDENT.len();
        } else if i > 0 {
            text.push(' ');
            length += 1;
        }
        text.push_str(name);
        text.push_str(comma);
        length += name.len() + comma.len();
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

/// What a replay needs of a header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stated {
    /// The signature, if the file names one.
    pub signature: Option<String>,
    /// The configurations it says diverge, without their versions.
    pub diverging: Vec<String>,
}

/// Reads the header of a corpus file back.
///
/// ```
/// let text = ";; signature: value_wasmi\n;; diverges: wasmi/eager 2.0.0\n(module)";
/// let stated = trapline_harness::corpus::stated(text);
/// assert_eq!(stated.signature.as_deref(), Some("value_wasmi"));
/// assert_eq!(stated.diverging, ["wasmi/eager"]);
/// ```
pub fn stated(text: &str) -> Stated {
    let mut stated = Stated::default();
    let mut listing = false;
    for line in text.lines().map_while(|line| line.strip_prefix(";;")) {
        let line = line.strip_prefix(' ').unwrap_or(line);
        let names = match (line.strip_prefix(DIVERGES), line.strip_prefix(INDENT)) {
            (Some(names), _) => {
                listing = true;
                names
            }
            (None, Some(names)) if listing => names,
            _ => {
                listing = false;
                if let Some(signature) = line.strip_prefix(SIGNATURE) {
                    stated.signature = Some(signature.trim().to_owned());
                }
                continue;
            }
        };
        let names = names
            .split(',')
            .filter_map(|name| name.split_whitespace().next());
        stated.diverging.extend(names.map(str::to_owned));
    }
    stated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stated_comes_back() {
        let names: Vec<String> = (0..12).map(|i| format!("wasmtime/variant-{i}")).collect();
        let header = Header {
            signature: "a_b".to_owned(),
            private: true,
            expected: "trap".to_owned(),
            section: crate::judge::section_of(crate::judge::Class::Value, "i32.load"),
            diverging: names
                .iter()
                .enumerate()
                .map(|(i, name)| (format!("{name} 1.0.0"), format!("answer\n{}", i % 2)))
                .collect(),
            conforming: vec!["wasmi/eager 2.0.0".to_owned()],
            found: "seed 1".to_owned(),
        };
        let text: String = header
            .to_text()
            .lines()
            .map(|l| format!(";; {l}\n"))
            .collect();
        assert!(text.lines().all(|line| line.len() <= WIDTH + 3), "{text}");
        let mut back = stated(&text);
        back.diverging.sort();
        let mut names = names;
        names.sort();
        assert_eq!(
            back,
            Stated {
                signature: Some("a_b".to_owned()),
                diverging: names
            }
        );
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
