//! `cargo xtask bisect`: since when, and fixed where.

use std::path::PathBuf;

use anyhow::{anyhow, bail};
use clap::Args;
use semver::Version;
use serde::Serialize;
use trapline_harness::corpus::{Bug, Corpus};
use trapline_harness::engine::Name;
use trapline_harness::judge::{Class, Verdict};
use trapline_harness::script::wast::{self, Source};
use trapline_harness::trial::try_script;
use trapline_harness::worker::Runner;
use trapline_harness::workers::bisect::{Change, History, Tried, lines, of_line};
use trapline_harness::workers::{self, Published, published};

use crate::End;
use crate::options::{CorpusOptions, EngineOptions, catalogue};
use crate::progress::Line;
use crate::table::table;

/// Finds between which releases of an engine a divergence came and went: by
/// halves over the published versions, each built when it is needed.
///
/// Looks at the first release of each line (`36`; of wasmer and wasmi `7.2`), then
/// at the releases of the line in which something changed. What is built already
/// is tried as well, and where nothing diverges the release in which the register
/// says that it was seen. A divergence that came and went between two releases that
/// are alike, and that nothing is known of, is not seen.
#[derive(Args)]
pub(crate) struct Bisect {
    /// A .wast, .wat or .wasm that diverges
    file: PathBuf,
    /// Only these versions, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    versions: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// The configuration that diverges is that of `--engines` [default: the one
    /// that the register names, or the first that diverges]
    #[command(flatten)]
    engines: EngineOptions,
    #[command(flatten)]
    corpus: CorpusOptions,
}

/// A release that was tried, for machines.
#[derive(Serialize)]
struct Row {
    version: String,
    day: Option<String>,
    diverges: Option<bool>,
    words: String,
}

/// What is looked for.
struct Sought {
    engine: String,
    variant: String,
    /// The class; any, where nobody diverges now.
    class: Option<Class>,
}

impl Bisect {
    /// Tries releases until every change is found.
    pub(crate) fn run(self) -> anyhow::Result<End> {
        let source = wast::read(&self.file).map_err(|why| anyhow!("{why}"))?;
        let mut runner = self.engines.runners()?();
        let sought = self.sought(&source, &mut *runner)?;
        let all = published(&sought.engine, true).map_err(|why| anyhow!(why))?;
        let mut line = Line::new();
        line.show(&format!("{}/{}", sought.engine, sought.variant));
        let mut history = self.history(&sought, &all)?;
        self.complete(&source, &sought, &mut history, &mut *runner, &mut line)?;
        if self.versions.is_empty() {
            // What came and went: from a release that had it the rest is found.
            if !history.any_diverges()
                && let Some(seen) = self.seen(&sought)?
            {
                history.prefer(&seen);
                self.complete(&source, &sought, &mut history, &mut *runner, &mut line)?;
            }
            // A change may have come to the releases of the line before it, too.
            for newest in [true, false] {
                for change in history.changes() {
                    let between = all.iter().filter(|p| {
                        let is_last = is_newest_of_line(p, &sought.engine, &all);
                        p.version > change.from
                            && p.version < change.to
                            && !p.yanked
                            && is_near(&sought.engine, &p.version, &change)
                            && (is_last || !newest)
                    });
                    between.for_each(|p| history.add(&p.version));
                }
                self.complete(&source, &sought, &mut history, &mut *runner, &mut line)?;
            }
        }
        drop(line);
        self.note(&sought, &history)?;
        self.show(&sought, &history, &all)
    }

    /// The configuration and the class to look for.
    fn sought(&self, source: &Source, runner: &mut dyn Runner) -> anyhow::Result<Sought> {
        let linked = self.engines.select()?;
        let names: Vec<&str> = linked.iter().map(|c| c.name()).collect();
        let trial = try_script(&source.script, self.engines.budget()?, runner, &names)
            .map_err(|why| anyhow!(why))?;
        let diverging = trial
            .judged
            .iter()
            .find_map(|judged| match &judged.verdict {
                Verdict::Diverges(difference) => {
                    Some((judged.configuration.clone(), difference.class))
                }
                _ => None,
            });
        let named = self.bug()?.and_then(|(_, bug)| {
            let mut configurations = linked.iter();
            configurations.find(|c| bug.may_show_on(c.name()))
        });
        let named = named.map(|c| c.name().to_owned());
        let (name, class) = match (diverging, named) {
            (Some((name, class)), _) => (name, Some(class)),
            (None, Some(name)) => (name, None),
            (None, None) if names.len() == 1 => (names[0].to_owned(), None),
            (None, None) => bail!(
                "{}: nobody diverges now; name the configuration that did with --engines",
                self.file.display()
            ),
        };
        let parts = Name::parse(&name).ok_or_else(|| anyhow!("{name} is no configuration"))?;
        if !workers::ENGINES.contains(&parts.engine) {
            bail!("{name}: its engine has no other versions");
        }
        Ok(Sought {
            engine: parts.engine.to_owned(),
            variant: parts.variant().to_owned(),
            class,
        })
    }

    /// The bug whose witness the file is, with the corpus it is in.
    fn bug(&self) -> anyhow::Result<Option<(Corpus, Bug)>> {
        let folder = self.corpus.folder(&[])?;
        if !folder.is_dir() {
            return Ok(None);
        }
        let corpus = Corpus::open(&folder).map_err(|why| anyhow!(why))?;
        let name = self.file.file_name().unwrap_or_default().to_string_lossy();
        let bug = corpus.register.of_witness(&name).cloned();
        Ok(bug.map(|bug| (corpus, bug)))
    }

    /// The newest release in which the register says that the bug was seen.
    fn seen(&self, sought: &Sought) -> anyhow::Result<Option<Version>> {
        let bug = self.bug()?.filter(|(_, bug)| bug.engine == sought.engine);
        Ok(bug.and_then(|(_, bug)| {
            let seen = bug.seen.iter().filter_map(|v| Version::parse(v).ok());
            seen.max()
        }))
    }

    /// Writes into the register what was found out.
    fn note(&self, sought: &Sought, history: &History) -> anyhow::Result<()> {
        let Some((mut corpus, bug)) = self.bug()? else {
            return Ok(());
        };
        if bug.engine != sought.engine {
            return Ok(());
        }
        let found: Vec<Version> = history
            .tried()
            .filter(|(_, tried)| matches!(tried, Tried::Diverges(_)))
            .map(|(version, _)| version.clone())
            .collect();
        let gone = history
            .changes()
            .into_iter()
            .rfind(|change| !change.diverges);
        let gone = gone.map(|gone| gone.to.to_string()).or(bug.gone.clone());
        // What shows later is not gone.
        let gone = gone.filter(|gone| {
            Version::parse(gone).is_ok_and(|gone| found.iter().all(|version| *version < gone))
        });
        corpus
            .change(|register| {
                let Some(bug) = register.get_mut(&bug.id) else {
                    return;
                };
                let known = bug.seen.iter().filter_map(|v| Version::parse(v).ok());
                let mut seen: Vec<Version> = known.chain(found).collect();
                seen.sort();
                seen.dedup();
                bug.seen = seen.iter().map(Version::to_string).collect();
                bug.gone = gone;
            })
            .map_err(|why| anyhow!(why))
    }

    /// The releases to choose from, with those that need no build.
    fn history(&self, sought: &Sought, all: &[Published]) -> anyhow::Result<History> {
        let mut asked = Vec::new();
        for text in &self.versions {
            let found = all.iter().find(|p| p.version.to_string() == *text);
            let found =
                found.ok_or_else(|| anyhow!("{} {text} was never published", sought.engine))?;
            asked.push(found.version.clone());
        }
        if !asked.is_empty() {
            return Ok(History::new(&sought.engine, asked));
        }
        let oldest = workers::oldest(&sought.engine);
        let known = all
            .iter()
            .filter(|p| is_candidate(p) && p.version >= oldest);
        let firsts = lines(&sought.engine, known.map(|p| &p.version));
        let mut history = History::new(&sought.engine, firsts);
        for worker in catalogue().usage().workers {
            if let Some((engine, version)) = worker.release.split_once('@')
                && engine == sought.engine
                && let Some(p) = all.iter().find(|p| p.version.to_string() == version)
            {
                history.add(&p.version);
                history.prefer(&p.version);
            }
        }
        Ok(history)
    }

    /// Tries releases until nothing is left to try.
    fn complete(
        &self,
        source: &Source,
        sought: &Sought,
        history: &mut History,
        runner: &mut dyn Runner,
        line: &mut Line,
    ) -> anyhow::Result<()> {
        while let Some(version) = history.next().cloned() {
            let tried = self.try_on(source, sought, &version, runner, line)?;
            let words = words(&tried);
            eprintln!("{}@{version}: {words}", sought.engine);
            history.learn(&version, tried);
        }
        Ok(())
    }

    fn try_on(
        &self,
        source: &Source,
        sought: &Sought,
        version: &Version,
        runner: &mut dyn Runner,
        line: &mut Line,
    ) -> anyhow::Result<Tried> {
        let Sought {
            engine,
            variant,
            class,
        } = sought;
        let pattern = format!("{engine}@{version}/{variant}");
        let options = self.engines.worker_options();
        let selected = catalogue().select(&[&pattern], options, &mut |words| line.show(words));
        let name = match &selected {
            Ok(selected) => selected[0].name(),
            Err(why) => return Ok(Tried::Skipped(why.clone())),
        };
        let trial = try_script(&source.script, self.engines.budget()?, runner, &[name])
            .map_err(|why| anyhow!(why))?;
        Ok(match &trial.judged[0].verdict {
            Verdict::Diverges(d) if class.is_none_or(|class| class == d.class) => {
                Tried::Diverges(format!("{}: got {}", d.class, d.got))
            }
            Verdict::Diverges(d) => Tried::Skipped(format!("diverges in another way: {}", d.class)),
            Verdict::Conforms => Tried::Conforms,
            Verdict::Unsupported(feature) => Tried::Skipped(format!("has no {feature}")),
            Verdict::Limit(why) | Verdict::Skipped(why) => Tried::Skipped(why.clone()),
        })
    }

    fn show(&self, sought: &Sought, history: &History, all: &[Published]) -> anyhow::Result<End> {
        let day = |version: &Version| {
            let found = all.iter().find(|p| p.version == *version);
            found.and_then(|p| p.day.clone())
        };
        let rows: Vec<Row> = history
            .tried()
            .map(|(version, tried)| Row {
                version: version.to_string(),
                day: day(version),
                diverges: match tried {
                    Tried::Diverges(_) => Some(true),
                    Tried::Conforms => Some(false),
                    Tried::Skipped(_) => None,
                },
                words: words(tried),
            })
            .collect();
        if self.json {
            println!("{}", serde_json::to_string_pretty(&rows)?);
            return Ok(End::NothingNew);
        }
        let mut shown = table(&["version", "day", "what it does"]);
        for row in rows {
            shown.add_row([row.version, row.day.unwrap_or_default(), row.words]);
        }
        println!("{shown}");
        let Sought {
            engine, variant, ..
        } = sought;
        println!("{engine}/{variant}: {}", history.words());
        Ok(End::NothingNew)
    }
}

fn words(tried: &Tried) -> String {
    match tried {
        Tried::Diverges(how) => format!("diverges: {how}"),
        Tried::Conforms => "conforms".to_owned(),
        Tried::Skipped(why) => format!("skipped: {why}"),
    }
}

/// Whether a release between those of a change may be where it came: of the line that
/// it came in, or that it is missing from; a candidate of a release only where the
/// change is among these.
fn is_near(engine: &str, version: &Version, change: &Change) -> bool {
    let Change { from, to, .. } = change;
    let of_either =
        of_line(engine, version, from) || (!to.pre.is_empty() && of_line(engine, version, to));
    let among_candidates = !from.pre.is_empty() || !to.pre.is_empty();
    of_either && (version.pre.is_empty() || among_candidates)
}

/// Whether a release counts: neither withdrawn nor a candidate.
fn is_candidate(release: &Published) -> bool {
    !release.yanked && release.version.pre.is_empty()
}

/// Whether a release is the newest of its line.
fn is_newest_of_line(release: &Published, engine: &str, all: &[Published]) -> bool {
    let same = |p: &&Published| is_candidate(p) && of_line(engine, &p.version, &release.version);
    let newest = all.iter().filter(same).map(|p| &p.version).max();
    newest == Some(&release.version)
}
