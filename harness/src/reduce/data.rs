//! Shortens the strings of data segments, from both ends.

use super::Run;
use super::case::{Case, lists, node_at};
use crate::script::sexp::Node;

/// Empties the strings of data segments, or leaves what is needed of them.
pub(super) fn shorten(run: &mut Run<'_>, step: usize) {
    for path in lists(run.case.tree(step).expect("it is edited")) {
        let count = data(&run.case, step, &path).map_or(0, |parts| parts.len());
        for part in 1..count {
            string(run, step, &path, part);
        }
    }
}

/// The parts of a data segment.
fn data<'c>(case: &'c Case, step: usize, path: &[usize]) -> Option<&'c [Node]> {
    let node = node_at(case.tree(step)?, path)?;
    node.children().filter(|_| node.head() == Some("data"))
}

/// Shortens one string, if this part is one.
fn string(run: &mut Run<'_>, step: usize, path: &[usize], part: usize) {
    let length = |case: &Case| {
        let parts = data(case, step, path)?;
        Some(pieces(parts.get(part)?.as_atom()?)?.len())
    };
    let Some(whole) = length(&run.case) else {
        return;
    };
    for (shorter, pieces) in [("\"\"", 0), ("\"\\01\"", 1)] {
        if pieces < whole {
            let candidate = run.case.edit(step, path, |parts| {
                parts[part] = Node::atom(shorter);
            });
            if run.attempt(candidate) {
                return;
            }
        }
    }
    for trim in [without_last, without_first] {
        let mut size = whole / 2;
        while size > 0 && !run.stopped() {
            let fits = length(&run.case).is_some_and(|length| length > size);
            let candidate = fits.then(|| trim(&run.case, step, path, part, size));
            if !run.attempt(candidate.flatten()) {
                size /= 2;
            }
        }
    }
}

/// Without the last so many pieces of a string.
fn without_last(
    case: &Case,
    step: usize,
    path: &[usize],
    part: usize,
    size: usize,
) -> Option<Case> {
    let text = data(case, step, path)?[part].as_atom()?;
    let pieces = pieces(text)?;
    let kept = pieces[..pieces.len() - size].concat();
    case.edit(step, path, |parts| parts[part] = quoted(&kept))
}

/// Without the first so many pieces of the only string of an active segment, which
/// begins so much later.
fn without_first(
    case: &Case,
    step: usize,
    path: &[usize],
    part: usize,
    size: usize,
) -> Option<Case> {
    let parts = data(case, step, path)?;
    let pieces = pieces(parts[part].as_atom()?)?;
    let (left_out, kept) = pieces.split_at(size);
    let bytes: usize = left_out.iter().map(|piece| length(piece)).sum();
    let is_string = |part: &&Node| part.as_atom().is_some_and(|text| text.starts_with('"'));
    if parts.iter().filter(is_string).count() > 1 {
        return None;
    }
    let (at, ty, start) = parts.iter().enumerate().find_map(|(at, part)| {
        let offset = ["i32.const", "i64.const"].into_iter();
        let mut offset = offset.filter_map(|ty| Some((ty, part.sole_argument(ty)?)));
        let (ty, start) = offset.next()?;
        Some((at, ty, start.parse::<i64>().ok()?))
    })?;
    let start = start.wrapping_add(bytes as i64);
    let start = match ty {
        "i32.const" => i64::from(start as i32),
        _ => start,
    };
    let kept = kept.concat();
    case.edit(step, path, |parts| {
        parts[at] = Node::list(vec![Node::atom(ty), Node::atom(&start.to_string())]);
        parts[part] = quoted(&kept);
    })
}

fn quoted(text: &str) -> Node {
    Node::atom(&format!("\"{text}\""))
}

/// The characters and escapes of a string literal; `None` if it is none.
fn pieces(literal: &str) -> Option<Vec<&str>> {
    let mut rest = literal.strip_prefix('"')?.strip_suffix('"')?;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let length = match rest.as_bytes() {
            [b'\\', b'u', ..] => rest.find('}')? + 1,
            [b'\\', first, ..] if first.is_ascii_hexdigit() => 3,
            [b'\\', ..] => 2,
            _ => rest.chars().next()?.len_utf8(),
        };
        let (piece, others) = rest.split_at_checked(length)?;
        pieces.push(piece);
        rest = others;
    }
    Some(pieces)
}

/// How many bytes a piece stands for.
fn length(piece: &str) -> usize {
    let digits = piece.strip_prefix("\\u{").and_then(|p| p.strip_suffix('}'));
    let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    match code.and_then(char::from_u32) {
        Some(character) => character.len_utf8(),
        None if piece.starts_with('\\') => 1,
        None => piece.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reduce::{Options, reduce};
    use crate::script::{Step, wast::parse};

    #[test]
    fn a_string_comes_in_pieces() {
        let text = r#""a\5c\n\u{1f600}\t""#;
        let pieces = pieces(text).unwrap();
        assert_eq!(pieces, ["a", r"\5c", r"\n", r"\u{1f600}", r"\t"]);
        let lengths: Vec<usize> = pieces.iter().map(|piece| length(piece)).collect();
        assert_eq!(lengths, [1, 1, 1, 4, 1]);
    }

    /// What is needed in the middle of a long string stays, where it was.
    #[test]
    fn what_is_needed_of_a_string_stays_at_its_address() {
        let long = "x".repeat(1000);
        let text = format!(
            r#"(module (memory 1) (data (i32.const 100) "{long}\01\02{long}")
                (func (export "f") (result i32) (i32.load16_u (i32.const 1100))))
            (invoke "f")"#
        );
        let script = parse("a.wast", text.as_bytes()).unwrap().script;
        let mut check = |script: &crate::script::Script| {
            let watch = crate::observation::Watch::default();
            let budget = crate::engine::Budget::of(1 << 20);
            let job = crate::engine::Job::new(script, budget, &watch, &[]);
            let options = crate::engine::reference::Options::default();
            let run = crate::engine::reference::observe(&job, &options);
            let read = run.trace.iter().flatten();
            read.into_iter()
                .any(|a| a.op != "data" && a.result == Some(0x201))
        };
        let reduced = reduce(&script, &mut check, &Options::default());
        let bytes = reduced.script.steps.iter().map(|step| match step {
            Step::Define { wasm, .. } => wasm.len(),
            _ => 0,
        });
        assert!(bytes.sum::<usize>() < 80);
    }
}
