//! What a session says when it ends.

use trapline_harness::fuzzing::Record;
use trapline_harness::triage::Filed;

use super::artifacts::Artifact;
use super::jobs::Ended;
use crate::summary;

/// The closing tables.
pub(super) fn print(record: &Record, ended: &Ended, deaths: &[Artifact]) {
    let seconds = ended.elapsed.as_secs_f64().max(1e-9);
    let calls: u64 = record.tallies.iter().map(|t| t.calls).sum();
    summary::verdicts(&record.tallies);
    println!(
        "{} executions in {seconds:.1} s, {:.0}/s, {:.1} judged calls each; but for libFuzzer, the \
         harness took {:.0} % of the time",
        record.executions,
        record.executions as f64 / seconds,
        calls as f64 / record.executions.max(1) as f64,
        100.0 * summary::harness_share(&record.phases),
    );
    if ended.killed > 0 {
        println!("{} processes were killed by an input", ended.killed);
    }
    for artifact in deaths {
        let shown = match &artifact.filed[..] {
            [] => "nothing, in a worker".to_owned(),
            filed => filed.iter().map(words).collect::<Vec<_>>().join(", "),
        };
        println!("{}: {shown}", artifact.path.display());
    }
    if record.bugs.is_empty() {
        println!("no divergence");
        return;
    }
    let mut bugs: Vec<_> = record.bugs.iter().collect();
    bugs.sort_by_key(|(id, met)| (!met.new, met.severity, *id));
    for (id, met) in bugs {
        summary::bug(&summary::Met {
            id,
            title: &met.title,
            severity: Some(met.severity),
            status: &met.status,
            on: &met.configuration,
            often: &format!("{} executions", met.count),
            file: met.file.as_deref(),
        });
    }
}

/// What something was filed as.
fn words(filed: &Filed) -> String {
    match filed {
        Filed::New { bug, .. } => format!("new: {}: {}", bug.id, bug.title),
        Filed::Known { bug, .. } => format!("{} ({})", bug.id, bug.status),
        Filed::Nondeterministic(answers) => answers.to_string(),
    }
}
