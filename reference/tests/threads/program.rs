//! Programs of the tests: one shared memory, threads that call one function each.

use std::collections::BTreeSet;

use trapline_reference::concurrent::{self, Body, Dropped, Limits, Next, Statistics};
use trapline_reference::{Config, Error, Extern, FuncId, MemoryId, Store, Value};

use super::text;

/// The first thread, which starts the others, or one of those.
#[derive(Clone)]
enum Thread {
    First {
        others: Vec<FuncId>,
        started: Vec<usize>,
        joined: usize,
        results: Vec<String>,
    },
    Other {
        func: Option<FuncId>,
        result: String,
    },
}

impl Body for Thread {
    fn next(&mut self, _: &mut Store) -> Next<Thread> {
        match self {
            Thread::First {
                others,
                started,
                joined,
                ..
            } => match others.get(started.len()) {
                Some(&func) => Next::Start(Thread::Other {
                    func: Some(func),
                    result: String::new(),
                }),
                None => match started.get(*joined) {
                    Some(&number) => Next::Join(number),
                    None => Next::End,
                },
            },
            Thread::Other { func, .. } => match func.take() {
                Some(func) => Next::Call(func, Vec::new()),
                None => Next::End,
            },
        }
    }

    fn returned(&mut self, ended: Result<Vec<Value>, Error>) {
        if let Thread::Other { result, .. } = self {
            *result = match ended {
                Ok(values) => {
                    let values = values.iter().map(|value| match *value {
                        Value::I32(value) => (value as i32).to_string(),
                        Value::I64(value) => (value as i64).to_string(),
                        other => other.to_string(),
                    });
                    values.collect::<Vec<_>>().join(" ")
                }
                Err(Error::Trap(_)) => "trap".to_owned(),
                Err(error) => error.to_string(),
            };
        }
    }

    fn started(&mut self, number: usize) {
        if let Thread::First { started, .. } = self {
            started.push(number);
        }
    }

    fn joined(&mut self, other: &Thread) {
        if let (
            Thread::First {
                joined, results, ..
            },
            Thread::Other { result, .. },
        ) = (self, other)
        {
            *joined += 1;
            results.push(result.clone());
        }
    }
}

/// What is allowed of a program.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Allowed {
    /// The results of the threads, separated by bars.
    pub(crate) results: BTreeSet<String>,
    /// The same, with the four words at 0, 8, 16 and 24 at the end.
    pub(crate) with_memory: BTreeSet<String>,
    pub(crate) statistics: Statistics,
}

/// Explores threads on `memory`: each is the body of a function, with its results.
pub(crate) fn explore(memory: &str, threads: &[&str]) -> Result<Allowed, Dropped> {
    let mut store = Store::new(Config {
        memory_bytes: 1 << 20,
        fuel: 100_000,
        ..Config::default()
    });
    let text = format!("(module (memory (export \"m\") {memory}))");
    let made = store.instantiate(&text::module(&text), |_, _, _| None);
    let shared = made.expect("a memory");
    let mut funcs = Vec::new();
    for thread in threads {
        let text = format!(
            "(module (memory (import \"m\" \"m\") {memory}) (func (export \"f\") {thread}))"
        );
        let made = store.instantiate(&text::module(&text), |store, _, name| {
            store.export(shared, name)
        });
        match store.export(made.expect("an instance"), "f") {
            Some(Extern::Func(func)) => funcs.push(func),
            _ => panic!("a function"),
        }
    }
    let first = Thread::First {
        others: funcs,
        started: Vec::new(),
        joined: 0,
        results: Vec::new(),
    };
    let limits = Limits {
        may_grow: threads.iter().any(|thread| thread.contains("memory.grow")),
        ..Limits::default()
    };
    let mut results = BTreeSet::new();
    let mut with_memory = BTreeSet::new();
    let statistics = concurrent::explore(&store, &first, limits, |end, body, schedule| {
        let told = outcome(body);
        let words = words(end).join(" ");
        let (again, same) = concurrent::replay(&store, &first, limits, schedule).expect("a replay");
        assert_eq!(outcome(&same), told, "a schedule replays");
        assert_eq!(self::words(&again).join(" "), words, "a schedule replays");
        with_memory.insert(format!("{told} / {words}"));
        results.insert(told);
    })?;
    Ok(Allowed {
        results,
        with_memory,
        statistics,
    })
}

fn outcome(body: &Thread) -> String {
    match body {
        Thread::First { results, .. } => results.join(" | "),
        Thread::Other { .. } => panic!("the first thread"),
    }
}

fn words(store: &Store) -> [String; 4] {
    let memory = store.memory(MemoryId(0));
    [0, 8, 16, 24].map(|at| {
        let mut bytes = [0; 4];
        memory.read(at, &mut bytes);
        i32::from_le_bytes(bytes).to_string()
    })
}

/// Asserts that exactly these joint results are allowed.
pub(crate) fn allows(memory: &str, threads: &[&str], results: &[&str]) {
    let allowed = explore(memory, threads).unwrap_or_else(|why| panic!("{threads:?}: {why}"));
    let expected: BTreeSet<String> = results.iter().map(|&result| result.to_owned()).collect();
    assert_eq!(allowed.results, expected, "{threads:#?}");
}
