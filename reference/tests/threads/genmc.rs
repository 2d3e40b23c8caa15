//! Litmus programs of GenMC (<https://github.com/MPI-SWS/genmc>, commit `b03f01e`,
//! `tests/correct/litmus`), written anew with atomic instructions of WebAssembly,
//! which are all sequentially consistent. GenMC publishes how many executions each
//! has under sequential consistency, told apart by reads-from and coherence
//! (`expected.sc.mo.in`): as many as this exploration has to visit.

use super::program::{Allowed, explore};

/// A thread in short: `x=1` stores, `x` loads, `x+1` adds, `x:1` exchanges,
/// `x?0:1` compares and exchanges, `x=$` stores what was read last.
fn thread(short: &str) -> String {
    let (mut reads, mut body, mut results) = (0, String::new(), String::new());
    for op in short.split_whitespace() {
        let at = 8 * "xyzw".find(&op[..1]).expect("a location");
        let access =
            |name: &str, operands: &str| format!("(i32.{name} (i32.const {at}) {operands})");
        let constant = |text: &str| format!("(i32.const {text})");
        let (kind, rest) = match op.chars().nth(1) {
            Some(kind) => (kind, &op[2..]),
            None => (' ', ""),
        };
        let read = match kind {
            '=' => {
                let value = match rest {
                    "$" => format!("(local.get {})", reads - 1),
                    value => constant(value),
                };
                body += &access("atomic.store", &value);
                continue;
            }
            ' ' => access("atomic.load", ""),
            '+' => access("atomic.rmw.add", &constant(rest)),
            ':' => access("atomic.rmw.xchg", &constant(rest)),
            '?' => {
                let (expected, new) = rest.split_once(':').expect("two values");
                access("atomic.rmw.cmpxchg", &(constant(expected) + &constant(new)))
            }
            other => panic!("{other}"),
        };
        body += &format!("(local.set {reads} {read})");
        results += &format!("(local.get {reads})");
        reads += 1;
    }
    let types = "i32 ".repeat(reads);
    format!("(result {types}) (local {types}) {body} {results}")
}

fn short(threads: &[&str]) -> Allowed {
    let threads: Vec<String> = threads.iter().map(|short| thread(short)).collect();
    let threads: Vec<&str> = threads.iter().map(String::as_str).collect();
    explore("1 1 shared", &threads).unwrap_or_else(|why| panic!("{threads:?}: {why}"))
}

/// The program, its threads, and how many executions it has.
const PROGRAMS: [(&str, &[&str], u64); 41] = [
    ("2+2W", &["x=1 y=2", "y=1 x=2"], 3),
    ("2CoWR", &["y", "x", "x=1", "y=1"], 4),
    ("CoRR", &["x=1 x=2", "x x"], 6),
    ("CoRR0", &["x=1", "x", "x"], 4),
    ("CoRR1", &["x=1", "x=2", "x x", "x"], 36),
    ("CoRR2", &["x=1", "x=2", "x x", "x x"], 72),
    ("CoRW", &["x x=1", "x=2"], 3),
    ("CoWR", &["x=1 x", "x=2"], 3),
    ("IRIW-acq-sc", &["x=1", "x y", "y x", "y=1"], 15),
    ("IRIWish", &["x=1", "x y=$", "x y", "y x"], 27),
    ("JLT", &["x=1 y x", "x=2 x", "y=3"], 8),
    ("LB", &["y x=1", "x y=1"], 3),
    ("LB3", &["x y=1", "y z=1", "z x=1"], 7),
    ("LB+incMPs", &["x z+1", "z+1 y=1", "y w+1", "w+1 x=1"], 15),
    ("MCP-rrw", &["x=1", "x=2", "x"], 6),
    ("MP", &["x=1 y=1", "y x"], 3),
    ("MP+incMP", &["y z+1", "z+1 x", "x=1 y=1"], 7),
    ("MP2", &["x=1 z=1 y=1 w=1", "y x", "w z"], 9),
    ("RWC+syncs", &["x=1", "x y", "y=1 x"], 7),
    ("S", &["x=2 y=1", "y x=1"], 3),
    ("SB", &["x=1 y", "y=1 x"], 3),
    ("SB+rfis", &["x=1 x y", "y=1 y x"], 3),
    ("W+RRR+W", &["x=1", "x x x", "x=2"], 20),
    ("W+RWC", &["x=1 z=1", "z y", "y=1 x"], 7),
    ("WWmerge1", &["x y", "x=1 x=2", "y=1 x"], 15),
    ("WWmerge2", &["x y", "x=2", "y=1 x"], 7),
    ("Z6+acq", &["x=1 y=1", "y z=1", "z=2 x"], 7),
    ("Z6.U", &["x=1 y=1", "y+1 y", "y=3 x"], 18),
    ("atomicpo", &["y=1 x=1", "x:1 y:1"], 3),
    ("ccr", &["x?0:42", "x?0:17 x"], 2),
    ("cii", &["x?1:2", "x+1", "x+1"], 6),
    ("cumul-release", &["x=1 y=1", "y z=$", "z x"], 7),
    ("default", &["x x", "x=1", "x=2"], 12),
    ("fr+w+w+w+reads", &["x=1", "x=2", "x=3", "x x x x"], 210),
    (
        "inc+inc+RR+W+RR",
        &["x+1", "x+1", "x x", "x=42", "x x"],
        600,
    ),
    ("inc2w", &["x+1", "x=4", "x+2"], 6),
    ("isa2", &["x=1 y=1", "y z=1", "z x"], 7),
    ("peterZ", &["x=1 y", "y=1 z=1", "z x"], 7),
    ("relseq", &["x=1 y=1 y=2", "y:3", "y x"], 16),
    ("small0", &["x", "x x=1", "x=2"], 9),
    ("wcii", &["x=5", "x?1:2", "x+1", "x+1"], 24),
];

#[test]
fn programs_of_genmc_have_as_many_executions_as_it_publishes() {
    for (name, threads, executions) in PROGRAMS {
        let allowed = short(threads);
        assert_eq!(allowed.statistics.executions, executions, "{name}");
        assert_eq!(allowed.statistics.inconsistent, 0, "{name}");
    }
}

/// The outcomes as well, where they are well known.
#[test]
fn the_best_known_programs_have_the_outcomes_of_sequential_consistency() {
    let of = |threads: &[&str]| short(threads).results.into_iter().collect::<Vec<_>>();
    let three = ["0 | 0", "0 | 1", "1 | 0"];
    assert_eq!(of(&["y x=1", "x y=1"]), three, "LB");
    assert_eq!(of(&["x=1 y", "y=1 x"]), ["0 | 1", "1 | 0", "1 | 1"], "SB");
    assert_eq!(
        of(&["x=1 y=1", "y x"]),
        [" | 0 0", " | 0 1", " | 1 1"],
        "MP"
    );
    let iriw = of(&["x=1", "y=1", "x y", "y x"]);
    assert_eq!(iriw.len(), 15, "IRIW");
    assert!(!iriw.contains(&" |  | 1 0 | 1 0".to_owned()), "IRIW");
    let two = short(&["x=1 y=2", "y=1 x=2"]).with_memory;
    let ends: Vec<&str> = two.iter().map(|end| &end[6..]).collect();
    assert_eq!(ends, ["1 2 0 0", "2 1 0 0", "2 2 0 0"], "2+2W");
}
