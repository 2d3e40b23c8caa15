//! `cargo xtask run`: any file, on every engine: who said what.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;
use trapline_harness::judge::{Verdict, describe};
use trapline_harness::observation::Outcome;
use trapline_harness::script::expect::matches;
use trapline_harness::script::wast::{self, Source};
use trapline_harness::trial::{Trial, try_script};
use trapline_harness::worker::Runner;

use crate::End;
use crate::options::EngineOptions;
use crate::table::table;

/// Runs files on every engine and shows who said what: the steps on which
/// somebody leaves the specification, or what the file itself asserts; with
/// --all every step.
#[derive(Args)]
pub(crate) struct Run {
    /// Files: .wast, .wat or .wasm
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Show every step
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    engines: EngineOptions,
}

impl Run {
    /// Runs the files one by one.
    pub(crate) fn run(self) -> anyhow::Result<End> {
        let configurations = self.engines.select()?;
        let names: Vec<&str> = configurations.iter().map(|c| c.name).collect();
        let mut runner = self.engines.runners()?();
        let mut end = End::NothingNew;
        for file in &self.files {
            let source = match wast::read(file) {
                Ok(source) => source,
                Err(why) => {
                    eprintln!("error: {why}");
                    end = End::Failed;
                    continue;
                }
            };
            let diverges = self.one(file, &source, &names, &mut *runner)?;
            if diverges && end == End::NothingNew {
                end = End::New;
            }
        }
        Ok(end)
    }

    /// Shows one file; whether anybody diverges.
    fn one(
        &self,
        file: &Path,
        source: &Source,
        names: &[&str],
        runner: &mut dyn Runner,
    ) -> anyhow::Result<bool> {
        let budget = self.engines.budget();
        let trial =
            try_script(&source.script, budget, runner, names).map_err(|why| anyhow!("{why}"))?;
        println!("{}", file.display());
        for skipped in &source.skipped {
            println!("  line {}: skipped: {}", skipped.line, skipped.reason);
        }
        let mut steps = table(&["line", "specification", "says otherwise"]);
        let mut shown = false;
        for (index, expected) in trial.reference.observation.steps.iter().enumerate() {
            let outcome = &expected.outcome;
            let others = dissent(&trial, index);
            let asserted = source.steps.get(index);
            let wrong = asserted.and_then(|step| matches(&step.expect, outcome).err());
            if others.is_empty() && wrong.is_none() && !self.all {
                continue;
            }
            shown = true;
            let line = asserted.map_or(String::new(), |step| step.line.to_string());
            let mut says = describe(outcome);
            if let Some(wrong) = wrong {
                says.push_str(&format!("\nthe file asserts otherwise: {wrong}"));
            }
            steps.add_row([line, says, others.join("\n")]);
        }
        if shown {
            println!("{steps}");
        }
        let mut verdicts = table(&["configuration", "verdict"]);
        for judged in &trial.judged {
            let verdict = match &judged.verdict {
                Verdict::Conforms => "conforms".to_owned(),
                Verdict::Unsupported(feature) => format!("unsupported: {feature}"),
                Verdict::Limit(why) => format!("limit: {why}"),
                Verdict::Skipped(why) => format!("skipped: {why}"),
                Verdict::Diverges(d) => format!(
                    "diverges: {} at line {}: expected {}, got {}",
                    d.class,
                    source.steps.get(d.step).map_or(0, |step| step.line),
                    d.expected,
                    d.got
                ),
            };
            verdicts.add_row([judged.configuration.clone(), verdict]);
        }
        println!("{verdicts}");
        Ok(trial
            .judged
            .iter()
            .any(|j| matches!(j.verdict, Verdict::Diverges(_))))
    }
}

/// Who answered otherwise at this step, configurations with one answer together.
fn dissent(trial: &Trial, step: usize) -> Vec<String> {
    let expected = &trial.reference.observation.steps[step].outcome;
    let mut answers: Vec<(String, Vec<&str>)> = Vec::new();
    for judged in &trial.judged {
        let Some(got) = judged.observation.as_ref().and_then(|o| o.steps.get(step)) else {
            continue;
        };
        if agrees(expected, &got.outcome) {
            continue;
        }
        let answer = describe(&got.outcome);
        match answers.iter_mut().find(|(a, _)| *a == answer) {
            Some((_, names)) => names.push(&judged.configuration),
            None => answers.push((answer, vec![&judged.configuration])),
        }
    }
    answers
        .into_iter()
        .map(|(answer, names)| format!("{}: {answer}", names.join(" ")))
        .collect()
}

/// Whether an answer is among what is allowed; the words of a rejection are
/// nobody's business.
fn agrees(expected: &Outcome, got: &Outcome) -> bool {
    match (expected, got) {
        (Outcome::Trap(allowed), Outcome::Trap(kinds)) => kinds.iter().all(|k| allowed.contains(k)),
        (Outcome::Rejected { stage: a, .. }, Outcome::Rejected { stage: b, .. }) => a == b,
        (expected, got) => expected == got,
    }
}
