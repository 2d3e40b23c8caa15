//! `cargo xtask reduce`: minimize one file.

use std::cell::{Cell, RefCell};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use trapline_harness::campaign::Sighting;
use trapline_harness::corpus::{Corpus, write_atomically};
use trapline_harness::engine::{Budget, Configuration};
use trapline_harness::judge::{Difference, Verdict};
use trapline_harness::reduce::{Options, Progress, alone, reduce};
use trapline_harness::script::{Script, print};
use trapline_harness::triage::{Filed, Filer};
use trapline_harness::trial::{Trial, try_script};
use trapline_harness::worker::Runner;

use crate::End;
use crate::campaign::everywhere;
use crate::interrupt::on_interrupt;
use crate::options::{CorpusOptions, EngineOptions, InputOptions};

/// Minimizes a file that diverges: any .wast, .wat or .wasm. The result is
/// printed, or written with --output; the file stays as it is.
///
/// Of several divergences it follows the most severe, on the first
/// configuration that shows it (choose with --engines). Ctrl-C keeps the best
/// so far.
#[derive(Args)]
pub(crate) struct Reduce {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Write the result to OUT
    #[arg(long, short, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Put what it shows into the corpus, unless it is known, as a campaign does
    /// with what it finds
    #[arg(long = "file", conflicts_with_all = ["output", "max_checks"])]
    into_corpus: bool,
    /// How many candidates to try at most
    #[arg(long, value_name = "N", default_value_t = 3000)]
    max_checks: usize,
    #[command(flatten)]
    input: InputOptions,
    #[command(flatten)]
    engines: EngineOptions,
    #[command(flatten)]
    corpus: CorpusOptions,
}

/// How often a file must diverge to be reduced.
const CONFIRMATIONS: u32 = 5;

impl Reduce {
    /// Reduces the file.
    pub(crate) fn run(self) -> anyhow::Result<End> {
        let configurations = self.engines.select()?;
        let names: Vec<&str> = configurations.iter().map(|c| c.name()).collect();
        let budget = self.engines.budget()?;
        let mut runner = self.engines.runners()?();
        let source = self.input.read(&self.file)?;
        for line in &source.added {
            eprintln!("{}: {line}", self.file.display());
        }
        let trial = tried(&source.script, budget, &mut *runner, &names)?;
        let file = self.file.display();
        let Some((name, found)) = most_severe(&trial) else {
            bail!("{file}: nobody diverges, nothing to reduce");
        };
        confirm(
            &self.file,
            &source.script,
            budget,
            &mut *runner,
            name,
            found,
        )?;
        eprintln!(
            "{} on {name}: expected {}, got {}",
            found.class, found.expected, found.got
        );
        let interrupted = on_interrupt()?;
        if self.into_corpus {
            let judged = trial.judged.iter().find(|j| j.configuration == name);
            let sighting =
                judged.and_then(|j| Sighting::of(0, &source.script, &trial.reference, j));
            let sighting = sighting.context("what diverges is a sighting")?;
            return self.file_in_corpus(&sighting, configurations, runner, &interrupted);
        }
        let failure = RefCell::new(None);
        // What an engine does may depend on what earlier scripts have left in its memory:
        // then a candidate has to show it in a new process, twice.
        let anew = Cell::new(false);
        let mut shows = |script: &Script| {
            if anew.get() {
                runner.renew();
            }
            let times = if anew.get() { 2 } else { 1 };
            (0..times).all(|_| match tried(script, budget, &mut *runner, &[name]) {
                Ok(trial) => most_severe(&trial).is_some_and(|(_, d)| d.class == found.class),
                Err(why) => {
                    failure.replace(Some(why));
                    false
                }
            })
        };
        let live = std::io::stderr().is_terminal();
        let trace = trial.reference.trace.iter().take(found.step + 1);
        let starts = alone(&source.script, trace.flatten());
        let options = Options {
            max_checks: self.max_checks,
            cancelled: &|| interrupted.load(Ordering::Relaxed) || failure.borrow().is_some(),
            progress: &|progress| show(live, progress),
            starts: &starts,
        };
        let mut reduced = reduce(&source.script, &mut shows, &options);
        anew.set(true);
        if failure.borrow().is_none() && !shows(&reduced.script) {
            reduced = reduce(&source.script, &mut shows, &options);
        }
        if let Some(why) = failure.into_inner() {
            return Err(why);
        }
        let trial = tried(&reduced.script, budget, &mut *runner, &names)?;
        let end = if reduced.complete { "" } else { ", cut short" };
        eprintln!(
            "{} candidates tried, {} taken{end}",
            reduced.tried, reduced.accepted
        );
        self.put(&reduced.script, &trial)
    }

    /// Prints or writes what the file was reduced to.
    fn put(&self, script: &Script, trial: &Trial) -> anyhow::Result<End> {
        let header = header(&self.file, trial);
        let text = print::to_wast_allowing(script, &trial.reference.allowed_outcomes(), &header);
        match &self.output {
            Some(output) => {
                write_atomically(output, text.as_bytes()).map_err(|why| anyhow!(why))?
            }
            None => print!("{text}"),
        }
        Ok(End::NothingNew)
    }

    fn file_in_corpus(
        &self,
        sighting: &Sighting,
        configurations: Vec<Configuration>,
        runner: Box<dyn Runner>,
        interrupted: &AtomicBool,
    ) -> anyhow::Result<End> {
        let folder = self.corpus.folder(&configurations)?;
        let mut corpus = Corpus::open(&folder).map_err(|why| anyhow!(why))?;
        corpus.check_writable().map_err(|why| anyhow!(why))?;
        let name = self.file.file_name().unwrap_or_default().to_string_lossy();
        let asked: Vec<String> = configurations.iter().map(|c| c.name().to_owned()).collect();
        let everywhere = everywhere(&asked);
        let mut filer =
            Filer::new(&mut corpus, runner, everywhere, &name).map_err(|why| anyhow!(why))?;
        let mut end = End::NothingNew;
        for filed in filer
            .file(sighting, interrupted)
            .map_err(|why| anyhow!(why))?
        {
            match filed {
                Filed::New { bug, file } => {
                    println!("new: {}: {}", bug.title, file.display());
                    end = End::New;
                }
                Filed::Known { bug, .. } => {
                    println!("known: {} ({}): {}", bug.id, bug.status, bug.title);
                }
                Filed::Nondeterministic(answers) => bail!("{}: {answers}", self.file.display()),
            }
        }
        Ok(end)
    }
}

fn tried(
    script: &Script,
    budget: Budget,
    runner: &mut dyn Runner,
    names: &[&str],
) -> anyhow::Result<Trial> {
    try_script(script, budget, runner, names).map_err(|why| anyhow!(why))
}

fn most_severe(trial: &Trial) -> Option<(&str, &Difference)> {
    let diverging = trial
        .judged
        .iter()
        .filter_map(|judged| match &judged.verdict {
            Verdict::Diverges(difference) => Some((judged.configuration.as_str(), difference)),
            _ => None,
        });
    diverging.min_by_key(|(_, difference)| difference.class)
}

/// A divergence that does not show every time cannot be reduced: candidates
/// would be taken and turned away by chance.
fn confirm(
    file: &Path,
    script: &Script,
    budget: Budget,
    runner: &mut dyn Runner,
    name: &str,
    found: &Difference,
) -> anyhow::Result<()> {
    let mut shown = 0;
    for _ in 0..CONFIRMATIONS {
        let trial = tried(script, budget, runner, &[name])?;
        shown += u32::from(most_severe(&trial).is_some_and(|(_, d)| d.class == found.class));
    }
    if shown < CONFIRMATIONS {
        bail!(
            "{}: flaky: {} on {name} showed in {shown} of {CONFIRMATIONS} more runs, so it is \
             left as it is",
            file.display(),
            found.class
        );
    }
    Ok(())
}

/// One line on a terminal, over and over; nothing elsewhere.
fn show(live: bool, progress: Progress) {
    if live {
        let Progress {
            tried,
            accepted,
            steps,
            bytes,
        } = progress;
        let line = format!("{tried} tried, {accepted} taken: {steps} steps, {bytes} bytes");
        eprint!("\r{line:<70}\r");
        // A progress line that cannot be shown is no reason to stop.
        let _ = std::io::stderr().flush();
    }
}

fn header(file: &Path, trial: &Trial) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let mut text = format!("Reduced from {name}.\n");
    for judged in &trial.judged {
        if let Some(d) = judged.divergence() {
            let (expected, got) = (
                d.expected.trim_end(),
                d.got.lines().next().unwrap_or_default(),
            );
            text.push_str(&format!(
                "{}: {}: expected {expected}, got {got}\n",
                judged.configuration, d.class
            ));
        }
    }
    text
}
