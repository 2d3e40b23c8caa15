//! What an engine's own differential fuzzer finds, beside a campaign of ours.
//!
//! Both sides have the same engine, built from the same checkout, one process or job,
//! the same time, and nothing to begin with: no inputs, and a corpus without bugs.

mod libfuzzer;
mod table;

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde::Serialize;
use trapline_harness::corpus::Corpus;

use crate::End;
use crate::campaign::{self, CampaignOptions};
use crate::interrupt::on_interrupt;
use crate::options::{EngineOptions, parse_time};
use crate::output::write_json;
use crate::verb::fuzz::Tools;

/// Which peers, and for how long.
#[derive(Args)]
#[command(next_help_heading = "With --peers")]
pub(super) struct Peers {
    /// Measure what engines' own fuzzers find in the time that a campaign has: of
    /// wasmtime and wasmi, in checkouts of theirs, separated by commas. Needs a
    /// nightly toolchain and cargo-fuzz
    #[arg(long, value_name = "ENGINE=DIR", value_delimiter = ',', conflicts_with_all = ["mutants", "reduce", "causes", "threads", "focus", "Throughput"])]
    pub(super) peers: Vec<Checkout>,
    /// How long each side runs, building and reducing not counted
    #[arg(long, value_name = "TIME", default_value = "8m", value_parser = parse_time, requires = "peers")]
    time_per_side: Duration,
}

/// An engine with a fuzzer of its own.
struct Peer {
    engine: &'static str,
    /// The target that compares it with another engine.
    target: &'static str,
    /// What to build it with.
    features: &'static [&'static str],
    /// What to run it with.
    environment: &'static [(&'static str, &'static str)],
    about: &'static str,
}

/// The engines whose fuzzers are known here. Wasmer has none.
static PEERS: [Peer; 2] = [
    Peer {
        engine: "wasmtime",
        target: "differential",
        // V8 and the interpreter in OCaml have to be fetched, and nothing is told of them
        // where they are not built in.
        features: &["--no-default-features"],
        environment: &[("ALLOWED_ENGINES", "wasmi,winch,pulley,wasmtime")],
        about: "against wasmi and between its own compilers",
    },
    Peer {
        engine: "wasmi",
        target: "differential",
        features: &["--features", "differential,wasmtime"],
        environment: &[],
        about: "against wasmtime",
    },
];

/// A checkout of an engine: `wasmi=../wasmi`.
#[derive(Clone)]
pub(super) struct Checkout {
    peer: &'static Peer,
    folder: PathBuf,
}

impl FromStr for Checkout {
    type Err = String;

    fn from_str(text: &str) -> Result<Checkout, String> {
        let known: Vec<&str> = PEERS.iter().map(|peer| peer.engine).collect();
        let known = known.join(" or ");
        let (engine, folder) = text
            .split_once('=')
            .ok_or_else(|| format!("ENGINE=DIR is asked for, with {known} as the engine"))?;
        let peer = PEERS.iter().find(|peer| peer.engine == engine);
        Ok(Checkout {
            peer: peer
                .ok_or_else(|| format!("no fuzzer of {engine} is known here, of {known} only"))?,
            folder: PathBuf::from(folder),
        })
    }
}

impl Checkout {
    /// The folder, if there is a checkout with a fuzzer.
    fn found(&self) -> anyhow::Result<PathBuf> {
        let folder = self.folder.display();
        if !self.folder.join("fuzz/Cargo.toml").is_file() {
            bail!("{folder}: no checkout with a fuzzer: no fuzz/Cargo.toml");
        }
        let absolute = self.folder.canonicalize();
        absolute.with_context(|| format!("{folder}: cannot be found"))
    }
}

/// What one side did with an engine.
#[derive(Serialize)]
struct Side {
    engine: String,
    /// Whose: the name of the fuzzer, or `trapline`.
    who: String,
    about: String,
    seconds: f64,
    /// Of all its processes; what was spent on reducing included.
    cpu_seconds: f64,
    /// Inputs executed, or cases.
    executions: u64,
    finds: Vec<Find>,
    /// Sightings that were not reduced in the time: nobody knows how many bugs they are.
    unreduced: usize,
}

/// Something that one side found.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Find {
    /// In its own words.
    what: String,
    /// After how many seconds it was met first; ours by the share of its cases that were
    /// done then.
    seconds: f64,
    times: u64,
}

/// Runs the comparison, and prints it.
pub(super) fn run(
    peers: &Peers,
    engines: &EngineOptions,
    seed: u64,
    json: Option<&Path>,
) -> anyhow::Result<End> {
    // What can fail is looked for, and built, before anything runs.
    let tools = Tools::find()?;
    let found = peers.peers.iter();
    let found = found.map(|checkout| Ok((checkout, checkout.found()?)));
    let mut built = Vec::new();
    for (checkout, folder) in found.collect::<anyhow::Result<Vec<_>>>()? {
        let program = libfuzzer::build(&tools, checkout.peer, &folder)?;
        let named = format!("{}@path:{}", checkout.peer.engine, folder.display());
        let engines = engines.of(&[&named]);
        engines.select()?;
        built.push((checkout.peer, program, engines));
    }
    let interrupted = on_interrupt()?;
    let mut sides = Vec::new();
    for (peer, program, engines) in built {
        sides.push(theirs(peer, &program, peers.time_per_side, &interrupted)?);
        if interrupted.load(Ordering::Relaxed) {
            break;
        }
        sides.push(ours(
            peer,
            &engines,
            seed,
            peers.time_per_side,
            &interrupted,
        )?);
        if interrupted.load(Ordering::Relaxed) {
            break;
        }
    }
    table::print(&sides);
    if let Some(file) = json {
        write_json(file, &sides)?;
    }
    Ok(End::NothingNew)
}

/// Their side.
fn theirs(
    peer: &Peer,
    program: &Path,
    time: Duration,
    interrupted: &AtomicBool,
) -> anyhow::Result<Side> {
    let before = cpu_seconds()?;
    let session = libfuzzer::run(peer, program, time, interrupted)?;
    Ok(Side {
        engine: peer.engine.to_owned(),
        who: format!("its fuzzer `{}`", peer.target),
        about: peer.about.to_owned(),
        seconds: session.seconds,
        cpu_seconds: cpu_seconds()? - before,
        executions: session.executions,
        finds: session.finds,
        unreduced: 0,
    })
}

/// Our side: a campaign with a corpus that knows nothing.
fn ours(
    peer: &Peer,
    engines: &EngineOptions,
    seed: u64,
    time: Duration,
    interrupted: &Arc<AtomicBool>,
) -> anyhow::Result<Side> {
    let before = cpu_seconds()?;
    let configurations = engines.select()?;
    let asked = CampaignOptions {
        time: Some(time),
        cases: None,
        seed: Some(seed),
        focus: Vec::new(),
        jobs: 1,
        swarm: 6,
    };
    let shard = trapline_harness::campaign::Shard::WHOLE;
    let mut options = asked.options(seed, shard, time, engines, &configurations)?;
    options.unreduced = campaign::unreduced(&options)?;
    let folder = tempfile::tempdir().context("no temporary folder can be made")?;
    let mut corpus = Corpus::open(folder.path()).map_err(|why| anyhow!("{why}"))?;
    let runners = engines.runners()?;
    let (outcomes, rows) = campaign::run(&options, &mut corpus, &runners, true, interrupted)?;
    drop(runners);
    let seconds = outcomes.elapsed.as_secs_f64();
    let per_case = seconds / outcomes.cases.max(1) as f64;
    let (bugs, unreduced): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.bug.is_some());
    let finds = bugs.into_iter().map(|row| Find {
        what: row.title,
        seconds: (row.first_case + 1) as f64 * per_case,
        times: row.cases,
    });
    let configurations = configurations.len();
    Ok(Side {
        engine: peer.engine.to_owned(),
        who: "trapline".to_owned(),
        about: format!("{configurations} configurations, 6 drawn for each case"),
        seconds,
        cpu_seconds: cpu_seconds()? - before,
        executions: outcomes.cases,
        finds: finds.collect(),
        unreduced: unreduced.len(),
    })
}

/// What this process and those that it has waited for have spent.
fn cpu_seconds() -> anyhow::Result<f64> {
    let mut seconds = 0.0;
    for who in [UsageWho::RUSAGE_SELF, UsageWho::RUSAGE_CHILDREN] {
        let usage = getrusage(who).context("the time spent cannot be told")?;
        let time = usage.user_time() + usage.system_time();
        seconds += time.num_microseconds() as f64 / 1e6;
    }
    Ok(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkout_has_a_known_engine_and_a_fuzzer() {
        let folder = tempfile::tempdir().unwrap();
        let of = |text: String| Checkout::from_str(&text);
        let here = folder.path().display();
        let error = |text: String| of(text).err().expect("it is no checkout");
        assert!(error(format!("{here}")).contains("ENGINE=DIR"));
        assert_eq!(
            error(format!("wasmer={here}")),
            "no fuzzer of wasmer is known here, of wasmtime or wasmi only"
        );
        let checkout = of(format!("wasmi={here}")).unwrap();
        let error = checkout.found().unwrap_err().to_string();
        assert!(error.ends_with("no fuzz/Cargo.toml"), "{error}");
        std::fs::create_dir(folder.path().join("fuzz")).unwrap();
        std::fs::write(folder.path().join("fuzz/Cargo.toml"), "").unwrap();
        assert!(checkout.found().is_ok());
    }
}
