//! The JavaScript engines of this machine: that their flags do what they say, that
//! every bit of a value comes through, that traps are told apart, and that what they
//! do in a small campaign conforms. An engine that is not here is skipped by name.

mod rules;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use trapline_harness::engine::javascript::{ENGINES, Launch};
use trapline_harness::engine::{self, Budget, Configuration, Feature, Features, Job};
use trapline_harness::generate::{self, Options};
use trapline_harness::judge::Verdict;
use trapline_harness::observation::{Outcome, Watch};
use trapline_harness::script::Script;
use trapline_harness::script::wast;
use trapline_harness::trial::try_script;
use trapline_harness::worker::protocol::Declared;
use trapline_harness::worker::{Answer, Death, InProcess, Router, Runner, WorkerOptions, hello};
use trapline_harness::workers::{self, Catalogue};

fn main() -> ExitCode {
    let mut trials = Vec::new();
    for engine in ENGINES {
        let select = |pattern: &str| {
            let options = workers::Options::default();
            catalogue().select(&[pattern], options, &mut |said| eprintln!("{said}"))
        };
        let configurations = match select(engine) {
            Ok(configurations) => configurations,
            Err(why) => {
                eprintln!("skipped, javascript::{engine}: {why}");
                continue;
            }
        };
        let unknown = select(&format!("{engine}/none"));
        trials.push(Trial::test(
            format!("{engine}::an unknown configuration is told with the known ones"),
            move || match unknown {
                Err(why) if why.contains("tiered") => Ok(()),
                other => Err(format!("{other:?}").into()),
            },
        ));
        for (index, configuration) in configurations.into_iter().enumerate() {
            // A browser takes seconds to start, and most of a page is the same in all of its
            // configurations.
            let is_page = configuration.launch().is_some_and(|l| l.page.is_some());
            let first = if is_page && index > 0 {
                TESTS.len() - 1
            } else {
                0
            };
            for (what, test) in &TESTS[first..] {
                let name = format!("{}::{what}", configuration.name());
                let configuration = configuration.clone();
                trials.push(Trial::test(name, move || test(&configuration)));
            }
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// What is tried on each configuration.
type Test = fn(&Configuration) -> Result<(), Failed>;

const TESTS: [(&str, Test); 7] = [
    ("what it declares is so", declares_what_is_so),
    ("every bit of a value comes through", keeps_bits),
    ("traps and errors are told apart", tells_errors_apart),
    ("it survives a call that never ends", survives_a_hang),
    ("a flag that it does not know is said", says_unknown_flags),
    (
        "a broken rule of the API is found",
        rules::finds_broken_rules,
    ),
    ("a small campaign conforms", conforms),
];

fn catalogue() -> Catalogue {
    Catalogue::new(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
}

fn router(wall: Duration) -> Router {
    let options = WorkerOptions {
        launch: Launch::default(),
        wall,
        memory: 1536 << 20,
    };
    let linked = Box::new(InProcess::new(engine::all()));
    Router::new(linked, PathBuf::from(catalogue().folder()), options)
}

fn declares_what_is_so(configuration: &Configuration) -> Result<(), Failed> {
    let differences = engine::verify(configuration)?;
    let told: Vec<String> = differences.iter().map(ToString::to_string).collect();
    if told.is_empty() {
        return Ok(());
    }
    Err(told.join("; ").into())
}

/// The verdict on a script is to be that it conforms to the reference.
fn agrees(configuration: &Configuration, script: &Script) -> Result<(), Failed> {
    let mut runner = router(Duration::from_secs(60));
    let budget = Budget::of(8 << 30);
    let trial = try_script(script, budget, &mut runner, &[configuration.name()])?;
    match &trial.judged[0].verdict {
        Verdict::Conforms => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

fn agrees_on(configuration: &Configuration, text: &str) -> Result<(), Failed> {
    let source = wast::parse("test.wast", text.as_bytes()).map_err(|why| why.to_string())?;
    agrees(configuration, &source.script)
}

fn keeps_bits(configuration: &Configuration) -> Result<(), Failed> {
    agrees_on(
        configuration,
        r#"(module
            (memory (export "m") 1)
            (global (export "g") f32 (f32.const nan:0x200001))
            (global (export "h") (mut v128) (v128.const i64x2 1 -2))
            (func (export "mix") (param f32 i64 f64 v128 i32) (result f64 v128 f32 i32 i64)
              (local.get 2) (local.get 3) (local.get 0) (local.get 4) (local.get 1))
            (func (export "one") (param v128) (result v128) (local.get 0))
            (func (export "signed") (param i32 i64) (result i64 i32)
              (local.get 1) (local.get 0)))
        (invoke "mix" (f32.const -nan:0x200001) (i64.const -1) (f64.const nan:0x4000000000001)
          (v128.const i32x4 1 2 -3 4) (i32.const -7))
        (invoke "mix" (f32.const -0) (i64.const 1) (f64.const -inf)
          (v128.const i64x2 -1 0) (i32.const 0x80000000))
        (invoke "one" (v128.const i64x2 -1 5))
        (invoke "signed" (i32.const -1) (i64.const 0x8000000000000000))
        (assert_return (get "g") (f32.const nan:0x200001))
        (assert_return (get "h") (v128.const i64x2 1 -2))"#,
    )
}

fn tells_errors_apart(configuration: &Configuration) -> Result<(), Failed> {
    agrees_on(
        configuration,
        r#"(module
            (memory (export "m") 1 2)
            (table 2 funcref)
            (elem (i32.const 1) $void)
            (type $void (func))
            (type $i32 (func (result i32)))
            (data $d "abc")
            (func $void)
            (func (export "unreachable") (unreachable))
            (func (export "load") (param i32) (result i64) (i64.load (local.get 0)))
            (func (export "fill") (param i32)
              (memory.fill (local.get 0) (i32.const 7) (i32.const 5)))
            (func (export "copy") (param i32)
              (memory.copy (i32.const 0) (local.get 0) (i32.const 5)))
            (func (export "init") (param i32)
              (memory.init $d (i32.const 0) (local.get 0) (i32.const 2)))
            (func (export "call") (param i32) (call_indirect (type $void) (local.get 0)))
            (func (export "wrong") (param i32) (result i32)
              (call_indirect (type $i32) (local.get 0)))
            (func (export "table") (param i32) (result funcref) (table.get (local.get 0)))
            (func (export "div") (param i32 i32) (result i32)
              (i32.div_s (local.get 0) (local.get 1)))
            (func (export "rem") (param i64 i64) (result i64)
              (i64.rem_u (local.get 0) (local.get 1)))
            (func (export "trunc") (param f64) (result i32) (i32.trunc_f64_s (local.get 0)))
            (func (export "add") (param i32) (result i32)
              (i32.atomic.rmw.add (local.get 0) (i32.const 1)))
            (func (export "wait") (param i32) (result i32)
              (memory.atomic.wait32 (local.get 0) (i32.const 0) (i64.const 0)))
            (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))
        (invoke "unreachable")
        (invoke "load" (i32.const 65529))
        (invoke "load" (i32.const -1))
        (invoke "fill" (i32.const 65532))
        (invoke "copy" (i32.const 65532))
        (invoke "init" (i32.const 2))
        (invoke "call" (i32.const 0))
        (invoke "call" (i32.const 1))
        (invoke "call" (i32.const 2))
        (invoke "wrong" (i32.const 1))
        (invoke "table" (i32.const 1))
        (invoke "table" (i32.const 2))
        (invoke "div" (i32.const 1) (i32.const 0))
        (invoke "div" (i32.const 0x80000000) (i32.const -1))
        (invoke "rem" (i64.const 1) (i64.const 0))
        (invoke "trunc" (f64.const nan))
        (invoke "trunc" (f64.const 1e10))
        (invoke "add" (i32.const 2))
        (invoke "add" (i32.const 65536))
        (invoke "wait" (i32.const 0))
        (invoke "grow" (i32.const 2))
        (invoke "grow" (i32.const 1))
        (module definition $late (memory 1) (data (i32.const 65535) "ab"))
        (module instance $late $late)
        (module definition $unknown (import "none" "m" (memory 1)))
        (module instance $unknown $unknown)
        (module definition $invalid binary "\00asm\01\00\00\00\05\03\01\01\02")"#,
    )
}

fn survives_a_hang(configuration: &Configuration) -> Result<(), Failed> {
    let parse = |text: &str| wast::parse("test.wast", text.as_bytes()).map_err(|e| e.to_string());
    let endless = parse("(module (func (export \"f\") (loop (br 0)))) (invoke \"f\")")?;
    let good = parse("(module (func (export \"f\") (result i32) (i32.const 7))) (invoke \"f\")")?;
    let mut runner = router(Duration::from_secs(5));
    let watch = Watch::default();
    let mut run = |script: &Script| {
        let job = Job::new(script, Budget::of(1 << 20), &watch, &[]);
        runner.run(&job, &[configuration.name()])
    };
    match &run(&endless.script)?[..] {
        [Answer::Died(Death::Hang(_))] => {}
        other => return Err(format!("{other:?}").into()),
    }
    match &run(&good.script)?[..] {
        [Answer::Observed(observation)]
            if matches!(observation.steps[2].outcome, Outcome::Values(_)) =>
        {
            Ok(())
        }
        other => Err(format!("{other:?}").into()),
    }
}

fn says_unknown_flags(configuration: &Configuration) -> Result<(), Failed> {
    const UNKNOWN: &str = "--no-flag-of-any-version";
    let launch = configuration.launch().ok_or("it is linked in")?;
    let mut wrong = launch.clone();
    let said = match configuration.engine() {
        "bun" => {
            let option = ("BUN_JSC_noOption".to_owned(), "1".to_owned());
            wrong.environment.push(option);
            "noOption"
        }
        "chromium" => {
            let mut arguments = wrong.command.iter_mut();
            let flags = arguments.find(|argument| argument.starts_with("--js-flags="));
            let flags = flags.ok_or("it has no flags for V8")?;
            *flags = format!("{flags} {UNKNOWN}");
            UNKNOWN
        }
        // It says nothing of settings that it does not know. If it knows these, it has no
        // compiler left, and lacks what only compilers can do.
        "firefox" => {
            let page = wrong.page.as_mut().ok_or("it is no page")?;
            let compilers = ["wasm_baselinejit", "wasm_optimizingjit"];
            page.preferences = compilers
                .map(|name| (format!("javascript.options.{name}"), "false".to_owned()))
                .into();
            let features = |declared: Vec<Declared>| declared[0].features;
            return match hello(&wrong).map(features) {
                Ok(left) if left != configuration.features => Ok(()),
                other => Err(format!("{other:?}").into()),
            };
        }
        _ => {
            wrong.command.insert(1, UNKNOWN.to_owned());
            UNKNOWN
        }
    };
    match hello(&wrong) {
        Err(why) if why.contains(said) => {}
        other => return Err(format!("{other:?}").into()),
    }
    match configuration.engine() {
        "node" => uses_its_compiler(configuration, launch),
        // The others say which flags they do not know, and nothing of who compiled what.
        _ => Ok(()),
    }
}

/// Asks V8 which compiler made the code of a function that was called twice.
fn uses_its_compiler(configuration: &Configuration, launch: &Launch) -> Result<(), Failed> {
    const PROGRAM: &str = "
        const bytes = [0,97,115,109,1,0,0,0,1,4,1,96,0,0,3,2,1,0,7,5,1,1,102,0,0,10,4,1,2,0,11];
        const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)));
        exports.f();
        exports.f();
        const is = (compiler) => new Function('f', `return %Is${compiler}Function(f)`)(exports.f);
        console.log(is('Liftoff') ? 'liftoff' : is('TurboFan') ? 'turbofan' : 'neither');";
    let (program, arguments) = launch.command.split_first().ok_or("it has a program")?;
    let flags = arguments.iter().filter(|flag| flag.starts_with("--"));
    let output = Command::new(program)
        .args(flags)
        .args(["--allow-natives-syntax", "-e", PROGRAM])
        .output()?;
    let made = String::from_utf8_lossy(&output.stdout);
    let right = match configuration.name().split_once('/') {
        Some((_, "tiered" | "liftoff" | "liftoff+checks")) => "liftoff",
        _ => "turbofan",
    };
    match made.trim() == right {
        true => Ok(()),
        false => Err(format!("{made}, not {right}").into()),
    }
}

/// How many cases the small campaign has.
const CASES: u64 = 40;

fn conforms(configuration: &Configuration) -> Result<(), Failed> {
    // V8 grows a 64-bit memory by fewer pages than its API is asked for, where their
    // bytes do not fit 64 bits: `memory.grow(2n ** 48n)` gives 1 instead of an error.
    let features = configuration.features;
    let options = Options {
        features: features.without(Features::of(&[Feature::Memory64])),
        ..Options::default()
    };
    let mut runner = router(Duration::from_secs(60));
    let mut conforming = 0;
    for index in 0..CASES {
        let script = generate::case(17, index, &options);
        let names = [configuration.name()];
        let trial = try_script(&script, options.budget, &mut runner, &names)?;
        match &trial.judged[0].verdict {
            Verdict::Diverges(difference) => {
                return Err(format!("case {index}: {difference:?}").into());
            }
            Verdict::Conforms => conforming += 1,
            _ => {}
        }
    }
    match conforming * 2 > CASES {
        true => Ok(()),
        false => Err(format!("only {conforming} of {CASES} cases were compared").into()),
    }
}
