//! A bug: what one entry of the register says.

use std::fmt;

use semver::Version;
use serde::{Deserialize, Serialize};

use super::bug_fields::Fields;
use super::cause::Cause;
use crate::engine::{Name, crate_version};
use crate::judge::Severity;

/// What has become of a bug.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum Status {
    /// Known, and not reported yet.
    Unreported,
    /// Reported to the engine's maintainers.
    Reported {
        /// Where.
        link: String,
    },
    /// Fixed in a release.
    Fixed {
        /// Which.
        version: String,
        /// Where its maintainers say so.
        link: Option<String>,
    },
    /// The engine does so on purpose.
    Intended {
        /// Why that is so, with the section of the specification.
        reason: String,
    },
    /// The same as another bug, as somebody has found out by reading.
    SameAs {
        /// Its id.
        bug: String,
    },
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Status::Unreported => f.write_str("known, unreported"),
            Status::Reported { link } => write!(f, "reported: {link}"),
            Status::Fixed { version, .. } => write!(f, "fixed in {version}"),
            Status::Intended { reason } => write!(f, "intended: {reason}"),
            Status::SameAs { bug } => write!(f, "same as {bug}"),
        }
    }
}

/// A bug of an engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub struct Bug {
    /// Its name: lower-case words with hyphens, as in the name of its file.
    pub id: String,
    /// What goes wrong, as a person would say it.
    pub title: String,
    /// The engine that has it.
    pub engine: String,
    /// The compilers (`singlepass`) and configurations (`singlepass+dynamic`)
    /// that have it; empty if all have.
    pub shows: Vec<String>,
    /// What is reached by it.
    pub severity: Severity,
    /// What has become of it.
    pub status: Status,
    /// Its file, beside the register.
    pub witness: Option<String>,
    /// What it comes of.
    pub cause: Cause,
    /// The versions of the engine in which it was seen, the oldest first.
    pub seen: Vec<String>,
    /// The first version in which it was seen not to show any more.
    pub gone: Option<String>,
    /// On which configuration, where and when the program in its report showed
    /// it, in words.
    pub checked: Option<String>,
    /// Its failures in the official suite, `CONFIGURATION FILE:LINE`, in which
    /// `*` stands for any text.
    pub suite: Vec<String>,
}

impl Bug {
    /// Whether it is known to be there: what was fixed is news where it shows.
    pub fn is_open(&self) -> bool {
        match self.status {
            Status::Fixed { .. } | Status::SameAs { .. } => false,
            Status::Unreported | Status::Reported { .. } | Status::Intended { .. } => true,
        }
    }

    /// Whether it is known to be in a release of its engine; `None` is the one that is
    /// linked in. In a release that is older than its fix a bug is no news.
    ///
    /// ```
    /// # use trapline_harness::corpus::{Bug, Status};
    /// let status = Status::Fixed { version: "1.2.0".to_owned(), link: None };
    /// let bug = Bug { status, ..Bug::example() };
    /// assert!(bug.is_open_in(Some("1.1.0")));
    /// assert!(!bug.is_open_in(Some("1.2.0")));
    /// assert!(!bug.is_open_in(None));
    /// // Of a checkout it is the version of the crate that counts.
    /// assert!(!bug.is_open_in(Some("1.2.0-g1a2b3c4")));
    /// ```
    pub fn is_open_in(&self, release: Option<&str>) -> bool {
        let (Status::Fixed { version: fixed, .. }, Some(release)) = (&self.status, release) else {
            return self.is_open();
        };
        let parsed = |text: &str| Version::parse(text.trim_start_matches('v')).ok();
        let both = parsed(crate_version(release)).zip(parsed(fixed));
        both.is_some_and(|(release, fixed)| release < fixed)
            || self.seen.iter().any(|seen| seen == release)
    }

    /// Whether it is known to be there on a configuration, by its name.
    pub fn is_known_on(&self, configuration: &str) -> bool {
        let release = Name::parse(configuration).and_then(|name| name.version);
        self.is_open_in(release) && self.may_show_on(configuration)
    }

    /// Whether a configuration, by its name, is one that has it.
    ///
    /// ```
    /// # use trapline_harness::corpus::Bug;
    /// let bug = |shows: &[&str]| Bug {
    ///     engine: "wasmer".to_owned(),
    ///     shows: shows.iter().map(|&s| s.to_owned()).collect(),
    ///     ..Bug::example()
    /// };
    /// assert!(bug(&[]).may_show_on("wasmer/cranelift+o0"));
    /// assert!(!bug(&[]).may_show_on("wasmtime/winch"));
    /// assert!(bug(&["singlepass"]).may_show_on("wasmer/singlepass+metered"));
    /// assert!(!bug(&["singlepass+dynamic"]).may_show_on("wasmer/singlepass"));
    /// ```
    pub fn may_show_on(&self, configuration: &str) -> bool {
        Name::parse(configuration).is_some_and(|its| {
            let shows = |name: &String| name == its.variant() || name == its.compiler;
            its.engine == self.engine && (self.shows.is_empty() || self.shows.iter().any(shows))
        })
    }

    /// An entry to begin from, in documentation and tests.
    pub fn example() -> Bug {
        Bug {
            id: "example".to_owned(),
            title: "an example".to_owned(),
            engine: "example".to_owned(),
            shows: Vec::new(),
            severity: Severity::WrongResult,
            status: Status::Unreported,
            witness: None,
            cause: Cause::default(),
            seen: Vec::new(),
            gone: None,
            checked: None,
            suite: Vec::new(),
        }
    }
}
