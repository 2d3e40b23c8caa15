//! `cargo xtask report`: the bug report on one file.

mod check;

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use trapline_harness::corpus::Corpus;
use trapline_harness::engine::Configuration;
use trapline_harness::report::{About, Report as Text, report};
use trapline_harness::trial::try_script;
use trapline_harness::worker::Runner;

use crate::End;
use crate::nightly::clock;
use crate::options::{CorpusOptions, EngineOptions, InputOptions};

/// Prints the bug report on a file that diverges: Markdown, ready to paste.
///
/// With --out it is written to a folder, with the test case and a stand-alone
/// program; with --check that program is built and run. If it shows the
/// divergence and the file is one of the corpus, the register of bugs says so from then on.
#[derive(Args)]
pub(crate) struct Report {
    /// The file: a .wast of the corpus, or any other that diverges
    #[arg(value_name = "FILE", required_unless_present = "all")]
    file: Option<PathBuf>,
    /// The engine to report on, or one of its configurations [default: of the
    /// most severe divergence]
    #[arg(long, value_name = "ENGINE")]
    engine: Option<String>,
    /// Write report.md, the test case and the program to a new folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Build and run the stand-alone program, and say whether it shows the divergence
    #[arg(long)]
    check: bool,
    /// With --check: the reports on all divergences of the corpus, of which
    /// nothing is printed but whether they hold
    #[arg(long, requires = "check", conflicts_with_all = ["file", "engine", "out"])]
    all: bool,
    #[command(flatten)]
    input: InputOptions,
    #[command(flatten)]
    engines: EngineOptions,
    #[command(flatten)]
    corpus: CorpusOptions,
}

impl Report {
    /// Writes the report, or checks all of them.
    pub(crate) fn run(self) -> anyhow::Result<End> {
        if let Some(out) = self.out.as_deref().filter(|out| out.exists()) {
            bail!("{}: exists already, and is not written over", out.display());
        }
        let configurations = self.engines.select()?;
        let mut runner = self.engines.runners()?();
        let folder = self.corpus.folder(&configurations)?;
        let Some(file) = &self.file else {
            let corpus = Corpus::open(&folder).map_err(|why| anyhow!(why))?;
            return self.check_all(corpus, &configurations, &mut *runner);
        };
        let text = self.text(file, &configurations, &mut *runner)?;
        match &self.out {
            Some(out) => write(file, out, &text)?,
            None => print!("{}", text.markdown),
        }
        if !self.check {
            return Ok(End::NothingNew);
        }
        let checked = check::check(&text, &configurations)?;
        eprint!("{}", checked.output);
        if !checked.shows {
            println!("the stand-alone program does not show the divergence");
            return Ok(End::Failed);
        }
        println!("the stand-alone program shows the divergence");
        // Any file can be reported on, and not only where there is a corpus.
        if let Ok(mut corpus) = Corpus::open(&folder) {
            note(&mut corpus, file, &text, &configurations)?;
        }
        Ok(End::NothingNew)
    }

    fn text(
        &self,
        file: &Path,
        configurations: &[Configuration],
        runner: &mut dyn Runner,
    ) -> anyhow::Result<Text> {
        let names: Vec<&str> = configurations.iter().map(|c| c.name()).collect();
        let budget = self.engines.budget()?;
        let folder = self.corpus.folder(configurations)?;
        let corpus = folder.is_dir().then(|| Corpus::open(&folder));
        let corpus = corpus.transpose().map_err(|why| anyhow!(why))?;
        let bug = corpus.as_ref().and_then(|corpus| {
            let id = bug_of(corpus, file)?;
            corpus.register.get(&id)
        });
        let source = self.input.read(file)?;
        for line in &source.added {
            eprintln!("{}: {line}", file.display());
        }
        let trial =
            try_script(&source.script, budget, runner, &names).map_err(|why| anyhow!(why))?;
        report(
            &file.file_name().unwrap_or_default().to_string_lossy(),
            &source.script,
            &trial,
            configurations,
            About {
                engine: self.engine.as_deref(),
                bug,
            },
            budget,
            runner,
        )
        .map_err(|why| anyhow!(why))
    }

    /// Checks the report on every file that a divergence has.
    fn check_all(
        &self,
        mut corpus: Corpus,
        configurations: &[Configuration],
        runner: &mut dyn Runner,
    ) -> anyhow::Result<End> {
        let mut end = End::NothingNew;
        for file in corpus.files().map_err(|why| anyhow!(why))? {
            if bug_of(&corpus, &file).is_none() {
                println!("{}: a seed: nothing to report", file.display());
                continue;
            }
            let checked = self
                .text(&file, configurations, runner)
                .and_then(|text| Ok((check::check(&text, configurations)?, text)));
            let said = match checked {
                Ok((checked, text)) if checked.shows => {
                    note(&mut corpus, &file, &text, configurations)?.unwrap_or_default()
                }
                Ok((checked, _)) => {
                    eprint!("{}", checked.output);
                    end = End::Failed;
                    "the stand-alone program does not show the divergence".to_owned()
                }
                Err(why) => {
                    end = End::Failed;
                    why.to_string()
                }
            };
            println!("{}: {said}", file.display());
        }
        Ok(end)
    }
}

/// The id of the bug that a file is the witness of, if it is one of the corpus.
fn bug_of(corpus: &Corpus, file: &Path) -> Option<String> {
    let name = file.file_name()?.to_str()?;
    let bug = corpus.register.of_witness(name)?;
    let same = file.canonicalize().ok()? == corpus.witness(bug)?.canonicalize().ok()?;
    same.then(|| bug.id.clone())
}

/// Notes that the program in the report on a file shows the divergence, if the
/// file is one of the corpus: in the words given.
fn note(
    corpus: &mut Corpus,
    file: &Path,
    text: &Text,
    configurations: &[Configuration],
) -> anyhow::Result<Option<String>> {
    let Some(id) = bug_of(corpus, file) else {
        return Ok(None);
    };
    let version = configurations
        .iter()
        .find(|c| c.name() == text.configuration)
        .map_or("", |c| c.version());
    let checked = format!(
        "{} {version}, {}-{}, {}",
        text.configuration,
        std::env::consts::ARCH,
        std::env::consts::OS,
        clock::day(clock::now())
    );
    corpus
        .change(|register| {
            if let Some(bug) = register.get_mut(&id) {
                bug.checked = Some(checked.clone());
            }
        })
        .map_err(|why| anyhow!(why))?;
    Ok(Some(checked))
}

fn write(file: &Path, out: &Path, text: &Text) -> anyhow::Result<()> {
    let written = |path: &Path| format!("{}: cannot be written", path.display());
    std::fs::create_dir_all(out).with_context(|| written(out))?;
    let report = out.join("report.md");
    std::fs::write(&report, &text.markdown).with_context(|| written(&report))?;
    let copy = out.join(file.file_name().unwrap_or_default());
    std::fs::copy(file, &copy).with_context(|| written(&copy))?;
    if let Ok(program) = &text.standalone {
        check::write_program(&out.join("reproduction"), program)?;
    }
    println!("{}", report.display());
    Ok(())
}
