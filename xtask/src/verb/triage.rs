//! `cargo xtask triage`: the register of bugs, shown and changed.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use trapline_harness::corpus::{Bug, Corpus, Status, write_atomically};
use trapline_harness::engine::group;
use trapline_harness::script::wast;
use trapline_harness::triage::{Row, sweep};
use trapline_harness::trial::try_script;

use crate::End;
use crate::options::{CorpusOptions, EngineOptions};
use crate::table::table;

/// Lists the bugs of the register, the most severe first, with what is known of
/// them; with BUG and one of the options, changes its entry.
#[derive(Args)]
pub(crate) struct Triage {
    /// The bug to change: its id, which is the name of its file without .wast
    #[arg(value_name = "BUG", requires = "change")]
    bug: Option<String>,
    #[command(flatten)]
    change: ChangeArgs,
    /// With --fixed-in: where the maintainers say so
    #[arg(long, value_name = "LINK", requires = "fixed_in")]
    link: Option<String>,
    /// Vary a minimized case: other instructions in the place of the one that it
    /// is about, and other places of its address, on every configuration
    #[arg(long, value_name = "FILE", conflicts_with = "bug")]
    sweep: Option<PathBuf>,
    /// Take the bugs of another corpus that this one does not have, with their files
    #[arg(long, value_name = "DIR", conflicts_with_all = ["bug", "sweep"])]
    adopt: Option<PathBuf>,
    /// With --adopt: not those that this corpus has
    #[arg(long, value_name = "DIR", requires = "adopt")]
    but_not: Option<PathBuf>,
    /// Print JSON
    #[arg(long, conflicts_with = "bug")]
    json: bool,
    #[command(flatten)]
    engines: EngineOptions,
    #[command(flatten)]
    corpus: CorpusOptions,
}

#[derive(Args)]
#[group(id = "change", multiple = false)]
struct ChangeArgs {
    /// It is found, and not reported
    #[arg(long, requires = "bug")]
    unreported: bool,
    /// It is reported to the maintainers, at LINK
    #[arg(long, value_name = "LINK", requires = "bug")]
    reported: Option<String>,
    /// It is fixed, in VERSION
    #[arg(long, value_name = "VERSION", requires = "bug")]
    fixed_in: Option<String>,
    /// It is intended, for REASON (name the section of the specification)
    #[arg(long, value_name = "REASON", requires = "bug")]
    intended: Option<String>,
    /// It is the same as the bug OTHER, as you have found out by reading
    #[arg(long, value_name = "OTHER", requires = "bug")]
    same_as: Option<String>,
    /// Say in one sentence what goes wrong
    #[arg(long, value_name = "TITLE", requires = "bug")]
    title: Option<String>,
    /// Give it another id, and its file another name
    #[arg(long, value_name = "ID", requires = "bug")]
    rename: Option<String>,
}

impl ChangeArgs {
    /// The status that is asked for, if it is a status.
    fn status(&self, link: Option<&str>) -> anyhow::Result<Option<Status>> {
        let ChangeArgs {
            unreported,
            reported,
            fixed_in,
            intended,
            same_as,
            title: _,
            rename: _,
        } = self;
        let given = |text: &Option<String>| text.as_ref().map(|text| text.trim().to_owned());
        if *unreported {
            return Ok(Some(Status::Unreported));
        }
        if let Some(bug) = given(same_as) {
            return Ok(Some(Status::SameAs { bug }));
        }
        Ok(match (given(reported), given(fixed_in), given(intended)) {
            (Some(link), _, _) => Some(Status::Reported {
                link: checked(&link)?,
            }),
            (_, Some(version), _) if !version.is_empty() => Some(Status::Fixed {
                version,
                link: link.map(checked).transpose()?,
            }),
            (_, _, Some(reason)) if !reason.is_empty() => Some(Status::Intended { reason }),
            (None, None, None) => None,
            _ => bail!("a version or a reason cannot be empty"),
        })
    }
}

impl Triage {
    /// Lists or changes.
    pub(crate) fn run(self) -> anyhow::Result<End> {
        let mut corpus = Corpus::open(&self.corpus.folder(&[])?).map_err(|why| anyhow!(why))?;
        if let Some(told) = &corpus.register.converted {
            eprintln!("{told}");
        }
        if let Some(file) = &self.sweep {
            return self.sweep(file);
        }
        if let Some(folder) = &self.adopt {
            adopt(&mut corpus, folder, self.but_not.as_deref())?;
            return Ok(End::NothingNew);
        }
        if let Some(id) = &self.bug {
            let id = id.trim_end_matches(".wast");
            change(&mut corpus, id, &self.change, self.link.as_deref())?;
            return Ok(End::NothingNew);
        }
        let mut bugs: Vec<&Bug> = corpus.register.bugs.iter().collect();
        bugs.sort_by_key(|bug| (bug.severity, &bug.id));
        if self.json {
            println!("{}", serde_json::to_string_pretty(&bugs)?);
        } else {
            show(&bugs);
        }
        Ok(End::NothingNew)
    }
}

impl Triage {
    /// Prints what the siblings of a case do.
    fn sweep(&self, file: &Path) -> anyhow::Result<End> {
        let configurations = self.engines.select()?;
        let names: Vec<&str> = configurations.iter().map(|c| c.name()).collect();
        let budget = self.engines.budget()?;
        let mut runner = self.engines.runners()?();
        let mut source = wast::read(file)?;
        source.call_exports();
        let script = &source.script;
        let trial = try_script(script, budget, &mut *runner, &names).map_err(|why| anyhow!(why))?;
        let sweep = sweep(script, &trial, &names, budget, &mut *runner);
        let Some(sweep) = sweep.map_err(|why| anyhow!(why))? else {
            bail!(
                "{}: no configuration diverges at one instruction that can be varied",
                file.display()
            );
        };
        if self.json {
            println!("{}", serde_json::to_string_pretty(&sweep)?);
            return Ok(End::NothingNew);
        }
        println!("{}, and what others do in its place:", sweep.instruction);
        siblings(&sweep.instructions, &names);
        println!(
            "{} at other places relative to the bound:",
            sweep.instruction
        );
        siblings(&sweep.places, &names);
        Ok(End::NothingNew)
    }
}

/// Siblings of which the same configurations diverge, in one row.
fn siblings(rows: &[Row], names: &[&str]) {
    let mut alike: Vec<(&Row, Vec<&str>)> = Vec::new();
    for row in rows {
        match alike
            .iter_mut()
            .find(|(first, _)| first.diverging == row.diverging)
        {
            Some((_, siblings)) => siblings.push(&row.name),
            None => alike.push((row, vec![&row.name])),
        }
    }
    let mut shown = table(&["diverging", "siblings"]);
    for (row, siblings) in alike {
        let diverging = match row.diverging.is_empty() {
            true => "none".to_owned(),
            false => group(&row.diverging, names),
        };
        shown.add_row([diverging, siblings.join(", ")]);
    }
    println!("{shown}");
}

/// A link, if it is one.
fn checked(link: &str) -> anyhow::Result<String> {
    if !link.starts_with("https://") {
        bail!("'{link}' is not a link: it does not begin with https://");
    }
    Ok(link.to_owned())
}

fn change(
    corpus: &mut Corpus,
    id: &str,
    change: &ChangeArgs,
    link: Option<&str>,
) -> anyhow::Result<()> {
    let bug = corpus.register.get(id);
    let bug = bug.ok_or_else(|| anyhow!("{}: no such bug: {id}", corpus.folder().display()))?;
    if let Some(new) = &change.rename {
        return rename(corpus, bug.clone(), new);
    }
    let status = change.status(link)?;
    if let Some(Status::SameAs { bug: other }) = &status {
        let there = corpus.register.get(other);
        let there = there.ok_or_else(|| anyhow!("{other}: no such bug"))?;
        if corpus.register.resolved(there).id == id {
            bail!("{id}: is what {other} is said to be the same as");
        }
    }
    let changed = corpus.change(|register| {
        let bug = register.get_mut(id)?;
        if let Some(status) = status {
            bug.status = status;
        }
        if let Some(title) = &change.title {
            bug.title = title.trim().to_owned();
        }
        Some(format!("{id}: {}: {}", bug.title, bug.status))
    });
    println!(
        "{}",
        changed.map_err(|why| anyhow!(why))?.unwrap_or_default()
    );
    Ok(())
}

/// Gives a bug another id: its entry, the name of its file, and what the file
/// says of itself.
fn rename(corpus: &mut Corpus, bug: Bug, new: &str) -> anyhow::Result<()> {
    let fit = |c: char| c.is_ascii_alphanumeric() || "-._+".contains(c);
    if new.is_empty() || !new.chars().all(fit) {
        bail!("'{new}' is no id: letters, digits, hyphens and dots");
    }
    if corpus.register.get(new).is_some() {
        bail!("{new}: there is a bug of this id");
    }
    let old_file = corpus.witness(&bug);
    let witness = format!("{new}.wast");
    let new_file = corpus.folder().join(&witness);
    if let Some(old) = &old_file {
        let text =
            std::fs::read_to_string(old).map_err(|why| anyhow!("{}: {why}", old.display()))?;
        let text = text.replacen(
            &format!(";; bug: {}\n", bug.id),
            &format!(";; bug: {new}\n"),
            1,
        );
        write_atomically(&new_file, text.as_bytes()).map_err(|why| anyhow!(why))?;
    }
    let changed = corpus.change(|register| {
        for other in &mut register.bugs {
            if let Status::SameAs { bug: same } = &mut other.status
                && *same == bug.id
            {
                *same = new.to_owned();
            }
        }
        if let Some(entry) = register.get_mut(&bug.id) {
            entry.id = new.to_owned();
            entry.witness = old_file.as_ref().map(|_| witness);
        }
    });
    changed.map_err(|why| anyhow!(why))?;
    if let Some(old) = old_file {
        std::fs::remove_file(&old).map_err(|why| anyhow!("{}: {why}", old.display()))?;
    }
    println!("{}: is {new} now", bug.id);
    Ok(())
}

fn show(bugs: &[&Bug]) {
    let mut shown = table(&[
        "bug",
        "severity",
        "status",
        "where",
        "goes away with",
        "report checked",
    ]);
    for bug in bugs {
        let place = match &bug.shows[..] {
            [] => format!("{}: all", bug.engine),
            shows => format!("{}/{}", bug.engine, shows.join(", ")),
        };
        let versions = match &bug.seen[..] {
            [] => place,
            seen => format!("{place}\nin {}", seen.join(", ")),
        };
        shown.add_row([
            format!("{}\n{}", bug.title, bug.id),
            bug.severity.to_string(),
            bug.status.to_string(),
            versions,
            bug.cause
                .substitution
                .clone()
                .unwrap_or_else(|| "nothing tried".to_owned()),
            bug.checked.clone().unwrap_or_default(),
        ]);
    }
    println!("{shown}");
    println!("{} bugs", bugs.len());
}
/// Takes the bugs of the corpus in `folder` that `corpus` does not have, and that the one
/// in `but_not` does not.
fn adopt(corpus: &mut Corpus, folder: &Path, but_not: Option<&Path>) -> anyhow::Result<()> {
    let other = Corpus::open(folder).map_err(|why| anyhow!(why))?;
    let known = but_not.map(Corpus::open).transpose();
    let known = known.map_err(|why| anyhow!(why))?;
    let is_known = |id: &str| known.as_ref().is_some_and(|k| k.register.get(id).is_some());
    for bug in &other.register.bugs {
        let file = match other.witness(bug) {
            Some(file) if corpus.register.get(&bug.id).is_none() && !is_known(&bug.id) => file,
            _ => continue,
        };
        let wast = std::fs::read_to_string(&file)
            .with_context(|| format!("{}: cannot be read", file.display()))?;
        let bug = corpus
            .add(bug.clone(), |_| wast)
            .map_err(|why| anyhow!(why))?;
        println!("{}: {}", bug.id, bug.title);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_corpus_has_is_taken_with_its_files_once() {
        let folder = tempfile::tempdir().unwrap();
        let open = |name: &str, ids: &[&str]| {
            let folder = folder.path().join(name);
            std::fs::create_dir(&folder).unwrap();
            let mut corpus = Corpus::open(&folder).unwrap();
            for id in ids {
                let bug = Bug {
                    id: (*id).to_owned(),
                    ..Bug::example()
                };
                corpus.add(bug, |_| "(module)".to_owned()).unwrap();
            }
            (folder, corpus)
        };
        let (found, _) = open("found", &["old", "committed", "new"]);
        let (committed, _) = open("committed", &["committed"]);
        let (_, mut kept) = open("kept", &["old"]);
        for _ in 0..2 {
            adopt(&mut kept, &found, Some(&committed)).unwrap();
            let ids = kept.register.bugs.iter().map(|bug| &*bug.id);
            assert_eq!(ids.collect::<Vec<_>>(), ["old", "new"]);
        }
        assert!(kept.witness(&kept.register.bugs[1]).is_some());
    }
}
