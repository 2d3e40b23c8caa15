//! The comparison, for eyes.

use super::Side;
use crate::output::paragraph;
use crate::table::table;

/// Prints what each side did, and below what it found.
pub(super) fn print(sides: &[Side]) {
    let mut rows = table(&[
        "engine",
        "who",
        "seconds",
        "CPU seconds",
        "executions",
        "found",
    ]);
    for side in sides {
        rows.add_row([
            side.engine.clone(),
            side.who.clone(),
            format!("{:.0}", side.seconds),
            format!("{:.0}", side.cpu_seconds),
            side.executions.to_string(),
            side.finds.len().to_string(),
        ]);
    }
    println!("{rows}");
    for side in sides {
        println!("{}, {} ({}):", side.engine, side.who, side.about);
        if side.finds.is_empty() {
            println!("  nothing");
        }
        if side.unreduced > 0 {
            println!(
                "  {} sightings not reduced in the time: faces of these, or more",
                side.unreduced
            );
        }
        for find in &side.finds {
            let (seconds, times) = (find.seconds, find.times);
            paragraph(
                2,
                &format!("after {seconds:.0} s, {times} times: {}", find.what),
            );
        }
    }
}
