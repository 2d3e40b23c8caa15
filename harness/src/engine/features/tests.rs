//! Whatever a module needs is found wherever it can stand.

use super::*;
use crate::engine::verify::encode;

/// What the module with these fields needs.
fn needs(fields: &str) -> Vec<Feature> {
    needed_by(&encode(&format!("(module {fields})")))
        .iter()
        .collect()
}

/// Every place of a module where a value type can stand, `T`.
const VALUE_TYPES: &[&str] = &[
    "(type (func (param T)))",
    "(type (func (result T)))",
    "(import \"m\" \"g\" (global T))",
    "(import \"m\" \"f\" (func (param T)))",
    "(func (local T))",
    "(func (local i32) (local T T))",
    "(func (block (result T) unreachable) drop)",
    "(func (loop (result T) unreachable) drop)",
    "(func (if (result T) (i32.const 0) (then unreachable) (else unreachable)) drop)",
    "(func unreachable (select (result T)) drop)",
    "(func unreachable (call_indirect (param T))) (table 0 funcref)",
];

/// Every place where a reference type can stand, `Tref` or `T`.
const REFERENCE_TYPES: &[&str] = &[
    "(import \"m\" \"t\" (table 0 Tref))",
    "(table 0 Tref)",
    "(table 0 funcref) (table 0 Tref)",
    "(global Tref (ref.null T))",
    "(elem Tref (ref.null T))",
    "(elem Tref)",
    "(elem declare Tref)",
    "(elem declare Tref (item ref.null T))",
    "(table 1 Tref) (elem (table 0) (i32.const 0) Tref (ref.null T))",
    "(func (drop (ref.null T)))",
    "(func (drop (ref.is_null (ref.null T))))",
];

#[test]
fn a_type_is_found_wherever_it_can_stand() {
    for place in VALUE_TYPES {
        for (ty, expected) in [
            ("i32", vec![]),
            ("f64", vec![]),
            ("funcref", vec![]),
            ("v128", vec![Feature::Simd]),
            ("externref", vec![Feature::ExternRef]),
            ("anyref", vec![Feature::OutOfScope]),
            ("(ref func)", vec![Feature::OutOfScope]),
        ] {
            let text = place.replace('T', ty);
            assert_eq!(needs(&text), expected, "{text}");
        }
    }
    for place in REFERENCE_TYPES {
        for (ty, expected) in [
            ("func", vec![]),
            ("extern", vec![Feature::ExternRef]),
            ("any", vec![Feature::OutOfScope]),
        ] {
            let text = place.replace('T', ty);
            assert_eq!(needs(&text), expected, "{text}");
        }
    }
}

#[test]
fn what_a_memory_needs_is_found_where_it_is_made_and_where_it_is_imported() {
    for (ty, feature) in [
        ("i64 1", Feature::Memory64),
        ("1 1 shared", Feature::Threads),
        ("1 (pagesize 1)", Feature::CustomPageSizes),
        ("1 (pagesize 65536)", Feature::CustomPageSizes),
    ] {
        assert_eq!(needs(&format!("(memory {ty})")).first(), Some(&feature));
        let imported = format!("(import \"m\" \"m\" (memory {ty}))");
        assert_eq!(needs(&imported).first(), Some(&feature));
    }
    for several in [
        "(memory 1) (memory 1)",
        "(import \"m\" \"m\" (memory 1)) (memory 1)",
        "(import \"m\" \"m\" (memory 1)) (import \"m\" \"n\" (memory 1))",
    ] {
        assert_eq!(needs(several), [Feature::MultiMemory], "{several}");
    }
    assert_eq!(needs("(table i64 1 funcref)"), [Feature::Memory64]);
}

#[test]
fn arithmetic_is_found_in_every_constant() {
    let sum = "(i32.add (i32.const 1) (i32.const 2))";
    for place in [
        "(global i32 SUM)",
        "(memory 1) (data (offset SUM) \"a\")",
        "(table 9 funcref) (elem (offset SUM) func)",
    ] {
        let text = place.replace("SUM", sum);
        assert_eq!(needs(&text), [Feature::ExtendedConst], "{text}");
    }
}

#[test]
fn code_that_cannot_be_read_hides_nothing_that_stands_before_it() {
    let mut wasm = encode("(module (memory 1) (memory 1) (func (local v128)))");
    // The last byte is the end of the function.
    *wasm.last_mut().expect("there is one") = 0xff;
    let needs = needed_by(&wasm);
    assert!(needs.has(Feature::MultiMemory) && needs.has(Feature::Simd));
}
