//! Filing what a campaign has seen, the most severe first.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::Sighting;
use crate::file::{Filed, Filer, Reduced};
use crate::judge::Class;
use crate::script::Script;

/// A sighting, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Its signature; that of the unreduced script where it was not reduced.
    pub signature: String,
    /// The signature of the unreduced script, by which sightings are told apart.
    pub seen_as: String,
    /// In which way it diverges.
    pub class: Class,
    /// What is known of it, in words.
    pub status: String,
    /// Whether nobody knew it.
    pub new: bool,
    /// In how many cases it was seen.
    pub cases: u64,
    /// The lowest of them.
    pub first_case: u64,
    /// The configuration that diverged.
    pub configuration: String,
    /// Where it is on disk.
    pub file: Option<PathBuf>,
    /// What its script came down to, if it was reduced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reduced: Option<Script>,
}

/// How sightings are filed.
pub struct Filing<'a> {
    /// Where the unreduced scripts are.
    pub unreduced: &'a Path,
    /// After so much time nothing more is reduced. What is known without
    /// reducing is recognised all the same.
    pub patience: Duration,
    /// Set to end it: nothing more is reduced.
    pub cancel: &'a AtomicBool,
}

impl Filing<'_> {
    /// Files `sightings` in their order. `reduced` gives what is known of a
    /// sighting's reduced script, so that it is not reduced again, and `tell`
    /// is told, in words, what is being reduced and what is new.
    ///
    /// # Errors
    /// In words, if an engine cannot be run or a file not be written.
    pub fn file<'s>(
        &self,
        filer: &mut Filer<'_>,
        sightings: impl IntoIterator<Item = &'s Sighting>,
        reduced: &dyn Fn(&Sighting) -> Option<Script>,
        tell: &mut dyn FnMut(&str),
    ) -> Result<Vec<Found>, String> {
        let began = Instant::now();
        let mut all = Vec::new();
        for sighting in sightings {
            let mut found = Found {
                signature: sighting.signature().to_string(),
                seen_as: sighting.signature().to_string(),
                class: sighting.difference.class,
                status: "unreduced".to_owned(),
                new: true,
                cases: sighting.count,
                first_case: sighting.case,
                configuration: sighting.configuration.clone(),
                file: Some(sighting.path(self.unreduced)),
                reduced: None,
            };
            let over = || began.elapsed() >= self.patience || self.cancel.load(Ordering::Relaxed);
            let filed = if let Some(filed) = filer.recognise(sighting) {
                Some(filed)
            } else {
                found.reduced = reduced(sighting);
                if found.reduced.is_none() && !over() {
                    tell(&format!(
                        "reducing {} (case {})",
                        found.signature, found.first_case
                    ));
                    match filer.reduce(sighting, self.cancel)? {
                        Reduced::To(script) => found.reduced = Some(script),
                        Reduced::Flaky { shown, of } => {
                            found.is(filer.flaky(sighting, shown, of));
                        }
                    }
                }
                match &found.reduced {
                    Some(script) => Some(filer.file_reduced(sighting, script)?),
                    None => None,
                }
            };
            if let Some(filed) = filed {
                if let Filed::New { file, .. } = &filed {
                    tell(&format!("new: {}", file.display()));
                }
                found.is(filed);
            }
            all.push(found);
        }
        Ok(all)
    }
}

impl Found {
    fn is(&mut self, filed: Filed) {
        match filed {
            Filed::New { signature, file } => {
                self.signature = signature;
                self.status = "new".to_owned();
                self.file = Some(file);
            }
            Filed::Known {
                signature,
                status,
                file,
            } => {
                self.signature = signature;
                self.status = status;
                self.new = false;
                self.file = file;
            }
            Filed::Flaky { shown, of } => self.status = format!("flaky: {shown} of {of} runs"),
        }
    }
}
