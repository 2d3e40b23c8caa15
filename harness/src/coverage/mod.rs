//! Coverage: which cells of the space of linear memory a campaign has visited.
//!
//! A [`Cell`] is an instruction and either the type of the memory, whether its
//! module imports it, and where the access stood; or one aspect of the code
//! around it, its shape. [`Coverage`] counts them from the reference's traces:
//! what counts is what was executed, not what was written. Of programs of several
//! threads a [`Conflict`] is counted as well, in a table of its own: two operations of
//! different threads whose order can be told.

mod cell;
mod conflict;
mod observe;
mod shape;

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use trapline_reference::{Access, AddressType, Instruction};

pub use cell::{Cell, Position, What};
pub use conflict::{Around, Conflict, Edge, Operation};
pub use observe::Shapes;
pub use shape::{Aspect, Origin, Setting, Value};

use crate::engine::{Feature, Features, reference};

/// What else than the instructions with a `memarg` the reference records.
const OTHERS: [&str; 9] = [
    "memory.size",
    "memory.grow",
    "memory.fill",
    "memory.copy",
    "memory.init",
    "data",
    "host.grow",
    "host.read",
    "host.write",
];

/// How often cells were visited, by instruction and by number of the cell among
/// those of its instruction.
pub type Visited = BTreeMap<String, BTreeMap<usize, u64>>;

/// The conflicts of threads among [`Visited`], by number.
const CONFLICTS: &str = "conflicts of threads";

/// Whether an access stood at the edge of a memory or beyond it; of a grow, of what is possible.
pub fn is_at_edge(access: &Access) -> bool {
    Position::of(access) != Position::Inside
}

/// How often each cell was visited.
#[derive(Clone, Debug)]
pub struct Coverage {
    features: Features,
    numbers: HashMap<&'static str, usize>,
    names: Vec<&'static str>,
    hits: Vec<u64>,
    /// Those that can be visited, in order, and in how many programs they were.
    conflicts: Vec<(Conflict, u64)>,
}

impl Coverage {
    /// Nothing visited yet, of what can be with these features.
    pub fn new(features: Features) -> Coverage {
        let names: Vec<&'static str> = Instruction::all()
            .map(|instruction| instruction.name)
            .chain(OTHERS)
            .collect();
        let has_threads = features.has(Feature::Threads);
        let conflicts = Conflict::all().filter(|_| has_threads);
        Coverage {
            features,
            conflicts: conflicts.map(|conflict| (conflict, 0)).collect(),
            numbers: names.iter().copied().zip(0..).collect(),
            hits: vec![0; names.len() * Cell::KINDS],
            names,
        }
    }

    /// Counts what the reference did in a run of a script with these shapes.
    pub fn add(&mut self, shapes: &Shapes, trace: &[Vec<Access>]) {
        for access in trace.iter().flatten() {
            let Some(&number) = self.numbers.get(access.op) else {
                continue;
            };
            let first = number * Cell::KINDS;
            let position = Position::of(access);
            let cell = |what| Cell {
                op: access.op,
                wide: access.ty.address == AddressType::I64,
                what,
            };
            let place = cell(What::Place {
                shared: access.ty.shared,
                small_pages: access.ty.page_size_log2 == 0,
                imported: access.imported,
                position,
            });
            self.hits[first + place.kind()] += 1;
            // The shape of a copy is told of where it writes.
            let reads = access.op == "memory.copy" && !access.writes;
            let code = access.code.filter(|_| !reads);
            let shape = code.and_then(|code| shapes.at(code.module, code.offset));
            let outside = position.is_outside();
            for aspect in shape.iter().flat_map(|shape| shape.aspects()) {
                let shape = cell(What::Shape { aspect, outside });
                self.hits[first + shape.kind()] += 1;
            }
        }
        let of_thread = |access: &Access| {
            let code = access.code.as_ref();
            code.is_some_and(|code| code.module == reference::NO_STEP)
        };
        for found in conflict::conflicts(trace, of_thread) {
            let at = self
                .conflicts
                .binary_search_by_key(&found, |&(conflict, _)| conflict);
            if let Ok(at) = at {
                self.conflicts[at].1 += 1;
            }
        }
    }

    /// Adds what another part of the campaign visited.
    pub fn merge(&mut self, other: &Coverage) {
        for (mine, theirs) in std::iter::zip(&mut self.hits, &other.hits) {
            *mine += theirs;
        }
        for ((_, mine), (_, theirs)) in std::iter::zip(&mut self.conflicts, &other.conflicts) {
            *mine += theirs;
        }
    }

    /// The cells that were visited and how often, by instruction and kind: for
    /// reports that are put together elsewhere.
    pub fn visited(&self) -> Visited {
        let mut visited = Visited::new();
        for (cell, hits) in self.cells().filter(|&(_, hits)| hits > 0) {
            let kinds = visited.entry(cell.op.to_owned()).or_default();
            kinds.insert(cell.kind(), hits);
        }
        let conflicts = self.conflicts.iter().map(|&(_, hits)| hits).enumerate();
        let conflicts: BTreeMap<usize, u64> = conflicts.filter(|&(_, hits)| hits > 0).collect();
        if !conflicts.is_empty() {
            visited.insert(CONFLICTS.to_owned(), conflicts);
        }
        visited
    }

    /// Counts what [`visited`](Self::visited) says. What this version of the
    /// table does not have is left out.
    pub fn add_visited(&mut self, visited: &Visited) {
        for (op, kinds) in visited {
            let Some(&number) = self.numbers.get(op.as_str()) else {
                continue;
            };
            for (&kind, hits) in kinds.iter().filter(|&(&kind, _)| kind < Cell::KINDS) {
                self.hits[number * Cell::KINDS + kind] += hits;
            }
        }
        for (&number, more) in visited.get(CONFLICTS).into_iter().flatten() {
            if let Some((_, hits)) = self.conflicts.get_mut(number) {
                *hits += more;
            }
        }
    }

    /// Every conflict of two threads that can be visited, and in how many programs it was.
    pub fn conflicts(&self) -> &[(Conflict, u64)] {
        &self.conflicts
    }

    /// How many conflicts were visited, of how many that can be.
    pub fn share_of_conflicts(&self) -> (usize, usize) {
        let visited = self.conflicts.iter().filter(|&&(_, hits)| hits > 0);
        (visited.count(), self.conflicts.len())
    }

    /// Every cell that can be visited, and how often it was.
    pub fn cells(&self) -> impl Iterator<Item = (Cell, u64)> + '_ {
        self.names.iter().enumerate().flat_map(move |(number, op)| {
            (0..Cell::KINDS)
                .map(move |kind| (Cell::of(op, kind), number * Cell::KINDS + kind))
                .filter(|(cell, _)| cell.is_reachable(self.features))
                .map(|(cell, index)| (cell, self.hits[index]))
        })
    }

    /// How many cells were visited, of how many that can be.
    pub fn share(&self) -> (usize, usize) {
        self.cells().fold((0, 0), |(visited, all), (_, hits)| {
            (visited + usize::from(hits > 0), all + 1)
        })
    }

    /// The cells that can be visited and were not.
    pub fn empty(&self) -> impl Iterator<Item = Cell> + '_ {
        self.cells()
            .filter_map(|(cell, hits)| (hits == 0).then_some(cell))
    }

    /// Writes the table, tab-separated: one line per cell that can be visited, and one per
    /// conflict of threads, whose last column but one is the other operation and what else
    /// the program does.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(
            out,
            "instruction\taddress\tshared\tpage\tmemory\tposition\tshape\thits"
        )?;
        for (cell, hits) in self.cells() {
            let Cell { op, wide, what } = cell;
            let address = if wide { "i64" } else { "i32" };
            match what {
                What::Place {
                    shared,
                    small_pages,
                    imported,
                    position,
                } => writeln!(
                    out,
                    "{op}\t{address}\t{}\t{}\t{}\t{}\tany\t{hits}",
                    if shared { "shared" } else { "unshared" },
                    if small_pages { "1" } else { "65536" },
                    if imported { "imported" } else { "own" },
                    position.name(),
                )?,
                What::Shape { aspect, outside } => writeln!(
                    out,
                    "{op}\t{address}\tany\tany\tany\t{}\t{}\t{hits}",
                    if outside { "outside" } else { "inside" },
                    aspect.name(),
                )?,
            }
        }
        for (conflict, hits) in &self.conflicts {
            let Conflict {
                operation,
                other,
                edge,
                around,
            } = conflict;
            writeln!(
                out,
                "{}\tany\tshared\tany\tany\t{}\tagainst {}, around {}\t{hits}",
                operation.name(),
                edge.name(),
                other.name(),
                around.name(),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Feature, Job, reference};
    use crate::generate::{self, Options};
    use crate::observation::Watch;

    /// Visits cells by so many cases, or until there is none left, which is
    /// looked for now and then.
    fn visit(cases: u64) -> Coverage {
        let options = Options::default();
        let mut coverage = Coverage::new(options.features);
        for index in 0..cases {
            if index % 500 == 499 && coverage.empty().next().is_none() {
                break;
            }
            let script = generate::case(1, index, &options);
            let watch = Watch::default();
            let job = Job::new(&script, options.budget, &watch, &[]);
            let run = reference::observe(&job, &reference::Options::default());
            coverage.add(&Shapes::of(&script), &run.trace);
        }
        coverage
    }

    #[test]
    fn what_is_visited_is_reachable() {
        let coverage = visit(400);
        let unknown: u64 =
            coverage.hits.iter().sum::<u64>() - coverage.cells().map(|(_, hits)| hits).sum::<u64>();
        let wrong: Vec<_> = coverage
            .names
            .iter()
            .enumerate()
            .flat_map(|(number, op)| {
                let hits = &coverage.hits;
                (0..Cell::KINDS)
                    .filter(move |kind| hits[number * Cell::KINDS + kind] > 0)
                    .map(|kind| Cell::of(op, kind))
            })
            .filter(|cell| !cell.is_reachable(coverage.features))
            .collect();
        assert_eq!(unknown, 0, "visited, but excluded: {wrong:?}");
    }

    #[test]
    fn what_was_visited_comes_back() {
        let coverage = visit(20);
        let mut twice = Coverage::new(coverage.features);
        twice.add_visited(&coverage.visited());
        assert_eq!(twice.hits, coverage.hits);
        twice.merge(&coverage);
        assert_eq!(twice.share(), coverage.share());
        assert!(twice.hits.iter().sum::<u64>() > coverage.hits.iter().sum());
    }

    /// Ten minutes are more cases than this.
    #[test]
    fn a_default_campaign_visits_every_cell() {
        let empty: Vec<_> = visit(10_000).empty().collect();
        assert!(empty.is_empty(), "{empty:?}");
    }

    /// What programs of threads of a campaign visit.
    fn visit_threads(cases: u64) -> Coverage {
        let options = Options {
            focus: vec![generate::Focus::Threads],
            ..Options::default()
        };
        let mut coverage = Coverage::new(options.features);
        for index in 0..cases {
            let script = generate::case(1, index, &options);
            let watch = Watch::default();
            let job = Job::new(&script, options.budget, &watch, &[]);
            let run = reference::observe(&job, &reference::Options::default());
            coverage.add(&Shapes::of(&script), &run.trace);
        }
        coverage
    }

    #[test]
    fn programs_of_threads_visit_conflicts_and_others_none() {
        assert_eq!(visit(100).share_of_conflicts().0, 0);
        let coverage = visit_threads(200);
        let (visited, all) = coverage.share_of_conflicts();
        assert!(visited >= 40, "{visited} of {all}");
        let hits = |operation, other, edge, around| {
            let wanted = Conflict {
                operation,
                other,
                edge,
                around,
            };
            let mut all = coverage.conflicts().iter();
            all.find(|(conflict, _)| *conflict == wanted)
                .map(|&(_, hits)| hits)
        };
        use Operation::{AtomicLoad, AtomicStore, Notify, Wait};
        for (operation, other, edge, around) in [
            (AtomicLoad, AtomicStore, Edge::Inside, Around::Neither),
            (Wait, Notify, Edge::Inside, Around::Wait),
        ] {
            let hits = hits(operation, other, edge, around);
            assert!(
                hits.is_some_and(|hits| hits > 0),
                "{operation:?} {other:?}: {hits:?}"
            );
        }
        assert_eq!(
            hits(AtomicLoad, AtomicLoad, Edge::Inside, Around::Neither),
            None
        );
        assert_eq!(
            hits(AtomicLoad, AtomicStore, Edge::Outside, Around::Neither),
            None
        );

        let mut again = Coverage::new(coverage.features);
        again.add_visited(&coverage.visited());
        assert_eq!(again.conflicts(), coverage.conflicts());
        let mut table = Vec::new();
        coverage.write(&mut table).unwrap();
        let table = String::from_utf8(table).unwrap();
        let lines = table.lines().filter(|line| line.contains("\tagainst "));
        assert_eq!(lines.count(), all);
    }

    #[test]
    fn the_last_legal_byte_and_what_is_beyond_are_at_an_edge() {
        let text = "(module (memory 1)
            (func (export \"f\") (param i32) (drop (i32.load8_u (local.get 0)))))
            (invoke \"f\" (i32.const 0)) (invoke \"f\" (i32.const 65534))
            (invoke \"f\" (i32.const 65535)) (invoke \"f\" (i32.const 65536))
            (invoke \"f\" (i32.const -1))";
        let script = crate::script::wast::parse("t.wast", text.as_bytes());
        let script = script.expect("it reads").script;
        let watch = Watch::default();
        let job = Job::new(&script, Options::default().budget, &watch, &[]);
        let run = reference::observe(&job, &reference::Options::default());
        let accesses = run.trace.iter().flatten();
        let at_edge: Vec<bool> = accesses.map(is_at_edge).collect();
        assert_eq!(at_edge, [false, false, true, true, true]);
    }

    #[test]
    fn fewer_features_have_fewer_cells() {
        let (_, plain) = Coverage::new(Features::NONE).share();
        let (_, wide) = Coverage::new(Features::of(&[Feature::Memory64])).share();
        assert!(plain < wide);
        let mut table = Vec::new();
        Coverage::new(Features::NONE).write(&mut table).unwrap();
        let lines = String::from_utf8(table).unwrap().lines().count();
        assert_eq!(lines, plain + 1);
    }
}
