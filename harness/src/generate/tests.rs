//! The generator as a whole: total, deterministic, valid, and it reaches what it should.

mod patterns;

use std::collections::BTreeSet;

use wasmparser::{MemoryType, Operator, Parser, Payload, TypeRef, Validator, WasmFeatures};

use super::*;
use crate::script::Step;

fn modules(script: &Script) -> impl Iterator<Item = &[u8]> {
    script.steps.iter().filter_map(|step| match step {
        Step::Define { wasm, .. } => Some(&wasm[..]),
        _ => None,
    })
}

fn is_valid(wasm: &[u8]) -> Result<(), String> {
    Validator::new_with_features(WasmFeatures::all())
        .validate_all(wasm)
        .map(drop)
        .map_err(|error| error.to_string())
}

#[test]
fn every_case_but_the_deliberately_invalid_is_valid() {
    let focused = Options {
        focus: Focus::ALL.to_vec(),
        ..Options::default()
    };
    for index in 0..2000 {
        let script = case(1, index, &focused);
        for wasm in modules(&script) {
            if let Err(error) = is_valid(wasm) {
                let text = wasmprinter::print_bytes(wasm).unwrap_or_default();
                panic!("case {index}: {error}\n{text}");
            }
        }
    }
}

#[test]
fn few_modules_of_a_default_campaign_are_invalid() {
    let (mut all, mut invalid) = (0, 0);
    for index in 0..500 {
        for wasm in modules(&case(2, index, &Options::default())) {
            all += 1;
            invalid += u32::from(is_valid(wasm).is_err());
        }
    }
    assert!(invalid > 10, "{invalid} of {all}");
    assert!(invalid * 5 < all, "{invalid} of {all}");
}

#[test]
fn the_same_bytes_give_the_same_script() {
    for index in 0..50 {
        let options = Options::default();
        assert_eq!(case(3, index, &options), case(3, index, &options));
    }
}

#[test]
fn any_bytes_give_a_script() {
    for len in [0, 1, 2, 3, 10, 100, 1000] {
        for seed in 0..50 {
            let bytes = dice::expand(seed, 0, len);
            let made = script(&mut Unstructured::new(&bytes), &Options::default());
            assert!(!made.unwrap().steps.is_empty());
        }
        for byte in [0, 1, 0x7f, 0x80, 0xff] {
            let bytes = vec![byte; len];
            let made = script(&mut Unstructured::new(&bytes), &Options::default());
            assert!(!made.unwrap().steps.is_empty());
        }
    }
}

#[test]
fn a_case_has_dozens_of_calls_for_a_module() {
    let (mut calls, mut defined) = (0, 0);
    for index in 0..300 {
        let script = case(4, index, &Options::default());
        defined += modules(&script).count();
        calls += script
            .steps
            .iter()
            .filter(|step| matches!(step, Step::Invoke { .. }))
            .count();
    }
    assert!(calls > 25 * defined, "{calls} calls of {defined} modules");
}

/// The names of the instructions that cases contain.
fn instructions(seed: u64, cases: u64, options: &Options) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    for index in 0..cases {
        for wasm in modules(&case(seed, index, options)) {
            for payload in Parser::new(0).parse_all(wasm) {
                let Ok(Payload::CodeSectionEntry(body)) = payload else {
                    continue;
                };
                let Ok(mut reader) = body.get_operators_reader() else {
                    continue;
                };
                while let Ok(operator) = reader.read() {
                    seen.insert(name(&operator));
                }
            }
        }
    }
    seen
}

fn name(operator: &Operator<'_>) -> String {
    let text = format!("{operator:?}");
    let end = text.find([' ', '{', '(']).unwrap_or(text.len());
    text[..end].to_owned()
}

#[test]
fn every_memory_instruction_appears() {
    let seen = instructions(5, 3000, &Options::default());
    let names = |tables: &[&[instruction::MemoryInstruction]]| -> Vec<String> {
        let memarg = wasm_encoder::MemArg {
            offset: 0,
            align: 0,
            target: wasm_encoder::MemArgTarget::Memory(0),
            ordering: None,
        };
        let of = |i: &instruction::MemoryInstruction| format!("{:?}", (i.make)(memarg, 0));
        tables
            .iter()
            .flat_map(|table| table.iter().map(of))
            .map(|text| text[..text.find([' ', '{', '(']).unwrap()].to_owned())
            .collect()
    };
    let mut wanted = names(&[
        instruction::LOADS,
        instruction::STORES,
        instruction::VECTOR_LOADS,
        instruction::VECTOR_STORES,
        instruction::LANE_LOADS,
        instruction::LANE_STORES,
        instruction::ATOMIC_LOADS,
        instruction::ATOMIC_STORES,
        instruction::ATOMIC_MODIFIES,
        instruction::ATOMIC_EXCHANGES,
        instruction::ATOMIC_WAITS,
        instruction::ATOMIC_NOTIFIES,
    ]);
    for bulk in ["Size", "Grow", "Fill", "Copy", "Init"] {
        wanted.push(format!("Memory{bulk}"));
    }
    wanted.extend(["DataDrop", "AtomicFence"].map(str::to_owned));
    assert_eq!(
        wanted.len(),
        14 + 9 + 13 + 1 + 4 + 4 + 7 + 7 + 42 + 7 + 2 + 1 + 7
    );
    let missing: Vec<_> = wanted.iter().filter(|name| !seen.contains(*name)).collect();
    assert!(missing.is_empty(), "never generated: {missing:?}");
}

#[test]
fn each_focus_reaches_what_it_names() {
    for focus in Focus::ALL {
        let options = Options {
            focus: vec![focus],
            ..Options::default()
        };
        for index in 0..200 {
            let script = case(6, index, &options);
            let memories: Vec<wasmparser::MemoryType> = modules(&script)
                .flat_map(|wasm| Parser::new(0).parse_all(wasm))
                .filter_map(|payload| match payload {
                    Ok(Payload::MemorySection(section)) => Some(section),
                    _ => None,
                })
                .flat_map(|section| section.into_iter().flatten())
                .collect();
            match focus {
                Focus::Memory64 => assert!(memories.iter().any(|ty| ty.memory64), "case {index}"),
                Focus::Shared => assert!(memories.iter().any(|ty| ty.shared), "case {index}"),
                // What they do is seen only when they run: see the engines' tests.
                Focus::Grow | Focus::Oob | Focus::Foreign => {
                    assert!(!memories.is_empty(), "case {index}");
                }
                Focus::Threads => {
                    let starts = |step: &&Step| matches!(step, Step::Thread { .. });
                    let threads = script.steps.iter().filter(starts).count();
                    assert!(memories[0].shared && threads > 1, "case {index}");
                }
                Focus::Allocator => {
                    let allocates = |step: &&Step| matches!(step, Step::Invoke { func, .. } if func.starts_with("alloc"));
                    let calls = script.steps.iter().filter(allocates).count();
                    assert!(
                        !memories.is_empty() && calls > 2,
                        "case {index}: {calls} calls"
                    );
                }
                Focus::Host => {
                    let by_host = |step: &&Step| matches!(step, Step::Invoke { instance, .. } if instance == crate::script::HOST);
                    let calls = script.steps.iter().filter(by_host).count();
                    assert!(calls > 2, "case {index}: {calls} calls");
                }
            }
        }
        if focus == Focus::Grow {
            let growing = (0..200)
                .filter(|&index| {
                    let script = case(7, index, &options);
                    modules(&script).any(|wasm| {
                        let text = wasmprinter::print_bytes(wasm).unwrap();
                        text.contains("memory.grow") || text.contains("\"grow m0")
                    })
                })
                .count();
            assert!(growing > 190, "{growing} of 200 cases grow");
        }
    }
}

#[test]
fn features_that_no_engine_has_are_not_used() {
    let options = Options {
        features: Features::NONE,
        ..Options::default()
    };
    for index in 0..200 {
        for wasm in modules(&case(8, index, &options)) {
            if is_valid(wasm).is_ok() {
                let needs = crate::engine::needed_by(wasm);
                assert_eq!(needs, Features::NONE, "case {index}");
            }
        }
    }
}

#[test]
fn another_generators_modules_are_among_them() {
    let is_foreign = |script: &Script| {
        let is = |step: &Step| matches!(step, Step::Define { module, .. } if module == "foreign");
        script.steps.iter().any(is)
    };
    let foreign = (0..1000)
        .filter(|&index| is_foreign(&case(9, index, &Options::default())))
        .count();
    assert!((3..100).contains(&foreign), "{foreign} of 1000");
}

/// The memories that a module imports by name, and those that it defines.
fn memories(wasm: &[u8]) -> (Vec<(String, MemoryType)>, Vec<MemoryType>) {
    let (mut imported, mut defined) = (Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.expect("it is valid") {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.expect("it is valid");
                    if let TypeRef::Memory(ty) = import.ty {
                        imported.push((import.name.to_owned(), ty));
                    }
                }
            }
            Payload::MemorySection(section) => {
                defined.extend(section.into_iter().map(|ty| ty.expect("it is valid")));
            }
            _ => {}
        }
    }
    (imported, defined)
}

#[test]
fn imports_fail_to_match_in_every_way_and_name_a_memory_twice() {
    let mut ways = BTreeSet::new();
    let focused = Options {
        focus: vec![Focus::Grow],
        ..Options::default()
    };
    for index in 0..3000 {
        let script = case(10, index, &focused);
        let mut modules = modules(&script);
        let Some((_, offered)) = modules.next().map(memories) else {
            continue;
        };
        let imported: Vec<_> = modules.map(|wasm| memories(wasm).0).collect();
        let names = |memories: &Vec<(String, MemoryType)>| {
            let names: BTreeSet<_> = memories.iter().map(|(name, _)| name.clone()).collect();
            names.len()
        };
        if imported
            .iter()
            .any(|memories| names(memories) < memories.len())
        {
            ways.insert("twice");
        }
        for (name, ty) in imported.into_iter().flatten() {
            let number = name
                .strip_prefix("mem")
                .and_then(|n| n.parse::<usize>().ok());
            let Some(offered) = number.and_then(|n| offered.get(n)) else {
                continue;
            };
            let bound = |ty: &MemoryType| ty.maximum.unwrap_or(u64::MAX);
            let differ = [
                ("shared", ty.shared != offered.shared),
                ("addresses", ty.memory64 != offered.memory64),
                ("page size", ty.page_size_log2 != offered.page_size_log2),
                ("maximum", bound(&ty) < bound(offered)),
            ];
            ways.extend(
                differ
                    .iter()
                    .filter(|(_, differs)| *differs)
                    .map(|(way, _)| *way),
            );
        }
    }
    assert_eq!(
        ways,
        BTreeSet::from(["addresses", "maximum", "page size", "shared", "twice"])
    );
}
