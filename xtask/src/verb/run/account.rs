//! What became of one file, as data: what is shown, and what machines read.

use std::path::Path;

use serde::Serialize;
use trapline_harness::judge::{Judged, Verdict};
use trapline_harness::observation::{Observation, Outcome};
use trapline_harness::script::Step;
use trapline_harness::script::expect::matches;
use trapline_harness::script::print::action;
use trapline_harness::script::wast::Source;
use trapline_harness::trial::{Joint, Trial};

use crate::End;

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Status {
    /// Nobody left the specification.
    Conforms,
    /// Somebody did, as is known.
    Known,
    /// Somebody did, and nobody knew it.
    New,
    /// The file asserts what is not so by the specification.
    WrongAssertion,
    /// No module was instantiated and nothing was called, so that nothing was compared.
    NothingRan,
    /// There is nothing in the file.
    NothingToRun,
    /// The file cannot be read.
    Error,
}

impl Status {
    /// What it means for the exit status.
    pub(crate) fn end(self) -> End {
        match self {
            Status::New => End::New,
            Status::WrongAssertion | Status::Error => End::Failed,
            _ => End::NothingNew,
        }
    }
}

/// What became of a file.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Account {
    pub(crate) file: String,
    pub(crate) status: Status,
    /// Why it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// What was added so that it runs.
    pub(crate) added: Vec<String>,
    /// Directives that were left out.
    pub(crate) skipped: Vec<Line>,
    /// Its assertions that are false by the specification.
    pub(crate) wrong: Vec<Line>,
    pub(crate) diverging: Vec<Diverging>,
    pub(crate) conforming: Vec<String>,
    /// Of a script with threads, what was seen of what is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) threads: Option<Threads>,
    /// Configurations that were not judged to the end, and those that lack a feature.
    pub(crate) limited: Vec<Group>,
    pub(crate) skipping: Vec<Group>,
    pub(crate) unsupporting: Vec<Group>,
}

/// An outcome of threads that is not allowed.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Wrong {
    pub(crate) configuration: String,
    pub(crate) times: u32,
    pub(crate) runs: u32,
    /// How long it took to see it, compiling included.
    pub(crate) milliseconds: f64,
}

/// What was seen of the joint outcomes of threads.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Threads {
    /// How many are allowed.
    pub(crate) allowed: usize,
    /// How many of these somebody had.
    pub(crate) seen: usize,
    /// How often a script was run in all.
    pub(crate) runs: u32,
    /// Who had another, and how often.
    pub(crate) wrong: Vec<Wrong>,
}

/// Something said about a line of the file.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Line {
    pub(crate) line: usize,
    pub(crate) what: String,
}

/// Configurations of which the same is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Group {
    pub(crate) why: String,
    pub(crate) configurations: Vec<String>,
}

/// A divergence, with the configurations that show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Diverging {
    pub(crate) class: String,
    /// The line of the step; 0 for one that was added.
    pub(crate) line: usize,
    /// The call, if it is one.
    pub(crate) action: Option<String>,
    pub(crate) expected: String,
    pub(crate) got: String,
    /// Of threads: why no execution gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) never: Option<String>,
    /// The entry under which it is known.
    pub(crate) known: Option<String>,
    pub(crate) configurations: Vec<String>,
}

impl Account {
    /// Of a file that was not run.
    pub(crate) fn without_trial(file: &Path, status: Status, error: Option<String>) -> Account {
        Account {
            file: file.display().to_string(),
            status,
            error,
            added: Vec::new(),
            skipped: Vec::new(),
            wrong: Vec::new(),
            diverging: Vec::new(),
            threads: None,
            conforming: Vec::new(),
            limited: Vec::new(),
            skipping: Vec::new(),
            unsupporting: Vec::new(),
        }
    }

    /// Of a file that was.
    ///
    /// # Errors
    /// What `known` says to a divergence that it is asked about.
    pub(crate) fn new(
        file: &Path,
        source: &Source,
        trial: &Trial,
        known: &mut dyn FnMut(&Judged) -> anyhow::Result<Option<String>>,
    ) -> anyhow::Result<Account> {
        let mut account = Account::without_trial(file, Status::Conforms, None);
        account.added = source.added.clone();
        account.skipped = source
            .skipped
            .iter()
            .map(|skipped| Line {
                line: skipped.line,
                what: skipped.reason.clone().into_owned(),
            })
            .collect();
        account
            .skipped
            .extend(trial.unsent.iter().map(|unsent| Line {
                line: source.steps.get(unsent.step).map_or(0, |step| step.line),
                what: unsent.why.clone(),
            }));
        account.wrong = wrong(source, trial);
        account.threads = trial.joint.as_ref().map(|joint| Threads {
            allowed: joint.allowed,
            seen: joint.allowed - joint.unseen(),
            runs: joint.runs.values().sum(),
            wrong: wrong_sightings(joint),
        });
        for judged in &trial.judged {
            let name = judged.configuration.clone();
            match &judged.verdict {
                Verdict::Conforms => account.conforming.push(name),
                Verdict::Unsupported(what) => group(&mut account.unsupporting, what, name),
                Verdict::Limit(why) => group(&mut account.limited, why, name),
                Verdict::Skipped(why) => group(&mut account.skipping, why, name),
                Verdict::Diverges(difference) => {
                    let step = source.script.steps.get(difference.step);
                    let diverging = Diverging {
                        class: difference.class.to_string(),
                        line: source.steps.get(difference.step).map_or(0, |s| s.line),
                        action: step.and_then(action),
                        expected: first_line(&difference.expected),
                        got: first_line(&difference.got),
                        never: trial
                            .never(&source.script, &name)
                            .map(|never| never.to_string()),
                        known: known(judged)?,
                        configurations: Vec::new(),
                    };
                    add(&mut account.diverging, diverging, name);
                }
            }
        }
        account.status = account.judge(&trial.reference.observation, source);
        Ok(account)
    }

    fn judge(&self, specified: &Observation, source: &Source) -> Status {
        if !self.wrong.is_empty() {
            Status::WrongAssertion
        } else if self.diverging.iter().any(|d| d.known.is_none()) {
            Status::New
        } else if !self.diverging.is_empty() {
            Status::Known
        } else if !ran(specified, source) {
            Status::NothingRan
        } else {
            Status::Conforms
        }
    }
}

/// Who had an outcome of threads that is not allowed.
fn wrong_sightings(joint: &Joint) -> Vec<Wrong> {
    let sightings = joint.wrong.iter();
    sightings
        .map(|(configuration, sighting)| Wrong {
            configuration: configuration.clone(),
            times: sighting.times,
            runs: sighting.runs,
            milliseconds: sighting.after.as_secs_f64() * 1e3,
        })
        .collect()
}

/// Whether anything was compared: a module of the file was instantiated, or turned
/// away, or something was called.
fn ran(specified: &Observation, source: &Source) -> bool {
    let steps = source.script.steps.iter().zip(&source.steps);
    let mut steps = steps.zip(&specified.steps);
    steps.any(|((step, from), seen)| {
        // What stands in for imports is not what the file is about.
        let own = from.line > 0 || source.is_module && !matches!(step, Step::Register { .. });
        let done = matches!(
            seen.outcome,
            Outcome::Values(_) | Outcome::Trap(_) | Outcome::Exhausted | Outcome::Joined(_)
        );
        own && match step {
            Step::Define { .. } => matches!(seen.outcome, Outcome::Rejected { .. }),
            Step::Register { .. } => false,
            _ => done,
        }
    })
}

/// What the file asserts and is not so.
fn wrong(source: &Source, trial: &Trial) -> Vec<Line> {
    if source.is_module {
        return Vec::new();
    }
    let texts = source.texts.iter().filter_map(|text| {
        Some(Line {
            line: text.line,
            what: text.error.clone()?,
        })
    });
    // Of threads, whatever may come about has to be as the file says.
    let one = std::slice::from_ref(&trial.reference.observation);
    let allowed = trial.reference.allowed.as_ref();
    let observations = allowed.map_or(one, |allowed| &allowed.observations);
    let steps = observations
        .iter()
        .flat_map(|o| source.steps.iter().zip(&o.steps));
    let mut observed: Vec<Line> = steps
        .filter_map(|(from, seen)| {
            // What the reference cannot say, it does not say of the file.
            if let Outcome::Unsupported(_) | Outcome::Limit(_) | Outcome::Absent = seen.outcome {
                return None;
            }
            Some(Line {
                line: from.line,
                what: matches(&from.expect, &seen.outcome).err()?,
            })
        })
        .collect();
    observed.sort_by(|a, b| (a.line, &a.what).cmp(&(b.line, &b.what)));
    observed.dedup_by(|a, b| (a.line, &a.what) == (b.line, &b.what));
    texts.chain(observed).collect()
}

/// Adds a configuration to those that diverge in the same way.
fn add(all: &mut Vec<Diverging>, mut diverging: Diverging, name: String) {
    let same = all.iter_mut().find(|other| {
        diverging.configurations.clone_from(&other.configurations);
        diverging == **other
    });
    match same {
        Some(same) => same.configurations.push(name),
        None => all.push(Diverging {
            configurations: vec![name],
            ..diverging
        }),
    }
}

fn group(groups: &mut Vec<Group>, why: &str, name: String) {
    let why = first_line(why);
    match groups.iter_mut().find(|group| group.why == why) {
        Some(group) => group.configurations.push(name),
        None => groups.push(Group {
            why,
            configurations: vec![name],
        }),
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
