//! Brings the limits of memories to the simplest that still show it, with what
//! stands at the end of a memory.

use super::Run;
use super::case::{Case, Item, node_at};
use super::numbers::{PAGE, Slot, get, put, set, slots};
use crate::script::Step;
use crate::script::sexp::Node;

/// Makes memories smaller, and moves what stands at their end with the end.
pub(super) fn shift_bounds(run: &mut Run<'_>) {
    for slot in slots(&run.case) {
        let Slot::Word(step, path, ..) = &slot else {
            continue;
        };
        let tree = run.case.tree(*step).expect("it has a slot");
        let Some(memory) = node_at(tree, path).filter(|node| node.head() == Some("memory")) else {
            continue;
        };
        let parts = memory.children().unwrap_or_default();
        let small = parts.iter().any(|part| part.head() == Some("pagesize"));
        let page = if small { 1 } else { PAGE };
        while let Some(pages) = get(&run.case, &slot).filter(|&pages| pages > 0) {
            let fewer = [1, 0, 16, pages / 2, pages - 1];
            let fewer = if pages > 16 { &fewer[..4] } else { &fewer[..] };
            let accepted = fewer.iter().filter(|&&f| f < pages).any(|&fewer| {
                let candidate = shifted(&run.case, &slot, page, pages, fewer);
                run.attempt(candidate)
            });
            if !accepted || run.stopped() {
                break;
            }
        }
    }
}

/// Leaves out calls, and makes a memory larger to begin with: what only grew
/// it need not be called.
pub(super) fn grow_beforehand(run: &mut Run<'_>) {
    for slot in minimums(&run.case) {
        let Some(pages) = get(&run.case, &slot) else {
            continue;
        };
        // As large as reaches to, or just beyond, what is accessed at the end.
        let reached = slots(&run.case).into_iter().filter_map(|other| {
            let number = get(&run.case, &other).filter(|_| !same_list(&other, &slot))?;
            Some(number / PAGE).filter(|reached| (pages + 1..1 << 16).contains(reached))
        });
        let mut larger: Vec<u64> = reached.flat_map(|pages| [pages, pages + 1]).collect();
        larger.sort_unstable();
        larger.dedup();
        larger.truncate(6);
        let is_call = |item: &Item| matches!(item.step, Step::Invoke { .. });
        let Some(last) = run.case.steps.iter().rposition(is_call) else {
            return;
        };
        // A larger memory is simpler only where a call is left out for it.
        if !run.case.steps[..last].iter().any(is_call) {
            return;
        }
        for larger in larger {
            let candidate = set(&run.case, &slot, larger).map(|mut case| {
                let mut at = 0..;
                case.steps
                    .retain(|item| at.next() == Some(last) || !is_call(item));
                case
            });
            if run.attempt(candidate) {
                return;
            }
        }
        if pages >= 4 {
            continue;
        }
        for step in (0..run.case.steps.len()).rev() {
            for more in [1, 2] {
                if run.case.steps.get(step).is_some_and(is_call) {
                    let candidate = set(&run.case, &slot, pages + more).map(|mut case| {
                        case.steps.remove(step);
                        case
                    });
                    if run.attempt(candidate) {
                        return;
                    }
                }
            }
        }
    }
}

/// Where the limits of memories stand.
fn minimums(case: &Case) -> Vec<Slot> {
    let is_limit = |slot: &Slot| match slot {
        Slot::Word(step, path, ..) => {
            let list = case.tree(*step).and_then(|tree| node_at(tree, path));
            list.and_then(Node::head) == Some("memory")
        }
        Slot::Argument(..) => false,
    };
    let mut slots = slots(case);
    slots.retain(is_limit);
    slots
}

/// With a limit changed from `old` to `new` pages, and every number near the
/// old end as near to the new one.
fn shifted(case: &Case, limit: &Slot, page: u64, old: u64, new: u64) -> Option<Case> {
    let end = old.checked_mul(page)?;
    let less = (old - new).checked_mul(page)?;
    let mut case = case.clone();
    let near = |number: u64| number.abs_diff(end) <= 4096 && number >= less;
    for slot in slots(&case) {
        let is_limit = same_list(&slot, limit);
        match get(&case, &slot) {
            // A maximum that was equal to the minimum stays so.
            Some(number) if is_limit && number == old => put(&mut case, &slot, new),
            Some(number) if !is_limit && near(number) => put(&mut case, &slot, number - less),
            _ => false,
        };
    }
    (get(&case, limit) == Some(new)).then_some(case)
}

fn same_list(a: &Slot, b: &Slot) -> bool {
    matches!((a, b), (Slot::Word(s, p, ..), Slot::Word(t, q, ..)) if s == t && p == q)
}
