//! Sightings: divergences that no known bug explains, as a campaign meets them.

use std::path::{Path, PathBuf};

use crate::engine::reference::ReferenceRun;
use crate::engine::{Budget, Name};
use crate::judge::{Difference, Judged, Signature, Subject, subject};
use crate::observation::Outcome;
use crate::script::{Script, print};

/// One way in which one configuration diverged.
#[derive(Clone, Debug)]
pub struct Sighting {
    /// The number of the case, the lowest there is.
    pub case: u64,
    /// The configuration.
    pub configuration: String,
    /// The first step that diverged, and how.
    pub difference: Difference,
    /// What it is about, as far as the unreduced script tells.
    pub subject: Subject,
    /// The unreduced script.
    pub script: Script,
    /// The limits that it diverged with.
    pub budget: Budget,
    /// What the specification allows of each of its steps.
    pub expected: Vec<Vec<Outcome>>,
    /// In how many cases it was seen.
    pub count: u64,
}

impl Sighting {
    /// The sighting in a verdict, if it is one.
    pub fn of(
        case: u64,
        script: &Script,
        reference: &ReferenceRun,
        judged: &Judged,
    ) -> Option<Sighting> {
        let difference = judged.divergence()?;
        Some(Sighting {
            case,
            configuration: judged.configuration.clone(),
            difference: difference.clone(),
            subject: subject(script, reference, difference),
            script: script.clone(),
            budget: reference.budget,
            expected: reference.allowed_outcomes(),
            count: 1,
        })
    }

    /// Describes it, as if nothing else diverged.
    pub fn signature(&self) -> Signature {
        let (engine, variant) = Name::parse(&self.configuration)
            .map_or((&*self.configuration, ""), |name| {
                (name.engine, name.variant())
            });
        Signature {
            class: self.difference.class,
            engine: engine.to_owned(),
            variants: vec![variant.to_owned()],
            subject: self.subject.clone(),
        }
    }

    /// By which sightings are told apart; it sorts the most severe first.
    pub fn key(&self) -> (crate::judge::Class, String) {
        (self.difference.class, self.signature().to_string())
    }

    /// Where it is kept until it is reduced.
    pub fn path(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.wast", self.signature()))
    }

    /// Writes the unreduced script, as a whole or not at all.
    ///
    /// # Errors
    /// In words, with the name of the file.
    pub fn save(&self, folder: &Path) -> Result<(), String> {
        let header = format!(
            "Unreduced: case {} on {}.\nExpected: {}\nGot: {}\n",
            self.case, self.configuration, self.difference.expected, self.difference.got
        );
        let text = print::to_wast_allowing(&self.script, &self.expected, &header);
        crate::corpus::write_atomically(&self.path(folder), text.as_bytes())
    }

    /// Counts another; the case with the lower number stays.
    ///
    /// # Errors
    /// As [`Self::save`].
    pub fn merge(&mut self, other: Sighting, folder: &Path) -> Result<(), String> {
        let count = self.count + other.count;
        if other.case < self.case {
            *self = other;
            self.save(folder)?;
        }
        self.count = count;
        Ok(())
    }
}
