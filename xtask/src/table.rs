//! Tables on standard output.

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};

use crate::output::width;

/// A line under the head, nothing else: it reads well and copies well.
const PLAIN: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// An empty table.
pub(crate) fn table(head: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(PLAIN);
    table.set_header(head);
    table
}

/// An empty table whose lines fit: cells that are too long are broken.
pub(crate) fn fitted(head: &[&str]) -> Table {
    let mut table = table(head);
    table
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width()).unwrap_or(u16::MAX));
    table
}
