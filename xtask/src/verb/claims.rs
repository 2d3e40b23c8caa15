//! `cargo xtask claims`: what articles tell people about linear memory, put to engines.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::Args;
use serde::Serialize;
use trapline_harness::claims::fragmentation::{self, Measured};
use trapline_harness::claims::{self, Answered, Asked, Surroundings, Word};
use trapline_harness::corpus::write_atomically;
use trapline_harness::engine::javascript;

use crate::End;
use crate::options::EngineOptions;
use crate::output::check_writable;

/// Puts claims about linear memory to the engines, and prints a table as Markdown: each
/// claim with its cases, who agrees, and the verdict with the section of the
/// specification.
///
/// A claim is a sentence that articles tell people, and is often wrong, or so only
/// somewhere. Its cases are scripts, for the reference and every configuration, and
/// modules in JavaScript, for Node, Bun and browsers. Any subset of engines makes a table: what
/// none of them can tell is said to be not answered.
///
/// Without --engines: each compiler of the engines that are linked in, as it comes, and
/// each version of Node, Bun, Chromium and Firefox on this machine (in PATH, or those
/// that TRAPLINE_NODE, TRAPLINE_BUN, TRAPLINE_CHROMIUM and TRAPLINE_FIREFOX name).
#[derive(Args)]
#[command(
    after_help = "Exit status: 0 all ran, whatever the answers; 1 with --check, where the file says something else; 2 the request or the harness failed."
)]
pub(crate) struct Claims {
    /// Only these claims, by number, separated by commas
    #[arg(value_name = "NUMBER", value_delimiter = ',')]
    numbers: Vec<usize>,
    /// Write the table to a file, as a whole or not at all, and the drawings that it shows
    /// to the folder `claims` beside it [default: standard output, without drawings]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write nothing: exit with 1 if --out's file has another table than would be written
    #[arg(long, requires = "out")]
    check: bool,
    /// The folder of the claims: claims.toml, and the cases that it names
    /// [default: harness/claims of the repository]
    #[arg(long, value_name = "DIR")]
    claims: Option<PathBuf>,
    /// Print JSON: for each claim who answered what
    #[arg(long, conflicts_with = "out")]
    json: bool,
    #[command(flatten)]
    engines: EngineOptions,
}

/// A claim, for machines.
#[derive(Serialize)]
struct Row<'a> {
    number: usize,
    says: &'a str,
    specification: Word,
    measured: Option<Word>,
    answers: &'a [Answered],
}

impl Row<'_> {
    fn of(asked: &Asked) -> Row<'_> {
        Row {
            number: asked.claim.number,
            says: &asked.claim.says,
            specification: asked.claim.specification,
            measured: claims::measured(&asked.answers),
            answers: &asked.answers,
        }
    }
}

/// Each compiler as it comes, and a pool: memories that are used again are where old
/// bytes might show.
const LINKED: [(&str, bool); 7] = [
    ("wasmtime/cranelift", cfg!(feature = "wasmtime")),
    ("wasmtime/cranelift+pooling", cfg!(feature = "wasmtime")),
    ("wasmtime/winch", cfg!(feature = "wasmtime")),
    ("wasmtime/pulley", cfg!(feature = "wasmtime")),
    ("wasmer/cranelift", cfg!(feature = "wasmer")),
    ("wasmer/singlepass", cfg!(feature = "wasmer")),
    ("wasmi/eager", cfg!(feature = "wasmi")),
];

/// How long an engine may take for one run of a case, at least: large memories take
/// their time.
pub(crate) const WALL: Duration = Duration::from_secs(300);

/// The folder of the project's claims.
pub(crate) fn own_claims() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../harness/claims"))
}

impl Claims {
    /// Asks, and prints or writes the table.
    pub(crate) fn run(mut self) -> anyhow::Result<End> {
        let folder = self.claims.clone().unwrap_or_else(own_claims);
        let mut claims = claims::read(&folder).map_err(|why| anyhow!(why))?;
        let last = claims.len();
        if let Some(number) = self.numbers.iter().find(|n| !(1..=last).contains(n)) {
            return Err(anyhow!("no claim {number}: they are 1 to {last}"));
        }
        if !self.numbers.is_empty() {
            claims.retain(|claim| self.numbers.contains(&claim.number));
        }
        let there = match &self.out {
            Some(file) if self.check => Some(
                std::fs::read_to_string(file)
                    .with_context(|| format!("{}: cannot be read", file.display()))?,
            ),
            Some(file) => {
                check_writable(file)?;
                None
            }
            None => None,
        };
        if !self.engines.is_chosen() {
            let linked = LINKED.iter().filter(|(_, is_linked)| *is_linked);
            let linked = linked.map(|(name, _)| (*name).to_owned());
            self.engines.engines = linked.chain(javascript::here()).collect();
        }
        self.engines.wall = self.engines.wall.max(WALL);
        let configurations = self.engines.select()?;
        let mut runner = self.engines.runners()?();
        let mut place = Surroundings {
            configurations: &configurations,
            runner: &mut *runner,
            budget: self.engines.budget()?,
            wall: self.engines.wall,
        };
        let mut all = Vec::with_capacity(claims.len());
        for claim in claims {
            if !claim.cases.is_empty() {
                eprintln!("claim {} ...", claim.number);
            }
            let answers = claims::ask(&claim, &mut place)
                .map_err(|why| anyhow!("claim {}: {why}", claim.number))?;
            all.push(Asked { claim, answers });
        }
        if self.json {
            let rows: Vec<Row<'_>> = all.iter().map(Row::of).collect();
            println!("{}", serde_json::to_string_pretty(&rows)?);
            return Ok(End::NothingNew);
        }
        let asked = |measured: &Measured| all.iter().any(|a| a.claim.number == measured.claim);
        let mut memories = Vec::new();
        if fragmentation::traces()
            .iter()
            .any(|trace| all.iter().any(|a| a.claim.number == trace.claim))
        {
            eprintln!("fragmentation ...");
            memories = fragmentation::measure(Some(&mut place))
                .map_err(|why| anyhow!("fragmentation: {why}"))?;
            memories.retain(asked);
        }
        let text = claims::table(&all, &configurations, &memories);
        self.tell(&text, there.as_deref(), &memories)
    }

    /// Prints or writes the table, or compares it with that which is `there`.
    fn tell(&self, text: &str, there: Option<&str>, memories: &[Measured]) -> anyhow::Result<End> {
        match (&self.out, there) {
            (Some(file), Some(there)) if there != text => {
                println!("{}: has another table", file.display());
                return Ok(End::New);
            }
            (Some(file), Some(_)) => {
                for (drawing, svg) in drawings(file, memories) {
                    let there = std::fs::read_to_string(&drawing).unwrap_or_default();
                    if there != svg {
                        println!("{}: another drawing", drawing.display());
                        return Ok(End::New);
                    }
                }
            }
            (Some(file), None) => {
                for (drawing, svg) in drawings(file, memories) {
                    let folder = drawing.parent().unwrap_or(Path::new("."));
                    std::fs::create_dir_all(folder)
                        .with_context(|| format!("{}: cannot be made", folder.display()))?;
                    write_atomically(&drawing, svg.as_bytes()).map_err(|why| anyhow!("{why}"))?;
                }
                write_atomically(file, text.as_bytes()).map_err(|why| anyhow!("{why}"))?;
            }
            (None, _) => print!("{text}"),
        }
        Ok(End::NothingNew)
    }
}

/// The drawings that a table in `file` shows, each with where it is.
fn drawings<'a>(file: &Path, memories: &'a [Measured]) -> Vec<(PathBuf, &'a str)> {
    let folder = file.parent().unwrap_or(Path::new("")).join("claims");
    let drawing = |measured: &'a Measured| {
        let name = format!("{}.svg", measured.stem);
        (folder.join(name), &*measured.svg)
    };
    memories.iter().map(drawing).collect()
}
