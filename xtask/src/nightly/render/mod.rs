//! A report as people and other programs read it: a page, a summary, JUnit.
//!
//! What is shown is worked out in `view` and its neighbours; the templates
//! beside only say how.

mod claims;
mod coverage;
mod junit;
mod matrix;
mod plot;
mod releases;
mod view;

use anyhow::Context;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

use super::history::Past;
use super::report::Report;

/// The page: HTML that needs nothing but itself.
pub(super) fn page(report: &Report, past: &Past) -> anyhow::Result<String> {
    render("page.html", &view::View::new(report, past))
}

/// The summary for the page of a CI run: Markdown.
pub(super) fn summary(report: &Report) -> anyhow::Result<String> {
    render("summary.md", &view::View::new(report, &Past::default()))
}

/// What CI systems read: JUnit XML.
pub(super) fn junit(report: &Report) -> anyhow::Result<String> {
    render("junit.xml", &junit::JUnit::new(report))
}

/// The look of pages.
pub(crate) const STYLE: &str = include_str!("style.css");

/// The templates. What is named `.html` or `.xml` escapes what it shows.
const TEMPLATES: [(&str, &str); 4] = [
    ("page.html", include_str!("page.html")),
    ("style.css", STYLE),
    ("summary.md", include_str!("summary.md")),
    ("junit.xml", include_str!("junit.xml")),
];

fn render(name: &str, view: &impl Serialize) -> anyhow::Result<String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let mut syntax = SyntaxConfig::builder();
    environment.set_syntax(syntax.trim_blocks(true).lstrip_blocks(true).build()?);
    environment.add_filter("thousands", thousands);
    for (name, text) in TEMPLATES {
        environment.add_template(name, text)?;
    }
    let text = environment
        .get_template(name)?
        .render(Serde(view))
        .with_context(|| format!("{name} cannot be written"))?;
    Ok(text.chars().map(presentable).collect())
}

/// Engines can say anything; XML cannot.
pub(crate) fn presentable(c: char) -> char {
    match c {
        '\t' | '\n' | '\r' => c,
        '\0'..' ' | '\u{7f}'..'\u{a0}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        c => c,
    }
}

/// `1234567` as `1,234,567`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_in_groups() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1234567, "1,234,567"),
        ] {
            assert_eq!(super::thousands(number), text);
        }
    }
}
