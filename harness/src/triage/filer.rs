//! From a sighting to an entry of the register: attribute, confirm, reduce, find
//! the cause, write.

mod reduce;

use std::sync::atomic::{AtomicBool, Ordering};

use super::attribute::Attributor;
use super::confirm::confirm;
use super::earliest::earliest;
use super::heal::Suspect;
use super::outcome::{Filed, Nondeterminism};
use super::who::who_diverges;
use super::{cause, entry, who};
use crate::campaign::Sighting;
use crate::corpus::{Bug, Corpus, Register};
use crate::engine::{Budget, Configuration, MEMORY_BYTES, Name};
use crate::judge::{Class, Signature, subject};
use crate::script::Script;
use crate::trial::{Trial, try_script};
use crate::worker::Runner;
use reduce::Shows;

/// So many bugs are put into the register for one sighting, at the most.
const BUGS: usize = 4;

/// Files sightings in a corpus.
pub struct Filer<'a> {
    corpus: &'a mut Corpus,
    runner: Box<dyn Runner>,
    configurations: Vec<Configuration>,
    /// Of the sighting at hand.
    budget: Budget,
    /// In words, the campaign the sightings are from.
    origin: String,
    attributor: Attributor,
    /// The ids of the bugs that were added, the oldest first.
    added: Vec<String>,
}

/// A divergence on its way through the filer.
struct Found {
    script: Script,
    trial: Trial,
}

impl<'a> Filer<'a> {
    /// For a corpus; `runner` must be able to run `configurations`, which are
    /// all those a divergence is tried on.
    ///
    /// # Errors
    /// One line, if the register names a substitution that there is not.
    pub fn new(
        corpus: &'a mut Corpus,
        runner: Box<dyn Runner>,
        configurations: Vec<Configuration>,
        origin: &str,
    ) -> Result<Filer<'a>, String> {
        Ok(Filer {
            attributor: Attributor::new(&corpus.register)?,
            corpus,
            runner,
            configurations,
            budget: Budget::of(MEMORY_BYTES),
            origin: origin.to_owned(),
            added: Vec::new(),
        })
    }

    /// What is known in the corpus.
    pub fn register(&self) -> &Register {
        &self.corpus.register
    }

    /// What knows the bugs of the corpus again.
    pub fn attributor(&self) -> &Attributor {
        &self.attributor
    }

    /// The witness of a bug, if it has one.
    pub fn witness(&self, bug: &Bug) -> Option<std::path::PathBuf> {
        self.corpus.witness(bug)
    }

    /// The ids of the known bugs that a sighting is made of; `None` if they do
    /// not explain all of it.
    ///
    /// # Errors
    /// In words, if an engine cannot be run.
    pub fn known(&mut self, sighting: &Sighting) -> Result<Option<Vec<String>>, String> {
        self.budget = sighting.budget;
        let name = &*sighting.configuration;
        let trial = self.tried(&sighting.script, &[name])?;
        let Some(judged) = trial.judged(name).filter(|j| j.divergence().is_some()) else {
            return Ok(None);
        };
        let (reference, runner) = (&trial.reference, &mut *self.runner);
        let known = &self.attributor;
        let found = known.attribute(&sighting.script, reference, judged, self.budget, runner)?;
        Ok(found.unexplained.is_none().then_some(found.bugs))
    }

    /// Files a sighting: the bugs that it is made of, new ones among them. More
    /// than one where one hides another.
    ///
    /// # Errors
    /// In words, if an engine cannot be run or a file not be written.
    pub fn file(&mut self, sighting: &Sighting, cancel: &AtomicBool) -> Result<Vec<Filed>, String> {
        self.budget = sighting.budget;
        let name = &*sighting.configuration;
        let mut filed: Vec<Filed> = Vec::new();
        for _ in 0..BUGS {
            let trial = self.tried(&sighting.script, &[name])?;
            let Some(judged) = trial.judged(name).filter(|j| j.divergence().is_some()) else {
                if filed.is_empty() {
                    let class = sighting.difference.class;
                    filed.extend(self.rate(&sighting.script, name, class)?);
                }
                break;
            };
            let attribution = self.attributor.attribute(
                &sighting.script,
                &trial.reference,
                judged,
                self.budget,
                &mut *self.runner,
            )?;
            for id in &attribution.bugs {
                self.note_known(&mut filed, id);
            }
            let Some(unexplained) = attribution.unexplained else {
                break;
            };
            let (script, trial) = match unexplained.behind {
                Some(behind) => behind,
                None => (sighting.script.clone(), trial),
            };
            let one = self.file_one(sighting, Found { script, trial }, cancel)?;
            let ends = matches!(one, Filed::Nondeterministic(_));
            let again = one.bug().is_some_and(|bug| {
                filed
                    .iter()
                    .any(|f| f.bug().is_some_and(|other| other.id == bug.id))
            });
            if !again {
                filed.push(one);
            }
            if ends || again || cancel.load(Ordering::Relaxed) {
                break;
            }
        }
        Ok(filed)
    }

    /// Reduces one divergence that no known bug explains, and files it.
    fn file_one(
        &mut self,
        sighting: &Sighting,
        found: Found,
        cancel: &AtomicBool,
    ) -> Result<Filed, String> {
        let name = &*sighting.configuration;
        let Some(class) = found.trial.divergence(name).map(|d| d.class) else {
            return Err(format!("{name}: nothing to file"));
        };
        if let Some(flaky) = self.rate(&found.script, name, class)? {
            return Ok(flaky);
        }
        let (found, class) = self.begun(found, name, class)?;
        let mut script = self.reduce(&found.script, name, class, Shows::Once, cancel)?;
        if !self.shows_anew(&script, name, class)? {
            script = self.reduce(&found.script, name, class, Shows::Anew, cancel)?;
        }
        self.file_reduced(sighting, &found, &script)
    }

    /// The same divergence where it begins, if that is earlier, no known bug
    /// explains it there, and it shows every time.
    fn begun(&mut self, found: Found, name: &str, class: Class) -> Result<(Found, Class), String> {
        let Some(difference) = found.trial.divergence(name) else {
            return Ok((found, class));
        };
        let runner = &mut *self.runner;
        let begins = earliest(&found.script, difference.step, name, self.budget, runner)?;
        let Some((script, trial)) = begins else {
            return Ok((found, class));
        };
        let earlier = trial.divergence(name).map_or(class, |d| d.class);
        let is_the_same = self.shows_unknown(&script, name, earlier)?
            && self.rate(&script, name, earlier)?.is_none();
        Ok(match is_the_same {
            true => (Found { script, trial }, earlier),
            false => (found, class),
        })
    }

    /// The rate of a divergence that does not show every time.
    fn rate(&mut self, script: &Script, name: &str, class: Class) -> Result<Option<Filed>, String> {
        let rate = confirm(script, name, class, self.budget, &mut *self.runner)?;
        Ok(rate.map(Filed::Nondeterministic))
    }

    /// Adds a known bug to what was filed, once.
    fn note_known(&self, filed: &mut Vec<Filed>, id: &str) {
        let there = |f: &Filed| f.bug().is_some_and(|bug| bug.id == id);
        if let Some(bug) = self.corpus.register.get(id)
            && !filed.iter().any(there)
        {
            filed.push(Filed::Known {
                bug: Box::new(bug.clone()),
                file: self.corpus.witness(bug),
            });
        }
    }

    fn tried(&mut self, script: &Script, names: &[&str]) -> Result<Trial, String> {
        try_script(script, self.budget, &mut *self.runner, names)
    }

    /// Files a divergence that came down to `script`.
    fn file_reduced(
        &mut self,
        sighting: &Sighting,
        whole: &Found,
        script: &Script,
    ) -> Result<Filed, String> {
        let names: Vec<String> = self
            .configurations
            .iter()
            .map(|c| c.name().to_owned())
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let name = &*sighting.configuration;
        let trial = self.tried(script, &names)?;
        let Some(difference) = trial.divergence(name) else {
            let class = sighting.difference.class;
            let rate = self.rate(script, name, class)?;
            let once = || {
                Filed::Nondeterministic(Nondeterminism {
                    shown: 1,
                    of: 2,
                    answer: class.to_string(),
                    other: "what is specified".to_owned(),
                })
            };
            return Ok(rate.unwrap_or_else(once));
        };
        let subject = subject(script, &trial.reference, difference);
        let engine = crate::engine::engine_of(name);
        let shows = who_diverges(&trial.judged, name);
        let signature = Signature {
            class: difference.class,
            engine: engine.to_owned(),
            variants: shows.clone(),
            subject: subject.clone(),
        };
        let suspect = Suspect {
            script,
            reference: &trial.reference,
            configuration: name,
            difference,
        };
        let whole = whole.trial.divergence(name).map(|difference| Suspect {
            script: &whole.script,
            reference: &whole.trial.reference,
            configuration: name,
            difference,
        });
        let runner = &mut *self.runner;
        let cause = cause::find(suspect, whole, &signature, self.budget, runner)?;
        self.corpus.refresh()?;
        let release = Name::parse(name).and_then(|name| name.version);
        let register = &self.corpus.register;
        let same = |bug: &&Bug| {
            bug.engine == engine
                && register.resolved(bug).is_open_in(release)
                && (bug.may_show_on(name) || !cause::is_any_access(&bug.cause))
                && cause::same(&bug.cause, &cause)
        };
        let known = register.known().find(same);
        if let Some(id) = known.map(|bug| bug.id.clone()) {
            return self.widen(&id, &cause, &shows);
        }
        let entry = entry::Found {
            script,
            trial: &trial,
            difference,
            subject: &subject,
            cause,
            shows,
            sighting,
            configurations: &self.configurations,
            origin: &self.origin,
        };
        let (bug, wast) = entry.written(self.budget, &mut *self.runner)?;
        let bug = self.corpus.add(bug, wast)?;
        self.attributor.add(&bug, &self.corpus.register)?;
        self.added.push(bug.id.clone());
        let file = self.corpus.witness(&bug).unwrap_or_default();
        Ok(Filed::New {
            bug: Box::new(bug),
            file,
        })
    }

    /// Takes back the bugs that were added and turned out the same as others,
    /// once more was known of these: pairs of the id that is gone and the one
    /// that stays.
    ///
    /// # Errors
    /// In words, if a file cannot be written.
    pub fn fold(&mut self) -> Result<Vec<(String, String)>, String> {
        let mut folded = Vec::new();
        for id in self.added.clone().into_iter().rev() {
            let register = &self.corpus.register;
            let Some(bug) = register.get(&id) else {
                continue;
            };
            let is_same = |other: &&Bug| {
                other.id != id
                    && other.engine == bug.engine
                    && register.resolved(other).is_open()
                    && (other.shows == bug.shows || !cause::is_any_access(&other.cause))
                    && cause::same(&other.cause, &bug.cause)
            };
            let Some(stays) = register.bugs.iter().find(is_same).map(|b| b.id.clone()) else {
                continue;
            };
            let (cause, shows) = (bug.cause.clone(), bug.shows.clone());
            let witness = self.corpus.witness(bug);
            self.corpus
                .change(|register| register.bugs.retain(|bug| bug.id != id))?;
            if let Some(witness) = witness {
                std::fs::remove_file(&witness)
                    .map_err(|why| format!("{}: {why}", witness.display()))?;
            }
            self.widen(&stays, &cause, &shows)?;
            self.added.retain(|added| *added != id);
            folded.push((id, stays));
        }
        Ok(folded)
    }

    /// Another face of a known bug: what the register says of it is widened, so
    /// that it is known at once the next time.
    fn widen(
        &mut self,
        id: &str,
        cause: &crate::corpus::Cause,
        shows: &[String],
    ) -> Result<Filed, String> {
        let bug = self.corpus.change(|register| {
            if let Some(bug) = register.get_mut(id) {
                cause::widen(&mut bug.cause, cause);
                who::add(&mut bug.shows, shows);
            }
            register.get(id).cloned()
        })?;
        let bug = bug.ok_or_else(|| format!("bug `{id}` is not in the register any more"))?;
        self.attributor.add(&bug, &self.corpus.register)?;
        let told = self.corpus.register.resolved(&bug).clone();
        Ok(Filed::Known {
            file: self.corpus.witness(&told),
            bug: Box::new(told),
        })
    }
}
