//! What cases have to contain, told from what the reference does with them.

use std::collections::BTreeSet;

use trapline_reference::{Access, MemoryId};

use super::super::*;
use crate::engine::Job;
use crate::engine::reference::{self, ReferenceRun};
use crate::observation::{Outcome, Watch};
use crate::script::Step;

/// A case, and what the reference did.
struct Case {
    script: Script,
    run: ReferenceRun,
}

impl Case {
    /// The steps, with their outcomes and their accesses.
    fn steps(&self) -> impl Iterator<Item = (&Step, &Outcome, &[Access])> {
        let outcomes = self.run.observation.steps.iter().map(|s| &s.outcome);
        let traces = self.run.trace.iter().map(|trace| &trace[..]);
        std::iter::zip(&self.script.steps, std::iter::zip(outcomes, traces))
            .map(|(step, (outcome, trace))| (step, outcome, trace))
    }

    fn any_access(&self, wanted: impl Fn(&Access) -> bool) -> bool {
        self.run.trace.iter().flatten().any(wanted)
    }

    /// Whether three accesses of one step, in this order, are as wanted; the
    /// first and the last are to the memory that the second is about.
    fn around(
        &self,
        middle: impl Fn(&Access) -> bool,
        last: impl Fn(&Access, &Access) -> bool,
    ) -> bool {
        self.run.trace.iter().any(|trace| {
            (0..trace.len()).any(|at| {
                let same =
                    |access: &&Access| access.memory == trace[at].memory && access.code.is_some();
                middle(&trace[at])
                    && trace[..at].iter().any(|access| same(&access))
                    && trace[at + 1..]
                        .iter()
                        .filter(same)
                        .any(|access| last(&trace[at], access))
            })
        })
    }
}

fn end(access: &Access) -> u128 {
    access.address + access.length
}

/// The access is to bytes that the grow has added.
fn in_what_was_added(grow: &Access, access: &Access) -> bool {
    !access.trapped && access.length > 0 && end(access) > grow.size
}

fn has_grown(access: &Access) -> bool {
    access
        .grow
        .is_some_and(|grow| grow.delta > 0 && grow.result.is_some())
}

/// What is looked for, by name.
type Pattern = (&'static str, fn(&Case) -> bool);

const PATTERNS: &[Pattern] = &[
    ("a loop walks over the end", |case| {
        case.run.trace.iter().any(|trace| {
            trace.windows(2).any(|pair| {
                pair[0].code.is_some()
                    && pair[0].code == pair[1].code
                    && !pair[0].trapped
                    && pair[1].trapped
            })
        })
    }),
    ("fill of nothing at the very end", |case| {
        nothing(case, "memory.fill", |past| past == 0)
    }),
    ("copy of nothing at the very end", |case| {
        nothing(case, "memory.copy", |past| past == 0)
    }),
    ("init of nothing at the very end", |case| {
        nothing(case, "memory.init", |past| past == 0)
    }),
    ("fill of nothing beyond the end", |case| {
        nothing(case, "memory.fill", |past| past > 0)
    }),
    ("copy of nothing beyond the end", |case| {
        nothing(case, "memory.copy", |past| past > 0)
    }),
    ("init of nothing beyond the end", |case| {
        nothing(case, "memory.init", |past| past > 0)
    }),
    ("fill over the end", |case| {
        over_the_end(case, "memory.fill")
    }),
    ("copy over the end", |case| {
        over_the_end(case, "memory.copy")
    }),
    ("init over the end", |case| {
        over_the_end(case, "memory.init")
    }),
    ("store over the end", |case| over_the_end(case, "i64.store")),
    ("a later segment is beyond the end", |case| {
        case.steps().any(|(step, _, trace)| {
            let data = |access: &&Access| access.op == "data" && access.length > 0;
            let mut data = trace.iter().filter(data);
            matches!(step, Step::Instantiate { .. })
                && data.any(|access| !access.trapped)
                && data.any(|access| access.trapped)
        })
    }),
    ("a start function traps after it wrote", |case| {
        case.steps().any(|(step, outcome, trace)| {
            let wrote = |access: &Access| access.code.is_some() && access.writes && !access.trapped;
            matches!(
                (step, outcome),
                (Step::Instantiate { .. }, Outcome::Trap(_))
            ) && trace.iter().any(wrote)
        })
    }),
    ("an access after a grow that failed", |case| {
        let failed = |access: &Access| access.grow.is_some_and(|grow| grow.result.is_none());
        case.around(failed, |_, access| !access.trapped)
    }),
    ("a grow between accesses, and into what it added", |case| {
        let grows = |access: &Access| access.op == "memory.grow" && has_grown(access);
        case.around(grows, in_what_was_added)
    }),
    ("the embedder grows between accesses of one call", |case| {
        let grows = |access: &Access| access.op == "host.grow" && has_grown(access);
        case.around(grows, in_what_was_added)
    }),
    (
        "the owner grows between accesses of an importer's call",
        |case| {
            let grows = |access: &Access| {
                access.op == "memory.grow" && !access.imported && has_grown(access)
            };
            case.around(grows, |_, access| access.imported)
        },
    ),
    (
        "one instance grows what another accesses before and after",
        aliased,
    ),
    ("a function grows by a tail call", |case| {
        case.steps().any(|(step, _, trace)| {
            matches!(step, Step::Invoke { func, .. } if func.starts_with("tail"))
                && trace.iter().any(has_grown)
        })
    }),
    (
        "another instance of a module after a trap in the first",
        |case| {
            let mut trapped = BTreeSet::new();
            let mut modules = Vec::new();
            case.steps().any(|(step, outcome, _)| match step {
                Step::Instantiate { instance, module } => {
                    let again = modules
                        .iter()
                        .any(|(first, of)| of == module && trapped.contains(first));
                    modules.push((instance.clone(), module.clone()));
                    again
                }
                Step::Invoke { instance, .. } if matches!(outcome, Outcome::Trap(_)) => {
                    trapped.insert(instance.clone());
                    false
                }
                _ => false,
            })
        },
    ),
    ("init from a segment that was dropped", |case| {
        case.any_access(|access| {
            access.op == "memory.init"
                && access.trapped
                && access.length > 0
                && end(access) <= access.size
        })
    }),
    ("copy between address types", |case| {
        case.run.trace.iter().any(|trace| {
            trace.windows(2).any(|pair| {
                pair.iter().all(|access| access.op == "memory.copy")
                    && pair[0].ty.address != pair[1].ty.address
                    && pair[1].writes
            })
        })
    }),
    ("an access beyond 4 GiB, in bounds", |case| {
        case.any_access(|access| access.address >= 1 << 32 && !access.trapped && access.length > 0)
    }),
    ("a memory of all 65,536 pages", |case| {
        case.any_access(|access| {
            access.size == 1 << 32 && !access.trapped && end(access) == 1 << 32 && access.length > 0
        })
    }),
    ("a wait that is over at once, and a notification", |case| {
        case.any_access(|access| access.op.starts_with("memory.atomic.wait") && !access.trapped)
            && case.any_access(|access| access.op == "memory.atomic.notify" && !access.trapped)
    }),
    ("data.drop before memory.init", |case| {
        written(case, |code| {
            code.contains("data.drop") && code.contains("memory.init")
        })
    }),
    ("a fence", |case| {
        written(case, |code| code.contains("atomic.fence"))
    }),
    ("a tail call through the table", |case| {
        written(case, |code| code.contains("return_call_indirect"))
    }),
    ("a module of the suite that imports", |case| {
        case.script
            .steps
            .iter()
            .any(|step| matches!(step, Step::Register { name, .. } if name == "spectest"))
    }),
];

fn nothing(case: &Case, op: &str, past: fn(u128) -> bool) -> bool {
    case.any_access(|access| {
        access.op == op
            && access.length == 0
            && access.address.checked_sub(access.size).is_some_and(past)
    })
}

fn over_the_end(case: &Case, op: &str) -> bool {
    case.any_access(|access| {
        access.op == op
            && access.trapped
            && access.address < access.size
            && end(access) > access.size
    })
}

fn written(case: &Case, wanted: impl Fn(&str) -> bool) -> bool {
    super::modules(&case.script)
        .any(|wasm| wasmprinter::print_bytes(wasm).is_ok_and(|text| wanted(&text)))
}

/// Per memory, what is looked for: accessed by one instance, grown by another,
/// accessed by the first one in what was added.
fn aliased(case: &Case) -> bool {
    let mut accessed: BTreeSet<(MemoryId, &str)> = BTreeSet::new();
    let mut grown: BTreeSet<(MemoryId, &str, u128)> = BTreeSet::new();
    for (step, _, trace) in case.steps() {
        let Step::Invoke { instance, .. } = step else {
            continue;
        };
        for access in trace {
            let key = access.memory;
            if has_grown(access) {
                for (_, other) in accessed
                    .iter()
                    .filter(|(k, other)| *k == key && other != instance)
                {
                    grown.insert((key, other, access.size));
                }
            } else if access.code.is_some() && !access.trapped {
                accessed.insert((key, instance));
                let sees = |&(k, who, size): &(MemoryId, &str, u128)| {
                    k == key && who == instance && end(access) > size && access.length > 0
                };
                if grown.iter().any(sees) {
                    return true;
                }
            }
        }
    }
    false
}

#[test]
fn cases_contain_every_pattern() {
    let options = Options::default();
    let mut missing: Vec<&Pattern> = PATTERNS.iter().collect();
    for index in 0..6000 {
        let script = case(10, index, &options);
        let watch = Watch::default();
        let job = Job::new(&script, options.budget, &watch, &[]);
        let run = reference::observe(&job, &reference::Options::default());
        let case = Case { script, run };
        missing.retain(|(_, is_there)| !is_there(&case));
        if missing.is_empty() {
            return;
        }
    }
    let missing: Vec<&str> = missing.into_iter().map(|(name, _)| *name).collect();
    panic!("in no case: {missing:?}");
}
