//! `cargo xtask engines`: what is linked in, and what it can do.

use clap::Args;
use serde::Serialize;

use crate::End;
use crate::options::EngineOptions;
use crate::table::table;

/// Lists the configurations that campaigns run, with the features they declare.
#[derive(Args)]
pub(crate) struct Engines {
    #[command(flatten)]
    engines: EngineOptions,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A row, for machines.
#[derive(Serialize)]
struct Row {
    name: &'static str,
    version: &'static str,
    features: Vec<&'static str>,
    about: &'static str,
}

impl Engines {
    /// Prints the table.
    pub(crate) fn run(self) -> anyhow::Result<End> {
        let rows: Vec<Row> = self
            .engines
            .select()?
            .iter()
            .map(|c| Row {
                name: c.name,
                version: c.version,
                features: c.features.iter().map(|f| f.name()).collect(),
                about: c.about,
            })
            .collect();
        if self.json {
            println!("{}", serde_json::to_string_pretty(&rows)?);
            return Ok(End::NothingNew);
        }
        let mut table = table(&["configuration", "version", "beyond core 2.0", "about"]);
        for row in rows {
            table.add_row([row.name, row.version, &row.features.join(" "), row.about]);
        }
        println!("{table}");
        Ok(End::NothingNew)
    }
}
