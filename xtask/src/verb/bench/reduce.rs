//! How long reducing takes, and how small it gets.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{anyhow, bail};
use clap::Args;
use serde::Serialize;
use trapline_harness::engine::{self, Budget, Job, reference};
use trapline_harness::generate::{self, Focus};
use trapline_harness::judge::{Class, Verdict};
use trapline_harness::observation::Watch;
use trapline_harness::reduce::{Options, reduce};
use trapline_harness::script::{Script, print};
use trapline_harness::trial::try_script;
use trapline_harness::worker::InProcess;

use super::median;
use crate::End;
use crate::interrupt::on_interrupt;
use crate::options::EngineOptions;
use crate::output::write_json;
use crate::table::table;

/// A divergence for each planted fault, as it is found.
#[derive(Args)]
#[command(next_help_heading = "With --reduce")]
pub(super) struct Reducing {
    /// How many planted faults at least, spread over all there are
    #[arg(long, value_name = "N", default_value_t = 30, requires = "reduce", value_parser = clap::value_parser!(u64).range(1..))]
    faults: u64,
}

/// What reducing one divergence took.
#[derive(Serialize)]
struct Row {
    mutant: String,
    class: Class,
    checks: usize,
    seconds: f64,
    /// Lines of `.wast`, assertions included.
    lines: usize,
    /// Whether no pass finds anything more in the result.
    minimal: bool,
}

/// How many cases a fault has to show in.
const PATIENCE: u64 = 5_000;

/// Prints, per planted fault, the time and the checks it takes to reduce the
/// first case that shows it, with every candidate run on `engines` too, as if
/// one of them were at fault. Ctrl-C ends it with what is measured by then.
pub(super) fn run(
    options: &Reducing,
    engines: &EngineOptions,
    seed: u64,
    focus: &[Focus],
    json: Option<&Path>,
) -> anyhow::Result<End> {
    let configurations = engines.select()?;
    let names: Vec<&str> = configurations.iter().map(|c| c.name()).collect();
    let mut runner = engines.runners()?();
    let budget = engines.budget()?;
    let interrupted = on_interrupt()?;
    let cases = generate::Options {
        focus: focus.to_vec(),
        budget,
        // Whatever the engines have: the faults are in all of it.
        ..Default::default()
    };
    let mutants = engine::mutants();
    let every = (mutants.len() / options.faults as usize).max(1);
    let mut rows = Vec::new();
    for mutant in mutants.iter().step_by(every) {
        eprintln!("{}", mutant.name());
        let mut tried = |script: &Script| -> anyhow::Result<Option<Class>> {
            let mut faulty = InProcess::new(engine::mutants());
            let trial = try_script(script, budget, &mut faulty, &[mutant.name()])
                .map_err(|why| anyhow!(why))?;
            try_script(script, budget, &mut *runner, &names).map_err(|why| anyhow!(why))?;
            Ok(trial
                .judged
                .iter()
                .find_map(|judged| match &judged.verdict {
                    Verdict::Diverges(difference) => Some(difference.class),
                    _ => None,
                }))
        };
        let Some((script, class)) = first(mutant.name(), seed, &cases)? else {
            bail!("{} does not show in {PATIENCE} cases", mutant.name());
        };
        let mut failure = None;
        let mut check = |script: &Script| match tried(script) {
            Ok(found) => found == Some(class),
            Err(why) => {
                failure = Some(why);
                false
            }
        };
        let began = Instant::now();
        let options = Options {
            cancelled: &|| interrupted.load(Ordering::Relaxed),
            ..Options::default()
        };
        let reduced = reduce(&script, &mut check, &options);
        let took = began.elapsed();
        let again = reduce(&reduced.script, &mut check, &options);
        if let Some(why) = failure {
            return Err(why);
        }
        if interrupted.load(Ordering::Relaxed) {
            break;
        }
        rows.push(Row {
            mutant: mutant.name().to_owned(),
            class,
            checks: reduced.tried,
            seconds: took.as_secs_f64(),
            lines: lines(&reduced.script, budget),
            minimal: reduced.complete && again.accepted == 0,
        });
    }
    show(&rows);
    if let Some(file) = json {
        write_json(file, &rows)?;
    }
    Ok(End::NothingNew)
}

/// The first case that shows a planted fault.
fn first(
    mutant: &str,
    seed: u64,
    options: &generate::Options,
) -> anyhow::Result<Option<(Script, Class)>> {
    let mut runner = InProcess::new(engine::mutants());
    for case in 0..PATIENCE {
        let script = generate::case(seed, case, options);
        let trial = try_script(&script, options.budget, &mut runner, &[mutant])
            .map_err(|why| anyhow!(why))?;
        if let Some(Verdict::Diverges(difference)) = trial.judged.first().map(|j| &j.verdict) {
            return Ok(Some((script, difference.class)));
        }
    }
    Ok(None)
}

fn lines(script: &Script, budget: Budget) -> usize {
    let watch = Watch::default();
    let job = Job::new(script, budget, &watch, &[]);
    let outcomes = reference::observe(&job, &reference::Options::default()).outcomes();
    let text = print::to_wast(script, &outcomes, "");
    text.lines().filter(|line| !line.is_empty()).count()
}

fn show(rows: &[Row]) {
    let mut shown = table(&["mutant", "class", "checks", "time", "lines", "minimal"]);
    for row in rows {
        shown.add_row([
            row.mutant.clone(),
            row.class.to_string(),
            row.checks.to_string(),
            format!("{:.2?}", Duration::from_secs_f64(row.seconds)),
            row.lines.to_string(),
            if row.minimal { "yes" } else { "no" }.to_owned(),
        ]);
    }
    println!("{shown}");
    if rows.is_empty() {
        return;
    }
    let over = |number: &dyn Fn(&Row) -> f64| median(rows.iter().map(number).collect());
    println!(
        "{} divergences, medians: {:.2} s, {} checks, {} lines; {} minimal",
        rows.len(),
        over(&|row| row.seconds),
        over(&|row| row.checks as f64),
        over(&|row| row.lines as f64),
        rows.iter().filter(|row| row.minimal).count(),
    );
}
