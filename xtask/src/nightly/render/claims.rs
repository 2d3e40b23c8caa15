//! The claims: what is claimed, the verdict, and who agrees.

use serde::Serialize;
use trapline_harness::claims::fragmentation::Measured;
use trapline_harness::claims::{Answer, Answered, Word};
use trapline_harness::engine::group;

use crate::nightly::claims::Claimed;
use crate::nightly::report::Report;

/// A claim as one row.
#[derive(Serialize)]
pub(super) struct Claim {
    number: usize,
    /// In pieces, each with whether it is code.
    says: Vec<(String, bool)>,
    verdict: String,
    /// The class of the cell.
    kind: &'static str,
    because: Vec<(String, bool)>,
    link: Option<String>,
    title: String,
    lines: Vec<Line>,
}

/// Those who saw the same.
#[derive(Serialize)]
struct Line {
    /// `agree`, `agree in part`, `differ`, `cannot tell`.
    what: &'static str,
    who: String,
    seen: String,
}

/// A trace of requests with its drawing.
#[derive(Serialize)]
pub(super) struct Drawing {
    claim: usize,
    about: String,
    svg: String,
    differing: String,
}

pub(super) fn claims(report: &Report) -> Vec<Claim> {
    // Of the engines' configurations not all were asked.
    let mut asked: Vec<&str> = Vec::new();
    for Answered { who, .. } in report.claims.iter().flat_map(|claim| &claim.answers) {
        if !asked.contains(&&**who) {
            asked.push(who);
        }
    }
    let row = |claim| row(claim, &asked);
    report.claims.iter().map(row).collect()
}

pub(super) fn drawings(report: &Report) -> Vec<Drawing> {
    let drawing = |measured: &Measured| Drawing {
        claim: measured.claim,
        about: measured.about.clone(),
        svg: measured.svg.clone(),
        differing: measured.differing.join(", "),
    };
    report.memories.iter().map(drawing).collect()
}

fn row(claim: &Claimed, engines: &[&str]) -> Claim {
    let specified = claim.specification;
    let (verdict, kind) = match claim.measured {
        Some(word) if word == specified => (word.to_string(), kind(word)),
        Some(word) => (
            format!("{word} here; by the specification: {specified}"),
            "c-mixed",
        ),
        None if specified == Word::NotThereYet => (specified.to_string(), "c-none"),
        None => (
            format!("not answered here; by the specification: {specified}"),
            "c-none",
        ),
    };
    let section = claim.section.as_ref();
    Claim {
        number: claim.number,
        says: pieces(&claim.says),
        verdict,
        kind,
        because: pieces(&claim.because),
        link: section.map(|section| section.link.clone()),
        title: section.map_or_else(String::new, |section| section.title.clone()),
        lines: lines(&claim.answers, engines),
    }
}

fn kind(word: Word) -> &'static str {
    match word {
        Word::Holds => "c-good",
        Word::DoesNotHold => "c-bad",
        Word::Depends => "c-mixed",
        Word::NotThereYet => "c-none",
    }
}

fn lines(answers: &[Answered], engines: &[&str]) -> Vec<Line> {
    let mut alike: Vec<(&Answer, Vec<&str>)> = Vec::new();
    for Answered { who, answer } in answers {
        match alike.iter_mut().find(|(known, _)| *known == answer) {
            Some((_, names)) => names.push(who),
            None => alike.push((answer, vec![who])),
        }
    }
    let line = |(answer, names): (&Answer, Vec<&str>)| {
        let (what, seen) = match answer {
            Answer::Agrees(seen) => ("agree", seen),
            Answer::Partly(seen) => ("agree in part", seen),
            Answer::Differs(seen) => ("differ", seen),
            Answer::Silent(seen) => ("cannot tell", seen),
        };
        Line {
            what,
            who: group(&names, engines),
            seen: seen.clone(),
        }
    };
    alike.into_iter().map(line).collect()
}

/// Text with code between backquotes.
fn pieces(markdown: &str) -> Vec<(String, bool)> {
    let pieces = markdown.split('`').enumerate();
    let piece = |(index, text): (usize, &str)| (text.to_owned(), index % 2 == 1);
    pieces
        .map(piece)
        .filter(|(text, _)| !text.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::pieces;

    #[test]
    fn code_is_told_from_text() {
        let owned = |text: &str, code| (text.to_owned(), code);
        assert_eq!(
            pieces("The method `grow` throws"),
            [
                owned("The method ", false),
                owned("grow", true),
                owned(" throws", false)
            ]
        );
        assert_eq!(pieces("`a`"), [owned("a", true)]);
    }
}
