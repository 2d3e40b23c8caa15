//! Which known bugs a failing point is made of.
//!
//! Failing points are many and alike: what explained one is tried first on the next, and
//! only what it does not explain is put to all that is known. Where that explained none of the
//! first few of those that fail in the same words at the same kind of place, the others are
//! not put to it: they are new as these are.

use std::collections::HashMap;

use super::Point;
use crate::corpus::Register;
use crate::judge::Judged;
use crate::script::Script;
use crate::triage::Attributor;
use crate::trial::Trial;
use crate::worker::Runner;

/// What is known, and what explained points of one kind last.
pub(super) struct Known {
    all: Attributor,
    last: HashMap<(String, String), String>,
    /// How many points that are alike nothing explained.
    unexplained: HashMap<String, u32>,
}

/// So many points that are alike are put to all that is known.
const TRIED: u32 = 4;

impl Known {
    /// Knows the bugs of a register.
    ///
    /// # Errors
    /// One line, if one names a substitution that there is not.
    pub(super) fn new(register: &Register) -> Result<Known, String> {
        Ok(Known {
            all: Attributor::new(register)?,
            last: HashMap::new(),
            unexplained: HashMap::new(),
        })
    }

    /// The bugs that explain all of what a configuration did at a point; none if they do
    /// not.
    ///
    /// # Errors
    /// In words, if the engine cannot be run.
    pub(super) fn explain(
        &mut self,
        point: &Point,
        script: &Script,
        trial: &Trial,
        judged: &Judged,
        runner: &mut dyn Runner,
    ) -> Result<Vec<String>, String> {
        let Some(difference) = judged.divergence().filter(|_| !self.all.is_empty()) else {
            return Ok(Vec::new());
        };
        let same = format!(
            "{} {} {} {} {} {}",
            judged.configuration,
            point.operation().name,
            point.kind.name(),
            point.position.family(),
            difference.class,
            difference.got
        );
        let tried = self.unexplained.get(&same).copied().unwrap_or(0);
        let alike = (
            judged.configuration.clone(),
            format!("{} {}", point.operation().family(), point.position.family()),
        );
        let last = self.last.get(&alike).map(|id| self.all.only(id));
        let all = (tried < TRIED).then_some(&self.all);
        for attributor in last.iter().chain(all) {
            let found = attributor.attribute(
                script,
                &trial.reference,
                judged,
                trial.reference.budget,
                runner,
            )?;
            if found.unexplained.is_none() && !found.bugs.is_empty() {
                if let [bug] = &found.bugs[..] {
                    self.last.insert(alike, bug.clone());
                }
                return Ok(found.bugs);
            }
        }
        *self.unexplained.entry(same).or_default() += 1;
        Ok(Vec::new())
    }
}
