//! Live bytes and memory sizes over a trace, as a drawing (SVG).

use std::fmt::Write as _;

use crate::generate::allocator::Reading;

/// What one setup gave.
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) readings: Vec<Reading>,
}

const WIDTH: usize = 640;
const HEIGHT: usize = 220;
/// Where the axes are.
const LEFT: usize = 52;
const BOTTOM: usize = 190;
const TOP: usize = 14;
/// Room for the names.
const RIGHT: usize = 490;

/// Colours that are told apart without red and green, and the dashes of their lines.
const STYLES: [(&str, &str); 4] = [
    ("#d55e00", "none"),
    ("#0072b2", "7 3"),
    ("#009e73", "2 3"),
    ("#7b3294", "9 3 2 3"),
];

/// The drawing: an area for what is live with the last of `lines`, and a line for the
/// size of the memories with each; a cross where an allocation failed.
pub(super) fn plot(title: &str, lines: &[Line]) -> String {
    let all = || lines.iter().flat_map(|line| &line.readings);
    let most = all().map(|r| r.size.max(r.live)).max().unwrap_or(0).max(1);
    let up = |bytes: u64| BOTTOM as f64 - bytes as f64 / most as f64 * (BOTTOM - TOP) as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"11\" fill=\"#222\">\n<title>{title}</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
    );
    for quarter in 0..=4 {
        let bytes = most * quarter / 4;
        let y = up(bytes);
        let words = format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {y:.0}H{RIGHT}\" stroke=\"#ddd\"/><text x=\"{}\" y=\"{:.0}\" \
             text-anchor=\"end\">{words}</text>",
            LEFT - 5,
            y + 4.0
        );
    }
    if let Some(line) = lines.last() {
        let points = path(&line.readings, |r| up(r.live), false);
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {BOTTOM}L{points}L{RIGHT} {BOTTOM}Z\" fill=\"#ccc\"/>\
             <text x=\"{}\" y=\"{}\" fill=\"#666\">live bytes</text>",
            RIGHT + 30,
            TOP + 10
        );
    }
    for (index, (line, (colour, dashes))) in lines.iter().zip(STYLES).enumerate() {
        let points = path(&line.readings, |r| up(r.size), true);
        let y = TOP + 10 + 20 * (index + 1);
        let _ = writeln!(
            svg,
            "<g stroke=\"{colour}\" fill=\"none\" stroke-width=\"2\"><path d=\"M{points}\" \
             stroke-dasharray=\"{dashes}\"/><path d=\"M{} {}h22\" stroke-dasharray=\"{dashes}\"/>{}</g>\
             <text x=\"{}\" y=\"{y}\">{}</text>",
            RIGHT + 4,
            y - 4,
            crosses(&line.readings, &up),
            RIGHT + 30,
            line.name
        );
    }
    let _ = writeln!(
        svg,
        "<rect x=\"{}\" y=\"{}\" width=\"22\" height=\"9\" fill=\"#ccc\"/>\
         <text x=\"{LEFT}\" y=\"{}\">requests, from the first to the last; memory size by allocator</text>",
        RIGHT + 4,
        TOP + 2,
        HEIGHT - 12
    );
    svg.push_str("</svg>\n");
    svg
}

/// Where the reading of this number is, from left to right.
fn across(index: usize, count: usize) -> usize {
    LEFT + index * (RIGHT - LEFT) / count.max(2).saturating_sub(1)
}

/// The points of a line: as many as can be told apart, and of steps only where they are.
fn path(readings: &[Reading], height: impl Fn(&Reading) -> f64, steps: bool) -> String {
    let mut points: Vec<(usize, i64)> = Vec::new();
    for (index, reading) in readings.iter().enumerate() {
        let point = (
            across(index, readings.len()),
            height(reading).round() as i64,
        );
        match points.last_mut() {
            // The later of those that are at one place.
            Some(last) if last.0 == point.0 => last.1 = point.1,
            _ => points.push(point),
        }
    }
    let mut text = String::new();
    let mut before: Option<i64> = None;
    let last = points.len().saturating_sub(1);
    for (index, (x, y)) in points.into_iter().enumerate() {
        let is_step = before.is_none_or(|before| before != y);
        if !steps || index == 0 {
            let _ = write!(text, "{x} {y} ");
        } else if is_step || index == last {
            let _ = write!(text, "H{x}V{y}");
        }
        before = Some(y);
    }
    text.trim_end().to_owned()
}

/// A cross where allocations failed, one for all that are at one place.
fn crosses(readings: &[Reading], up: &impl Fn(u64) -> f64) -> String {
    let mut places: Vec<(usize, i64)> = Vec::new();
    for (index, reading) in readings.iter().enumerate() {
        let place = (
            across(index, readings.len()),
            up(reading.size).round() as i64,
        );
        if !reading.succeeded && places.last().is_none_or(|last| place.0 > last.0 + 4) {
            places.push(place);
        }
    }
    let cross = |(x, y): (usize, i64)| format!("M{} {}l6 6m0-6l-6 6", x - 3, y - 3);
    let crosses: String = places.into_iter().map(cross).collect();
    match crosses.is_empty() {
        true => crosses,
        false => format!("<path d=\"{crosses}\"/>"),
    }
}
