//! What engines answer to a claim, and what it comes to.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What one engine says of a claim. With what was seen, or why nothing was, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It is so there.
    Agrees(String),
    /// It is so there in one case and not in another.
    Partly(String),
    /// It is not so there.
    Differs(String),
    /// It cannot be told there.
    Silent(String),
}

impl Answer {
    /// What the answer to assertions says of a claim, if they show this of it.
    pub(super) fn showing(self, shown: Word) -> Answer {
        match (shown, self) {
            (Word::DoesNotHold, Answer::Agrees(words)) => Answer::Differs(words),
            (Word::DoesNotHold, Answer::Differs(words)) => Answer::Agrees(words),
            (Word::Depends, Answer::Agrees(words)) => Answer::Partly(words),
            (_, answer) => answer,
        }
    }

    /// The answer to two cases of one claim: it is so where both are.
    pub(super) fn and(self, other: Answer) -> Answer {
        match (self, other) {
            (Answer::Differs(one), Answer::Differs(other)) => Answer::Differs(both(&one, &other)),
            (Answer::Agrees(one), Answer::Agrees(other)) => Answer::Agrees(both(&one, &other)),
            (Answer::Silent(one), Answer::Silent(other)) => Answer::Silent(both(&one, &other)),
            (Answer::Partly(one), Answer::Partly(other)) => Answer::Partly(both(&one, &other)),
            (differs @ Answer::Differs(_), _) | (_, differs @ Answer::Differs(_)) => differs,
            (partly @ Answer::Partly(_), _) | (_, partly @ Answer::Partly(_)) => partly,
            (agrees @ Answer::Agrees(_), _) | (_, agrees @ Answer::Agrees(_)) => agrees,
        }
    }
}

/// What two cases saw.
fn both(one: &str, other: &str) -> String {
    match (one, other) {
        ("", words) | (words, "") => words.to_owned(),
        (one, other) if one == other => one.to_owned(),
        (one, other) => format!("{one}; {other}"),
    }
}

/// An answer with who gave it: the reference or the name of a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// Who.
    pub who: String,
    /// What.
    pub answer: Answer,
}

/// What becomes of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Word {
    /// It is so everywhere.
    #[serde(rename = "holds")]
    Holds,
    /// It is so nowhere.
    #[serde(rename = "does not hold")]
    DoesNotHold,
    /// It is so here and not there.
    #[serde(rename = "depends")]
    Depends,
    /// It is about something that no engine has.
    #[serde(rename = "not there yet")]
    NotThereYet,
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Word::Holds => "holds",
            Word::DoesNotHold => "does not hold",
            Word::Depends => "depends",
            Word::NotThereYet => "not there yet",
        })
    }
}

/// What the answers come to; `None` if there is none that says anything.
///
/// ```
/// use trapline_harness::claims::{Answer, Answered, Word, measured};
/// let answered = |answer| Answered { who: "an engine".to_owned(), answer };
/// let yes = answered(Answer::Agrees(String::new()));
/// let no = answered(Answer::Differs("got 1".to_owned()));
/// assert_eq!(measured(&[yes.clone()]), Some(Word::Holds));
/// assert_eq!(measured(&[no.clone()]), Some(Word::DoesNotHold));
/// assert_eq!(measured(&[yes, no]), Some(Word::Depends));
/// assert_eq!(measured(&[]), None);
/// ```
pub fn measured(answers: &[Answered]) -> Option<Word> {
    let some = |wanted: fn(&Answer) -> bool| answers.iter().any(|each| wanted(&each.answer));
    let agree = some(|answer| matches!(answer, Answer::Agrees(_)));
    let differ = some(|answer| matches!(answer, Answer::Differs(_)));
    let partly = some(|answer| matches!(answer, Answer::Partly(_)));
    match (agree, differ) {
        _ if partly => Some(Word::Depends),
        (true, true) => Some(Word::Depends),
        (true, false) => Some(Word::Holds),
        (false, true) => Some(Word::DoesNotHold),
        (false, false) => None,
    }
}
