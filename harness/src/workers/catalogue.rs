//! What can be run here: the engines that are linked in, and those in workers.

use std::path::{Path, PathBuf};

use super::ENGINES;
use super::checkout;
use super::disk::{self, Usage};
use super::made_of::Record;
use super::make::{Found, From, Workshop};
use super::published::{self, published};
use super::wanted::{Pattern, Wanted};
use crate::engine::javascript::{Installed, Launch, is_javascript};
use crate::engine::{self, Configuration, Name, crate_version};
use crate::worker::hello;

/// How workers are found and made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// The toolchain to build with; none for the one that fits.
    pub toolchain: Option<&'a str>,
}

/// Says where a program that counts writes what it has counted.
const COUNTED: &str = "LLVM_PROFILE_FILE";

/// The folder, among the workers, of those that count.
const COUNTING: &str = "counting";

/// The engines of this machine.
#[derive(Clone, Debug)]
pub struct Catalogue {
    root: PathBuf,
    folder: PathBuf,
    counting: bool,
}

impl Catalogue {
    /// That of the project in `root`, with its workers below `target/`.
    pub fn new(root: &Path) -> Catalogue {
        let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        Catalogue {
            folder: root.join("target/workers"),
            root,
            counting: false,
        }
    }

    /// The same with workers of their own, which count the lines of the engine that are
    /// executed. Where they write it is said by `LLVM_PROFILE_FILE`.
    pub fn counting(self) -> Catalogue {
        Catalogue {
            folder: self.folder.join(COUNTING),
            counting: true,
            ..self
        }
    }

    /// Where the worker of a release (`engine@version`) is, if it is built.
    pub fn program(folder: &Path, release: &str) -> PathBuf {
        folder.join(release).join("worker")
    }

    /// The folder of all workers.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The configurations that `patterns` ask for: those linked in, as
    /// [`engine::select`] has it, and behind them those of other versions, each
    /// in a worker that is built if it has to be. A pattern without a version
    /// asks for what is linked in, and with a `-` takes away from every version.
    ///
    /// # Errors
    /// In one line: a pattern that names nothing, a worker that cannot be had.
    pub fn select(
        &self,
        patterns: &[impl AsRef<str>],
        options: Options<'_>,
        said: &mut dyn FnMut(&str),
    ) -> Result<Vec<Configuration>, String> {
        let parsed: Vec<Pattern> = patterns
            .iter()
            .map(|pattern| Pattern::parse(pattern.as_ref()))
            .collect::<Result<_, _>>()?;
        let (javascript, others): (Vec<_>, Vec<_>) = parsed
            .into_iter()
            .partition(|pattern| is_javascript(&pattern.engine));
        // Nobody asks for the others who asks for JavaScript alone.
        let asks = |patterns: &[Pattern]| patterns.iter().any(|p| !p.excludes);
        let mut chosen = match asks(&javascript) && !asks(&others) {
            true => Vec::new(),
            false => self.select_built(others, options, said)?,
        };
        chosen.extend(self.select_javascript(&javascript, said)?);
        Ok(chosen)
    }

    /// The configurations of JavaScript engines that `patterns` ask for.
    fn select_javascript(
        &self,
        patterns: &[Pattern],
        said: &mut dyn FnMut(&str),
    ) -> Result<Vec<Configuration>, String> {
        let mut chosen: Vec<Configuration> = Vec::new();
        for pattern in patterns.iter().filter(|pattern| !pattern.excludes) {
            let found = Installed::find(pattern)?;
            for configuration in found.configurations(pattern, &self.folder, said)? {
                if !chosen.iter().any(|c| c.name() == configuration.name()) {
                    chosen.push(configuration);
                }
            }
        }
        for pattern in patterns.iter().filter(|pattern| pattern.excludes) {
            let version = match &pattern.version {
                None => None,
                Some(_) => Some(Installed::find(pattern)?.release()),
            };
            chosen.retain(|c| {
                let release = Name::parse(c.name()).map(Name::release);
                let of_it = version.is_none() || release == version;
                !(of_it && c.engine() == pattern.engine && fits(pattern, c.name()))
            });
        }
        Ok(chosen)
    }

    /// As [`Catalogue::select`], but for JavaScript engines.
    fn select_built(
        &self,
        parsed: Vec<Pattern>,
        options: Options<'_>,
        said: &mut dyn FnMut(&str),
    ) -> Result<Vec<Configuration>, String> {
        let (elsewhere, linked): (Vec<_>, Vec<_>) = parsed
            .into_iter()
            .partition(|pattern| pattern.version.is_some());
        if elsewhere.is_empty() {
            let texts: Vec<&str> = linked.iter().map(|p| &*p.text).collect();
            return engine::select(&texts).map_err(|why| why.to_string());
        }
        let mut chosen = Vec::new();
        if linked.iter().any(|p| !p.excludes) || elsewhere.iter().all(|p| p.excludes) {
            // What is taken away of other versions need not be linked in.
            let texts = linked.iter().filter(|p| !p.excludes).map(|p| &*p.text);
            chosen = engine::select(&texts.collect::<Vec<_>>()).map_err(|why| why.to_string())?;
        }
        let mut excluded = Vec::new();
        let mut seen: Vec<(String, &Pattern)> = Vec::new();
        for pattern in &elsewhere {
            let release = self.release(pattern, options, said)?;
            if pattern.excludes {
                excluded.push((release, pattern));
                continue;
            }
            if let Some((_, other)) = seen
                .iter()
                .find(|(r, p)| *r == release && p.version != pattern.version)
            {
                return Err(format!(
                    "`{}` and `{}` are both {release}: name it once",
                    other.text, pattern.text
                ));
            }
            let all = self.configurations(&release)?;
            let fits = |c: &&Configuration| fits(pattern, c.name());
            let asked: Vec<Configuration> = all.iter().filter(fits).cloned().collect();
            if asked.is_empty() {
                return Err(unknown(pattern, &release, &all));
            }
            for configuration in asked {
                if !chosen
                    .iter()
                    .any(|c: &Configuration| c.name() == configuration.name())
                {
                    chosen.push(configuration);
                }
            }
            seen.push((release, pattern));
        }
        chosen.retain(|c| {
            let name = Name::parse(c.name());
            let release = name.map(Name::release).unwrap_or_default();
            let of_all = linked
                .iter()
                .any(|p| p.excludes && p.engine == c.engine() && fits(p, c.name()));
            let of_one = excluded
                .iter()
                .any(|(r, p)| *r == release && fits(p, c.name()));
            !of_all && !of_one
        });
        Ok(chosen)
    }

    /// The configurations of a release that is built, as its worker says.
    ///
    /// # Errors
    /// In words, if it is not built or does not open.
    pub fn configurations(&self, release: &str) -> Result<Vec<Configuration>, String> {
        let (engine, version) = release.split_once('@').unwrap_or((release, ""));
        if is_javascript(engine) {
            let pattern = Pattern::parse(release)?;
            return self.select_javascript(&[pattern], &mut |_| ());
        }
        let program = Catalogue::program(&self.folder, release);
        if Record::read(&self.folder.join(release)).is_none() || !program.is_file() {
            return Err(format!(
                "{release} is not built: `cargo xtask engines --add {release}`"
            ));
        }
        let mut launch = Launch::of(&program);
        if self.counting && std::env::var_os(COUNTED).is_none() {
            // Who only asks for names wants no file of counts where it stands.
            let nowhere = "/dev/null".to_owned();
            launch.environment.push((COUNTED.to_owned(), nowhere));
        }
        let declared = hello(&launch)?;
        let configurations = declared.into_iter().filter_map(|declared| {
            let name = Name::parse(&declared.name)?.of_version(version);
            Some(Configuration::elsewhere(name, declared, launch.clone()))
        });
        Ok(configurations.collect())
    }

    /// The release that a pattern with a version means: its worker is built.
    ///
    /// # Errors
    /// In one line.
    pub fn release(
        &self,
        pattern: &Pattern,
        options: Options<'_>,
        said: &mut dyn FnMut(&str),
    ) -> Result<String, String> {
        let Pattern {
            text,
            engine,
            version,
            ..
        } = pattern;
        let Some(version) = version else {
            return Err(format!("`{text}` names no version: ENGINE@VERSION"));
        };
        if !ENGINES.contains(&&**engine) {
            let known = ENGINES.join(", ");
            return Err(format!(
                "`{text}`: no adapter for an engine `{engine}`; there are {known}"
            ));
        }
        // A checkout under the name it was given when it was built.
        if let Wanted::Release(label) = version {
            let release = format!("{engine}@{label}");
            let of_checkout = crate_version(label) != label.as_str();
            if of_checkout && Record::read(&self.folder.join(&release)).is_some() {
                return Ok(release);
            }
        }
        let found = self.find(engine, version).map_err(|why| match version {
            Wanted::Release(_) => why,
            _ => format!("`{text}`: {why}"),
        })?;
        let mut workshop = Workshop {
            root: &self.root,
            folder: &self.folder,
            counting: self.counting,
            said,
        };
        workshop.make(&found, options.toolchain)?;
        Ok(found.name())
    }

    /// The packages of the fuzz targets for the version that a pattern means: the
    /// folder they are in, and the release.
    ///
    /// # Errors
    /// In one line.
    pub fn fuzz_targets(
        &self,
        pattern: &Pattern,
        options: Options<'_>,
        said: &mut dyn FnMut(&str),
    ) -> Result<(PathBuf, String), String> {
        let release = self.release(pattern, options, said)?;
        let version = pattern.version.as_ref().ok_or("it names no version")?;
        let found = self.find(&pattern.engine, version)?;
        let workshop = Workshop {
            root: &self.root,
            folder: &self.folder,
            counting: self.counting,
            said,
        };
        Ok((workshop.fuzz_targets(&found)?, release))
    }

    /// Finds a version of an engine.
    fn find(&self, engine: &str, version: &Wanted) -> Result<Found, String> {
        let of_folder = |folder: &Path| {
            let checkout = checkout::read(folder, engine)?;
            Ok(Found {
                engine: engine.to_owned(),
                label: checkout.label,
                version: checkout.version,
                rust_version: checkout.rust_version,
                features: checkout.features,
                from: From::Folder(checkout.packages),
            })
        };
        match version {
            Wanted::Release(text) => {
                // A version in full may be known already; a line has to be asked for.
                let exact = semver::Version::parse(text).is_ok();
                let mut versions = published(engine, !exact)?;
                let known = versions.iter().any(|p| p.version.to_string() == *text);
                if exact && !known {
                    versions = published(engine, true)?;
                }
                let release = published::choose(engine, text, &versions)?;
                Ok(Found {
                    engine: engine.to_owned(),
                    label: release.version.to_string(),
                    version: release.version.clone(),
                    rust_version: release.rust_version.clone(),
                    features: release.features.clone(),
                    from: From::Registry(release.clone()),
                })
            }
            Wanted::Checkout(folder) => of_folder(folder),
            Wanted::Revision(clone, revision) => {
                let commit = checkout::revision(clone, revision)?;
                let short = &commit[..commit.len().min(7)];
                let source = self
                    .folder
                    .join("sources")
                    .join(format!("{engine}-{short}"));
                if !source.is_dir() {
                    let new = source.with_extension("new");
                    let _ = std::fs::remove_dir_all(&new);
                    checkout::unpack(clone, &commit, &new)?;
                    std::fs::rename(&new, &source)
                        .map_err(|why| format!("{}: {why}", source.display()))?;
                }
                let mut found: Found = of_folder(&source)?;
                found.label = format!("{}-g{short}", found.version);
                Ok(found)
            }
        }
    }

    /// What is built, and what it takes of the disk.
    pub fn usage(&self) -> Usage {
        disk::usage(&self.folder)
    }

    /// Removes the worker of a release.
    ///
    /// # Errors
    /// In words, if there is none or it cannot be removed.
    pub fn remove(&self, release: &str) -> Result<(), String> {
        let folder = self.folder.join(release);
        let built = Name::parse(&format!("{release}/any")).is_some_and(|n| n.version.is_some());
        if !built || !folder.is_dir() {
            return Err(format!("{release} is not built"));
        }
        Record::remove(&folder);
        disk::remove(&folder)
    }

    /// Removes everything but complete workers.
    ///
    /// # Errors
    /// In words, if something cannot be removed.
    pub fn prune(&self) -> Result<(), String> {
        disk::prune(&self.folder)
    }
}

/// Whether a pattern names this configuration of its engine, in whichever version.
fn fits(pattern: &Pattern, name: &str) -> bool {
    let variant = pattern.variant.as_deref();
    variant.is_none_or(|v| Name::parse(name).is_some_and(|name| name.variant() == v))
}

fn unknown(pattern: &Pattern, release: &str, all: &[Configuration]) -> String {
    let names = all.iter().filter_map(|c| Name::parse(c.name()));
    let names: Vec<&str> = names.map(Name::variant).collect();
    format!(
        "`{}`: {release} has no configuration `{}`; it has {}",
        pattern.text,
        pattern.variant.as_deref().unwrap_or_default(),
        names.join(", ")
    )
}
