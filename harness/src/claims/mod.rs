//! Claims about linear memory that articles make, each with cases that run here.
//!
//! [`read`] takes the claims of a folder, `harness/claims/` of the project; [`ask`] runs
//! the cases of one on engines; [`table`] shows all with what was answered.
//!
//! What the specification says of a claim is written by hand, with its section. Who
//! agrees is never written down but measured. A case is one of two things:
//!
//! * a script (`.wast`), whose assertions hold where the claim does; or, if the claim is
//!   more easily refuted, where it does not, which [`Case::shows`] says. It runs on the
//!   reference and on each configuration, as any script does. The assertions hold on a
//!   configuration if all do, and if nothing else in its run diverges from the reference.
//! * a module in JavaScript (`.mjs`), which exports by default a function without
//!   arguments that gives `{ answer, note }`: `true` if the claim holds, `false` if it
//!   does not, `null` if it cannot be asked here; and, in words, what was seen. It uses
//!   what every JavaScript engine has and nothing else, and is one text: what it needs
//!   of other files is put before it.
//!
//! What allocators take for what is live is measured besides, and drawn ([`fragmentation`]).

mod answer;
mod case;
pub mod fragmentation;
mod plot;
mod run;
mod table;
#[cfg(test)]
mod tests;

use std::path::Path;

use serde::{Deserialize, Serialize};

pub use answer::{Answer, Answered, Word, measured};
pub use case::Case;
pub use run::{REFERENCE, Surroundings, ask};
pub use table::{Asked, table};

/// A claim.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Its number, from 1.
    pub number: usize,
    /// What is claimed, in Markdown.
    pub says: String,
    /// What is run. None if nothing is yet.
    pub cases: Vec<Case>,
    /// What the specification says of it.
    pub specification: Word,
    /// Why, in Markdown.
    pub because: String,
    /// The section that decides it, if one does.
    pub section: Option<Section>,
}

/// A section of a specification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Its title, behind that of the document.
    pub title: String,
    /// Where it stands.
    pub link: String,
}

/// `claims.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    claim: Vec<Claim>,
}

/// The claims in `claims.toml` of `folder`, with the cases beside it.
///
/// # Errors
/// In one line: a file cannot be read, or is not as it has to be.
pub fn read(folder: &Path) -> Result<Vec<Claim>, String> {
    let file = folder.join("claims.toml");
    let text = case::text(&file)?;
    let File { claim: mut claims } = toml::from_str(&text).map_err(|why| {
        let line = why.span().map_or(1, |span| {
            let before = text.get(..span.start).unwrap_or_default();
            before.matches('\n').count() + 1
        });
        format!("{}:{line}: {}", file.display(), why.message())
    })?;
    for (index, claim) in claims.iter_mut().enumerate() {
        let number = index + 1;
        if claim.number != number {
            let found = claim.number;
            return Err(format!("{}: {found} follows {index}", file.display()));
        }
        for case in &mut claim.cases {
            case.read(folder)?;
        }
    }
    Ok(claims)
}
