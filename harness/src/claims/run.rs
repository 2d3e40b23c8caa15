//! Puts a claim to the reference and to engines.

use std::time::Duration;

use serde::Deserialize;

use super::{Answer, Answered, Case, Claim};
use crate::engine::javascript::{self, Launch};
use crate::engine::{Budget, Configuration};
use crate::judge::{Class, Judged, Verdict, describe};
use crate::observation::{Observation, Outcome};
use crate::script::expect::matches;
use crate::script::wast::Source;
use crate::trial::{Trial, try_script};
use crate::worker::Runner;

/// What the reference is called among those that answer.
pub const REFERENCE: &str = "reference";

/// Where claims are put to engines.
pub struct Surroundings<'a> {
    /// Whom.
    pub configurations: &'a [Configuration],
    /// What runs scripts on them.
    pub runner: &'a mut dyn Runner,
    /// The limits of a script.
    pub budget: Budget,
    /// How long a case in JavaScript may take.
    pub wall: Duration,
}

/// Runs the cases of a claim. Scripts are answered by the reference and by every
/// configuration, the others by those that are JavaScript engines.
///
/// # Errors
/// In words, where an engine cannot be run at all.
pub fn ask(claim: &Claim, place: &mut Surroundings<'_>) -> Result<Vec<Answered>, String> {
    let mut all: Vec<Answered> = Vec::new();
    for case in &claim.cases {
        let answered = match case.is_script() {
            true => ask_script(case, place)?,
            false => ask_module(case, place),
        };
        for Answered { who, answer } in answered {
            let answer = answer.showing(case.shows);
            match all.iter_mut().find(|before| before.who == who) {
                Some(before) => before.answer = before.answer.clone().and(answer),
                None => all.push(Answered { who, answer }),
            }
        }
    }
    Ok(all)
}

fn ask_script(case: &Case, place: &mut Surroundings<'_>) -> Result<Vec<Answered>, String> {
    let source = case.script()?;
    let budget = Budget {
        memory_bytes: case
            .budget
            .map_or(place.budget.memory_bytes, |mib| mib << 20),
        ..place.budget
    };
    // Who does not agree once is not asked again.
    let mut names: Vec<&str> = place.configurations.iter().map(|c| c.name()).collect();
    let mut answered: Vec<Answered> = Vec::new();
    for round in 0..case.repeat {
        if round > 0 && names.is_empty() {
            break;
        }
        let trial = try_script(&source.script, budget, place.runner, &names)?;
        let now = answers(case, &source, &trial);
        names.retain(|name| {
            let mut agreeing = now
                .iter()
                .filter(|each| matches!(each.answer, Answer::Agrees(_)));
            agreeing.any(|each| each.who == *name)
        });
        for each in now {
            match answered.iter_mut().find(|before| before.who == each.who) {
                Some(before) => *before = each,
                None => answered.push(each),
            }
        }
    }
    Ok(answered)
}

/// What a trial of a script answers.
fn answers(case: &Case, source: &Source, trial: &Trial) -> Vec<Answered> {
    let reference = match &trial.unsent {
        Some(unsent) => Answer::Silent(unsent.why.clone()),
        None => asserted(case, source, &trial.reference.observation),
    };
    let mut all = vec![Answered {
        who: REFERENCE.to_owned(),
        answer: reference,
    }];
    all.extend(trial.judged.iter().map(|judged| Answered {
        who: judged.configuration.clone(),
        answer: of_engine(case, source, judged),
    }));
    all
}

fn of_engine(case: &Case, source: &Source, judged: &Judged) -> Answer {
    match (&judged.verdict, &judged.observation) {
        (Verdict::Unsupported(why) | Verdict::Limit(why) | Verdict::Skipped(why), _) => {
            Answer::Silent(why.clone())
        }
        // Slow is not wrong.
        (Verdict::Diverges(difference), None) if difference.class == Class::Hang => {
            Answer::Silent(difference.got.clone())
        }
        (Verdict::Diverges(difference), None) => Answer::Differs(difference.got.clone()),
        (Verdict::Diverges(difference), Some(observation)) => {
            match asserted(case, source, observation) {
                Answer::Agrees(_) => Answer::Differs(format!("{}", difference.class)),
                differs => differs,
            }
        }
        (Verdict::Conforms, Some(observation)) => asserted(case, source, observation),
        (Verdict::Conforms, None) => Answer::Silent("it shows nothing".to_owned()),
    }
}

/// Whether all that a script asserts holds in an observation; if not, the first that
/// does not.
fn asserted(case: &Case, source: &Source, observation: &Observation) -> Answer {
    for (step, seen) in source.steps.iter().zip(&observation.steps) {
        if let Outcome::Limit(why) | Outcome::Unsupported(why) = &seen.outcome {
            return Answer::Silent(why.clone());
        }
        if matches(&step.expect, &seen.outcome).is_err() {
            return Answer::Differs(format!(
                "{}:{}: {}",
                case.file,
                step.line,
                describe(&seen.outcome)
            ));
        }
    }
    Answer::Agrees(String::new())
}

/// What a case in JavaScript says.
#[derive(Deserialize)]
struct Said {
    /// Whether the claim holds; `None` if it cannot be asked here.
    answer: Option<bool>,
    /// What was seen.
    note: Option<String>,
}

fn ask_module(case: &Case, place: &Surroundings<'_>) -> Vec<Answered> {
    let answered = place.configurations.iter().filter_map(|configuration| {
        Some(Answered {
            who: configuration.name().to_owned(),
            answer: of_module(case, evaluator(configuration)?, place.wall),
        })
    });
    answered.collect()
}

/// How a configuration is asked that runs JavaScript; `None` for the others.
fn evaluator(configuration: &Configuration) -> Option<&Launch> {
    match javascript::is_javascript(configuration.engine()) {
        true => configuration.launch(),
        false => None,
    }
}

fn of_module(case: &Case, launch: &Launch, wall: Duration) -> Answer {
    let said = match javascript::evaluate(launch, case.text(), case.isolated, wall) {
        Ok(said) => said,
        Err(why) => return Answer::Silent(why),
    };
    match serde_json::from_str(&said) {
        Ok(Said { answer, note }) => {
            let note = note.unwrap_or_default();
            match answer {
                Some(true) => Answer::Agrees(note),
                Some(false) => Answer::Differs(note),
                None => Answer::Silent(note),
            }
        }
        Err(_) => Answer::Silent(format!("no answer: {said}")),
    }
}
