//! `cargo xtask case`: one case of a campaign, as a file.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use trapline_harness::corpus::write_atomically;
use trapline_harness::engine::{self, Budget, Feature, Features};
use trapline_harness::generate::{self, Focus};
use trapline_harness::script::print;
use trapline_harness::trial::try_script;
use trapline_harness::worker::InProcess;

use crate::End;
use crate::campaign::generating;
use crate::options::{DEFAULT_BUDGET, linked_in};

/// Prints a case of a campaign with what is specified of it: what is `found: seed 7 for
/// engines without simd tail-call, case 52` in the header of a file of the corpus is
/// `cargo xtask case 7 52 --without simd,tail-call`.
#[derive(Args)]
pub(crate) struct Case {
    /// The seed of the campaign
    #[arg(value_name = "SEED")]
    seed: u64,
    /// The number of the case, from 0
    #[arg(value_name = "NUMBER")]
    number: u64,
    /// What the campaign dwelt on, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    focus: Vec<Focus>,
    /// The features that the engines of the campaign lacked, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = feature)]
    without: Vec<Feature>,
    /// The largest memory of a run of the campaign, in MiB
    #[arg(long, value_name = "MIB", default_value_t = DEFAULT_BUDGET, value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    budget: u64,
    /// Write it to OUT
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
}

impl Case {
    /// Prints it.
    pub(crate) fn run(self) -> anyhow::Result<End> {
        let budget = Budget::of(self.budget << 20);
        let features = engine::declared(&linked_in()).without(Features::of(&self.without));
        let options = generating(&self.focus, budget, features)?;
        let script = generate::case(self.seed, self.number, &options);
        // Nobody is asked but the reference.
        let mut nobody = InProcess::new(Vec::new());
        let trial = try_script(&script, budget, &mut nobody, &[]).map_err(|why| anyhow!(why))?;
        let header = format!("Seed {}, case {}.\n", self.seed, self.number);
        let allowed = trial.reference.allowed_outcomes();
        let text = print::to_wast_allowing(&script, &allowed, &header);
        match &self.output {
            Some(output) => {
                write_atomically(output, text.as_bytes()).map_err(|why| anyhow!(why))?
            }
            None => print!("{text}"),
        }
        Ok(End::NothingNew)
    }
}

/// A feature, by its name.
fn feature(name: &str) -> Result<Feature, String> {
    let mut all = Feature::ALL.into_iter();
    all.find(|feature| feature.name() == name).ok_or_else(|| {
        let known = Feature::ALL.map(Feature::name).join(", ");
        format!("unknown feature; known: {known}")
    })
}
