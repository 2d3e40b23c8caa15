//! A block of source text: a line and what is indented below it.
//!
//! Lines have other numbers in every release, their words seldom. What the standard
//! formatter has laid out needs no parser.

use std::ops::RangeInclusive;

/// The blocks, by the numbers of their lines from 1, that begin with a line that has
/// `words` in it.
///
/// A block ends with the `}` below its first line, one column in common.
pub(super) fn blocks(source: &str, words: &str) -> Vec<RangeInclusive<u32>> {
    let lines: Vec<&str> = source.lines().collect();
    let begins = (0..lines.len()).filter(|&at| lines[at].contains(words));
    let numbers = begins.map(|at| {
        let number = |at: usize| u32::try_from(at + 1).unwrap_or(u32::MAX);
        number(at)..=number(end(&lines, at))
    });
    numbers.collect()
}

/// The last line of the block that begins with `lines[first]`.
fn end(lines: &[&str], first: usize) -> usize {
    let indentation = |line: &str| line.len() - line.trim_start().len();
    let own = indentation(lines[first]);
    let mut last = first;
    for (at, line) in lines.iter().enumerate().skip(first + 1) {
        let text = line.trim_start();
        // `} =>`: it was a pattern that took several lines.
        let goes_on = [")", "]", "where", "{", ".", "} =>"];
        if text.is_empty() {
            continue;
        }
        let is_more = indentation(line) == own && goes_on.iter().any(|mark| text.starts_with(mark));
        if indentation(line) > own || is_more {
            last = at;
        } else if indentation(line) == own && text.starts_with('}') {
            return at;
        } else {
            break;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "\
fn long(
    a: u8,
) -> u8
where
    u8: Sized,
{
    if a > 7 {
        return 1;
    } else {
        two()
    }
    match a {
        0 => 1,

        Some {
            a,
        } => {
            2
        }
    }
}

fn next() {}
";

    #[test]
    fn a_block_ends_with_its_brace() {
        let one = |words| blocks(SOURCE, words);
        assert_eq!(one("fn long"), [1..=21]);
        assert_eq!(one("if a > 7"), [7..=9]);
        assert_eq!(one("} else {"), [9..=11]);
        assert_eq!(one("0 => 1"), [13..=13]);
        assert_eq!(one("Some {"), [15..=19]);
        assert_eq!(one("fn next"), [23..=23]);
        assert!(one("nothing").is_empty());
    }
}
