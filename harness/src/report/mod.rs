//! Bug reports: Markdown ready to paste, with a program that shows the divergence.

mod markdown;
mod policy;
mod reason;
mod sides;
mod standalone;
#[cfg(test)]
mod tests;

use crate::corpus::Bug;
use crate::engine::{Budget, Configuration, Job, group, group_others, reference};
use crate::judge::{
    Class, Difference, OF_THREADS, Section, Severity, Verdict, captures, section_of, subject,
};
use crate::observation::Observation;
use crate::script::{Script, print};
use crate::trial::{Sighting, Trial};
use crate::worker::{Answer, Runner};

pub use sides::{Bytes, Contrast, Side, sides};
pub use standalone::{EXPECTED, Look, LookAt, Standalone};

/// A report on how one engine diverges in one script.
#[derive(Clone, Debug)]
pub struct Report {
    /// One line.
    pub title: String,
    /// The text, with the title.
    pub markdown: String,
    /// The configuration it is about.
    pub configuration: String,
    /// What kind of divergence it is about.
    pub class: Class,
    /// Whether it belongs to the engine's private channel.
    pub private: bool,
    /// The program that shows it, or why there is none.
    pub standalone: Result<Standalone, String>,
}

/// What a report is to be about.
#[derive(Clone, Copy, Debug, Default)]
pub struct About<'a> {
    /// An engine, or one of its configurations.
    pub engine: Option<&'a str>,
    /// What the register says of the file.
    pub bug: Option<&'a Bug>,
}

/// What a report is made from.
struct Facts<'a> {
    /// The name to give to the `.wast`.
    file: &'a str,
    wast: String,
    configuration: &'a Configuration,
    difference: &'a Difference,
    severity: Severity,
    section: Section,
    /// Why that is so, with the numbers of the case.
    reason: Option<String>,
    /// How often it was seen, if it is one of many outcomes of threads.
    sighting: Option<Sighting>,
    /// What the register says of it.
    bug: Option<&'a Bug>,
    /// What the specification and the engine say of the memory that differs.
    look: Option<(Look, String)>,
    standalone: &'a Result<Standalone, String>,
    who: Who,
}

/// Which configurations diverge and which conform, in few words, and the
/// versions of their engines.
struct Who {
    diverging: String,
    conforming: String,
    versions: String,
}

impl Who {
    /// Of a divergence of this class.
    fn of(trial: &Trial, difference: &Difference, configurations: &[Configuration]) -> Who {
        let all: Vec<&str> = trial.judged.iter().map(|j| &*j.configuration).collect();
        let of = |fits: &dyn Fn(&Verdict) -> bool| -> Vec<&str> {
            let judged = trial.judged.iter().filter(|j| fits(&j.verdict));
            judged.map(|j| &*j.configuration).collect()
        };
        let diverging = of(
            &|verdict| matches!(verdict, Verdict::Diverges(other) if other.class == difference.class),
        );
        let conforming = of(&|verdict| matches!(verdict, Verdict::Conforms));
        let mut versions: Vec<String> = configurations
            .iter()
            .filter(|c| diverging.contains(&c.name()) || conforming.contains(&c.name()))
            .map(|c| format!("{} {}", c.engine(), c.version()))
            .collect();
        versions.dedup();
        Who {
            diverging: group(&diverging, &all),
            conforming: match conforming.is_empty() {
                true => "none of those tried".to_owned(),
                false => group_others(&conforming, &all, &diverging),
            },
            versions: versions.join(", "),
        }
    }
}

/// Writes the report on `script`, tried as `trial` on all `configurations`:
/// on the engine that is asked for, otherwise on that of the most severe
/// divergence. `file` is the name of the `.wast`, without folders.
///
/// # Errors
/// In words: nobody (or not the engine asked for) diverges, or an engine cannot be run.
pub fn report(
    file: &str,
    script: &Script,
    trial: &Trial,
    configurations: &[Configuration],
    about: About<'_>,
    budget: Budget,
    runner: &mut dyn Runner,
) -> Result<Report, String> {
    let About { engine, bug } = about;
    let (configuration, difference) = choose(trial, configurations, engine).ok_or_else(|| {
        let who = engine.unwrap_or("no engine");
        format!("{file}: {who} does not diverge")
            .replace("no engine does not diverge", "nobody diverges")
    })?;
    let never = trial.never(script, configuration.name());
    // What follows the divergence is nobody's business, but for what else threads gave.
    let script = match &trial.joint {
        Some(_) => script.clone(),
        None => script.cut(difference.step + 1),
    };
    let outcomes = trial.reference.outcomes();
    let look = look(
        &script,
        trial,
        difference,
        configuration.name(),
        budget,
        runner,
    )?;
    let subject = subject(&script, &trial.reference, difference);
    let reason = reason::of(&trial.reference, difference);
    // The words of a panic say nothing of the rule that was to be followed.
    let operation = match &reason {
        Some(reason) => reason.operation.to_owned(),
        None => subject.operation,
    };
    let bug = bug.filter(|bug| bug.may_show_on(configuration.name()));
    let title = markdown::title(configuration, difference, &operation, bug);
    let standalone = standalone::standalone(
        &script,
        &outcomes,
        look.as_ref().map(|(look, _)| look),
        configuration.name(),
        configuration.version(),
        &title,
    );
    let who = Who::of(trial, difference, configurations);
    // What a look at this run does not tell, the register may.
    let severity = Severity::of(difference, &trial.reference);
    let severity = bug.map_or(severity, |bug| bug.severity.min(severity));
    let facts = Facts {
        file,
        wast: print::to_wast_allowing(&script, &trial.reference.allowed_outcomes(), ""),
        configuration,
        difference,
        severity,
        section: match &trial.joint {
            Some(_) => OF_THREADS,
            None => section_of(difference.class, &operation),
        },
        reason: match never {
            Some(never) => Some(never.to_string()),
            None => reason.map(|reason| reason.words),
        },
        sighting: trial
            .joint
            .as_ref()
            .and_then(|joint| joint.wrong.get(configuration.name()).copied()),
        bug,
        look,
        standalone: &standalone,
        who,
    };
    Ok(Report {
        markdown: markdown::text(&title, &facts),
        title,
        configuration: configuration.name().to_owned(),
        class: difference.class,
        private: severity.is_private(),
        standalone,
    })
}

/// The most severe divergence; of several configurations one that a
/// stand-alone program can make, and the plainest of these.
fn choose<'a>(
    trial: &'a Trial,
    configurations: &'a [Configuration],
    engine: Option<&str>,
) -> Option<(&'a Configuration, &'a Difference)> {
    let diverging = trial.judged.iter().filter_map(|judged| {
        let difference = judged.divergence()?;
        let configuration = configurations
            .iter()
            .find(|c| c.name() == judged.configuration)?;
        let wanted =
            engine.is_none_or(|e| e == configuration.engine() || e == configuration.name());
        wanted.then_some((configuration, difference))
    });
    diverging.min_by_key(|(configuration, difference)| {
        let parts = configuration.name().matches('+').count();
        (
            difference.class,
            !standalone::can_be_made(configuration.name()),
            parts,
        )
    })
}

/// Where a memory differs, if that is what differs: what to look at, and what
/// the configuration has there.
///
/// # Errors
/// In words, if the engine cannot be run.
pub fn look(
    script: &Script,
    trial: &Trial,
    difference: &Difference,
    configuration: &str,
    budget: Budget,
    runner: &mut dyn Runner,
) -> Result<Option<(Look, String)>, String> {
    let Some(memory) = &difference.memory else {
        return Ok(None);
    };
    let look = |at| Look {
        instance: memory.instance.clone(),
        memory: memory.export.clone(),
        at,
    };
    let Some((right, wrong)) = both(script, trial, difference, configuration, budget, runner)?
    else {
        return Ok(None);
    };
    let Some(chunk) = memory.chunk else {
        let size = |observation: &Observation| {
            let states = &observation.steps.get(difference.step)?.memories;
            let state = states
                .iter()
                .find(|s| s.instance == memory.instance && s.export == memory.export);
            state.map(|state| state.bytes)
        };
        return Ok(size(&right)
            .zip(size(&wrong))
            .map(|(right, wrong)| (look(LookAt::Size(right)), wrong.to_string())));
    };
    let (Some((_, right)), Some((_, wrong))) = (right.captured.first(), wrong.captured.first())
    else {
        return Ok(None);
    };
    let at = right.iter().zip(wrong).position(|(a, b)| a != b);
    Ok(at.map(|at| {
        let address = chunk * crate::observation::CHUNK as u64 + at as u64;
        (
            look(LookAt::Byte(address, right[at])),
            format!("{:#04x}", wrong[at]),
        )
    }))
}

/// What the reference and the configuration observe, with the bytes captured
/// that a difference in a memory is about.
fn both(
    script: &Script,
    trial: &Trial,
    difference: &Difference,
    configuration: &str,
    budget: Budget,
    runner: &mut dyn Runner,
) -> Result<Option<(Observation, Observation)>, String> {
    let options = reference::Options::default();
    let watch = reference::watch_for(&trial.reference, &options);
    let captures = captures(difference);
    // What the trial did not send is not sent here either.
    let sent = trial.reference.observation.steps.len();
    let script = &script.cut(sent.min(script.steps.len()));
    let job = Job::new(script, budget, &watch, &captures);
    let right = reference::observe(&job, &options).observation;
    Ok(match runner.run(&job, &[configuration])?.pop() {
        Some(Answer::Observed(wrong)) => Some((right, wrong)),
        _ => None,
    })
}

/// Where reports of an engine go: in private, or in public.
pub fn channel(engine: &str, private: bool) -> &'static str {
    match (engine, private) {
        ("wasmtime", true) => "https://bytecodealliance.org/security",
        ("wasmtime", false) => "https://github.com/bytecodealliance/wasmtime/issues",
        ("wasmer", true) => "https://github.com/wasmerio/wasmer/security",
        ("wasmer", false) => "https://github.com/wasmerio/wasmer/issues",
        ("wasmi", true) => "https://github.com/wasmi-labs/wasmi/security",
        ("wasmi", false) => "https://github.com/wasmi-labs/wasmi/issues",
        ("node", true) => "https://github.com/nodejs/node/security/policy",
        ("node", false) => "https://github.com/nodejs/node/issues",
        ("bun", true) => "https://github.com/oven-sh/bun/security",
        ("bun", false) => "https://github.com/oven-sh/bun/issues",
        ("chromium", true) => {
            "https://www.chromium.org/Home/chromium-security/reporting-security-bugs/"
        }
        ("chromium", false) => "https://issues.chromium.org",
        ("firefox", true) => "https://www.mozilla.org/security/",
        ("firefox", false) => "https://bugzilla.mozilla.org",
        _ => "its maintainers",
    }
}

/// Whether a script says something that only our own embedder does, so that no
/// other runner can run it.
pub fn uses_host(wast: &str) -> bool {
    wast.contains("(invoke $host ") || wast.contains("(import \"host\" ")
}
