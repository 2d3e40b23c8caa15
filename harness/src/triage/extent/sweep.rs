//! The siblings of a minimized case, on every configuration: what a maintainer
//! asks next.

use serde::Serialize;

use super::class::Sibling;
use super::swap::{self, Address};
use crate::engine::Budget;
use crate::judge::{Place, Verdict};
use crate::script::Script;
use crate::triage::cause;
use crate::triage::heal::Suspect;
use crate::trial::{Trial, try_script};
use crate::worker::Runner;

/// What siblings of a case did.
#[derive(Clone, Debug, Serialize)]
pub struct Sweep {
    /// The instruction that the case is about.
    pub instruction: String,
    /// Other instructions in its place.
    pub instructions: Vec<Row>,
    /// Other places of its address relative to the bound.
    pub places: Vec<Row>,
}

/// One sibling.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// What it is.
    pub name: String,
    /// The configurations that diverge.
    pub diverging: Vec<String>,
    /// Those that do what is specified.
    pub conforming: Vec<String>,
}

/// Runs the siblings of a script, tried as `trial`, on the configurations
/// called `names`. `None` if no one instruction is at fault on the first
/// configuration that diverges.
///
/// # Errors
/// In words, if an engine cannot be run.
pub fn sweep(
    script: &Script,
    trial: &Trial,
    names: &[&str],
    budget: Budget,
    runner: &mut dyn Runner,
) -> Result<Option<Sweep>, String> {
    let diverging = trial.judged.iter().find_map(|j| Some((j, j.divergence()?)));
    let Some((judged, difference)) = diverging else {
        return Ok(None);
    };
    let suspect = Suspect {
        script,
        reference: &trial.reference,
        configuration: &judged.configuration,
        difference,
    };
    let Some(site) = cause::site(suspect, budget, runner)? else {
        return Ok(None);
    };
    let mut traces = trial.reference.trace.iter().flatten();
    let Some(access) = traces.rfind(|access| access.code.map(super::Site::of) == Some(site)) else {
        return Ok(None);
    };
    let mut run = |name: &str, variants: &[Option<Script>]| {
        let mut row = Row {
            name: name.to_owned(),
            diverging: Vec::new(),
            conforming: Vec::new(),
        };
        for script in variants.iter().flatten() {
            let trial = try_script(script, budget, runner, names)?;
            for judged in trial.judged {
                let list = match judged.verdict {
                    Verdict::Diverges(_) => &mut row.diverging,
                    Verdict::Conforms => &mut row.conforming,
                    _ => continue,
                };
                if !list.contains(&judged.configuration) {
                    list.push(judged.configuration);
                }
            }
        }
        row.conforming.retain(|name| !row.diverging.contains(name));
        Ok::<_, String>(row)
    };
    let mut found = Sweep {
        instruction: access.op.to_owned(),
        instructions: Vec::new(),
        places: Vec::new(),
    };
    for sibling in Sibling::all() {
        let at = |address| swap::instruction(script, site, sibling, access, address);
        let row = run(sibling.name, &[at(Address::Own), at(Address::Placed)])?;
        found.instructions.push(row);
    }
    for place in Place::ALL {
        let moved = swap::place(script, site, access, place);
        found.places.push(run(place.name(), &[moved])?);
    }
    let tried = |row: &Row| !row.diverging.is_empty() || !row.conforming.is_empty();
    found.instructions.retain(tried);
    found.places.retain(tried);
    Ok(Some(found))
}
