//! Trends over past runs, as small drawings (SVG).

use std::fmt::Write as _;

use serde::Serialize;

use crate::nightly::clock;
use crate::nightly::history::{Line, Past};

/// How many runs are shown, at the most.
const RUNS: usize = 60;

const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 80.0;
/// Room for the dot of the last run.
const MARGIN: f64 = 5.0;

/// A drawing with its words.
#[derive(Serialize)]
pub(super) struct Plot {
    title: &'static str,
    /// The value of the last run.
    last: String,
    /// How it changed since the run before.
    change: String,
    svg: String,
}

type Measure = (&'static str, fn(&Line) -> f64, fn(f64) -> String);

fn whole(value: f64) -> String {
    super::thousands(value.round() as u64)
}

const MEASURES: [Measure; 6] = [
    ("New", |line| line.new as f64, whole),
    ("Divergences seen", |line| line.divergences as f64, whole),
    ("Open in the corpus", |line| line.open as f64, whole),
    (
        "Space visited, %",
        |line| 100.0 * line.visited as f64 / line.cells.max(1) as f64,
        |share| format!("{share:.1}"),
    ),
    (
        "Judged calls per second",
        |line| line.calls_per_second,
        whole,
    ),
    ("Suite failures", |line| line.failed as f64, whole),
];

/// The trends, the last run being the last of `past`.
pub(super) fn plots(past: &Past) -> Vec<Plot> {
    let from = past.lines.len().saturating_sub(RUNS);
    let lines = &past.lines[from..];
    let plot = |(title, measure, words): Measure| {
        let values: Vec<f64> = lines.iter().map(measure).collect();
        let last = values.last().copied().unwrap_or(0.0);
        let change = match values
            .len()
            .checked_sub(2)
            .map(|before| last - values[before])
        {
            None => String::new(),
            Some(0.0) => "as before".to_owned(),
            Some(more) if more > 0.0 => format!("+{}", words(more)),
            Some(less) => format!("\u{2212}{}", words(-less)),
        };
        Plot {
            title,
            last: words(last),
            change,
            svg: svg(title, lines, &values, words),
        }
    };
    MEASURES.map(plot).into()
}

fn svg(title: &str, lines: &[Line], values: &[f64], words: fn(f64) -> String) -> String {
    let most = values.iter().copied().fold(0.0, f64::max);
    let step = (WIDTH - 2.0 * MARGIN) / (values.len().max(2) - 1) as f64;
    // A single run stands where the last one does.
    let first = RUNS.min(values.len().max(2)) - values.len().min(RUNS);
    let place = |at: usize, value: f64| {
        let height = if most > 0.0 { value / most } else { 0.0 };
        (
            MARGIN + (at + first) as f64 * step,
            HEIGHT - MARGIN - height * (HEIGHT - 2.0 * MARGIN),
        )
    };
    let mut points = String::new();
    let mut dots = String::new();
    for (at, (&value, line)) in values.iter().zip(lines).enumerate() {
        let (x, y) = place(at, value);
        let _ = write!(points, "{x:.1},{y:.1} ");
        let class = if at + 1 == values.len() {
            "last"
        } else {
            "dot"
        };
        let _ = write!(
            dots,
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{}\"><title>{}: {}</title></circle>",
            if class == "last" { 4 } else { 2 },
            clock::minute(line.began),
            words(value),
        );
    }
    let floor = HEIGHT - MARGIN;
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title} over the last runs\">\
         <line class=\"floor\" x1=\"0\" x2=\"{WIDTH}\" y1=\"{floor}\" y2=\"{floor}\"/>\
         <polyline points=\"{}\"/>{dots}</svg>",
        points.trim_end()
    )
}
