//! The claims about linear memory, as a nightly run puts them to its engines.

use anyhow::anyhow;
use serde::{Deserialize, Serialize};
use trapline_harness::claims::fragmentation::{self, Measured};
use trapline_harness::claims::{self, Answered, Claim, Section, Surroundings, Word};
use trapline_harness::engine::javascript::is_javascript;
use trapline_harness::engine::{Configuration, Name};

use super::report::Report;
use super::run::Run;
use crate::verb::claims::WALL;

/// A claim with what was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claimed {
    pub(crate) number: usize,
    /// What is claimed, in Markdown.
    pub(crate) says: String,
    /// What the specification says of it, and why, in Markdown.
    pub(crate) specification: Word,
    pub(crate) because: String,
    /// The section that decides it.
    pub(crate) section: Option<Section>,
    pub(crate) measured: Option<Word>,
    pub(crate) answers: Vec<Answered>,
}

impl Run<'_> {
    /// Puts this shard's share of the claims to the engines, and the first shard's the traces
    /// of allocators.
    ///
    /// # Errors
    /// In words, if an engine cannot be run at all.
    pub(super) fn ask(&self, all: &[Claim], report: &mut Report) -> anyhow::Result<()> {
        let configurations = as_they_come(self.configurations);
        let mut runner = (self.runners)();
        let mut place = Surroundings {
            configurations: &configurations,
            runner: &mut *runner,
            budget: self.options.budget,
            wall: WALL,
        };
        let shard = self.options.shard;
        for claim in all {
            if self.over() || !shard.takes(claim.number as u64) {
                continue;
            }
            eprintln!("claim {} ...", claim.number);
            let answers = claims::ask(claim, &mut place)
                .map_err(|why| anyhow!("claim {}: {why}", claim.number))?;
            report.claims.push(Claimed {
                number: claim.number,
                says: claim.says.clone(),
                specification: claim.specification,
                because: claim.because.clone(),
                section: claim.section.clone(),
                measured: claims::measured(&answers),
                answers,
            });
        }
        if !all.is_empty() && shard.takes(0) && !self.over() {
            report.memories =
                fragmentation::measure(Some(&mut place)).map_err(|why| anyhow!(why))?;
        }
        Ok(())
    }
}

/// Adds what another shard was answered.
pub(super) fn add(
    claims: &mut Vec<Claimed>,
    memories: &mut Vec<Measured>,
    more: (Vec<Claimed>, Vec<Measured>),
) {
    claims.extend(more.0);
    claims.sort_by_key(|claim| claim.number);
    memories.extend(more.1);
}

/// The compilers without options, and JavaScript engines once: a claim is about what an
/// engine does as it comes.
fn as_they_come(all: &[Configuration]) -> Vec<Configuration> {
    let release = |c: &Configuration| Name::parse(c.name()).map(Name::release);
    let mut chosen: Vec<Configuration> = Vec::new();
    for configuration in all {
        let is_known = chosen.iter().any(|c| release(c) == release(configuration));
        let again = is_javascript(configuration.engine()) && is_known;
        if !again && !configuration.name().contains('+') {
            chosen.push(configuration.clone());
        }
    }
    chosen
}
