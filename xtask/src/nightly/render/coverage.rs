//! How much of the space was visited: by kind of memory, and by instruction.

use serde::Serialize;
use trapline_harness::coverage::{Cell, Position};

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
        for (cell, hits) in coverage.cells() {
            all.add(hits > 0);
            add(&mut memories, memory(&cell), &cell, hits > 0);
            add(&mut instructions, cell.op.to_owned(), &cell, hits > 0);
        }
        instructions.sort_by_key(|row: &Row| std::cmp::Reverse(row.empty));
        Space {
            visited: all.visited,
            cells: all.cells,
            percent: format!(
                "{:.1}",
                100.0 * all.visited as f64 / all.cells.max(1) as f64
            ),
            positions: Position::ALL.map(Position::name).into(),
            memories,
            instructions,
        }
    }
}

fn add(rows: &mut Vec<Row>, name: String, cell: &Cell, visited: bool) {
    let at = rows.iter().position(|row| row.name == name);
    let at = at.unwrap_or_else(|| {
        rows.push(Row {
            name,
            shares: vec![Share::default(); Position::ALL.len()],
            empty: 0,
        });
        rows.len() - 1
    });
    rows[at].shares[cell.position as usize].add(visited);
    rows[at].empty += u64::from(!visited);
}

/// The kind of a memory in words.
fn memory(cell: &Cell) -> String {
    let Cell {
        op: _,
        wide,
        shared,
        small_pages,
        imported,
        position: _,
    } = *cell;
    let mut name = if wide { "i64" } else { "i32" }.to_owned();
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
