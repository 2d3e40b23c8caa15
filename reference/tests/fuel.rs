//! How long a call may take, alone and in slices.

mod text;

use trapline_reference::{Config, Error, Extern, FuncId, Status, Store, Trap, Value};

/// A store with a function `f` that takes an `i32`.
fn store(body: &str, fuel: u64) -> (Store, FuncId) {
    let text = format!(
        r#"(module (memory 1) (memory 1) (global $g (mut i32) (i32.const 0))
  (func (export "f") (param i32) {body}))"#
    );
    let mut store = Store::new(Config {
        fuel,
        ..Config::default()
    });
    let instance = store.instantiate(&text::module(&text), |_, _, _| None);
    match store.export(instance.expect("it links"), "f") {
        Some(Extern::Func(func)) => (store, func),
        other => panic!("{other:?}"),
    }
}

/// With how much fuel a call ends, and how it does.
fn least(body: &str, arg: u32) -> (u64, Result<Vec<Value>, Error>) {
    (0..10_000)
        .find_map(|fuel| {
            let (mut store, func) = store(body, fuel);
            match store.invoke(func, &[Value::I32(arg)]) {
                Err(Error::Interrupted) => None,
                result => Some((fuel, result)),
            }
        })
        .expect("it ends")
}

const FILL: &str = "(memory.fill (i32.const 0) (i32.const 1) (local.get 0))";

#[test]
fn each_instruction_takes_one_and_each_64_bytes_moved_one_more() {
    let copy = "(memory.copy 1 0 (i32.const 1) (i32.const 0) (local.get 0))";
    let stored = "(i32.store8 (i32.const 0) (i32.const 1))";
    // The return is one, too.
    assert_eq!(least("(drop (i32.const 1))", 0), (3, Ok(vec![])));
    for (body, before) in [(FILL, 0), (&format!("{stored} {copy}"), 3)] {
        for (length, fuel) in [(0, 5), (63, 5), (64, 6), (129, 7), (0xffff, 5 + 1023)] {
            let found = least(body, length);
            assert_eq!(found, (before + fuel, Ok(vec![])), "{body} {length}");
        }
        // What is out of bounds moves nothing, and has not the fuel to.
        let trap = Err(Trap::OutOfBoundsMemory.into());
        assert_eq!(least(body, 0x1_0001), (before + 4, trap.clone()), "{body}");
        assert_eq!(least(body, u32::MAX), (before + 4, trap), "{body}");
    }
}

#[test]
fn a_bulk_instruction_does_not_pay_for_what_nobody_looks_at() {
    // A whole chunk is shared, at the price of 1024 bytes.
    let (fuel, _) = least(FILL, 0x1_0000);
    assert_eq!(fuel, 5 + 1024 + 16);
    let large = |body: &str| {
        let text = format!(
            r#"(module (memory 32768) (memory 32768) (func (export "f") (param i32) {body}))"#
        );
        let mut store = Store::new(Config {
            fuel: 2_000_000,
            ..Config::default()
        });
        let instance = store.instantiate(&text::module(&text), |_, _, _| None);
        let Some(Extern::Func(f)) = store.export(instance.expect("it links"), "f") else {
            panic!("it is exported");
        };
        store.invoke(f, &[Value::I32(0x7fff_0000)])
    };
    for body in [
        FILL,
        "(memory.fill (i32.const 1) (i32.const 7) (local.get 0))",
        "(memory.fill (i32.const 1) (i32.const 0) (local.get 0))",
        "(memory.copy 0 1 (i32.const 1) (i32.const 7) (local.get 0))",
        "(memory.fill (i32.const 1) (i32.const 7) (local.get 0))
         (memory.copy 1 0 (i32.const 1) (i32.const 1) (local.get 0))",
    ] {
        assert_eq!(large(body), Ok(vec![]), "{body}");
    }
    // Every byte of this one moves to another place in its chunk.
    let body = "(memory.fill (i32.const 0) (i32.const 7) (local.get 0))
         (memory.copy (i32.const 1) (i32.const 0) (local.get 0))";
    assert_eq!(large(body), Err(Error::Interrupted));
}

#[test]
fn a_thread_runs_in_slices_as_it_would_at_once() {
    let body = "(local $n i32)
  (loop
    (memory.fill (i32.const 0) (i32.const 1) (i32.const 640))
    (local.set $n (i32.add (local.get $n) (i32.const 1)))
    (br_if 0 (i32.lt_u (local.get $n) (local.get 0))))
  (global.set $g (local.get $n))";
    let (fuel, result) = least(body, 20);
    assert_eq!(result, Ok(vec![]));
    for slice in [1, 7, 10, 14, 1000] {
        for (given, expected) in [(fuel, result.clone()), (fuel - 1, Err(Error::Interrupted))] {
            let (mut store, func) = store(body, given);
            let args = [Value::I32(20)];
            let mut thread = store.spawn(func, &args).expect("it starts");
            let mut slices = 0;
            let ended = loop {
                slices += 1;
                match thread.run(&mut store, slice) {
                    Status::Running => {}
                    Status::Ended(ended) => break ended,
                    other => panic!("{other:?}"),
                }
            };
            assert_eq!(ended, expected, "{given} in slices of {slice}");
            // A slice counts instructions, not what they are charged beside.
            if ended.is_ok() {
                let instructions = fuel - 20 * 10;
                assert_eq!(slices, instructions.div_ceil(slice), "slices of {slice}");
            }
        }
    }
}
