//! A certificate as a page: HTML that needs nothing but itself.

use anyhow::Context;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;
use trapline_harness::sweep::{Certificate, Of};

/// What the template shows.
#[derive(Serialize)]
struct View<'a> {
    certificate: &'a Certificate,
    headline: String,
    new: u64,
    sentences: Vec<String>,
}

/// The page.
pub(super) fn page(certificate: &Certificate) -> anyhow::Result<String> {
    let new: u64 = certificate.configurations.iter().map(|of| of.new).sum();
    let failing: u64 = certificate
        .configurations
        .iter()
        .map(|of| of.total.failing)
        .sum();
    let view = View {
        headline: match (failing, new) {
            (0, _) => "no point fails".to_owned(),
            (failing, 0) => format!("{failing} points fail, all of them known"),
            (failing, new) => format!("{failing} points fail, {new} of them new"),
        },
        certificate,
        new,
        sentences: certificate
            .configurations
            .iter()
            .map(Of::sentence)
            .collect(),
    };
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let mut syntax = SyntaxConfig::builder();
    environment.set_syntax(syntax.trim_blocks(true).lstrip_blocks(true).build()?);
    environment.add_filter("thousands", crate::nightly::thousands);
    environment.add_template("page.html", include_str!("page.html"))?;
    environment.add_template("style.css", crate::nightly::STYLE)?;
    let template = environment.get_template("page.html")?;
    let text = template
        .render(Serde(&view))
        .context("the page cannot be written")?;
    Ok(text.chars().map(crate::nightly::presentable).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use trapline_harness::judge::Class;
    use trapline_harness::sweep::{Counts, Failure, Machine, Space};

    use super::*;

    #[test]
    fn it_is_well_formed_and_names_what_fails() {
        let failing = Counts {
            failing: 1,
            ..Counts::default()
        };
        let failure = Failure {
            point: "i32.load/memory32/page/parameter/offset-0/beyond-1/nothing".to_owned(),
            class: Class::MissingTrap,
            expected: "trap: <out of bounds>".to_owned(),
            got: "values".to_owned(),
            bugs: Vec::new(),
            company: Vec::new(),
        };
        let certificate = Certificate {
            space: Space {
                version: 1,
                digest: "0".to_owned(),
                points: 1234,
                shard: "1/1".to_owned(),
                of_shard: 1234,
                large: false,
            },
            machine: Machine::this(),
            date: "2026-11-27 23:10".to_owned(),
            complete: true,
            configurations: vec![Of {
                configuration: "wasmi/eager".to_owned(),
                version: "2.0.0".to_owned(),
                total: failing,
                families: BTreeMap::from([("loads".to_owned(), failing)]),
                limits: BTreeMap::new(),
                not_run: BTreeMap::new(),
                known: BTreeMap::new(),
                new: 1,
                failing: vec![failure],
            }],
        };
        let page = page(&certificate).expect("it is made");
        let text = page.trim_start_matches("<!DOCTYPE html>");
        roxmltree::Document::parse(text).expect("it is well-formed");
        for part in [
            "1,234 points",
            "1 of them new",
            "beyond-1",
            "&lt;out of bounds&gt;",
        ] {
            assert!(page.contains(part), "{part}");
        }
    }
}
