//! What became of a file, for eyes: what agrees gets no line of its own.

use trapline_harness::engine::{group, group_others};
use trapline_harness::judge::describe;
use trapline_harness::observation::Outcome;
use trapline_harness::script::print::action;
use trapline_harness::script::wast::Source;
use trapline_harness::trial::Trial;

use super::account::{Account, Diverging, Group, Status};
use crate::output::paragraph;

/// Shows what became of a file that was run on the configurations `all`.
pub(crate) fn show(account: &Account, all: &[&str]) {
    println!("{}", account.file);
    for line in &account.added {
        paragraph(2, line);
    }
    for skipped in &account.skipped {
        paragraph(
            2,
            &format!("line {}: skipped: {}", skipped.line, skipped.what),
        );
    }
    for wrong in &account.wrong {
        let what = &wrong.what;
        let line = wrong.line;
        paragraph(
            2,
            &format!("line {line}: the file is wrong: it asserts what is not so: {what}"),
        );
    }
    if let Some(threads) = &account.threads {
        // Not how often it ran: that is a matter of time.
        let (allowed, seen) = (threads.allowed, threads.seen);
        let said = format!("threads: {seen} of {allowed} joint outcomes seen");
        paragraph(2, &said);
        for wrong in &threads.wrong {
            let (who, times, runs) = (&wrong.configuration, wrong.times, wrong.runs);
            let after = wrong.milliseconds;
            let said = format!(
                "{who}: another outcome {times} times in {runs} runs, first after {after:.1} ms"
            );
            paragraph(2, &said);
        }
    }
    for diverging in &account.diverging {
        show_diverging(diverging, all);
    }
    let mut named: Vec<&String> = Vec::new();
    named.extend(account.diverging.iter().flat_map(|d| &d.configurations));
    for (what, groups) in [("limit", &account.limited), ("skipped", &account.skipping)] {
        for one in groups {
            let who = group(&one.configurations, all);
            paragraph(2, &format!("{what}: {who}: {}", one.why));
            named.extend(&one.configurations);
        }
    }
    named.extend(account.unsupporting.iter().flat_map(|g| &g.configurations));
    if account.status == Status::NothingToRun {
        println!("  nothing to run: there is neither a module nor a call in it");
    }
    if !account.conforming.is_empty() {
        let who = group_others(&account.conforming, all, &named);
        let how = match account.status {
            Status::NothingRan => "nothing ran",
            _ => "conforms",
        };
        paragraph(2, &format!("{how}: {who}"));
    }
    if !account.unsupporting.is_empty() {
        let lacks = |one: &Group| format!("{} ({})", group(&one.configurations, all), one.why);
        let lacking: Vec<String> = account.unsupporting.iter().map(lacks).collect();
        paragraph(2, &format!("unsupported: {}", lacking.join("; ")));
    }
}

fn show_diverging(diverging: &Diverging, all: &[&str]) {
    let Diverging {
        class,
        line,
        action,
        expected,
        got,
        never,
        known,
        configurations,
    } = diverging;
    let step = step(*line, action.as_deref());
    paragraph(
        2,
        &format!("{step}: {class}: {}", group(configurations, all)),
    );
    paragraph(4, &format!("expected {expected}"));
    paragraph(4, &format!("got {got}"));
    if let Some(never) = never {
        paragraph(4, &format!("why: {never}"));
    }
    match known {
        Some(entry) => paragraph(4, &format!("known: {entry}")),
        None => paragraph(4, "new"),
    }
}

/// A step by its line, and what it calls.
fn step(line: usize, action: Option<&str>) -> String {
    match (line, action) {
        (0, None) => "the module".to_owned(),
        (0, Some(action)) => action.to_owned(),
        (line, None) => format!("line {line}"),
        (line, Some(action)) => format!("line {line}: {action}"),
    }
}

/// Shows every step, with who answers otherwise.
pub(super) fn every_step(source: &Source, trial: &Trial, all: &[&str]) {
    let steps = trial.reference.observation.steps.iter().enumerate();
    for (index, expected) in steps {
        let line = source.steps.get(index).map_or(0, |step| step.line);
        let called = source.script.steps.get(index).and_then(action);
        let says = describe(&expected.outcome);
        paragraph(2, &format!("{}: {says}", step(line, called.as_deref())));
        for (answer, names) in dissent(trial, index) {
            paragraph(4, &format!("{}: {answer}", group(&names, all)));
        }
    }
    for judged in &trial.judged {
        println!("  {}: {:?}", judged.configuration, judged.verdict);
    }
}

/// Who answered otherwise at this step, configurations with one answer together.
fn dissent(trial: &Trial, step: usize) -> Vec<(String, Vec<&str>)> {
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
