//! The axioms: the official litmus files, and that executing comes to the same.

use std::collections::BTreeSet;

use trapline_reference::axiomatic::{
    Instruction, LENGTH, Order, Place, Program, Written, outcomes,
};

use super::program::explore;

const PLAIN: Order = Order::Unordered;
const ATOMIC: Order = Order::SequentiallyConsistent;

fn word(at: u64) -> Place {
    Place { at, width: 4 }
}

fn write(order: Order, at: u64, value: u64) -> Instruction {
    Instruction::Write(order, word(at), Written::Constant(value))
}

fn read(order: Order, at: u64) -> Instruction {
    Instruction::Read(order, word(at))
}

/// The results, one thread after the other.
fn results(threads: Vec<Vec<Instruction>>) -> Vec<Vec<u64>> {
    let program = Program {
        threads,
        ..Program::default()
    };
    let all = outcomes(&program).into_iter();
    let flat: BTreeSet<Vec<u64>> = all
        .map(|outcome| outcome.threads.into_iter().flatten().flatten().collect())
        .collect();
    flat.into_iter().collect()
}

/// `test/core/threads/{LB,MP,SB}{,_atomic}.wast` of WebAssembly/threads: the
/// comments there say what is allowed, of which the assertions repeat the atomic half.
#[test]
fn the_official_litmus_files_allow_what_their_comments_say() {
    for (order, lb, mp, sb) in [
        (
            PLAIN,
            vec![[0, 0], [0, 1], [1, 0], [1, 1]],
            vec![[0, 0], [0, 42], [1, 0], [1, 42]],
            vec![[0, 0], [0, 1], [1, 0], [1, 1]],
        ),
        (
            ATOMIC,
            vec![[0, 0], [0, 1], [1, 0]],
            vec![[0, 0], [0, 42], [1, 42]],
            vec![[0, 1], [1, 0], [1, 1]],
        ),
    ] {
        let load_buffering = |from, to| vec![read(order, from), write(order, to, 1)];
        let threads = vec![load_buffering(4, 0), load_buffering(0, 4)];
        assert_eq!(results(threads), lb, "LB {order:?}");
        let sender = vec![write(order, 0, 42), write(order, 4, 1)];
        let receiver = vec![read(order, 4), read(order, 0)];
        assert_eq!(results(vec![sender, receiver]), mp, "MP {order:?}");
        let store_buffering = |to, from| vec![write(order, to, 1), read(order, from)];
        let threads = vec![store_buffering(0, 4), store_buffering(4, 0)];
        assert_eq!(results(threads), sb, "SB {order:?}");
    }
}

/// Plain data handed over by an atomic flag, and not.
#[test]
fn an_atomic_flag_hands_over_plain_data() {
    let sender = |flag| vec![write(PLAIN, 0, 7), write(flag, 4, 1)];
    let receiver = |flag| vec![read(flag, 4), read(PLAIN, 0)];
    let three = [[0, 0], [0, 7], [1, 7]];
    assert_eq!(results(vec![sender(ATOMIC), receiver(ATOMIC)]), three);
    let four = [[0, 0], [0, 7], [1, 0], [1, 7]];
    assert_eq!(results(vec![sender(PLAIN), receiver(ATOMIC)]), four);
}

/// An aligned access of 4 bytes is of one piece, one of 8 bytes only if atomic.
#[test]
fn wide_plain_accesses_tear() {
    let wide = Place { at: 0, width: 8 };
    let both = 0x1_0000_0001;
    let pair = |order, place, one, two| {
        let write = |value| Instruction::Write(order, place, Written::Constant(value));
        let read = Instruction::Read(order, place);
        results(vec![vec![write(one)], vec![write(two), read]])
    };
    let narrow = word(0);
    assert_eq!(pair(PLAIN, narrow, 0x101, 0x202), [[0x101], [0x202]]);
    assert_eq!(pair(ATOMIC, wide, both, 2 * both), [[both], [2 * both]]);
    let torn = pair(PLAIN, wide, both, 2 * both);
    assert!(torn.contains(&vec![0x1_0000_0002]), "{torn:x?}");
}

/// What a thread of the comparison does.
#[derive(Clone, Copy, Debug)]
enum Op {
    Load(u64),
    Store(u64),
    Add(u64),
    /// Loads from the page after the first.
    Beyond,
    Grow,
    Size,
}

const OPS: [Op; 7] = [
    Op::Load(0),
    Op::Load(1),
    Op::Store(0),
    Op::Store(1),
    Op::Add(0),
    Op::Beyond,
    Op::Grow,
];

fn axioms(threads: &[Vec<Op>]) -> BTreeSet<String> {
    let byte = |at| Place { at, width: 1 };
    let threads = threads.iter().enumerate().map(|(number, thread)| {
        let ops = thread.iter().flat_map(|op| match *op {
            Op::Load(at) => vec![Instruction::Read(ATOMIC, byte(at))],
            Op::Store(at) => {
                let value = Written::Constant(number as u64 + 1);
                vec![Instruction::Write(ATOMIC, byte(at), value)]
            }
            Op::Add(at) => vec![Instruction::Add(byte(at), 4)],
            Op::Beyond => vec![Instruction::BoundsCheck(2)],
            Op::Grow => vec![Instruction::Add(LENGTH, 1)],
            Op::Size => vec![Instruction::Read(ATOMIC, LENGTH)],
        });
        ops.collect()
    });
    let program = Program {
        threads: threads.collect(),
        length: 1,
        read_at_end: vec![byte(0), byte(1)],
    };
    let told = outcomes(&program).into_iter().map(|outcome| {
        let threads = outcome.threads.iter().map(|results| match results {
            Some(results) => list(results),
            None => "trap".to_owned(),
        });
        let threads: Vec<String> = threads.collect();
        format!("{} / {}", threads.join(" | "), list(&outcome.end))
    });
    told.collect()
}

fn list(values: &[u64]) -> String {
    let values = values.iter().map(u64::to_string);
    values.collect::<Vec<_>>().join(" ")
}

fn executed(threads: &[Vec<Op>]) -> BTreeSet<String> {
    let threads = threads.iter().enumerate().map(|(number, thread)| {
        let (mut body, mut results) = (String::new(), 0);
        for op in thread {
            let set = |read: &str| format!("(local.set {results} {read})");
            let (text, reads) = match *op {
                // Locations lie 8 bytes apart: `explore` shows those.
                Op::Load(at) => (
                    set(&format!("(i32.atomic.load8_u (i32.const {}))", 8 * at)),
                    1,
                ),
                Op::Store(at) => (
                    format!(
                        "(i32.atomic.store8 (i32.const {}) (i32.const {}))",
                        8 * at,
                        number + 1
                    ),
                    0,
                ),
                Op::Add(at) => (
                    set(&format!(
                        "(i32.atomic.rmw8.add_u (i32.const {}) (i32.const 4))",
                        8 * at
                    )),
                    1,
                ),
                Op::Beyond => ("(drop (i32.load8_u (i32.const 65536)))".to_owned(), 0),
                Op::Grow => (set("(memory.grow (i32.const 1))"), 1),
                Op::Size => (set("(memory.size)"), 1),
            };
            body += &text;
            results += reads;
        }
        let types = "i32 ".repeat(results);
        let gets: String = (0..results).map(|r| format!("(local.get {r})")).collect();
        format!("(result {types}) (local {types}) {body} {gets}")
    });
    let threads: Vec<String> = threads.collect();
    let threads: Vec<&str> = threads.iter().map(String::as_str).collect();
    let allowed =
        explore("1 9 shared", &threads).unwrap_or_else(|why| panic!("{threads:?}: {why}"));
    // Two of the four words.
    let ends = allowed
        .with_memory
        .iter()
        .map(|end| end.strip_suffix(" 0 0"));
    ends.map(|end| end.expect("zeros").to_owned()).collect()
}

/// Programs of two threads of up to three accesses, and some of three threads.
#[test]
fn executing_finds_what_the_axioms_allow() {
    let mut state = 0x9e37_79b9_u32;
    let mut next = |bound: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as usize % bound
    };
    let mut grown = 0;
    for case in 0..400 {
        let (count, most) = if case % 4 == 0 { (3, 2) } else { (2, 3) };
        let threads: Vec<Vec<Op>> = (0..count)
            .map(|_| {
                let length = 1 + next(most);
                let op = |next: &mut dyn FnMut(usize) -> usize| match next(OPS.len() + 1) {
                    7 => Op::Size,
                    op => OPS[op],
                };
                (0..length).map(|_| op(&mut next)).collect()
            })
            .collect();
        let (one, other) = (axioms(&threads), executed(&threads));
        assert_eq!(one, other, "axioms, then executions: {threads:?}");
        grown += usize::from(other.iter().any(|end| end.contains("trap")) && other.len() > 1);
    }
    assert!(grown > 50, "only {grown} with a bounds check that races");
}
