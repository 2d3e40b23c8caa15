//! The specification sets no limit to how many of something a module has: what
//! the library that decodes has is not the reference's.

mod text;

use trapline_reference::{Config, Extern, MemoryType, Module, Rejection, Store, Value};

/// A module with so many memories, of which the first are imported, and a
/// function that writes to the last and reads from it.
fn many(imported: usize, own: usize, more: &str) -> String {
    let import = "(import \"m\" \"m\" (memory 1))\n".repeat(imported);
    let memory = "(memory 1)\n".repeat(own - 1);
    let last = imported + own - 1;
    format!(
        r#"(module {import} {memory} (memory (export "last") i64 1)
  (func (export "f") (result i32)
    (i32.store {last} (i64.const 8) (i32.const 42))
    (memory.copy 0 {last} (i32.const 0) (i64.const 8) (i32.const 4))
    (i32.load 0 (i32.const 0)))
  {more})"#
    )
}

#[test]
fn more_than_a_hundred_memories_are_valid_and_run() {
    for (imported, own) in [(0, 101), (0, 100), (101, 1), (60, 200), (1, 1000)] {
        let last = imported + own - 1;
        let data = format!(
            r#"(data (memory {last}) (i64.const 1) "a") (data "p") (data (i32.const 9) "b")
               (export "first" (memory 0)) (export "g" (func 0))"#
        );
        let module = text::module(&many(imported, own, &data));
        let mut store = Store::new(Config::default());
        let ty = MemoryType {
            address: trapline_reference::AddressType::I32,
            shared: false,
            page_size_log2: 16,
            minimum: 1,
            maximum: None,
        };
        let instance = store.instantiate(&module, |store, _, _| {
            Some(Extern::Memory(store.add_memory(ty).expect("it is small")))
        });
        let instance = instance.expect("it links");
        let Some(Extern::Func(f)) = store.export(instance, "f") else {
            panic!("it is exported");
        };
        assert_eq!(store.invoke(f, &[]), Ok(vec![Value::I32(42)]));
        let byte = |name: &str, at| match store.export(instance, name) {
            Some(Extern::Memory(memory)) => store.memory(memory).byte(at),
            other => panic!("{other:?}"),
        };
        assert_eq!((byte("last", 1), byte("first", 9)), (b'a', b'b'));
    }
}

#[test]
fn what_is_invalid_with_many_memories_is_invalid() {
    for wrong in [
        "(func (drop (i32.load 150 (i64.const 0))))",
        "(func (drop (i32.load 1 (i64.const 0))))",
        "(func (drop (i32.load 120 (i32.const 0))))",
        "(data (memory 120) (i32.const 0) \"a\")",
        "(data (memory 130) (i32.const 0) \"a\")",
        "(export \"x\" (memory 121))",
        "(memory 65537)",
        "(func (result i32) (i64.const 1))",
    ] {
        let wasm = text::encode(&many(20, 101, wrong));
        assert!(
            matches!(Module::new(&wasm), Err(Rejection::Invalid(_))),
            "{wrong}: {:?}",
            Module::new(&wasm)
        );
    }
}

#[test]
fn what_a_library_does_not_take_is_beyond_the_reference_and_not_invalid() {
    let repeated = |what: &str, count: usize| what.repeat(count);
    for beyond in [
        format!("(func (param {}))", repeated("i32 ", 1001)),
        format!("(func (result {}) unreachable)", repeated("i32 ", 1001)),
        format!("(func (local {}))", repeated("i32 ", 50_001)),
        format!("(import \"m\" \"{}\" (func))", repeated("x", 100_001)),
        format!("(memory 0) {}", repeated("(data \"\")", 100_001)),
    ] {
        let wasm = text::encode(&format!("(module {beyond})"));
        match Module::new(&wasm) {
            Err(Rejection::Unsupported(what)) => {
                assert!(what.starts_with("beyond the reference: "), "{what}");
            }
            other => panic!("{}: {other:?}", &beyond[..40]),
        }
    }
    // More than 2^32 locals are too many by the specification.
    let locals = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x0c\x01\x0a\x02\
                   \xff\xff\xff\xff\x0f\x7f\x02\x7e\x0b";
    assert!(matches!(Module::new(locals), Err(Rejection::Invalid(_))));
    // A number without the things is wrong.
    for cut in [
        &b"\0asm\x01\0\0\0\x05\x05\xff\xff\xff\xff\x0f"[..],
        b"\0asm\x01\0\0\0\x02\x06\x01\xff\xff\xff\xff\x0f",
        b"\0asm\x01\0\0\0\x05\x03\xe5\x00\x00",
    ] {
        assert!(
            matches!(Module::new(cut), Err(Rejection::Invalid(_))),
            "{cut:?}"
        );
    }
}
