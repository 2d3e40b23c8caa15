//! The corpus on other releases of the engines: a table of bug and version.

use serde::Serialize;

use super::view::link;
use crate::nightly::report::Replayed;
use crate::verb::replay::columns;

/// A table; one without columns where nothing but what is linked in was tried.
#[derive(Serialize)]
pub(super) struct Releases {
    columns: Vec<String>,
    rows: Vec<Bug>,
}

#[derive(Serialize)]
struct Bug {
    title: String,
    status: String,
    link: Option<String>,
    /// For each column what became of the bug there: `diverges`, `conforms`, or
    /// nothing where no configuration can say.
    cells: Vec<&'static str>,
}

impl Releases {
    pub(super) fn new(replay: &[Replayed]) -> Releases {
        let rows: Vec<_> = replay.iter().map(|replayed| replayed.row.clone()).collect();
        let columns = columns(&rows);
        let shows = |row: &&crate::verb::replay::Row| row.releases.iter().any(|(_, shows)| *shows);
        let bugs = rows.iter().filter(shows).map(|row| Bug {
            title: match row.title.is_empty() {
                true => row.file.display().to_string(),
                false => row.title.clone(),
            },
            status: row.known.clone(),
            link: link(&row.known),
            cells: columns
                .iter()
                .map(|column| {
                    let found = row.releases.iter().find(|(release, _)| release == column);
                    match found {
                        Some((_, true)) => "diverges",
                        Some((_, false)) => "conforms",
                        None => "",
                    }
                })
                .collect(),
        });
        Releases {
            rows: bugs.collect(),
            columns: columns.iter().map(|&column| column.to_owned()).collect(),
        }
    }
}
