//! Campaigns of the real program, and what they report.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// A campaign on planted faults that is over in seconds and finds something.
pub(crate) fn campaign(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command
        .arg("diff")
        .args(["--corpus", "corpus", "--json", "report.json"])
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    std::fs::create_dir_all(folder.join("corpus")).expect("a folder");
    command
}

/// What a campaign reported, without what differs from run to run.
pub(crate) fn report(folder: &Path) -> Value {
    let text = std::fs::read_to_string(folder.join("report.json")).expect("a report");
    let report: Value = serde_json::from_str(&text).expect("JSON");
    let bugs = report["bugs"].as_array().expect("a list");
    let bugs: Vec<Value> = bugs
        .iter()
        .map(|row| {
            json!([
                row["bug"],
                row["status"],
                row["cases"],
                row["first_case"],
                row["configurations"],
            ])
        })
        .collect();
    json!([report["cases"], report["configurations"], bugs])
}
