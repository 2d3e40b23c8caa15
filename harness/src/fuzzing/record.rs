//! Records: what a process of a session has done, for whoever started it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::campaign::{Phases, Tally};
use crate::corpus::{Bug, write_atomically};
use crate::judge::{Severity, Verdict};
use crate::trial::Trial;

/// How often a process writes its record down.
const INTERVAL: Duration = Duration::from_millis(250);

/// What one process of a session has done so far.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Record {
    /// Inputs run.
    pub executions: u64,
    /// Per configuration.
    pub tallies: Vec<Tally>,
    /// Where the time went, but for what libFuzzer took.
    pub phases: Phases,
    /// The bugs that were met, by id.
    pub bugs: BTreeMap<String, Met>,
}

/// A bug that a session has met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Met {
    /// What goes wrong.
    pub title: String,
    /// What is reached by it.
    pub severity: Severity,
    /// What is known of it.
    pub status: String,
    /// Whether this session found it.
    pub new: bool,
    /// In how many executions it was seen.
    pub count: u64,
    /// The first configuration it was seen on.
    pub configuration: String,
    /// Its file, if there is one.
    pub file: Option<PathBuf>,
}

impl Record {
    /// Adds what another process has done.
    pub fn add(&mut self, other: Record) {
        let Record {
            executions,
            tallies,
            phases,
            bugs,
        } = other;
        self.executions += executions;
        for tally in tallies {
            let known = |t: &&mut Tally| t.configuration == tally.configuration;
            match self.tallies.iter_mut().find(known) {
                Some(mine) => mine.merge(tally),
                None => self.tallies.push(tally),
            }
        }
        self.phases += phases;
        for (id, met) in bugs {
            match self.bugs.get_mut(&id) {
                Some(mine) => {
                    mine.count += met.count;
                    mine.new |= met.new;
                }
                None => {
                    self.bugs.insert(id, met);
                }
            }
        }
    }

    /// Adds up all the records that processes left in `folder`.
    ///
    /// # Errors
    /// One line, with the name of the file that cannot be read.
    pub fn of_session(folder: &Path) -> Result<Record, String> {
        let unreadable = |path: &Path, why: &dyn std::fmt::Display| {
            format!("{}: cannot be read: {why}", path.display())
        };
        let mut all = Record::default();
        for entry in std::fs::read_dir(folder).map_err(|why| unreadable(folder, &why))? {
            let path = entry.map_err(|why| unreadable(folder, &why))?.path();
            if path.extension().is_some_and(|e| e == "json") {
                let text = std::fs::read(&path).map_err(|why| unreadable(&path, &why))?;
                all.add(serde_json::from_slice(&text).map_err(|why| unreadable(&path, &why))?);
            }
        }
        Ok(all)
    }
}

/// Keeps a record and writes it down from time to time: libFuzzer ends
/// processes in ways that leave nobody a last word.
pub(super) struct Recorder {
    record: Record,
    file: Option<PathBuf>,
    written: Instant,
}

impl Recorder {
    /// For these configurations, in a file of its own in `folder`.
    pub(super) fn new(
        names: &[impl AsRef<str>],
        folder: Option<PathBuf>,
    ) -> Result<Recorder, String> {
        let mut recorder = Recorder {
            record: Record {
                tallies: names.iter().map(|name| Tally::new(name.as_ref())).collect(),
                ..Record::default()
            },
            file: folder.map(|folder| folder.join(format!("{}.json", std::process::id()))),
            written: Instant::now(),
        };
        recorder.write()?;
        Ok(recorder)
    }

    /// Counts an execution, whose script took so long to make and needs these
    /// features.
    pub(super) fn count(&mut self, generated: Duration, trial: &Trial) -> Result<(), String> {
        self.record.executions += 1;
        self.record.phases.add(trial);
        self.record.phases.generate += u64::try_from(generated.as_nanos()).unwrap_or(u64::MAX);
        for judged in &trial.judged {
            if let Some(tally) = self.tally(&judged.configuration) {
                let ended = matches!(judged.verdict, Verdict::Conforms);
                tally.add(judged, trial.needs, ended);
            }
        }
        if self.written.elapsed() >= INTERVAL {
            self.write()?;
        }
        Ok(())
    }

    /// Counts a script that was kept from an engine that it is known to kill.
    pub(super) fn skip(&mut self, configuration: &str, bug: &str) {
        if let Some(tally) = self.tally(configuration) {
            let why = format!("known to kill it: {bug}");
            *tally.skipped.entry(why).or_default() += 1;
        }
    }

    fn tally(&mut self, configuration: &str) -> Option<&mut Tally> {
        let mut tallies = self.record.tallies.iter_mut();
        tallies.find(|tally| tally.configuration == configuration)
    }

    /// Counts a bug that was known.
    pub(super) fn known(
        &mut self,
        configuration: &str,
        bug: &Bug,
        file: Option<PathBuf>,
    ) -> Result<(), String> {
        self.met(configuration, bug, file, false).count += 1;
        Ok(())
    }

    /// Counts a bug that nobody knew.
    pub(super) fn new_bug(
        &mut self,
        configuration: &str,
        bug: &Bug,
        file: PathBuf,
    ) -> Result<(), String> {
        self.met(configuration, bug, Some(file), true).count += 1;
        self.write()
    }

    fn met(
        &mut self,
        configuration: &str,
        bug: &Bug,
        file: Option<PathBuf>,
        new: bool,
    ) -> &mut Met {
        self.record
            .bugs
            .entry(bug.id.clone())
            .or_insert_with(|| Met {
                title: bug.title.clone(),
                severity: bug.severity,
                status: match new {
                    true => "new".to_owned(),
                    false => bug.status.to_string(),
                },
                new,
                count: 0,
                configuration: configuration.to_owned(),
                file,
            })
    }

    /// Writes the record down.
    pub(super) fn write(&mut self) -> Result<(), String> {
        if let Some(file) = &self.file {
            let text = serde_json::to_vec(&self.record).map_err(|why| why.to_string())?;
            write_atomically(file, &text)?;
        }
        self.written = Instant::now();
        Ok(())
    }
}
