//! JUnit: what is known passes, what is news fails.

use serde::Serialize;

use crate::nightly::clock;
use crate::nightly::history::Line;
use crate::nightly::report::{Finding, Part, Replayed, Report};
use crate::verb::replay::State;
use crate::verb::spec;

/// All suites.
#[derive(Serialize)]
pub(super) struct JUnit {
    timestamp: String,
    seconds: f64,
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    suites: Vec<Suite>,
}

#[derive(Serialize)]
struct Suite {
    name: &'static str,
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    cases: Vec<Case>,
}

#[derive(Serialize)]
struct Case {
    class: String,
    name: String,
    result: Result,
    out: String,
}

/// How a case ended; the text is shown.
#[derive(Serialize)]
#[serde(rename_all = "lowercase", tag = "kind", content = "message")]
enum Result {
    Passed,
    Failure(String),
    Error(String),
    Skipped(String),
}

impl JUnit {
    /// The report in these terms.
    pub(super) fn new(report: &Report) -> JUnit {
        let suites = [
            ("divergences", divergences(report)),
            ("replay", replay(report)),
            ("spec", spec_cases(report)),
            ("run", run(report)),
        ];
        let suites: Vec<Suite> = suites
            .into_iter()
            .map(|(name, cases)| Suite::new(name, cases))
            .collect();
        let line = Line::of(report);
        JUnit {
            timestamp: format!("{}:00Z", clock::minute(line.began).replace(' ', "T")),
            seconds: line.seconds,
            tests: suites.iter().map(|suite| suite.tests).sum(),
            failures: suites.iter().map(|suite| suite.failures).sum(),
            errors: suites.iter().map(|suite| suite.errors).sum(),
            skipped: suites.iter().map(|suite| suite.skipped).sum(),
            suites,
        }
    }
}

impl Suite {
    fn new(name: &'static str, cases: Vec<Case>) -> Suite {
        let count = |is: fn(&Result) -> bool| cases.iter().filter(|c| is(&c.result)).count();
        Suite {
            name,
            tests: cases.len(),
            failures: count(|result| matches!(result, Result::Failure(_))),
            errors: count(|result| matches!(result, Result::Error(_))),
            skipped: count(|result| matches!(result, Result::Skipped(_))),
            cases,
        }
    }
}

fn divergences(report: &Report) -> Vec<Case> {
    let case = |finding: &Finding| Case {
        class: finding.configurations.first().cloned().unwrap_or_default(),
        name: format!("{}: {}", finding.name, finding.title),
        result: match (finding.new, finding.private) {
            (false, _) => Result::Passed,
            (true, false) => Result::Failure(format!("{}: nobody knew it", finding.title)),
            (true, true) => Result::Failure(format!(
                "{}: nobody knew it; it can break a sandbox: report it in private",
                finding.title
            )),
        },
        out: format!("{}\n{}", finding.status, finding.wast),
    };
    report.findings.iter().map(case).collect()
}

fn replay(report: &Report) -> Vec<Case> {
    let case = |replayed: &Replayed| {
        let row = &replayed.row;
        let news = report.news.iter().any(|news| news.name == replayed.name());
        let words = format!("{} {}", row.state.name(), row.note)
            .trim_end()
            .to_owned();
        Case {
            class: "corpus".to_owned(),
            name: replayed.stem(),
            result: match row.state {
                State::Wrong => Result::Error(words),
                State::Untried => Result::Skipped(words),
                _ if news => Result::Failure(words),
                _ => Result::Passed,
            },
            out: format!("{}: {}", row.state.name(), row.diverging.join(" ")),
        }
    };
    report.replay.iter().map(case).collect()
}

fn spec_cases(report: &Report) -> Vec<Case> {
    let case = |row: &spec::Row| {
        let failures: Vec<String> = row.failures.iter().map(ToString::to_string).collect();
        let new = row.failures.iter().filter(|failure| {
            let name = row.name(failure);
            report.news.iter().any(|news| news.name == name)
        });
        let new = new.count();
        let skipped: u64 = row.skipped.values().sum();
        let result = if !row.unreadable.is_empty() {
            Result::Error(row.unreadable.join("\n"))
        } else if row.engine == spec::Row::REFERENCE && row.failed > 0 {
            Result::Error(format!("the reference fails {} assertions", row.failed))
        } else if new > 0 {
            Result::Failure(format!("{new} assertions fail that did not before"))
        } else if row.passed == 0 && row.failed == 0 && skipped > 0 {
            Result::Skipped(format!("{skipped} assertions skipped"))
        } else {
            Result::Passed
        };
        Case {
            class: row.engine.clone(),
            name: row.group.clone(),
            result,
            out: format!(
                "{} passed, {skipped} skipped\n{}",
                row.passed,
                failures.join("\n")
            ),
        }
    };
    report.spec.iter().map(case).collect()
}

fn run(report: &Report) -> Vec<Case> {
    let part = |part: &Part| Case {
        class: "shard".to_owned(),
        name: part.shard.clone(),
        result: Result::Passed,
        out: format!(
            "{} cases, {} judged calls, {}{}",
            part.cases,
            part.calls,
            clock::lasting(part.seconds),
            if part.interrupted {
                ", interrupted"
            } else {
                ""
            }
        ),
    };
    let failed = |name: String, why: String| Case {
        class: "run".to_owned(),
        name,
        result: Result::Error(why),
        out: String::new(),
    };
    let missing = if report.is_incomplete() {
        report.missing()
    } else {
        Vec::new()
    };
    let missing = missing
        .into_iter()
        .map(|shard| failed(format!("shard {shard}"), "its report is missing".to_owned()));
    let failures = report.failures.iter().enumerate();
    let failures = failures.map(|(at, why)| failed(format!("failure {}", at + 1), why.clone()));
    report
        .parts
        .iter()
        .map(part)
        .chain(missing)
        .chain(failures)
        .collect()
}
