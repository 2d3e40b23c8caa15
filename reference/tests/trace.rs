//! What is recorded of accesses to memories, and grows that end the other way.

mod text;

use trapline_reference::{
    Access, Config, Error, Extern, GrownBy, Grows, InstanceId, Status, Store, Trap, Value,
};

fn instance(text: &str, config: Config) -> (Store, InstanceId) {
    let mut store = Store::new(Config {
        trace: true,
        ..config
    });
    let instance = store.instantiate(&text::module(text), |_, _, _| None);
    (store, instance.expect("it links"))
}

fn call(store: &mut Store, instance: InstanceId, name: &str) -> Result<Vec<Value>, Error> {
    let Some(Extern::Func(func)) = store.export(instance, name) else {
        panic!("no function {name}");
    };
    store.invoke(func, &[])
}

/// The fields that tell one access from another.
fn short(access: &Access) -> (&'static str, u32, u128, u128, u128, bool, bool) {
    let Access {
        op,
        ordinal,
        address,
        length,
        size,
        writes,
        trapped,
        ..
    } = *access;
    (op, ordinal, address, length, size, writes, trapped)
}

const TEXT: &str = r#"(module
  (memory (export "m") 1 4) (memory 1)
  (data (i32.const 3) "abc")
  (func (export "load") (result i32) (i32.load16_u offset=65500 (i32.const 34)))
  (func (export "beyond") (i64.store $1 offset=65500 (i32.const 29) (i64.const 1)))
  (func (export "copy") (memory.copy 0 1 (i32.const 1) (i32.const 65530) (i32.const 6)))
  (func (export "copy beyond") (memory.copy 0 1 (i32.const 1) (i32.const 65530) (i32.const 7)))
  (func (export "fill") (memory.fill 1 (i32.const 65530) (i32.const 1) (i32.const 9)))
  (func (export "grow") (result i32) (memory.grow (i32.const 2)))
  (func (export "size") (result i32) memory.size))"#;

fn text() -> String {
    TEXT.replace("$1", "1")
}

#[test]
fn accesses_are_recorded_with_where_and_how() {
    const PAGE: u128 = 65_536;
    let (mut store, instance) = instance(&text(), Config::default());
    let recorded: Vec<_> = store.take_trace().iter().map(short).collect();
    assert_eq!(recorded, [("data", 0, 3, 3, PAGE, true, false)]);
    for (name, expected) in [
        (
            "load",
            vec![("i32.load16_u", 0, 65_534, 2, PAGE, false, false)],
        ),
        (
            "beyond",
            vec![("i64.store", 1, 65_529, 8, PAGE, true, true)],
        ),
        (
            "copy",
            vec![
                ("memory.copy", 1, 65_530, 6, PAGE, false, false),
                ("memory.copy", 0, 1, 6, PAGE, true, false),
            ],
        ),
        (
            "copy beyond",
            vec![
                ("memory.copy", 1, 65_530, 7, PAGE, false, true),
                ("memory.copy", 0, 1, 7, PAGE, true, true),
            ],
        ),
        (
            "fill",
            vec![("memory.fill", 1, 65_530, 9, PAGE, true, true)],
        ),
        (
            "size",
            vec![("memory.size", 0, PAGE, 0, PAGE, false, false)],
        ),
        (
            "grow",
            vec![("memory.grow", 0, PAGE, 2 * PAGE, PAGE, false, false)],
        ),
    ] {
        let trapped = call(&mut store, instance, name).is_err();
        let recorded: Vec<_> = store.take_trace().iter().map(short).collect();
        assert_eq!(recorded, expected, "{name}");
        assert_eq!(
            trapped,
            expected.last().is_some_and(|access| access.6),
            "{name}"
        );
    }
    let Some(Extern::Memory(memory)) = store.export(instance, "m") else {
        panic!("no memory");
    };
    assert_eq!(
        store.read(memory, 3),
        Some(0),
        "the copy wrote zeros over it"
    );
    assert!(store.write(memory, 5, 7));
    assert_eq!(store.read(memory, 5), Some(7));
    assert_eq!(store.read(memory, 3 * 65_536), None);
    assert!(!store.write(memory, 3 * 65_536, 1));
    assert_eq!(store.size(memory), 3);
    assert_eq!(
        (store.grow(memory, 1), store.grow(memory, 1)),
        (Some(3), None)
    );
    let recorded: Vec<_> = store.take_trace().iter().map(short).collect();
    assert_eq!(
        recorded[3],
        ("host.read", 0, 3 * PAGE, 1, 3 * PAGE, false, true)
    );
    assert_eq!(
        recorded[4],
        ("host.write", 0, 3 * PAGE, 1, 3 * PAGE, true, true)
    );
    assert_eq!(recorded[5].0, "host.grow");
}

/// Which byte of the binary an instruction begins with tells where in the
/// module an access stands: that of `i32.load16_u` is 0x2f, of `i64.store` 0x37.
#[test]
fn an_access_knows_its_offset_and_its_place_in_the_code() {
    let binary = text::encode(&text());
    let (mut store, instance) = instance(&text(), Config::default());
    store.take_trace();
    for (name, opcode) in [("load", 0x2f), ("beyond", 0x37)] {
        // What comes of it is not the subject.
        let _ = call(&mut store, instance, name);
        let trace = store.take_trace();
        let [access] = &trace[..] else {
            panic!("{name}: {trace:?}")
        };
        assert_eq!(access.offset, 65_500, "{name}");
        let code = access.code.expect("it is an instruction");
        assert_eq!(binary[code.offset as usize], opcode, "{name}");
    }
}

#[test]
fn an_access_knows_its_values_and_who_grew_the_memory_before() {
    let text = r#"(module
      (memory (export "m") 1 9)
      (data (i32.const 0) "abc")
      (func $grow (drop (memory.grow (i32.const 1))))
      (func (export "f") (result i32)
        (i32.store16 align=1 (i32.const 8) (i32.const 0x12345))
        (call $grow)
        (drop (i32.load16_s (i32.const 8)))
        (drop (memory.grow (i32.const 1)))
        (memory.size)))"#;
    let binary = text::encode(text);
    let (mut store, instance) = instance(text, Config::default());
    let data = store.take_trace().remove(0);
    let place = data.code.expect("a segment has one").offset as usize;
    // Active, at i32.const 0.
    assert_eq!(binary[place..place + 3], [0, 0x41, 0]);
    assert_eq!((data.instance, data.grown_by()), (Some(instance), None));
    for _ in 0..2 {
        assert_eq!(call(&mut store, instance, "f").map(|v| v.len()), Ok(1));
        let trace = store.take_trace();
        let seen: Vec<_> = trace
            .iter()
            .map(|a| (a.op, a.operands[0], a.result, a.grown_by()))
            .collect();
        let pages = trace[0].size / 65_536;
        assert_eq!(
            seen,
            [
                ("i32.store16", 0x12345, None, None),
                ("memory.grow", 0, None, None),
                ("i32.load16_s", 0, Some(0x2345), Some(GrownBy::Callee)),
                ("memory.grow", 0, None, Some(GrownBy::Callee)),
                ("memory.size", 0, Some(pages + 2), Some(GrownBy::Own)),
            ]
        );
        assert_eq!((trace[0].align_log2, trace[0].operand()), (0, 8));
        let opcode = |access: &Access| binary[access.code.unwrap().offset as usize];
        let opcodes: Vec<_> = trace.iter().map(opcode).collect();
        assert_eq!(opcodes, [0x3b, 0x40, 0x2e, 0x40, 0x3f]);
        assert!(trace.iter().all(|access| access.instance == Some(instance)));
        let activations: Vec<_> = trace.iter().map(|a| a.activation).collect();
        assert_eq!(activations[1], activations[0] + 1);
        assert_eq!(activations[2..], [activations[0]; 3]);
    }
}

#[test]
fn memory_init_copies_from_its_segment_until_that_is_dropped() {
    let text = r#"(module
      (memory (export "m") 1)
      (data $d "abc")
      (func (export "init") (memory.init $d (i32.const 8) (i32.const 1) (i32.const 2)))
      (func (export "drop") (data.drop $d)))"#;
    let (mut store, instance) = instance(text, Config::default());
    call(&mut store, instance, "init").expect("it is within both");
    let Some(Extern::Memory(memory)) = store.export(instance, "m") else {
        panic!("no memory");
    };
    let bytes = [7, 8, 9, 10].map(|address| store.read(memory, address));
    assert_eq!(bytes, [0, b'b', b'c', 0].map(Some));
    call(&mut store, instance, "drop").expect("dropping does not trap");
    assert!(matches!(
        call(&mut store, instance, "init"),
        Err(Error::Trap(_))
    ));
}

#[test]
fn a_grow_that_could_have_failed_fails_when_told_to_and_the_other_way_round() {
    let grows = |memory_bytes, grows| {
        let config = Config {
            memory_bytes,
            grows,
            ..Config::default()
        };
        let (mut store, instance) = instance(&text(), config);
        let mut results = Vec::new();
        for _ in 0..2 {
            results.push(call(&mut store, instance, "grow").expect("it never traps")[0]);
        }
        let trace = store.take_trace();
        let grows = trace.iter().filter_map(|access| access.grow);
        let choices: Vec<_> = grows.map(|grow| (grow.result, grow.choice)).collect();
        (results, choices)
    };
    let (failed, old) = (Value::I32(u32::MAX), Value::I32(1));
    // One page, then three, then beyond the maximum of four: no choice there.
    let free = grows(u128::MAX, Grows::Budgeted);
    assert_eq!(
        free,
        (vec![old, failed], vec![(Some(1), Some(0)), (None, None)])
    );
    // The first fails, and then the second is as the first was.
    let flipped = grows(u128::MAX, Grows::Turned(0));
    assert_eq!(
        flipped,
        (vec![failed, old], vec![(None, Some(0)), (Some(1), Some(1))])
    );
    // Only the budget stands in the way.
    let tight = grows(2 * 65_536, Grows::Budgeted);
    assert_eq!(
        tight,
        (vec![failed; 2], vec![(None, Some(0)), (None, Some(1))])
    );
    let flipped = grows(2 * 65_536, Grows::Turned(1));
    assert_eq!(
        flipped,
        (vec![failed, old], vec![(None, Some(0)), (Some(1), Some(1))])
    );
    // Two pages are too many, each time; where pages are others they are not.
    let fail_from = |page_size_log2| Grows::FailFrom {
        bytes: 2 * 65_536,
        page_size_log2,
    };
    assert_eq!(grows(u128::MAX, fail_from(16)), tight);
    assert_eq!(grows(u128::MAX, fail_from(0)), free);
}

#[test]
fn threads_that_wait_are_woken_in_order_and_only_where_they_wait() {
    let (mut store, instance) = instance(
        r#"(module (memory 1 1 shared)
  (func (export "wait") (param i32) (result i32)
    (memory.atomic.wait32 (local.get 0) (i32.const 0) (i64.const -1)))
  (func (export "notify") (param i32 i32) (result i32)
    (memory.atomic.notify (local.get 0) (local.get 1))))"#,
        Config::default(),
    );
    let func = |name| match store.export(instance, name) {
        Some(Extern::Func(func)) => func,
        _ => panic!("no function {name}"),
    };
    let (wait, notify) = (func("wait"), func("notify"));
    let mut threads: Vec<_> = [0, 0, 4, 0]
        .map(|at| store.spawn(wait, &[Value::I32(at)]).expect("it starts"))
        .into();
    for thread in &mut threads {
        assert_eq!(thread.run(&mut store, 100), Status::Waiting(None));
        assert!(thread.is_waiting(&store));
    }
    let again = threads[0].run(&mut store, 100);
    assert_eq!(again, Status::Waiting(None), "nobody has woken it");
    for (at, count, waiting) in [
        (4, 1, [true, true, false, true]),
        (0, 2, [false, false, false, true]),
    ] {
        let woken = store.invoke(notify, &[Value::I32(at), Value::I32(count)]);
        assert_eq!(woken, Ok(vec![Value::I32(count)]));
        let still: Vec<bool> = threads.iter().map(|t| t.is_waiting(&store)).collect();
        assert_eq!(still, waiting, "after {count} at {at}");
    }
    let ended = |value| Status::Ended(Ok(vec![Value::I32(value)]));
    assert_eq!(threads[0].run(&mut store, 100), ended(0));
    threads[3].time_out(&mut store);
    assert_eq!(threads[3].run(&mut store, 100), ended(2));
    let woken = store.invoke(notify, &[Value::I32(0), Value::I32(9)]);
    assert_eq!(woken, Ok(vec![Value::I32(0)]), "nobody is left there");
    assert_eq!(threads[2].run(&mut store, 100), ended(0));
    // Alone, nobody would ever end it.
    let alone = store.invoke(wait, &[Value::I32(8)]);
    assert_eq!(alone, Err(Error::from(Trap::WouldBlock)));
    let woken = store.invoke(notify, &[Value::I32(8), Value::I32(1)]);
    assert_eq!(woken, Ok(vec![Value::I32(0)]), "it does not wait any more");
}
