//! Tests of these.

use super::*;

#[test]
fn trap_messages_match_by_prefix_in_either_direction() {
    assert!(trap_matches("out of bounds", TrapKind::OutOfBoundsMemory));
    assert!(trap_matches("out of bounds", TrapKind::OutOfBoundsTable));
    assert!(trap_matches(
        "uninitialized element 7",
        TrapKind::NullElement
    ));
    assert!(trap_matches(
        "undefined element",
        TrapKind::OutOfBoundsTable
    ));
    assert!(trap_matches(
        "null function reference",
        TrapKind::NullReference
    ));
    assert!(!trap_matches(
        "out of bounds memory access",
        TrapKind::OutOfBoundsTable
    ));
    assert!(!trap_matches(
        "unaligned atomic",
        TrapKind::OutOfBoundsMemory
    ));
    assert!(!trap_matches(
        "out of bounds memory access",
        TrapKind::Other
    ));
}

#[test]
fn nan_patterns_look_at_the_payload_and_not_at_the_sign() {
    let canonical = Pattern::F32Nan(Nan::Canonical);
    assert!(canonical.matches(Value::F32(0xffc0_0000)));
    assert!(!canonical.matches(Value::F32(0x7fc0_0001)));
    let arithmetic = Pattern::F64Nan(Nan::Arithmetic);
    assert!(arithmetic.matches(Value::F64(0x7ff8_0000_0000_0001)));
    assert!(!arithmetic.matches(Value::F64(0x7ff0_0000_0000_0001)));
    assert!(!arithmetic.matches(Value::F32(0x7fc0_0000)));
}

#[test]
fn lanes_count_from_the_least_significant_end() {
    let lanes = Pattern::F32x4([
        F32Lane::Bits(1),
        F32Lane::Bits(2),
        F32Lane::Bits(3),
        F32Lane::Nan(Nan::Canonical),
    ]);
    assert!(lanes.matches(Value::V128(0x7fc00000_00000003_00000002_00000001)));
    assert!(!lanes.matches(Value::V128(0x00000001_00000002_00000003_7fc00000)));
}

#[test]
fn a_mismatch_is_told_in_one_line() {
    let expect = Expect::Values(vec![Pattern::Exact(Value::I32(1))]);
    assert_eq!(
        matches(&expect, &Outcome::Trap(vec![TrapKind::OutOfBoundsMemory])),
        Err("expected i32:0x1, got trap: out of bounds memory access".to_owned())
    );
    assert!(matches(&expect, &Outcome::Values(vec![Value::I32(1)])).is_ok());
    assert!(matches(&expect, &Outcome::Values(vec![Value::I64(1)])).is_err());
    assert!(matches(&expect, &Outcome::Values(Vec::new())).is_err());
}
