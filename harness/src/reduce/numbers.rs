//! Brings numbers to the simplest that still show it: constants, offsets, limits, arguments.

use super::case::{Case, children_at, lists, node_at};
use super::{Run, limits};
use crate::script::sexp::Node;
use crate::script::{Step, Value};

/// Where a number stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// An argument of a call: the step and which.
    Argument(usize, usize),
    /// A word of a module: the step, the list, the word in it, and what
    /// stands before the number in the word.
    Word(usize, Vec<usize>, usize, &'static str),
}

pub(super) fn simplify_numbers(run: &mut Run<'_>) {
    fold_offsets(run);
    limits::shift_bounds(run);
    limits::grow_beforehand(run);
    let mut at = 0;
    while let Some(slot) = slots(&run.case).into_iter().nth(at) {
        simplify(run, &slot);
        at += 1;
    }
}

/// Tries simpler numbers in one place until none will do.
fn simplify(run: &mut Run<'_>, slot: &Slot) {
    while let Some(number) = get(&run.case, slot) {
        let simpler = simpler(number);
        let accepted = simpler.into_iter().any(|candidate| {
            let candidate = set(&run.case, slot, candidate);
            run.attempt(candidate)
        });
        if !accepted || run.stopped() {
            return;
        }
    }
}

/// How far from simple a number is: what is accepted must be nearer.
fn cost(number: u64) -> (u32, u64) {
    // Small negative numbers of either width are as simple as small ones.
    let near_end = (number.wrapping_neg()).min((number as u32).wrapping_neg().into());
    match number {
        0 | 1 => (0, number),
        _ if number.is_power_of_two() => (1, number),
        _ if number.is_multiple_of(PAGE) => (2, number),
        _ if number <= 16 || near_end <= 16 => (2, number.min(near_end)),
        _ => {
            let power = 1 << number.ilog2();
            let to_power =
                (number - power).min((power - 1).saturating_mul(2).saturating_add(2) - number);
            let page = number.saturating_add(PAGE / 2) / PAGE * PAGE;
            let distance = to_power.min(page.abs_diff(number));
            match distance {
                0..=64 => (3, distance << 56 | number >> 8),
                _ => (4, number),
            }
        }
    }
}

/// Bytes.
pub(super) const PAGE: u64 = 65_536;

/// Simpler numbers than this one, the simplest first.
fn simpler(number: u64) -> Vec<u64> {
    let own = cost(number);
    let page = number / PAGE * PAGE;
    let low = number % PAGE;
    let power: u64 = 1 << number.checked_ilog2().unwrap_or(0);
    let mut out = vec![0, 1, 2, 4, 8, PAGE, PAGE - 1, PAGE - 2, PAGE - 4, PAGE - 8];
    out.extend([
        power,
        power.wrapping_mul(2),
        page,
        page.wrapping_add(PAGE),
        low,
    ]);
    out.extend([power - 1, power.wrapping_mul(2).wrapping_sub(1)]);
    out.extend([u32::MAX.into(), u64::MAX, 1 << 32, number / 2]);
    out.extend([number - number / 4, number.wrapping_sub(PAGE)]);
    // One by one only where it is not far: each is a check.
    if own.0 == 3 || number <= 64 {
        out.extend([number.wrapping_sub(1), number.wrapping_add(1)]);
    }
    let mut kept: Vec<u64> = Vec::new();
    for candidate in out {
        if cost(candidate) < own && !kept.contains(&candidate) {
            kept.push(candidate);
        }
    }
    kept
}

/// All numbers of the case, in order.
pub(super) fn slots(case: &Case) -> Vec<Slot> {
    let mut out = Vec::new();
    for (step, item) in case.steps.iter().enumerate() {
        if let Step::Invoke { args, .. } = &item.step {
            out.extend((0..args.len()).map(|i| Slot::Argument(step, i)));
        }
        let Some(tree) = case.tree(step) else {
            continue;
        };
        for path in lists(tree) {
            let list = node_at(tree, &path).expect("it was just found");
            let head = list.head().unwrap_or_default();
            for (i, child) in list
                .children()
                .unwrap_or_default()
                .iter()
                .enumerate()
                .skip(1)
            {
                let Some(word) = child.as_atom() else {
                    continue;
                };
                let prefix = ["offset=", "align="]
                    .into_iter()
                    .find(|p| word.starts_with(p));
                let numbered = matches!(head, "memory" | "table" | "i32.const" | "i64.const");
                if prefix.is_some() || (numbered && parse(word).is_some()) {
                    out.push(Slot::Word(step, path.clone(), i, prefix.unwrap_or("")));
                }
            }
        }
    }
    out
}

pub(super) fn get(case: &Case, slot: &Slot) -> Option<u64> {
    match slot {
        Slot::Argument(step, i) => match &case.steps.get(*step)?.step {
            Step::Invoke { args, .. } => match *args.get(*i)? {
                Value::I32(bits) | Value::F32(bits) => Some(bits.into()),
                Value::I64(bits) | Value::F64(bits) => Some(bits),
                _ => None,
            },
            _ => None,
        },
        Slot::Word(step, path, i, prefix) => {
            let list = node_at(case.tree(*step)?, path)?;
            let word = list.children()?.get(*i)?.as_atom()?;
            let number = parse(word.strip_prefix(prefix)?)?;
            // An `i32` is printed with its sign, and is a number of 32 bits.
            Some(if list.head() == Some("i32.const") {
                (number as u32).into()
            } else {
                number
            })
        }
    }
}

pub(super) fn set(case: &Case, slot: &Slot, number: u64) -> Option<Case> {
    let mut case = case.clone();
    put(&mut case, slot, number).then_some(case)
}

pub(super) fn put(case: &mut Case, slot: &Slot, number: u64) -> bool {
    match slot {
        Slot::Argument(step, i) => {
            let Step::Invoke { args, .. } = &mut case.steps[*step].step else {
                return false;
            };
            let narrow = u32::try_from(number);
            args[*i] = match (args[*i], narrow) {
                (Value::I32(_), Ok(bits)) => Value::I32(bits),
                (Value::F32(_), Ok(bits)) => Value::F32(bits),
                (Value::I64(_), _) => Value::I64(number),
                (Value::F64(_), _) => Value::F64(number),
                _ => return false,
            };
            true
        }
        Slot::Word(step, path, i, prefix) => {
            let Some(mut tree) = case.tree(*step).map(|tree| Node::clone(tree)) else {
                return false;
            };
            let Some(children) = children_at(&mut tree, path) else {
                return false;
            };
            children[*i].kind = Node::atom(&format!("{prefix}{number}")).kind;
            case.set_tree(*step, tree)
        }
    }
}

pub(super) fn parse(word: &str) -> Option<u64> {
    let (negative, digits) = match word.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, word),
    };
    let number = match digits.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok()?,
        None => digits.parse().ok()?,
    };
    Some(if negative {
        number.wrapping_neg()
    } else {
        number
    })
}

/// Moves static offsets into constant operands: `(load offset=8 (const 1))` to `(load (const 9))`.
fn fold_offsets(run: &mut Run<'_>) {
    for slot in slots(&run.case) {
        let Slot::Word(step, path, _, "offset=") = &slot else {
            continue;
        };
        let Some(offset) = get(&run.case, &slot) else {
            continue;
        };
        let operand = slots(&run.case).into_iter().find(|other| {
            matches!(other, Slot::Word(s, p, ..)
                if s == step && p.len() == path.len() + 1 && p.starts_with(path))
        });
        let Some(operand) = operand else {
            continue;
        };
        let moved = get(&run.case, &operand).and_then(|base| {
            let sum = base.checked_add(offset)?;
            let mut case = run.case.clone();
            (put(&mut case, &operand, sum) && put(&mut case, &slot, 0)).then_some(case)
        });
        run.attempt(moved);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_simpler_number_is_nearer_to_simple() {
        for number in [
            3,
            7,
            100,
            65_529,
            65_540,
            131_000,
            0xdead_beef,
            u64::MAX,
            1 << 47,
            12345,
        ] {
            for candidate in simpler(number) {
                assert!(cost(candidate) < cost(number), "{number} to {candidate}");
            }
        }
        assert!(simpler(0).is_empty());
        assert_eq!(simpler(1), [0]);
    }

    #[test]
    fn signs_are_read() {
        assert_eq!(parse("-1"), Some(u64::MAX));
        assert_eq!(parse("0x10"), Some(16));
        assert_eq!(parse("$x"), None);
    }
}
