//! `cargo xtask triage`: what is known of each divergence, and setting it.

use anyhow::{anyhow, bail};
use clap::Args;
use serde::Serialize;
use trapline_harness::corpus::{Corpus, Status, stated};
use trapline_harness::judge::Class;

use crate::End;
use crate::options::CorpusOptions;
use crate::table::table;

/// Lists the divergences of the corpus by severity, with what is known of
/// them; with SIGNATURE and one of the statuses, sets it.
#[derive(Args)]
pub(crate) struct Triage {
    /// The divergence to set the status of: the name of its file, without
    /// .wast; for many at once a pattern, in which * stands for any text
    #[arg(value_name = "SIGNATURE", requires = "status")]
    signature: Option<String>,
    #[command(flatten)]
    status: StatusArgs,
    /// Print JSON
    #[arg(long, conflicts_with = "signature")]
    json: bool,
    #[command(flatten)]
    corpus: CorpusOptions,
}

#[derive(Args)]
#[group(id = "status", multiple = false)]
struct StatusArgs {
    /// It is found, and not reported
    #[arg(long, requires = "signature")]
    new: bool,
    /// It is reported to the maintainers, at LINK
    #[arg(long, value_name = "LINK", requires = "signature")]
    reported: Option<String>,
    /// It is fixed, in VERSION
    #[arg(long, value_name = "VERSION", requires = "signature")]
    fixed_in: Option<String>,
    /// It is intended, for REASON (name the section of the specification)
    #[arg(long, value_name = "REASON", requires = "signature")]
    intended: Option<String>,
    /// It is another face of the divergence SIGNATURE
    #[arg(long, value_name = "SIGNATURE", requires = "signature")]
    same_as: Option<String>,
}

impl StatusArgs {
    fn status(self) -> anyhow::Result<Status> {
        let StatusArgs {
            new: _,
            reported,
            fixed_in,
            intended,
            same_as,
        } = self;
        let given = |text: Option<String>| text.map(|text| text.trim().to_owned());
        if let Some(signature) = given(same_as) {
            return Ok(Status::SameAs { signature });
        }
        let status = match (given(reported), given(fixed_in), given(intended)) {
            (Some(link), _, _) => {
                if !link.starts_with("https://") {
                    bail!("'{link}' is not a link: it does not begin with https://");
                }
                Status::Reported { link }
            }
            (_, Some(version), _) if !version.is_empty() => Status::FixedIn { version },
            (_, _, Some(reason)) if !reason.is_empty() => Status::Intended { reason },
            (None, None, None) => Status::New,
            _ => bail!("a version or a reason cannot be empty"),
        };
        Ok(status)
    }
}

#[derive(Serialize)]
struct Row {
    signature: String,
    class: String,
    #[serde(flatten)]
    status: Status,
    checked: Option<String>,
    diverging: Vec<String>,
    file: bool,
}

impl Triage {
    /// Lists or sets.
    pub(crate) fn run(self) -> anyhow::Result<End> {
        let mut corpus = Corpus::open(&self.corpus.folder(&[])?).map_err(|why| anyhow!(why))?;
        if let Some(signature) = self.signature {
            let signature = signature.trim_end_matches(".wast").to_owned();
            let file = corpus.path(&signature);
            let known = &corpus.known.divergences;
            if !file.exists() && !known.contains_key(&signature) && !signature.contains('*') {
                bail!("{}: no such divergence", file.display());
            }
            let status = self.status.status()?;
            if let Status::SameAs { signature } = &status
                && !known.contains_key(signature)
            {
                bail!("{signature}: no such divergence");
            }
            println!("{signature}: {status}");
            corpus
                .change(|known| known.set(&signature, status))
                .map_err(|why| anyhow!(why))?;
            return Ok(End::NothingNew);
        }
        let rows = rows(&corpus)?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&rows)?);
        } else {
            show(&rows);
        }
        Ok(End::NothingNew)
    }
}

/// Every divergence that has a file or a status, the most severe first.
fn rows(corpus: &Corpus) -> anyhow::Result<Vec<Row>> {
    let mut signatures: Vec<String> = corpus.known.divergences.keys().cloned().collect();
    for file in corpus.files().map_err(|why| anyhow!(why))? {
        let text = std::fs::read(&file).unwrap_or_default();
        signatures.extend(stated(&String::from_utf8_lossy(&text)).signature);
    }
    // Names of classes begin signatures, and end where the next part begins.
    let class = |signature: &str| {
        let name = class_name(signature);
        Class::ALL.iter().position(|class| class.name() == name)
    };
    signatures.sort_by_key(|signature| (class(signature).unwrap_or(usize::MAX), signature.clone()));
    signatures.dedup();
    let row = |signature: String| {
        let text = std::fs::read_to_string(corpus.path(&signature));
        let entry = corpus.known.divergences.get(&signature);
        Row {
            class: class_name(&signature).to_owned(),
            checked: entry.and_then(|entry| entry.checked.clone()),
            status: corpus
                .known
                .status(&signature)
                .cloned()
                .unwrap_or(Status::New),
            diverging: stated(text.as_deref().unwrap_or_default()).diverging,
            file: text.is_ok(),
            signature,
        }
    };
    Ok(signatures.into_iter().map(row).collect())
}

/// What a signature begins with: a class, or `spec`.
fn class_name(signature: &str) -> &str {
    signature.split(['_', ' ']).next().unwrap_or_default()
}

fn show(rows: &[Row]) {
    let mut shown = table(&["divergence", "status", "report checked", "configurations"]);
    for row in rows {
        let status = match row.file {
            true => row.status.to_string(),
            false if matches!(row.status, Status::SameAs { .. }) => row.status.to_string(),
            false => format!("{} (no file)", row.status),
        };
        let configurations = match &row.diverging[..] {
            [] => String::new(),
            [one] => one.clone(),
            [first, rest @ ..] => format!("{first} and {} more", rest.len()),
        };
        let checked = row.checked.clone().unwrap_or_default();
        shown.add_row([row.signature.clone(), status, checked, configurations]);
    }
    println!("{shown}");
    println!("{} divergences", rows.len());
}
