//! `known.toml`: what is known of each divergence, by signature.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use wildmatch::WildMatch;

use super::fields::Fields;
use super::write_atomically;

/// What has become of a divergence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum Status {
    /// Found, and not reported yet.
    New,
    /// Reported to the engine's maintainers.
    Reported {
        /// Where.
        link: String,
    },
    /// Fixed in a release.
    FixedIn {
        /// Which.
        version: String,
    },
    /// The engine does so on purpose.
    Intended {
        /// Why that is so, with the section of the specification.
        reason: String,
    },
    /// Another face of a divergence that has a file: what holds for that
    /// holds for this.
    SameAs {
        /// Its signature.
        signature: String,
    },
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Status::New => f.write_str("new"),
            Status::Reported { link } => write!(f, "reported: {link}"),
            Status::FixedIn { version } => write!(f, "fixed in {version}"),
            Status::Intended { reason } => write!(f, "intended: {reason}"),
            Status::SameAs { signature } => write!(f, "same as {signature}"),
        }
    }
}

/// What is known of one divergence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub struct Entry {
    /// What has become of it.
    pub status: Status,
    /// On which configuration, where and when the program in its report showed
    /// it, in words.
    pub checked: Option<String>,
}

impl From<Status> for Entry {
    fn from(status: Status) -> Entry {
        Entry {
            status,
            checked: None,
        }
    }
}

/// All that is known, by signature.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Known {
    /// What is known. A key may be a pattern, in which `*` stands for any text:
    /// one bug can show in many instructions. `spec CONFIGURATION FILE:LINE` is
    /// a failure in the official suite.
    pub divergences: BTreeMap<String, Entry>,
}

/// The first lines of the file.
const HEAD: &str = "\
# Every divergence known so far, by signature (the name of its file beside this one).
# status = \"new\"
# status = \"reported\" with link = \"https://…\"
# status = \"fixed-in\" with version = \"1.2.3\"
# status = \"intended\" with reason = \"…\", naming the section of the specification
# status = \"same-as\" with signature = \"…\": another face of that divergence
# A * in a signature stands for any text. \"spec CONFIGURATION FILE:LINE\" is a failure in
# the official suite. `cargo xtask report --check` notes in `checked` that the program in
# the report on a divergence showed it: on which configuration, where and when.
";

impl Known {
    /// What is known under a signature: its own entry, or else that of the
    /// first pattern it fits.
    pub fn status(&self, signature: &str) -> Option<&Status> {
        let own = self.divergences.get(signature);
        let entry = own.or_else(|| {
            let mut patterns = self.divergences.iter().filter(|(key, _)| key.contains('*'));
            let fits = patterns.find(|(key, _)| WildMatch::new(key).matches(signature));
            fits.map(|(_, entry)| entry)
        });
        entry.map(|entry| &entry.status)
    }

    /// Says what has become of a divergence.
    pub fn set(&mut self, signature: &str, status: Status) {
        match self.divergences.get_mut(signature) {
            Some(entry) => entry.status = status,
            None => {
                let divergences = &mut self.divergences;
                divergences.insert(signature.to_owned(), status.into());
            }
        }
    }

    /// Under which signature a divergence is known that is still open: its own
    /// or, of another face of one, that one's. What was fixed is not known to
    /// diverge: it is news if it does.
    pub fn open(&self, signature: &str) -> Option<(String, &Status)> {
        match self.status(signature)? {
            Status::FixedIn { .. } => None,
            Status::SameAs { signature } => match &self.divergences.get(signature)?.status {
                Status::FixedIn { .. } | Status::SameAs { .. } => None,
                status => Some((signature.clone(), status)),
            },
            status => Some((signature.to_owned(), status)),
        }
    }

    /// Reads the file; nothing is known if there is none.
    ///
    /// # Errors
    /// One line: the file, the place, the reason.
    pub fn read(path: &Path) -> Result<Known, String> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(Known::default()),
            Err(why) => return Err(format!("{}: cannot be read: {why}", path.display())),
        };
        toml::from_str(&text).map_err(|why| {
            let line = why
                .span()
                .map_or(1, |span| 1 + text[..span.start].matches('\n').count());
            let reason = why.message().lines().collect::<Vec<_>>().join(" ");
            format!("{}:{line}: {reason}", path.display())
        })
    }

    /// Writes the file, sorted by signature.
    ///
    /// # Errors
    /// In words, with the name of the file.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        let text = toml::to_string(self).map_err(|why| format!("{}: {why}", path.display()))?;
        write_atomically(path, format!("{HEAD}\n{text}").as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("known.toml");
        assert_eq!(Known::read(&path), Ok(Known::default()));
        let mut known = Known::default();
        known.set("a_b-c_i32.load_i32", Status::New);
        let link = "https://example.org/1".to_owned();
        known.set("b", Status::Reported { link });
        known.divergences.get_mut("b").unwrap().checked = Some("b/c 1, here, today".to_owned());
        known.write(&path).unwrap();
        assert_eq!(Known::read(&path), Ok(known));
    }

    #[test]
    fn a_face_of_a_known_divergence_is_known_until_that_is_fixed() {
        let mut known = Known::default();
        let signature = "value_a_i32.load_i32".to_owned();
        let same = Status::SameAs {
            signature: signature.clone(),
        };
        known.set("value_a*_i32", same);
        let is_known = |known: &Known, other: &str| known.open(other).map(|(is, _)| is);
        assert_eq!(is_known(&known, "value_a-b_i64.load_i32"), None);
        known.set(&signature, Status::New);
        for (other, is) in [
            ("value_a-b_i64.load_i32", Some(&signature)),
            ("value_a_i32.load_i32", Some(&signature)),
            ("value_a-b_i64.load_i64", None),
            ("missing-trap_a_i64.load_i32", None),
        ] {
            assert_eq!(is_known(&known, other).as_ref(), is, "{other}");
        }
        let fixed = Status::FixedIn {
            version: "2".to_owned(),
        };
        known.set(&signature, fixed);
        assert_eq!(is_known(&known, "value_a-b_i64.load_i32"), None);
    }

    #[test]
    fn a_broken_file_is_named_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("known.toml");
        for (text, line) in [
            ("# one\n[a]\nstatus = \"mistaken\"\n", 3),
            ("[a]\nstatus = \"new\"\n[b\n", 3),
            ("\n\n[a]\nstatus = \"reported\"\n", 3),
            (
                "[a]\nstatus = \"new\"\n[b]\nstatus = \"new\"\nlink = \"l\"\n",
                3,
            ),
            ("[a]\nstatus = \"new\"\nfound = \"\"\n", 3),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = Known::read(&path).unwrap_err();
            assert!(error.contains(&format!("known.toml:{line}: ")), "{error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }
}
