//! Litmus tests: two threads that do a few accesses each, hundreds of thousands of times a
//! second.
//!
//! A test is a few atomic accesses of two cells by two threads. It becomes two scripts. The
//! *small* one does it once, and the reference says which outcomes are allowed. The *loop*
//! does it at many places of a memory in one call of each thread, with a barrier inside of
//! WebAssembly, and counts the outcomes there, so that neither compiling nor calling is paid
//! for each of them. The loop is a script as any other: what runs scripts on real threads runs
//! it.

mod module;
mod outcomes;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::engine::{Budget, Configuration, Job, reference};
use crate::observation::Watch;
use crate::script::{Script, wast};

/// What two threads do to two cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Litmus {
    /// Its name in the literature.
    pub name: &'static str,
    threads: [&'static [Access]; 2],
}

/// An atomic access of four bytes. Values are less than 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// Loads a cell: a result of its thread, which has at most two.
    Load(Cell),
    Store(Cell, u32),
    /// Adds to a cell: what was there is a result.
    Add(Cell, u32),
}

/// One of the two cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    X,
    Y,
}

use Access::{Add, Load, Store};
use Cell::{X, Y};

/// The tests.
pub const ALL: [Litmus; 7] = [
    Litmus {
        name: "SB",
        threads: [&[Store(X, 1), Load(Y)], &[Store(Y, 1), Load(X)]],
    },
    Litmus {
        name: "MP",
        threads: [&[Store(X, 1), Store(Y, 1)], &[Load(Y), Load(X)]],
    },
    Litmus {
        name: "LB",
        threads: [&[Load(X), Store(Y, 1)], &[Load(Y), Store(X, 1)]],
    },
    Litmus {
        name: "2+2W",
        threads: [&[Store(X, 1), Store(Y, 2)], &[Store(Y, 1), Store(X, 2)]],
    },
    Litmus {
        name: "R",
        threads: [&[Store(X, 1), Store(Y, 1)], &[Store(Y, 2), Load(X)]],
    },
    Litmus {
        name: "CoRR",
        threads: [&[Store(X, 1), Store(X, 2)], &[Load(X), Load(X)]],
    },
    Litmus {
        name: "RMW",
        threads: [&[Add(X, 1), Load(Y)], &[Add(Y, 1), Add(X, 1)]],
    },
];

/// An outcome: the results of the first thread and of the second, and what the cells have at
/// the end.
pub type Outcome = ([Vec<u32>; 2], [u32; 2]);

/// What came of a test on one engine.
#[derive(Clone, Debug)]
pub struct Counted {
    /// Which outcomes are allowed.
    pub allowed: BTreeSet<Outcome>,
    /// How often each was seen, those included that are not allowed.
    pub seen: BTreeMap<Outcome, u64>,
    /// How long it took, compiling included.
    pub time: Duration,
}

/// Large enough for the memory of a loop.
const BUDGET: Budget = Budget::of(8 << 20);

impl Litmus {
    /// Runs loops for so long, and one at least.
    ///
    /// # Errors
    /// In words, where the engine cannot be built, or does not come to an end.
    pub fn run(&self, configuration: &Configuration, time: Duration) -> Result<Counted, String> {
        let allowed = self.allowed()?;
        let script = read(&module::in_a_loop(self))?;
        let watch = Watch::whole(0);
        let job = Job::new(&script, BUDGET, &watch, &[]);
        let mut engine = configuration.build()?;
        let mut seen: BTreeMap<Outcome, u64> = BTreeMap::new();
        let began = Instant::now();
        loop {
            let observation = engine.observe(&job);
            for (outcome, count) in outcomes::of_loop(self, &observation)? {
                *seen.entry(outcome).or_default() += count;
            }
            if began.elapsed() >= time {
                break;
            }
        }
        Ok(Counted {
            allowed,
            seen,
            time: began.elapsed(),
        })
    }

    /// What the reference allows.
    fn allowed(&self) -> Result<BTreeSet<Outcome>, String> {
        let script = read(&module::once(self))?;
        let watch = Watch::whole(0);
        let job = Job::new(&script, BUDGET, &watch, &[]);
        let allowed = reference::allowed(&job, &reference::Options::default());
        let allowed = allowed.map_err(|why| why.words())?;
        let all = allowed.observations.iter();
        all.map(outcomes::of_one).collect()
    }

    /// How many results each thread has.
    fn results(&self) -> [usize; 2] {
        let is_read = |access: &&Access| !matches!(access, Store(..));
        self.threads
            .map(|accesses| accesses.iter().filter(is_read).count())
    }
}

impl Counted {
    /// How many iterations there were.
    pub fn iterations(&self) -> u64 {
        self.seen.values().sum()
    }

    /// How many there were in a second.
    pub fn per_second(&self) -> f64 {
        self.iterations() as f64 / self.time.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// Those that are not allowed, with how often they were seen.
    pub fn wrong(&self) -> impl Iterator<Item = (&Outcome, u64)> {
        let seen = self.seen.iter();
        seen.filter(|(outcome, _)| !self.allowed.contains(outcome))
            .map(|(outcome, &count)| (outcome, count))
    }

    /// How many of those that are allowed were seen.
    pub fn allowed_and_seen(&self) -> usize {
        let seen = |outcome: &&Outcome| self.seen.contains_key(*outcome);
        self.allowed.iter().filter(seen).count()
    }
}

fn read(text: &str) -> Result<Script, String> {
    let source = wast::parse("litmus.wast", text.as_bytes());
    Ok(source.map_err(|why| why.to_string())?.script)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::planted;

    fn parallel(name: &str) -> Configuration {
        let mut all = planted().into_iter();
        let found = all.find(|c| c.name() == format!("parallel/{name}"));
        found.expect("it is planted")
    }

    #[test]
    fn sequential_consistency_allows_what_is_known_of_each_test() {
        // Two threads of two accesses have six schedules; those that differ in nothing
        // seen are one outcome.
        let sizes = ALL.map(|litmus| (litmus.name, litmus.allowed().expect("a set").len()));
        let known = [
            ("SB", 3),
            ("MP", 3),
            ("LB", 3),
            ("2+2W", 3),
            ("R", 3),
            ("CoRR", 6),
            ("RMW", 3),
        ];
        assert_eq!(sizes, known);
        let [sb, ..] = ALL;
        let both_zero = ([vec![0], vec![0]], [1, 1]);
        assert!(!sb.allowed().expect("a set").contains(&both_zero));
    }

    #[test]
    fn an_engine_that_is_right_shows_allowed_outcomes_only() {
        for litmus in ALL {
            let counted = litmus
                .run(&parallel("right"), Duration::ZERO)
                .expect("it runs");
            assert_eq!(counted.iterations(), module::ITERATIONS, "{}", litmus.name);
            let wrong: Vec<_> = counted.wrong().collect();
            assert!(wrong.is_empty(), "{}: {wrong:?}", litmus.name);
            assert!(counted.allowed_and_seen() > 0, "{}", litmus.name);
        }
    }

    #[test]
    fn an_engine_that_is_wrong_shows_others() {
        // What an addition gives does not depend on what the other thread does meanwhile.
        let [.., rmw] = ALL;
        let counted = rmw
            .run(&parallel("rmw-new"), Duration::ZERO)
            .expect("it runs");
        assert!(counted.wrong().next().is_some(), "{:?}", counted.seen);
    }
}
