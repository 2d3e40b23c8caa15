//! Tests of the reducer: invented checks, and planted faults in generated scripts.

use super::*;
use crate::engine::{Budget, Configuration, Engine, Job, mutants, reference};
use crate::generate;
use crate::judge::{Class, Comparison, compare};
use crate::observation::Outcome;
use crate::script::{Step, print, wast};

fn script(text: &str) -> Script {
    wast::parse("t.wast", text.as_bytes())
        .expect("it reads")
        .script
}

fn reduced(text: &str, mut check: impl FnMut(&Script) -> bool) -> String {
    let script = script(text);
    assert!(check(&script));
    let reduced = reduce(&script, &mut check, &Options::default());
    assert!(reduced.complete);
    assert!(check(&reduced.script));
    print::to_wast(&reduced.script, &[], "")
}

/// Whether some module's text contains all of these.
fn says(script: &Script, words: &[&str]) -> bool {
    let text = print::to_wast(script, &[], "");
    words.iter().all(|word| text.contains(word))
}

#[test]
fn what_the_check_does_not_ask_for_goes() {
    let text = r#"
      (module $lib (memory (export "mem") 2 4) (func (export "noise") (result i32) (i32.const 1)))
      (register "lib" $lib)
      (module $main
        (import "lib" "mem" (memory 1))
        (global $g (mut i32) (i32.const 5))
        (func $helper (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
        (func (export "run") (param i32 i64) (result i64) (local i32)
          (local.set 2 (call $helper (local.get 0)))
          (block (br_if 0 (local.get 2)) (global.set $g (i32.const 7)))
          (i64.add (local.get 1) (i64.load offset=12 align=1 (local.get 2)))))
      (invoke $lib "noise")
      (invoke $main "run" (i32.const 100) (i64.const 5))
      (invoke $main "run" (i32.const 131000) (i64.const 9))"#;
    // A call of a function that exists, in a module that loads.
    let is_called = |script: &Script| {
        script.steps.iter().any(|step| match step {
            Step::Invoke { instance, func, .. } => script.steps.windows(2).any(|two| match &two[0] {
                Step::Define { module, wasm } => {
                    let exports =
                        crate::script::calls::exported_functions(wasm).unwrap_or_default();
                    let loads =
                        wasmprinter::print_bytes(wasm).is_ok_and(|t| t.contains("i64.load"));
                    let made = matches!(&two[1], Step::Instantiate { instance: i, .. } if i == instance);
                    loads && made && module == instance && exports.iter().any(|(name, _)| name == func)
                }
                _ => false,
            }),
            _ => false,
        })
    };
    let out = reduced(text, |script| {
        says(script, &["i64.load"]) && is_called(script)
    });
    assert_eq!(
        out,
        r#"(module (memory 0) (func (export "f") (drop (i64.load (i32.const 0)))))
(invoke "f")
"#
    );
}

#[test]
fn a_reduction_can_be_cut_short() {
    let script =
        script(r#"(module (func (export "f")) (func (export "g"))) (invoke "f") (invoke "g")"#);
    let few = Options {
        max_checks: 2,
        ..Options::default()
    };
    let cut = reduce(&script, &mut |_| false, &few);
    assert_eq!((cut.tried, cut.complete), (2, false));
    let cancelled = Options {
        cancelled: &|| true,
        ..Options::default()
    };
    let cut = reduce(&script, &mut |_| panic!("it was cancelled"), &cancelled);
    assert_eq!(cut.script, script);
}

#[test]
fn an_invalid_module_may_stay_invalid_and_a_valid_one_may_not() {
    let is_invalid = |script: &Script| {
        script.steps.iter().any(
            |step| matches!(step, Step::Define { wasm, .. } if wasmparser::validate(wasm).is_err()),
        )
    };
    let text = r#"(assert_invalid (module (memory 1) (func (export "f") (result i32) (i32.load align=8 (i32.const 0)) ) ) "")"#;
    assert_eq!(
        reduced(text, |script| is_invalid(script)
            && says(script, &["align=8"])),
        "(module definition $m0 (func (i32.load align=8)))\n"
    );
}

#[test]
fn a_load_is_added_to_the_module_whose_memory_it_is() {
    let text = r#"(module $a (memory (export "x") 0) (memory (export "m") i64 1) (func (export "load")))
        (module $b)"#;
    let loads = with_load(&script(text), "a", "m", 18).expect("it can be added");
    assert_eq!(
        print::to_wast(&loads, &[], ""),
        r#"(module $a
  (memory (export "x") 0)
  (memory (export "m") i64 1)
  (func (export "load"))
  (func (export "load1") (result i32) (i32.load8_u 1 (i64.const 18))))
(module $b)
(invoke $a "load1")
"#
    );
    assert_eq!(with_load(&script(text), "b", "m", 18), None);
    assert_eq!(with_load(&script(text), "c", "m", 18), None);
}

/// The class of the first difference between the reference and an engine.
fn class(script: &Script, engine: &mut dyn Engine, budget: Budget) -> Option<Class> {
    let options = reference::Options {
        fuel: Some(100_000),
        ..reference::Options::default()
    };
    let watch = crate::observation::Watch::whole(64);
    let job = Job::new(script, budget, &watch, &[]);
    let right = reference::observe(&job, &options).observation;
    match compare(script, &right, &engine.observe(&job)).comparison {
        Comparison::Differs(difference) => Some(difference.class),
        _ => None,
    }
}

struct Example {
    name: String,
    class: Class,
    text: String,
    lines: usize,
    tried: usize,
}

/// Finds a generated script that shows a mutant's fault, and reduces it.
fn example(mutant: &Configuration, seed: u64, cases: u64) -> Option<Example> {
    let options = generate::Options::default();
    let mut engine = mutant.build().expect("it builds");
    let found = (0..cases).find_map(|index| {
        let script = generate::case(seed, index, &options);
        Some((class(&script, &mut *engine, options.budget)?, script))
    });
    let (class_found, script) = found?;
    let mut check =
        |script: &Script| class(script, &mut *engine, options.budget) == Some(class_found);
    let reduced = reduce(&script, &mut check, &Options::default());
    let watch = crate::observation::Watch::default();
    let job = Job::new(&reduced.script, options.budget, &watch, &[]);
    let run = reference::observe(&job, &reference::Options::default());
    let outcomes: Vec<Outcome> = run
        .observation
        .steps
        .into_iter()
        .map(|s| s.outcome)
        .collect();
    let text = print::to_wast(&reduced.script, &outcomes, "");
    Some(Example {
        name: mutant.name().to_owned(),
        class: class_found,
        lines: text.lines().count(),
        text,
        tried: reduced.tried,
    })
}

#[test]
fn planted_faults_reduce_to_a_few_lines() {
    let mut examples = Vec::new();
    for mutant in mutants() {
        examples.extend(example(&mutant, 1, 200));
    }
    for e in &examples {
        println!(
            "{} {} {} lines, {} checks\n{}",
            e.name, e.class, e.lines, e.tried, e.text
        );
    }
    let mut lines: Vec<usize> = examples.iter().map(|e| e.lines).collect();
    lines.sort_unstable();
    println!("{lines:?}");
    assert!(examples.len() >= 30, "{}", examples.len());
    assert!(lines[lines.len() / 2] <= 12, "{lines:?}");
    let short = lines.iter().filter(|&&lines| lines <= 15).count();
    assert!(short * 100 >= lines.len() * 95, "{lines:?}");
}

#[test]
fn a_fault_before_what_is_invalid_is_shown_without_it() {
    let is_shown = |script: &Script| {
        script.steps.iter().any(|step| match step {
            // i64.store8, its alignment and its offset.
            Step::Define { wasm, .. } => wasm.windows(3).any(|three| three == [0x3c, 0x00, 0x09]),
            _ => false,
        })
    };
    let body = "(if (result i64) (local.get 0) (then (block
        (i64.store8 offset=9 (i32.const 0) (i64.const 1))";
    for broken in [
        // The types are wrong.
        format!(
            r#"(module (memory 1) (func (param i32) {body} (drop (i32.add (f32.const 1))))))))"#
        ),
        // There is no such memory.
        format!(r#"(module (memory 1) (func (param i32) {body} (drop (memory.size 7)))))))"#),
    ] {
        let text = reduced(&broken, is_shown);
        assert!(text.starts_with("(module"), "{text}");
        assert!(text.lines().count() <= 4, "{text}");
        assert!(!text.contains("binary"), "{text}");
    }
    let text = "(module (memory 1) (func (i64.store8 offset=9 (i32.const 0) (i64.const 1))))";
    let no_such_instruction = |wasm: &mut Vec<u8>, end: usize| wasm[end] = 0xff;
    let more_than_functions = |wasm: &mut Vec<u8>, end: usize| {
        // The size of the section.
        assert_eq!(wasm[end - 11], 11);
        wasm[end - 11] = 12;
        wasm.insert(end + 1, 0);
    };
    for spoil in [no_such_instruction, more_than_functions] {
        let mut broken = script(text);
        let Step::Define { wasm, .. } = &mut broken.steps[0] else {
            panic!("a module is defined first");
        };
        let end = wasm.iter().rposition(|&byte| byte == 0x0b).unwrap();
        spoil(wasm, end);
        let reduced = reduce(&broken, &mut is_shown.clone(), &Options::default());
        let text = print::to_wast(&reduced.script, &[], "");
        assert!(!text.contains("binary"), "{text}");
    }
}

#[test]
fn a_large_module_whose_functions_call_each_other_comes_down_to_one_of_them() {
    let mut text = String::from("(module (memory 1) (table 40 funcref)");
    for n in 0..40 {
        let (next, before) = ((n + 1) % 40, (n + 39) % 40);
        text.push_str(&format!(
            "(func $f{n} (param i32) (result i32) (drop (call $f{next} (local.get 0)))
             (call $f{before} (i32.load8_s (i32.add (local.get 0) (i32.const {n})))))
             (elem (i32.const {n}) $f{n})"
        ));
    }
    // Names that are more than words, as compilers give them.
    text.push_str("(func (export \"g\") (result i32) (i32.load8_u (i32.const 7))))");
    let text = text.replace("$f7 ", "$\"a::f<(b) \\\"c\\\">\" ");
    let text = text.replace("$f7)", "$\"a::f<(b) \\\"c\\\">\")");
    let buffer = ::wast::parser::ParseBuffer::new(&text).expect("it reads");
    let mut wat = ::wast::parser::parse::<::wast::Wat<'_>>(&buffer).expect("it reads");
    let named = Step::Define {
        module: "m0".to_owned(),
        wasm: wat.encode().expect("a binary"),
    };
    let mut script = script("(module) (invoke \"g\")");
    script.steps[0] = named;
    let mut loads = |script: &Script| {
        script.steps.iter().any(|step| match step {
            Step::Define { wasm, .. } => wasm.windows(3).any(|w| w == [0x2d, 0, 0]),
            _ => false,
        })
    };
    let reduced = reduce(&script, &mut loads, &Options::default());
    let Some(Step::Define { wasm, .. }) = reduced.script.steps.first() else {
        panic!("{:?}", reduced.script);
    };
    assert!(wasm.len() < 60, "{} bytes", wasm.len());
    assert!(reduced.tried < 400, "{} tried", reduced.tried);
}
