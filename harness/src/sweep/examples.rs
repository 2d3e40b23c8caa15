//! Files that show failing points: one for each group of points that are alike.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::build::build;
use super::space::BUDGET;
use super::{Certificate, Failure, Point};
use crate::engine::Job;
use crate::script::print;
use crate::trial::try_script;
use crate::worker::{Answer, Runner};

/// Points that fail alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The configurations on which they fail.
    pub configurations: Vec<String>,
    /// One of them.
    pub failure: Failure,
    /// How many there are, on all configurations together.
    pub count: u64,
    /// The file that shows it.
    pub file: PathBuf,
}

/// Writes a `.wast` into `folder` for each group of failing points that are like each
/// other in family of operation, memory, position and class, and that no bug of the register explains.
///
/// # Errors
/// One line with the name of the file that cannot be written.
pub fn examples(certificate: &Certificate, folder: &Path) -> Result<Vec<Example>, String> {
    let mut groups: BTreeMap<String, (Vec<String>, &Failure, u64)> = BTreeMap::new();
    for of in &certificate.configurations {
        for failure in of.failing.iter().filter(|failure| failure.bugs.is_empty()) {
            let point: Point = failure.point.parse()?;
            let group = groups
                .entry(group(&point, failure))
                .or_insert_with(|| (Vec::new(), failure, 0));
            group.2 += 1;
            if !group.0.contains(&of.configuration) {
                group.0.push(of.configuration.clone());
            }
        }
    }
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    std::fs::create_dir_all(folder)
        .map_err(|why| format!("{}: cannot be made: {why}", folder.display()))?;
    let mut examples = Vec::new();
    for (name, (configurations, failure, count)) in groups {
        let file = folder.join(format!("{name}.wast"));
        crate::corpus::write_atomically(&file, text(failure, &configurations)?.as_bytes())?;
        examples.push(Example {
            configurations,
            failure: failure.clone(),
            count,
            file,
        });
    }
    examples.sort_by_key(|example| example.failure.class);
    Ok(examples)
}

/// A name for points that are alike, fit for a file.
fn group(point: &Point, failure: &Failure) -> String {
    let kind = super::space::Kind {
        imported: false,
        second: false,
        ..point.kind
    };
    let name = format!(
        "{}_{}_{}_{}",
        failure.class.name(),
        point.operation().family(),
        kind.name(),
        point.position.family()
    );
    name.replace([' ', '+', '/'], "-")
}

/// The script of a failing point as `.wast`.
fn text(failure: &Failure, configurations: &[String]) -> Result<String, String> {
    let names = match failure.company.is_empty() {
        true => std::slice::from_ref(&failure.point),
        false => &failure.company[..],
    };
    let points = names
        .iter()
        .map(|name| name.parse())
        .collect::<Result<Vec<Point>, String>>()?;
    let built = build(&points, points.len() > 1).ok_or("no points")?;
    let trial = try_script(&built.script, BUDGET, &mut Nobody, &[])?;
    let header = format!(
        "{}\nOn {}.\nExpected: {}\nGot: {}\n",
        failure.point,
        configurations.join(", "),
        failure.expected,
        failure.got
    );
    let allowed = trial.reference.allowed_outcomes();
    Ok(print::to_wast_allowing(&built.script, &allowed, &header))
}

/// Runs nothing: the reference is asked alone.
struct Nobody;

impl Runner for Nobody {
    fn run(&mut self, _: &Job<'_>, _: &[&str]) -> Result<Vec<Answer>, String> {
        Ok(Vec::new())
    }
}
