//! Allocators do what they say, as the reference runs them.

use std::collections::BTreeMap;

use trapline_reference::{Access, Value};

use super::super::{Focus, Options, case};
use super::{Allocator, Reading, Request, program, readings};
use crate::engine::reference::{self, ReferenceRun};
use crate::engine::{Budget, Job};
use crate::observation::{Outcome, Watch};
use crate::script::{Script, Step};

const CASES: u64 = 250;

const BUDGET: Budget = Budget::of(4 << 20);

fn run(script: &Script) -> ReferenceRun {
    let watch = Watch::default();
    let job = Job::new(script, BUDGET, &watch, &[]);
    let run = reference::observe(&job, &reference::Options::default());
    assert!(run.unsent.is_none(), "{:?}", run.unsent);
    run
}

fn cases() -> impl Iterator<Item = (u64, Script, ReferenceRun)> {
    let options = Options {
        focus: vec![Focus::Allocator],
        budget: BUDGET,
        ..Options::default()
    };
    (0..CASES).map(move |index| {
        let script = case(5, index, &options);
        let run = run(&script);
        (index, script, run)
    })
}

/// What is known of the blocks of one heap.
#[derive(Default)]
struct Model {
    /// By handle: where the block is, and its size.
    blocks: BTreeMap<u64, (u64, u64)>,
    /// By handle: the digest of its contents, where nothing has changed them since.
    digests: BTreeMap<u64, u64>,
    failed: u32,
    after_failure: u32,
    checked: u32,
}

/// A number, whatever its type.
fn bits(value: Value) -> u64 {
    match value {
        Value::I32(bits) => bits.into(),
        Value::I64(bits) => bits,
        other => panic!("{other:?}"),
    }
}

impl Model {
    /// A call of `func` with these arguments gave this result.
    fn call(&mut self, func: &str, args: &[u64], result: u64, busy: u64) -> Result<(), String> {
        match (func, args) {
            ("alloc" | "rest" | "realloc", &[handle, size]) => {
                if result == 0 {
                    self.failed += 1;
                    return Ok(());
                }
                if result == busy {
                    return Ok(());
                }
                self.after_failure += u32::from(self.failed > 0);
                self.digests.remove(&handle);
                self.blocks.remove(&handle);
                // How large the rest was is not told.
                let size = if func == "rest" { 1 } else { size };
                let end = result + size;
                let overlap = |&(at, other): &(u64, u64)| result < at + other && at < end;
                if let Some(other) = self.blocks.values().find(|block| overlap(block)) {
                    return Err(format!("{result} with {size} overlaps with {other:?}"));
                }
                self.blocks.insert(handle, (result, size));
            }
            ("free", &[handle]) => {
                let block = self.blocks.remove(&handle);
                if block.is_some_and(|(at, _)| at != result) {
                    return Err(format!("{block:?} was freed at {result}"));
                }
                self.digests.remove(&handle);
            }
            ("fill", &[handle, _]) => {
                self.digests.remove(&handle);
            }
            ("check", &[handle]) => {
                if let Some(&before) = self.digests.get(&handle) {
                    self.checked += 1;
                    if before != result {
                        return Err(format!("{handle} has {result}, had {before}"));
                    }
                }
                self.digests.insert(handle, result);
            }
            // What these do to handles is theirs to know.
            ("reset" | "churn" | "promote", _) => {
                self.blocks.clear();
                self.digests.clear();
            }
            _ => {}
        }
        Ok(())
    }
}

#[test]
fn live_blocks_never_overlap_and_keep_their_contents() {
    let (mut failed, mut went_on, mut checked, mut grows_failed) = (0, 0, 0, 0);
    for (index, script, run) in cases() {
        let defines = |step: &Step| matches!(step, Step::Define { module, .. } if module == "m1");
        let shared = script.steps.iter().any(defines);
        let mut models: BTreeMap<String, Model> = BTreeMap::new();
        for (step, seen) in script.steps.iter().zip(&run.observation.steps) {
            let Step::Invoke {
                instance,
                func,
                args,
            } = step
            else {
                let made = Outcome::Values(Vec::new());
                assert_eq!(seen.outcome, made, "case {index}");
                continue;
            };
            let Outcome::Values(values) = &seen.outcome else {
                assert!(func.starts_with("edge"), "case {index}: {func}");
                continue;
            };
            let (name, heap) = func.split_at(func.len() - 1);
            let busy = match values[0] {
                Value::I32(_) => u64::from(u32::MAX),
                _ => u64::MAX,
            };
            let args: Vec<u64> = args.iter().map(|&value| bits(value)).collect();
            let memories: &[&str] = if name == "promote" {
                &["0", "1"]
            } else {
                &[heap]
            };
            for heap in memories {
                let key = if shared { "shared" } else { instance };
                let model = models.entry(format!("{key}.{heap}")).or_default();
                if let Err(why) = model.call(name, &args, bits(values[0]), busy) {
                    panic!("case {index}: {why}");
                }
            }
        }
        let any = |count: fn(&Model) -> u32| u32::from(models.values().any(|m| count(m) > 0));
        failed += any(|model| model.failed);
        went_on += any(|model| model.after_failure);
        checked += models.values().map(|model| model.checked).sum::<u32>();
        let fails = |access: &Access| access.grow.as_ref().is_some_and(|g| g.result.is_none());
        let refused = run.trace.iter().flatten().any(fails);
        grows_failed += u32::from(refused);
    }
    let told = format!(
        "of {CASES}: {grows_failed} with a grow that fails, {failed} with an allocation that \
         fails, {went_on} that have blocks after it; {checked} blocks as they were"
    );
    println!("{told}");
    let share = |percent: u64| (CASES * percent / 100) as u32;
    assert!(grows_failed > share(50), "{told}");
    assert!(failed > share(60) && went_on > share(50), "{told}");
    assert!(u64::from(checked) > CASES, "{told}");
}

/// What is read after these requests to one heap of at most 16 pages.
fn read(allocator: Allocator, requests: &[Request]) -> Vec<Reading> {
    let requests: Vec<_> = requests.iter().map(|&request| (0, request)).collect();
    let script = program(&[allocator], 16, &requests);
    readings(&run(&script).observation, 1, &requests).unwrap()
}

/// Small blocks up to the limit, all freed, and one as large as most of them together.
fn small_then_large() -> Vec<Request> {
    let small = (0..250).map(|handle| Request::Alloc(handle, 4000));
    let freed = (0..250).map(Request::Free);
    let large = [Request::Alloc(300, 800_000), Request::Alloc(301, 3000)];
    small.chain(freed).chain(large).collect()
}

#[test]
fn coalescing_gets_back_what_others_do_not() {
    let large = |allocator| read(allocator, &small_then_large())[500].succeeded;
    assert!(large(Allocator::Coalescing));
    assert!(!large(Allocator::FirstFit));
    assert!(!large(Allocator::SizeClasses));
    assert!(!large(Allocator::Bump));
    // And goes on after the grow that failed, with what it has.
    let small = |allocator| read(allocator, &small_then_large())[501].succeeded;
    assert!(small(Allocator::FirstFit) && small(Allocator::SizeClasses));
}

#[test]
fn a_reset_gives_a_bump_allocator_all_of_its_memory() {
    let round = [Request::Alloc(0, 600_000), Request::Reset];
    let rounds: Vec<Request> = round.into_iter().cycle().take(20).collect();
    let readings = read(Allocator::Bump, &rounds);
    assert!(readings.iter().all(|reading| reading.succeeded));
    assert_eq!(readings[19].live, 0);
    assert_eq!(readings[0].live, 600_000);
    assert_eq!(readings[19].size, 10 << 16);
}

#[test]
fn a_pool_reuses_each_block_and_has_no_larger_ones() {
    let pool = Allocator::Pool(256);
    let requests: Vec<Request> = (0..400)
        .map(|handle| Request::Alloc(handle, 256))
        .chain((0..400).map(Request::Free))
        .chain((0..400).map(|handle| Request::Alloc(handle, 100)))
        .chain([Request::Alloc(401, 257)])
        .collect();
    let readings = read(pool, &requests);
    assert_eq!(readings[399].size, readings[1199].size);
    assert!(readings[..1200].iter().all(|reading| reading.succeeded));
    assert!(!readings[1200].succeeded);
}
