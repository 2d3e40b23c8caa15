//! The JavaScript engines of this machine.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use super::browser::BUDGET;
use super::table::{self, Engine, Settings, TABLE};
use super::{Browser, Launch, Page, write_files};
use crate::engine::{Configuration, MEMORY_BYTES, Name};
use crate::worker::hello;
use crate::workers::{Pattern, Wanted};

/// A program of this machine that is a JavaScript engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    engine: &'static str,
    version: String,
    program: PathBuf,
}

/// Those that were found, and those that were named by their path: a name of a
/// configuration has only the version.
static KNOWN: Mutex<Vec<Installed>> = Mutex::new(Vec::new());

impl Installed {
    /// Asks a program what it is.
    fn at(engine: &'static Engine, program: &Path) -> Result<Installed, String> {
        let failed = |why: &str| format!("{}: {why}", program.display());
        let output = Command::new(program)
            .arg("--version")
            .output()
            .map_err(|why| failed(&why.to_string()))?;
        let said = String::from_utf8_lossy(&output.stdout);
        let version = version_in(&said).filter(|_| output.status.success());
        let found = Installed {
            engine: engine.name,
            version: version
                .ok_or_else(|| failed(&format!("says no version of {}", engine.title)))?,
            program: program.to_owned(),
        };
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |k: &&Installed| k.engine == found.engine && k.version == found.version;
        if known.iter().any(|k| same(&k)) {
            // The one that was found first has the name.
            return Ok(found);
        }
        known.push(found.clone());
        Ok(found)
    }

    /// Those of an engine on this machine, the one that is meant without a version
    /// first: what the environment variable names, then what is in `PATH`.
    ///
    /// # Errors
    /// In words, if what the variable names is none.
    fn of(engine: &'static Engine) -> Result<Vec<Installed>, String> {
        let mut all = Vec::new();
        if let Some(named) = std::env::var_os(engine.variable) {
            for program in std::env::split_paths(&named) {
                let found = Installed::at(engine, &program);
                all.push(found.map_err(|why| format!("{}: {why}", engine.variable))?);
            }
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let program = (engine.programs.iter())
            .flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)))
            .find(|program| program.is_file());
        if let Some(program) = program {
            all.extend(Installed::at(engine, &program).ok());
        }
        Ok(all)
    }

    /// The one that `pattern` means.
    ///
    /// # Errors
    /// In one line: there is none, and how to get it.
    pub fn find(pattern: &Pattern) -> Result<Installed, String> {
        let text = &pattern.text;
        let engine = table::engine(&pattern.engine)
            .ok_or_else(|| format!("`{text}`: no JavaScript engine"))?;
        if let Some(Wanted::Checkout(program)) = &pattern.version {
            return Installed::at(engine, program).map_err(|why| format!("`{text}`: {why}"));
        }
        let Engine {
            title,
            variable,
            install,
            ..
        } = engine;
        let all = Installed::of(engine)?;
        let wanted = match &pattern.version {
            None => None,
            Some(Wanted::Release(version)) => Some(version),
            Some(_) => return Err(format!("`{text}`: {title} is not built here")),
        };
        let fits = |found: &&Installed| {
            wanted.is_none_or(|wanted| {
                let rest = found.version.strip_prefix(wanted.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        };
        if let Some(found) = all.iter().find(fits) {
            return Ok(found.clone());
        }
        let versions: Vec<&str> = all.iter().map(|found| &*found.version).collect();
        let here = match versions.as_slice() {
            [] => format!("{title} is not on this machine"),
            some => format!("{title} is here as {}", some.join(", ")),
        };
        let get = match wanted {
            Some(wanted) => format!("{install}@{wanted}"),
            None => (*install).to_owned(),
        };
        Err(format!("`{text}`: {here}; `{get}`, or {variable}=PROGRAM"))
    }

    /// What each engine that is not asked for could be asked for by, in words.
    pub fn offers() -> Vec<String> {
        let offer = |engine: &'static Engine| {
            let Engine {
                name,
                title,
                variable,
                install,
                ..
            } = engine;
            match Installed::of(engine) {
                Err(why) => why,
                Ok(all) => match all.first() {
                    Some(found) => format!("{title} {}: --engines {name}", found.version),
                    None => format!(
                        "{title} is not on this machine: `{install}`, or {variable}=PROGRAM"
                    ),
                },
            }
        };
        TABLE.iter().map(offer).collect()
    }

    /// The configurations that `pattern` asks for, as their workers in `folder`
    /// say. One that this version has no flags for is an error if it is asked for by
    /// name, and left out, which is said, if all are asked for.
    ///
    /// # Errors
    /// In one line.
    pub fn configurations(
        &self,
        pattern: &Pattern,
        folder: &Path,
        said: &mut dyn FnMut(&str),
    ) -> Result<Vec<Configuration>, String> {
        let engine = table::engine(self.engine).ok_or("no JavaScript engine")?;
        let mut configurations = Vec::new();
        let mut failure = None;
        for settings in engine.settings {
            let wanted = pattern.variant.as_deref();
            if wanted.is_some_and(|wanted| wanted != settings.variant) {
                continue;
            }
            match self.configuration(settings, folder) {
                Ok(configuration) => configurations.push(configuration),
                Err(why) if wanted.is_some() => return Err(why),
                Err(why) => {
                    said(&format!("left out: {why}"));
                    failure.get_or_insert(why);
                }
            }
        }
        match (configurations.is_empty(), failure) {
            (false, _) => Ok(configurations),
            (true, Some(why)) => Err(why),
            (true, None) => {
                let names: Vec<&str> = engine.settings.iter().map(|s| s.variant).collect();
                let wanted = pattern.variant.as_deref().unwrap_or_default();
                Err(format!(
                    "`{}`: {} has no configuration `{wanted}`; it has {}",
                    pattern.text,
                    self.release(),
                    names.join(", ")
                ))
            }
        }
    }

    fn configuration(&self, settings: &Settings, folder: &Path) -> Result<Configuration, String> {
        let name = format!("{}/{}", self.release(), settings.variant);
        let launch = self.launch(settings, folder)?;
        let declared = hello(&launch).map_err(|why| format!("{name}: {why}"))?;
        let mut declared = declared.into_iter().next().ok_or("it declares nothing")?;
        // A page does not know it.
        declared.version.clone_from(&self.version);
        declared.about = settings.about.to_owned();
        Ok(Configuration::elsewhere(name, declared, launch))
    }

    /// The engine with its version.
    pub fn release(&self) -> String {
        format!("{}@{}", self.engine, self.version)
    }

    /// How the worker of a configuration is started. Its files are written to a
    /// folder below `folder`, that of all workers.
    fn launch(&self, settings: &Settings, folder: &Path) -> Result<Launch, String> {
        let engine = table::engine(self.engine).ok_or("no JavaScript engine")?;
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        let name = format!("{}/{}", self.engine, settings.variant);
        let mut command = vec![text(&self.program)];
        let mut page = None;
        if let Some((browser, alone)) = engine.browser {
            command.extend(alone.iter().map(|&flag| flag.to_owned()));
            if browser == Browser::Chromium {
                let pages = MEMORY_BYTES / 65_536;
                let flags = settings.flags.join(" ");
                command.push(format!("--js-flags={BUDGET}{pages} {flags}"));
            }
            page = Some(Page {
                browser,
                name,
                preferences: settings.preferences.iter().map(owned).collect(),
            });
        } else {
            let files = folder.join("javascript");
            write_files(&files)?;
            command.extend(settings.flags.iter().map(|&flag| flag.to_owned()));
            command.extend([text(&files.join("main.mjs")), name]);
        }
        Ok(Launch {
            command,
            environment: settings.environment.iter().map(owned).collect(),
            page,
        })
    }
}

/// The version in what a program says of itself: `v22.1.0`, or
/// `Mozilla Firefox 140.10.2esr`. Of the numbers of Chromium, which are four, the last
/// one stands behind a `-`: it counts the fixes of a branch.
fn version_in(said: &str) -> Option<String> {
    let words = said.split_whitespace();
    let mut numbers = words
        .map(|word| word.trim_start_matches('v').trim_end_matches("esr"))
        .filter(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let mut version = numbers.next()?.to_owned();
    let dots: Vec<usize> = version.match_indices('.').map(|(at, _)| at).collect();
    match dots[..] {
        [_, _, last] => version.replace_range(last..=last, "-"),
        [_] => version.push_str(".0"),
        _ => {}
    }
    semver::Version::parse(&version).is_ok().then_some(version)
}

/// How the worker of the configuration of this name is started.
///
/// # Errors
/// In words, if this machine does not have it.
pub(crate) fn launch(name: &str, folder: &Path) -> Result<Launch, String> {
    let unknown = || format!("{name}: not on this machine");
    let parts = Name::parse(name).ok_or_else(unknown)?;
    let engine = table::engine(parts.engine).ok_or_else(unknown)?;
    let is_it = |found: &Installed| {
        found.engine == engine.name && parts.version.is_none_or(|v| v == found.version)
    };
    let find = || {
        let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|found| is_it(found)).cloned()
    };
    let installed = match find() {
        Some(found) => found,
        None => {
            Installed::of(engine)?;
            find().ok_or_else(unknown)?
        }
    };
    let mut settings = engine.settings.iter();
    let settings = settings.find(|settings| settings.variant == parts.variant());
    installed.launch(settings.ok_or_else(unknown)?, folder)
}

#[cfg(test)]
mod tests {
    use super::version_in;

    #[test]
    fn a_version_is_found_in_what_a_program_says() {
        for (said, version) in [
            ("v26.10.0\n", Some("26.10.0")),
            ("1.4.5\n", Some("1.4.5")),
            (
                "Chromium 148.0.7778.167 built on Debian GNU/Linux 12 (bookworm)",
                Some("148.0.7778-167"),
            ),
            ("Mozilla Firefox 140.10.2esr", Some("140.10.2")),
            ("Mozilla Firefox 151.0", Some("151.0.0")),
            ("GNU bash, version five", None),
            ("", None),
        ] {
            assert_eq!(version_in(said).as_deref(), version, "{said}");
        }
    }
}
