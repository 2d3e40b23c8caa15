//! From a sighting to a corpus file: recognise, confirm, reduce, name, write.

mod outcome;
mod who;

use std::sync::atomic::{AtomicBool, Ordering};

pub use outcome::{Filed, Reduced};

use crate::campaign::Sighting;
use crate::corpus::{Corpus, Header, Known, Stated, Status};
use crate::engine::{Budget, Configuration};
use crate::judge::{Class, Difference, Signature, Subject, section_of};
use crate::reduce::{self, reduce};
use crate::report::{LookAt, look};
use crate::script::{Script, print};
use crate::trial::{Trial, Verdict, subject, try_script};
use crate::worker::Runner;
use who::who_diverges;

/// How often a sighting must show before it is reduced.
const CONFIRMATIONS: u32 = 3;

/// How many runs tell the rate of a flaky one.
const RATE_RUNS: u32 = 10;

/// Files sightings in a corpus.
pub struct Filer<'a> {
    corpus: &'a mut Corpus,
    runner: Box<dyn Runner>,
    configurations: Vec<Configuration>,
    budget: Budget,
    /// In words, the campaign the sightings are from.
    origin: String,
    /// What the files of the corpus say of themselves.
    filed: Vec<Stated>,
    /// What sightings came down to in this session, so that the next of the
    /// kind need not be reduced.
    seen: Vec<Seen>,
}

/// Sightings of this kind, on these configurations, are this signature.
struct Seen {
    class: Class,
    subject: Subject,
    configurations: Vec<String>,
    filed: Filed,
}

impl<'a> Filer<'a> {
    /// For a corpus; `runner` must be able to run `configurations`, which are
    /// all those a divergence is tried on.
    pub fn new(
        corpus: &'a mut Corpus,
        runner: Box<dyn Runner>,
        configurations: Vec<Configuration>,
        budget: Budget,
        origin: &str,
    ) -> Filer<'a> {
        let origin = origin.to_owned();
        let filed = corpus.stated();
        Filer {
            corpus,
            runner,
            configurations,
            budget,
            origin,
            filed,
            seen: Vec::new(),
        }
    }

    /// What is known in the corpus.
    pub fn known(&self) -> &Known {
        &self.corpus.known
    }

    /// What a sighting is, if that can be said without reducing it: it looks
    /// like what came up in this session, or like what is filed, on a
    /// configuration that is known to diverge so.
    pub fn recognise(&self, sighting: &Sighting) -> Option<Filed> {
        let seen = self.seen.iter().find(|seen| {
            seen.class == sighting.difference.class
                && seen.subject == sighting.subject
                && seen.configurations.contains(&sighting.configuration)
        });
        if let Some(seen) = seen {
            return Some(match seen.filed.clone() {
                Filed::New { signature, file } => Filed::Known {
                    signature,
                    status: Status::New.to_string(),
                    file: Some(file),
                },
                filed => filed,
            });
        }
        let alike = sighting.signature();
        let filed = self
            .filed
            .iter()
            .filter(|stated| stated.diverging.contains(&sighting.configuration))
            .filter_map(|stated| stated.signature.as_deref())
            .filter(|signature| alike.is_alike(signature))
            .find_map(|signature| self.known_as(signature));
        // Before it is reduced, what a pattern fits may still be something
        // else; where that could break a sandbox, it is looked at.
        let severe = sighting.difference.class.breaks_sandbox();
        filed.or_else(|| (!severe).then(|| self.known_as(&alike.to_string()))?)
    }

    /// What a sighting is that showed in so many of `of` runs and so cannot be
    /// reduced: known by the signature it has as it is, or flaky.
    pub fn flaky(&self, sighting: &Sighting, shown: u32, of: u32) -> Filed {
        let known = self.known_as(&sighting.signature().to_string());
        known.unwrap_or(Filed::Flaky { shown, of })
    }

    /// What is known under a signature and still open.
    fn known_as(&self, signature: &str) -> Option<Filed> {
        let (signature, status) = self.corpus.known.open(signature)?;
        let path = self.corpus.path(&signature);
        Some(Filed::Known {
            signature,
            status: status.to_string(),
            file: path.exists().then_some(path),
        })
    }

    /// Files a sighting.
    ///
    /// # Errors
    /// In words, if an engine cannot be run or a file not be written.
    pub fn file(&mut self, sighting: &Sighting, cancel: &AtomicBool) -> Result<Filed, String> {
        if let Some(filed) = self.recognise(sighting) {
            return Ok(filed);
        }
        match self.reduce(sighting, cancel)? {
            Reduced::To(script) => self.file_reduced(sighting, &script),
            Reduced::Flaky { shown, of } => Ok(self.flaky(sighting, shown, of)),
        }
    }

    /// Reduces the script of a sighting, if it shows every time.
    ///
    /// # Errors
    /// In words, if an engine cannot be run.
    pub fn reduce(&mut self, sighting: &Sighting, cancel: &AtomicBool) -> Result<Reduced, String> {
        let class = sighting.difference.class;
        let name = &sighting.configuration;
        for _ in 0..CONFIRMATIONS {
            if !self.diverges(&sighting.script, name, class)? {
                let shown = self.rate(&sighting.script, name, class)?;
                return Ok(Reduced::Flaky {
                    shown,
                    of: RATE_RUNS,
                });
            }
        }
        let mut failure = None;
        let reduced = reduce(
            &sighting.script,
            &mut |candidate| {
                if failure.is_some() {
                    return false;
                }
                match self.diverges(candidate, &sighting.configuration, class) {
                    Ok(diverges) => diverges,
                    Err(why) => {
                        failure = Some(why);
                        false
                    }
                }
            },
            &reduce::Options {
                cancelled: &|| cancel.load(Ordering::Relaxed),
                ..Default::default()
            },
        );
        if let Some(why) = failure {
            return Err(why);
        }
        Ok(Reduced::To(reduced.script))
    }

    /// Whether the script diverges on the configuration, in this class.
    fn diverges(&mut self, script: &Script, name: &str, class: Class) -> Result<bool, String> {
        let trial = try_script(script, self.budget, &mut *self.runner, &[name])?;
        Ok(difference(&trial, name).is_some_and(|d| d.class == class))
    }

    /// The rate at which a divergence that does not always show does show.
    fn rate(&mut self, script: &Script, name: &str, class: Class) -> Result<u32, String> {
        let mut shown = 0;
        for _ in 0..RATE_RUNS {
            shown += u32::from(self.diverges(script, name, class)?);
        }
        Ok(shown)
    }

    /// Files a sighting that came down to `script`.
    ///
    /// # Errors
    /// In words, if an engine cannot be run or a file not be written.
    pub fn file_reduced(&mut self, sighting: &Sighting, script: &Script) -> Result<Filed, String> {
        let names: Vec<&str> = self.configurations.iter().map(|c| c.name).collect();
        let trial = try_script(script, self.budget, &mut *self.runner, &names)?;
        let Some(reduced) = difference(&trial, &sighting.configuration) else {
            let class = sighting.difference.class;
            let shown = self.rate(script, &sighting.configuration, class)?;
            return Ok(self.flaky(sighting, shown, RATE_RUNS));
        };
        let subject = subject(script, &trial.reference, reduced);
        let engine = sighting.configuration.split('/').next().unwrap_or_default();
        let (configurations, variants) = who_diverges(&trial.judged, engine, reduced.class);
        let signature = Signature {
            class: reduced.class,
            engine: engine.to_owned(),
            variants,
            subject: subject.clone(),
        }
        .to_string();
        self.corpus.refresh()?;
        let filed = match self.known_as(&signature) {
            Some(known) => known,
            None => {
                let loaded = self.with_load(script, &trial, reduced, &sighting.configuration)?;
                let (script, trial) = match &loaded {
                    Some((script, trial)) => (script, trial),
                    None => (script, &trial),
                };
                // The class is what was found; the words are what the file shows.
                let shown = Difference {
                    class: reduced.class,
                    ..difference(trial, &sighting.configuration)
                        .unwrap_or(reduced)
                        .clone()
                };
                let header = self.header(&signature, sighting, trial, &shown, &subject);
                let wast = print::to_wast(script, &trial.reference.outcomes(), &header.to_text());
                let file = self.corpus.add(&signature, &wast)?;
                Filed::New { signature, file }
            }
        };
        for subject in [sighting.subject.clone(), subject] {
            self.seen.push(Seen {
                class: sighting.difference.class,
                subject,
                configurations: configurations.clone(),
                filed: filed.clone(),
            });
        }
        Ok(filed)
    }

    /// Where only the contents of a memory differ, the script with a load that
    /// tells: it shows the difference to whoever runs the file as plain `.wast`.
    fn with_load(
        &mut self,
        script: &Script,
        trial: &Trial,
        reduced: &Difference,
        name: &str,
    ) -> Result<Option<(Script, Trial)>, String> {
        let runner = &mut *self.runner;
        let look = match look(script, trial, reduced, name, self.budget, runner)? {
            Some((look, _)) => look,
            None => return Ok(None),
        };
        let LookAt::Byte(address, _) = look.at else {
            return Ok(None);
        };
        let Some(loads) = reduce::with_load(script, &look.instance, &look.memory, address) else {
            return Ok(None);
        };
        let names: Vec<&str> = self.configurations.iter().map(|c| c.name).collect();
        let trial = try_script(&loads, self.budget, &mut *self.runner, &names)?;
        // A difference that goes away when it is looked at is left as it was.
        Ok(difference(&trial, name).is_some().then_some((loads, trial)))
    }

    fn header(
        &self,
        signature: &str,
        sighting: &Sighting,
        trial: &Trial,
        reduced: &Difference,
        subject: &Subject,
    ) -> Header {
        let with_version = |name: &str| {
            let version = self
                .configurations
                .iter()
                .find(|c| c.name == name)
                .map(|c| c.version);
            format!("{name} {}", version.unwrap_or_default())
        };
        let mut diverging = Vec::new();
        let mut conforming = Vec::new();
        for judged in &trial.judged {
            let who = with_version(&judged.configuration);
            match &judged.verdict {
                Verdict::Diverges(d) => diverging.push((who, d.got.clone())),
                Verdict::Conforms => conforming.push(who),
                _ => {}
            }
        }
        Header {
            signature: signature.to_owned(),
            private: reduced.class.breaks_sandbox(),
            expected: reduced.expected.clone(),
            section: section_of(reduced.class, &subject.operation),
            diverging,
            conforming,
            found: format!(
                "{}, case {}, on {}, {}",
                self.origin,
                sighting.case,
                std::env::consts::ARCH,
                std::env::consts::OS
            ),
        }
    }
}

/// How a configuration diverged in a trial.
fn difference<'t>(trial: &'t Trial, name: &str) -> Option<&'t Difference> {
    trial
        .judged
        .iter()
        .find(|judged| judged.configuration == name)
        .and_then(|judged| match &judged.verdict {
            Verdict::Diverges(difference) => Some(difference),
            _ => None,
        })
}
