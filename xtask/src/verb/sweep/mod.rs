//! `cargo xtask sweep`: every point of a bounded space, and a certificate.

mod page;
mod show;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use trapline_harness::campaign::Shard;
use trapline_harness::corpus::{Corpus, Register, write_atomically};
use trapline_harness::engine::{Budget, Configuration};
use trapline_harness::judge::Verdict;
use trapline_harness::script::print;
use trapline_harness::sweep::space::BUDGET;
use trapline_harness::sweep::{self, Certificate, Options, Plan, Point, Progress, State, Target};
use trapline_harness::triage::Attributor;
use trapline_harness::trial::try_script;

use crate::End;
use crate::interrupt::on_interrupt;
use crate::large::Large;
use crate::nightly::clock::{minute, now};
use crate::options::{CorpusOptions, EngineOptions, scratch};
use crate::output::{check_writable, write_json};
use crate::progress::Live;

/// Runs every point of a bounded, written-down space of single accesses at the edge of a
/// memory, and ends in a certificate: how many of them were judged on which
/// configuration, and exactly which fail.
///
/// Nothing is drawn: the same version of the space has the same points everywhere.
/// harness/SWEEP.md says what they are. What was done is on disk: after a Ctrl-C the same
/// command goes on. Failing points that no bug of the register explains are new; for each group
/// that is alike there is a .wast.
#[derive(Args)]
pub(crate) struct Sweep {
    /// How many scripts at a time, each with a worker process of its own
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: u16,
    /// One part of the space: 1/4 to 4/4 are the whole
    #[arg(long, value_name = "I/N", default_value_t = Shard::WHOLE)]
    shard: Shard,
    /// Write the certificate, with the name of every failing point, to FILE as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the certificate to FILE as a page
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// Keep what was done in DIR, and go on with what is there [default: a folder below
    /// target/ for these configurations, which is emptied when all is done]
    #[arg(long, value_name = "DIR")]
    resume: Option<PathBuf>,
    /// Print the dimensions of the space and how many points it has, and run nothing
    #[arg(long, conflicts_with_all = ["point", "json", "page", "resume"])]
    list: bool,
    /// Run one point by its name, and print its script
    #[arg(long, value_name = "NAME", conflicts_with_all = ["json", "page", "resume"])]
    point: Option<Point>,
    /// Run nothing, and put certificates together that were written with --json: those of all
    /// shards, and those of other configurations
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["list", "point", "resume"])]
    merge: Vec<PathBuf>,
    #[command(flatten)]
    engines: EngineOptions,
    #[command(flatten)]
    corpus: CorpusOptions,
}

impl Sweep {
    /// Sweeps, lists or runs one point.
    pub(crate) fn run(self) -> anyhow::Result<End> {
        if self.list {
            show::dimensions(&Plan::whole());
            return Ok(End::NothingNew);
        }
        if !self.merge.is_empty() {
            return self.merged();
        }
        let configurations = self.engines.select()?;
        let corpus =
            Corpus::open(&self.corpus.folder(&configurations)?).map_err(|why| anyhow!("{why}"))?;
        let register = &corpus.register;
        match &self.point {
            Some(point) => self.one(point, &configurations, register),
            None => self.all(&configurations, register),
        }
    }

    /// How many bytes of a memory engines may make resident.
    fn resident_bytes(&self) -> anyhow::Result<u64> {
        if self.engines.large == Large::Seldom {
            bail!(
                "--large seldom is for campaigns: a sweep runs its large memories or it does not"
            );
        }
        Ok(self.engines.budget()?.resident_bytes)
    }

    /// Runs what is left of the sweep.
    fn all(&self, configurations: &[Configuration], register: &Register) -> anyhow::Result<End> {
        for file in self.json.iter().chain(&self.page) {
            check_writable(file)?;
        }
        let plan = Plan::whole();
        let mut options = Options {
            targets: configurations.iter().map(Target::of).collect(),
            shard: self.shard,
            jobs: usize::from(self.jobs),
            resident_bytes: self.resident_bytes()?,
            folder: None,
        };
        let folder = self.folder(&plan, &options)?;
        options.folder = Some(folder.clone());
        let mut state = State::resume(&folder, &plan, &options).map_err(|why| anyhow!("{why}"))?;
        let runners = self.engines.runners()?;
        let interrupted = on_interrupt()?;
        let progress = Arc::new(Progress::default());
        eprintln!(
            "{} points, {} configurations; what is done is in {}",
            plan.points,
            options.targets.len(),
            folder.display()
        );
        let live = Live::start(show::Running(progress.clone()), interrupted);
        let complete = sweep::run(&plan, &options, register, &mut state, &runners, &progress)
            .map_err(|why| anyhow!("{why}"))?;
        drop(live);
        let all = progress.all.load(std::sync::atomic::Ordering::Relaxed);
        let certificate = Certificate::of(&state, plan.points as u64, all, complete, minute(now()));
        let examples = sweep::examples(&certificate, &folder.join("failing"))
            .map_err(|why| anyhow!("{why}"))?;
        show::certificate(&certificate, &examples);
        self.write(&certificate)?;
        if !complete {
            let done = progress.points.load(std::sync::atomic::Ordering::Relaxed);
            println!("interrupted: {done} of {all} points are done; the same command goes on");
        } else if self.resume.is_none() {
            remove(&State::file(&folder))?;
        }
        Ok(match certificate.has_new() {
            true => End::New,
            false => End::NothingNew,
        })
    }

    /// Puts certificates together.
    fn merged(&self) -> anyhow::Result<End> {
        let mut certificates = Vec::new();
        for file in &self.merge {
            let name = file.display().to_string();
            let text = std::fs::read_to_string(file).with_context(|| name.clone())?;
            let certificate: Certificate = serde_json::from_str(&text)
                .with_context(|| format!("{name}: this is no certificate"))?;
            certificates.push((name, certificate));
        }
        let certificate = sweep::merge(certificates).map_err(|why| anyhow!("{why}"))?;
        show::certificate(&certificate, &[]);
        self.write(&certificate)?;
        Ok(match certificate.has_new() {
            true => End::New,
            false => End::NothingNew,
        })
    }

    /// Writes a certificate to the files that were asked for.
    fn write(&self, certificate: &Certificate) -> anyhow::Result<()> {
        if let Some(file) = &self.json {
            write_json(file, certificate)?;
        }
        if let Some(file) = &self.page {
            let text = page::page(certificate)?;
            write_atomically(file, text.as_bytes()).map_err(|why| anyhow!("{why}"))?;
        }
        Ok(())
    }

    /// Where what was done is kept.
    fn folder(&self, plan: &Plan, options: &Options) -> anyhow::Result<PathBuf> {
        let Some(folder) = &self.resume else {
            // One for each sweep that is another.
            let digest = State::new(plan, options).identity.digest();
            return scratch(&format!("sweep/{digest:016x}"));
        };
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{}: cannot be made", folder.display()))?;
        Ok(folder.clone())
    }

    /// Runs one point on every configuration.
    fn one(
        &self,
        point: &Point,
        configurations: &[Configuration],
        register: &Register,
    ) -> anyhow::Result<End> {
        let built = sweep::build::build(&[*point], false).context("there is no such point")?;
        let names: Vec<&str> = configurations.iter().map(Configuration::name).collect();
        let mut runner = self.engines.runners()?();
        let budget = Budget {
            resident_bytes: self.resident_bytes()?,
            ..BUDGET
        };
        let trial = try_script(&built.script, budget, &mut *runner, &names)
            .map_err(|why| anyhow!("{why}"))?;
        let allowed = trial.reference.allowed_outcomes();
        print!(
            "{}",
            print::to_wast_allowing(&built.script, &allowed, &point.to_string())
        );
        let attributor = Attributor::new(register).map_err(|why| anyhow!("{why}"))?;
        let mut end = End::NothingNew;
        for judged in &trial.judged {
            let said = match &judged.verdict {
                Verdict::Conforms => "conforms".to_owned(),
                Verdict::Limit(why) => format!("limit: {why}"),
                Verdict::Unsupported(why) => format!("not run: unsupported: {why}"),
                Verdict::Skipped(why) => format!("not run: {why}"),
                Verdict::Diverges(difference) => {
                    let found = attributor
                        .attribute(
                            &built.script,
                            &trial.reference,
                            judged,
                            budget,
                            &mut *runner,
                        )
                        .map_err(|why| anyhow!("{why}"))?;
                    let known = found.unexplained.is_none() && !found.bugs.is_empty();
                    if !known {
                        end = End::New;
                    }
                    let known = match known {
                        true => found.bugs.join(", "),
                        false => "new".to_owned(),
                    };
                    format!(
                        "fails ({known}): {}: expected {}, got {}",
                        difference.class, difference.expected, difference.got
                    )
                }
            };
            println!(";; {}: {said}", judged.configuration);
        }
        Ok(end)
    }
}

/// Removes what is not needed any more.
fn remove(file: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(file) {
        Err(why) if why.kind() != std::io::ErrorKind::NotFound => {
            Err(why).with_context(|| format!("{}: cannot be removed", file.display()))
        }
        _ => Ok(()),
    }
}
