//! Tables on standard output.

use comfy_table::{LineStyle, Table, TableStyle};

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
