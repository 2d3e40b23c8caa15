//! A campaign as verbs run it: what is asked for, and how its sightings are filed.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use trapline_harness::campaign::{self, Filing, Found, Outcomes, Progress, Shard};
use trapline_harness::corpus::Corpus;
use trapline_harness::engine::{self, Budget, Configuration, Feature, Features, Name};
use trapline_harness::generate::{self, Focus};
use trapline_harness::triage::Filer;
use trapline_harness::worker::Runner;

use crate::options::{EngineOptions, catalogue, focus_help, linked_in, parse_time, scratch};
use crate::progress::{Live, Long};

/// What a campaign is asked to do.
#[derive(Args, Clone)]
pub(crate) struct CampaignOptions {
    /// How long to run cases: 90s, 15m, 8h
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) time: Option<Duration>,
    /// How many cases to run
    #[arg(long, value_name = "N")]
    pub(crate) cases: Option<u64>,
    /// The seed; the same seed and number give the same cases for engines that
    /// have the same features
    #[arg(long, value_name = "S")]
    pub(crate) seed: Option<u64>,
    #[arg(long, value_name = "LIST", value_delimiter = ',', help = focus_help())]
    pub(crate) focus: Vec<Focus>,
    /// How many cases at a time, each with a worker process of its own
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: u16,
    /// On how many of the configurations each case is run, drawn anew for each
    /// case; 0 for all of them
    #[arg(long, value_name = "K", default_value_t = 6)]
    pub(crate) swarm: usize,
}

impl CampaignOptions {
    /// The campaign: these cases of `seed`, for `usual` long if neither a time
    /// nor a number is given. Its cases need what the configurations declare.
    ///
    /// # Errors
    /// If none of them has what is to be dwelt on.
    pub(crate) fn options(
        &self,
        seed: u64,
        shard: Shard,
        usual: Duration,
        engines: &EngineOptions,
        configurations: &[Configuration],
    ) -> anyhow::Result<campaign::Options> {
        let budget = engines.budget()?;
        Ok(campaign::Options {
            seed,
            cases: self.cases,
            shard,
            time: self.time.or(self.cases.is_none().then_some(usual)),
            jobs: usize::from(self.jobs),
            generate: generating(&self.focus, budget, engine::declared(configurations))?,
            threads_every: None,
            budget,
            larger: engines.larger_budget(),
            configurations: configurations.iter().map(|c| c.name().to_owned()).collect(),
            unreduced: PathBuf::new(),
            swarm: (self.swarm > 0).then_some(self.swarm),
        })
    }
}

/// How the cases of a campaign are made on configurations that have these features,
/// together.
///
/// # Errors
/// If they lack what is to be dwelt on.
pub(crate) fn generating(
    focus: &[Focus],
    budget: Budget,
    features: Features,
) -> anyhow::Result<generate::Options> {
    for focus in focus {
        if let Some(feature) = focus.needs()
            && !features.has(feature)
        {
            let name = feature.name();
            bail!("--focus {focus}: no configuration that is asked for has {name}");
        }
    }
    Ok(generate::Options {
        focus: focus.to_vec(),
        budget,
        features,
    })
}

/// A new folder for the unreduced scripts of a campaign, below `target/`: one
/// of its own, so that two campaigns with one seed keep out of each other's way.
pub(crate) fn unreduced(options: &campaign::Options) -> anyhow::Result<PathBuf> {
    let mut name = options.seed.to_string();
    if options.shard != Shard::WHOLE {
        name.push_str(&format!("-{}", options.shard).replace('/', "-of-"));
    }
    let scratch = scratch("unreduced")?;
    std::fs::create_dir_all(&scratch)
        .with_context(|| format!("{}: cannot be made", scratch.display()))?;
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    for name in std::iter::once(name.clone()).chain(numbered) {
        let folder = scratch.join(name);
        match std::fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(why) if why.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(why) => bail!("{}: cannot be made: {why}", folder.display()),
        }
    }
    bail!("{}: has no room for another folder", scratch.display())
}

/// Runs a campaign and files what it meets, with its progress shown. Nothing
/// new is reduced unless `reduce`.
pub(crate) fn run(
    options: &campaign::Options,
    corpus: &mut Corpus,
    runners: &(dyn Fn() -> Box<dyn Runner> + Sync),
    reduce: bool,
    interrupted: &Arc<AtomicBool>,
) -> anyhow::Result<(Outcomes, Vec<Found>)> {
    eprintln!(
        "seed {}, {} configurations: {}",
        options.seed,
        options.configurations.len(),
        options.configurations.join(" ")
    );
    if let Some(told) = &corpus.register.converted {
        eprintln!("{told}");
    }
    let mut filer = filer(options, corpus, runners())?;
    let progress = Arc::new(Progress::default());
    let running = Running {
        progress: progress.clone(),
        cases: options.cases.map(|cases| cases / options.shard.count()),
        time: options.time,
    };
    let _live = Live::start(running, interrupted.clone());
    let mut filing = Filing {
        filer: &mut filer,
        patience: patience(options),
        cancel: interrupted,
        reduce,
        tell: &mut |words| eprintln!("{words}"),
    };
    campaign::run(options, &mut filing, &runners, &progress).map_err(|why| anyhow!("{why}"))
}

/// A campaign that runs.
pub(crate) struct Running {
    /// How far it is.
    pub(crate) progress: Arc<Progress>,
    /// How many cases it has, if that is given.
    pub(crate) cases: Option<u64>,
    /// How long it runs, if that is given.
    pub(crate) time: Option<Duration>,
}

impl Long for Running {
    fn done(&self, elapsed: Duration) -> (u64, Option<u64>) {
        match self.cases {
            Some(cases) => (self.progress.cases.load(Ordering::Relaxed), Some(cases)),
            None => (elapsed.as_secs(), self.time.map(|time| time.as_secs())),
        }
    }

    fn words(&self, elapsed: Duration) -> String {
        let progress = &self.progress;
        let calls = progress.calls.load(Ordering::Relaxed) as f64;
        format!(
            "{} cases, {:.0} judged calls/s; verdicts: {} conform, {} diverge, {} other",
            progress.cases.load(Ordering::Relaxed),
            calls / elapsed.as_secs_f64().max(0.001),
            progress.conforming.load(Ordering::Relaxed),
            progress.diverging.load(Ordering::Relaxed),
            progress.other.load(Ordering::Relaxed),
        )
    }

    fn cancel(&self) {
        self.progress.cancel.store(true, Ordering::Relaxed);
    }
}

/// How long sightings may be reduced after the cases of a campaign.
pub(crate) fn patience(options: &campaign::Options) -> Duration {
    match options.time {
        None => Duration::MAX,
        Some(time) => (time / 2).clamp(Duration::from_secs(30), Duration::from_secs(600)),
    }
}

/// Which of the cases are another focus's: whoever makes one of them again has to ask for it.
fn threads_words(every: Option<u64>) -> String {
    let Some(every) = every else {
        return String::new();
    };
    let first = every.saturating_sub(1);
    format!(" (case {first} and every {every}th after it with --focus threads)")
}

/// What files what a campaign sees, or what its parts saw.
pub(crate) fn filer<'c>(
    options: &campaign::Options,
    corpus: &'c mut Corpus,
    runner: Box<dyn Runner>,
) -> anyhow::Result<Filer<'c>> {
    let asked = focus_words(options)
        + &threads_words(options.threads_every)
        + &feature_words(engine::declared(&linked_in()), options.generate.features);
    let origin = format!("seed {}{asked}", options.seed);
    let configurations = everywhere(&options.configurations);
    Filer::new(corpus, runner, configurations, &origin).map_err(|why| anyhow!("{why}"))
}

/// A divergence is tried on every configuration there is; on planted faults only
/// where they were asked for, and on nothing else if nothing else was.
pub(crate) fn everywhere(asked: &[String]) -> Vec<Configuration> {
    let mut releases: Vec<String> = asked
        .iter()
        .filter_map(|name| Name::parse(name))
        .filter(|name| name.version.is_some())
        .map(Name::release)
        .collect();
    releases.dedup();
    let asked = |c: &Configuration| asked.iter().any(|name| name == c.name());
    let mut all = linked_in();
    for release in releases {
        // It was started when it was selected.
        all.extend(catalogue().configurations(&release).unwrap_or_default());
    }
    let engines = all
        .iter()
        .any(|c| asked(c) && !engine::is_planted(c.engine()));
    all.retain(|c| asked(c) || engines && !engine::is_planted(c.engine()));
    all
}

/// The focus as it is given on the command line, for a header.
fn focus_words(options: &campaign::Options) -> String {
    let focus = &options.generate.focus;
    if focus.is_empty() {
        return String::new();
    }
    let names: Vec<_> = focus.iter().map(Focus::to_string).collect();
    format!(" with --focus {}", names.join(","))
}

/// What the engines lack of `all` that any has, for a header: the same seed and
/// number give another case where they have it.
fn feature_words(all: Features, theirs: Features) -> String {
    let lacking: Vec<_> = all
        .iter()
        .filter(|&feature| !theirs.has(feature))
        .map(Feature::name)
        .collect();
    if lacking.is_empty() {
        return String::new();
    }
    format!(" for engines without {}", lacking.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_of_another_focus_say_so() {
        let words = " (case 15 and every 16th after it with --focus threads)";
        assert_eq!(threads_words(Some(16)), words);
        assert_eq!(threads_words(None), "");
    }

    #[test]
    fn a_header_names_the_features_that_a_case_was_made_without() {
        let all = Features::of(&[Feature::Memory64, Feature::Simd, Feature::TailCall]);
        let some = Features::of(&[Feature::Memory64]);
        assert_eq!(
            feature_words(all, some),
            " for engines without simd tail-call"
        );
        assert_eq!(feature_words(all, all), "");
    }
}
