//! Which known bugs a divergence is made of, before anything is reduced.
//!
//! A divergence belongs to a known bug if that bug's substitution, applied to
//! the whole script at the accesses that the bug is about, makes it go away on
//! that configuration. Then the script is judged on with the ingredient
//! exchanged, to its end: behind one bug there may be another.

use std::collections::BTreeSet;

use super::earliest::earliest;
use super::heal::{Experiment, Suspect, experiment};
use super::substitute::{Site, Substitution};
use crate::corpus::{Bug, Ingredient, Register};
use crate::engine::Budget;
use crate::engine::reference::ReferenceRun;
use crate::judge::{Difference, Judged, Verdict, panic_words, same_words, subject};
use crate::script::{Script, Step};
use crate::trial::Trial;
use crate::wasm;
use crate::worker::Runner;

/// So many bugs of one script are followed, one behind the other.
const DEPTH: usize = 6;

/// Knows bugs again.
#[derive(Clone, Default)]
pub struct Attributor {
    bugs: Vec<Suspected>,
}

/// A bug, ready to be looked for.
#[derive(Clone)]
struct Suspected {
    /// The entry; one that is the same as another has the status of the other.
    bug: Bug,
    /// The entry that it is told as: the other's.
    told: String,
    /// None where nothing but a look at it tells.
    substitution: Option<Substitution>,
}

/// What a divergence was found to be made of.
pub struct Attribution {
    /// The ids of the bugs, in the order in which they were met.
    pub bugs: Vec<String>,
    /// What is left, if it is explained by no known bug: the script in which
    /// the bugs before it are substituted (none if there were none), and its
    /// trial, in which the configuration still diverges.
    pub unexplained: Option<Unexplained>,
    /// The verdict on what could be judged with all these bugs substituted.
    pub judged: Judged,
}

/// A divergence that no known bug explains.
pub struct Unexplained {
    /// The script and its trial, if bugs before it were substituted; otherwise
    /// it is the script that was asked about.
    pub behind: Option<(Script, Trial)>,
}

impl Attributor {
    /// Knows the bugs of a register: the open ones, and those that were fixed where a
    /// release is older than the fix. What is the same as another is told as the other.
    ///
    /// # Errors
    /// One line, if one names a substitution that there is not.
    pub fn new(register: &Register) -> Result<Attributor, String> {
        let mut attributor = Attributor::default();
        for bug in register.known() {
            attributor.add(bug, register)?;
        }
        Ok(attributor)
    }

    /// Knows one more bug of a register.
    ///
    /// # Errors
    /// One line, if it names a substitution that there is not.
    pub fn add(&mut self, bug: &Bug, register: &Register) -> Result<(), String> {
        let substitution =
            match &bug.cause.substitution {
                Some(name) => Some(Substitution::named(name).ok_or_else(|| {
                    format!("bug `{}`: there is no substitution `{name}`", bug.id)
                })?),
                None => None,
            };
        let told = register.resolved(bug);
        self.bugs.retain(|known| known.bug.id != bug.id);
        self.bugs.push(Suspected {
            bug: Bug {
                status: told.status.clone(),
                ..bug.clone()
            },
            told: told.id.clone(),
            substitution,
        });
        // What an engine says as it panics says most, then the finest substitution: a
        // bug that only a coarse one heals must not take what belongs to another.
        let coarseness = |known: &Suspected| {
            let silent = known.bug.cause.words.is_empty();
            (silent, known.substitution.is_none(), known.substitution)
        };
        self.bugs.sort_by_key(coarseness);
        Ok(())
    }

    /// Knows only the bug that is told under this id.
    pub fn only(&self, id: &str) -> Attributor {
        let bugs = self.bugs.iter().filter(|known| known.told == id);
        Attributor {
            bugs: bugs.cloned().collect(),
        }
    }

    /// Whether there is nothing that it knows.
    pub fn is_empty(&self) -> bool {
        self.bugs.is_empty()
    }

    /// Finds out what a divergence is made of.
    ///
    /// # Errors
    /// In words, if the engine cannot be run.
    pub fn attribute(
        &self,
        script: &Script,
        reference: &ReferenceRun,
        judged: &Judged,
        budget: Budget,
        runner: &mut dyn Runner,
    ) -> Result<Attribution, String> {
        let mut found = self.attribute_as_seen(script, reference, judged, budget, runner)?;
        let unexplained = found.unexplained.as_ref();
        if unexplained.is_some_and(|left| left.behind.is_none())
            && let Some(difference) = judged.divergence()
        {
            let suspect = Suspect {
                script,
                reference,
                configuration: &judged.configuration,
                difference,
            };
            if let Some(bug) = self.where_it_begins(suspect, budget, runner)? {
                found.bugs.push(bug);
                found.unexplained = None;
            }
        }
        Ok(found)
    }

    /// The same, but for what was wrong before it was seen: a reducer, which
    /// asks for every candidate, has no time to look.
    ///
    /// # Errors
    /// In words, if the engine cannot be run.
    pub(super) fn attribute_as_seen(
        &self,
        script: &Script,
        reference: &ReferenceRun,
        judged: &Judged,
        budget: Budget,
        runner: &mut dyn Runner,
    ) -> Result<Attribution, String> {
        let mut attribution = Attribution {
            bugs: Vec::new(),
            unexplained: None,
            judged: judged.clone(),
        };
        let mut behind: Option<(Script, Trial)> = None;
        while let Verdict::Diverges(difference) = &attribution.judged.verdict {
            let (script, reference) = match &behind {
                Some((script, trial)) => (script, &trial.reference),
                None => (script, reference),
            };
            let suspect = Suspect {
                script,
                reference,
                configuration: &judged.configuration,
                difference,
            };
            let known = match attribution.bugs.len() {
                DEPTH => None,
                _ => self.one(suspect, budget, runner)?,
            };
            let Some((bug, script, trial)) = known else {
                attribution.unexplained = Some(Unexplained { behind });
                break;
            };
            if !attribution.bugs.contains(&bug) {
                attribution.bugs.push(bug);
            }
            attribution.judged = trial.judged[0].clone();
            behind = Some((script, trial));
        }
        Ok(attribution)
    }

    /// The known bug that made something wrong before a divergence was seen, or
    /// looks like it: one that no substitution takes away but the coarsest.
    fn where_it_begins(
        &self,
        suspect: Suspect<'_>,
        budget: Budget,
        runner: &mut dyn Runner,
    ) -> Result<Option<String>, String> {
        let weak = |known: &&Suspected| {
            known.bug.cause.is_weak() && known.bug.is_known_on(suspect.configuration)
        };
        let weak: Vec<&Suspected> = self.bugs.iter().filter(weak).collect();
        if weak.is_empty() {
            return Ok(None);
        }
        let Suspect {
            script,
            configuration,
            difference,
            ..
        } = suspect;
        let begins = earliest(script, difference.step, configuration, budget, runner)?;
        let begins = begins.as_ref().and_then(|(script, trial)| {
            Some(Suspect {
                script,
                reference: &trial.reference,
                configuration,
                difference: trial.divergence(configuration)?,
            })
        });
        let suspect = begins.unwrap_or(suspect);
        let seen = subject(suspect.script, suspect.reference, suspect.difference);
        let class = suspect.difference.class;
        let alike = |known: &&&Suspected| {
            let cause = &known.bug.cause;
            fits_words(&cause.words, suspect.difference) && cause.looks_like(class, &seen)
        };
        Ok(weak.iter().find(alike).map(|known| known.told.clone()))
    }

    /// The known bug that explains a divergence, and the script without it.
    fn one(
        &self,
        suspect: Suspect<'_>,
        budget: Budget,
        runner: &mut dyn Runner,
    ) -> Result<Option<(String, Script, Trial)>, String> {
        for known in &self.bugs {
            let Suspected {
                bug,
                told,
                substitution: Some(substitution),
            } = known
            else {
                continue;
            };
            if !bug.is_known_on(suspect.configuration)
                || !fits_words(&bug.cause.words, suspect.difference)
            {
                continue;
            }
            let sites = sites(suspect, &bug.cause.at);
            if sites.is_empty()
                && !bug.cause.at.instructions.is_empty()
                && !is_by_embedder(suspect, &bug.cause.at)
            {
                continue;
            }
            let tried = experiment(suspect, *substitution, &sites, budget, runner)?;
            if let Experiment::Healed(healed) = tried {
                let told = told.clone();
                return Ok(Some((told, healed.substituted.script, healed.trial)));
            }
        }
        Ok(None)
    }
}

/// Whether what an engine says as it panics is what a bug makes it say. A bug
/// that makes it say nothing may still be the reason why it panics later.
fn fits_words(words: &str, difference: &Difference) -> bool {
    words.is_empty() || panic_words(difference).is_some_and(|said| same_words(said, words))
}

/// Whether a step up to the one that diverged is such an access itself, by the embedder.
fn is_by_embedder(suspect: Suspect<'_>, at: &Ingredient) -> bool {
    let steps = suspect.difference.step + 1;
    let mut accesses = suspect.reference.trace.iter().take(steps).flatten();
    accesses.any(|access| access.code.is_none() && at.is(access))
}

/// The instructions of a script that are such accesses: those that executed
/// one up to the step that diverged, and, where a module is turned away or the
/// process died, those that stand in the code.
pub(super) fn sites(suspect: Suspect<'_>, at: &Ingredient) -> BTreeSet<Site> {
    let step = suspect.difference.step;
    let compiling = matches!(suspect.script.steps.get(step), Some(Step::Define { .. }));
    if compiling {
        let named = wasm::memory_sites(suspect.script).into_iter();
        let named = named.filter(|(_, name)| at.is_instruction(name));
        return named.map(|(site, _)| site).collect();
    }
    let traces = suspect.reference.trace.iter().take(step + 1).flatten();
    let accesses = traces.filter(|access| at.is(access));
    accesses
        .filter_map(|access| access.code.map(Site::of))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Cause;

    #[test]
    fn a_bug_with_words_of_its_own_comes_first() {
        let bug = |id: &str, substitution: &str, words: &str| Bug {
            id: id.to_owned(),
            cause: Cause {
                substitution: Some(substitution.to_owned()),
                words: words.to_owned(),
                ..Cause::default()
            },
            ..Bug::example()
        };
        let register = Register::default();
        let mut attributor = Attributor::default();
        for bug in [
            bug("coarse", "effects", ""),
            bug("fine", "grow-checked", ""),
            bug("words", "effects", "it panics"),
        ] {
            attributor
                .add(&bug, &register)
                .expect("substitutions that there are");
        }
        let order = attributor.bugs.iter().map(|known| &*known.bug.id);
        assert_eq!(order.collect::<Vec<_>>(), ["words", "fine", "coarse"]);
    }
}
