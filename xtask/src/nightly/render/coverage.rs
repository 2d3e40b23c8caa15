//! How much of the space was visited: by kind of memory, and by instruction.

use serde::Serialize;
use trapline_harness::coverage::{Cell, Position, What};

use crate::nightly::report::Report;

/// The space, seen from two sides.
#[derive(Serialize)]
pub(super) struct Space {
    visited: u64,
    cells: u64,
    percent: String,
    positions: Vec<&'static str>,
    /// By kind of memory and position.
    memories: Vec<Row>,
    /// By instruction and position.
    instructions: Vec<Row>,
    /// By aspect of the shape, inside and outside.
    shapes: Vec<Row>,
    /// Conflicts of threads visited, of how many.
    conflicts_visited: usize,
    conflicts: usize,
}

#[derive(Serialize)]
struct Row {
    name: String,
    shares: Vec<Share>,
    empty: u64,
}

/// So many cells of so many.
#[derive(Clone, Copy, Default, Serialize)]
struct Share {
    visited: u64,
    cells: u64,
    /// The share in whole percent, rounded down: 100 is all of them.
    percent: u64,
}

impl Share {
    fn add(&mut self, visited: bool) {
        self.visited += u64::from(visited);
        self.cells += 1;
        self.percent = 100 * self.visited / self.cells;
    }
}

impl Space {
    /// What the campaign has visited.
    pub(super) fn new(report: &Report) -> Space {
        let coverage = report.coverage();
        let mut all = Share::default();
        let (mut memories, mut instructions) = (Vec::new(), Vec::new());
        let mut shapes = Vec::new();
        for (cell, hits) in coverage.cells() {
            let visited = hits > 0;
            all.add(visited);
            match cell.what {
                What::Place { position, .. } => {
                    let column = (position as usize, Position::ALL.len());
                    add(&mut memories, memory(&cell), column, visited);
                    add(&mut instructions, cell.op.to_owned(), column, visited);
                }
                What::Shape { aspect, outside } => {
                    let column = (usize::from(outside), 2);
                    add(&mut shapes, aspect.name().to_owned(), column, visited);
                }
            }
        }
        instructions.sort_by_key(|row: &Row| std::cmp::Reverse(row.empty));
        let (conflicts_visited, conflicts) = coverage.share_of_conflicts();
        Space {
            conflicts_visited,
            conflicts,
            visited: all.visited,
            cells: all.cells,
            percent: format!(
                "{:.1}",
                100.0 * all.visited as f64 / all.cells.max(1) as f64
            ),
            positions: Position::ALL.map(Position::name).into(),
            memories,
            instructions,
            shapes,
        }
    }
}

/// Counts a cell in a row, which is made if there is none of this name, and in
/// one of so many columns.
fn add(rows: &mut Vec<Row>, name: String, (column, columns): (usize, usize), visited: bool) {
    let at = rows.iter().position(|row| row.name == name);
    let at = at.unwrap_or_else(|| {
        rows.push(Row {
            name,
            shares: vec![Share::default(); columns],
            empty: 0,
        });
        rows.len() - 1
    });
    rows[at].shares[column].add(visited);
    rows[at].empty += u64::from(!visited);
}

/// The kind of a memory in words.
fn memory(cell: &Cell) -> String {
    let mut name = if cell.wide { "i64" } else { "i32" }.to_owned();
    let What::Place {
        shared,
        small_pages,
        imported,
        position: _,
    } = cell.what
    else {
        return name;
    };
    for (is, word) in [
        (shared, "shared"),
        (small_pages, "1-byte pages"),
        (imported, "imported"),
    ] {
        if is {
            name.push_str(", ");
            name.push_str(word);
        }
    }
    name
}
