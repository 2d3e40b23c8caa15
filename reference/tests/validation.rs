//! What is invalid about memories is refused by this crate's own rules, and
//! not only because `wasmparser` would refuse it too.

mod text;

use trapline_reference::{Instruction, Invalid, Kind, Module, Rejection, Validator, ValueType};

/// Why our own rules refuse a binary; `None` if it is valid.
fn refused(wasm: &[u8], what: &str) -> Option<String> {
    match Module::new(wasm) {
        Ok(_) => None,
        Err(Rejection::Invalid(Invalid {
            by: Validator::OwnRules,
            message,
            ..
        })) => Some(message),
        Err(other) => panic!("{what}: {other:?}"),
    }
}

fn valid(text: &str) {
    text::module(text);
}

fn invalid(text: &str, why: &str) {
    let found = refused(&text::encode(text), text);
    assert!(
        found.as_ref().is_some_and(|found| found.starts_with(why)),
        "{text}: expected {why:?}, got {found:?}"
    );
}

#[test]
fn types_of_memories_own_and_imported() {
    for (ty, why) in [
        ("65536", ""),
        ("65537", "memory size must be at most 0x10000 pages"),
        ("0 65537", "memory size must be at most 0x10000 pages"),
        ("i64 0x1000000000000", ""),
        ("i64 0x1000000000001", "memory size must be at most"),
        ("0xffffffff (pagesize 1)", ""),
        ("i64 0xffffffffffffffff (pagesize 1)", ""),
        ("0 (pagesize 2)", "invalid custom page size"),
        ("1 1", ""),
        ("2 1", "size minimum must not be greater than maximum"),
        ("1 2 shared", ""),
        ("1 shared", "shared memory must have maximum"),
    ] {
        for text in [
            format!("(module (memory {ty}))"),
            format!("(module (memory 0) (memory {ty}))"),
            format!(r#"(module (import "m" "n" (memory {ty})))"#),
        ] {
            match why {
                "" => valid(&text),
                _ => invalid(&text, why),
            }
        }
    }
}

#[test]
fn immediates() {
    let body = |instr: &str| format!("(module (memory 1) (func (param i32 v128) {instr} drop))");
    for (instr, why) in [
        ("local.get 0 i32.load align=4", ""),
        (
            "local.get 0 i32.load align=8",
            "alignment must not be larger than natural: 2^2, not 2^3",
        ),
        (
            "local.get 0 i32.atomic.load align=2",
            "atomic alignment must be natural: 2^2, not 2^1",
        ),
        ("local.get 0 i32.load offset=0xffffffff", ""),
        (
            "local.get 0 i32.load offset=0x100000000",
            "offset out of range: 0x100000000 for i32 addresses",
        ),
    ] {
        match why {
            "" => valid(&body(instr)),
            _ => invalid(&body(instr), why),
        }
    }
}

#[test]
fn lanes() {
    for row in Instruction::all() {
        let (Kind::LoadLane | Kind::StoreLane) = row.kind else {
            continue;
        };
        let body = |lane| {
            let instr = format!("local.get 0 local.get 1 {} {lane}", row.name);
            format!("(module (memory 1) (func (param i32 v128) {instr} unreachable))")
        };
        let lanes = 16 / row.width;
        valid(&body(lanes - 1));
        invalid(&body(lanes), &format!("invalid lane index {lanes}"));
    }
}

#[test]
fn memories_that_are_not_there() {
    for instr in [
        "memory.size 1",
        "(memory.grow 1 (i32.const 0))",
        "(memory.fill 1 (i32.const 0) (i32.const 0) (i32.const 0))",
        "(memory.copy 1 0 (i32.const 0) (i32.const 0) (i32.const 0))",
        "(memory.copy 0 1 (i32.const 0) (i32.const 0) (i32.const 0))",
        "(memory.init 1 0 (i32.const 0) (i32.const 0) (i32.const 0))",
        "(i32.load 1 (i32.const 0))",
        "(i32.store 1 (i32.const 0) (i32.const 0))",
    ] {
        let text = format!(r#"(module (memory 1) (data "") (func {instr} unreachable))"#);
        invalid(&text, "unknown memory 1");
    }
    invalid(
        r#"(module (memory 1) (export "m" (memory 1)))"#,
        "unknown memory 1",
    );
    invalid(
        r#"(module (memory 1) (data (memory 1) (i32.const 0) ""))"#,
        "unknown memory 1",
    );
    valid(
        r#"(module (memory 1) (memory 1) (export "m" (memory 1)) (data (memory 1) (i32.const 0) ""))"#,
    );
    // Exports of other kinds have indices of their own.
    valid(r#"(module (func) (func (export "f")))"#);
}

#[test]
fn data_segments_that_are_not_there() {
    let body = |instr: &str| format!(r#"(module (memory 1) (data "") (data "") (func {instr}))"#);
    let init = |index| format!("(memory.init {index} (i32.const 0) (i32.const 0) (i32.const 0))");
    for index in [0, 1] {
        valid(&body(&init(index)));
        valid(&body(&format!("data.drop {index}")));
    }
    invalid(&body(&init(2)), "unknown data segment 2");
    invalid(&body("data.drop 2"), "unknown data segment 2");
}

/// The count of data segments comes before the code, or not at all: text
/// always has it.
#[test]
fn data_segments_that_are_not_counted() {
    let with = text::encode(r#"(module (data "") (func data.drop 0))"#);
    let section = [12, 1, 1];
    let at = with.windows(3).position(|window| window == section);
    let at = at.expect("a data count section");
    let without = [&with[..at], &with[at + 3..]].concat();
    assert_eq!(refused(&with, "with the section"), None);
    assert_eq!(
        refused(&without, "without the section").as_deref(),
        Some("data count section required")
    );
}

#[test]
fn offsets_of_data_segments_are_addresses_of_their_memory() {
    for (address, other) in [("i32", "i64"), ("i64", "i32")] {
        for expr in [
            "(T.const 1)",
            "(T.add (T.const 1) (T.const 1))",
            "(T.sub (T.const 1) (T.const 1))",
            "(T.mul (T.const 1) (T.const 1))",
            "(global.get $T)",
        ] {
            let of = |ty: &str| {
                format!(
                    r#"(module
  (global $i32 (import "m" "a") i32)
  (global $i64 (import "m" "b") i64)
  (memory {address} 1)
  (data (offset {}) ""))"#,
                    expr.replace('T', ty)
                )
            };
            valid(&of(address));
            invalid(&of(other), "type mismatch: the offset of a data segment");
        }
    }
}

fn name(ty: ValueType) -> &'static str {
    match ty {
        ValueType::I32 => "i32",
        ValueType::I64 => "i64",
        ValueType::F32 => "f32",
        ValueType::F64 => "f64",
        _ => "v128",
    }
}

/// Asserts that `instr` has operands of these types and no others.
fn typed(memories: &str, instr: &str, operands: &[&str], result: &str) {
    let of = |operands: &[&str], result: &str| {
        let gets: String = (0..operands.len())
            .map(|i| format!("local.get {i} "))
            .collect();
        let params = operands.join(" ");
        format!(
            r#"(module {memories} (data "abc") (func (param {params}) (result {result}) {gets}{instr}))"#
        )
    };
    valid(&of(operands, result));
    for wrong in 0..operands.len() {
        let mut operands = operands.to_vec();
        operands[wrong] = match operands[wrong] {
            "i32" => "i64",
            _ => "i32",
        };
        invalid(&of(&operands, result), "type mismatch: expected");
    }
}

#[test]
fn operands_of_accesses() {
    for address in ["i32", "i64"] {
        for row in Instruction::all() {
            let value = name(row.value);
            let (rest, result) = match row.kind {
                Kind::Load(_) | Kind::LoadExtend(..) | Kind::LoadSplat | Kind::AtomicLoad => {
                    (vec![], value)
                }
                Kind::LoadLane | Kind::AtomicRmw(_) => (vec![value], value),
                Kind::Store | Kind::StoreLane | Kind::AtomicStore => (vec![value], ""),
                Kind::AtomicCmpxchg => (vec![value, value], value),
                Kind::Notify => (vec!["i32"], "i32"),
                Kind::Wait => (vec![value, "i64"], "i32"),
            };
            let lane = match row.kind {
                Kind::LoadLane | Kind::StoreLane => " 0",
                _ => "",
            };
            typed(
                &format!("(memory {address} 1)"),
                &format!("{}{lane}", row.name),
                &[vec![address], rest].concat(),
                result,
            );
        }
    }
}

#[test]
fn operands_of_all_other_instructions() {
    for address in ["i32", "i64"] {
        let memory = format!("(memory {address} 1)");
        typed(&memory, "memory.size", &[], address);
        typed(&memory, "memory.grow", &[address], address);
        typed(&memory, "memory.fill", &[address, "i32", address], "");
        typed(&memory, "memory.init 0", &[address, "i32", "i32"], "");
        for other in ["i32", "i64"] {
            let memories = format!("{memory} (memory {other} 1)");
            let length = if address == other { address } else { "i32" };
            typed(&memories, "memory.copy 0 1", &[address, other, length], "");
        }
    }
}

#[test]
fn the_size_is_of_the_type_of_addresses() {
    for (address, other) in [("i32", "i64"), ("i64", "i32")] {
        for instr in ["memory.size", "(memory.grow (local.get 0))"] {
            // What is done with the result is for the rest of validation.
            let text = format!(
                "(module (memory {address} 1) (func (param {address}) (result {other}) {instr}))"
            );
            assert!(Module::new(&text::encode(&text)).is_err(), "{text}");
        }
    }
}

/// With features of core, of 3.0 and of a proposal at once.
#[test]
fn what_is_out_of_scope_is_not_invalid() {
    let module = |result: &str| {
        let text = format!(
            r#"(module (type (struct)) (memory 0 (pagesize 1))
  (func (result i32 {result}) (i32.const 1) (i32.const 2)))"#
        );
        Module::new(&text::encode(&text))
    };
    let found = module("i32");
    assert!(matches!(found, Err(Rejection::Unsupported(_))), "{found:?}");
    let found = module("i64");
    assert!(matches!(found, Err(Rejection::Invalid(_))), "{found:?}");
}
