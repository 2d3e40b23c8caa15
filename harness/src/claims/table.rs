//! The table of claims, as Markdown.

use std::fmt::Write as _;

use super::fragmentation::{Measured, Row};
use super::{Answer, Answered, Claim, Section, Word, measured};
use crate::engine::{Configuration, Name, group};

/// A claim with what was answered.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The claim.
    pub claim: Claim,
    /// Who said what.
    pub answers: Vec<Answered>,
}

/// The document: what it is, whom it was measured on, one row for each claim, and how
/// allocators fragment memories.
pub fn table(all: &[Asked], configurations: &[Configuration], memories: &[Measured]) -> String {
    let mut out = String::from(HEAD);
    out.push_str(&format!("Measured on {}.\n\n", versions(configurations)));
    out.push_str("| # | claim | case | who agrees | verdict |\n|---|---|---|---|---|\n");
    let who = Names::of(configurations);
    for Asked { claim, answers } in all {
        let cases: Vec<String> = claim.cases.iter().map(|case| link(&case.file)).collect();
        let cells = [
            claim.number.to_string(),
            claim.says.clone(),
            dash(cases.join("<br>")),
            dash(agreement(answers, &who)),
            verdict(claim, measured(answers)),
        ];
        let _ = writeln!(out, "| {} |", cells.map(|cell| escaped(&cell)).join(" | "));
    }
    out.push_str(&fragmentation(memories));
    out
}

/// The section on allocators; nothing where nothing was measured.
pub(super) fn fragmentation(memories: &[Measured]) -> String {
    let mut out = String::new();
    if memories.is_empty() {
        return out;
    }
    out.push_str(FRAGMENTATION);
    for measured in memories {
        let Measured {
            claim,
            stem,
            about,
            rows,
            svg: _,
            differing,
        } = measured;
        let _ = write!(
            out,
            "\n**Claim {claim}**: {about}.\n\n![live bytes and memory size](claims/{stem}.svg)\n\n\
             | allocator | most live | memory at the end | allocations that failed |\n\
             |---|---:|---:|---:|\n"
        );
        for row in rows {
            let Row {
                name,
                most_live,
                size,
                refused,
            } = row;
            let (live, pages) = (most_live.div_ceil(1 << 10), size >> 16);
            let _ = writeln!(out, "| {name} | {live} KiB | {pages} pages | {refused} |");
        }
        if !differing.is_empty() {
            let _ = writeln!(out, "\nOther numbers: {}.", differing.join(", "));
        }
    }
    out
}

/// What the section on allocators begins with.
const FRAGMENTATION: &str = "
## Live bytes against memory size

What claims 22 to 26 say, over other traces, with the allocators that `--focus allocator` generates: bump (an arena),
first fit with and without coalescing, size classes (powers of two) and a pool. Each trace is a script of some hundred
requests, with the live bytes and the memory's size asked for after each. The drawings show the live bytes as an area, the
size of the memory with each allocator as a line, and a cross where an allocation failed. The numbers are the reference's; a
configuration that gives others is named.
";

/// What the document begins with.
const HEAD: &str = "\
# Claims about linear memory

What articles tell people about linear memory, each as a case that runs on every engine here. Written by
`cargo xtask claims --out harness/CLAIMS.md`; nothing in it is edited by hand.

The cases are in [`harness/claims/`](claims/). A script is answered by the reference and by every configuration, a case
in JavaScript by those engines that run JavaScript, each in a new process. *Who agrees* is measured, and so is the word
that begins the verdict: the claim **holds** where all that can tell agree with it, **does not hold** where none does,
and **depends** otherwise. Where the specification says another word than the measurement, that is said behind it. Why,
with a link to the section that decides it, is written by hand.

";

/// The engines with their versions and compilers.
fn versions(configurations: &[Configuration]) -> String {
    let mut engines: Vec<(String, Vec<&str>)> = Vec::new();
    for configuration in configurations {
        let engine = format!("{} {}", configuration.engine(), configuration.version());
        let variant = configuration
            .name()
            .split_once('/')
            .map_or("", |(_, it)| it);
        match engines.iter_mut().find(|(known, _)| *known == engine) {
            Some((_, variants)) => variants.push(variant),
            None => engines.push((engine, vec![variant])),
        }
    }
    let engines = engines.iter();
    let words = engines.map(|(engine, variants)| format!("{engine} ({})", variants.join(", ")));
    let mut all = vec!["the reference".to_owned()];
    all.extend(words);
    all.join(", ")
}

/// What those that answer are called in the table: a release of which there is only one
/// configuration by its own name.
struct Names(Vec<String>);

impl Names {
    fn of(configurations: &[Configuration]) -> Names {
        let release = |c: &Configuration| Name::parse(c.name()).map(Name::release);
        let shown = |c: &Configuration| {
            let mut alike = configurations
                .iter()
                .filter(|other| release(other) == release(c));
            match (alike.next(), alike.next(), release(c)) {
                (Some(_), None, Some(release)) => release,
                _ => c.name().to_owned(),
            }
        };
        let mut names = vec![super::REFERENCE.to_owned()];
        names.extend(configurations.iter().map(shown));
        Names(names)
    }

    fn shown<'a>(&'a self, name: &'a str) -> &'a str {
        let is_it = |shown: &&String| {
            let rest = name.strip_prefix(shown.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.0.iter().find(is_it).map_or(name, String::as_str)
    }
}

/// A link to a case.
fn link(file: &str) -> String {
    format!("[`{file}`](claims/{file})")
}

/// Who agrees, who differs and who cannot tell; those who saw the same together.
fn agreement(answers: &[Answered], among: &Names) -> String {
    let mut lines: Vec<(&Answer, Vec<&str>)> = Vec::new();
    for Answered { who, answer } in answers {
        let name = among.shown(who);
        match lines.iter_mut().find(|(known, _)| *known == answer) {
            Some((_, names)) => names.push(name),
            None => lines.push((answer, vec![name])),
        }
    }
    lines.sort_by_key(|(answer, _)| match answer {
        Answer::Agrees(_) => 0,
        Answer::Partly(_) => 1,
        Answer::Differs(_) => 2,
        Answer::Silent(_) => 3,
    });
    let line = |(answer, names): &(&Answer, Vec<&str>)| {
        let (kind, words) = match answer {
            Answer::Agrees(words) => ("agree", words),
            Answer::Partly(words) => ("agree in part", words),
            Answer::Differs(words) => ("**differ**", words),
            Answer::Silent(words) => ("cannot tell", words),
        };
        let names = group(names, &among.0);
        match words.is_empty() {
            true => format!("{kind}: {names}"),
            false => format!("{kind}: {names} ({words})"),
        }
    };
    lines.iter().map(line).collect::<Vec<_>>().join("<br>")
}

/// The word, why, and the section.
fn verdict(claim: &Claim, measured: Option<Word>) -> String {
    let specified = claim.specification;
    let mut text = match measured {
        Some(word) if word == specified => format!("**{word}**. "),
        Some(word) => format!("**{word}** here; by the specification: {specified}. "),
        None if specified == Word::NotThereYet => format!("**{specified}**. "),
        None if claim.cases.is_empty() => "**not answered yet**. ".to_owned(),
        None => format!("**not answered** here; by the specification: {specified}. "),
    };
    text.push_str(&claim.because);
    if let Some(Section { title, link }) = &claim.section {
        let _ = write!(text, " [{title}]({link})");
    }
    text
}

fn dash(text: String) -> String {
    match text.is_empty() {
        true => "–".to_owned(),
        false => text,
    }
}

/// A text as one cell of a table.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
