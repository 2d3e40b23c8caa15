//! How a bug is written in the register.

use serde::{Deserialize, Serialize};

use super::bug::{Bug, Status};
use super::cause::Cause;
use crate::judge::Severity;

/// The fields of an entry, whatever its status.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Fields {
    id: String,
    title: String,
    engine: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    shows: Vec<String>,
    severity: Severity,
    status: Name,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bug: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    witness: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    seen: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checked: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    suite: Vec<String>,
    #[serde(default)]
    cause: Cause,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Name {
    Unreported,
    Reported,
    Fixed,
    Intended,
    SameAs,
}

impl TryFrom<Fields> for Bug {
    type Error = &'static str;

    fn try_from(fields: Fields) -> Result<Bug, &'static str> {
        let Fields {
            id,
            title,
            engine,
            shows,
            severity,
            status,
            link,
            version,
            reason,
            bug,
            witness,
            seen,
            gone,
            checked,
            suite,
            cause,
        } = fields;
        let status = match (status, link, version, reason, bug) {
            (Name::Unreported, None, None, None, None) => Status::Unreported,
            (Name::Reported, Some(link), None, None, None) => Status::Reported { link },
            (Name::Fixed, link, Some(version), None, None) => Status::Fixed { version, link },
            (Name::Intended, None, None, Some(reason), None) => Status::Intended { reason },
            (Name::SameAs, None, None, None, Some(bug)) => Status::SameAs { bug },
            (Name::Unreported, ..) => return Err("`unreported` takes nothing more"),
            (Name::Reported, ..) => return Err("`reported` takes a `link`, and nothing more"),
            (Name::Fixed, ..) => {
                return Err("`fixed` takes a `version`, may have a `link`, and nothing more");
            }
            (Name::Intended, ..) => return Err("`intended` takes a `reason`, and nothing more"),
            (Name::SameAs, ..) => return Err("`same-as` takes a `bug`, and nothing more"),
        };
        Ok(Bug {
            id,
            title,
            engine,
            shows,
            severity,
            status,
            witness,
            cause,
            seen,
            gone,
            checked,
            suite,
        })
    }
}

impl From<Bug> for Fields {
    fn from(bug: Bug) -> Fields {
        let Bug {
            id,
            title,
            engine,
            shows,
            severity,
            status,
            witness,
            cause,
            seen,
            gone,
            checked,
            suite,
        } = bug;
        let (name, [link, version, reason, same]) = match status {
            Status::Unreported => (Name::Unreported, [None, None, None, None]),
            Status::Reported { link } => (Name::Reported, [Some(link), None, None, None]),
            Status::Fixed { version, link } => (Name::Fixed, [link, Some(version), None, None]),
            Status::Intended { reason } => (Name::Intended, [None, None, Some(reason), None]),
            Status::SameAs { bug } => (Name::SameAs, [None, None, None, Some(bug)]),
        };
        Fields {
            id,
            title,
            engine,
            shows,
            severity,
            status: name,
            link,
            version,
            reason,
            bug: same,
            witness,
            seen,
            gone,
            checked,
            suite,
            cause,
        }
    }
}
