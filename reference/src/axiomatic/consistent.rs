//! Which candidates are consistent.
//!
//! <https://webassembly.github.io/threads/core/exec/relaxed.html#consistency>

use super::Execution;

/// A relation between events.
struct Relation(Vec<Vec<bool>>);

impl Relation {
    fn has(&self, one: usize, other: usize) -> bool {
        self.0[one][other]
    }

    fn close(&mut self) {
        let count = self.0.len();
        for middle in 0..count {
            for from in 0..count {
                if self.0[from][middle] {
                    for to in 0..count {
                        self.0[from][to] |= self.0[middle][to];
                    }
                }
            }
        }
    }
}

/// Whether there is a total order with which the execution is consistent.
pub(super) fn is_consistent(execution: &Execution) -> bool {
    let Some(before) = happens_before(execution) else {
        return false;
    };
    if !reads_are_consistent(execution, &before) || tears(execution) {
        return false;
    }
    let events = execution.events.iter().enumerate();
    let ordered = events.filter(|(_, event)| event.is_sequentially_consistent());
    let rest: Vec<usize> = ordered.map(|(number, _)| number).collect();
    some_order(execution, &before, &mut Vec::new(), &rest)
}

/// Happens-before: program order, and from an atomic write to each atomic read of
/// the same range that takes its value from it. `None` if an event would come
/// before itself.
fn happens_before(execution: &Execution) -> Option<Relation> {
    let count = execution.events.len();
    let mut before = Relation(vec![vec![false; count]; count]);
    for &(one, other) in &execution.program_order {
        before.0[one][other] = true;
    }
    for (read, writes) in execution.reads_from.iter().enumerate() {
        for &write in writes {
            if execution.events[write].synchronises(&execution.events[read]) {
                before.0[write][read] = true;
            }
        }
    }
    before.close();
    (0..count)
        .all(|event| !before.has(event, event))
        .then_some(before)
}

/// No read from a write that happens after it, nor from one that another hides.
fn reads_are_consistent(execution: &Execution, before: &Relation) -> bool {
    let events = &execution.events;
    each_byte(execution).all(|(read, write, at)| {
        let hides = |other: usize| {
            events[other].written.is_some()
                && events[other].covers(at)
                && before.has(write, other)
                && before.has(other, read)
        };
        !before.has(read, write) && !(0..events.len()).any(hides)
    })
}

/// Whether a read that is of one piece has pieces of several such writes.
fn tears(execution: &Execution) -> bool {
    let events = &execution.events;
    execution
        .reads_from
        .iter()
        .enumerate()
        .any(|(read, writes)| {
            let whole = |write: &&usize| {
                events[**write].place == events[read].place && events[**write].is_tear_free()
            };
            let mut whole: Vec<usize> = writes.iter().filter(whole).copied().collect();
            whole.sort_unstable();
            whole.dedup();
            events[read].is_tear_free() && whole.len() > 1
        })
}

/// Whether some total order of the sequentially consistent events that goes on
/// from `order` will do. Only their order among themselves is asked for.
fn some_order(
    execution: &Execution,
    before: &Relation,
    order: &mut Vec<usize>,
    rest: &[usize],
) -> bool {
    if rest.is_empty() {
        return is_last_visible(execution, before, order);
    }
    for &next in rest {
        if rest.iter().any(|&other| before.has(other, next)) {
            continue;
        }
        let others: Vec<usize> = rest.iter().copied().filter(|&e| e != next).collect();
        order.push(next);
        let found = some_order(execution, before, order, &others);
        order.pop();
        if found {
            return true;
        }
    }
    false
}

/// The three conditions on the total order.
fn is_last_visible(execution: &Execution, before: &Relation, order: &[usize]) -> bool {
    let events = &execution.events;
    let mut rank = vec![usize::MAX; events.len()];
    for (position, &event) in order.iter().enumerate() {
        rank[event] = position;
    }
    let ranked = |one: usize, other: usize| {
        rank[one] != usize::MAX && rank[other] != usize::MAX && rank[one] < rank[other]
    };
    let synchronise = |one: usize, other: usize| events[one].synchronises(&events[other]);
    each_byte(execution).all(|(read, write, _)| {
        (0..events.len()).all(|other| {
            if other == write || other == read || events[other].written.is_none() {
                return true;
            }
            let between = ranked(write, other) && ranked(other, read) && synchronise(write, read);
            let first = !(between && synchronise(other, read));
            let second =
                !(before.has(write, other) && ranked(other, read) && synchronise(other, read));
            let third =
                !(ranked(write, other) && before.has(other, read) && synchronise(write, other));
            first && second && third
        })
    })
}

/// Each byte that is read: the event that reads, the one that wrote, the address.
fn each_byte(execution: &Execution) -> impl Iterator<Item = (usize, usize, u64)> {
    let reads = execution.reads_from.iter().enumerate();
    reads.flat_map(|(read, writes)| {
        let at = execution.events[read].place.at;
        let bytes = writes.iter().enumerate();
        bytes.map(move |(byte, &write)| (read, write, at + byte as u64))
    })
}
