//! How an entry of `known.toml` is written.

use serde::{Deserialize, Serialize};

use super::known::{Entry, Status};

/// The fields of an entry, whatever its status.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fields {
    status: Name,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checked: Option<String>,
}

#[derive(Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Name {
    #[default]
    New,
    Reported,
    FixedIn,
    Intended,
    SameAs,
}

impl TryFrom<Fields> for Entry {
    type Error = &'static str;

    fn try_from(fields: Fields) -> Result<Entry, &'static str> {
        let Fields {
            status,
            link,
            version,
            reason,
            signature,
            checked,
        } = fields;
        let status = match (status, link, version, reason, signature) {
            (Name::New, None, None, None, None) => Status::New,
            (Name::Reported, Some(link), None, None, None) => Status::Reported { link },
            (Name::FixedIn, None, Some(version), None, None) => Status::FixedIn { version },
            (Name::Intended, None, None, Some(reason), None) => Status::Intended { reason },
            (Name::SameAs, None, None, None, Some(signature)) => Status::SameAs { signature },
            (name, ..) => {
                return Err(match name {
                    Name::New => "new has neither link nor version, reason or signature",
                    Name::Reported => "reported has a link, and nothing else",
                    Name::FixedIn => "fixed-in has a version, and nothing else",
                    Name::Intended => "intended has a reason, and nothing else",
                    Name::SameAs => "same-as has a signature, and nothing else",
                });
            }
        };
        Ok(Entry { status, checked })
    }
}

impl From<Entry> for Fields {
    fn from(Entry { status, checked }: Entry) -> Fields {
        let mut fields = Fields {
            checked,
            ..Fields::default()
        };
        let (name, field, text) = match status {
            Status::New => return fields,
            Status::Reported { link } => (Name::Reported, &mut fields.link, link),
            Status::FixedIn { version } => (Name::FixedIn, &mut fields.version, version),
            Status::Intended { reason } => (Name::Intended, &mut fields.reason, reason),
            Status::SameAs { signature } => (Name::SameAs, &mut fields.signature, signature),
        };
        *field = Some(text);
        fields.status = name;
        fields
    }
}
