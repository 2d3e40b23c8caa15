//! Panics that only a build with debug assertions has: fuzz targets are one, the
//! workers are not.

use anyhow::anyhow;
use trapline_harness::corpus::Corpus;
use trapline_harness::fuzzing::{BUDGET, Record};
use trapline_harness::judge::Severity;
use trapline_harness::script::wast;
use trapline_harness::trial::try_script;
use trapline_harness::worker::Runner;

/// Tries the panics that a session has filed in a worker. Those that do not show there
/// become [`Severity::Assertion`], in the register and in the record.
///
/// # Errors
/// A witness cannot be read, an engine cannot be run, the register cannot be written.
pub(super) fn find(
    record: &mut Record,
    known: &mut Corpus,
    runner: &mut dyn Runner,
) -> anyhow::Result<()> {
    let panics = record.bugs.iter_mut();
    for (id, met) in panics.filter(|(_, met)| met.new && met.severity == Severity::Abort) {
        let Some(file) = &met.file else {
            continue;
        };
        let script = wast::read(file).map_err(|why| anyhow!("{why}"))?.script;
        let trial = try_script(&script, BUDGET, runner, &[&met.configuration])
            .map_err(|why| anyhow!("{}: {why}", file.display()))?;
        if trial.divergence(&met.configuration).is_some() {
            continue;
        }
        met.severity = Severity::Assertion;
        known
            .change(|register| {
                if let Some(bug) = register.get_mut(id) {
                    bug.severity = Severity::Assertion;
                }
            })
            .map_err(|why| anyhow!("{why}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use trapline_harness::corpus::Bug;
    use trapline_harness::engine;
    use trapline_harness::fuzzing::Met;
    use trapline_harness::worker::InProcess;

    use super::*;

    #[test]
    fn a_panic_that_a_worker_does_not_show_is_an_assertion() {
        let folder = tempfile::tempdir().unwrap();
        let mut corpus = Corpus::open(folder.path()).unwrap();
        let mut record = Record::default();
        // One that a worker with this fault shows, and one that it does not.
        let cases = [
            ("shown", "i64.load8_s", Severity::Abort),
            ("not-shown", "i64.load8_u", Severity::Assertion),
        ];
        for (id, code, _) in cases {
            let wast = format!(
                "(module (memory 1) (data (i32.const 0) \"\\ff\")\n\
                 (func (export \"f\") (result i64) ({code} (i32.const 0))))\n\
                 (invoke \"f\")\n"
            );
            let bug = Bug {
                id: id.to_owned(),
                severity: Severity::Abort,
                ..Bug::example()
            };
            let bug = corpus.add(bug, |_| wast).unwrap();
            let met = Met {
                title: bug.title.clone(),
                severity: bug.severity,
                status: "new".to_owned(),
                new: true,
                count: 1,
                configuration: "mutant/load8-unsigned".to_owned(),
                file: corpus.witness(&bug),
            };
            record.bugs.insert(bug.id, met);
        }
        let mutants = engine::select(&["mutant/load8-unsigned"]).unwrap();
        find(&mut record, &mut corpus, &mut InProcess::new(mutants)).unwrap();
        let register = Corpus::open(folder.path()).unwrap().register;
        for (id, _, severity) in cases {
            assert_eq!(record.bugs[id].severity, severity, "{id}");
            assert_eq!(register.get(id).unwrap().severity, severity, "{id}");
        }
    }
}
