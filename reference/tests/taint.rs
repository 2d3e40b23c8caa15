//! What depends on the bits of NaNs that the specification leaves open, on
//! every road that such a bit can take.

mod text;

use trapline_reference::{Config, Extern, InstanceId, MemoryId, Store, Value};

/// `$nan` is a NaN with an open sign, as an `i64`; `$other` has open payload too.
const TEXT: &str = r#"
  (import "h" "f" (func $host (param i64)))
  (memory (export "m") 2 8)
  (memory $n 1)
  (table $t 4 funcref)
  (elem (table $t) (i32.const 0) func $id $id)
  (global $g (export "g") (mut i64) (i64.const 0))
  (type $unary (func (param i64) (result i64)))
  (func $id (type $unary) (local.get 0))
  (func $zero (result f64) (local f64) (f64.div (local.get 0) (f64.const 0)))
  (func $nan (result i64) (i64.reinterpret_f64 (call $zero)))
  (func $sign (result i32) (i32.wrap_i64 (i64.shr_u (call $nan) (i64.const 63))))
"#;

struct Run {
    store: Store,
    instance: InstanceId,
    values: Vec<Value>,
    taint: Vec<u128>,
    open: bool,
}

/// Calls a function with this body.
fn run(results: &str, body: &str) -> Run {
    let text = format!("(module {TEXT} (func (export \"f\") {results} {body}))");
    let mut store = Store::new(Config {
        taint: true,
        ..Config::default()
    });
    let ty = trapline_reference::FuncType {
        params: vec![trapline_reference::ValueType::I64],
        results: vec![],
    };
    let instance = store.instantiate(&text::module(&text), |store, _, _| {
        let host = std::sync::Arc::new(|_: &mut Store, _: &[Value]| Ok(vec![]));
        Some(Extern::Func(store.add_func(ty.clone(), host)))
    });
    let instance = instance.expect("it links");
    let Some(Extern::Func(f)) = store.export(instance, "f") else {
        panic!("it is exported");
    };
    let values = store.invoke(f, &[]).unwrap_or_default();
    Run {
        taint: store.take_result_taint(),
        open: store.take_open(),
        store,
        instance,
        values,
    }
}

/// The taint of what an expression gives.
fn taint(ty: &str, expression: &str) -> u128 {
    let run = run(&format!("(result {ty})"), expression);
    assert!(!run.open, "{expression}");
    assert_eq!(run.values.len(), 1, "{expression}");
    run.taint[0]
}

const SIGN: u128 = 1 << 63;

#[test]
fn of_a_canonical_nan_the_sign_is_open_and_of_another_the_payload_too() {
    let arithmetic = SIGN | 0x0007_ffff_ffff_ffff;
    for (expression, expected) in [
        ("(call $zero)", SIGN),
        ("(f64.sqrt (f64.const -1))", SIGN),
        ("(f64.add (f64.const nan) (f64.const 1))", SIGN),
        ("(f64.add (f64.const nan:0x1) (f64.const 1))", arithmetic),
        (
            "(f64.min (f64.const nan:0x8000000000001) (f64.const 1))",
            arithmetic,
        ),
        ("(f64.promote_f32 (f32.const nan:0x1))", arithmetic),
        ("(f64.promote_f32 (f32.const nan))", SIGN),
        ("(f64.add (f64.const 2) (f64.const 1))", 0),
        // On bits.
        ("(f64.neg (f64.const nan:0x1))", 0),
        ("(f64.abs (call $zero))", 0),
        ("(f64.copysign (f64.const 1) (call $zero))", SIGN),
        ("(f64.copysign (call $zero) (f64.const 1))", 0),
        // Through what is done to it: of another no more is known.
        ("(f64.mul (call $zero) (f64.const 1))", SIGN),
        (
            "(f64.mul (f64.add (f64.const nan:0x1) (f64.const 1)) (f64.const 1))",
            arithmetic,
        ),
    ] {
        assert_eq!(taint("f64", expression), expected, "{expression}");
    }
}

#[test]
fn bits_are_followed_through_what_is_computed() {
    for (ty, expression, expected) in [
        ("i64", "(call $nan)", SIGN),
        ("i32", "(call $sign)", 1),
        (
            "i64",
            "(i64.and (call $nan) (i64.const 0x7fffffffffffffff))",
            0,
        ),
        (
            "i64",
            "(i64.or (call $nan) (i64.const 0x8000000000000000))",
            0,
        ),
        ("i64", "(i64.shl (call $nan) (i64.const 1))", 0),
        ("i64", "(i64.rotl (call $nan) (i64.const 4))", 8),
        (
            "i64",
            "(i64.shr_s (call $nan) (i64.const 62))",
            u128::from(u64::MAX << 1),
        ),
        ("i32", "(i64.eq (call $nan) (i64.const 0))", 1),
        ("i64", "(i64.add (call $nan) (i64.const 1))", SIGN),
        (
            "i32",
            "(i32.add (i32.shl (call $sign) (i32.const 4)) (i32.const 1))",
            0xffff_fff0,
        ),
        // A NaN is as good as another.
        ("i32", "(f64.eq (call $zero) (call $zero))", 0),
        ("i32", "(f64.lt (call $zero) (f64.const 1))", 0),
        ("i32", "(i32.trunc_sat_f64_s (call $zero))", 0),
        // Two that have the same bits are not known to be.
        ("i64", "(i64.xor (call $nan) (call $nan))", SIGN),
        // Lanes.
        (
            "v128",
            "(f32x4.div (v128.const f32x4 0 1 0 1) (v128.const f32x4 0 1 1 1))",
            0x8000_0000,
        ),
        (
            "v128",
            "(f64x2.add (v128.const f64x2 1 nan:0x1) (v128.const f64x2 1 1))",
            0x8007_ffff_ffff_ffff << 64,
        ),
        (
            "i32",
            "(i32x4.extract_lane 1 (f32x4.div (v128.const f32x4 0 1 0 1) (v128.const f32x4 0 1 1 1)))",
            0,
        ),
        (
            "i32",
            "(i32x4.extract_lane 0 (f32x4.div (v128.const f32x4 0 1 0 1) (v128.const f32x4 0 1 1 1)))",
            0x8000_0000,
        ),
        (
            "v128",
            "(f32x4.splat (f32.div (f32.const 0) (f32.const 0)))",
            0x8000_0000_8000_0000_8000_0000_8000_0000,
        ),
        (
            "v128",
            "(v128.bitselect (v128.const i64x2 0 0) (i64x2.splat (call $nan)) (v128.const i64x2 -1 0))",
            SIGN << 64,
        ),
        ("i32", "(v128.any_true (i64x2.splat (call $nan)))", 1),
        ("i32", "(i64x2.bitmask (i64x2.splat (call $nan)))", 0xffff),
    ] {
        assert_eq!(taint(ty, expression), expected, "{expression}");
    }
}

#[test]
fn taint_goes_where_values_go() {
    for (name, body) in [
        ("a local", "(local i64) (local.set 0 (call $nan)) (local.get 0)"),
        ("a tee", "(local i64) (drop (local.tee 0 (call $nan))) (local.get 0)"),
        ("a global", "(global.set $g (call $nan)) (global.get $g)"),
        ("an argument", "(call $id (call $nan))"),
        ("an indirect argument", "(call_indirect (type $unary) (call $nan) (i32.const 1))"),
        ("a block", "(block (result i64) (br 0 (call $nan)))"),
        ("a loop", "(call $nan) (loop (param i64) (result i64))"),
        ("a picked operand", "(select (call $nan) (i64.const 1) (i32.const 1))"),
        ("memory", "(i64.store (i32.const 8) (call $nan)) (i64.load (i32.const 8))"),
        ("two halves", "(i64.store (i32.const 8) (call $nan))
            (i64.or (i64.load32_u (i32.const 8)) (i64.shl (i64.load32_u (i32.const 12)) (i64.const 32)))"),
        ("a copy", "(i64.store (i32.const 8) (call $nan))
            (memory.copy (i32.const 9) (i32.const 8) (i32.const 8)) (i64.load (i32.const 9))"),
        ("a copy to another memory", "(i64.store (i32.const 8) (call $nan))
            (memory.copy $n 0 (i32.const 9) (i32.const 8) (i32.const 8)) (i64.load $n (i32.const 9))"),
        ("a float", "(f64.store (i32.const 8) (call $zero)) (i64.load (i32.const 8))"),
    ] {
        assert_eq!(taint("i64", body), SIGN, "{name}");
    }
    for (name, body) in [
        (
            "overwritten",
            "(i64.store (i32.const 8) (call $nan)) (i64.store (i32.const 8) (i64.const 1)) (i64.load (i32.const 8))",
        ),
        (
            "filled",
            "(i64.store (i32.const 8) (call $nan)) (memory.fill (i32.const 0) (i32.const 0) (i32.const 32)) (i64.load (i32.const 8))",
        ),
        (
            "copied over",
            "(i64.store (i32.const 8) (call $nan)) (memory.copy (i32.const 8) (i32.const 64) (i32.const 8)) (i64.load (i32.const 8))",
        ),
        (
            "beside it",
            "(i64.store (i32.const 8) (call $nan)) (i64.load (i32.const 16))",
        ),
        (
            "not picked",
            "(select (call $nan) (i64.const 1) (i32.const 0))",
        ),
        ("dropped", "(drop (call $nan)) (i64.const 1)"),
    ] {
        assert_eq!(taint("i64", body), 0, "{name}");
    }
    let filled = "(memory.fill (i32.const 8) (call $sign) (i32.const 3)) (i32.load (i32.const 8))";
    assert_eq!(taint("i32", filled), 0x0001_0101);
    // Picked by an open bit: what differs between the two is open.
    let picked = "(select (i64.const 5) (i64.const 9) (call $sign))";
    assert_eq!(taint("i64", picked), 12);
    let exchanged = "(i64.store (i32.const 8) (i64.const 1))
        (drop (i64.atomic.rmw.cmpxchg (i32.const 8) (i64.extend_i32_u (call $sign)) (i64.const 2)))
        (i64.load (i32.const 8))";
    assert_eq!(taint("i64", exchanged), 3);
}

#[test]
fn what_decides_is_open() {
    for (name, body) in [
        (
            "a branch",
            "(if (call $sign) (then (drop (memory.grow (i32.const 1)))))",
        ),
        ("br_if", "(block (br_if 0 (call $sign)))"),
        ("br_table", "(block (block (br_table 0 1 (call $sign))))"),
        ("an address", "(drop (i32.load (call $sign)))"),
        (
            "an address of a store",
            "(i32.store (call $sign) (i32.const 1))",
        ),
        (
            "an atomic address",
            "(drop (i32.atomic.rmw.add (call $sign) (i32.const 1)))",
        ),
        ("a size", "(drop (memory.grow (call $sign)))"),
        (
            "a length",
            "(memory.fill (i32.const 0) (i32.const 0) (call $sign))",
        ),
        (
            "a destination",
            "(memory.copy (call $sign) (i32.const 0) (i32.const 1))",
        ),
        ("a divisor", "(drop (i32.div_u (i32.const 1) (call $sign)))"),
        (
            "a dividend that may overflow",
            "(drop (i64.div_s (call $nan) (i64.const -1)))",
        ),
        ("an index", "(drop (table.get $t (call $sign)))"),
        (
            "a callee",
            "(drop (call_indirect (type $unary) (i64.const 0) (call $sign)))",
        ),
        (
            "an element",
            "(table.set $t (i32.const 0) (select (result funcref) (ref.null func) (ref.func $id) (call $sign)))",
        ),
        (
            "a trap of a conversion",
            "(drop (i32.trunc_f64_s (f64.reinterpret_i64 (i64.shr_u (call $nan) (i64.const 1)))))",
        ),
        ("what the host is given", "(call $host (call $nan))"),
    ] {
        assert!(run("", body).open, "{name}");
    }
    for (name, body) in [
        (
            "a branch that is taken anyway",
            "(block (br_if 0 (i32.or (call $sign) (i32.const 2))))",
        ),
        ("a dividend", "(drop (i64.div_s (call $nan) (i64.const 3)))"),
        (
            "a conversion that traps anyway",
            "(drop (i32.trunc_f64_s (call $zero)))",
        ),
        (
            "what the host is not given",
            "(drop (call $nan)) (call $host (i64.const 1))",
        ),
        (
            "an address made of known bits",
            "(drop (i32.load (i32.wrap_i64 (i64.shl (call $nan) (i64.const 32)))))",
        ),
    ] {
        assert!(!run("", body).open, "{name}");
    }
}

#[test]
fn bytes_of_memories_and_globals_are_told() {
    let run = run(
        "",
        "(f64.store offset=0xffff (i32.const 9) (call $zero)) (global.set $g (call $nan))",
    );
    let Some(Extern::Memory(memory)) = run.store.export(run.instance, "m") else {
        panic!("it is exported");
    };
    let tainted: Vec<_> = run.store.memory_taint(memory).collect();
    assert_eq!(tainted, [(0x1_000f, 0x80)]);
    assert_eq!(run.store.memory_taint(MemoryId(1)).count(), 0);
    let Some(Extern::Global(global)) = run.store.export(run.instance, "g") else {
        panic!("it is exported");
    };
    assert_eq!(run.store.global_taint(global), SIGN);
}
