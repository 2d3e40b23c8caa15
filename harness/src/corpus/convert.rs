//! Registers of the form before: `known.toml`, one entry for each signature.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::bug::{Bug, Status};
use super::cause::Cause;
use super::register::Register;
use crate::judge::{Class, Severity};

/// An entry of `known.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    status: String,
    link: Option<String>,
    version: Option<String>,
    reason: Option<String>,
    signature: Option<String>,
    checked: Option<String>,
}

/// What `known.toml` in `folder` knows, as a register; empty if there is none.
/// An entry with a signature of its own becomes a bug of that name. Patterns
/// for other faces of a divergence are left out: causes decide.
///
/// # Errors
/// One line: the file, the place, the reason.
pub(super) fn from_known(folder: &Path) -> Result<Register, String> {
    let path = folder.join("known.toml");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(Register::default()),
        Err(why) => return Err(format!("{}: cannot be read: {why}", path.display())),
    };
    let known: BTreeMap<String, Entry> = toml::from_str(&text).map_err(|why| {
        let start = why.span().map_or(0, |span| span.start);
        let line = 1 + text[..start].matches('\n').count();
        let reason = why.message().lines().collect::<Vec<_>>().join(" ");
        format!("{}:{line}: {reason}", path.display())
    })?;
    let mut register = Register::default();
    let mut faces = 0;
    let (same, own): (Vec<_>, Vec<_>) = known
        .into_iter()
        .partition(|(_, entry)| entry.status == "same-as");
    for (signature, entry) in own {
        register.bugs.push(bug(folder, signature, entry)?);
    }
    for (key, entry) in same {
        let signature = entry.signature.unwrap_or_default();
        let failure = key.strip_prefix("spec ");
        match (failure, register.get_mut(&signature)) {
            (Some(failure), Some(bug)) => bug.suite.push(failure.to_owned()),
            _ => faces += 1,
        }
    }
    register.converted = Some(format!(
        "{}: read as a register of {} bugs; {faces} other faces of them are left out, since \
         causes decide",
        path.display(),
        register.bugs.len()
    ));
    Ok(register)
}

fn bug(folder: &Path, signature: String, entry: Entry) -> Result<Bug, String> {
    let Entry {
        status,
        link,
        version,
        reason,
        signature: _,
        checked,
    } = entry;
    let status = match (&*status, link, version, reason) {
        ("new", ..) => Status::Unreported,
        ("reported", Some(link), ..) => Status::Reported { link },
        ("fixed-in", _, Some(version), _) => Status::Fixed {
            version,
            link: None,
        },
        ("intended", _, _, Some(reason)) => Status::Intended { reason },
        _ => return Err(format!("known.toml: {signature}: no such status: {status}")),
    };
    let class = signature.split('_').next().unwrap_or_default();
    let class = Class::ALL.into_iter().find(|c| c.name() == class);
    let engine = signature.split(['_', '-']).find(|part| {
        let mut classes = Class::ALL.into_iter();
        !classes.any(|class| class.name().split('-').any(|word| word == *part))
    });
    let witness = format!("{signature}.wast");
    Ok(Bug {
        title: signature.clone(),
        engine: engine.unwrap_or_default().to_owned(),
        shows: Vec::new(),
        severity: match class {
            Some(Class::Crash | Class::MissingTrap | Class::StaleData) => Severity::Sandbox,
            Some(Class::Panic) => Severity::Abort,
            Some(Class::Hang | Class::OutOfMemory) => Severity::Resources,
            Some(Class::AcceptsInvalid | Class::RejectsValid | Class::Link) => Severity::Validation,
            _ => Severity::WrongResult,
        },
        status,
        witness: folder.join(&witness).is_file().then_some(witness),
        cause: Cause {
            signature: signature.clone(),
            ..Cause::default()
        },
        seen: Vec::new(),
        gone: None,
        checked,
        suite: Vec::new(),
        id: signature,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_known_stays_known() {
        let folder = tempfile::tempdir().unwrap();
        let text = "\
            [\"missing-trap_wasmer-singlepass_i32.load_i32_beyond\"]\n\
            status = \"reported\"\nlink = \"https://example.org/1\"\nchecked = \"here\"\n\
            [\"value_wasmer*\"]\nstatus = \"same-as\"\n\
            signature = \"missing-trap_wasmer-singlepass_i32.load_i32_beyond\"\n\
            [\"spec wasmer/* a.wast:1\"]\nstatus = \"same-as\"\n\
            signature = \"missing-trap_wasmer-singlepass_i32.load_i32_beyond\"\n";
        std::fs::write(folder.path().join("known.toml"), text).unwrap();
        let register = Register::read(folder.path()).unwrap();
        let [bug] = &register.bugs[..] else {
            panic!("{register:?}");
        };
        assert_eq!(bug.engine, "wasmer");
        assert_eq!(bug.severity, Severity::Sandbox);
        assert!(matches!(bug.status, Status::Reported { .. }));
        assert_eq!(bug.checked.as_deref(), Some("here"));
        assert_eq!(bug.suite, ["wasmer/* a.wast:1"]);
        let told = register.converted.as_deref().unwrap();
        assert!(told.contains("1 bugs; 1 other faces"), "{told}");
        std::fs::write(folder.path().join("known.toml"), "[a]\nstatus = 1\n").unwrap();
        let error = Register::read(folder.path()).unwrap_err();
        assert!(error.contains("known.toml:2: "), "{error}");
    }
}
