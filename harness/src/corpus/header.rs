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

/// Introduces a line that names who diverges.
const DIVERGES: &str = "diverges: ";

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
        for (who, what) in diverging {
            text.push_str(&format!("{DIVERGES}{who}: {what}\n"));
        }
        if !conforming.is_empty() {
            text.push_str(&format!("conforms: {}\n", conforming.join(", ")));
        }
        text.push_str(&format!("found: {found}\n"));
        text
    }
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
/// let text = ";; signature: value_wasmi\n;; diverges: wasmi/eager 2.0.0: i32:0x1\n(module)";
/// let stated = trapline_harness::corpus::stated(text);
/// assert_eq!(stated.signature.as_deref(), Some("value_wasmi"));
/// assert_eq!(stated.diverging, ["wasmi/eager"]);
/// ```
pub fn stated(text: &str) -> Stated {
    let mut stated = Stated::default();
    for line in text.lines().map_while(|line| line.strip_prefix(";;")) {
        let line = line.trim_start();
        if let Some(signature) = line.strip_prefix(SIGNATURE) {
            stated.signature = Some(signature.trim().to_owned());
        } else if let Some(who) = line.strip_prefix(DIVERGES) {
            stated
                .diverging
                .extend(who.split_whitespace().next().map(str::to_owned));
        }
    }
    stated
}
