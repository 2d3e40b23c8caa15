//! The store as its embedder sees it: linking, budgets, functions of the host.

mod text;

use std::sync::Arc;

use trapline_reference::{
    Config, Error, Extern, ExternType, FuncId, FuncType, InstanceId, MemoryId, Store, Trap, Value,
    ValueType,
};

/// Instantiates a module that imports from registered instances.
fn instantiate(store: &mut Store, text: &str) -> Result<InstanceId, Error> {
    store.instantiate(&text::module(text), |store, module, name| {
        store.export(store.registered(module)?, name)
    })
}

fn made(store: &mut Store, text: &str) -> InstanceId {
    instantiate(store, text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn func(store: &Store, instance: InstanceId, name: &str) -> FuncId {
    match store.export(instance, name) {
        Some(Extern::Func(func)) => func,
        other => panic!("{name}: {other:?}"),
    }
}

fn memory(store: &Store, instance: InstanceId, name: &str) -> MemoryId {
    match store.export(instance, name) {
        Some(Extern::Memory(memory)) => memory,
        other => panic!("{name}: {other:?}"),
    }
}

/// What is provided, what is wanted, and whether the one is the other.
const LINKS: [(&str, &str, bool); 31] = [
    ("memory 1", "memory 1", true),
    ("memory 1", "memory 2", false),
    ("memory 2", "memory 1", true),
    ("memory 1 2", "memory 1", true),
    ("memory 1 2", "memory 1 3", true),
    ("memory 1 3", "memory 1 2", false),
    ("memory 1", "memory 1 2", false),
    ("memory i64 1", "memory 1", false),
    ("memory 1", "memory i64 1", false),
    ("memory i64 1", "memory i64 1", true),
    ("memory 1 2 shared", "memory 1 2 shared", true),
    ("memory 1 2 shared", "memory 1 2", false),
    ("memory 1 2", "memory 1 2 shared", false),
    ("memory 1 (pagesize 1)", "memory 1 (pagesize 1)", true),
    ("memory 65536 (pagesize 1)", "memory 1", false),
    ("memory 1", "memory 1 (pagesize 1)", false),
    ("memory 1", "table 1 funcref", false),
    ("table 1 funcref", "table 1 funcref", true),
    ("table 1 funcref", "table 2 funcref", false),
    ("table 1 2 funcref", "table 1 1 funcref", false),
    ("table 1 funcref", "table 1 externref", false),
    ("table 1 funcref", "table i64 1 funcref", false),
    ("global i32 (i32.const 1)", "global i32", true),
    ("global i32 (i32.const 1)", "global i64", false),
    ("global i32 (i32.const 1)", "global (mut i32)", false),
    ("global (mut i32) (i32.const 1)", "global (mut i32)", true),
    ("func (param i32)", "func (param i32)", true),
    ("func (param i32)", "func", false),
    ("func", "func (param i32)", false),
    ("func", "memory 1", false),
    ("func", "global i32", false),
];

#[test]
fn imports_match_by_type() {
    for (provided, wanted, matches) in LINKS {
        let mut store = Store::new(Config::default());
        let (kind, rest) = provided.split_once(' ').unwrap_or((provided, ""));
        let one = made(
            &mut store,
            &format!(r#"(module ({kind} (export "x") {rest}))"#),
        );
        store.register("one", one);
        let found = instantiate(
            &mut store,
            &format!(r#"(module (import "one" "x" ({wanted})))"#),
        );
        let why = Error::Link(r#"incompatible import type: "one" "x""#.to_owned());
        match matches {
            true => assert!(found.is_ok(), "{provided} as {wanted}: {found:?}"),
            false => assert_eq!(found, Err(why), "{provided} as {wanted}"),
        }
    }
}

#[test]
fn what_was_grown_is_imported_with_its_size_and_names_are_taken_over() {
    let mut store = Store::new(Config::default());
    let text = r#"(module (memory (export "m") 1) (table (export "t") 1 funcref)
  (func (export "grow") (drop (table.grow (ref.null func) (i32.const 1)))))"#;
    let (small, large) = (made(&mut store, text), made(&mut store, text));
    let m = memory(&store, large, "m");
    assert_eq!(store.grow(m, 1), Some(1));
    let grow = func(&store, large, "grow");
    assert_eq!(store.invoke(grow, &[]), Ok(vec![]));
    let wants = r#"(module (import "one" "m" (memory 2)) (import "one" "t" (table 2 funcref)))"#;
    let unknown = Error::Link(r#"unknown import: "one" "m""#.to_owned());
    assert_eq!(instantiate(&mut store, wants), Err(unknown));
    store.register("one", small);
    assert!(instantiate(&mut store, wants).is_err());
    store.register("one", large);
    assert!(instantiate(&mut store, wants).is_ok());
    assert_eq!(store.registered("one"), Some(large));
    assert_eq!(store.registered("two"), None);
    let ExternType::Memory(ty) = store.extern_type(Extern::Memory(m)) else {
        panic!("a memory");
    };
    assert_eq!(ty.minimum, 2);
    let sizes: Vec<_> = store.memories().map(|(id, m)| (id, m.pages())).collect();
    assert_eq!(sizes, [(memory(&store, small, "m"), 1), (m, 2)]);
    assert_eq!(store.memory(m).pages(), 2);
}

#[test]
fn memories_and_tables_have_budgets() {
    let config = Config {
        memory_bytes: 2 << 16,
        table_elements: 2,
        ..Config::default()
    };
    for (text, within) in [
        ("(memory 2)", true),
        ("(memory 3)", false),
        ("(memory 0x20000 (pagesize 1))", true),
        ("(memory 0x20001 (pagesize 1))", false),
        ("(table 2 funcref)", true),
        ("(table 3 funcref)", false),
    ] {
        let found = instantiate(&mut Store::new(config.clone()), &format!("(module {text})"));
        match within {
            true => assert!(found.is_ok(), "{text}: {found:?}"),
            false => assert!(matches!(found, Err(Error::Limit(_))), "{text}: {found:?}"),
        }
    }
    let mut store = Store::new(config);
    let text = r#"(module (table 1 funcref) (table i64 1 funcref)
  (func (export "grow") (param i32) (result i32) (table.grow 0 (ref.null func) (local.get 0)))
  (func (export "grow64") (param i64) (result i64) (table.grow 1 (ref.null func) (local.get 0))))"#;
    let instance = made(&mut store, text);
    let mut grow = |name, by| {
        let func = func(&store, instance, name);
        store.invoke(func, &[by]).expect("it never traps")[0]
    };
    let failed = Value::I32(u32::MAX);
    assert_eq!(grow("grow", Value::I32(2)), failed);
    assert_eq!(grow("grow", Value::I32(1)), Value::I32(1));
    assert_eq!(grow("grow", Value::I32(1)), failed);
    assert_eq!(grow("grow", Value::I32(0)), Value::I32(2));
    assert_eq!(grow("grow64", Value::I64(u64::MAX)), Value::I64(u64::MAX));
    assert_eq!(grow("grow64", Value::I64(1)), Value::I64(1));
}

#[test]
fn a_memory_of_2_to_the_48_pages_takes_what_is_written() {
    let mut store = Store::new(Config::default());
    let text = r#"(module (memory (export "m") i64 0x1000000000000)
  (data (i64.const 0x7fffffffffff0000) "a")
  (func (export "f") (result i64)
    (i64.store (i64.const 8) (i64.const 1))
    (i64.store offset=0xfffffffffffffff8 (i64.const 0) (i64.const 2))
    (memory.fill (i64.const 0x8000000000000000) (i32.const 0) (i64.const 0x7000000000000000))
    (drop (memory.grow (i64.const 1)))
    (i64.load (i64.const 0xfffffffffffffff8))))"#;
    let instance = made(&mut store, text);
    let f = func(&store, instance, "f");
    assert_eq!(store.invoke(f, &[]), Ok(vec![Value::I64(2)]));
    let memory = store.memory(memory(&store, instance, "m"));
    assert_eq!(memory.bytes(), 1 << 64);
    assert!(memory.stored() < 1 << 20, "{}", memory.stored());
}

#[test]
fn calls_are_nested_as_deep_as_allowed() {
    for (allowed, ends) in [(4, true), (3, false)] {
        let mut store = Store::new(Config {
            call_depth: allowed,
            ..Config::default()
        });
        // Four activations for 3.
        let text = r#"(module (func $f (export "f") (param i32)
  (if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1)))))))"#;
        let instance = made(&mut store, text);
        let f = func(&store, instance, "f");
        let expected = if ends {
            Ok(vec![])
        } else {
            Err(Error::Exhausted)
        };
        assert_eq!(store.invoke(f, &[Value::I32(3)]), expected);
    }
}

#[test]
fn the_host_is_called_with_arguments_in_order_and_may_fail() {
    let mut store = Store::new(Config::default());
    let ty = FuncType {
        params: vec![ValueType::I32, ValueType::I64],
        results: vec![ValueType::I64, ValueType::I32],
    };
    let swap = store.add_func(
        ty,
        Arc::new(|_, args| match args {
            [Value::I32(0), _] => Err(Trap::Host.into()),
            [one, other] => Ok(vec![*other, *one]),
            _ => panic!("{args:?}"),
        }),
    );
    let other = store.add_func(
        FuncType {
            params: vec![],
            results: vec![],
        },
        Arc::new(|_, _| Ok(vec![])),
    );
    assert_ne!(swap, other);
    let global = store.add_global(true, Value::I32(7));
    let unused = store.add_global(false, Value::I64(8));
    assert_eq!(store.global(unused), Value::I64(8));
    let module = text::module(
        r#"(module
  (func $swap (import "h" "swap") (param i32 i64) (result i64 i32))
  (global $g (import "h" "g") (mut i32))
  (func (export "f") (param i32) (result i32 i64 i32)
    (i32.const 5) (local.get 0) (i64.const 6) (call $swap)
    (global.set $g (i32.const 9))))"#,
    );
    let imports: Vec<_> = module.imports().map(|(m, n, _)| (m, n)).collect();
    assert_eq!(imports, [("h", "swap"), ("h", "g")]);
    let exports: Vec<_> = module.exports().map(|(name, _)| name).collect();
    assert_eq!(exports, ["f"]);
    let instance = store
        .instantiate(&module, |_, _, name| match name {
            "swap" => Some(Extern::Func(swap)),
            _ => Some(Extern::Global(global)),
        })
        .expect("it links");
    let f = func(&store, instance, "f");
    assert_eq!(
        store.invoke(f, &[Value::I32(0)]),
        Err(Error::from(Trap::Host))
    );
    assert_eq!(store.global(global), Value::I32(7));
    let values = vec![Value::I32(5), Value::I64(6), Value::I32(4)];
    assert_eq!(store.invoke(f, &[Value::I32(4)]), Ok(values));
    assert_eq!(store.global(global), Value::I32(9));
    // The host's own functions can be called, too.
    let values = vec![Value::I64(2), Value::I32(1)];
    let found = store.invoke(swap, &[Value::I32(1), Value::I64(2)]);
    assert_eq!(found, Ok(values));
    for args in [&[][..], &[Value::I64(1)]] {
        let found = store.invoke(f, args);
        assert!(matches!(found, Err(Error::Absent(_))), "{found:?}");
    }
}

#[test]
fn imported_memories_are_told_from_own_ones() {
    let mut store = Store::new(Config {
        trace: true,
        ..Config::default()
    });
    let one = made(&mut store, r#"(module (memory (export "m") 1))"#);
    store.register("one", one);
    let text = r#"(module (import "one" "m" (memory 1)) (memory 1) (data (memory 1) (i32.const 0) "a")
  (func (export "f") (i32.store8 0 (i32.const 0) (i32.const 1)) (i32.store8 1 (i32.const 0) (i32.const 2))))"#;
    let instance = made(&mut store, text);
    let f = func(&store, instance, "f");
    assert_eq!(store.invoke(f, &[]), Ok(vec![]));
    let sites: Vec<_> = store
        .take_trace()
        .iter()
        .map(|access| (access.op, access.ordinal, access.imported))
        .collect();
    assert_eq!(
        sites,
        [
            ("data", 1, false),
            ("i32.store8", 0, true),
            ("i32.store8", 1, false)
        ]
    );
    let shared = memory(&store, one, "m");
    assert_eq!(store.read(shared, 0), Some(1));
}

#[test]
fn what_a_module_defines_comes_after_what_it_imports() {
    let mut store = Store::new(Config::default());
    let shared = made(
        &mut store,
        r#"(module (global (export "g") i32 (i32.const 1)) (table (export "t") 1 funcref))"#,
    );
    store.register("shared", shared);
    let instance = made(
        &mut store,
        r#"(module
             (import "shared" "g" (global i32)) (import "shared" "t" (table 1 funcref))
             (global i64 (i64.const 5)) (table 3 funcref)
             (func (export "global") (result i64) (global.get 1))
             (func (export "table") (result i32) (table.size 1))
             (export "g" (global 1)))"#,
    );
    for (name, value) in [("global", Value::I64(5)), ("table", Value::I32(3))] {
        let func = func(&store, instance, name);
        assert_eq!(store.invoke(func, &[]), Ok(vec![value]), "{name}");
    }
    let Some(Extern::Global(global)) = store.export(instance, "g") else {
        panic!("no global");
    };
    assert_eq!(store.global(global), Value::I64(5));
}
