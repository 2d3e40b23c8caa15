//! `cargo xtask engines`: which engines there are, and what they can do.

use anyhow::anyhow;
use clap::Args;
use comfy_table::ColumnConstraint;
use serde::Serialize;
use trapline_harness::engine::javascript::Installed;
use trapline_harness::engine::{self, Configuration, Difference};
use trapline_harness::workers::{self, Pattern, Usage, published};

use crate::End;
use crate::options::{EngineOptions, catalogue};
use crate::progress::Line;
use crate::table::{fitted, table};

/// Lists the configurations that campaigns run, with the features they declare;
/// adds and removes other versions of the engines.
#[derive(Args)]
pub(crate) struct Engines {
    #[command(flatten)]
    engines: EngineOptions,
    /// Run a small module for each feature on each configuration, and fail where
    /// what is declared and what is real differ
    #[arg(long)]
    verify: bool,
    /// Build workers for these, and say what they can do: wasmtime@36.0.4,
    /// wasmi@path:DIR
    #[arg(long, value_name = "LIST", value_delimiter = ',', conflicts_with_all = ["remove", "list_versions", "prune", "engines"])]
    add: Vec<String>,
    /// Remove the workers of these releases: wasmtime@36.0.4
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    remove: Vec<String>,
    /// List the published versions of an engine
    #[arg(long, value_name = "ENGINE")]
    list_versions: Option<String>,
    /// Remove what is kept only to make the next build shorter, and what is half built
    #[arg(long)]
    prune: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A row, for machines.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    version: &'a str,
    features: Vec<&'static str>,
    about: &'a str,
}

impl Engines {
    /// Prints the table.
    pub(crate) fn run(mut self) -> anyhow::Result<End> {
        if let Some(engine) = &self.list_versions {
            return list_versions(engine);
        }
        if !self.remove.is_empty() || self.prune {
            return self.clean();
        }
        if !self.add.is_empty() {
            let added = std::mem::take(&mut self.add);
            for text in &added {
                let pattern = Pattern::parse(text).map_err(|why| anyhow!(why))?;
                if pattern.version.is_none() {
                    return Err(anyhow!("`{text}` names no version: ENGINE@VERSION"));
                }
            }
            self.engines.engines = added;
        }
        let configurations = self.engines.select()?;
        if self.verify {
            return self.verify(&configurations);
        }
        let rows: Vec<Row<'_>> = configurations
            .iter()
            .map(|c| Row {
                name: c.name(),
                version: c.version(),
                features: c.features.iter().map(|f| f.name()).collect(),
                about: c.about(),
            })
            .collect();
        if self.json {
            println!("{}", serde_json::to_string_pretty(&rows)?);
            return Ok(End::NothingNew);
        }
        let mut table = fitted(&["configuration", "version", "beyond core 2.0", "about"]);
        for row in rows {
            table.add_row([row.name, row.version, &row.features.join(" "), row.about]);
        }
        // A name is to be copied, and so not to be broken.
        if let Some(names) = table.column_mut(0) {
            names.set_constraint(ColumnConstraint::ContentWidth);
        }
        println!("{table}");
        show_usage(&catalogue().usage());
        for offer in Installed::offers() {
            println!("{offer}");
        }
        Ok(End::NothingNew)
    }

    /// Removes workers, and what is left of building.
    fn clean(self) -> anyhow::Result<End> {
        let catalogue = catalogue();
        for release in &self.remove {
            catalogue.remove(release).map_err(|why| anyhow!(why))?;
        }
        if self.prune {
            catalogue.prune().map_err(|why| anyhow!(why))?;
        }
        show_usage(&catalogue.usage());
        Ok(End::NothingNew)
    }

    /// Prints what each configuration declares wrongly.
    fn verify(self, configurations: &[Configuration]) -> anyhow::Result<End> {
        let verdicts: Vec<Verdict> = configurations
            .iter()
            .map(|c| {
                let name = c.name().to_owned();
                let (bugs, wrong) = match engine::verify(c) {
                    Ok(differences) => differences.into_iter().partition(|d| d.is_bug()),
                    Err(reason) => {
                        let wrong = vec![format!("cannot be built: {reason}")];
                        let bugs = Vec::new();
                        return Verdict { name, bugs, wrong };
                    }
                };
                let words =
                    |list: Vec<Difference>| list.iter().map(Difference::to_string).collect();
                Verdict {
                    name,
                    bugs: words(bugs),
                    wrong: words(wrong),
                }
            })
            .collect();
        if self.json {
            println!("{}", serde_json::to_string_pretty(&verdicts)?);
        } else {
            let mut table = fitted(&["configuration", "declared features"]);
            for verdict in &verdicts {
                let mut said = verdict.wrong.clone();
                if said.is_empty() {
                    said.push("as declared".to_owned());
                }
                said.extend(verdict.bugs.iter().cloned());
                table.add_row([&verdict.name, &said.join("\n")]);
            }
            println!("{table}");
        }
        Ok(if verdicts.iter().all(|verdict| verdict.wrong.is_empty()) {
            End::NothingNew
        } else {
            End::Failed
        })
    }
}

/// What is wrong with the declaration of a configuration.
#[derive(Serialize)]
struct Verdict {
    name: String,
    /// What it has as declared, and gets wrong.
    bugs: Vec<String>,
    wrong: Vec<String>,
}

/// Prints the published versions of an engine, and which are built.
fn list_versions(engine: &str) -> anyhow::Result<End> {
    if !workers::ENGINES.contains(&engine) {
        let known = workers::ENGINES.join(", ");
        return Err(anyhow!(
            "no adapter for an engine `{engine}`; there are {known}"
        ));
    }
    Line::new().show(&format!("asking for the versions of {engine}"));
    let versions = published(engine, true).map_err(|why| anyhow!(why))?;
    let built = catalogue().usage().workers;
    let mut table = table(&["version", "day", "rustc", ""]);
    for version in versions.iter().filter(|p| !p.yanked) {
        let release = format!("{engine}@{}", version.version);
        let is_built = built.iter().any(|worker| worker.release == release);
        table.add_row([
            &*version.version.to_string(),
            version.day.as_deref().unwrap_or_default(),
            version.rust_version.as_deref().unwrap_or_default(),
            if is_built { "built" } else { "" },
        ]);
    }
    println!("{table}");
    Ok(End::NothingNew)
}

/// Prints the workers that are built, and what they take of the disk.
fn show_usage(usage: &Usage) {
    if usage.bytes() == 0 {
        return;
    }
    let mib = |bytes: u64| format!("{} MiB", bytes >> 20);
    let mut table = table(&["worker", "rustc", "built in", "disk"]);
    for worker in &usage.workers {
        table.add_row([
            worker.release.clone(),
            worker.rustc.clone(),
            format!("{} s", worker.seconds),
            mib(worker.bytes),
        ]);
    }
    if !usage.workers.is_empty() {
        println!("{table}");
    }
    println!(
        "target/workers takes {}, {} of it only to make the next build shorter (--prune)",
        mib(usage.bytes()),
        mib(usage.rest),
    );
}
