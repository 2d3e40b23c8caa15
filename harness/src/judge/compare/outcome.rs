//! How the outcome of a step stands to what is allowed, and outcomes in words.

use trapline_reference::Value;

use super::{Class, Stop};
use crate::engine::javascript::BREACH;
use crate::engine::reference::Taints;
use crate::judge::limits::names_a_limit;
use crate::observation::{Outcome, Stage};

/// How two outcomes of one step stand to each other.
pub(super) enum Outcomes {
    /// The engine's is among those allowed.
    Agree,
    /// The step was done on one side only.
    Lost(Stop),
    /// From here on nothing can be compared.
    End(Stop),
    Differ(Class),
}

/// As [`judge`], but for what depends on open bits of NaNs; of a step without
/// taints nobody knows.
pub(super) fn judge_but_for(
    expected: &Outcome,
    got: &Outcome,
    taints: Option<&Taints>,
) -> Outcomes {
    let open = || Stop::Skipped("a NaN whose bits are open".to_owned());
    match (judge(expected, got), taints, expected, got) {
        (Outcomes::Differ(class @ (Class::Panic | Class::EmbedderApi)), ..) => {
            Outcomes::Differ(class)
        }
        (Outcomes::End(stop), ..) => Outcomes::End(stop),
        (_, None, ..) => Outcomes::End(open()),
        (_, Some(taints), ..) if taints.open => Outcomes::Lost(open()),
        (Outcomes::Differ(_), Some(taints), Outcome::Values(a), Outcome::Values(b))
            if a.len() == b.len() =>
        {
            let masks = taints.values.iter().copied().chain(std::iter::repeat(0));
            let mut pairs = a.iter().zip(b).zip(masks);
            match pairs.all(|((a, b), mask)| a.is_but_for(*b, mask)) {
                true => Outcomes::Agree,
                false => Outcomes::Differ(Class::Value),
            }
        }
        (outcomes, ..) => outcomes,
    }
}

pub(super) fn judge(expected: &Outcome, got: &Outcome) -> Outcomes {
    use Outcome as O;
    use Outcomes::{Agree, Differ, End, Lost};
    let skipped = |why: &str| Stop::Skipped(why.to_owned());
    match (expected, got) {
        (_, O::Panic(words)) if words.starts_with(BREACH) => Differ(Class::EmbedderApi),
        (_, O::Panic(_)) => Differ(Class::Panic),
        (_, O::Joined(outcomes)) if outcomes.iter().any(O::has_panic) => Differ(Class::Panic),
        (O::Panic(message), _) => End(skipped(&format!("the reference panicked: {message}"))),
        (_, O::Unsupported(feature)) => Lost(Stop::Unsupported(feature.clone())),
        (O::Unsupported(what), _) => Lost(skipped(&format!("reference: {what}"))),
        (O::Interrupted, _) => End(skipped("out of fuel")),
        (_, O::Interrupted) => Differ(Class::Hang),
        (O::Exhausted, _) | (_, O::Exhausted) => End(skipped("call stack exhausted")),
        (O::Limit(why), _) | (_, O::Limit(why)) => Lost(Stop::Limit(why.clone())),
        (O::Joined(allowed), O::Joined(outcomes)) if allowed.len() == outcomes.len() => {
            let pairs = allowed.iter().zip(outcomes);
            let judged = pairs.map(|(allowed, outcome)| judge(allowed, outcome));
            let mut others = judged.filter(|judged| !matches!(judged, Agree));
            others.next().unwrap_or(Agree)
        }
        (O::Joined(_), _) | (_, O::Joined(_)) => Lost(skipped("threads")),
        (O::Values(a), O::Values(b)) if a == b => Agree,
        (O::Values(_), O::Values(_)) => Differ(Class::Value),
        // An engine names several kinds where it does not tell them apart.
        (O::Trap(allowed), O::Trap(kinds)) => {
            match kinds.iter().any(|kind| allowed.contains(kind)) {
                true => Agree,
                false => Differ(Class::TrapKind),
            }
        }
        (O::Trap(_), O::Values(_)) => Differ(Class::MissingTrap),
        (O::Values(_), O::Trap(_)) => Differ(Class::SpuriousTrap),
        (O::Rejected { stage: a, .. }, O::Rejected { stage: b, .. }) if a == b => Agree,
        (
            O::Rejected {
                stage: Stage::Compile,
                ..
            },
            _,
        ) => Differ(Class::AcceptsInvalid),
        (
            _,
            O::Rejected {
                stage: Stage::Compile,
                reason,
            },
        ) => match names_a_limit(reason) {
            true => Lost(Stop::Limit(reason.clone())),
            false => Differ(Class::RejectsValid),
        },
        (O::Rejected { .. }, _) | (_, O::Rejected { .. }) => Differ(Class::Link),
        (O::Absent, O::Absent) => Agree,
        (O::Absent, _) | (_, O::Absent) => Differ(Class::Link),
    }
}

/// Whether an outcome is one that is allowed.
pub(in crate::judge) fn agree(allowed: &Outcome, got: &Outcome) -> bool {
    matches!(judge(allowed, got), Outcomes::Agree)
}

/// An outcome in words, for people.
pub fn describe(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Values(values) if values.is_empty() => "success".to_owned(),
        Outcome::Values(values) => {
            let values: Vec<_> = values.iter().map(Value::to_string).collect();
            values.join(" ")
        }
        Outcome::Trap(kinds) => {
            let kinds: Vec<_> = kinds.iter().map(|kind| format!("{kind:?}")).collect();
            format!("trap: {}", kinds.join(" or "))
        }
        Outcome::Exhausted => "call stack exhausted".to_owned(),
        Outcome::Interrupted => "interrupted: it did not end".to_owned(),
        Outcome::Rejected {
            stage: Stage::Compile,
            reason,
        } => format!("rejected: {reason}"),
        Outcome::Rejected {
            stage: Stage::Link,
            reason,
        } => format!("cannot be linked: {reason}"),
        Outcome::Limit(why) => format!("resource limit: {why}"),
        Outcome::Absent => "nothing: an earlier step failed".to_owned(),
        Outcome::Panic(message) if message.starts_with(BREACH) => message.clone(),
        Outcome::Panic(message) => format!("panic: {message}"),
        Outcome::Unsupported(what) => format!("not supported: {what}"),
        Outcome::Joined(outcomes) => {
            let outcomes: Vec<_> = outcomes.iter().map(describe).collect();
            format!("the thread: {}", outcomes.join("; "))
        }
    }
}
