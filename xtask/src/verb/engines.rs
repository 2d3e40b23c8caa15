//! `cargo xtask engines`: what is linked in, and what it can do.

use clap::Args;
use comfy_table::ColumnConstraint;
use serde::Serialize;
use trapline_harness::engine;

use crate::End;
use crate::options::EngineOptions;
use crate::table::fitted;

/// Lists the configurations that campaigns run, with the features they declare.
#[derive(Args)]
pub(crate) struct Engines {
    #[command(flatten)]
    engines: EngineOptions,
    /// Run a small module for each feature on each configuration, and fail where
    /// what is declared and what is real differ
    #[arg(long)]
    verify: bool,
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
    pub(crate) fn run(self) -> anyhow::Result<End> {
        if self.verify {
            return self.verify();
        }
        let configurations = self.engines.select()?;
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
        Ok(End::NothingNew)
    }

    /// Prints what each configuration declares wrongly.
    fn verify(self) -> anyhow::Result<End> {
        let verdicts: Vec<Verdict> = self
            .engines
            .select()?
            .iter()
            .map(|c| Verdict {
                name: c.name().to_owned(),
                wrong: match engine::verify(c) {
                    Ok(differences) => differences.iter().map(ToString::to_string).collect(),
                    Err(reason) => vec![format!("cannot be built: {reason}")],
                },
            })
            .collect();
        if self.json {
            println!("{}", serde_json::to_string_pretty(&verdicts)?);
        } else {
            let mut table = fitted(&["configuration", "declared features"]);
            for verdict in &verdicts {
                let wrong = if verdict.wrong.is_empty() {
                    "as declared".to_owned()
                } else {
                    verdict.wrong.join("\n")
                };
                table.add_row([&verdict.name, &wrong]);
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
    wrong: Vec<String>,
}
