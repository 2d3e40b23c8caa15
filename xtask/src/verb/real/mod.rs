//! `cargo xtask real`: modules of published packages, on every engine.

mod packages;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{anyhow, bail};
use clap::Args;
use trapline_harness::judge::Judged;
use trapline_harness::observation::CHUNK;
use trapline_harness::trial::try_script;

use crate::End;
use crate::known::Knowledge;
use crate::options::{CorpusOptions, EngineOptions, InputOptions};
use crate::output::paragraph;
use crate::verb::run::{Account, show, worse};
use packages::{PACKAGES, Package};

/// Runs modules of published packages, of many compilers, on the engines: what they
/// import is stood in for, their exports are called at edges, and their memories are
/// compared.
///
/// They are fetched from the npm registry, by `curl` and `tar`, and kept below
/// target/. Calls that do not end within a few million instructions are left out.
#[derive(Args)]
pub(crate) struct Real {
    /// Only packages whose name contains this
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Fetch the modules and say where they are, run nothing
    #[arg(long)]
    fetch: bool,
    #[command(flatten)]
    input: InputOptions,
    #[command(flatten)]
    engines: EngineOptions,
    #[command(flatten)]
    corpus: CorpusOptions,
}

/// One configuration of each compiler: large modules take long to compile.
const DEFAULT: [&str; 6] = [
    "wasmtime/cranelift",
    "wasmtime/winch",
    "wasmtime/pulley",
    "wasmer/cranelift",
    "wasmer/singlepass",
    "wasmi/eager",
];

/// How long one engine may take for one module, at least.
const WALL: Duration = Duration::from_secs(300);

impl Real {
    /// Runs the modules one by one.
    pub(crate) fn run(mut self) -> anyhow::Result<End> {
        let wanted = |package: &&Package| {
            let names = &self.names;
            names.is_empty()
                || names
                    .iter()
                    .any(|name| package.name.contains(name.as_str()))
        };
        let packages: Vec<&Package> = PACKAGES.iter().filter(wanted).collect();
        if packages.is_empty() {
            bail!("{}: no package of that name", self.names.join(" "));
        }
        if self.fetch {
            for package in packages {
                println!("{}", package.fetch()?.display());
            }
            return Ok(End::NothingNew);
        }
        if self.engines.engines.is_empty() {
            self.engines.engines = DEFAULT.map(str::to_owned).to_vec();
        }
        self.engines.wall = self.engines.wall.max(WALL);
        let mut end = End::NothingNew;
        for package in packages {
            let one = match self.one(package) {
                Ok(one) => one,
                Err(why) => {
                    eprintln!("error: {}: {why:#}", package.id());
                    End::Failed
                }
            };
            end = worse(end, one);
        }
        Ok(end)
    }

    fn one(&self, package: &Package) -> anyhow::Result<End> {
        let configurations = self.engines.select()?;
        let names: Vec<&str> = configurations.iter().map(|c| c.name()).collect();
        let known = Knowledge::of(&self.corpus.folder(&configurations)?)?;
        let file = package.fetch()?;
        let began = Instant::now();
        let budget = self.engines.budget()?;
        let source = self.input.read(&file)?;
        let prepared = began.elapsed();
        let mut runner = self.engines.runners()?();
        let trial =
            try_script(&source.script, budget, &mut *runner, &names).map_err(|why| anyhow!(why))?;
        let account = Account::new(Path::new(&package.id()), &source, &trial, &mut |judged| {
            known.entry(&source.script, &trial, judged, budget, &mut *runner)
        })?;
        show::show(&account, &names);
        let calls: Vec<u64> = trial.judged.iter().map(|judged| judged.calls).collect();
        let bytes: u64 = trial.judged.iter().map(compared).sum();
        paragraph(
            2,
            &format!(
                "{}, {} KiB: {} calls judged on {} configurations ({} at most on one), \
                 {} KiB of memory compared, {:.1} s, of which {:.1} s to prepare",
                package.made,
                package.bytes >> 10,
                calls.iter().sum::<u64>(),
                names.len(),
                calls.iter().max().unwrap_or(&0),
                bytes >> 10,
                began.elapsed().as_secs_f64(),
                prepared.as_secs_f64(),
            ),
        );
        Ok(account.status.end())
    }
}

/// How many bytes of memory were looked at.
fn compared(judged: &Judged) -> u64 {
    let steps = judged.observation.iter().flat_map(|seen| &seen.steps);
    let memories = steps.flat_map(|step| &step.memories);
    memories
        .map(|memory| (memory.chunks.len() * CHUNK) as u64)
        .sum()
}
