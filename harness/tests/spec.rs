//! The official suite on the reference, and a folder of scripts with all that
//! can be wrong with them.

use trapline_harness::spec::{Subject, folder, official, run};

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
