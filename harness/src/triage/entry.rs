//! A new entry of the register, with its witness.

use super::confirm::is_of_the_host;
use super::title;
use crate::campaign::Sighting;
use crate::corpus::{Bug, Cause, Header, Status};
use crate::engine::{Budget, Configuration, RESIDENT_BYTES, engine_of};
use crate::judge::{Difference, Severity, Subject, Verdict, section_of};
use crate::reduce;
use crate::report::{LookAt, look};
use crate::script::{Script, print};
use crate::trial::{Trial, try_script};
use crate::worker::Runner;

/// A reduced divergence that is a new bug.
pub(super) struct Found<'a> {
    pub(super) script: &'a Script,
    /// Its trial, on every configuration.
    pub(super) trial: &'a Trial,
    pub(super) difference: &'a Difference,
    pub(super) subject: &'a Subject,
    pub(super) cause: Cause,
    /// As [`Bug::shows`].
    pub(super) shows: Vec<String>,
    pub(super) sighting: &'a Sighting,
    pub(super) configurations: &'a [Configuration],
    pub(super) origin: &'a str,
}

impl Found<'_> {
    /// The entry, and what makes its witness once its id is known.
    ///
    /// # Errors
    /// In words, if an engine cannot be run.
    pub(super) fn written(
        self,
        budget: Budget,
        runner: &mut dyn Runner,
    ) -> Result<(Bug, impl FnOnce(&str) -> String), String> {
        let Found {
            script,
            trial,
            difference,
            subject,
            cause,
            shows,
            sighting,
            configurations,
            origin,
        } = self;
        let name = &*sighting.configuration;
        let class = difference.class;
        let severity = match is_of_the_host(script, name, difference, budget, runner)? {
            true => Severity::Sandbox,
            false => Severity::of(difference, &trial.reference),
        };
        let title = title::title(class, subject, &cause);
        let engine = engine_of(name);
        let version = configurations.iter().find(|c| c.name() == name);
        let version = version.map(|c| c.version().to_owned());
        let bug = Bug {
            id: title::id(engine, &shows, class, subject, &cause),
            title: title.clone(),
            engine: engine.to_owned(),
            shows,
            severity,
            status: Status::Unreported,
            witness: None,
            cause,
            seen: version.into_iter().collect(),
            gone: None,
            checked: None,
            suite: Vec::new(),
        };
        let loaded = with_load(script, trial, difference, name, budget, runner)?;
        let (script, outcomes, header) = {
            let (script, trial) = match &loaded {
                Some((script, trial)) => (script, trial),
                None => (script, trial),
            };
            // The class is what was found; the words are what the file shows.
            let shown = trial.divergence(name).unwrap_or(difference).clone();
            let header = header(
                trial,
                &shown,
                class,
                subject,
                configurations,
                severity,
                title,
            );
            (script.clone(), trial.reference.allowed_outcomes(), header)
        };
        let needs = needs_large(&script, name, budget, runner)?.then(|| LARGE.to_owned());
        let found = format!(
            "{origin}, case {}, on {}, {}",
            sighting.case,
            std::env::consts::ARCH,
            std::env::consts::OS
        );
        let wast = move |id: &str| {
            let header = Header {
                bug: id.to_owned(),
                needs,
                found,
                ..header
            };
            print::to_wast_allowing(&script, &outcomes, &header.to_text())
        };
        Ok((bug, wast))
    }
}

/// What a script needs that shows nothing as long as growths beyond
/// [`RESIDENT_BYTES`] fail.
const LARGE: &str = "--large always, to make memories of some GiB resident";

/// Whether a divergence shows only where engines may make more of a memory resident than
/// usual.
fn needs_large(
    script: &Script,
    name: &str,
    budget: Budget,
    runner: &mut dyn Runner,
) -> Result<bool, String> {
    if !budget.is_large() {
        return Ok(false);
    }
    let usual = Budget {
        resident_bytes: RESIDENT_BYTES,
        ..budget
    };
    let trial = try_script(script, usual, runner, &[name])?;
    Ok(trial.divergence(name).is_none())
}

/// Where only the contents of a memory differ, the script with a load that
/// tells: it shows the difference to whoever runs the file as plain `.wast`.
fn with_load(
    script: &Script,
    trial: &Trial,
    difference: &Difference,
    name: &str,
    budget: Budget,
    runner: &mut dyn Runner,
) -> Result<Option<(Script, Trial)>, String> {
    let look = match look(script, trial, difference, name, budget, runner)? {
        Some((look, _)) => look,
        None => return Ok(None),
    };
    let LookAt::Byte(address, _) = look.at else {
        return Ok(None);
    };
    let Some(loads) = reduce::with_load(script, &look.instance, &look.memory, address) else {
        return Ok(None);
    };
    let names: Vec<&str> = trial.judged.iter().map(|j| &*j.configuration).collect();
    let trial = try_script(&loads, budget, runner, &names)?;
    // A difference that goes away when it is looked at is left as it was.
    Ok(trial.divergence(name).is_some().then_some((loads, trial)))
}

/// The header, but for the id and how it was found.
pub(crate) fn header(
    trial: &Trial,
    shown: &Difference,
    class: crate::judge::Class,
    subject: &Subject,
    configurations: &[Configuration],
    severity: Severity,
    title: String,
) -> Header {
    let mut diverging = Vec::new();
    let mut conforming = Vec::new();
    let mut versions: Vec<String> = Vec::new();
    for judged in &trial.judged {
        let who = judged.configuration.clone();
        if let Some(c) = configurations.iter().find(|c| c.name() == who) {
            let version = format!("{} {}", c.engine(), c.version());
            if !versions.contains(&version) {
                versions.push(version);
            }
        }
        match &judged.verdict {
            Verdict::Diverges(d) => diverging.push((who, d.got.clone())),
            Verdict::Conforms => conforming.push(who),
            _ => {}
        }
    }
    Header {
        bug: String::new(),
        title,
        severity,
        expected: shown.expected.clone(),
        section: section_of(class, &subject.operation),
        diverging,
        conforming,
        tried: trial
            .judged
            .iter()
            .map(|j| j.configuration.clone())
            .collect(),
        versions: versions.join(", "),
        needs: None,
        found: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::reference;
    use crate::engine::{Job, MEMORY_BYTES};
    use crate::observation::Outcome;
    use crate::script::wast::parse;
    use crate::worker::Answer;
    use trapline_reference::Value;

    /// The reference, but for what it answers where much may be resident.
    struct WrongWhereLarge;

    impl Runner for WrongWhereLarge {
        fn run(&mut self, job: &Job<'_>, names: &[&str]) -> Result<Vec<Answer>, String> {
            let run = reference::observe(job, &reference::Options::default());
            let mut observation = run.observation;
            if let Some(step) = observation
                .steps
                .last_mut()
                .filter(|_| job.budget.is_large())
            {
                step.outcome = Outcome::Values(vec![Value::I32(7)]);
            }
            let answers = names.iter();
            Ok(answers
                .map(|_| Answer::Observed(observation.clone()))
                .collect())
        }
    }

    #[test]
    fn what_shows_with_large_memories_only_says_so() {
        let script = "(module (func (export \"f\") (result i32) (i32.const 1))) (invoke \"f\")";
        let script = parse("m.wast", script.as_bytes()).expect("a script").script;
        let usual = Budget::of(MEMORY_BYTES);
        let large = Budget {
            resident_bytes: 1 << 32,
            ..usual
        };
        let needs = |budget| needs_large(&script, "e/x", budget, &mut WrongWhereLarge);
        assert_eq!(needs(large), Ok(true));
        assert_eq!(needs(usual), Ok(false));
    }
}
