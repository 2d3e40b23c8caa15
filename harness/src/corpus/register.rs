//! The register: `bugs.toml`, one entry for each bug.

use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};
use toml::Spanned;
use wildmatch::WildMatch;

use super::bug::{Bug, Status};
use super::{convert, write_atomically};

/// Every bug that is known, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Register {
    /// The entries; no two have one id.
    pub bugs: Vec<Bug>,
    /// Bugs of past releases, from the register in the folder `releases` below this
    /// one. They are read and not written.
    pub past: Vec<Bug>,
    /// In words, what was left out when the register of an older version was
    /// converted; nothing for one of this version.
    pub converted: Option<String>,
}

/// The name of the file, in the folder of the corpus.
pub(super) const FILE: &str = "bugs.toml";

/// The folder below it with the bugs of past releases.
pub(super) const PAST: &str = "releases";

/// The version of the form that this program reads and writes.
const VERSION: u32 = 1;

/// The first lines of the file.
const HEAD: &str = "\
# Every bug known so far, one entry each. `cargo xtask triage` shows and changes them.
# status: unreported | reported (link) | fixed (version) | intended (reason, naming the
#   section of the specification) | same-as (bug)
# shows: the compilers and configurations that have it; all of the engine's if left out.
# cause: with `substitution` applied at `instructions`, `places` and `memories`, a script
#   that shows the bug does not show it any more; what that heals is this bug.
# suite: its failures in the official suite, CONFIGURATION FILE:LINE. * is any text.
# checked: where the program in its report showed it (`cargo xtask report --check`).
";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    #[serde(default)]
    bug: Vec<Spanned<Bug>>,
}

#[derive(Serialize)]
struct FileRef<'a> {
    version: u32,
    bug: &'a [Bug],
}

impl Register {
    /// The entry of this id, of a past release's bug too.
    pub fn get(&self, id: &str) -> Option<&Bug> {
        self.known().find(|bug| bug.id == id)
    }

    /// Every bug, those of past releases last.
    pub fn known(&self) -> impl Iterator<Item = &Bug> {
        self.bugs.iter().chain(&self.past)
    }

    /// The entry of this id, to change it.
    pub fn get_mut(&mut self, id: &str) -> Option<&mut Bug> {
        self.bugs.iter_mut().find(|bug| bug.id == id)
    }

    /// The entry that another is said to be the same as, or itself.
    pub fn resolved<'a>(&'a self, bug: &'a Bug) -> &'a Bug {
        // Read without cycles, written without new ones.
        let mut bug = bug;
        for _ in 0..self.bugs.len() {
            match &bug.status {
                Status::SameAs { bug: other } => match self.get(other) {
                    Some(other) => bug = other,
                    None => break,
                },
                _ => break,
            }
        }
        bug
    }

    /// The bug whose witness has this name.
    pub fn of_witness(&self, file_name: &str) -> Option<&Bug> {
        self.known()
            .find(|bug| bug.witness.as_deref() == Some(file_name))
    }

    /// The open bug that a failure in the official suite is, by its name:
    /// `CONFIGURATION FILE:LINE`, with or without `spec` before it.
    pub fn of_suite_failure(&self, name: &str) -> Option<&Bug> {
        let name = name.strip_prefix("spec ").unwrap_or(name);
        let fits = |bug: &&Bug| {
            let mut patterns = bug.suite.iter();
            patterns.any(|pattern| WildMatch::new(pattern).matches(name))
        };
        let fitting = self.known().filter(fits);
        let mut told = fitting.map(|bug| self.resolved(bug));
        told.find(|bug| bug.is_open())
    }

    /// An id that no entry has: `wanted`, with a number behind it if need be.
    pub fn free_id(&self, wanted: &str) -> String {
        let mut numbered = (2..).map(|number| format!("{wanted}-{number}"));
        let mut id = wanted.to_owned();
        while self.get(&id).is_some() {
            id = numbered.next().unwrap_or_default();
        }
        id
    }

    /// Reads the register in `folder`; an older one is converted, and one that
    /// is not there is empty.
    ///
    /// # Errors
    /// One line: the file, the place, the reason.
    pub fn read(folder: &Path) -> Result<Register, String> {
        let path = folder.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
                return convert::from_known(folder);
            }
            Err(why) => return Err(format!("{}: cannot be read: {why}", path.display())),
        };
        let at = |span: Range<usize>, reason: &str| {
            let line = 1 + text[..span.start.min(text.len())].matches('\n').count();
            let reason = reason.lines().collect::<Vec<_>>().join(" ");
            format!("{}:{line}: {reason}", path.display())
        };
        let file: File =
            toml::from_str(&text).map_err(|why| at(why.span().unwrap_or(0..0), why.message()))?;
        if file.version != VERSION {
            return Err(format!(
                "{}: a register of version {}, and this program knows version {VERSION}",
                path.display(),
                file.version
            ));
        }
        for (number, bug) in file.bug.iter().enumerate() {
            let (span, bug) = (bug.span(), bug.get_ref());
            check(folder, &file.bug[..number], &file.bug, bug)
                .map_err(|why| at(span, &format!("`{}` {why}", bug.id)))?;
        }
        let past = folder.join(PAST);
        let past = match past.is_dir() {
            true => Register::read(&past)?.bugs,
            false => Vec::new(),
        };
        let bugs: Vec<Bug> = file.bug.into_iter().map(Spanned::into_inner).collect();
        if let Some(twice) = bugs.iter().find(|bug| past.iter().any(|b| b.id == bug.id)) {
            let id = &twice.id;
            return Err(format!(
                "{}: `{id}` is in {PAST}/{FILE} too",
                path.display()
            ));
        }
        Ok(Register {
            bugs,
            past,
            converted: None,
        })
    }

    /// Writes the register into `folder`.
    ///
    /// # Errors
    /// In words, with the name of the file.
    pub fn write(&self, folder: &Path) -> Result<(), String> {
        let path = folder.join(FILE);
        let file = FileRef {
            version: VERSION,
            bug: &self.bugs,
        };
        let text = toml::to_string(&file).map_err(|why| format!("{}: {why}", path.display()))?;
        write_atomically(&path, format!("{HEAD}\n{text}").as_bytes())
    }
}

/// What is wrong with an entry, given those before it and all there are.
fn check(
    folder: &Path,
    before: &[Spanned<Bug>],
    all: &[Spanned<Bug>],
    bug: &Bug,
) -> Result<(), String> {
    let named = |id: &str| all.iter().map(Spanned::get_ref).find(|bug| bug.id == id);
    let fit = |c: char| c.is_ascii_alphanumeric() || "-._+".contains(c);
    if bug.id.is_empty() || !bug.id.chars().all(fit) {
        return Err("is no id: letters, digits, hyphens and dots".to_owned());
    }
    if before.iter().any(|other| other.get_ref().id == bug.id) {
        return Err("has two entries".to_owned());
    }
    if let Some(witness) = &bug.witness
        && !folder.join(witness).is_file()
    {
        return Err(format!("names the witness {witness}, which is not there"));
    }
    let mut next = bug;
    for _ in 0..all.len() {
        let Status::SameAs { bug: other } = &next.status else {
            return Ok(());
        };
        next = named(other).ok_or(format!("is the same as `{other}`, which has no entry"))?;
    }
    Err("is the same as itself, in a circle".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bug(id: &str) -> Bug {
        Bug {
            id: id.to_owned(),
            ..Bug::example()
        }
    }

    #[test]
    fn it_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Register::read(folder.path()), Ok(Register::default()));
        std::fs::write(folder.path().join("b.wast"), "(module)").unwrap();
        let mut with_all = bug("b");
        with_all.shows = vec!["c+d".to_owned()];
        with_all.status = Status::Reported {
            link: "https://example.org/1".to_owned(),
        };
        with_all.witness = Some("b.wast".to_owned());
        with_all.checked = Some("b/c 1, here, today".to_owned());
        with_all.suite = vec!["b/* x.wast:*".to_owned()];
        with_all.cause.substitution = Some("embedder".to_owned());
        with_all.cause.at.places = vec![crate::judge::Place::LastByte];
        let register = Register {
            bugs: vec![bug("a"), with_all],
            ..Register::default()
        };
        register.write(folder.path()).unwrap();
        assert_eq!(Register::read(folder.path()), Ok(register));
    }

    #[test]
    fn bugs_of_past_releases_are_read_and_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let past = folder.path().join(PAST);
        std::fs::create_dir(&past).unwrap();
        let of = |id: &str| Register {
            bugs: vec![Bug {
                suite: vec![format!("{id}/* *a.wast:1")],
                ..bug(id)
            }],
            ..Register::default()
        };
        of("old").write(&past).unwrap();
        of("new").write(folder.path()).unwrap();
        let register = Register::read(folder.path()).unwrap();
        assert_eq!(register.past, of("old").bugs);
        assert!(register.get("old").is_some());
        let failing = register.of_suite_failure("spec old/x core/a.wast:1");
        assert_eq!(failing.map(|bug| &*bug.id), Some("old"));
        register.write(folder.path()).unwrap();
        assert_eq!(Register::read(folder.path()), Ok(register));
        of("old").write(folder.path()).unwrap();
        let why = Register::read(folder.path()).unwrap_err();
        assert!(why.ends_with("`old` is in releases/bugs.toml too"), "{why}");
    }

    #[test]
    fn what_is_the_same_as_another_is_found_there() {
        let mut same = bug("b");
        same.status = Status::SameAs {
            bug: "a".to_owned(),
        };
        let register = Register {
            bugs: vec![bug("a"), same],
            ..Register::default()
        };
        assert_eq!(register.resolved(&register.bugs[1]).id, "a");
        assert_eq!(register.free_id("a"), "a-2");
        assert_eq!(register.free_id("c"), "c");
    }

    #[test]
    fn a_broken_register_is_named_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let entry = |id: &str, more: &str| {
            format!(
                "[[bug]]\nid = \"{id}\"\ntitle = \"t\"\nengine = \"e\"\n\
                 severity = \"abort\"\n{more}\n"
            )
        };
        let new = "status = \"unreported\"";
        let same = |other: &str| format!("status = \"same-as\"\nbug = \"{other}\"");
        for (entries, line, words) in [
            (entry("a", "status = \"mistaken\""), 7, "unknown variant"),
            (entry("a", &format!("{new}\nfound = 1")), 8, "unknown field"),
            (entry("a", "status = \"reported\""), 2, "takes a `link`"),
            (entry("a", new) + &entry("a", new), 8, "`a` has two entries"),
            (entry("a", &same("b")), 2, "`b`, which has no entry"),
            (
                entry("a", &same("b")) + &entry("b", &same("a")),
                2,
                "in a circle",
            ),
            (
                entry("a", &format!("{new}\nwitness = \"a.wast\"")),
                2,
                "a.wast, which is not there",
            ),
            (entry("a/b", new), 2, "is no id"),
        ] {
            let text = format!("version = 1\n{entries}");
            std::fs::write(&path, &text).unwrap();
            let error = Register::read(folder.path()).unwrap_err();
            assert!(error.contains(&format!("bugs.toml:{line}: ")), "{error}");
            assert!(error.contains(words), "{error}");
            assert!(!error.contains('\n'), "{error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        std::fs::write(&path, "version = 7\n").unwrap();
        let error = Register::read(folder.path()).unwrap_err();
        assert!(error.contains("version 7"), "{error}");
    }
}
