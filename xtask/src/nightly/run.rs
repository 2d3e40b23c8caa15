//! One shard of a nightly run: replay, test suite, campaign.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::anyhow;
use trapline_harness::campaign::{Found, Options};
use trapline_harness::claims::Claim;
use trapline_harness::corpus::Corpus;
use trapline_harness::engine::Configuration;
use trapline_harness::judge::Severity;
use trapline_harness::report::{Side, sides};
use trapline_harness::script::wast;
use trapline_harness::spec::Group;
use trapline_harness::trial::try_script;
use trapline_harness::worker::Runner;

use super::clock;
use super::report::{Asked, Finding, Part, Replayed, Report};
use crate::campaign;
use crate::verb::{replay, spec};

/// A shard to run, or several to put together.
pub(crate) struct Run<'a> {
    /// The campaign; its shard is that of the replay and of the suite, too.
    pub(crate) options: Options,
    pub(crate) configurations: &'a [Configuration],
    pub(crate) corpus: &'a mut Corpus,
    /// The test suite, all of it.
    pub(crate) suite: Vec<Group>,
    /// The claims to ask, if they are to be.
    pub(crate) claims: Vec<Claim>,
    pub(crate) runners: &'a (dyn Fn() -> Box<dyn Runner> + Sync),
    pub(crate) interrupted: &'a Arc<AtomicBool>,
}

impl Run<'_> {
    /// Runs the shard.
    ///
    /// # Errors
    /// In words, if an engine cannot be run at all or a file not be written.
    pub(crate) fn shard(mut self) -> anyhow::Result<Report> {
        let (began, timer) = (clock::now(), Instant::now());
        let mut report = Report::new(Asked::new(&self.options, self.configurations));
        self.replay(&mut report)?;
        self.spec(&mut report)?;
        self.ask(&self.claims, &mut report)?;
        let (cases, campaign_seconds) = self.campaign(&mut report)?;
        report.parts.push(Part {
            shard: self.options.shard.to_string(),
            began,
            seconds: timer.elapsed().as_secs_f64(),
            campaign_seconds,
            cases,
            calls: report.tallies.iter().map(|tally| tally.calls).sum(),
            interrupted: self.over(),
        });
        Ok(report)
    }

    pub(super) fn over(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    fn replay(&mut self, report: &mut Report) -> anyhow::Result<()> {
        let names: Vec<&str> = self.configurations.iter().map(|c| c.name()).collect();
        let files = self.corpus.files_on(&names).map_err(|why| anyhow!(why))?;
        let budget = self.options.budget;
        let mut runner = (self.runners)();
        eprintln!("replaying the corpus");
        for file in self.options.shard.of(files) {
            if self.over() {
                break;
            }
            match replay::replay(&file, self.corpus, budget, &mut *runner, &names)? {
                Ok(replayed) => {
                    let replay::Replayed { row, script, trial } = replayed;
                    let sides = sides(&script, &trial, budget, &mut *runner);
                    report.replay.push(Replayed {
                        wast: text_of(&file),
                        row: replay::Row {
                            file: PathBuf::from(file.file_name().unwrap_or_default()),
                            ..row
                        },
                        sides: sides.map_err(|why| anyhow!(why))?,
                    });
                }
                Err(why) => report.failures.push(why.to_string()),
            }
        }
        Ok(())
    }

    fn spec(&mut self, report: &mut Report) -> anyhow::Result<()> {
        let shard = self.options.shard;
        let mut number = 0;
        let mut suite = std::mem::take(&mut self.suite);
        for group in &mut suite {
            group.files.retain(|_| {
                number += 1;
                shard.takes(number - 1)
            });
        }
        suite.retain(|group| !group.files.is_empty());
        eprintln!("the test suite");
        let configurations = self.configurations;
        report.spec = spec::rows(&suite, configurations, self.runners, self.interrupted)?;
        Ok(())
    }

    /// Runs the campaign; how many cases it ran, in how many seconds.
    fn campaign(&mut self, report: &mut Report) -> anyhow::Result<(u64, f64)> {
        if self.over() {
            return Ok((0, 0.0));
        }
        let options = &self.options;
        let (outcomes, found) =
            campaign::run(options, self.corpus, self.runners, true, self.interrupted)?;
        report.found = found;
        report.tallies = outcomes.tallies;
        report.phases = outcomes.phases;
        report.reference_skips = outcomes.reference_skips;
        report.visited = outcomes.coverage.visited();
        report.threads = outcomes.threads;
        report.findings = self.findings(&report.found, &report.replay, &[])?;
        without_folders(&mut report.found);
        Ok((outcomes.cases, outcomes.elapsed.as_secs_f64()))
    }

    /// What was found, each with what everybody makes of its script. What is
    /// `known` of some findings is not found out again.
    pub(crate) fn findings(
        &self,
        all: &[Found],
        replayed: &[Replayed],
        known: &[Finding],
    ) -> anyhow::Result<Vec<Finding>> {
        let mut findings = Vec::new();
        let mut runner = (self.runners)();
        for found in all {
            let file = found.file.as_deref();
            // A shard may have had a file that is not here.
            let known = known.iter().find(|k| k.name == found.name());
            let wast = match (file.filter(|file| file.is_file()), known) {
                (Some(file), _) => text_of(file),
                (None, Some(known)) => known.wast.clone(),
                (None, None) => String::new(),
            };
            let replayed = replayed.iter().find(|r| r.stem() == found.name());
            let sides = match (replayed, known) {
                (Some(replayed), _) if replayed.wast == wast => replayed.sides.clone(),
                (_, Some(known)) if known.wast == wast => known.sides.clone(),
                _ if self.over() => Vec::new(),
                _ => self.sides(file, &mut *runner)?,
            };
            findings.push(Finding {
                name: found.name().to_owned(),
                title: found.title.clone(),
                severity: found.severity,
                // What was not reduced may be anything.
                private: found.severity.is_none_or(Severity::is_private),
                status: found.status.clone(),
                new: found.new,
                cases: found.cases,
                first_case: found.first_case,
                configurations: found.configurations.iter().cloned().collect(),
                file: file.map_or_else(String::new, name_of),
                wast,
                sides,
            });
        }
        Ok(findings)
    }

    /// What every configuration makes of a script that was just written.
    fn sides(&self, file: Option<&Path>, runner: &mut dyn Runner) -> anyhow::Result<Vec<Side>> {
        let Some(Ok(source)) = file.map(wast::read) else {
            return Ok(Vec::new());
        };
        let everywhere = campaign::everywhere(&self.options.configurations);
        let names: Vec<&str> = everywhere.iter().map(|c| c.name()).collect();
        let budget = self.options.budget;
        let trial = try_script(&source.script, budget, runner, &names);
        let trial = trial.map_err(|why| anyhow!(why))?;
        sides(&source.script, &trial, budget, runner).map_err(|why| anyhow!(why))
    }
}

/// A report does not tell where a file was on the machine.
pub(crate) fn without_folders(all: &mut [Found]) {
    for found in all {
        found.file = found.file.as_deref().map(|file| name_of(file).into());
    }
}

fn name_of(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn text_of(file: &Path) -> String {
    let bytes = std::fs::read(file).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
