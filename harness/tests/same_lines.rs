//! A fault comes down to the same few lines, wherever the script that showed
//! it came from: the official suite, `wasm-smith`, or the generator.

use arbitrary::Unstructured;
use trapline_harness::engine::{self, Budget};
use trapline_harness::generate;
use trapline_harness::judge::{Class, Verdict};
use trapline_harness::reduce::{Options, reduce};
use trapline_harness::script::{Script, print, wast};
use trapline_harness::spec::official;
use trapline_harness::trial::try_script;
use trapline_harness::worker::InProcess;
use wasm_smith::{Config, MemoryOffsetChoices, Module};

const BUDGET: Budget = Budget::of(16 << 20);

/// Planted faults, with how they show and what they come down to.
const FAULTS: [(&str, Class, &str); 2] = [
    (
        "mutant/bound-long-1",
        Class::MissingTrap,
        r#"(module (memory 0) (func (export "f") (drop (i32.load8_u (i32.const 0)))))
(invoke "f")
"#,
    ),
    (
        "mutant/bound-first-byte-4",
        Class::MissingTrap,
        r#"(module (memory 1) (func (export "f") (drop (i32.load (i32.const 65535)))))
(invoke "f")
"#,
    ),
];

/// How a script shows the fault, if it does.
fn class(script: &Script, mutant: &str) -> Option<Class> {
    let mut runner = InProcess::new(engine::mutants());
    let trial = try_script(script, BUDGET, &mut runner, &[mutant]).expect("it runs");
    match &trial.judged[0].verdict {
        Verdict::Diverges(difference) => Some(difference.class),
        _ => None,
    }
}

/// Scripts of the official suite.
fn of_the_suite() -> impl Iterator<Item = Script> {
    let files = official().into_iter().flat_map(|group| group.files);
    let sources = files.filter_map(|file| wast::parse(&file.name, &file.text).ok());
    sources.map(|source| source.script)
}

/// Modules of `wasm-smith`, with calls of all that they export.
fn of_wasm_smith() -> impl Iterator<Item = Script> {
    (0..4_000).filter_map(|seed| {
        let mut dice = fastrand::Rng::with_seed(seed);
        let bytes: Vec<u8> = (0..2000).map(|_| dice.u8(..)).collect();
        let config = Config {
            export_everything: true,
            max_imports: 0,
            min_funcs: 2,
            max_funcs: 6,
            min_memories: 1,
            max_memories: 1,
            max_memory32_bytes: 4 << 16,
            memory_max_size_required: true,
            memory_offset_choices: MemoryOffsetChoices(60, 30, 10),
            max_data_segments: 4,
            max_instructions: 60,
            canonicalize_nans: true,
            memory64_enabled: false,
            threads_enabled: false,
            relaxed_simd_enabled: false,
            reference_types_enabled: false,
            gc_enabled: false,
            exceptions_enabled: false,
            compact_imports_enabled: false,
            wide_arithmetic_enabled: false,
            allow_start_export: false,
            ..Config::default()
        };
        let mut module = Module::new(config, &mut Unstructured::new(&bytes)).ok()?;
        module.ensure_termination(300).ok()?;
        let mut source = wast::parse("smith.wasm", &module.to_bytes()).ok()?;
        source.call_exports();
        Some(source.script)
    })
}

/// Cases as campaigns run them.
fn of_the_generator() -> impl Iterator<Item = Script> {
    (0..2_000).map(|case| generate::case(3, case, &generate::Options::default()))
}

/// What the first script that shows the fault comes down to.
fn reduced(mut scripts: impl Iterator<Item = Script>, mutant: &str, shows: Class) -> String {
    let mut check = |script: &Script| class(script, mutant) == Some(shows);
    let script = scripts.find(&mut check).expect("one of them shows it");
    let reduced = reduce(&script, &mut check, &Options::default());
    assert!(reduced.complete, "{mutant}: cut short");
    print::to_wast(&reduced.script, &[], "")
}

#[test]
fn a_fault_comes_down_to_the_same_lines_wherever_it_was_met() {
    for (mutant, shows, lines) in FAULTS {
        assert_eq!(
            reduced(of_the_suite(), mutant, shows),
            lines,
            "{mutant}: the suite"
        );
        assert_eq!(
            reduced(of_wasm_smith(), mutant, shows),
            lines,
            "{mutant}: wasm-smith"
        );
        assert_eq!(
            reduced(of_the_generator(), mutant, shows),
            lines,
            "{mutant}: generated"
        );
    }
}
