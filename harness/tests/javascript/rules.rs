//! That the worker finds broken rules of the JavaScript API: faults are planted by code
//! that runs before it.

use std::time::Duration;

use libtest_mimic::Failed;
use trapline_harness::engine::{Budget, Configuration};
use trapline_harness::judge::{Class, Severity, section_of, subject};
use trapline_harness::script::wast;
use trapline_harness::trial::try_script;
use trapline_harness::worker::{Worker, WorkerOptions};

/// A fault of an engine's API, planted by code that runs before the worker; a script that
/// shows it; and how its breach begins, with the section that it is about.
const FAULTS: [(&str, &str, &str, &str); 4] = [
    // Buffers outlive the growth of their memories.
    (
        "const { get } = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength');
         const lengths = new WeakMap();
         Object.defineProperty(ArrayBuffer.prototype, 'byteLength', {
           configurable: true,
           get() {
             const length = get.call(this);
             if (length > 0) lengths.set(this, length);
             return length > 0 ? length : lengths.get(this) ?? 0;
           },
         });",
        r#"(module (memory (export "m") 1 3)
             (func (export "f") (result i32) (memory.grow (i32.const 1))))
           (invoke "f")"#,
        "refresh: an ArrayBuffer of 65536 bytes is not detached",
        "#refresh-the-memory-buffer",
    ),
    // A grow that fails throws an error of another class.
    (
        "const { grow } = WebAssembly.Memory.prototype;
         WebAssembly.Memory.prototype.grow = function (pages) {
           try { return grow.call(this, pages); } catch { throw new TypeError('no'); }
         };",
        r#"(module $m (memory (export "m") 1 3))
           (register "m" $m)
           (invoke $host "grow m.m" (i64.const 5))"#,
        "grow: it throws TypeError instead of a RangeError",
        "#grow-the-memory-buffer",
    ),
    (
        "const { validate } = WebAssembly;
         WebAssembly.validate = (bytes) => bytes.length < 14 || validate(bytes);",
        r#"(module definition $m binary "\00asm\01\00\00\00\05\03\01\01\02")"#,
        "validate: it gives true, and Module throws",
        "#dom-webassembly-validate",
    ),
    (
        "const { Memory } = WebAssembly;
         WebAssembly.Memory = new Proxy(Memory, {
           construct: (_, [given]) => new Memory({ ...given, maximum: undefined }),
         });",
        "(module (memory 1))",
        "constructor: with an initial size beyond the maximum it throws nothing",
        "#dom-memory-memory",
    ),
];

/// Each planted fault is a divergence of its class, and is said with its section.
pub(crate) fn finds_broken_rules(configuration: &Configuration) -> Result<(), Failed> {
    let before = match configuration.engine() {
        "node" => "--import",
        "bun" => "--preload",
        // Nothing can run before a page does; its worker is the same.
        _ => return Ok(()),
    };
    let launch = configuration.launch().ok_or("it is linked in")?;
    let name = format!(
        "{}/{}",
        configuration.engine(),
        configuration.name().split_once('/').ok_or("no compiler")?.1
    );
    let folder = tempfile::tempdir()?;
    for (number, (fault, text, words, section)) in FAULTS.iter().enumerate() {
        let file = folder.path().join(format!("{number}.mjs"));
        std::fs::write(&file, fault)?;
        let mut launch = launch.clone();
        let file = file.to_string_lossy().into_owned();
        launch.command.splice(1..1, [before.to_owned(), file]);
        let mut runner = Worker::new(WorkerOptions {
            launch,
            wall: Duration::from_secs(60),
            memory: 1536 << 20,
        });
        let source = wast::parse("test.wast", text.as_bytes()).map_err(|why| why.to_string())?;
        let trial = try_script(&source.script, Budget::of(8 << 30), &mut runner, &[&name])?;
        let Some(difference) = trial.divergence(&name) else {
            return Err(format!("{words}: {:?}", trial.judged[0].verdict).into());
        };
        let about = subject(&source.script, &trial.reference, difference);
        let decided = section_of(difference.class, &about.operation);
        let is_right = difference.class == Class::EmbedderApi
            && about.operation.starts_with(words)
            && decided.link.ends_with(section);
        if !is_right {
            return Err(format!("{words}: {difference:?}, {decided:?}").into());
        }
        let private = Severity::of(difference, &trial.reference) == Severity::Sandbox;
        if private != words.contains("is not detached") {
            return Err(format!("{words}: private: {private}").into());
        }
    }
    Ok(())
}
