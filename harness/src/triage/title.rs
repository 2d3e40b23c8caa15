//! What a person would call a bug, from what is known of it: a title and an id.

use crate::corpus::Cause;
use crate::judge::{Class, Place, Subject};

/// What goes wrong, in a sentence without a full stop.
pub(super) fn title(class: Class, subject: &Subject, cause: &Cause) -> String {
    let what = match (&*subject.operation, &cause.at.instructions[..]) {
        ("module", _) => "a module".to_owned(),
        ("none", []) => "a call".to_owned(),
        (operation, [] | [_]) => match cause.words.is_empty() {
            true => operation.to_owned(),
            false => cause.at.instructions.first().cloned().unwrap_or_default(),
        },
        (_, [first, ..]) => {
            let count = cause.at.instructions.len();
            let shown = cause
                .at
                .instructions
                .iter()
                .find(|i| **i == subject.operation);
            format!("{} and {} more", shown.unwrap_or(first), count - 1)
        }
    };
    let place = match subject.place {
        None | Some(Place::Inside) => "",
        Some(Place::LastByte) => " at the last byte of a memory",
        Some(Place::FirstBeyond) => " one byte beyond the end of a memory",
        Some(Place::Straddles) => " across the end of a memory",
        Some(Place::Beyond) => " beyond the end of a memory",
        Some(Place::BeyondU32) => " whose end does not fit in 32 bits",
        Some(Place::BeyondU64) => " whose end does not fit in 64 bits",
    };
    let wrong = match class {
        Class::Crash if cause.words.is_empty() => "kills the process".to_owned(),
        Class::Crash | Class::Panic => format!("panics: {}", cause.words),
        Class::MissingTrap => "does not trap".to_owned(),
        Class::StaleData => "leaves bytes that were never written".to_owned(),
        Class::MemoryContents => "leaves wrong bytes in a memory".to_owned(),
        Class::MemorySize => "gives a wrong size".to_owned(),
        Class::Value => "gives a wrong value".to_owned(),
        Class::GrowResult => "gives a wrong result".to_owned(),
        Class::EmbedderApi => format!("breaks a rule of the JavaScript API: {}", cause.words),
        Class::Hang => "does not come back".to_owned(),
        Class::OutOfMemory => "takes all the memory there is".to_owned(),
        Class::SpuriousTrap => "traps, and should not".to_owned(),
        Class::AcceptsInvalid => "is accepted, though it is invalid".to_owned(),
        Class::RejectsValid => format!("is rejected, though it is valid: {}", subject.detail),
        Class::Link => "is linked otherwise than specified".to_owned(),
        Class::Nondeterministic => "answers differently when it is run again".to_owned(),
        Class::TrapKind => "traps for the wrong reason".to_owned(),
    };
    let mut title = format!("{what}{place} {wrong}").trim().to_owned();
    if let Some(end) = title.char_indices().nth(120).map(|(at, _)| at) {
        title.truncate(end);
        title.push('…');
    }
    title.replace('\n', " ")
}

/// A short id: the engine and who has it, what it is about, what goes wrong.
pub(super) fn id(
    engine: &str,
    shows: &[String],
    class: Class,
    subject: &Subject,
    cause: &Cause,
) -> String {
    let mut words = vec![engine.to_owned()];
    if let [one] = shows {
        words.push(one.clone());
    }
    let about = match &cause.words {
        words if words.is_empty() => subject.operation.clone(),
        words => words.clone(),
    };
    words.push(about);
    if let Some(place) = subject.place.filter(|place| *place != Place::Inside) {
        words.push(place.name().to_owned());
    }
    words.push(class.name().to_owned());
    let mut id = String::new();
    for part in words
        .join("-")
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '.')
    {
        let digits = part.chars().all(|c| c.is_ascii_digit());
        if part.is_empty() || digits || id.len() + part.len() > 60 {
            continue;
        }
        if !id.is_empty() {
            id.push('-');
        }
        id.push_str(&part.to_ascii_lowercase());
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_could_have_said_it() {
        let subject = Subject {
            operation: "i32.load".to_owned(),
            memory: "i32".to_owned(),
            place: Some(Place::Beyond),
            detail: String::new(),
        };
        let mut cause = Cause::default();
        cause.at.instructions = vec!["i32.load".to_owned(), "i64.load".to_owned()];
        let said = title(Class::MissingTrap, &subject, &cause);
        assert_eq!(
            said,
            "i32.load and 1 more beyond the end of a memory does not trap"
        );
        let shows = ["singlepass".to_owned()];
        let id = id("wasmer", &shows, Class::MissingTrap, &subject, &cause);
        assert_eq!(id, "wasmer-singlepass-i32.load-beyond-missing-trap");
    }
}
